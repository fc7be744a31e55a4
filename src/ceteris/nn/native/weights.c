/* The gradient of a convolution's kernel. Blocks of rows stay in the first cache while every
   tap and every block of input channels passes over them; sums stay in registers. */

#include <stdlib.h>

#include "vectors.h"

typedef struct {
    long n, height, width, channels, filters, kernel_height, kernel_width;
    long stride_height, stride_width, top, left, rows, columns; /* rows, columns: of the output */
} Gradient;

/* sums[b][v] += x of channel b times g of vector v, over a block of `rows` x `columns` pixels. */
#define MICRO(V, B)                                                                              \
    static void micro_##V##_##B(const float *x, long x_row, long x_step, const float *g,         \
                                long g_row, long g_step, long rows, long columns, float *sums,   \
                                long filters) {                                                  \
        vecf part[B * V];                                                                        \
        _Pragma("GCC unroll 32") for (int k = 0; k < B * V; k++)                                  \
            part[k] = load_float(sums + k / V * filters + k % V * LANES);                        \
        for (long i = 0; i < rows; i++)                                                          \
            for (long j = 0; j < columns; j++) {                                                 \
                const float *from = x + i * x_row + j * x_step;                                  \
                const float *with = g + i * g_row + j * g_step;                                  \
                vecf gradient[V];                                                                \
                _Pragma("GCC unroll 4") for (int v = 0; v < V; v++)                               \
                    gradient[v] = load_float(with + v * LANES);                                  \
                _Pragma("GCC unroll 32") for (int b = 0; b < B; b++)                              \
                    _Pragma("GCC unroll 4") for (int v = 0; v < V; v++)                           \
                        part[b * V + v] += gradient[v] * from[b];                                \
            }                                                                                    \
        _Pragma("GCC unroll 32") for (int k = 0; k < B * V; k++)                                  \
            store_float(sums + k / V * filters + k % V * LANES, part[k]);                        \
    }

typedef void (*Micro)(const float *, long, long, const float *, long, long, long, long, float *,
                      long);

typedef struct {
    int vectors, channels;
    Micro run;
} Choice;

/* For each number of vectors the widest block of channels comes first. Sums, vectors of the gradient
   and one number of x fill the registers. */
#if REGISTERS == 32
MICRO(4, 6) MICRO(4, 4) MICRO(4, 2) MICRO(4, 1)
MICRO(2, 12) MICRO(2, 8) MICRO(2, 4) MICRO(2, 2) MICRO(2, 1)
MICRO(1, 16) MICRO(1, 8) MICRO(1, 4) MICRO(1, 2) MICRO(1, 1)
static const Choice CHOICES[] = {
    {4, 6, micro_4_6}, {4, 4, micro_4_4}, {4, 2, micro_4_2}, {4, 1, micro_4_1},
    {2, 12, micro_2_12}, {2, 8, micro_2_8}, {2, 4, micro_2_4}, {2, 2, micro_2_2},
    {2, 1, micro_2_1}, {1, 16, micro_1_16}, {1, 8, micro_1_8}, {1, 4, micro_1_4},
    {1, 2, micro_1_2}, {1, 1, micro_1_1}, {0, 0, 0}};
#else
MICRO(2, 6) MICRO(2, 4) MICRO(2, 2) MICRO(2, 1)
MICRO(1, 12) MICRO(1, 8) MICRO(1, 4) MICRO(1, 2) MICRO(1, 1)
static const Choice CHOICES[] = {
    {2, 6, micro_2_6}, {2, 4, micro_2_4}, {2, 2, micro_2_2}, {2, 1, micro_2_1},
    {1, 12, micro_1_12}, {1, 8, micro_1_8}, {1, 4, micro_1_4}, {1, 2, micro_1_2},
    {1, 1, micro_1_1}, {0, 0, 0}};
#endif

static const Choice *widest(long filters, long channels) {
    const Choice *choice = CHOICES;
    while (choice->vectors * LANES > filters || choice->channels > channels) choice++;
    return choice;
}

ALWAYS long first_inside(long offset, long step) {
    return offset >= 0 ? 0 : (-offset + step - 1) / step;
}
ALWAYS long end_inside(long offset, long step, long size, long count) {
    long end = (size - offset + step - 1) / step;
    return end < count ? (end > 0 ? end : 0) : count;
}

/* What output rows first..end of one image give to the taps (h, w), all channels and filters. */
static void one_tap(const Gradient *p, const float *x, const float *g, long first, long end,
                    const long tap[2], float *sums) {
    long down = tap[0] - p->top, right = tap[1] - p->left;
    long from = first_inside(down, p->stride_height);
    long to = end_inside(down, p->stride_height, p->height, end);
    long left = first_inside(right, p->stride_width);
    long stop = end_inside(right, p->stride_width, p->width, p->columns);
    if (from < first) from = first;
    if (from >= to || left >= stop) return;
    long row = p->width * p->channels, g_row = p->columns * p->filters;
    x += (from * p->stride_height + down) * row + (left * p->stride_width + right) * p->channels;
    g += from * g_row + left * p->filters;
    for (long c = 0; c < p->filters;) {
        long wide = LANES;
        for (long b = 0; b < p->channels;) {
            const Choice *choice = widest(p->filters - c, p->channels - b);
            wide = choice->vectors * LANES;
            choice->run(x + b, p->stride_height * row, p->stride_width * p->channels, g + c, g_row,
                        p->filters, to - from, stop - left, sums + b * p->filters + c, p->filters);
            b += choice->channels;
        }
        c += wide;
    }
}

#define CACHED 6144 /* floats of the gradient that stay in the first cache */

/* x (n, height, width, channels), g (n, rows, columns, filters), filters a multiple of LANES;
   kernel (kernel height, kernel width, channels, filters) is overwritten. */
int weight_gradient(const Gradient *p, const float *x, const float *g, float *kernel) {
    long size = p->kernel_height * p->kernel_width * p->channels * p->filters;
    long g_row = p->columns * p->filters, block = CACHED / g_row;
    float *part = malloc((size_t)size * sizeof(float));
    if (!part) return 1;
    if (block < 1) block = 1;
    memset(kernel, 0, (size_t)size * sizeof(float));
    for (long image = 0; image < p->n; image++) {
        memset(part, 0, (size_t)size * sizeof(float));
        const float *own = x + image * p->height * p->width * p->channels;
        const float *with = g + image * p->rows * g_row;
        for (long first = 0; first < p->rows; first += block) {
            long end = first + block < p->rows ? first + block : p->rows;
            float *sums = part;
            for (long h = 0; h < p->kernel_height; h++)
                for (long w = 0; w < p->kernel_width; w++) {
                    one_tap(p, own, with, first, end, (long[2]){h, w}, sums);
                    sums += p->channels * p->filters;
                }
        }
        for (long k = 0; k < size; k++) kernel[k] += part[k];
    }
    free(part);
    return 0;
}
