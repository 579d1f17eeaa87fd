/* kept.h: the last bags of finished works, from which longer ones go on.
 *
 * Works have the same course where they differ in nothing but how many steps they have. A course is
 * known by a hash, as an artifact is; the bag is a file of the artifact, in the format of
 * checkpoints. */
#ifndef COP_STORE_KEPT_H
#define COP_STORE_KEPT_H

#include "store/artifact.h"

typedef struct cop_kept {
    cop_artifact_id id; /* whose it is */
    int64_t steps;      /* done */
} cop_kept;

/* Looks through the store for the kept bags of a kind and course with at most so many steps: the
 * longest first. *out is the caller's. An artifact whose manifest is damaged is passed over. */
cop_status cop_store_kept(const cop_store *s, const char *kind, const char *course, int64_t most,
                          cop_kept **out, size_t *count, cop_error *err);

/* Reads one, with the seconds that were spent on it; *out is the caller's (cop_saved_clear).
 * COP_DAMAGED naming the file where it is not what was kept. */
cop_status cop_kept_read(const cop_store *s, const cop_kept *kept, cop_saved *out, cop_error *err);

#endif
