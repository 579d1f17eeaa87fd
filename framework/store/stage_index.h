/* stage_index.h: finding the stages of a study's graph, as it is written down, by their names. */
#ifndef COP_STORE_STAGE_INDEX_H
#define COP_STORE_STAGE_INDEX_H

#include "store/formats/stages_json.h"

/* Where each stage stands among the records, which outlive it. */
typedef struct cop_stage_index {
    const cop_stage_records *records;
    size_t *sorted; /* positions, by name; the arena's */
} cop_stage_index;

cop_status cop_stage_index_make(const cop_stage_records *records, cop_arena *arena,
                                cop_stage_index *out, cop_error *err);

/* No stage of the records. */
#define COP_NO_RECORD SIZE_MAX

/* The position of the stage of that name; COP_NO_RECORD where there is none. */
size_t cop_stage_index_find(const cop_stage_index *index, const cop_artifact_id *id);

/* Whether a word means the stage: its name, its hash, or the beginning of either. */
bool cop_stage_is_meant(const cop_stage_record *stage, const char *word);

#endif
