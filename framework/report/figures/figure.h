/* figure.h (implemented in figure.c, report/renderers/gnuplot.c): pictures drawn by gnuplot:
 * NAME.csv with the points, NAME.gp that draws them, NAME.svg and NAME.pdf.
 *
 * The script names its files relatively, so that `cd figures && gnuplot NAME.gp` draws it anew
 * after a change by hand (as PNG: `gnuplot -e "format='png'" NAME.gp`).
 * Points are in the units of all files, so shares are fractions; the script makes percent of them
 * where the axis says so. */
#ifndef COP_REPORT_FIGURES_FIGURE_H
#define COP_REPORT_FIGURES_FIGURE_H

#include "core/arena.h"

#include <coppice/log.h>
#include <coppice/status.h>

typedef struct cop_point {
    double x, y;
    double low, high; /* ends of the error bar, or of the band */
    double value;     /* of a grid: the colour, or the height */
} cop_point;

typedef struct cop_curve {
    const char *label; /* in the legend; NULL: none */
    cop_point *points;
    size_t count;
    double y_scale; /* of y, low and high when drawn: 100 for percent; 0: as they are */
} cop_curve;

typedef struct cop_panel {
    const char *title;   /* may be NULL */
    const char *y_label; /* NULL: the figure's */
    cop_curve *curves;   /* the i-th curve of every panel has the same colour */
    size_t curve_count;
    cop_point *marks; /* heat maps: places that are marked, and numbered from 0 */
    size_t mark_count;
} cop_panel;

typedef enum cop_figure_kind {
    COP_FIGURE_LINES = 1,
    COP_FIGURE_POINTS = 2,
    COP_FIGURE_HISTOGRAM = 3,
    COP_FIGURE_HEATMAP = 4, /* with contours; all panels by one scale, a logarithmic one where
                              values go over more than one and a half decades */
    COP_FIGURE_SURFACE = 5  /* heights over a grid; a panel has one curve, x running fastest */
} cop_figure_kind;

/* What a figure is to the papers' line of them. */
typedef enum cop_figure_part {
    COP_PART_OTHER = 0,
    COP_PART_LINE = 1,    /* what lies between copies, of all cells: comes first */
    COP_PART_ACCURACY = 2 /* how good tickets are, and what they cost */
} cop_figure_part;

typedef struct cop_figure {
    const char *name;    /* of its files: lower-case letters, digits, _ and - */
    const char *title;   /* over the picture and in the page */
    const char *caption; /* in the page: how to read it */
    cop_figure_kind kind;
    cop_figure_part part;
    const char *x_label, *y_label, *value_label;
    double x_scale, value_scale; /* as a curve's y_scale */
    const char *legend;          /* over the legend, plain letters; NULL: nothing */
    bool log_x, log_y;
    bool equal_axes; /* a step is as long along x as along y */
    bool remaining;  /* x is a share (drawn in percent) that falls to the right, on a log axis */
    bool error_bars; /* points have low and high */
    bool bands;      /* lines: points have low and high, and what lies between is shaded */
    bool markers;    /* lines: mark the points */
    bool ordered;    /* curves are steps of one thing: shades instead of colours */
    const char *const *x_names; /* names at x = 0, 1, …; NULL: x is a number */
    size_t x_name_count;
    cop_panel *panels;
    size_t panel_count;
    size_t shared_axes;  /* panels whose numbers are equal modulo this have the same ranges, so that
                            they can be compared; 0: each its own */
    size_t grid_columns; /* panels side by side; 0: as suits their number */
} cop_figure;

/* Points that cannot be drawn (not finite; not positive on a logarithmic axis) are passed over. */
bool cop_figure_is_empty(const cop_figure *f);

/* What of it cannot be drawn, in words: how many points of which curves; "" where all are. The
 * arena's; NULL when memory is out. */
const char *cop_figure_lost(const cop_figure *f, cop_arena *arena);

/* Writes NAME.csv and NAME.gp into `dir`. */
cop_status cop_figure_write(const cop_figure *f, const char *dir, cop_error *err);

typedef enum cop_picture_format { COP_PICTURE_SVG = 1, COP_PICTURE_PDF = 2 } cop_picture_format;

/* Has gnuplot draw DIR/NAME.gp, and writes DIR/NAME.svg or .pdf as any other file: whole, and never
 * through a link. COP_UNAVAILABLE when there is no gnuplot; COP_FAILED with its last words when it
 * does not succeed. */
cop_status cop_gnuplot(const char *dir, const char *name, cop_picture_format format,
                       cop_error *err);

#endif
