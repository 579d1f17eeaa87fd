/* plot_table.c: the figure that an analyzer's table asks for. */
#include "core/memory.h"
#include "report/data/shown.h"
#include "report/figures/hint.h"
#include "report/figures/plots.h"

#include <string.h>

#define MOST_PANELS 12
#define MOST_CURVES 6 /* rounds that share a panel */
#define MOST_ROUNDS 3 /* rounds with a panel each */
#define FEW         3 /* curves of a ticket that get a panel each */

/* How the curves are spread over panels. */
typedef enum arrangement {
    ROUNDS_IN_PANEL = 1, /* a panel for each cell and inner curve, a curve per round */
    ROUND_PER_PANEL = 2  /* a panel for each cell and round, a curve for each inner one */
} arrangement;

typedef struct arranged {
    cop_hint hint;
    const cop_table_groups *groups; /* all of the report's */
    arrangement arrangement;
    size_t inner;   /* curves of a ticket */
    size_t columns; /* panels of a cell */
    size_t cells;
    cop_gather gather;
    cop_repetitions over;
} arranged;

/* The cells that the table has rows of, up to `limit`, by position. */
static size_t cells_of(const arranged *a, size_t limit, size_t *out)
{
    const cop_record *record = &a->hint.r->record;
    size_t count = 0;
    for (size_t s = 0; s < record->cell_count && count < limit; s++) {
        bool has = false;
        for (size_t m = 0; m < a->hint.group->member_count; m++)
            has = has || a->hint.group->members[m].ticket->cell == s;
        if (has)
            out[count++] = s;
    }
    return count;
}

/* The rounds of a cell that the table has rows of stand in the record; those without are empty
 * panels, so they are chosen among tickets that were analysed. */
static size_t rounds_of(const arranged *a, size_t cell, size_t limit, const cop_record_ticket **out)
{
    const cop_table_group *g = a->hint.group;
    cop_record analysed = {.tickets = cop_arena_array(a->hint.r->arena, g->member_count + 1,
                                                      sizeof(cop_record_ticket))};
    if (analysed.tickets == NULL)
        return 0;
    for (size_t m = 0; m < g->member_count; m++)
        analysed.tickets[analysed.ticket_count++] = *g->members[m].ticket;
    return cop_choose_rounds(&analysed, cell, limit, out);
}

static cop_status round_curves(arranged *a, size_t cell, size_t inner, cop_panel *panel,
                               cop_error *err)
{
    const cop_record_ticket *lines[MOST_CURVES];
    panel->curve_count = rounds_of(a, cell, MOST_CURVES, lines);
    panel->curves =
        cop_arena_array(a->hint.r->arena, panel->curve_count + 1, sizeof *panel->curves);
    if (panel->curves == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < panel->curve_count; i++) {
        panel->curves[i].label = cop_round_short_label(a->hint.r, lines[i]);
        if (panel->curves[i].label == NULL)
            return cop_out_of_memory(err);
        COP_TRY(
            cop_hint_curve(&a->hint, lines[i], inner, a->gather, &panel->curves[i], &a->over, err));
    }
    return COP_OK;
}

static cop_status inner_curves(arranged *a, const cop_record_ticket *line, cop_panel *panel,
                               cop_error *err)
{
    panel->curve_count = a->inner;
    panel->curves = cop_arena_array(a->hint.r->arena, a->inner, sizeof *panel->curves);
    if (panel->curves == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < a->inner; i++) {
        const char *label = cop_hint_label(&a->hint, i);
        if (label == NULL)
            return cop_out_of_memory(err);
        panel->curves[i].label = label[0] != '\0' ? label : NULL;
        COP_TRY(cop_hint_curve(&a->hint, line, i, a->gather, &panel->curves[i], &a->over, err));
    }
    return COP_OK;
}

/* The table of the same analysis that says what is marked; NULL: there is none. */
static const cop_table *marks_beside(const arranged *a, const cop_record_ticket *line)
{
    const cop_table_group *own = a->hint.group;
    const char *name = a->hint.plot->marks;
    for (size_t g = 0; name != NULL && g < a->groups->count; g++) {
        const cop_table_group *other = &a->groups->items[g];
        if (strcmp(other->analyzer, own->analyzer) != 0 || other->place != own->place ||
            strcmp(cop_table_name(other->first), name) != 0)
            continue;
        for (size_t m = 0; m < other->member_count; m++)
            if (cop_same_line(other->members[m].ticket, line))
                return other->members[m].table; /* the first seed's, as the map is */
    }
    return NULL;
}

static cop_status add_marks(arranged *a, const cop_record_ticket *line, cop_panel *panel,
                            cop_error *err)
{
    const cop_table *table = marks_beside(a, line);
    int x = table != NULL ? cop_table_find_column(table, a->hint.plot->x) : -1;
    int y = table != NULL ? cop_table_find_column(table, a->hint.plot->y) : -1;
    if (x < 0 || y < 0)
        return COP_OK;
    size_t rows = cop_table_row_count(table);
    panel->marks = cop_arena_array(a->hint.r->arena, rows + 1, sizeof *panel->marks);
    if (panel->marks == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < rows; i++)
        panel->marks[panel->mark_count++] = (cop_point){.x = cop_table_number(table, i, (size_t)x),
                                                        .y = cop_table_number(table, i, (size_t)y)};
    return COP_OK;
}

/* "cell: part", or the one that there is. */
static const char *panel_title(const arranged *a, size_t cell, const char *part)
{
    const char *label = a->hint.r->briefs[cell];
    if (part == NULL || part[0] == '\0')
        return label;
    return a->cells > 1 ? cop_arena_printf(a->hint.r->arena, "%s: %s", label, part) : part;
}

static cop_status fill_cell(arranged *a, size_t cell, cop_panel *panels, cop_error *err)
{
    const cop_record_ticket *lines[MOST_ROUNDS];
    size_t rounds = a->arrangement == ROUND_PER_PANEL ? rounds_of(a, cell, MOST_ROUNDS, lines) : 0;
    for (size_t i = 0; i < a->columns; i++) {
        const char *part = "";
        if (a->arrangement == ROUNDS_IN_PANEL) {
            part = cop_hint_label(&a->hint, i);
            COP_TRY(round_curves(a, cell, i, &panels[i], err));
            if (a->hint.y_count > 1 && a->hint.series_count == 1)
                panels[i].y_label = part;
        } else if (i < rounds) {
            part = cop_round_label(a->hint.r, lines[i]);
            COP_TRY(inner_curves(a, lines[i], &panels[i], err));
            COP_TRY(add_marks(a, lines[i], &panels[i], err));
        } else {
            continue;
        }
        panels[i].title = part != NULL ? panel_title(a, cell, part) : NULL;
        if (panels[i].title == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

static void arrange(arranged *a)
{
    cop_plot_kind kind = a->hint.plot->kind;
    bool apart = kind == COP_PLOT_HISTOGRAM || kind == COP_PLOT_HEATMAP;
    a->gather = kind == COP_PLOT_POINTS    ? COP_GATHER_ALL
                : kind == COP_PLOT_HEATMAP ? COP_GATHER_FIRST
                                           : COP_GATHER_MEAN;
    a->inner = a->hint.y_count * a->hint.series_count;
    a->arrangement = !apart && a->inner <= FEW ? ROUNDS_IN_PANEL : ROUND_PER_PANEL;
    if (kind == COP_PLOT_HEATMAP)
        a->inner = 1; /* pictures cannot lie on each other */
    if (a->arrangement == ROUNDS_IN_PANEL) {
        a->columns = a->inner;
        return;
    }
    a->columns = 1;
    for (size_t s = 0; s < a->hint.r->record.cell_count; s++) {
        const cop_record_ticket *lines[MOST_ROUNDS];
        size_t rounds = rounds_of(a, s, MOST_ROUNDS, lines);
        a->columns = rounds > a->columns ? rounds : a->columns;
    }
}

/* Whether a curve of several repetitions has a band: points and histograms show theirs
 * otherwise. */
static bool has_bands(const cop_figure *f)
{
    for (size_t i = 0; f->kind == COP_FIGURE_LINES && i < f->panel_count; i++) {
        for (size_t k = 0; k < f->panels[i].curve_count; k++) {
            const cop_curve *curve = &f->panels[i].curves[k];
            for (size_t n = 0; n < curve->count; n++)
                if (curve->points[n].high > curve->points[n].low)
                    return true;
        }
    }
    return false;
}

/* Over what a mean goes, in words; the arena's, or NULL when memory is out. */
static const char *of_what(const arranged *a)
{
    cop_arena *arena = a->hint.r->arena;
    if (a->gather == COP_GATHER_ALL)
        return "All seeds and repetitions.";
    if (a->gather == COP_GATHER_FIRST)
        return "The first seed's.";
    if (a->over.most <= 1)
        return "One seed and repetition.";
    return a->over.differs
               ? "The first seed's and repetition's: they differ in x."
               : cop_arena_printf(arena, "Mean over seeds and repetitions, %zu of them at most.",
                                  a->over.most);
}

static const char *caption(const arranged *a, size_t shown, bool bands)
{
    const char *spread = bands ? " Bands: one standard deviation to either side." : "";
    const char *help = cop_table_help(a->hint.group->first), *title = a->hint.plot->title;
    if (title != NULL && strcmp(help, title) == 0)
        help = ""; /* it stands in front of the caption */
    const char *stop = help[0] == '\0' ? "" : help[strlen(help) - 1] == '.' ? " " : ". ";
    const char *cut = a->hint.dropped > 0 || shown < a->cells ? " Not everything is shown." : "";
    const char *what = of_what(a);
    return what != NULL
               ? cop_arena_printf(a->hint.r->arena, "%s%s%s%s%s", help, stop, what, spread, cut)
               : NULL;
}

static cop_status describe(const arranged *a, size_t shown, cop_figure *f, cop_error *err)
{
    const cop_hint *h = &a->hint;
    const cop_table *table = h->group->first;
    cop_arena *arena = h->r->arena;
    bool has_title = h->plot->title != NULL && h->plot->title[0] != '\0';
    f->name = h->group->name;
    f->title = cop_table_group_title(h->group, has_title ? h->plot->title : h->group->name, arena);
    f->caption = caption(a, shown, f->bands);
    f->x_label = cop_axis_label(cop_table_column(table, (size_t)h->x), arena);
    f->x_scale = h->x_names == NULL ? cop_shown_scale(cop_table_column(table, (size_t)h->x)) : 1.0;
    f->y_label =
        h->y_count == 1 ? cop_axis_label(cop_table_column(table, (size_t)h->y[0]), arena) : "";
    if (h->value >= 0 && h->plot->kind == COP_PLOT_HEATMAP)
        f->value_label = cop_axis_label(cop_table_column(table, (size_t)h->value), arena);
    if (h->value >= 0)
        f->value_scale = cop_shown_scale(cop_table_column(table, (size_t)h->value));
    return f->title != NULL && f->caption != NULL && f->x_label != NULL && f->y_label != NULL
               ? COP_OK
               : cop_out_of_memory(err);
}

static cop_status make_figure(arranged *a, cop_figures *out, cop_error *err)
{
    static const cop_figure_kind kinds[] = {[COP_PLOT_LINES] = COP_FIGURE_LINES,
                                            [COP_PLOT_POINTS] = COP_FIGURE_POINTS,
                                            [COP_PLOT_HISTOGRAM] = COP_FIGURE_HISTOGRAM,
                                            [COP_PLOT_HEATMAP] = COP_FIGURE_HEATMAP};
    const cop_hint *h = &a->hint;
    size_t cells[MOST_PANELS];
    arrange(a);
    a->cells = h->r->record.cell_count;
    size_t shown = cells_of(a, MOST_PANELS / a->columns, cells);
    cop_figure f = {.kind = kinds[h->plot->kind],
                    .log_x = h->plot->log_x,
                    .log_y = h->plot->log_y,
                    .equal_axes = h->plot->equal_axes,
                    .error_bars = h->error >= 0 && h->plot->kind != COP_PLOT_HISTOGRAM &&
                                  h->plot->kind != COP_PLOT_HEATMAP,
                    .ordered = a->arrangement == ROUNDS_IN_PANEL,
                    .legend = a->arrangement == ROUNDS_IN_PANEL ? COP_ROUND_LEGEND : NULL,
                    .x_names = h->x_labels,
                    .x_name_count = h->x_name_count,
                    .panel_count = shown * a->columns,
                    .shared_axes = a->columns,
                    .grid_columns = a->columns > 1 ? a->columns : 0};
    f.panels = cop_arena_array(h->r->arena, f.panel_count + 1, sizeof *f.panels);
    if (f.panels == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < shown; i++)
        COP_TRY(fill_cell(a, cells[i], &f.panels[i * a->columns], err));
    f.bands = !f.error_bars && has_bands(&f);
    COP_TRY(describe(a, shown, &f, err));
    return cop_figures_add(out, &f, h->r->arena, err);
}

cop_status cop_plot_table(const cop_results *r, const cop_table_groups *groups, size_t i,
                          cop_figures *out, cop_error *err)
{
    const cop_table_group *group = &groups->items[i];
    const cop_plot *plot = cop_table_plot(group->first);
    if (plot == NULL || plot->kind == COP_PLOT_NONE)
        return COP_OK;
    arranged a = {.groups = groups};
    COP_TRY(cop_hint_resolve(r, group, &a.hint, err));
    if (a.hint.x < 0 || a.hint.y_count == 0 || a.hint.series_count == 0)
        return COP_OK;
    return make_figure(&a, out, err);
}
