/* record.h: OUT/study.json, from which the report finds everything: cells, tickets, artifacts
 * (store/formats/study_json.h). */
#ifndef COP_STUDY_GRAPH_RECORD_H
#define COP_STUDY_GRAPH_RECORD_H

#include "study/graph/graph.h"

/* Writes OUT/study.json and OUT/config.txt (the effective config). */
cop_status cop_study_write_record(const cop_study *s, const cop_store *store, cop_logger *log,
                                  cop_error *err);

#endif
