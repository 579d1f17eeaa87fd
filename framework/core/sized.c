/* sized.c: reading and writing structs of which the other side may know another version. */
#include "core/sized.h"

#include <string.h>

static cop_status size_of(const char *what, const void *tagged, size_t least, size_t *size,
                          cop_error *err)
{
    uint32_t said = 0;
    memcpy(&said, tagged, sizeof said);
    *size = said;
    if (said >= least)
        return COP_OK;
    return cop_fail(err, COP_INVALID, "%s says that it is %u bytes, wanted %zu or more: COP_SIZED",
                    what, said, least);
}

cop_status cop_sized_take(const char *what, const void *given, size_t least, void *own,
                          size_t own_size, cop_error *err)
{
    size_t size = 0;
    COP_TRY(size_of(what, given, least, &size, err));
    uint32_t full = (uint32_t)own_size;
    memset(own, 0, own_size);
    memcpy(own, given, size < own_size ? size : own_size);
    memcpy(own, &full, sizeof full);
    return COP_OK;
}

cop_status cop_sized_give(const char *what, const void *own, size_t own_size, size_t least,
                          void *theirs, cop_error *err)
{
    size_t size = 0;
    COP_TRY(size_of(what, theirs, least, &size, err));
    size_t most = size < own_size ? size : own_size;
    memcpy((char *)theirs + sizeof(uint32_t), (const char *)own + sizeof(uint32_t),
           most - sizeof(uint32_t));
    return COP_OK;
}
