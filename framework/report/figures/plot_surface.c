/* plot_surface.c: one curve of each round as a surface over sparsity, and all cells' curves of one
 * round over each other (McDermott & Cummings 2023, figures 1 and 2). */
#include "core/memory.h"
#include "report/data/shown.h"
#include "report/figures/hint.h"
#include "report/figures/plots.h"

#include <string.h>

#define MOST_PANELS   12
#define MOST_ROUNDS   64
#define LEAST_ROUNDS  3 /* of which a surface can be seen */
#define MOST_OVERLAID 12

/* Whether a ticket's tables are in the group. */
static bool has_rows(const cop_table_group *g, const cop_record_ticket *line)
{
    for (size_t m = 0; m < g->member_count; m++)
        if (cop_same_line(g->members[m].ticket, line))
            return true;
    return false;
}

/* The rounds of a cell that were analysed, first to last; how many. */
static size_t rounds_of(const cop_hint *h, size_t cell, const cop_record_ticket **out)
{
    const cop_record_ticket *all[MOST_ROUNDS];
    size_t count = 0, there = cop_choose_rounds(&h->r->record, cell, MOST_ROUNDS, all);
    for (size_t i = 0; i < there; i++)
        if (has_rows(h->group, all[i]))
            out[count++] = all[i];
    return count;
}

static bool same_places(const cop_curve *a, const cop_curve *b)
{
    bool same = a->count == b->count;
    for (size_t n = 0; same && n < a->count; n++)
        same = a->points[n].x == b->points[n].x;
    return same;
}

/* Puts the rounds' curves behind each other, at their sparsities. A grid needs the same x in all:
 * rounds that have others than the first are left out. */
static cop_status fill_grid(const cop_hint *h, size_t cell, cop_panel *panel, cop_error *err)
{
    const cop_record_ticket *lines[MOST_ROUNDS];
    cop_arena *arena = h->r->arena;
    size_t rounds = rounds_of(h, cell, lines), used = 0;
    cop_curve first = {0}, *grid = cop_arena_array(arena, 1, sizeof *grid);
    if (grid == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < rounds; i++) {
        cop_curve curve = {0};
        cop_repetitions over = {0};
        COP_TRY(cop_hint_curve(h, lines[i], 0, COP_GATHER_MEAN, &curve, &over, err));
        if (i == 0) {
            first = curve;
            grid->points = cop_arena_array(arena, rounds * curve.count + 1, sizeof *grid->points);
            if (grid->points == NULL)
                return cop_out_of_memory(err);
        }
        if (!same_places(&first, &curve))
            continue;
        for (size_t n = 0; n < curve.count; n++)
            grid->points[grid->count++] = (cop_point){.x = curve.points[n].x,
                                                      .y = cop_ticket_sparsity(h->r, lines[i]),
                                                      .value = curve.points[n].y};
        used++;
    }
    grid->y_scale = 100.0;
    panel->title = h->r->briefs[cell];
    panel->curves = grid;
    panel->curve_count = used >= LEAST_ROUNDS ? 1 : 0;
    return COP_OK;
}

static const char *named(const cop_hint *h, const char *suffix)
{
    return cop_arena_printf(h->r->arena, "%s-%s", h->group->name, suffix);
}

/* What the figure is of: the column that is drawn, and of which series. */
static const char *subject(const cop_hint *h)
{
    const char *series = h->series_names[0];
    const char *title = h->plot->title != NULL ? h->plot->title : h->group->name;
    return cop_table_group_title(
        h->group,
        series[0] != '\0' ? cop_arena_printf(h->r->arena, "%s, %s", title, series) : title,
        h->r->arena);
}

static bool is_described(const cop_figure *f)
{
    return f->name != NULL && f->title != NULL && f->caption != NULL && f->x_label != NULL &&
           f->y_label != NULL;
}

static cop_status add_surface(const cop_hint *h, cop_figures *out, cop_error *err)
{
    cop_arena *arena = h->r->arena;
    size_t cells = h->r->record.cell_count < MOST_PANELS ? h->r->record.cell_count : MOST_PANELS;
    const cop_column *x = cop_table_column(h->group->first, (size_t)h->x);
    const cop_column *value = cop_table_column(h->group->first, (size_t)h->y[0]);
    const char *of = subject(h);
    cop_figure f = {.name = named(h, "surface"),
                    .kind = COP_FIGURE_SURFACE,
                    .part = COP_PART_LINE,
                    .x_label = cop_axis_label(x, arena),
                    .x_scale = cop_shown_scale(x),
                    .y_label = "sparsity (%)",
                    .value_label = cop_axis_label(value, arena),
                    .value_scale = cop_shown_scale(value),
                    .panels = cop_arena_array(arena, cells + 1, sizeof *f.panels),
                    .grid_columns = cells == 4 ? 2 : 0};
    if (of != NULL && f.value_label != NULL && f.x_label != NULL)
        f.title =
            cop_arena_printf(arena, "%s: %s over %s and sparsity", of, f.value_label, f.x_label);
    f.caption =
        cop_arena_printf(arena,
                         "%s. A panel per cell, all by one scale; mean over seeds and "
                         "repetitions.%s",
                         cop_table_help(h->group->first),
                         cells < h->r->record.cell_count ? " Not every cell is shown." : "");
    if (!is_described(&f) || f.panels == NULL || f.value_label == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cells; i++)
        COP_TRY(fill_grid(h, i, &f.panels[f.panel_count++], err));
    return cop_figures_add(out, &f, arena, err);
}

/* A cell's last round that is no later than `round` of all phases; NULL where it has none. */
static const cop_record_ticket *last_round(const cop_hint *h, size_t cell, int64_t round)
{
    const cop_record_ticket *lines[MOST_ROUNDS], *last = NULL;
    size_t count = rounds_of(h, cell, lines);
    for (size_t i = 0; i < count; i++)
        if (lines[i]->round <= round)
            last = lines[i];
    return last;
}

/* The last round that every cell reached that was pruned at all. */
static int64_t common_round(const cop_hint *h)
{
    int64_t common = INT64_MAX;
    for (size_t i = 0; i < h->r->record.cell_count; i++) {
        const cop_record_ticket *last = last_round(h, i, INT64_MAX);
        if (last != NULL && last->round > 0 && last->round < common)
            common = last->round;
    }
    return common;
}

static cop_status add_cell(const cop_hint *h, size_t cell, const cop_record_ticket *line,
                           cop_figure *f, cop_error *err)
{
    cop_arena *arena = h->r->arena;
    const char *round = cop_round_short_label(h->r, line);
    const char *label =
        round != NULL ? cop_arena_printf(arena, "%s, %s", h->r->briefs[cell], round) : NULL;
    for (size_t y = 0; label != NULL && y < h->y_count; y++) {
        cop_panel *panel = &f->panels[y];
        cop_curve *curve = &panel->curves[panel->curve_count++];
        cop_repetitions over = {0};
        curve->label = label;
        COP_TRY(cop_hint_curve(h, line, y * h->series_count, COP_GATHER_MEAN, curve, &over, err));
        for (size_t n = 0; n < curve->count; n++)
            f->bands = f->bands || curve->points[n].high > curve->points[n].low;
    }
    return label != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status make_panels(const cop_hint *h, size_t cells, cop_figure *f, cop_error *err)
{
    cop_arena *arena = h->r->arena;
    f->panels = cop_arena_array(arena, h->y_count, sizeof *f->panels);
    for (size_t y = 0; f->panels != NULL && y < h->y_count; y++) {
        cop_panel *panel = &f->panels[f->panel_count++];
        panel->title = panel->y_label =
            cop_axis_label(cop_table_column(h->group->first, (size_t)h->y[y]), arena);
        panel->curves = cop_arena_array(arena, cells, sizeof *panel->curves);
        if (panel->title == NULL || panel->curves == NULL)
            return cop_out_of_memory(err);
    }
    return f->panels != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status add_overlay(const cop_hint *h, cop_figures *out, cop_error *err)
{
    cop_arena *arena = h->r->arena;
    size_t cells = h->r->record.cell_count;
    size_t shown = cells < MOST_OVERLAID ? cells : MOST_OVERLAID;
    const cop_column *x = cop_table_column(h->group->first, (size_t)h->x);
    int64_t round = common_round(h);
    const char *of = subject(h);
    cop_figure f = {.name = named(h, "overlay"),
                    .kind = COP_FIGURE_LINES,
                    .part = COP_PART_LINE,
                    .x_label = cop_axis_label(x, arena),
                    .x_scale = cop_shown_scale(x),
                    .y_label = ""};
    if (round == INT64_MAX || cells < 2)
        return COP_OK;
    f.title = of != NULL
                  ? cop_arena_printf(arena, "%s: all cells at round %lld", of, (long long)round)
                  : NULL;
    COP_TRY(make_panels(h, shown, &f, err));
    for (size_t i = 0; i < shown; i++) {
        const cop_record_ticket *line = last_round(h, i, round);
        if (line != NULL)
            COP_TRY(add_cell(h, i, line, &f, err));
    }
    f.caption = cop_arena_printf(
        arena,
        "%s. The last round that every cell that is pruned reached; mean over seeds and "
        "repetitions%s.%s",
        cop_table_help(h->group->first),
        f.bands ? ", with a band of one standard deviation to either side" : "",
        shown < cells ? " Not every cell is shown." : "");
    return is_described(&f) ? cop_figures_add(out, &f, arena, err) : cop_out_of_memory(err);
}

/* Makes a column the first that is drawn; of the others what there is room for. */
static void put_first(cop_hint *h, int column)
{
    size_t count = h->y_count < COP_HINT_COLUMNS ? h->y_count : COP_HINT_COLUMNS - 1;
    for (size_t i = 0; i < h->y_count; i++)
        if (h->y[i] == column)
            return;
    memmove(h->y + 1, h->y, count * sizeof *h->y);
    h->y[0] = column;
    h->y_count = count + 1;
}

cop_status cop_plot_surface(const cop_results *r, const cop_table_group *group, cop_figures *out,
                            cop_error *err)
{
    const cop_plot *plot = cop_table_plot(group->first);
    cop_hint hint;
    if (plot == NULL || plot->kind != COP_PLOT_LINES || plot->surface == NULL)
        return COP_OK;
    COP_TRY(cop_hint_resolve(r, group, &hint, err));
    if (hint.x < 0 || hint.y_count == 0 || hint.series_count == 0 || hint.x_names != NULL)
        return COP_OK;
    put_first(&hint, cop_table_find_column(group->first, plot->surface));
    COP_TRY(add_surface(&hint, out, err));
    return add_overlay(&hint, out, err);
}
