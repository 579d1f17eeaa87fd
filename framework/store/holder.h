/* holder.h: who is running on an output directory, and with which plan: OUT/work/run says it, and
 * OUT/work/run.lock is locked as long as it is so.
 *
 * Runs that lay out the same stages share a directory: stages are published by one rename, so at
 * worst they do the same work twice. Others do not, be it that their configs differ, their plugins
 * or their data: study.json and the report are of one. */
#ifndef COP_STORE_HOLDER_H
#define COP_STORE_HOLDER_H

#include <coppice/log.h>
#include <coppice/status.h>

typedef struct cop_holder cop_holder;

/* Holds `dir`, whose folder work/ is there, for runs that lay out this same `plan` (a text), until
 * the holder is released. COP_FAILED naming study, process, host and time of the run that holds it
 * with another one. A killed run holds nothing. Where the file system knows no locks, nothing is
 * held, with a warning. Owned by the caller. */
cop_status cop_holder_take(const char *dir, const char *study, const char *plan, cop_logger *log,
                           cop_holder **out, cop_error *err);

/* NULL is fine. */
void cop_holder_release(cop_holder *holder);

#endif
