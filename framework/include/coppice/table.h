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

/* What a column is for: it decides what the report averages (below). Where none is said, name and
 * place decide. */
typedef enum cop_column_role {
    COP_COLUMN_UNSAID = 0,
    COP_COLUMN_KEY = 1,       /* tells kinds of rows apart, which are never averaged */
    COP_COLUMN_VALUE = 2,     /* a result */
    COP_COLUMN_ERROR = 3,     /* how sure a result is */
    COP_COLUMN_REPETITION = 4 /* numbers repetitions, over which results are averaged */
} cop_column_role;

/* A row of a table's columns; rows are read by the size that the table's spec gives for one. */
typedef struct cop_column {
    const char *name; /* a lower-case word: "alpha", "test_error" */
    cop_column_type type;
    cop_column_role role;
    const char *unit; /* "fraction", "s", "images"; NULL for none */
    const char *help; /* one line */
} cop_column;

/* One line for each column: COP_COLUMN(FLOAT, "test_loss", NULL, "Mean cross-entropy on test
 * data"), and with its role COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"). */
#define COP_COLUMN(type_, name_, unit_, help_) COP_COLUMN_OF(UNSAID, type_, name_, unit_, help_)
#define COP_COLUMN_OF(role_, type_, name_, unit_, help_)                                           \
    {                                                                                              \
        .name = (name_), .type = COP_COLUMN_##type_, .role = COP_COLUMN_##role_, .unit = (unit_),  \
        .help = (help_)                                                                            \
    }

typedef enum cop_plot_kind {
    COP_PLOT_NONE = 0, /* only tabulated */
    COP_PLOT_LINES = 1,
    COP_PLOT_POINTS = 2,
    COP_PLOT_HISTOGRAM = 3, /* x: bin centre, y: count or density */
    COP_PLOT_HEATMAP = 4    /* x, y: a grid, x running fastest; `value`: colour, and contours */
} cop_plot_kind;

/* How a table is plotted: {COP_SIZED(cop_plot), .kind = …}. Column names; NULL where not used. */
typedef struct cop_plot {
    uint32_t size; /* COP_SIZED */
    cop_plot_kind kind;
    const char *title;
    const char *x;
    const char *y;         /* several columns, comma-separated, for several curves */
    const char *error;     /* half-length of an error bar on y */
    const char *value;     /* heat map's colour */
    const char *series;    /* rows are grouped into one curve per value of this column */
    const char *headlines; /* of a summary, below: the few columns that the terminal shows; NULL:
                              all */
    bool log_x, log_y;
    bool equal_axes;     /* x and y are lengths of one kind: a step is as long along either */
    uint8_t reserved[5]; /* 0 */
    const char *marks;   /* heat maps: a table of the same analysis, of which columns called as this
                            one's x and y are the places of its rows, which are marked */
    const char *surface; /* lines: this column is also drawn as a surface over x and sparsity, and
                            it and y with the cells over each other */
} cop_plot;

/* Roles decide what is averaged. Rows that differ in a KEY are never averaged, in tables or in
 * figures (a number that follows from the x of a figure, such as a bin's end, makes no curve of its
 * own). A KEY's text that begins with "control" marks its row as a control: it gets columns of its
 * own and stands apart from the headlines. What is summarised is averaged over rows that differ in
 * a REPETITION alone. A table with COP_PLOT_NONE that has one row per ticket, or a REPETITION, is a
 * summary: the report joins its other columns to the table of tickets.
 *
 * For columns of no role their names and places decide: "pair" and "copy" number repetitions, of
 * which only "pair" makes a summary; text columns before the first number are keys, of which only
 * "kind" marks controls; the others are values.
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

/* What a table is: {COP_SIZED(cop_table_spec), .name = …, COP_COLUMNS(columns)}. */
typedef struct cop_table_spec {
    uint32_t size;        /* COP_SIZED */
    uint32_t column_size; /* sizeof(cop_column): what a row has by the header it was built with */
    const char *name;     /* a lower-case word, this table's alone in its set; a file's name */
    const char *help;     /* one line; NULL for none */
    const cop_column *columns;
    size_t column_count;  /* 1 or more */
    const cop_plot *plot; /* NULL: none */
} cop_table_spec;

/* The columns of a table, from an array of them. */
#define COP_COLUMNS(array)                                                                         \
    .columns = (array), .column_count = sizeof(array) / sizeof(array)[0],                          \
    .column_size = (uint32_t)sizeof(cop_column)

/* An empty set of tables; owned by the caller, or NULL when memory is out. */
COP_API cop_tables *cop_tables_new(void);

/* Frees the set with its tables; NULL is fine. */
COP_API void cop_tables_free(cop_tables *t);

/* Adds a table and hands it back in *table; all of the spec is copied, and the table belongs to the
 * set. COP_FAILED on a bad or duplicate name, a bad column, or a plot that names an unknown one;
 * COP_INVALID where a size is missing. [one thread per set] */
COP_API cop_status cop_tables_add(cop_tables *t, const cop_table_spec *spec, cop_table **table,
                                  cop_error *err);

/* Appends a row: one cell per column. */
COP_API cop_status cop_table_row(cop_table *table, const cop_table_value *cells, cop_error *err);

/* Reading. Whatever is handed back is the set's own, as long as it lives. [any thread, while none
 * writes] */

/* How many tables there are. */
COP_API size_t cop_tables_count(const cop_tables *t);

/* Table i < count, in the order in which they were added. */
COP_API const cop_table *cop_tables_at(const cop_tables *t, size_t i);

/* The table's name. */
COP_API const char *cop_table_name(const cop_table *table);

/* One line about it; NULL where its spec had none. */
COP_API const char *cop_table_help(const cop_table *table);

/* How many columns it has, 1 or more. */
COP_API size_t cop_table_column_count(const cop_table *table);

/* Column i < count. */
COP_API const cop_column *cop_table_column(const cop_table *table, size_t i);

/* How it asks to be drawn; NULL where it does not. */
COP_API const cop_plot *cop_table_plot(const cop_table *table);

/* How many rows it has. */
COP_API size_t cop_table_row_count(const cop_table *table);

/* The cell at row < rows and column < columns, to be read as the column's type says. */
COP_API cop_table_value cop_table_at(const cop_table *table, size_t row, size_t column);

COP_END

#endif
