/* Optimizer updates in one pass over memory instead of one per operation. The operations, and where
   a multiplication and an addition are fused, are those of PyTorch's kernels on CPUs that have fused
   multiply-add; only its square root may round differently. */

#define RESTRICT __restrict__

static inline float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/* parameter += factor * gradient */
void update_sgd(float *RESTRICT parameter, const float *RESTRICT gradient, long count,
                float factor) {
    for (long i = 0; i < count; i++) parameter[i] = fused(gradient[i], factor, parameter[i]);
}

/* velocity = momentum * velocity + by_gradient * gradient, then the parameter moves. */
void update_momentum(float *RESTRICT parameter, const float *RESTRICT gradient,
                     float *RESTRICT velocity, long count, float momentum, float by_gradient,
                     float by_velocity, float direct) {
    for (long i = 0; i < count; i++) {
        float moved = fused(gradient[i], by_gradient, velocity[i] * momentum);
        velocity[i] = moved;
        float next = fused(moved, by_velocity, parameter[i]);
        parameter[i] = direct != 0.0f ? fused(gradient[i], direct, next) : next;
    }
}

/* `divisor` divides the root of the second moment (PyTorch) or is 1 (Keras). */
void update_adam(float *RESTRICT parameter, const float *RESTRICT gradient, float *RESTRICT first,
                 float *RESTRICT second, long count, float share_1, float beta_2, float share_2,
                 float divisor, float epsilon, float factor) {
    int near = share_1 < 0.5f; /* begin at the nearer end of the step, as PyTorch's lerp does */
    float step = near ? share_1 : share_1 - 1.0f;
    for (long i = 0; i < count; i++) {
        float g = gradient[i];
        float m = fused(step, g - first[i], near ? first[i] : g);
        float v = fused(share_2 * g, g, second[i] * beta_2);
        first[i] = m;
        second[i] = v;
        float root = __builtin_sqrtf(v) / divisor + epsilon;
        parameter[i] += factor * m / root;
    }
}

void update_adadelta(float *RESTRICT parameter, const float *RESTRICT gradient,
                     float *RESTRICT square, float *RESTRICT delta, long count, float rho,
                     float share, float epsilon, float factor) {
    for (long i = 0; i < count; i++) {
        float g = gradient[i];
        float s = fused(share * g, g, square[i] * rho);
        square[i] = s;
        float change = __builtin_sqrtf(delta[i] + epsilon) / __builtin_sqrtf(s + epsilon) * g;
        delta[i] = fused(share * change, change, delta[i] * rho);
        parameter[i] = fused(change, factor, parameter[i]);
    }
}
