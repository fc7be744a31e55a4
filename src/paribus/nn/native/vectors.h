/* One register at a time, in GCC's vector extension. A vector wider than a register would be taken
   apart by the compiler, and comparisons of such vectors become scalar code. */
#ifndef PARIBUS_VECTORS_H
#define PARIBUS_VECTORS_H

#include <stdint.h>
#include <string.h>

/* LANES: floats in a register. REGISTERS: how many of them there are; sums that must stay in
   registers are counted by it. A build for tests may set both. */
#ifndef LANES
#ifdef __AVX512F__
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
#endif
#ifndef REGISTERS
#if defined(__AVX512F__) || defined(__aarch64__)
#define REGISTERS 32
#else
#define REGISTERS 16
#endif
#endif
#define ALWAYS static inline __attribute__((always_inline))

typedef float vecf __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t veci __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t vecu __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint16_t vech __attribute__((vector_size(2 * LANES), aligned(2), may_alias));
typedef uint8_t vecb __attribute__((vector_size(LANES), aligned(1), may_alias));
typedef uint16_t bf16;

/* bfloat16 is the upper half of a float; rounding is to nearest, ties to even. */
ALWAYS float widen(bf16 x) {
    uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

ALWAYS bf16 narrow(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if (x != x) return 0x7fc0;
    return (bf16)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

ALWAYS vecf load_float(const float *x) { return *(const vecf *)x; }
ALWAYS void store_float(float *x, vecf value) { *(vecf *)x = value; }

ALWAYS vecf load_bf16(const bf16 *x) {
    vecu bits = __builtin_convertvector(*(const vech *)x, vecu) << 16;
    return (vecf)bits;
}

ALWAYS void store_bf16(bf16 *x, vecf value) {
    vecu bits = (vecu)value;
    vecu rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    veci nan = value != value;
    rounded = (rounded & ~(vecu)nan) | ((vecu)nan & 0x7fc0);
    *(vech *)x = __builtin_convertvector(rounded, vech);
}

ALWAYS vecf choose(veci mask, vecf yes, vecf no) {
    return (vecf)(((veci)yes & mask) | ((veci)no & ~mask));
}

/* Floats pass through both; used where a kernel exists for float and for bfloat16. */
ALWAYS float widen_float(float x) { return x; }
ALWAYS float narrow_float(float x) { return x; }

#endif
