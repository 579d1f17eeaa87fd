/* garbage.h: what lies in an output directory that no study of it refers to. */
#ifndef COP_STORE_GARBAGE_H
#define COP_STORE_GARBAGE_H

#include "core/arena.h"

#include <coppice/status.h>

/* One artifact, or the state of a stage that was under way, or its log. */
typedef struct cop_garbage_item {
    const char *folder; /* of the output directory: store, work or logs; a literal */
    const char *name;   /* "train-4f…", or "train-4f….checkpoint.safetensors" */
    bool is_artifact;
    double bytes;
} cop_garbage_item;

typedef struct cop_garbage {
    cop_garbage_item *items; /* artifacts first */
    size_t count, artifact_count;
    double bytes;
    size_t kept_artifacts;
    int lock; /* held from cop_garbage_find to cop_garbage_clear, so that no run begins meanwhile */
} cop_garbage;

/* Finds it. The graph of every study must be readable, of all output directories that share the
 * store (shared.h), else it is not known what is its own: COP_FAILED naming the one that is not, or
 * saying that a run or another reader is at work in the directory. Names are the arena's. Clear
 * whatever the answer. */
cop_status cop_garbage_find(const char *dir, cop_arena *arena, cop_garbage *out, cop_error *err);

/* Removes what was found. Artifacts lose their manifest first, so that none that is cut short
 * passes for a whole one. */
cop_status cop_garbage_remove(const char *dir, const cop_garbage *garbage, cop_error *err);
void cop_garbage_clear(cop_garbage *garbage);

#endif
