/* Convolutions of stride 1 with square kernels of 3 or 5 by Winograd's minimal filtering
   (Lavin & Gray 2015, arXiv 1509.09308): 4 x 4 outputs of a tile of 6 x 6 or 8 x 8, for 36 products
   instead of 144, or 64 instead of 400:

     Y = A' [ (G w G') * (B' x B) ] A,

   with A the powers of the points, G the same divided by the products of their differences. The
   points are those of the smallest error (Barabasz et al. 2018, arXiv 1803.10986): 0, 1, -1, 1/2, -2
   and 0, 1, -1, 1/2, -1/2, 2, -2, each with infinity. The caller transforms kernels: w comes as
   G w G'. The gradient of w is what the same formula says for it: G' [ sum over tiles of
   (B' x B) * (A g A') ] G, of which the caller does the outer G. */

#include <stdlib.h>

#include "vectors.h"

#include "products.inc"

#define STEP 4            /* outputs of a tile, each way */
#define BLOCK (2 * LANES) /* filters computed together */
#if REGISTERS == 32
#define TILES 12 /* tiles computed together: TILES x 2 sums in registers */
#else
#define TILES 6
#endif
#define ROUNDS 8 /* blocks of tiles summed apart, so that rounding does not grow with the batch */
#define CACHED 65536 /* floats of transformed tiles that stay in the second cache */
#define SHIFT 16 /* floats between planes, so that they do not compete for the same cache lines */

typedef struct {
    long n, height, width, channels, filters, kernel;
    long top, left, rows, columns; /* padding of x; rows, columns: of the output */
} Winograd;

typedef struct {
    long high, wide, all; /* tiles of a column, of a row and of the whole batch */
} Grid;

ALWAYS Grid grid_of(const Winograd *p) {
    Grid grid = {.high = (p->rows + STEP - 1) / STEP, .wide = (p->columns + STEP - 1) / STEP};
    grid.all = p->n * grid.high * grid.wide;
    return grid;
}

int winograd_block(void) { return BLOCK; }

/* What a pair of opposite points gives: even powers plus, and minus, odd ones. */
ALWAYS void both_signs(vecf even, vecf odd, long step, vecf *t) {
    t[0] = even + odd;
    t[step] = even - odd;
}

/* B' of a line of six numbers. */
ALWAYS void spread_input_6(const vecf *d, long step, vecf *t) {
    vecf d2 = d[2 * step], d3 = d[3 * step];
    vecf a = d[4 * step] - d2, b = d3 - d[step];
    t[0] = d[0] - d2 + 1.5f * b + a;
    t[step] = a + b + 1.5f * (d2 + d3);
    t[2 * step] = a - b + 1.5f * (d3 - d2);
    t[3 * step] = a + 2.0f * b;
    t[4 * step] = a - 0.5f * b;
    t[5 * step] = d[5 * step] - d3 + 1.5f * a - b;
}

/* A' of six numbers. */
ALWAYS void gather_output_6(const vecf *m, long step, vecf *y) {
    vecf s = m[step] + m[2 * step], d = m[step] - m[2 * step], p = m[3 * step], q = m[4 * step];
    y[0] = m[0] + s + p + q;
    y[step] = d + 0.5f * p - 2.0f * q;
    y[2 * step] = s + 0.25f * p + 4.0f * q;
    y[3 * step] = d + 0.125f * p - 8.0f * q + m[5 * step];
}

/* A of four numbers. */
ALWAYS void spread_output_6(const vecf *g, long step, vecf *t) {
    vecf g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step];
    t[0] = g0;
    both_signs(g0 + g2, g1 + g3, step, t + step);
    t[3 * step] = g0 + 0.5f * g1 + 0.25f * g2 + 0.125f * g3;
    t[4 * step] = g0 - 2.0f * g1 + 4.0f * g2 - 8.0f * g3;
    t[5 * step] = g3;
}

ALWAYS void spread_input_8(const vecf *d, long step, vecf *t) {
    vecf d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    vecf d6 = d[6 * step];
    vecf even = d6 - 4.25f * d4 + d2, odd = d5 - 4.25f * d3 + d1;
    vecf even_half = d6 - 5.0f * d4 + 4.0f * d2, odd_half = 0.5f * d5 - 2.5f * d3 + 2.0f * d1;
    vecf even_two = d6 - 1.25f * d4 + 0.25f * d2, odd_two = 2.0f * d5 - 2.5f * d3 + 0.5f * d1;
    t[0] = d6 - d[0] + 5.25f * (d2 - d4);
    both_signs(even, odd, step, t + step);
    both_signs(even_half, odd_half, step, t + 3 * step);
    both_signs(even_two, odd_two, step, t + 5 * step);
    t[7 * step] = d[7 * step] - d1 + 5.25f * (d3 - d5);
}

ALWAYS void gather_output_8(const vecf *m, long step, vecf *y) {
    vecf s = m[step] + m[2 * step], d = m[step] - m[2 * step];
    vecf s_half = m[3 * step] + m[4 * step], d_half = m[3 * step] - m[4 * step];
    vecf s_two = m[5 * step] + m[6 * step], d_two = m[5 * step] - m[6 * step];
    y[0] = m[0] + s + s_half + s_two;
    y[step] = d + 0.5f * d_half + 2.0f * d_two;
    y[2 * step] = s + 0.25f * s_half + 4.0f * s_two;
    y[3 * step] = d + 0.125f * d_half + 8.0f * d_two + m[7 * step];
}

ALWAYS void spread_output_8(const vecf *g, long step, vecf *t) {
    vecf g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step];
    vecf even = g0 + g2, odd = g1 + g3;
    vecf even_half = g0 + 0.25f * g2, odd_half = 0.5f * g1 + 0.125f * g3;
    vecf even_two = g0 + 4.0f * g2, odd_two = 2.0f * g1 + 8.0f * g3;
    t[0] = g0;
    both_signs(even, odd, step, t + step);
    both_signs(even_half, odd_half, step, t + 3 * step);
    both_signs(even_two, odd_two, step, t + 5 * step);
    t[7 * step] = g3;
}

/* Where the pixels of a tile lie: `side` x `side` from (row, column) on; zeros outside. */
ALWAYS void pixels_of(const float *image, long height, long width, long depth, long row,
                      long column, long side, const float *zeros, const float **at) {
    for (long i = 0; i < side; i++)
        for (long j = 0; j < side; j++) {
            long h = row + i, w = column + j;
            int inside = h >= 0 && h < height && w >= 0 && w < width;
            at[i * side + j] = inside ? image + (h * width + w) * depth : zeros;
        }
}

/* m (tile, BLOCK) = v (tile, channel) x u (channel, BLOCK), for TILES tiles. */
static void products_of(const float *v, const float *u, long channels, float *m) {
    vecf sums[TILES * 2];
    _Pragma("GCC unroll 32") for (int k = 0; k < TILES * 2; k++) sums[k] = (vecf){0};
    for (long c = 0; c < channels; c++) {
        vecf low = load_float(u + c * BLOCK), high = load_float(u + c * BLOCK + LANES);
        _Pragma("GCC unroll 32") for (int t = 0; t < TILES; t++) {
            float value = v[t * channels + c];
            sums[2 * t] += low * value;
            sums[2 * t + 1] += high * value;
        }
    }
    _Pragma("GCC unroll 32") for (int k = 0; k < TILES * 2; k++)
        store_float(m + k * LANES, sums[k]);
}

#define SIDE 6
#define NAME(x) x##_6
#include "winograd.inc"
#undef SIDE
#undef NAME

#define SIDE 8
#define NAME(x) x##_8
#include "winograd.inc"

/* x (n, height, width, channels); kernel (filters / BLOCK, points, channels, BLOCK), transformed;
   bias (filters); y (n, rows, columns, filters). Channels and filters are whole vectors and blocks. */
int winograd_forward(const Winograd *p, const float *x, const float *kernel, const float *bias,
                     float *y) {
    return p->kernel == 3 ? forward_6(p, x, kernel, bias, y) : forward_8(p, x, kernel, bias, y);
}

/* g (n, rows, columns, filters); sums (points, channels, filters) is overwritten. */
int winograd_gradient(const Winograd *p, const float *x, const float *g, float *sums) {
    return p->kernel == 3 ? gradient_6(p, x, g, sums) : gradient_8(p, x, g, sums);
}
