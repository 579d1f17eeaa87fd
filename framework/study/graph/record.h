/* record.h: OUT/study.json, from which the report finds everything: cells, tickets, artifacts
 * (store/formats/study_json.h). */
#ifndef COP_STUDY_GRAPH_RECORD_H
#define COP_STUDY_GRAPH_RECORD_H

#include "study/graph/graph.h"

/* What a judge said of one analysis. Whoever made it owns it. */
typedef struct cop_verdict {
    cop_tables *tables; /* NULL: none */
    char *reason;       /* why the judge failed; NULL: it did not */
} cop_verdict;

/* Writes OUT/study.json and OUT/config.txt (the effective config). `verdicts` has one for each
 * analysis of each ticket, in their order (study/running/verdicts.h); NULL: nothing is judged. */
cop_status cop_study_write_record(const cop_study *s, const cop_store *store,
                                  const cop_verdict *verdicts, cop_logger *log, cop_error *err);

#endif
