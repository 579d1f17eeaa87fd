/* sized.h: structs that cross the plugin boundary and will gain members. The first member is
 * `uint32_t size`, written by whoever was compiled with the struct; a member that the smaller side
 * lacks is 0, or is not written. New members go behind the last one, padding included. */
#ifndef COP_CORE_SIZED_H
#define COP_CORE_SIZED_H

#include <coppice/status.h>

/* How much of a struct there was in its first version, which nobody may have less of: up to and
 * with `last`. */
#define COP_LEAST(type, last) (offsetof(type, last) + sizeof(((type *)NULL)->last))

/* Takes what was handed over into `own`, of `own_size` bytes by this build's header: what
 * `given` lacks becomes 0, what it has more is left. COP_INVALID, naming the struct, where its
 * size is below `least`: then COP_SIZED was forgotten. */
cop_status cop_sized_take(const char *what, const void *given, size_t least, void *own,
                          size_t own_size, cop_error *err);

/* Writes a result into the caller's struct, as much of it as the caller knows; its size stays.
 * COP_INVALID as above. */
cop_status cop_sized_give(const char *what, const void *own, size_t own_size, size_t least,
                          void *theirs, cop_error *err);

#endif
