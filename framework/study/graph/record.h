/* record.h: a study's record, from which the report finds everything: cells, tickets, artifacts
 * (store/formats/study_json.h). */
#ifndef COP_STUDY_GRAPH_RECORD_H
#define COP_STUDY_GRAPH_RECORD_H

#include "study/graph/graph.h"

/* Writes the record into the study's folder in the store's directory (store/study_folders.h), and
 * with it the effective config. */
cop_status cop_study_write_record(const cop_study *s, const cop_store *store, cop_error *err);

#endif
