/* terminal.h: tables for people: rounded numbers, deviations behind a ±, aligned columns. */
#ifndef COP_REPORT_RENDERERS_TERMINAL_H
#define COP_REPORT_RENDERERS_TERMINAL_H

#include "core/arena.h"

#include <coppice/table.h>

#include <stdio.h>

/* A table as texts. */
typedef struct cop_display {
    size_t column_count, row_count;
    const char **headers;
    bool *is_number;      /* by column: to be aligned to the right */
    const char **cells;   /* row by row */
    double *values;       /* row by row, in the units of files; NaN for texts, and for integers,
                             of which the cell is all 64 bits */
    const char *constant; /* columns that were taken out, as they do not vary: "networks 9, …" */
} cop_display;

/* What to leave out; the lists are NULL-terminated or NULL. */
typedef struct cop_display_choice {
    const char *const *only;     /* columns; NULL: all */
    const char *const *skip;     /* columns */
    bool headlines_only;         /* leave out what the table's plot does not list as a headline */
    const char *const *prefixes; /* beginnings of names, each with "_" behind it, where the rest is
                                    still the only column of its name */
    const char *const *instead;  /* texts by pairs: a cell that is the first is shown as the second
                                  */
} cop_display_choice;

/* Renders a table. A column named X_std behind X is shown as "X ± X_std". Texts are the arena's. */
cop_status cop_display_make(const cop_table *table, const cop_display_choice *choice,
                            cop_arena *arena, cop_display *out, cop_error *err);

/* Takes out the columns that say the same in all of several rows, but for those whose headers begin
 * with one of `keep` (NULL-terminated), and notes them in `constant`. */
cop_status cop_display_fold(cop_display *d, const char *const *keep, cop_arena *arena,
                            cop_error *err);

/* Prints it aligned, long headers on several lines. Columns that would make lines longer than
 * `width` (0: any length) are left out from the right, and the last line says how many. */
void cop_display_print(const cop_display *d, size_t width, FILE *out);

#endif
