/* holder.h: who is running on an output directory, and with which config: OUT/work/run.
 *
 * Runs of one config share a directory: stages are published by one rename, so at worst they do the
 * same work twice. Runs of different configs do not: study.json and the report are one config's. */
#ifndef COP_STORE_HOLDER_H
#define COP_STORE_HOLDER_H

#include <coppice/status.h>

typedef struct cop_holder cop_holder;

/* Holds `dir`, whose folder work/ is there, for runs of the config with this effective text, until
 * the holder is released. COP_FAILED naming study, process, host and time of the run that holds it
 * with another config. A killed run holds nothing. Owned by the caller. */
cop_status cop_holder_take(const char *dir, const char *study, const char *config, cop_holder **out,
                           cop_error *err);

/* NULL is fine. */
void cop_holder_release(cop_holder *holder);

#endif
