/* verdict.h: what an analyzer's judge says of its tables: whether that fits them, and tables that
 * hold both. */
#ifndef COP_CORE_VERDICT_H
#define COP_CORE_VERDICT_H

#include <coppice/table.h>

/* COP_FAILED, saying why, unless each of the verdicts is a table named like one of `tables`, of as
 * many rows, whose columns differ from that table's in name, are results (VALUE, ERROR, or of no
 * role), and ask for no figure. */
cop_status cop_verdicts_check(const cop_tables *tables, const cop_tables *verdicts, cop_error *err);

/* A copy of `tables`, the caller's, each with its verdict's columns behind its own; as a verdict
 * may be missing, integers become floats. What is judged must have been checked; `verdicts` NULL:
 * there are none. A table without one gets the columns that it has in `pattern`, the verdicts on
 * another analysis by the same analyzer (NULL: none), with NaN or "" in every row. A table that
 * states headlines has the verdict's too. Errors: memory. */
cop_status cop_verdicts_join(const cop_tables *tables, const cop_tables *verdicts,
                             const cop_tables *pattern, cop_tables **out, cop_error *err);

#endif
