/* resident.c: letting go of pages, and asking for them in advance. */
#include "core/resident.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Reading one byte brings in what the system has at hand around it: up to a huge page. */
enum { PIECE = 2 << 20 };

void cop_resident_expect(const void *at, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)at / page * page;
    if (bytes > 0) /* a wish */
        (void)madvise((void *)first, (uintptr_t)at + bytes - first, MADV_WILLNEED);
}

void cop_resident_use(cop_resident *r, const void *at, size_t bytes)
{
    size_t offset = (uintptr_t)at - (uintptr_t)r->bytes;
    size_t first = offset / PIECE + 1, last = (offset + bytes) / PIECE + 1;
    if (r->most == 0)
        return;
    size_t pieces = last - first + (first != atomic_exchange(&r->last, last));
    size_t more = pieces * PIECE;
    if (atomic_fetch_add(&r->held, more) + more <= r->most)
        return;
    atomic_store(&r->held, more);
    (void)madvise(r->bytes, r->size, MADV_DONTNEED);
}
