/* judged.h: the tables of a ticket's analyses as they are reported: with the verdicts that the
 * record has on them. One artifact may serve cells of several thresholds, so verdicts belong to the
 * ticket's analysis and not to the artifact. */
#ifndef COP_REPORT_DATA_JUDGED_H
#define COP_REPORT_DATA_JUDGED_H

#include "report/data/results.h"
#include "store/artifact.h"

/* Joins verdicts and tables (core/verdict.h), for cop_judged_tables. Where an analyzer passes
 * verdicts in this study, an analysis without has their columns, empty. Verdicts that do not fit
 * are left out with a warning. All in the arena of `r`. */
cop_status cop_judged_make(cop_results *r, cop_logger *log, cop_error *err);

/* The tables of a ticket's k-th analysis, bare before cop_judged_make; NULL when they are missing
 * or damaged. */
const cop_tables *cop_judged_tables(const cop_results *r, const cop_record_ticket *t, size_t k);

#endif
