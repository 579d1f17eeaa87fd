/* isa.c: the instruction set of the kernels, told by the compiler that had their flags. */
#include "exec/kernels/isa.h"

/* What a compiler may use beside the level changes bits, too: fused multiply-add above all. */
#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512CD__) &&                      \
    defined(__AVX512DQ__) && defined(__AVX512VL__)
#define LEVEL "x86-64-v4"
#elif defined(__AVX512F__)
#define LEVEL "x86-64-v3+avx512f"
#elif defined(__AVX2__) && defined(__FMA__)
#define LEVEL "x86-64-v3"
#elif defined(__AVX2__)
#define LEVEL "x86-64-v2+avx2"
#elif defined(__FMA__)
#define LEVEL "x86-64-v2+fma"
#elif defined(__AVX__)
#define LEVEL "x86-64-v2+avx"
#elif defined(__SSE4_2__)
#define LEVEL "x86-64-v2"
#elif defined(__x86_64__)
#define LEVEL "x86-64"
#elif defined(__aarch64__) && defined(__ARM_FEATURE_SVE)
#define LEVEL "aarch64+sve"
#elif defined(__aarch64__)
#define LEVEL "aarch64"
#else
#define LEVEL NULL
#endif

const char *cop_kernels_isa(void)
{
    return LEVEL;
}
