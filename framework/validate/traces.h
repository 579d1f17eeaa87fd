/* traces.h (implemented in traces.c): what a plugin may not leave behind: files, memory. */
#ifndef COP_VALIDATE_TRACES_H
#define COP_VALIDATE_TRACES_H

#include "validate/findings.h"

/* What a process holds that others may see. */
typedef struct cop_trace {
    int writable; /* files that are open for writing */
} cop_trace;

/* What there is before. */
void cop_trace_take(cop_trace *before);

/* The check that there is no more now, and that the working directory is empty. */
void cop_trace_check(cop_reporter *r, const cop_trace *before);

/* Bytes that the process has allocated; 0 where the allocator does not say (sanitizers). */
size_t cop_trace_memory(void);

#endif
