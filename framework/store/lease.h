/* lease.h: who computes a stage now, so that several processes go through one study without doing
 * the same work twice: OUT/work/<kind>-<identity>.lease, locked by its holder.
 *
 * The kernel lets a lease go with the process that holds it, however that ends. On a file system
 * whose locks other machines do not see (core/locks.h), or that has none, the file says on which
 * machine its holder is, and its holder counts up in it (heartbeat.h): one on another machine whose
 * count stands still counts as lost. Should two get a lease all the same, then the same work is
 * done twice, which changes no result, as an artifact is published whole or not at all. */
#ifndef COP_STORE_LEASE_H
#define COP_STORE_LEASE_H

#include "store/artifact.h"
#include "store/heartbeat.h"

#include <signal.h>

typedef struct cop_lease cop_lease;

/* Takes the lease of a stage, until it is released. *out is NULL where another process has it; else
 * the caller's. `watch` is what the caller has seen of this lease; NULL: nothing is remembered, and
 * where locks do not tell, a holder on another machine is never lost. COP_FAILED naming the file
 * where it cannot be told who has it. */
cop_status cop_lease_take(const cop_store *s, const cop_artifact_id *id, cop_heartbeat_watch *watch,
                          cop_lease **out, cop_error *err);

/* The same, waiting for as long as another process has it. COP_CANCELLED where *stop (which may be
 * NULL) is raised meanwhile. A process that waits for the lease of a stage may hold those of stages
 * that come after it and no others: so none waits for ever. */
cop_status cop_lease_wait(const cop_store *s, const cop_artifact_id *id,
                          const volatile sig_atomic_t *stop, cop_lease **out, cop_error *err);

/* NULL is fine. */
void cop_lease_release(cop_lease *lease);

/* Removes what a killed process left of the lease of a stage that is published: nobody wants it any
 * more. One that is held stays. */
void cop_lease_forget(const cop_store *s, const cop_artifact_id *id);

/* Who holds the lease of a stage of the output directory `dir`, for people: "process 12 on host",
 * in a job of Slurm "process 12 on host, job 34_0"; "" where nobody does, or it cannot be told.
 * Where other machines' locks are not seen, who is there by the file is taken to hold it.
 * Changes nothing. Returns `who`. */
const char *cop_lease_holder(const char *dir, const cop_artifact_id *id, char *who, size_t size);

#endif
