/* Kernels that select, copy and multiply, and never add in another order than PyTorch does:
   max pooling, dropout, and images looked up by index. Results equal PyTorch's bit for bit. */

#include "vectors.h"

#define TYPE float
#define NAME(x) x##_float
#define LOAD load_float
#define STORE store_float
#define WIDEN widen_float
#define NARROW narrow_float
#include "pooling.inc"
#undef TYPE
#undef NAME
#undef LOAD
#undef STORE
#undef WIDEN
#undef NARROW

#define TYPE bf16
#define NAME(x) x##_bf16
#define LOAD load_bf16
#define STORE store_bf16
#define WIDEN widen
#define NARROW narrow
#include "pooling.inc"

int lanes(void) { return LANES; }

/* splitmix64 (Steele, Lea & Flood 2014): a keyed counter gives 64 bits, four numbers of 16 bits. */
ALWAYS uint64_t mixed(uint64_t key, uint64_t counter) {
    uint64_t z = key + (counter + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

#define BLOCK 64

/* Factors (0 or scale) of BLOCK numbers; `counter` counts groups of four. The four numbers of a
   draw are its 16-bit parts from the lowest up: their order in memory where bytes are little-endian,
   which is checked when the library is loaded. */
ALWAYS void block_factors(uint64_t key, uint64_t counter, long threshold, float scale, float *out) {
    uint64_t draws[BLOCK / 4];
    for (int i = 0; i < BLOCK / 4; i++) draws[i] = mixed(key, counter + (uint64_t)i);
    for (int i = 0; i < BLOCK; i += LANES) {
        veci draw = __builtin_convertvector(*(const vech *)((const uint16_t *)draws + i), veci);
        veci kept = draw >= (int32_t)threshold;
        store_float(out + i, choose(kept, (vecf){0} + scale, (vecf){0}));
    }
}

void keyed_mask(float *out, long count, uint64_t key, uint64_t counter, long threshold,
                float scale) {
    float factors[BLOCK];
    for (long start = 0; start < count; start += BLOCK) {
        long size = count - start < BLOCK ? count - start : BLOCK;
        block_factors(key, counter + (uint64_t)start / 4, threshold, scale, factors);
        memcpy(out + start, factors, (size_t)size * sizeof(float));
    }
}

#define DROPOUT(TYPE, NAME, LOAD, STORE, WIDEN, NARROW)                                          \
    void NAME(const TYPE *x, TYPE *y, long count, uint64_t key, uint64_t counter, long threshold, \
              float scale) {                                                                     \
        float factors[BLOCK];                                                                    \
        long start = 0;                                                                          \
        for (; start + BLOCK <= count; start += BLOCK) {                                         \
            block_factors(key, counter + (uint64_t)start / 4, threshold, scale, factors);        \
            for (int i = 0; i < BLOCK; i += LANES)                                               \
                STORE(y + start + i, LOAD(x + start + i) * load_float(factors + i));             \
        }                                                                                        \
        if (start == count) return;                                                              \
        block_factors(key, counter + (uint64_t)start / 4, threshold, scale, factors);            \
        for (long i = start; i < count; i++) y[i] = NARROW(WIDEN(x[i]) * factors[i - start]);    \
    }

DROPOUT(float, keyed_dropout_float, load_float, store_float, widen_float, narrow_float)
DROPOUT(bf16, keyed_dropout_bf16, load_bf16, store_bf16, widen, narrow)

/* out[k] = table[channel][raw[ids[k]]] for every value; `table` has 256 floats per channel. */
void look_up(const uint8_t *raw, const int64_t *ids, long count, long size, const float *table,
             long channels, float *out) {
    for (long k = 0; k < count; k++) {
        const uint8_t *image = raw + ids[k] * size;
        float *to = out + k * size;
        if (channels == 1)
            for (long i = 0; i < size; i++) to[i] = table[image[i]];
        else
            for (long i = 0; i < size; i += channels)
                for (long c = 0; c < channels; c++) to[i + c] = table[c * 256 + image[i + c]];
    }
}
