/* sized.h: reading a struct that begins with its size, from someone who may know fewer members. */
#ifndef COP_CORE_SIZED_H
#define COP_CORE_SIZED_H

#include <coppice/status.h>

#include <string.h>

/* Fills *own, `size` bytes, with what `given` has: members that it lacks become 0, those that it
 * has beyond are not read. Its first member is its size, a uint32_t; one that is not even that
 * large was not stated. */
static inline cop_status cop_read_sized(void *own, size_t size, const void *given, cop_error *err)
{
    uint32_t stated = 0;
    memcpy(&stated, given, sizeof stated);
    if (stated <= sizeof stated)
        return cop_fail(err, COP_FAILED, "a spec that does not begin with its size (COP_SIZED)");
    memset(own, 0, size);
    memcpy(own, given, stated < size ? stated : size);
    return COP_OK;
}

#endif
