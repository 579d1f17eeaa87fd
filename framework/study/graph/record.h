/* record.h: a study's record, from which the report finds everything: cells, tickets, artifacts
 * (store/formats/study_json.h). */
#ifndef COP_STUDY_GRAPH_RECORD_H
#define COP_STUDY_GRAPH_RECORD_H

#include "store/artifact.h"
#include "study/graph/graph.h"

/* What a judge said of one analysis. Whoever made it owns it. */
typedef struct cop_verdict {
    cop_tables *tables; /* NULL: none */
    char *reason;       /* why the judge failed; NULL: it did not */
} cop_verdict;

/* Writes the record, with the failures that are known by now, into the study's folder in the
 * store's directory (store/study_folders.h). `verdicts` has one for each analysis of each ticket,
 * in their order (study/running/verdicts.h); NULL: nothing is judged. */
cop_status cop_study_write_record(const cop_study *s, const cop_store *store,
                                  const cop_verdict *verdicts, cop_error *err);

/* Writes what another process needs to run one of the stages, and what it is to compare: the
 * resolved config, and the graph (store/formats/stages_json.h). */
cop_status cop_study_write_graph(const cop_study *s, const cop_store *store, cop_error *err);

#endif
