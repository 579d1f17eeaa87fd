/* memory.h: asking for memory, and saying that there is none. */
#ifndef COP_CORE_MEMORY_H
#define COP_CORE_MEMORY_H

#include <coppice/status.h>

/* Fills the error, which may be NULL, for an allocation that failed. Returns COP_FAILED. */
cop_status cop_out_of_memory(cop_error *err);

#endif
