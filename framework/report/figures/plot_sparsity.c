/* plot_sparsity.c: accuracy, and what summaries say, against sparsity. */
#include "core/memory.h"
#include "report/data/sheets.h"
#include "report/data/shown.h"
#include "report/figures/hint.h"
#include "report/figures/plots.h"

#include <math.h>
#include <string.h>

/* Beyond this the interesting part of a linear axis is its last few percent. */
#define LINEAR_LIMIT 0.8

/* Of a cell; more than there are kinds of them. */
#define MOST_CONTROLS 8

/* A quantity of tickets: a column of the ticket table, or, with column 0, the copies' accuracies.
 */
typedef struct quantity {
    const cop_results *r;
    const cop_table *tickets;
    const cop_joined_list *joined;
    size_t column;
    bool remaining; /* x is what remains instead of what is removed */
    size_t bare;    /* lines of which nothing remains: the axis of what remains has no place for it
                     */
    bool has_analysed_controls;
    double *values; /* room for any line's values */
} quantity;

static cop_spread spread_of_line(const quantity *q, const cop_record_ticket *line, double *x)
{
    const cop_record *record = &q->r->record;
    size_t count = 0, tickets = 0;
    double sparsity = 0.0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        if (!cop_same_line(t, line))
            continue;
        sparsity += cop_ticket_sparsity(q->r, t);
        tickets++;
        if (q->column == 0)
            count += cop_copy_accuracies(q->r, t, q->values + count);
        else
            q->values[count++] = cop_table_number(q->tickets, i, q->column);
    }
    sparsity /= (double)tickets;
    *x = q->remaining ? 1.0 - sparsity : sparsity;
    return cop_spread_of(q->values, count);
}

/* A cell's curve, or that of a control of its tickets: a point per line. */
static cop_status fill_curve(const quantity *q, size_t cell, const char *control, cop_curve *curve,
                             cop_error *err)
{
    const cop_record_ticket wanted = {.control = control};
    const cop_record *record = &q->r->record;
    size_t own = (size_t)cop_table_find_column(q->tickets, "test_accuracy");
    size_t column = q->column > 0 ? q->column : own;
    curve->label = control == NULL
                       ? q->r->briefs[cell]
                       : cop_arena_printf(q->r->arena, "%s, %s", q->r->briefs[cell], control);
    curve->y_scale = cop_shown_scale(cop_table_column(q->tickets, column));
    curve->points = cop_arena_array(q->r->arena, record->ticket_count + 1, sizeof *curve->points);
    if (curve->points == NULL || curve->label == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        bool first = t->cell == cell && cop_same_control(t, &wanted);
        for (size_t k = 0; first && k < i; k++)
            first = !cop_same_line(&record->tickets[k], t);
        if (!first)
            continue;
        double x = 0.0;
        cop_spread s = spread_of_line(q, t, &x);
        if (s.count > 0)
            curve->points[curve->count++] =
                (cop_point){.x = x, .y = s.mean, .low = s.min, .high = s.max};
    }
    return COP_OK;
}

/* The controls of a cell's tickets, each once, as far as there is room; how many. */
static size_t list_controls(const cop_record *record, size_t cell, const char **names)
{
    size_t count = 0;
    for (size_t i = 0; i < record->ticket_count; i++) {
        const char *control = record->tickets[i].control;
        bool is_new = record->tickets[i].cell == cell && control != NULL && count < MOST_CONTROLS;
        for (size_t k = 0; is_new && k < count; k++)
            is_new = strcmp(names[k], control) != 0;
        if (is_new)
            names[count++] = control;
    }
    return count;
}

/* Cells from `first` to before `end`: a curve for each, and where they are wanted one per control
 * behind it. */
static cop_status fill_panel(const quantity *q, size_t first, size_t end, bool controls,
                             cop_panel *panel, cop_error *err)
{
    const char *names[MOST_CONTROLS];
    panel->curves = cop_arena_array(q->r->arena, (end - first) * (1 + MOST_CONTROLS) + 1,
                                    sizeof *panel->curves);
    if (panel->curves == NULL)
        return cop_out_of_memory(err);
    for (size_t i = first; i < end; i++) {
        size_t count = controls ? list_controls(&q->r->record, i, names) : 0;
        COP_TRY(fill_curve(q, i, NULL, &panel->curves[panel->curve_count++], err));
        for (size_t k = 0; k < count; k++)
            COP_TRY(fill_curve(q, i, names[k], &panel->curves[panel->curve_count++], err));
    }
    return COP_OK;
}

/* The axis, which says what it has no place for. */
static const char *x_label(const quantity *q)
{
    if (!q->remaining)
        return "sparsity (%)";
    if (q->bare == 0)
        return "weights remaining (%)";
    return cop_arena_printf(q->r->arena,
                            "weights remaining (%%); not shown: %zu ticket%s with none", q->bare,
                            q->bare == 1 ? "" : "s");
}

static cop_figure new_figure(const quantity *q)
{
    return (cop_figure){.kind = COP_FIGURE_LINES,
                        .x_label = x_label(q),
                        .x_scale = 100.0,
                        .remaining = q->remaining,
                        .error_bars = true,
                        .markers = true};
}

/* How many cells have controls and are not alone: those have a panel of their own. */
static size_t count_panels(const quantity *q)
{
    const cop_record *record = &q->r->record;
    const char *names[MOST_CONTROLS];
    size_t count = 0;
    for (size_t i = 0; record->cell_count > 1 && i < record->cell_count; i++)
        count += list_controls(record, i, names) > 0;
    return count;
}

/* A panel of all cells' tickets, and behind it one for each cell that has controls: its tickets
 * with those beside them. With one cell all of it is one panel. */
static cop_status fill_accuracy(const quantity *q, cop_figure *f, cop_error *err)
{
    const cop_record *record = &q->r->record;
    const char *names[MOST_CONTROLS];
    COP_TRY(fill_panel(q, 0, record->cell_count, record->cell_count == 1,
                       &f->panels[f->panel_count++], err));
    if (count_panels(q) == 0)
        return COP_OK;
    f->panels[0].title = "all";
    for (size_t i = 0; i < record->cell_count; i++) {
        if (list_controls(record, i, names) == 0)
            continue;
        cop_panel *panel = &f->panels[f->panel_count++];
        panel->title = q->r->briefs[i];
        COP_TRY(fill_panel(q, i, i + 1, true, panel, err));
    }
    return COP_OK;
}

static cop_status plot_accuracy(const quantity *q, cop_figures *out, cop_error *err)
{
    cop_figure f = new_figure(q);
    f.name = "accuracy";
    f.part = COP_PART_ACCURACY;
    f.title = "Test accuracy against sparsity";
    f.caption = "Mean over seeds and copies; bars span the lowest and the highest.";
    f.y_label = "test accuracy (%)";
    f.shared_axes = 1; /* a control is held against every cell's tickets */
    f.panels = cop_arena_array(q->r->arena, 1 + count_panels(q), sizeof *f.panels);
    if (f.panels == NULL || f.x_label == NULL)
        return cop_out_of_memory(err);
    COP_TRY(fill_accuracy(q, &f, err));
    return cop_figures_add(out, &f, q->r->arena, err);
}

/* Figure 5's other half: what it took to find the tickets. The dense network was not looked for. */
static cop_status plot_points(quantity *q, cop_figures *out, cop_error *err)
{
    cop_figure f = new_figure(q);
    f.name = "training_points";
    f.part = COP_PART_ACCURACY;
    f.title = "Training points that finding a ticket took";
    f.caption = "Images that networks saw until the ticket's mask was found, each pass over one "
                "counted; a distilled set's as decoded. Mean over seeds; bars span the lowest and "
                "the highest. What distilling the set took is in distilled.csv and cost.csv.";
    f.y_label = "training points";
    f.log_y = true;
    f.panels = cop_arena_array(q->r->arena, 1, sizeof *f.panels);
    if (f.panels == NULL || f.x_label == NULL)
        return cop_out_of_memory(err);
    f.panel_count = 1;
    q->column = (size_t)cop_table_find_column(q->tickets, "training_points_decoded");
    COP_TRY(fill_panel(q, 0, q->r->record.cell_count, false, &f.panels[0], err));
    q->column = 0;
    return cop_figures_add(out, &f, q->r->arena, err);
}

/* The column's own name and unit, and what tells its rows from others, for the panel under the
 * group's title. */
static const char *panel_title(const cop_joined *j, cop_arena *arena)
{
    const cop_column *own = cop_table_column(j->group->first, j->column);
    const char *key = j->group->keys[j->key].label, *title = cop_axis_label(own, arena);
    if (title == NULL || key[0] == '\0')
        return title;
    return cop_arena_printf(arena, "%s: %s", key, title);
}

/* A table that states headlines is drawn by those: what else it has is in its file. How sure a
 * result is makes no curve of its own. Controls have panels for the measurements that they are
 * shown by, not for verdicts. */
static bool is_drawn(const cop_joined *j, const cop_table_group *g)
{
    const cop_plot *plot = cop_table_plot(j->group->first);
    if ((plot != NULL && plot->headlines != NULL && !j->is_main) ||
        cop_table_column(j->group->first, j->column)->role == COP_COLUMN_ERROR)
        return false;
    bool is_measured = cop_table_column(j->group->first, j->column)->type == COP_COLUMN_FLOAT;
    return j->group == g && j->as.type != COP_COLUMN_TEXT &&
           (!j->is_control || (j->is_main && is_measured));
}

/* Whether several points of a panel are all as high; then it has nothing to show but a number. */
static bool is_flat(const cop_panel *panel, double *height)
{
    size_t count = 0;
    bool is_flat = true;
    for (size_t k = 0; k < panel->curve_count; k++) {
        for (size_t n = 0; n < panel->curves[k].count; n++) {
            const cop_point *p = &panel->curves[k].points[n];
            if (isnan(p->y))
                continue;
            *height = count++ > 0 ? *height : p->y;
            is_flat = is_flat && fabs(p->y - *height) <= 1e-12 * fabs(*height);
        }
    }
    return is_flat && count > 1;
}

/* Notes in the caption a panel that is left out. */
static cop_status state_flat(const quantity *q, const cop_joined *j, const char *title,
                             double height, cop_figure *f, cop_error *err)
{
    char number[64];
    const cop_column *own = cop_table_column(j->group->first, j->column);
    (void)cop_display_number(height, own->unit, number, sizeof number);
    f->caption = cop_arena_printf(q->r->arena, "%s Not drawn, as it does not vary: %s, %s.",
                                  f->caption, title, number);
    return f->caption != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status plot_group(quantity *q, const cop_table_group *g, cop_figures *out,
                             cop_error *err)
{
    const char *help = cop_table_help(g->first);
    cop_figure f = new_figure(q);
    f.name = g->name;
    f.title = cop_table_group_title(g, help[0] != '\0' ? help : g->name, q->r->arena);
    f.caption = "Against sparsity: mean over seeds; bars span the lowest and the highest.";
    f.panels = cop_arena_array(q->r->arena, q->joined->count + 1, sizeof *f.panels);
    if (f.panels == NULL || f.title == NULL || f.x_label == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < q->joined->count; i++) {
        if (!is_drawn(&q->joined->items[i], g))
            continue;
        cop_panel *panel = &f.panels[f.panel_count];
        *panel = (cop_panel){0}; /* the last one may have been left out */
        q->column = COP_TICKET_COLUMNS + i;
        panel->title = panel_title(&q->joined->items[i], q->r->arena);
        if (panel->title == NULL)
            return cop_out_of_memory(err);
        COP_TRY(fill_panel(q, 0, q->r->record.cell_count, q->has_analysed_controls, panel, err));
        cop_figure alone = {.kind = COP_FIGURE_LINES, .panels = panel, .panel_count = 1};
        double height = 0.0;
        if (is_flat(panel, &height))
            COP_TRY(state_flat(q, &q->joined->items[i], panel->title, height, &f, err));
        else
            f.panel_count += !cop_figure_is_empty(&alone);
    }
    if (f.panel_count == 1)
        f.y_label = f.panels[0].title;
    return cop_figures_add(out, &f, q->r->arena, err);
}

/* Lines of tickets (all seeds) that have no weight left. */
static size_t count_bare(const cop_results *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        bool first = cop_ticket_sparsity(r, &r->record.tickets[i]) >= 1.0;
        for (size_t k = 0; first && k < i; k++)
            first = !cop_same_line(&r->record.tickets[k], &r->record.tickets[i]);
        count += first;
    }
    return count;
}

cop_status cop_plot_sparsity(const cop_results *r, const cop_table_groups *groups,
                             const cop_table *tickets, cop_figures *out, cop_error *err)
{
    cop_joined_list joined;
    COP_TRY(cop_ticket_joined(r, groups, &joined, err));
    quantity q = {.r = r, .tickets = tickets, .joined = &joined, .bare = count_bare(r)};
    size_t room = 1;
    double highest = 0.0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        room += r->record.tickets[i].copy_count + 1;
        highest = fmax(highest, cop_ticket_sparsity(r, &r->record.tickets[i]));
        q.has_analysed_controls =
            q.has_analysed_controls ||
            (r->record.tickets[i].control != NULL && r->record.tickets[i].analysis_count > 0);
    }
    q.remaining = highest > LINEAR_LIMIT;
    q.values = cop_arena_array(r->arena, room, sizeof *q.values);
    if (q.values == NULL)
        return cop_out_of_memory(err);
    COP_TRY(plot_accuracy(&q, out, err));
    COP_TRY(plot_points(&q, out, err));
    for (size_t i = 0; i < groups->count; i++) {
        if (groups->items[i].is_summary)
            COP_TRY(plot_group(&q, &groups->items[i], out, err));
    }
    return COP_OK;
}
