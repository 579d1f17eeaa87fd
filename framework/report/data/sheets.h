/* sheets.h (implemented in report/data/): every table of the report, in memory. */
#ifndef COP_REPORT_DATA_SHEETS_H
#define COP_REPORT_DATA_SHEETS_H

#include "report/data/joined.h"

/* Adds to `sheets`, in this order: tickets, summary, comparisons, intervals, failures (where there
 * are any of these three), trainings, distilled, distilled_summary, cost, cost_summary (where there
 * are any), history, each analyzer's table, costs, columns. A number that is not there is NaN. */
cop_status cop_sheets_make(const cop_results *r, const cop_table_groups *groups, cop_tables *sheets,
                           cop_error *err);

/* The files behind it. */

/* sheet_tickets.c: "tickets", a line per ticket, with the columns that summaries join. */
cop_status cop_sheet_tickets(const cop_results *r, const cop_joined_list *joined,
                             cop_tables *sheets, cop_error *err);

/* The columns of "tickets" that summaries joined begin here; the list of them. */
#define COP_TICKET_COLUMNS 16
cop_status cop_ticket_joined(const cop_results *r, const cop_table_groups *groups,
                             cop_joined_list *out, cop_error *err);

/* sheet_failures.c: "failures", a line per ticket or distilled set that failed, with the reason; no
 * table where none did. And a ticket's reasons, "" for none; the arena's; NULL: no memory. */
cop_status cop_sheet_failures(const cop_results *r, cop_tables *sheets, cop_error *err);
const char *cop_ticket_failure(const cop_results *r, const cop_record_ticket *t);

/* sheet_distilled.c: "distilled", a line per distilled set, and "distilled_summary", those with the
 * seeds averaged away: several networks on one set are cells of a sweep; no such table where there
 * is no set. */
cop_status cop_sheet_distilled(const cop_results *r, cop_tables *sheets, cop_error *err);

/* sheet_cost.c: "cost", a line per pruned ticket: what the trainings that found it saw and took,
 * and what distilling the sets that they saw did; and "cost_summary", with the seeds averaged away.
 * No such tables where nothing is pruned. */
cop_status cop_sheet_cost(const cop_results *r, cop_tables *sheets, cop_error *err);

/* sheet_summary.c: "summary", the tickets with the seeds (and copies) averaged away. */
cop_status cop_sheet_summary(const cop_results *r, const cop_joined_list *joined,
                             const cop_table *tickets, cop_tables *sheets, cop_error *err);

/* sheet_comparisons.c: "comparisons", each cell beside the baseline, by round and result: the mean
 * difference over matched seeds, its interval, effect size and p-value; no such table where there
 * is one cell, or no result of both. A ticket with a copy that collapsed is no part of the means.
 */
cop_status cop_sheet_comparisons(const cop_results *r, const cop_joined_list *joined,
                                 const cop_table *tickets, cop_tables *sheets, cop_error *err);

/* sheet_intervals.c: "intervals", of each ticket and headline that is of pairs of copies: its mean,
 * where it may lie, and what that rests on: the seeds, or where there is one the copies; no such
 * table where there is no such headline. */
cop_status cop_sheet_intervals(const cop_results *r, const cop_joined_list *joined,
                               const cop_table *tickets, cop_tables *sheets, cop_error *err);

/* Mean and sample standard deviation (NaN of fewer than two); NaN values are passed over. */
typedef struct cop_spread {
    size_t count;
    double mean, std, min, max;
} cop_spread;
cop_spread cop_spread_of(const double *values, size_t count);

/* How many of a ticket's trained copies are no better than guessing; NaN where the record does not
 * say how good that is, or none is there. */
double cop_copies_collapsed(const cop_results *r, const cop_record_ticket *t);

/* The test accuracies of the trained copies of a ticket that are there, written to `values` if not
 * NULL, and counted. */
size_t cop_copy_accuracies(const cop_results *r, const cop_record_ticket *t, double *values);

#endif
