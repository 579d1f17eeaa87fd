/* making.h (implemented in report/making/): what the parts of a report share while it is made. */
#ifndef COP_REPORT_MAKING_H
#define COP_REPORT_MAKING_H

#include "report/data/answers.h"
#include "report/figures/plots.h"
#include "report/renderers/terminal.h"
#include "store/formats/stages_json.h"

#include <stdio.h>

/* What people are shown: the same for the page, which has room, and for the terminal. */
typedef struct cop_views {
    cop_display tickets, comparisons, intervals, failures, controls, sets, distilled, cost;
} cop_views;

/* A picture of the page. */
typedef struct cop_picture {
    const char *path; /* from the report's directory */
    const char *caption;
    bool is_on_page; /* each cell's first set; the others are files beside it */
} cop_picture;

/* Real images that have a picture: of which data, and how many. */
typedef struct cop_real_shown {
    const char *dataset;
    int64_t count;
} cop_real_shown;

typedef struct cop_making {
    const char *dir;    /* the folder that the report is written to; the arena's */
    const char *record; /* the study's folder */
    cop_results results;
    cop_table_groups groups;
    cop_joined_list joined;
    cop_answers answers;
    cop_tables *sheets; /* owned */
    cop_figures figures;
    const char **undrawn; /* why a figure has no picture; NULL: it has */
    size_t failed;        /* figures that gnuplot could not draw */
    cop_error first_failure;
    bool has_database;
    bool lacks_database; /* it could not be written; one of an earlier report stays */
    cop_error database_failure;
    bool no_gnuplot;
    cop_picture *pictures; /* grids of images */
    size_t picture_count;
    cop_real_shown *reals; /* real images among them, shown once for all sets of the same data */
    size_t real_count;
    cop_stage_records stages; /* none where the study's graph is not there */
    const char **places;      /* where results were computed, each once, the first result's first */
    size_t place_count;
    const char **files; /* that were written, from the report's directory */
    size_t file_count, file_capacity;
    cop_logger *log;
} cop_making;

/* views.c: chooses the tables and columns for people. Columns that do not vary are stated once
 * (cop_display.constant). Where `is_brief`, long labels are shortened. */
cop_status cop_views_make(const cop_making *m, bool is_brief, cop_views *out, cop_error *err);

/* outputs.c: makes the report's folders, and writes into them. Figures are drawn last, as that
 * takes longest. That one cannot be drawn is a warning, and said in its place on the page: its data
 * and script are there. That the database cannot be written is a warning, too; a build without
 * SQLite writes none. */
cop_status cop_make_report_dirs(cop_making *m, cop_error *err);
cop_status cop_write_tables(cop_making *m, cop_error *err);
cop_status cop_write_database(cop_making *m, cop_error *err);
cop_status cop_write_figures(cop_making *m, cop_error *err);
cop_status cop_draw_figures(cop_making *m, cop_error *err);
cop_status cop_write_images(cop_making *m, cop_error *err);

/* Notes a file, of which `name` is the arena's, as written; NULL: memory is out. */
cop_status cop_making_note(cop_making *m, const char *name, cop_error *err);

/* printing.c: what goes to the terminal, or to another program. */
void cop_print_views(const cop_making *m, const cop_views *v, size_t width, FILE *out);
void cop_print_files(const cop_making *m, FILE *out);
cop_status cop_print_json(const cop_making *m, FILE *out, cop_error *err);
cop_status cop_print_csv(const cop_making *m, FILE *out, cop_error *err);

#endif
