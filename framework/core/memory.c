/* memory.c: asking for memory, and saying that there is none. */
#include "core/memory.h"

#include <stdlib.h>

/* Items that a first allocation has room for. */
#define FIRST_CAPACITY 16

cop_status cop_out_of_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory");
}

void *cop_grow(void *items, size_t *capacity, size_t wanted, size_t size)
{
    if (items != NULL && wanted <= *capacity)
        return items;
    size_t room = *capacity <= SIZE_MAX / 2 ? 2 * *capacity : SIZE_MAX;
    room = room > wanted ? room : wanted;
    room = room > FIRST_CAPACITY ? room : FIRST_CAPACITY;
    if (size != 0 && room > SIZE_MAX / size)
        return NULL;
    void *grown = realloc(items, room * size);
    if (grown != NULL)
        *capacity = room;
    return grown;
}
