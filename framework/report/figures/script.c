/* script.c: the gnuplot script that draws a figure. */
#include "report/figures/script.h"

#include "report/figures/heatmap.h"
#include "report/figures/surface.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Okabe and Ito's colours, told apart by colour-blind readers; yellow, too pale for lines, left
 * out, and orange and sky blue darkened to three times the contrast of white. */
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                      "#C48700", "#4A9BC8", "#000000"};
enum { COLOUR_COUNT = sizeof colours / sizeof colours[0] };

/* Viridis without its palest end: dark to light, even in grey. */
static const int shades[][3] = {{68, 1, 84},    {70, 50, 126},  {54, 92, 141}, {39, 127, 142},
                                {31, 161, 135}, {74, 193, 109}, {160, 218, 57}};
enum { SHADE_COUNT = sizeof shades / sizeof shades[0] };

/* Lighter ones are too pale for lines on white. */
enum { LINE_SHADES = 5 };

/* Letters of a label in a legend, a name along an axis, and a title over a panel. */
#define LABEL_LETTERS 40
#define NAME_LETTERS  18
#define TITLE_LETTERS 60
#define LABEL_SIZE    (4 * TITLE_LETTERS + 32)

/* Pixels of a picture, about as wide as a page, so that letters are as large in all of them; panels
 * are not narrower than the least. */
#define PAGE_WIDTH  ((size_t)1180)
#define PANEL_LEAST ((size_t)380)

/* A text in single quotes, in which gnuplot reads nothing but a doubled quote as special. */
static void quote(cop_text *script, const char *text)
{
    cop_text_append(script, "'");
    for (; *text != '\0'; text++) {
        char c = (unsigned char)*text < ' ' ? ' ' : *text;
        cop_text_append_bytes(script, &c, 1);
        if (c == '\'')
            cop_text_append(script, "'");
    }
    cop_text_append(script, "'");
}

/* The same where gnuplot takes the text for a format, along an axis: percent signs are doubled. */
static void quote_format(cop_text *script, const char *text)
{
    cop_text format = {0};
    for (; *text != '\0'; text++) {
        cop_text_append_bytes(&format, text, 1);
        if (*text == '%')
            cop_text_append(&format, "%");
    }
    char *doubled = cop_text_take(&format);
    quote(script, doubled != NULL ? doubled : "");
    script->failed = script->failed || doubled == NULL;
    free(doubled);
}

/* A text among others of its kind, shortened to `letters`; where that is an earlier one's too, with
 * its number behind it. `out` has room for LABEL_SIZE. */
static const char *distinct(const char *const *texts, size_t i, size_t letters, char *out)
{
    char other[LABEL_SIZE], brief[LABEL_SIZE];
    (void)cop_shorten(texts[i], letters, out);
    for (size_t k = 0; k < i && strcmp(texts[i], out) != 0; k++) {
        if (texts[k] == NULL || strcmp(cop_shorten(texts[k], letters, other), out) != 0)
            continue;
        (void)snprintf(out, LABEL_SIZE, "%s (%zu)", cop_shorten(texts[i], letters - 8, brief),
                       i + 1);
        break;
    }
    return out;
}

static void set_text(cop_text *script, const char *what, const char *text)
{
    cop_text_printf(script, "set %s ", what);
    quote(script, text != NULL ? text : "");
    cop_text_append(script, "\n");
}

static void append_colour(cop_text *script, const cop_figure *f, size_t curve, size_t count)
{
    if (!f->ordered) {
        cop_text_append(script, colours[curve % COLOUR_COUNT]);
        return;
    }
    double at = count > 1 ? (double)curve * (LINE_SHADES - 1) / (double)(count - 1) : 0.0;
    int below = (int)at < LINE_SHADES - 1 ? (int)at : LINE_SHADES - 2, rgb[3];
    for (int i = 0; i < 3; i++)
        rgb[i] = (int)lround(shades[below][i] +
                             (at - below) * (shades[below + 1][i] - shades[below][i]));
    cop_text_printf(script, "#%02x%02x%02x", (unsigned)rgb[0], (unsigned)rgb[1], (unsigned)rgb[2]);
}

/* Where `is_dot` a line has one point, and would be seen by nothing else. */
static void append_style(cop_text *script, const cop_figure *f, size_t curve, size_t count,
                         bool is_dot)
{
    switch (f->kind) {
    case COP_FIGURE_LINES:
        cop_text_append(script, f->error_bars          ? "yerrorlines"
                                : f->markers || is_dot ? "linespoints"
                                                       : "lines");
        cop_text_append(script, " linewidth 2");
        if (!f->ordered && curve >= COLOUR_COUNT)
            cop_text_printf(script, " dashtype %zu", curve / COLOUR_COUNT + 1);
        if (f->error_bars || f->markers || is_dot)
            cop_text_printf(script, " pointtype %zu pointsize 1.2", 5 + 2 * (curve % 5));
        break;
    case COP_FIGURE_POINTS:
        cop_text_append(script, f->error_bars ? "yerrorbars" : "points");
        cop_text_printf(script, " pointtype %zu pointsize 1", 5 + 2 * (curve % 5));
        break;
    case COP_FIGURE_HISTOGRAM:
        cop_text_printf(script, "boxes fillstyle transparent solid %s", count > 1 ? "0.4" : "0.7");
        break;
    case COP_FIGURE_HEATMAP: /* heatmap.c */
    case COP_FIGURE_SURFACE: /* surface.c */
        return;
    }
    cop_text_append(script, " linecolor rgb '");
    append_colour(script, f, curve, count);
    cop_text_append(script, "'");
}

double cop_script_scale(double scale)
{
    return scale > 0.0 ? scale : 1.0;
}

void cop_script_column(cop_text *script, int column, double scale)
{
    if (cop_script_scale(scale) == 1.0)
        cop_text_printf(script, "%d", column);
    else
        cop_text_printf(script, "($%d*%g)", column, scale);
}

void cop_script_value_range(const cop_figure *f, double *low, double *high)
{
    *low = *high = (double)NAN;
    for (size_t i = 0; i < f->panel_count; i++) {
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            for (size_t n = 0; n < curve->count; n++) {
                if (!isfinite(curve->points[n].value))
                    continue;
                *low = fmin(*low, cop_script_scale(f->value_scale) * curve->points[n].value);
                *high = fmax(*high, cop_script_scale(f->value_scale) * curve->points[n].value);
            }
        }
    }
}

bool cop_script_is_log_value(double low, double high)
{
    return low > 0.0 && high > 30.0 * low;
}

/* The span of x in a panel, as it is drawn. */
static double x_span(const cop_figure *f, const cop_panel *panel)
{
    double least = (double)NAN, greatest = (double)NAN;
    for (size_t k = 0; k < panel->curve_count; k++) {
        for (size_t n = 0; n < panel->curves[k].count; n++) {
            if (!cop_point_is_drawn(f, &panel->curves[k].points[n]))
                continue;
            least = fmin(least, panel->curves[k].points[n].x);
            greatest = fmax(greatest, panel->curves[k].points[n].x);
        }
    }
    return (greatest - least) * cop_script_scale(f->x_scale);
}

/* The columns to draw. Curves with error bars step aside by half a percent of the axis each, so
 * that equal ones are seen beside each other; the data say where they are. */
static void append_using(cop_text *script, const cop_figure *f, const cop_panel *panel,
                         size_t curve)
{
    double aside = (double)curve - 0.5 * (double)(panel->curve_count - 1);
    double x_scale = cop_script_scale(f->x_scale), y_scale = panel->curves[curve].y_scale;
    if (!f->error_bars)
        cop_script_column(script, 1, x_scale);
    else if (f->remaining || f->log_x)
        cop_text_printf(script, "($1*%.6g)", x_scale * pow(1.012, f->remaining ? -aside : aside));
    else if (x_scale == 1.0)
        cop_text_printf(script, "($1%+.6g)", 0.006 * aside * x_span(f, panel));
    else
        cop_text_printf(script, "($1*%g%+.6g)", x_scale, 0.006 * aside * x_span(f, panel));
    cop_text_append(script, ":");
    cop_script_column(script, 2, y_scale);
    if (f->kind == COP_FIGURE_HISTOGRAM) {
        cop_text_append(script, ":");
        cop_script_column(script, 3, x_scale);
    } else if (f->error_bars) {
        cop_text_append(script, ":");
        cop_script_column(script, 3, y_scale);
        cop_text_append(script, ":");
        cop_script_column(script, 4, y_scale);
    }
}

/* The least x as it is drawn, or with `of_y` the least y; at most 100. */
static double least_of(const cop_figure *f, bool of_y)
{
    double least = 100.0;
    for (size_t i = 0; i < f->panel_count; i++) {
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            double scale = cop_script_scale(of_y ? curve->y_scale : f->x_scale);
            for (size_t n = 0; n < curve->count; n++) {
                const cop_point *p = &curve->points[n];
                if (cop_point_is_drawn(f, p))
                    least = fmin(least, scale * (of_y ? p->y : p->x));
            }
        }
    }
    return least;
}

/* The least and the greatest number along an axis, as it is drawn, of the panels that share it;
 * error bars and bands count. False where there is none. */
static bool shared_range(const cop_figure *f, size_t panel, bool of_y, double *low, double *high)
{
    *low = *high = (double)NAN;
    for (size_t i = panel % f->shared_axes; i < f->panel_count; i += f->shared_axes) {
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            double scale = cop_script_scale(of_y ? curve->y_scale : f->x_scale);
            for (size_t n = 0; n < curve->count; n++) {
                const cop_point *p = &curve->points[n];
                if (!cop_point_is_drawn(f, p))
                    continue;
                bool has_ends = of_y && cop_figure_has_ends(f);
                double least = has_ends ? fmin(p->y, p->low) : of_y ? p->y : p->x;
                double most = has_ends ? fmax(p->y, p->high) : of_y ? p->y : p->x;
                *low = fmin(*low, scale * least);
                *high = fmax(*high, scale * most);
            }
        }
    }
    return *high > *low;
}

/* Sets the ranges of a panel to those of all that share them, with a little room. */
static void set_shared_ranges(cop_text *script, const cop_figure *f, size_t panel)
{
    double low = 0.0, high = 0.0;
    if (shared_range(f, panel, true, &low, &high)) {
        double room = 0.04 * (high - low);
        if (f->log_y) {
            low = fmax(low, least_of(f, true));
            cop_text_printf(script, "set yrange [%.6g:%.6g]\n",
                            low * (f->kind == COP_FIGURE_HISTOGRAM ? 0.5 : 0.8), 1.25 * high);
        } else {
            cop_text_printf(script, "set yrange [%.6g:%.6g]\n",
                            f->kind == COP_FIGURE_HISTOGRAM ? fmin(low, 0.0) : low - room,
                            high + room);
        }
    }
    if (f->x_names == NULL && !f->log_x && !f->remaining &&
        shared_range(f, panel, false, &low, &high)) {
        double room = 0.03 * (high - low);
        cop_text_printf(script, "set xrange [%.6g:%.6g]\n", low - room, high + room);
    }
}

/* The band behind a curve, from low to high; on a logarithmic axis from its least point on. */
static void append_band(cop_text *script, const cop_figure *f, const cop_panel *panel, size_t curve,
                        size_t first, size_t count)
{
    double scale = panel->curves[curve].y_scale;
    cop_text_printf(script, "'%s.csv' skip 1 every ::%zu::%zu using ", f->name, first,
                    first + count - 1);
    cop_script_column(script, 1, f->x_scale);
    cop_text_append(script, ":");
    if (f->log_y)
        cop_text_printf(script, "($3*%g > %.6g ? $3*%g : %.6g)", cop_script_scale(scale),
                        0.5 * least_of(f, true), cop_script_scale(scale), 0.5 * least_of(f, true));
    else
        cop_script_column(script, 3, scale);
    cop_text_append(script, ":");
    cop_script_column(script, 4, scale);
    cop_text_append(script, " with filledcurves fillstyle transparent solid 0.15 noborder "
                            "linecolor rgb '");
    append_colour(script, f, curve, panel->curve_count);
    cop_text_append(script, "' notitle, \\\n     ");
}

/* One `plot` command. `next` is the data row (from 0) at which the panel begins; advanced. */
static void write_panel(cop_text *script, const cop_figure *f, size_t index, size_t *next)
{
    const cop_panel *panel = &f->panels[index];
    size_t drawn = 0;
    char label[LABEL_SIZE];
    const char **labels = calloc(panel->curve_count + 1, sizeof *labels);
    script->failed = script->failed || labels == NULL;
    if (labels == NULL)
        return;
    for (size_t i = 0; i < panel->curve_count; i++)
        labels[i] = panel->curves[i].label;
    if (f->panel_count > 1)
        set_text(script, "title",
                 cop_shorten(panel->title != NULL ? panel->title : "", TITLE_LETTERS, label));
    set_text(script, "ylabel", panel->y_label != NULL ? panel->y_label : f->y_label);
    if (cop_panel_drawn(f, panel) == 0) { /* it keeps its place, empty */
        cop_text_append(script, "set multiplot next\n");
        free(labels);
        return;
    }
    if (cop_figure_is_gridded(f)) {
        if (f->kind == COP_FIGURE_HEATMAP)
            cop_heatmap_panel(script, f, panel, *next);
        else
            cop_surface_panel(script, f, panel, *next);
        (*next)++;
        free(labels);
        return;
    }
    if (f->shared_axes > 0)
        set_shared_ranges(script, f, index);
    cop_text_append(script, "plot ");
    for (size_t i = 0; i < panel->curve_count; i++) {
        const cop_curve *curve = &panel->curves[i];
        size_t count = cop_curve_drawn(f, curve);
        if (count == 0)
            continue;
        cop_text_append(script, drawn++ > 0 ? ", \\\n     " : "");
        if (f->bands)
            append_band(script, f, panel, i, *next, count);
        cop_text_printf(script, "'%s.csv' skip 1 every ::%zu::%zu using ", f->name, *next,
                        *next + count - 1);
        append_using(script, f, panel, i);
        cop_text_append(script, " with ");
        append_style(script, f, i, panel->curve_count, count == 1);
        cop_text_append(script, curve->label != NULL ? " title " : " notitle");
        if (curve->label != NULL)
            quote(script, distinct(labels, i, LABEL_LETTERS, label));
        *next += count;
    }
    cop_text_append(script, "\n");
    free(labels);
}

static void write_axes(cop_text *script, const cop_figure *f)
{
    set_text(script, "xlabel", f->x_label);
    cop_text_append(script, "set xlabel offset 0,0.6\n");
    if (f->value_label != NULL)
        set_text(script, f->kind == COP_FIGURE_SURFACE ? "zlabel" : "cblabel", f->value_label);
    if (f->log_x || f->remaining)
        cop_text_append(script, "set logscale x\n");
    if (f->log_y)
        cop_text_append(script, "set logscale y\nset format y '%g'\n");
    if (f->remaining)
        cop_text_printf(script,
                        "set xrange [110:%.6g]\n"
                        "set xtics (100, 70, 50, 30, 20, 15, 10, 7, 5, 3, 2, 1, 0.5, 0.2, 0.1)\n",
                        least_of(f, false) / 1.1);
    else if (f->kind == COP_FIGURE_LINES || f->kind == COP_FIGURE_POINTS)
        cop_text_append(script, "set autoscale xfix\n"
                                "set offsets graph 0.03, graph 0.03, graph 0.03, graph 0.03\n");
    if (f->kind == COP_FIGURE_HISTOGRAM)
        cop_text_printf(script, "set yrange [%.6g:*]\n", f->log_y ? 0.5 * least_of(f, true) : 0.0);
    if (f->kind == COP_FIGURE_HEATMAP) {
        cop_text_append(script, "set autoscale xfix\nset autoscale yfix\n");
        cop_heatmap_scale(script, f);
    }
    if (f->kind == COP_FIGURE_SURFACE)
        cop_surface_scale(script, f);
    if (f->equal_axes)
        cop_text_append(script, "set size ratio -1\n");
    if (f->x_names == NULL)
        return;
    char name[LABEL_SIZE];
    cop_text_append(script, "set xtics rotate by -30 (");
    for (size_t i = 0; i < f->x_name_count; i++) {
        cop_text_append(script, i > 0 ? ", " : "");
        quote_format(script, distinct(f->x_names, i, NAME_LETTERS, name));
        cop_text_printf(script, " %zu", i);
    }
    /* Panels are as wide, however far the last name reaches. */
    cop_text_printf(script, ")\nset xrange [-0.3:%.1f]\nset rmargin 9\n",
                    (double)f->x_name_count - 0.7);
}

static size_t grid_columns(const cop_figure *f)
{
    if (f->grid_columns > 0)
        return f->grid_columns;
    return f->panel_count <= 3 ? f->panel_count : f->panel_count == 4 ? 2 : 3;
}

/* Pixels of one panel among several, across. */
static size_t panel_width(const cop_figure *f)
{
    size_t share = PAGE_WIDTH / grid_columns(f);
    return share > PANEL_LEAST ? share : PANEL_LEAST;
}

static size_t most_curves(const cop_figure *f)
{
    size_t most = 0;
    for (size_t i = 0; i < f->panel_count; i++)
        most = f->panels[i].curve_count > most ? f->panels[i].curve_count : most;
    return most;
}

/* Rows of the legend below a panel, by its longest label: about 7 pixels a letter, and a key. */
static size_t legend_rows(const cop_figure *f)
{
    size_t longest = 0, count = most_curves(f);
    for (size_t i = 0; i < f->panel_count; i++) {
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const char *label = f->panels[i].curves[k].label;
            size_t length = label != NULL ? strlen(label) : 0;
            length = length < LABEL_LETTERS ? length : LABEL_LETTERS;
            longest = length > longest ? length : longest;
        }
    }
    size_t width = 7 * longest + 70, panel = panel_width(f);
    size_t side = width < panel ? panel / width : 1;
    return (count + side - 1) / side;
}

/* Sizes are in pixels, of which PDF has 96 an inch. */
static void write_terminal(cop_text *script, const char *name, size_t width, size_t height)
{
    cop_text_printf(script,
                    "set encoding utf8\n"
                    "if (!exists('format')) format = 'svg'\n"
                    "if (format eq 'svg') set terminal svg size %zu,%zu dynamic noenhanced font "
                    "'DejaVu Sans,12' background rgb 'white'\n"
                    "if (format eq 'pdf') set terminal pdfcairo noenhanced font 'DejaVu Sans,9' "
                    "size %.2fin,%.2fin\n"
                    "if (format eq 'png') set terminal pngcairo noenhanced font 'DejaVu Sans,11' "
                    "size %zu,%zu\n"
                    "if (!exists('to_output')) set output '%s.'.format\n",
                    width, height, (double)width / 96.0, (double)height / 96.0, width, height,
                    name);
}

/* Below a panel the first line stays empty: the axis has its name there. */
static void set_key_title(cop_text *script, const char *legend, bool single)
{
    if (single && legend != NULL)
        set_text(script, "key title", legend);
    else if (!single)
        cop_text_printf(script, "set key title \"%s%s\"\n", legend != NULL ? "\\n" : " ",
                        legend != NULL ? legend : "");
}

static void write_page(cop_text *script, const cop_figure *f)
{
    size_t columns = grid_columns(f), rows = (f->panel_count + columns - 1) / columns;
    bool single = f->panel_count == 1;
    size_t legend = most_curves(f) > 1 ? 24 * legend_rows(f) : 0;
    size_t width = single ? PAGE_WIDTH : columns * panel_width(f) + (f->x_names != NULL ? 50 : 20);
    size_t height = single ? 520 : rows * (panel_width(f) * 2 / 3 + 60 + legend) + 50;
    write_terminal(script, f->name, width, height);
    cop_text_append(script, single ? "set key outside right top Left reverse width 1 spacing 1.3\n"
                                   : "set key below center horizontal Left reverse spacing 1.2\n");
    set_key_title(script, f->legend, single);
    cop_text_append(script, "set datafile separator ','\n"
                            "set border 3 linecolor rgb '#444444'\n"
                            "set tics nomirror textcolor rgb '#222222'\n"
                            "set grid linecolor rgb '#dddddd' linetype 1 linewidth 1\n");
    if (single) {
        set_text(script, "title", f->title);
        return;
    }
    cop_text_printf(script, "set multiplot layout %zu,%zu title ", rows, columns);
    quote(script, f->title);
    cop_text_append(script, " font ',14'\n");
}

/* The palette is spelt out: gnuplot 5.4 has no name for it. */
static void write_palette(cop_text *script)
{
    cop_text_append(script, "set palette defined (");
    for (int i = 0; i < SHADE_COUNT; i++)
        cop_text_printf(script, "%s%d '#%02x%02x%02x'", i > 0 ? ", " : "", i,
                        (unsigned)shades[i][0], (unsigned)shades[i][1], (unsigned)shades[i][2]);
    cop_text_append(script, ", 7 '#fde725')\n");
}

void cop_script_write(cop_text *script, const cop_figure *f)
{
    size_t next = 0;
    write_page(script, f);
    write_palette(script);
    write_axes(script, f);
    for (size_t i = 0; i < f->panel_count; i++)
        write_panel(script, f, i, &next);
    cop_text_append(script, f->panel_count > 1 ? "unset multiplot\n" : "");
}
