/* versions.h: which libraries compute, and with which instructions. */
#ifndef COP_EXEC_INSPECT_VERSIONS_H
#define COP_EXEC_INSPECT_VERSIONS_H

#include <coppice/status.h>

/* Room for what cop_exec_isa writes. */
#define COP_ISA_SIZE 256

/* The instruction sets that decide the bits of a result, three lines for identities: the level that
 * the kernels were compiled for, and what oneDNN and OpenBLAS use on this machine, under its
 * environment (ONEDNN_MAX_CPU_ISA, OPENBLAS_CORETYPE):
 *
 *   isa x86-64-v4
 *   onednn avx512_core
 *   openblas SkylakeX
 *
 * COP_UNAVAILABLE where one of them has no word: results that may differ must not share a name. */
cop_status cop_exec_isa(char text[COP_ISA_SIZE], cop_error *err);

/* The variables of the environment by which the libraries are told which instructions to use, and
 * which they read when a process starts: NULL-terminated names, literals. A process that is to
 * compute the same bits needs them to be the same. */
const char *const *cop_exec_isa_variables(void);

/* One line for the record of where a result came from: "avx512_core; oneDNN 2.6.3; OpenBLAS 0.3.21
 * …". */
void cop_exec_versions(char *text, size_t size);

#endif
