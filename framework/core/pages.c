/* pages.c: memory on huge pages. */
#include "core/pages.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, LARGE = 4 * HUGE_PAGE };

void *cop_pages_new(size_t bytes)
{
    size_t alignment = bytes < LARGE ? ALIGNMENT : HUGE_PAGE;
    size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void *memory = rounded >= bytes ? aligned_alloc(alignment, rounded) : NULL;
    if (memory != NULL && alignment == HUGE_PAGE)
        (void)madvise(memory, rounded, MADV_HUGEPAGE); /* a wish */
    return memory;
}
