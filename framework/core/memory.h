/* memory.h: asking for memory, and saying that there is none. */
#ifndef COP_CORE_MEMORY_H
#define COP_CORE_MEMORY_H

#include <coppice/status.h>

/* Fills the error, which may be NULL, for an allocation that failed. Returns COP_FAILED. */
cop_status cop_out_of_memory(cop_error *err);

/* `items` with room for `wanted` of them, of `size` bytes each; *capacity is how many there is room
 * for. Room at least doubles each time, so that adding one by one costs linear time. NULL where
 * memory is out: then the old array and *capacity stand, and are still the caller's. */
void *cop_grow(void *items, size_t *capacity, size_t wanted, size_t size);

#endif
