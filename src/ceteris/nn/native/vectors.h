/* Sixteen lanes at a time, in GCC's vector extension: the compiler maps them to what the CPU has.
   Where sums must stay in registers, `vecn` is one register and REGISTERS says how many there are. */
#ifndef CETERIS_VECTORS_H
#define CETERIS_VECTORS_H

#include <stdint.h>
#include <string.h>

#define LANES 16
#ifdef __AVX512F__
#define WIDTH 16
#define REGISTERS 32
#elif defined(__AVX__)
#define WIDTH 8
#define REGISTERS 16
#else
#define WIDTH 4
#define REGISTERS 16
#endif
#define ALWAYS static inline __attribute__((always_inline))

typedef float vecf __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t veci __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t vecu __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t vech __attribute__((vector_size(32), aligned(2), may_alias));
typedef uint8_t vecb __attribute__((vector_size(16), aligned(1), may_alias));
typedef float vecn __attribute__((vector_size(4 * WIDTH), aligned(4), may_alias));
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

ALWAYS vecn load_narrow(const float *x) { return *(const vecn *)x; }
ALWAYS void store_narrow(float *x, vecn value) { *(vecn *)x = value; }

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
