/* instances.h: which of an analyzer's entries in the config an analysis is by.
 *
 * An analyzer may be configured several times. Over cells and rounds, analyses are by the same
 * instance when the config calls them the same, or, where it gives them no label, when they have
 * the same place among the ticket's analyses by that analyzer that have none. */
#ifndef COP_REPORT_DATA_INSTANCES_H
#define COP_REPORT_DATA_INSTANCES_H

#include "report/data/results.h"

/* A number that all analyses by the instance of a ticket's k-th analysis share, and no others. */
size_t cop_analysis_instance(const cop_results *r, const cop_record_ticket *t, size_t k);

/* What tells that instance from the analyzer's others: its label in the config; else "" where it is
 * the only one; else what the record says, where that is the same in every cell, or "number 2". The
 * arena's, or the record's; NULL when memory is out. */
const char *cop_analysis_instance_text(const cop_results *r, const cop_record_ticket *t, size_t k);

#endif
