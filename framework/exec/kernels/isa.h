/* isa.h: which instruction set the kernels were compiled for. */
#ifndef COP_EXEC_KERNELS_ISA_H
#define COP_EXEC_KERNELS_ISA_H

#include <stddef.h>

/* A word that stays the same from version to version: "x86-64-v4". NULL for a machine that has none
 * here yet. A literal. */
const char *cop_kernels_isa(void);

#endif
