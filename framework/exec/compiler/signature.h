/* signature.h: all that a program is made from, as bytes: equal signatures, equal programs. */
#ifndef COP_EXEC_COMPILER_SIGNATURE_H
#define COP_EXEC_COMPILER_SIGNATURE_H

#include "core/hash.h"

#include <coppice/program.h>

typedef struct cop_program_signature {
    char *bytes; /* owned */
    size_t size;
    cop_digest digest; /* of the bytes, for a quick no */
} cop_program_signature;

/* The signature of what cop_compile would make: the thread count (> 0, not "as many as now"), the
 * precision, the instruction set, the outputs, and every input and every node that an output needs,
 * with its number, operation, settings, shape, operands, name and label. Numbers are part of it
 * because inputs are bound by them, labels because listings show them: so nothing about a program
 * tells whether it was compiled for its caller. The graph and the outputs have been checked. The
 * caller clears *out, also after an error. */
cop_status cop_program_signature_make(const cop_graph *g, const cop_node *outputs,
                                      size_t output_count, int threads, cop_precision precision,
                                      cop_program_signature *out, cop_error *err);
void cop_program_signature_clear(cop_program_signature *signature);

bool cop_program_signature_equal(const cop_program_signature *a, const cop_program_signature *b);

#endif
