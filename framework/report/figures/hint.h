/* hint.h: an analyzer's plot hint, resolved against its table. */
#ifndef COP_REPORT_FIGURES_HINT_H
#define COP_REPORT_FIGURES_HINT_H

#include "report/data/table_groups.h"
#include "report/figures/curves.h"

#define COP_HINT_COLUMNS 6  /* y columns that are drawn */
#define COP_HINT_SERIES  12 /* series that are drawn */

typedef struct cop_hint {
    const cop_results *r;
    const cop_table_group *group;
    const cop_plot *plot;
    int x, error, value, series; /* columns; −1: none */
    const bool *tells_kinds;     /* by column: tells kinds of rows apart, which the plot does not */
    bool by_kind; /* rows of different kinds (groups.h) would share a series: each is one of its own
                   */
    int y[COP_HINT_COLUMNS];
    size_t y_count;
    const char *series_names[COP_HINT_SERIES];
    size_t series_count;   /* at least 1 */
    const char **x_names;  /* where x is a text: its values, numbered from 0 */
    const char **x_labels; /* these as they are shown: without an ending that all have */
    size_t x_name_count;
    size_t dropped; /* series and y columns beyond the limits */
} cop_hint;

cop_status cop_hint_resolve(const cop_results *r, const cop_table_group *group, cop_hint *out,
                            cop_error *err);

/* A ticket has y_count · series_count curves. The label of one of them; "" where it has no other.
 * NULL when memory is out. */
const char *cop_hint_label(const cop_hint *h, size_t inner);

/* "loss (nat)": a column's name and unit for an axis; the arena's; NULL when memory is out. */
const char *cop_axis_label(const cop_column *column, cop_arena *arena);

/* What becomes of the rows of several seeds and repetitions. */
typedef enum cop_gather {
    COP_GATHER_MEAN = 1, /* averaged, where they stand at the same x */
    COP_GATHER_ALL = 2,  /* each a point of its own */
    COP_GATHER_FIRST = 3 /* the first seed's alone: a plane through copies is no other copies' */
} cop_gather;

/* One curve of the tickets on `line`. `over` notes what it is of, for the caption. */
cop_status cop_hint_curve(const cop_hint *h, const cop_record_ticket *line, size_t inner,
                          cop_gather gather, cop_curve *out, cop_repetitions *over, cop_error *err);

#endif
