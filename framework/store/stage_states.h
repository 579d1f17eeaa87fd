/* stage_states.h: how far each stage of a study is, from what lies in the output directory alone.
 *
 * Artifacts are known by their manifests; that their files are whole is tested when they are read.
 * Nothing is written. */
#ifndef COP_STORE_STAGE_STATES_H
#define COP_STORE_STAGE_STATES_H

#include "store/formats/study_json.h"
#include "store/holder.h"
#include "store/stage_index.h"

typedef enum cop_stage_state {
    COP_STATE_DONE = 0,    /* its artifact is published */
    COP_STATE_RUNNING = 1, /* a process has its lease, or its checkpoint or its draft is younger
                              than the run that holds the study */
    COP_STATE_FAILED = 2,  /* the record says why, or what a run has kept of it */
    COP_STATE_READY = 3,   /* all of its inputs are done */
    COP_STATE_WAITING = 4, /* some of its inputs are not */
    COP_STATE_COUNT = 5
} cop_stage_state;

/* "done", "running", "failed", "ready", "waiting". */
const char *cop_stage_state_name(cop_stage_state state);

/* What can be known of one stage. Texts are the arena's. */
typedef struct cop_stage_look {
    cop_stage_state state;
    double seconds;     /* that it took; NaN where it is not done */
    const char *reason; /* of a failed one */
    bool is_inherited;  /* it failed as one of its inputs did */
    const char *damage; /* what is wrong with what stands under its name; NULL: nothing. A run sets
                            that aside, and computes the stage again */
    const char *holder; /* of a running one whose process says so: that process; else NULL */
    bool is_saved;      /* it has a checkpoint, with: */
    int64_t saved_step; /* steps done; -1 where the checkpoint does not say it */
    double saved_seconds; /* spent on them; NaN likewise */
    double saved_ago;     /* seconds since the checkpoint was written, by the clock; not below 0 */
} cop_stage_look;

/* What the stages are looked at with. */
typedef struct cop_stage_sight {
    const char *dir; /* the output directory */
    const cop_stage_index *index;
    const cop_record *record;
} cop_stage_sight;

/* Looks at every stage of the index, in the order of the records; *looks is the arena's. An
 * artifact that is damaged counts as none. COP_FAILED where it cannot be read. */
cop_status cop_stages_look(const cop_stage_sight *sight, cop_arena *arena, cop_stage_look **looks,
                           cop_error *err);

#endif
