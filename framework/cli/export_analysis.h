/* export_analysis.h: which of a ticket's analyses the command line means, and which have tensors
 * to be exported. */
#ifndef COP_CLI_EXPORT_ANALYSIS_H
#define COP_CLI_EXPORT_ANALYSIS_H

#include "report/data/results.h"

#include <stdio.h>

/* Enough for the name of any analysis. */
#define COP_ANALYSIS_NAME_SIZE 600

/* Writes what an analysis is called, "hessian (exact)", and returns it. */
const char *cop_analysis_name(const cop_record_analysis *a, char *text, size_t size);

/* The place among the ticket's analyses of the one that `name` means: its label, its analyzer, or
 * both as cop_analysis_name has it. COP_INVALID where there is none, where there are several, and
 * where it has no tensors, with what can be meant; COP_FAILED where it is not computed or
 * damaged. */
cop_status cop_choose_analysis(const cop_results *r, const cop_record_ticket *t, const char *name,
                               int64_t *place, cop_error *err);

/* Prints a line for each analysis of the ticket that has tensors. */
void cop_list_analyses(const cop_results *r, const cop_record_ticket *t, FILE *out);

#endif
