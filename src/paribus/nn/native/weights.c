/* The gradient of a convolution's kernel. Blocks of rows stay in the first cache while every
   tap and every block of input channels passes over them; sums stay in registers. */

#include <stdlib.h>

#include "vectors.h"

typedef struct {
    long n, height, width, channels, filters, kernel_height, kernel_width;
    long stride_height, stride_width, top, left, rows, columns; /* rows, columns: of the output */
} Gradient;

#include "products.inc"

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
