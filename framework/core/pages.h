/* pages.h: large pieces of memory. */
#ifndef COP_CORE_PAGES_H
#define COP_CORE_PAGES_H

#include <stddef.h>

/* `bytes` (> 0) at a multiple of 64; large ones on huge pages where the system gives them, since
 * walks over many megabytes would otherwise wait for address translation. NULL where there is no
 * memory; freed with free(). */
void *cop_pages_new(size_t bytes);

#endif
