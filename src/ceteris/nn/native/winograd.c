/* Convolutions of stride 1 with square kernels of 3 or 5 by Winograd's minimal filtering on tiles of
   6 x 6 (Lavin & Gray 2015, arXiv 1509.09308): 4 x 4 outputs with a kernel of 3, 2 x 2 with one of 5,
   for 36 products instead of 144 or 100. The points are 0, 1, -1, 2, -2 and infinity:

     Y = A' [ (G w G') * (B' x B) ] A,

   with A and G the powers of the points (G's divided by B's constants). The caller transforms
   kernels: w is given as G w G'. The gradient of w is what the same formula says for it:
   G' [ sum over tiles of (B' x B) * (A g A') ] G, of which the caller does the outer G. */

#include <stdlib.h>

#include "vectors.h"

#include "products.inc"

#define SIDE 6
#define POINTS (SIDE * SIDE)
#define BLOCK (2 * LANES) /* filters computed together */
#if REGISTERS == 32
#define TILES 12 /* tiles computed together: TILES x 2 sums in registers */
#else
#define TILES 6
#endif
#define CACHED 65536 /* floats of transformed tiles that stay in the second cache */
#define ROUNDS 8    /* blocks of tiles summed apart, so that rounding does not grow with the batch */
#define SHIFT 16     /* floats between planes, so that they do not compete for the same cache lines */

typedef struct {
    long n, height, width, channels, filters, kernel;
    long top, left, rows, columns; /* padding of x; rows, columns: of the output */
} Winograd;

typedef struct {
    long step, high, wide, all; /* outputs of a tile; tiles of a column, a row and the whole batch */
} Grid;

ALWAYS Grid grid_of(const Winograd *p) {
    Grid grid = {.step = SIDE + 1 - p->kernel};
    grid.high = (p->rows + grid.step - 1) / grid.step;
    grid.wide = (p->columns + grid.step - 1) / grid.step;
    grid.all = p->n * grid.high * grid.wide;
    return grid;
}

int winograd_block(void) { return BLOCK; }

/* B' of six numbers. */
ALWAYS void spread_input(const vecf *d, long step, vecf *t) {
    vecf d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    vecf d5 = d[5 * step];
    vecf a = d4 - 4.0f * d2, b = d3 - 4.0f * d1, c = d4 - d2, e = 2.0f * (d3 - d1);
    t[0] = 4.0f * d0 - 5.0f * d2 + d4;
    t[step] = a + b;
    t[2 * step] = a - b;
    t[3 * step] = c + e;
    t[4 * step] = c - e;
    t[5 * step] = 4.0f * d1 - 5.0f * d3 + d5;
}

/* A of two or four numbers. */
ALWAYS void spread_output(const vecf *g, long step, long count, vecf *t) {
    vecf g0 = g[0], g1 = g[step];
    vecf even = g0, odd = g1, even_2 = g0, odd_2 = 2.0f * g1, last = g1;
    if (count == 4) {
        vecf g2 = g[2 * step], g3 = g[3 * step];
        even = g0 + g2, odd = g1 + g3, even_2 = g0 + 4.0f * g2, odd_2 = odd_2 + 8.0f * g3, last = g3;
    }
    t[0] = g0;
    t[step] = even + odd;
    t[2 * step] = even - odd;
    t[3 * step] = even_2 + odd_2;
    t[4 * step] = even_2 - odd_2;
    t[5 * step] = last;
}

/* A' of six numbers. */
ALWAYS void gather_output(const vecf *m, long step, long count, vecf *y) {
    vecf s = m[step] + m[2 * step], d = m[step] - m[2 * step];
    vecf p = m[3 * step] + m[4 * step], q = m[3 * step] - m[4 * step];
    vecf last = m[5 * step];
    y[0] = m[0] + s + p;
    if (count == 4) {
        y[step] = d + 2.0f * q;
        y[2 * step] = s + 4.0f * p;
        y[3 * step] = d + 8.0f * q + last;
    } else
        y[step] = d + 2.0f * q + last;
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

/* B' x B of tiles first.. of the batch: planes of (tile, channel). */
static void transform_input(const Winograd *p, const Grid *grid, const float *x, long first,
                            long count, long plane, const float *zeros, float *planes) {
    for (long t = 0; t < count; t++) {
        const float *at[POINTS];
        long tile = first + t, place = tile % (grid->high * grid->wide);
        const float *image = x + tile / (grid->high * grid->wide) * p->height * p->width * p->channels;
        pixels_of(image, p->height, p->width, p->channels, place / grid->wide * grid->step - p->top,
                  place % grid->wide * grid->step - p->left, SIDE, zeros, at);
        for (long c = 0; c < p->channels; c += LANES) {
            vecf d[POINTS], half[POINTS];
            for (long k = 0; k < POINTS; k++) d[k] = load_float(at[k] + c);
            for (long j = 0; j < SIDE; j++) spread_input(d + j, SIDE, half + j);
            for (long i = 0; i < SIDE; i++) spread_input(half + i * SIDE, 1, d + i * SIDE);
            float *to = planes + t * p->channels + c;
            for (long k = 0; k < POINTS; k++) store_float(to + k * plane, d[k]);
        }
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

/* A' m A of tiles, plus the bias, to their places in y; c: the first of BLOCK filters. */
ALWAYS void transform_output(const Winograd *p, const Grid *grid, const float *m, long first,
                             long count, long plane, const float *bias, long c, long step,
                             float *y) {
    for (long t = 0; t < count; t++) {
        long tile = first + t, place = tile % (grid->high * grid->wide);
        long row = place / grid->wide * step, column = place % grid->wide * step;
        float *image = y + tile / (grid->high * grid->wide) * p->rows * p->columns * p->filters + c;
        for (long v = 0; v < BLOCK; v += LANES) {
            vecf from[POINTS], half[POINTS], out[POINTS];
            for (long k = 0; k < POINTS; k++) from[k] = load_float(m + k * plane + t * BLOCK + v);
            for (long j = 0; j < SIDE; j++) gather_output(from + j, SIDE, step, half + j);
            for (long i = 0; i < step; i++) gather_output(half + i * SIDE, 1, step, out + i * SIDE);
            vecf offset = load_float(bias + c + v);
            for (long i = 0; i < step && row + i < p->rows; i++)
                for (long j = 0; j < step && column + j < p->columns; j++) {
                    float *to = image + ((row + i) * p->columns + column + j) * p->filters + v;
                    store_float(to, out[i * SIDE + j] + offset);
                }
        }
    }
}

/* Tiles that fit the cache; a multiple of TILES. */
ALWAYS long tiles_cached(const Winograd *p) {
    long tiles = CACHED / (POINTS * p->channels) / TILES * TILES;
    return tiles < TILES ? TILES : tiles > 8 * TILES ? 8 * TILES : tiles;
}

/* x (n, height, width, channels); kernel (filters / BLOCK, 36, channels, BLOCK), transformed;
   bias (filters); y (n, rows, columns, filters). Channels and filters are whole vectors and blocks. */
int winograd_forward(const Winograd *p, const float *x, const float *kernel, const float *bias,
                     float *y) {
    Grid grid = grid_of(p);
    long tiles = tiles_cached(p);
    long plane = tiles * p->channels + SHIFT, result = tiles * BLOCK + SHIFT;
    float *planes = calloc((size_t)(POINTS * (plane + result) + p->channels), sizeof(float));
    if (!planes) return 1;
    float *results = planes + POINTS * plane, *zeros = results + POINTS * result;
    for (long first = 0; first < grid.all; first += tiles) {
        long count = grid.all - first < tiles ? grid.all - first : tiles;
        transform_input(p, &grid, x, first, count, plane, zeros, planes);
        for (long c = 0; c < p->filters; c += BLOCK) {
            for (long k = 0; k < POINTS; k++)
                for (long t = 0; t < count; t += TILES)
                    products_of(planes + k * plane + t * p->channels,
                                kernel + (c / BLOCK * POINTS + k) * p->channels * BLOCK,
                                p->channels, results + k * result + t * BLOCK);
            if (grid.step == 4)
                transform_output(p, &grid, results, first, count, result, bias, c, 4, y);
            else
                transform_output(p, &grid, results, first, count, result, bias, c, 2, y);
        }
    }
    free(planes);
    return 0;
}

/* A g A' of tiles: planes of (tile, BLOCK). */
ALWAYS void transform_gradient(const Winograd *p, const Grid *grid, const float *g, long first,
                               long count, long plane, const float *zeros, long c, long step,
                               float *planes) {
    for (long t = 0; t < count; t++) {
        const float *at[POINTS];
        long tile = first + t, place = tile % (grid->high * grid->wide);
        const float *image = g + tile / (grid->high * grid->wide) * p->rows * p->columns * p->filters;
        pixels_of(image, p->rows, p->columns, p->filters, place / grid->wide * step,
                  place % grid->wide * step, step, zeros, at);
        for (long v = 0; v < BLOCK; v += LANES) {
            vecf d[POINTS], half[POINTS], out[POINTS];
            for (long i = 0; i < step; i++)
                for (long j = 0; j < step; j++)
                    d[i * SIDE + j] = load_float(at[i * step + j] + c + v);
            for (long j = 0; j < step; j++) spread_output(d + j, SIDE, step, half + j);
            for (long i = 0; i < SIDE; i++) spread_output(half + i * SIDE, 1, step, out + i * SIDE);
            float *to = planes + t * BLOCK + v;
            for (long k = 0; k < POINTS; k++) store_float(to + k * plane, out[k]);
        }
    }
}

/* g (n, rows, columns, filters); sums (36, channels, filters) is overwritten. */
int winograd_gradient(const Winograd *p, const float *x, const float *g, float *sums) {
    Grid grid = grid_of(p);
    long tiles = tiles_cached(p), size = p->channels * p->filters;
    long plane = tiles * p->channels + SHIFT, other = tiles * BLOCK + SHIFT;
    long most = p->channels > p->filters ? p->channels : p->filters;
    float *planes = calloc((size_t)(POINTS * (plane + other + size) + most), sizeof(float));
    if (!planes) return 1;
    float *gradients = planes + POINTS * plane, *part = gradients + POINTS * other;
    float *zeros = part + POINTS * size;
    memset(sums, 0, (size_t)(POINTS * size) * sizeof(float));
    for (long first = 0, round = 1; first < grid.all; first += tiles, round++) {
        long count = grid.all - first < tiles ? grid.all - first : tiles;
        transform_input(p, &grid, x, first, count, plane, zeros, planes);
        for (long c = 0; c < p->filters; c += BLOCK) {
            if (grid.step == 4)
                transform_gradient(p, &grid, g, first, count, other, zeros, c, 4, gradients);
            else
                transform_gradient(p, &grid, g, first, count, other, zeros, c, 2, gradients);
            for (long k = 0; k < POINTS; k++)
                for (long b = 0; b < p->channels;) {
                    const Choice *choice = widest(BLOCK, p->channels - b);
                    for (long v = 0; v < BLOCK; v += choice->vectors * LANES)
                        choice->run(planes + k * plane + b, 0, p->channels,
                                    gradients + k * other + v, 0, BLOCK, 1, count,
                                    part + k * size + b * p->filters + c + v, p->filters);
                    b += choice->channels;
                }
        }
        if (round % ROUNDS && first + tiles < grid.all) continue;
        for (long k = 0; k < POINTS * size; k++) sums[k] += part[k];
        memset(part, 0, (size_t)(POINTS * size) * sizeof(float));
    }
    free(planes);
    return 0;
}
