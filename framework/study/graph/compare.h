/* compare.h: does this process lay out the stage that is written down? */
#ifndef COP_STUDY_GRAPH_COMPARE_H
#define COP_STUDY_GRAPH_COMPARE_H

#include "store/formats/stages_json.h"
#include "study/graph/graph.h"

/* The position of the stage of that name; COP_NO_STAGE where the study has none. */
int32_t cop_study_find_stage(const cop_study *s, const cop_artifact_id *id);

/* Finds the recorded stage in the study, its snapshots included. Where what the study lays out in
 * its place is another, COP_FAILED with the first line that differs, wanted and got, be it one of
 * the stage or of what it comes from: a difference there would show in it as a name alone. */
cop_status cop_study_compare_stage(const cop_study *s, const cop_stage_records *records,
                                   size_t recorded, int32_t *stage, cop_error *err);

/* The same for all that is recorded. */
cop_status cop_study_compare(const cop_study *s, const cop_stage_records *records, cop_error *err);

#endif
