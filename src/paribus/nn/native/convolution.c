/* Convolution of few input channels (images), NHWC, with bias, relu and max pooling in one pass.
   A row of outputs is computed in cache and finished there. Every output is one chain of fused
   multiply-adds in a fixed order, so results do not depend on how wide the CPU's vectors are. */

#include <stdlib.h>

#include "vectors.h"

/* Output pixels computed together, to hide the latency of a multiply-add: AHEAD x PAIR sums, PAIR
   vectors of weights and one number of x fill the registers. */
#if REGISTERS == 32
#define PAIR 1
#define AHEAD 8
#else
#define PAIR 2
#define AHEAD 6
#endif

typedef struct {
    long n, height, width, channels;   /* input, padded already */
    long kernel_height, kernel_width, filters, stride_height, stride_width;
    long pool_height, pool_width;      /* 0: no pooling; pool strides equal the pool's size */
    long relu, narrow;                 /* narrow: outputs and their gradients are bfloat16 */
} Convolution;

ALWAYS long padded(long filters) { return (filters + LANES - 1) / LANES * LANES; }
ALWAYS long out_height(const Convolution *p) {
    return (p->height - p->kernel_height) / p->stride_height + 1;
}
ALWAYS long out_width(const Convolution *p) {
    return (p->width - p->kernel_width) / p->stride_width + 1;
}

ALWAYS vecf rectified(vecf value) { return choose(value <= 0.0f, (vecf){0}, value); }

/* Output pixels j..j+ahead of a row, `vectors` registers of filters from c on. */
ALWAYS void pixels_of(const Convolution *p, long kernel_height, long taps, const float *x,
                      const float *kernel, const float *bias, int relu, float *out, long ahead,
                      long vectors) {
    long row = p->width * p->channels, step = p->stride_width * p->channels;
    long filters = padded(p->filters);
    vecf sums[AHEAD * PAIR];
    for (long k = 0; k < ahead * vectors; k++) sums[k] = load_float(bias + k % vectors * LANES);
    for (long i = 0; i < kernel_height; i++)
        for (long t = 0; t < taps; t++) {
            const float *weights = kernel + (i * taps + t) * filters;
            const float *at = x + i * row + t;
            for (long v = 0; v < vectors; v++) {
                vecf weight = load_float(weights + v * LANES);
                for (long a = 0; a < ahead; a++) sums[a * vectors + v] += weight * at[a * step];
            }
        }
    for (long a = 0; a < ahead; a++)
        for (long v = 0; v < vectors; v++) {
            vecf sum = sums[a * vectors + v];
            store_float(out + a * filters + v * LANES, relu ? rectified(sum) : sum);
        }
}

/* One row of outputs, all filters: out (width, padded filters). A kernel row is `taps` numbers that
   lie side by side in the image; `relu` is applied as the numbers are stored. */
ALWAYS void row_of(const Convolution *p, long kernel_height, long taps, const float *x,
                   const float *kernel, const float *bias, int relu, float *out) {
    long step = p->stride_width * p->channels, filters = padded(p->filters), ow = out_width(p);
    for (long c = 0; c < filters;) {
        int two = PAIR == 2 && filters - c >= 2 * LANES;
        for (long j = 0; j < ow;) {
            const float *from = x + j * step;
            float *to = out + j * filters + c;
            if (ow - j < AHEAD) {
                if (two)
                    pixels_of(p, kernel_height, taps, from, kernel + c, bias + c, relu, to, 1, PAIR);
                else
                    pixels_of(p, kernel_height, taps, from, kernel + c, bias + c, relu, to, 1, 1);
                j++;
                continue;
            }
            if (two)
                pixels_of(p, kernel_height, taps, from, kernel + c, bias + c, relu, to, AHEAD, PAIR);
            else
                pixels_of(p, kernel_height, taps, from, kernel + c, bias + c, relu, to, AHEAD, 1);
            j += AHEAD;
        }
        c += two ? 2 * LANES : LANES;
    }
}

static void output_row(const Convolution *p, const float *x, const float *kernel,
                       const float *bias, int relu, float *out) {
    long kernel_height = p->kernel_height, taps = p->kernel_width * p->channels;
    if (kernel_height == 3 && taps == 3)
        row_of(p, 3, 3, x, kernel, bias, relu, out);
    else if (kernel_height == 5 && taps == 5)
        row_of(p, 5, 5, x, kernel, bias, relu, out);
    else if (kernel_height == 3 && taps == 9)
        row_of(p, 3, 9, x, kernel, bias, relu, out);
    else
        row_of(p, kernel_height, taps, x, kernel, bias, relu, out);
}

/* Write one pixel without the padding of the filters. */
ALWAYS void write_pixel(const Convolution *p, const float *from, void *to, long at) {
    long c = 0;
    if (p->narrow) {
        bf16 *y = (bf16 *)to + at;
        for (; c + LANES <= p->filters; c += LANES) store_bf16(y + c, load_float(from + c));
        for (; c < p->filters; c++) y[c] = narrow(from[c]);
    } else {
        float *y = (float *)to + at;
        for (; c + LANES <= p->filters; c += LANES) store_float(y + c, load_float(from + c));
        for (; c < p->filters; c++) y[c] = from[c];
    }
}

static void write_row(const Convolution *p, const float *row, void *y, long at) {
    for (long j = 0; j < out_width(p); j++)
        write_pixel(p, row + j * padded(p->filters), y, at + j * p->filters);
}

/* Channels of one pooled pixel; ties go to the first value in reading order. */
ALWAYS vecf window_best(const float *x, long row, long filters, long high, long wide, int relu,
                        veci *where) {
    vecf best = load_float(x);
    veci at = {0};
    for (long i = 0; i < high; i++)
        for (long k = 0; k < wide; k++) {
            vecf value = load_float(x + i * row + k * filters);
            veci better = (value > best) | (value != value);
            best = choose(better, value, best);
            at = (at & ~better) | (better & (int32_t)(i * wide + k));
        }
    if (relu) {
        veci dead = best <= 0.0f;
        best = choose(dead, (vecf){0}, best);
        at |= dead & 255;
    }
    *where = at;
    return best;
}

/* Pool `pool_height` rows into one. */
static void pool_rows(const Convolution *p, const float *rows, float *scratch, void *y,
                      uint8_t *index, long at) {
    long filters = padded(p->filters), row = out_width(p) * filters;
    long pooled = out_width(p) / p->pool_width;
    int two = p->pool_height == 2 && p->pool_width == 2, relu = (int)p->relu;
    for (long j = 0; j < pooled; j++) {
        const float *x = rows + j * p->pool_width * filters;
        for (long c = 0; c < filters; c += LANES) {
            veci where;
            vecf best = two ? window_best(x + c, row, filters, 2, 2, relu, &where)
                            : window_best(x + c, row, filters, p->pool_height, p->pool_width, relu,
                                          &where);
            store_float(scratch + c, best);
            if (!index) continue;
            vecb bytes = __builtin_convertvector(where, vecb);
            uint8_t *to = index + at + j * p->filters + c;
            if (p->filters - c >= LANES)
                *(vecb *)to = bytes;
            else
                memcpy(to, &bytes, (size_t)(p->filters - c));
        }
        write_pixel(p, scratch, y, at + j * p->filters);
    }
}

/* kernel (kernel height, kernel width, channels, padded filters), bias (padded filters). */
int convolution_forward(const Convolution *p, const float *x, const float *kernel,
                        const float *bias, void *y, uint8_t *index) {
    long oh = out_height(p), ow = out_width(p), filters = padded(p->filters);
    long deep = p->pool_height ? p->pool_height : 1, row = ow * filters;
    float *rows = malloc((size_t)(deep * row + filters) * sizeof(float));
    if (!rows) return 1;
    long steps = oh / deep, wide = p->pool_height ? ow / p->pool_width : ow;
    int pooling = p->pool_height != 0, direct = !pooling && !p->narrow && filters == p->filters;
    for (long image = 0; image < p->n; image++)
        for (long i = 0; i < steps; i++) {
            long at = (image * steps + i) * wide * p->filters;
            for (long k = 0; k < deep; k++) {
                long top = (i * deep + k) * p->stride_height;
                const float *from = x + (image * p->height + top) * p->width * p->channels;
                float *to = direct ? (float *)y + at : rows + k * row;
                output_row(p, from, kernel, bias, p->relu && !pooling, to);
            }
            if (pooling)
                pool_rows(p, rows, rows + deep * row, y, index, at);
            else if (!direct)
                write_row(p, rows, y, at);
        }
    free(rows);
    return 0;
}

/* part[g][t] += sum over the row of gradient x input, for GROUP kernel rows of TAPS numbers each,
   VECTORS registers of filters from c on. */
#define SUMS(GROUP, TAPS, VECTORS)                                                              \
    do {                                                                                        \
        vecf sums[GROUP * TAPS * VECTORS];                                                      \
        _Pragma("GCC unroll 64") for (int k = 0; k < GROUP * TAPS * VECTORS; k++)                \
            sums[k] = (vecf){0};                                                                \
        for (long j = 0; j < width; j++) {                                                      \
            vecf gradient[VECTORS];                                                             \
            _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++)                            \
                gradient[v] = load_float(g + j * filters + c + v * LANES);                       \
            const float *at = x + j * step;                                                     \
            _Pragma("GCC unroll 32") for (int i = 0; i < GROUP; i++)                             \
                _Pragma("GCC unroll 32") for (int t = 0; t < TAPS; t++)                          \
                    _Pragma("GCC unroll 4") for (int v = 0; v < VECTORS; v++)                    \
                        sums[(i * TAPS + t) * VECTORS + v] += gradient[v] * at[i * row + t];     \
        }                                                                                       \
        _Pragma("GCC unroll 64") for (int k = 0; k < GROUP * TAPS * VECTORS; k++) {              \
            float *to = part + k / VECTORS * filters + c + k % VECTORS * LANES;                 \
            store_float(to, load_float(to) + sums[k]);                                          \
        }                                                                                       \
        c += VECTORS * LANES;                                                                   \
    } while (0)

#define ROWS(GROUP, TAPS, VECTORS)                                                              \
    static void rows_##GROUP##_##TAPS(const float *x, long row, long step, const float *g,      \
                                      long width, long filters, float *part) {                  \
        long c = 0;                                                                             \
        while (filters - c >= VECTORS * LANES) SUMS(GROUP, TAPS, VECTORS);                      \
        while (c < filters) SUMS(GROUP, TAPS, 1);                                               \
    }

typedef void (*Rows)(const float *, long, long, const float *, long, long, float *);

#define MOST_TAPS 21

#if REGISTERS == 32
ROWS(2, 2, 1) ROWS(3, 3, 1) ROWS(5, 5, 1) ROWS(3, 9, 1) ROWS(2, 6, 1)
ROWS(1, 1, 1) ROWS(1, 2, 1) ROWS(1, 3, 1) ROWS(1, 4, 1) ROWS(1, 5, 1) ROWS(1, 6, 1) ROWS(1, 7, 1)
ROWS(1, 8, 1) ROWS(1, 9, 1) ROWS(1, 10, 1) ROWS(1, 11, 1) ROWS(1, 12, 1) ROWS(1, 14, 1)
ROWS(1, 15, 1) ROWS(1, 16, 1) ROWS(1, 20, 1) ROWS(1, 21, 1)
#else
ROWS(2, 2, 2) ROWS(3, 3, 1)
ROWS(1, 1, 2) ROWS(1, 2, 2) ROWS(1, 3, 2) ROWS(1, 4, 2) ROWS(1, 5, 2) ROWS(1, 6, 2) ROWS(1, 7, 1)
ROWS(1, 8, 1) ROWS(1, 9, 1) ROWS(1, 10, 1) ROWS(1, 11, 1) ROWS(1, 12, 1)

/* More sums than registers: the taps of a row in two halves. */
#define HALVES(TAPS, FIRST, SECOND)                                                             \
    static void rows_1_##TAPS(const float *x, long row, long step, const float *g, long width,  \
                              long filters, float *part) {                                      \
        rows_1_##FIRST(x, row, step, g, width, filters, part);                                  \
        rows_1_##SECOND(x + FIRST, row, step, g, width, filters, part + FIRST * filters);       \
    }
HALVES(14, 7, 7) HALVES(15, 8, 7) HALVES(16, 8, 8) HALVES(20, 10, 10) HALVES(21, 11, 10)
#endif

static Rows rows_kernel(long kernel_height, long taps, long *group) {
    *group = kernel_height;
    if (kernel_height == 2 && taps == 2) return rows_2_2;
    if (kernel_height == 3 && taps == 3) return rows_3_3;
#if REGISTERS == 32
    if (kernel_height == 2 && taps == 6) return rows_2_6;
    if (kernel_height == 3 && taps == 9) return rows_3_9;
    if (kernel_height == 5 && taps == 5) return rows_5_5;
#endif
    *group = 1;
    static const Rows single[MOST_TAPS + 1] = {
        0,         rows_1_1, rows_1_2,  rows_1_3,  rows_1_4,  rows_1_5,  rows_1_6, rows_1_7,
        rows_1_8,  rows_1_9, rows_1_10, rows_1_11, rows_1_12, 0,         rows_1_14, rows_1_15,
        rows_1_16, 0,        0,         0,         rows_1_20, rows_1_21};
    return taps <= MOST_TAPS ? single[taps] : 0;
}

int convolution_supported(long kernel_height, long taps) {
    long group;
    return rows_kernel(kernel_height, taps, &group) != 0;
}

ALWAYS vecf read_lanes(const Convolution *p, const void *from, long at, long left) {
    if (left >= LANES)
        return p->narrow ? load_bf16((const bf16 *)from + at) : load_float((const float *)from + at);
    float values[LANES] = {0};
    for (long c = 0; c < left; c++)
        values[c] = p->narrow ? widen(((const bf16 *)from)[at + c]) : ((const float *)from)[at + c];
    return load_float(values);
}

/* One row of gradients before relu, filters padded by zeros; y is the output that relu left. */
static void gradient_row(const Convolution *p, const void *gy, const void *y, long at, float *out) {
    long filters = padded(p->filters);
    for (long j = 0; j < out_width(p); j++)
        for (long c = 0; c < filters; c += LANES) {
            long here = at + j * p->filters + c, left = p->filters - c;
            vecf g = read_lanes(p, gy, here, left);
            if (p->relu) g = choose(read_lanes(p, y, here, left) <= 0.0f, (vecf){0}, g);
            store_float(out + j * filters + c, g);
        }
}

/* Spread a row of pooled gradients over the rows of its windows. */
ALWAYS void unpool(const Convolution *p, long high, long wide, const void *gy,
                   const uint8_t *index, long at, float *rows) {
    long filters = padded(p->filters), ow = out_width(p), row = ow * filters;
    long pooled = ow / wide;
    for (long j = 0; j < pooled; j++)
        for (long c = 0; c < filters; c += LANES) {
            long here = at + j * p->filters + c, left = p->filters - c;
            vecf g = read_lanes(p, gy, here, left);
            vecb bytes = {0};
            if (left >= LANES)
                bytes = *(const vecb *)(index + here);
            else
                memcpy(&bytes, index + here, (size_t)left);
            veci where = __builtin_convertvector(bytes, veci);
            for (long i = 0; i < high; i++)
                for (long k = 0; k < wide; k++) {
                    veci chosen = where == (int32_t)(i * wide + k);
                    float *to = rows + i * row + (j * wide + k) * filters + c;
                    store_float(to, choose(chosen, g, (vecf){0}));
                }
        }
    for (long i = 0; i < high; i++)
        memset(rows + i * row + pooled * wide * filters, 0,
               (size_t)((ow - pooled * wide) * filters) * sizeof(float));
}

static void unpool_rows(const Convolution *p, const void *gy, const uint8_t *index, long at,
                        float *rows) {
    if (p->pool_height == 2 && p->pool_width == 2)
        unpool(p, 2, 2, gy, index, at, rows);
    else
        unpool(p, p->pool_height, p->pool_width, gy, index, at, rows);
}

/* sums += the sum of a row over its pixels, in four interleaved chains. */
static void add_row(const float *row, long width, long filters, float *sums) {
    for (long c = 0; c < filters; c += LANES) {
        vecf part[4] = {{0}};
        long j = 0;
        for (; j + 4 <= width; j += 4)
            for (int a = 0; a < 4; a++) part[a] += load_float(row + (j + a) * filters + c);
        for (; j < width; j++) part[0] += load_float(row + j * filters + c);
        vecf sum = (part[0] + part[1]) + (part[2] + part[3]);
        store_float(sums + c, load_float(sums + c) + sum);
    }
}

/* Add what one row of gradients gives to the gradients of kernel and bias. */
static void add_products(const Convolution *p, Rows kernel_rows, long group, const float *x,
                         const float *gradients, float *part, float *sums) {
    long taps = p->kernel_width * p->channels, wide = p->width * p->channels;
    long filters = padded(p->filters), step = p->stride_width * p->channels;
    for (long first = 0; first < p->kernel_height; first += group)
        kernel_rows(x + first * wide, wide, step, gradients, out_width(p), filters,
                    part + first * taps * filters);
    add_row(gradients, out_width(p), filters, sums);
}

/* Gradients of kernel and bias, laid out as in convolution_forward; both are overwritten. */
int convolution_backward(const Convolution *p, const float *x, const void *gy, const void *y,
                         const uint8_t *index, float *kernel, float *bias) {
    long oh = out_height(p), ow = out_width(p), filters = padded(p->filters), group;
    long taps = p->kernel_width * p->channels, row = ow * filters;
    long size = p->kernel_height * taps * filters, deep = p->pool_height ? p->pool_height : 1;
    Rows kernel_rows = rows_kernel(p->kernel_height, taps, &group);
    float *part = malloc((size_t)(size + filters + deep * row) * sizeof(float));
    if (!part || !kernel_rows) {
        free(part);
        return 1;
    }
    float *sums = part + size, *rows = sums + filters;
    long steps = oh / deep, wide = p->pool_height ? ow / p->pool_width : ow;
    memset(kernel, 0, (size_t)size * sizeof(float));
    memset(bias, 0, (size_t)filters * sizeof(float));
    for (long image = 0; image < p->n; image++) {
        memset(part, 0, (size_t)(size + filters) * sizeof(float));
        for (long i = 0; i < steps; i++) {
            long at = (image * steps + i) * wide * p->filters;
            if (p->pool_height)
                unpool_rows(p, gy, index, at, rows);
            else
                gradient_row(p, gy, y, at, rows);
            for (long k = 0; k < deep; k++) {
                long top = (i * deep + k) * p->stride_height;
                add_products(p, kernel_rows, group,
                             x + (image * p->height + top) * p->width * p->channels,
                             rows + k * row, part, sums);
            }
        }
        for (long k = 0; k < size; k++) kernel[k] += part[k];
        for (long c = 0; c < filters; c++) bias[c] += sums[c];
    }
    free(part);
    return 0;
}
