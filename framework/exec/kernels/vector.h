/* vector.h: sixteen floats that kernels compute with at a time: one register where the CPU
 * has registers of 512 bits, several where it has not. */
#ifndef COP_EXEC_KERNELS_VECTOR_H
#define COP_EXEC_KERNELS_VECTOR_H

#include <stdint.h>

enum { COP_VECTOR = 16 };

typedef float cop_vector __attribute__((vector_size(64)));

/* Anywhere in memory, where floats are. */
typedef float cop_vector_in_memory __attribute__((vector_size(64), aligned(4), may_alias));

static inline cop_vector cop_vector_load(const float *from)
{
    return *(const cop_vector_in_memory *)from;
}

static inline void cop_vector_store(float *to, cop_vector value)
{
    *(cop_vector_in_memory *)to = value;
}

#endif
