/* failures.h: why stages have no result, kept beside the checkpoints, so that processes that go
 * through one study know it of each other's, and a later run of an earlier one's:
 * OUT/work/<kind>-<identity>.failed, of two lines: what kind of failure it was, and the reason. */
#ifndef COP_STORE_FAILURES_H
#define COP_STORE_FAILURES_H

#include "store/artifact.h"

typedef enum cop_failure_kind {
    COP_FAILURE_NONE = 0,
    COP_FAILURE_SURE = 1, /* it would come again: a network diverged */
    COP_FAILURE_MAYBE = 2 /* it might not: a plugin failed, perhaps as memory was refused, or the
                              process that computed it was lost */
} cop_failure_kind;

#define COP_FAILURE_SIZE 1024

/* Keeps a reason, one line, cut where it is longer than COP_FAILURE_SIZE. */
cop_status cop_failure_keep(const cop_store *s, const cop_artifact_id *id, cop_failure_kind kind,
                            const char *reason, cop_error *err);

/* The failure that is kept of a stage of the output directory `dir`, with its reason;
 * COP_FAILURE_NONE and "" where none is, or the file is none of ours. */
cop_failure_kind cop_failure_read(const char *dir, const cop_artifact_id *id,
                                  char reason[COP_FAILURE_SIZE]);

/* Forgets it; that there is none is fine. */
void cop_failure_forget(const cop_store *s, const cop_artifact_id *id);

#endif
