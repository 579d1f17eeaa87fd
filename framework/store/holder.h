/* holder.h: who is running a study, and what it consists of: the file `run` of its folder says it,
 * and `run.lock` there is locked as long as it is so.
 *
 * Runs that lay out the same stages share the folder: stages are published by one rename, so at
 * worst they do the same work twice. Others do not, be it that their configs differ, their plugins
 * or their data: the record and the report are of one. Studies of different names have folders of
 * their own, and the store is anybody's. */
#ifndef COP_STORE_HOLDER_H
#define COP_STORE_HOLDER_H

#include "store/formats/run_note.h"

#include <coppice/log.h>

typedef struct cop_holder cop_holder;

/* Holds the study's folder `dir`, which is there, for runs that lay out this same `outline` (a
 * text), until the holder is released. COP_FAILED naming study, process, host and time of the run
 * that holds it with another one. A killed run holds nothing. Where the file system knows no locks,
 * nothing is held, with a warning. Owned by the caller. */
cop_status cop_holder_take(const char *dir, const char *study, const char *outline, cop_logger *log,
                           cop_holder **out, cop_error *err);

/* NULL is fine. */
void cop_holder_release(cop_holder *holder);

typedef enum cop_holding {
    COP_HELD_BY_NONE = 1,
    COP_HELD = 2,
    COP_HELD_UNKNOWN = 3 /* the locks cannot be asked, as on a file system without any */
} cop_holding;

/* Who holds a study's folder, seen from outside. */
typedef struct cop_held {
    cop_holding holding;
    cop_run_note note; /* where it is held: of the first of the runs that hold it together */
} cop_held;

/* Looks whether somebody holds the folder `dir`. Writes nothing, and takes nothing that a run
 * waits for longer than a moment. */
void cop_holder_look(const char *dir, cop_held *out);

#endif
