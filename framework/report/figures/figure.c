/* figure.c: a figure's data, and the files that it is written to. */
#include "report/figures/figure.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "report/figures/script.h"
#include "report/renderers/csv.h"

#include <math.h>
#include <stdlib.h>

bool cop_point_is_drawn(const cop_figure *f, const cop_point *p)
{
    return isfinite(p->x) && isfinite(p->y) && (!(f->log_x || f->remaining) || p->x > 0.0) &&
           (!f->log_y || p->y > 0.0);
}

size_t cop_curve_drawn(const cop_figure *f, const cop_curve *curve)
{
    size_t count = 0;
    for (size_t i = 0; i < curve->count; i++)
        count += cop_point_is_drawn(f, &curve->points[i]);
    return count;
}

/* A grid is needed whole, but is nothing where no value is a number. */
static bool has_value(const cop_figure *f, const cop_curve *curve)
{
    bool has = !cop_figure_is_gridded(f);
    for (size_t i = 0; i < curve->count; i++)
        has = has || isfinite(curve->points[i].value);
    return has;
}

size_t cop_panel_drawn(const cop_figure *f, const cop_panel *panel)
{
    size_t count = 0;
    for (size_t i = 0; i < panel->curve_count; i++)
        count += has_value(f, &panel->curves[i]) ? cop_curve_drawn(f, &panel->curves[i]) : 0;
    return count;
}

bool cop_figure_is_empty(const cop_figure *f)
{
    for (size_t i = 0; i < f->panel_count; i++) {
        if (cop_panel_drawn(f, &f->panels[i]) > 0)
            return false;
    }
    return true;
}

bool cop_figure_has_ends(const cop_figure *f)
{
    return f->error_bars || f->bands;
}

bool cop_figure_is_gridded(const cop_figure *f)
{
    return f->kind == COP_FIGURE_HEATMAP || f->kind == COP_FIGURE_SURFACE;
}

const char *cop_figure_lost(const cop_figure *f, cop_arena *arena)
{
    const char *lost = "";
    for (size_t i = 0; lost != NULL && i < f->panel_count && !cop_figure_is_gridded(f); i++) {
        for (size_t k = 0; lost != NULL && k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            const char *title = f->panels[i].title != NULL ? f->panels[i].title : "";
            size_t count = curve->count - cop_curve_drawn(f, curve);
            if (f->kind == COP_FIGURE_HISTOGRAM)
                continue; /* an empty bin has no height: nothing is lost */
            if (count == 0)
                continue;
            lost = cop_arena_printf(arena, "%s%s%s%s%s (%zu)", lost,
                                    lost[0] == '\0' ? "Points that the axes have no place for: "
                                                    : ", ",
                                    f->panel_count > 1 ? title : "",
                                    f->panel_count > 1 && curve->label != NULL ? ", " : "",
                                    curve->label != NULL ? curve->label : "", count);
        }
    }
    return lost != NULL && lost[0] != '\0' ? cop_arena_printf(arena, "%s.", lost) : lost;
}

/* How wide a histogram's box is: halfway to each neighbour, drawn or not. */
static double box_width(const cop_curve *curve, size_t i)
{
    double before = i > 0 ? curve->points[i].x - curve->points[i - 1].x : (double)NAN;
    double behind =
        i + 1 < curve->count ? curve->points[i + 1].x - curve->points[i].x : (double)NAN;
    before = isfinite(before) ? before : behind;
    behind = isfinite(behind) ? behind : before;
    return isfinite(before) ? 0.5 * fabs(before) + 0.5 * fabs(behind) : 1.0;
}

static void write_point(cop_text *data, const cop_figure *f, const cop_panel *panel,
                        const cop_curve *curve, size_t i)
{
    const cop_point *p = &curve->points[i];
    cop_csv_number(data, p->x);
    cop_text_append(data, ",");
    cop_csv_number(data, p->y);
    if (cop_figure_has_ends(f)) {
        cop_text_append(data, ",");
        cop_csv_number(data, isfinite(p->low) ? p->low : p->y);
        cop_text_append(data, ",");
        cop_csv_number(data, isfinite(p->high) ? p->high : p->y);
    }
    if (cop_figure_is_gridded(f) || f->kind == COP_FIGURE_HISTOGRAM) {
        double third = cop_figure_is_gridded(f) ? p->value : box_width(curve, i);
        cop_text_append(data, ",");
        if (isfinite(third))
            cop_csv_number(data, third);
        else
            cop_text_append(data, "NaN"); /* a hole in the grid */
    }
    cop_text_append(data, ",");
    cop_csv_text(data, panel->title != NULL ? panel->title : "");
    cop_text_append(data, ",");
    cop_csv_text(data, curve->label != NULL ? curve->label : "");
    cop_text_append(data, "\n");
}

/* A panel's grid: gnuplot wants an empty line behind each row of it, and two behind the
 * whole. */
static void write_grid(cop_text *data, const cop_figure *f, const cop_panel *panel)
{
    const cop_curve *curve = &panel->curves[0];
    double row = (double)NAN;
    for (size_t n = 0; n < curve->count; n++) {
        if (!cop_point_is_drawn(f, &curve->points[n]))
            continue;
        if (isfinite(row) && curve->points[n].y != row)
            cop_text_append(data, "\n");
        row = curve->points[n].y;
        write_point(data, f, panel, curve, n);
    }
    cop_text_append(data, "\n\n");
}

static void write_data(cop_text *data, const cop_figure *f)
{
    cop_text_append(data, "x,y");
    cop_text_append(data, cop_figure_has_ends(f) ? ",low,high" : "");
    cop_text_append(data, cop_figure_is_gridded(f)          ? ",value"
                          : f->kind == COP_FIGURE_HISTOGRAM ? ",width"
                                                            : "");
    cop_text_append(data, ",panel,curve\n"); /* last: gnuplot stumbles over quoted texts */
    for (size_t i = 0; i < f->panel_count; i++) {
        if (cop_figure_is_gridded(f)) {
            if (cop_panel_drawn(f, &f->panels[i]) > 0)
                write_grid(data, f, &f->panels[i]);
            continue;
        }
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            for (size_t n = 0; n < curve->count; n++) {
                if (cop_point_is_drawn(f, &curve->points[n]))
                    write_point(data, f, &f->panels[i], curve, n);
            }
        }
    }
}

static cop_status write_text(cop_text *text, const char *dir, const char *name, const char *suffix,
                             cop_error *err)
{
    char path[COP_PATH_SIZE];
    size_t length = text->length;
    char *content = cop_text_take(text);
    if (content == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_path_join(path, sizeof path, err, dir, "%s%s", name, suffix);
    if (status == COP_OK)
        status = cop_file_write(path, content, length, err);
    free(content);
    return status;
}

cop_status cop_figure_write(const cop_figure *f, const char *dir, cop_error *err)
{
    cop_text data = {0}, script = {0};
    write_data(&data, f);
    COP_TRY(write_text(&data, dir, f->name, ".csv", err));
    cop_script_write(&script, f);
    return write_text(&script, dir, f->name, ".gp", err);
}
