/* table.h: what an analyzer reports: named tables of typed columns, each with a hint how to plot
 * it. The report joins the rows of all tickets, copies and seeds and draws the figure; an analyzer
 * writes no file and no plot code. */
#ifndef COPPICE_TABLE_H
#define COPPICE_TABLE_H

#include <coppice/status.h>

COP_BEGIN

typedef enum cop_column_type {
    COP_COLUMN_INT = 1,
    COP_COLUMN_FLOAT = 2,
    COP_COLUMN_TEXT = 3
} cop_column_type;

typedef struct cop_column {
    const char *name; /* a lower-case word: "alpha", "test_error" */
    cop_column_type type;
    const char *unit; /* "fraction", "s", "images"; NULL for none */
    const char *help; /* one line */
} cop_column;

typedef enum cop_plot_kind {
    COP_PLOT_NONE = 0, /* only tabulated */
    COP_PLOT_LINES = 1,
    COP_PLOT_POINTS = 2,
    COP_PLOT_HISTOGRAM = 3, /* x: bin centre, y: count or density */
    COP_PLOT_HEATMAP = 4    /* x, y: grid; `value`: colour */
} cop_plot_kind;

/* Column names; NULL where not used. */
typedef struct cop_plot {
    cop_plot_kind kind;
    const char *title;
    const char *x;
    const char *y;      /* several columns, comma-separated, for several curves */
    const char *error;  /* half-length of an error bar on y */
    const char *value;  /* heat map's colour */
    const char *series; /* rows are grouped into one curve per value of this column */
    bool log_x, log_y;
    const char
        *headlines; /* of a summary, below: the few columns that the terminal shows; NULL: all */
} cop_plot;

/* A table with COP_PLOT_NONE that has one row per ticket, or one row a "pair" of copies, is a
 * summary: the report joins its columns to the table of tickets, averaged over pairs. Columns named
 * "pair" and "copy" number repetitions; text columns before the first number tell kinds of rows
 * apart: rows of different kinds are never averaged, in tables or in figures. A kind (a cell of a
 * text column named "kind") that begins with "control" marks a control: it gets columns of its own
 * and stands apart from the headlines.
 *
 * Shares have the unit "fraction" and are from 0 to 1 here and in every file; people are shown
 * percent. */

typedef union cop_table_value {
    int64_t i;
    double f;
    const char *text; /* copied */
} cop_table_value;

typedef struct cop_table cop_table;
typedef struct cop_tables cop_tables;

/* An empty set of tables; owned by the caller. */
COP_API cop_tables *cop_tables_new(void);
COP_API void cop_tables_free(cop_tables *t);

/* Adds a table; columns and plot are copied. `plot` may be NULL. NULL and *err on a bad or
 * duplicate name, or a plot that names an unknown column. The table belongs to the set. */
COP_API cop_table *cop_tables_add(cop_tables *t, const char *name, const char *help,
                                  const cop_column *columns, size_t column_count,
                                  const cop_plot *plot, cop_error *err);

/* Appends a row: one cell per column. */
COP_API cop_status cop_table_row(cop_table *table, const cop_table_value *cells, cop_error *err);

COP_API size_t cop_tables_count(const cop_tables *t);
COP_API const cop_table *cop_tables_at(const cop_tables *t, size_t i);
COP_API const char *cop_table_name(const cop_table *table);
COP_API const char *cop_table_help(const cop_table *table);
COP_API size_t cop_table_column_count(const cop_table *table);
COP_API const cop_column *cop_table_column(const cop_table *table, size_t i);
COP_API const cop_plot *cop_table_plot(const cop_table *table);
COP_API size_t cop_table_row_count(const cop_table *table);
COP_API cop_table_value cop_table_at(const cop_table *table, size_t row, size_t column);

COP_END

#endif
