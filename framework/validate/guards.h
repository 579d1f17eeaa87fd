/* guards.h (implemented in guards.c): memory whose neighbours may not be touched. Behind each piece
 * begins a page that faults when it is read or written; the bytes before it, up to such a page, and
 * those that alignment leaves behind it, are compared with what they were. */
#ifndef COP_VALIDATE_GUARDS_H
#define COP_VALIDATE_GUARDS_H

#include "core/memory_source.h"
#include "validate/findings.h"

typedef struct cop_guards cop_guards;

/* No pieces yet; the process's, as the handler of faults looks at them to its end. NULL without
 * memory. */
cop_guards *cop_guards_new(void);

/* `bytes` of zeros, of which the last stands as near to the page behind as the alignment (a power
 * of two) allows; `name` is copied. NULL without memory. */
void *cop_guards_get(cop_guards *g, const char *name, size_t bytes, size_t alignment);
void cop_guards_put(cop_guards *g, void *data);

/* The same for tensors. Lives as long as the guards. */
const cop_memory_source *cop_guards_source(const cop_guards *g);

/* Looks at the bytes around all pieces after a callback ("step"), and notes the first that is not
 * as it was. */
void cop_guards_check(cop_guards *g, const char *callback);

/* The check that nothing was noted. */
void cop_guards_report(const cop_guards *g, cop_reporter *r);

/* From now on a fault in one of the pages is a finding of that check, and the end of the checks and
 * the process. Any other fault is as before. */
void cop_guards_watch(cop_guards *g, cop_reporter *r);

#endif
