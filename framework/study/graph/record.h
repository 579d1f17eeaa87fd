/* record.h: OUT/study.json, from which the report finds everything: cells, tickets, artifacts.
 * Seeds, which use all 64 bits, are strings of decimal digits; every other number is a count far
 * below what a JSON number holds. */
#ifndef COP_STUDY_GRAPH_RECORD_H
#define COP_STUDY_GRAPH_RECORD_H

#include "study/graph/graph.h"

/* Writes OUT/study.json, with a checksum over itself (core/seal.h), and OUT/config.txt (the
 * effective config). */
cop_status cop_study_write_manifest(const cop_study *s, const cop_store *store, cop_logger *log,
                                    cop_error *err);

#endif
