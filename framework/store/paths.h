/* paths.h (implemented in artifact.c, claim.c, clearing.c): what the files of store/ share: the
 * store itself, whose a directory is, and clearing away. */
#ifndef COP_STORE_PATHS_H
#define COP_STORE_PATHS_H

#include "store/artifact.h"
#include "store/artifact_files.h"
#include "store/formats/artifact_json.h"

/* OUT/store, OUT/work and OUT/logs, and what says in the first that it is ours. */
#define COP_STORE_FOLDER "store"
#define COP_WORK_FOLDER  "work"
#define COP_LOG_FOLDER   "logs"
#define COP_MARKER_FILE  "coppice-store"

/* In OUT/work: held while the directory is in use. */
#define COP_LOCK_FILE "lock"

/* In a study's folder: who runs it, and the two locks that go with that (holder.c). */
#define COP_RUN_FILE       "run"
#define COP_RUN_LOCK_FILE  "run.lock"
#define COP_RUN_GUARD_FILE "run.guard"

/* Behind a stage's name in OUT/work. */
#define COP_CHECKPOINT_SUFFIX ".checkpoint.safetensors"

/* Before an artifact's name in its draft's. */
#define COP_DRAFT_PREFIX "draft-"

/* In OUT/work, behind an artifact's name: who computes it, and why it failed. */
#define COP_LEASE_SUFFIX   ".lease"
#define COP_FAILURE_SUFFIX ".failed"

/* In OUT/logs, behind a stage's name. */
#define COP_LOG_SUFFIX   ".log"
#define COP_CLAIM_PREFIX "memory-"
#define COP_CLAIM_SUFFIX ".claim"

/* Between an artifact's name and the digits that make a draft's unique. */
#define COP_DRAFT_JOINT "-"

struct cop_store {
    char *dir;
    bool has_shared_locks; /* other machines see its locks */
    int lock;    /* a descriptor that holds the directory as in use; -1 where it cannot be locked */
    bool writes; /* opened to write to */
};

/* artifact.c: the manifest of what stands in the folder `path`, tested: whole, and of the artifact
 * `id`. *out is the caller's. NULL where nothing is there; COP_DAMAGED where something else is. */
cop_status cop_open_manifest(const char *path, const cop_artifact_id *id, cop_manifest **out,
                             cop_error *err);

/* claim.c: makes OUT/store and OUT/work. COP_INVALID, and nothing made, where something is in the
 * way that is not ours. */
cop_status cop_claim_store(const char *dir, cop_error *err);

/* claim.c: sees that a store that was claimed bears our mark. The caller holds OUT/work/lock: else
 * another run's sweep would take the mark away while it is written. */
cop_status cop_mark_store(const char *dir, cop_error *err);

/* Removes a directory's files and the directory; artifacts have no folders inside. */
void cop_remove_dir(const char *dir);

/* clearing.c: whether other machines see the locks of files in OUT/work (core/locks.h). */
cop_status cop_store_locks(const char *dir, bool *shared, cop_error *err);

/* Gives up what cop_lock_and_sweep took; where nobody else holds it either, what a killed worker of
 * this run left is removed first. -1 is fine. */
void cop_sweep_and_unlock(const char *dir, int lock);

/* Takes a shared lock on OUT/work/lock, which closing *lock gives up, and sees that the store bears
 * our mark; if nobody else held the lock, first removes the drafts and half-written files that
 * killed runs left. *lock is -1 where the directory cannot be locked: then nothing is removed, and
 * neither is it where locks are not shared: another machine may be at work. */
cop_status cop_lock_and_sweep(const char *dir, bool has_shared_locks, int *lock, cop_error *err);

/* Takes the lock for this process alone, so that nobody works or reads in the directory meanwhile;
 * closing *lock gives it up. COP_FAILED where somebody does, or where that cannot be told; *lock is
 * then -1. */
cop_status cop_lock_alone(const char *dir, int *lock, cop_error *err);

/* The lock alone, of a directory that is there. */
int cop_lock_to_read(const char *dir);

#endif
