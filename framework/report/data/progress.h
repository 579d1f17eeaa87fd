/* progress.h: how far a study is, kind of stage by kind, and how long the rest will take. */
#ifndef COP_REPORT_DATA_PROGRESS_H
#define COP_REPORT_DATA_PROGRESS_H

#include "store/stage_states.h"

/* The stages of one kind, or all of them. */
typedef struct cop_progress_part {
    const char *kind; /* "train"; "all" */
    size_t total, states[COP_STATE_COUNT];
    size_t saved;     /* neither done nor running, with a checkpoint to go on from */
    size_t damaged;   /* of which something damaged stands in the place */
    double seconds;   /* that those took which are done */
    double spent;     /* seconds that are saved of the others, at most what they are estimated at */
    double remaining; /* what the others still take beyond that: an estimate */
    size_t unknown;   /* others without an estimate, which are not in `remaining` */
} cop_progress_part;

typedef struct cop_study_progress {
    cop_progress_part *parts; /* the kinds that there are, in the order of the records */
    size_t part_count;
    cop_progress_part all;
    double share;       /* of the work that is done, in seconds where all of them are known, */
    bool is_of_seconds; /* else in stages */
} cop_study_progress;

/* A stage is estimated to take what those took on average that are like it: of its title but for
 * seed, round and copy, else of its title in other cells, else of its kind. It is unknown where
 * none of its kind is done. Failed stages count as to be done. Texts are the arena's or the
 * records'. */
cop_status cop_study_progress_make(const cop_stage_records *records, const cop_stage_look *looks,
                                   cop_arena *arena, cop_study_progress *out, cop_error *err);

#endif
