/* resident.h: how much of a file that is mapped into memory stays there.
 *
 * Whoever reads the mapping says where. Before more would be held than may, all of it is let go:
 * the system keeps the pages as long as it has memory to spare, and what is read again comes from
 * there, or from the file. */
#ifndef COP_CORE_RESIDENT_H
#define COP_CORE_RESIDENT_H

#include <stdatomic.h>
#include <stddef.h>

/* Of a mapping that is read alone. All 0: of none. */
typedef struct cop_resident {
    void *bytes;        /* where it begins, as its file does */
    size_t size;        /* of the mapping, in bytes */
    size_t most;        /* bytes that may be held; 0: all */
    atomic_size_t held; /* at most so many are, as far as that is known */
    atomic_size_t last; /* where it was read last, as the number of a piece, from 1 */
} cop_resident;

/* These bytes of the mapping will be read soon: the system is asked to fetch them from the file,
 * and nobody waits. [any thread] */
void cop_resident_expect(const void *at, size_t bytes);

/* These bytes of the mapping are read next. They are all that is held where `most` is less.
 * [any thread; what another thread reads meanwhile stays right] */
void cop_resident_use(cop_resident *r, const void *at, size_t bytes);

#endif
