/* record.h: a study's record as a report shows it: texts fit for a line, brief labels. */
#ifndef COP_REPORT_DATA_RECORD_H
#define COP_REPORT_DATA_RECORD_H

#include "store/formats/study_json.h"

/* Reads study.json of a study's folder into the arena (store/formats/study_json.h); every text in
 * it is then fit for one line of a terminal, a table or a picture. COP_FAILED naming the file,
 * and what is wrong in which entry. */
cop_status cop_record_open(const char *dir, cop_arena *arena, cop_record *out, cop_error *err);

/* A label for each cell: its own, or where that is long a shortened one, of no other cell. NULL
 * when memory is out; else the arena's. */
const char **cop_brief_labels(const cop_record *record, cop_arena *arena);

/* Whether both are tickets, or both the same control of theirs. */
bool cop_same_control(const cop_record_ticket *a, const cop_record_ticket *b);

/* Whether both are of one cell, phase, round and control: one ticket's seeds, a line of the
 * summary. */
bool cop_same_line(const cop_record_ticket *a, const cop_record_ticket *b);

#endif
