/* plot_series.c: what the works of a plugin recorded as they went, by step. */
#include "core/memory.h"
#include "report/figures/curves.h"
#include "report/figures/plots.h"

#include <string.h>

#define MOST_CELLS  6
#define MOST_ROUNDS 6
#define MOST_SERIES 6

/* A recorded result where the study has it: at a ticket, or for a distilled set at one that is made
 * up for the cell and seed. */
typedef struct use {
    const char *kind;  /* of the plugin */
    const char *label; /* what tells an analyzer's instance from its others, or "" */
    const cop_result *result;
    cop_record_ticket ticket;
} use;

/* The uses of one plugin, and its series. */
typedef struct group {
    const cop_results *r;
    const use *uses;
    size_t count;
    const char *names[MOST_SERIES];
    size_t name_count;
    bool is_cut; /* there is more than is shown */
    cop_repetitions over;
} group;

static void add_use(const cop_results *r, use u, const cop_artifact_id *id, use *uses,
                    size_t *count)
{
    u.result = cop_results_find(r, id);
    if (u.result != NULL && u.result->series_count > 0)
        uses[(*count)++] = u;
}

/* Every use of every recorded result. */
static size_t list_uses(const cop_results *r, use *uses)
{
    size_t count = 0;
    for (size_t i = 0; i < r->record.distilled_count; i++) {
        const cop_record_distilled *d = &r->record.distilled[i];
        const use u = {.kind = "distiller",
                       .label = "",
                       .ticket = {.cell = d->cell, .seed = d->seed, .phase = -1}};
        add_use(r, u, &d->set, uses, &count);
    }
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        use u = {.kind = "pruner", .label = "", .ticket = *t};
        if (t->has_mask && t->control == NULL)
            add_use(r, u, &t->mask, uses, &count);
        u.kind = "analyzer";
        for (size_t k = 0; k < t->analysis_count; k++) {
            u.label = t->analyses[k].label;
            add_use(r, u, &t->analyses[k].id, uses, &count);
        }
    }
    return count;
}

static size_t most_uses(const cop_record *record)
{
    size_t count = record->distilled_count + record->ticket_count;
    for (size_t i = 0; i < record->ticket_count; i++)
        count += record->tickets[i].analysis_count;
    return count;
}

static bool is_same_plugin(const use *a, const use *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->result->made_by, b->result->made_by) == 0 &&
           strcmp(a->label, b->label) == 0;
}

static const cop_series *find_series(const cop_result *result, const char *name)
{
    for (size_t i = 0; i < result->series_count; i++) {
        if (strcmp(result->series[i].name, name) == 0)
            return &result->series[i];
    }
    return NULL;
}

/* The names of all series, in order of first appearance. */
static void list_names(group *g)
{
    for (size_t i = 0; i < g->count; i++) {
        const cop_result *result = g->uses[i].result;
        for (size_t k = 0; k < result->series_count; k++) {
            size_t n = 0;
            while (n < g->name_count && strcmp(g->names[n], result->series[k].name) != 0)
                n++;
            if (n < g->name_count)
                continue;
            if (n == MOST_SERIES)
                g->is_cut = true;
            else
                g->names[g->name_count++] = result->series[k].name;
        }
    }
}

/* The mean over the seeds of one line. */
static cop_status fill_curve(group *g, const cop_record_ticket *line, const char *name,
                             cop_curve *curve, cop_error *err)
{
    size_t room = 1, count = 0, repetition = 0;
    for (size_t i = 0; i < g->count; i++) {
        const cop_series *s = find_series(g->uses[i].result, name);
        room += s != NULL && cop_same_line(&g->uses[i].ticket, line) ? s->count : 0;
    }
    cop_sample_point *rows = cop_arena_array(g->r->arena, room, sizeof *rows);
    if (rows == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < g->count; i++) {
        const cop_series *s = find_series(g->uses[i].result, name);
        if (s == NULL || !cop_same_line(&g->uses[i].ticket, line))
            continue;
        for (size_t k = 0; k < s->count; k++)
            rows[count++] = (cop_sample_point){
                repetition, {.x = (double)s->points[k].step, .y = s->points[k].value}};
        repetition++;
    }
    return cop_curve_average(rows, count, g->r->arena, curve, &g->over, err);
}

/* A panel for each series; in it a curve for each of the lines, with the label that it has. */
static cop_status fill_panels(group *g, const cop_record_ticket *const *lines,
                              const char *const *labels, size_t line_count, const char *title,
                              cop_panel *panels, cop_error *err)
{
    for (size_t n = 0; n < g->name_count; n++) {
        cop_panel *panel = &panels[n];
        panel->title = title != NULL ? title : g->names[n];
        panel->y_label = g->names[n];
        panel->curve_count = line_count;
        panel->curves = cop_arena_array(g->r->arena, line_count + 1, sizeof *panel->curves);
        if (panel->curves == NULL)
            return cop_out_of_memory(err);
        for (size_t i = 0; i < line_count; i++) {
            panel->curves[i].label = labels[i];
            COP_TRY(fill_curve(g, lines[i], g->names[n], &panel->curves[i], err));
        }
    }
    return COP_OK;
}

/* The first use of each cell, of those that share a result the first cell's alone. */
static size_t choose_cells(group *g, const use **out)
{
    size_t count = 0;
    for (size_t i = 0; i < g->count; i++) {
        const use *u = &g->uses[i];
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new = is_new && g->uses[k].ticket.cell != u->ticket.cell &&
                     g->uses[k].result != u->result;
        if (is_new && count == MOST_CELLS)
            g->is_cut = true;
        else if (is_new)
            out[count++] = u;
    }
    return count;
}

/* Distillers: the cells beside each other, in the same panels. */
static cop_status compare_cells(group *g, cop_figure *f, cop_error *err)
{
    const use *cells[MOST_CELLS];
    const cop_record_ticket *lines[MOST_CELLS];
    const char *labels[MOST_CELLS];
    size_t count = choose_cells(g, cells);
    for (size_t i = 0; i < count; i++) {
        lines[i] = &cells[i]->ticket;
        labels[i] = count > 1 ? g->r->briefs[cells[i]->ticket.cell] : NULL;
    }
    f->panel_count = g->name_count;
    f->panels = cop_arena_array(g->r->arena, f->panel_count + 1, sizeof *f->panels);
    if (f->panels == NULL)
        return cop_out_of_memory(err);
    return fill_panels(g, lines, labels, count, NULL, f->panels, err);
}

/* The rounds of one cell, in panels of their own. */
static cop_status fill_cell(group *g, size_t cell, cop_panel *panels, cop_error *err)
{
    const cop_record_ticket *lines[MOST_ROUNDS];
    const char *labels[MOST_ROUNDS];
    cop_record own = {.tickets =
                          cop_arena_array(g->r->arena, g->count + 1, sizeof(cop_record_ticket))};
    if (own.tickets == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < g->count; i++)
        own.tickets[own.ticket_count++] = g->uses[i].ticket;
    size_t count = cop_choose_rounds(&own, cell, MOST_ROUNDS, lines);
    for (size_t i = 0; i < count; i++) {
        labels[i] = cop_round_short_label(g->r, lines[i]);
        if (labels[i] == NULL)
            return cop_out_of_memory(err);
    }
    return fill_panels(g, lines, labels, count, g->r->briefs[cell], panels, err);
}

/* Pruners and analyzers: the rounds beside each other, a row of panels for each cell. */
static cop_status compare_rounds(group *g, cop_figure *f, cop_error *err)
{
    size_t cells = 0;
    f->panels = cop_arena_array(g->r->arena, MOST_CELLS * g->name_count + 1, sizeof *f->panels);
    if (f->panels == NULL)
        return cop_out_of_memory(err);
    for (size_t c = 0; c < g->r->record.cell_count; c++) {
        bool has = false;
        for (size_t i = 0; i < g->count; i++)
            has = has || g->uses[i].ticket.cell == c;
        if (has && cells == MOST_CELLS)
            g->is_cut = true;
        else if (has)
            COP_TRY(fill_cell(g, c, &f->panels[cells++ * g->name_count], err));
    }
    f->panel_count = cells * g->name_count;
    f->grid_columns = g->name_count;
    f->legend = COP_ROUND_LEGEND;
    f->ordered = true;
    return COP_OK;
}

/* "series-distiller-idc", with a number behind it from the second instance of an analyzer on. (No
 * table's figure has a hyphen in its name.) */
static const char *name_of(const group *g, size_t instance)
{
    const use *u = &g->uses[0];
    char *name = instance > 0 ? cop_arena_printf(g->r->arena, "series-%s-%.60s-%zu", u->kind,
                                                 u->result->made_by, instance + 1)
                              : cop_arena_printf(g->r->arena, "series-%s-%.60s", u->kind,
                                                 u->result->made_by);
    for (char *c = name; c != NULL && *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", *c) == NULL)
            *c = '_';
    }
    return name;
}

static cop_status make_figure(group *g, size_t instance, cop_figures *out, cop_error *err)
{
    const use *u = &g->uses[0];
    cop_arena *arena = g->r->arena;
    cop_figure f = {.name = name_of(g, instance),
                    .title = cop_arena_printf(arena, "Recorded by %s %s%s%s%s", u->kind,
                                              u->result->made_by, u->label[0] != '\0' ? " (" : "",
                                              u->label, u->label[0] != '\0' ? ")" : ""),
                    .kind = COP_FIGURE_LINES,
                    .x_label = "step"};
    list_names(g);
    if (strcmp(u->kind, "distiller") == 0)
        COP_TRY(compare_cells(g, &f, err));
    else
        COP_TRY(compare_rounds(g, &f, err));
    f.caption = cop_arena_printf(arena, "%s%s",
                                 g->over.differs
                                     ? "Seeds differ in their steps: each curve is the first one's."
                                     : "Mean over seeds; of long series, some two thousand steps.",
                                 g->is_cut ? " Not everything is shown." : "");
    if (f.name == NULL || f.title == NULL || f.caption == NULL)
        return cop_out_of_memory(err);
    return cop_figures_add(out, &f, arena, err);
}

/* Moves the uses of the first one's plugin to the front, in their order; gives how many those are.
 */
static size_t gather(use *uses, size_t count)
{
    size_t own = 1;
    for (size_t i = 1; i < count; i++) {
        if (!is_same_plugin(&uses[0], &uses[i]))
            continue;
        const use moved = uses[i];
        memmove(&uses[own + 1], &uses[own], (i - own) * sizeof *uses);
        uses[own++] = moved;
    }
    return own;
}

/* Whether both are the same plugin's, whatever tells its instances apart. */
static bool is_sibling(const use *a, const use *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->result->made_by, b->result->made_by) == 0;
}

cop_status cop_plot_series(const cop_results *r, cop_figures *out, cop_error *err)
{
    use *uses = cop_arena_array(r->arena, most_uses(&r->record) + 1, sizeof *uses);
    if (uses == NULL)
        return cop_out_of_memory(err);
    size_t count = list_uses(r, uses), own = 0;
    for (size_t first = 0; first < count; first += own) {
        size_t instance = 0;
        own = gather(&uses[first], count - first);
        for (size_t i = 0; i < first; i++) {
            bool begins = i == 0 || !is_same_plugin(&uses[i - 1], &uses[i]);
            instance += begins && is_sibling(&uses[i], &uses[first]) ? 1 : 0;
        }
        group g = {.r = r, .uses = &uses[first], .count = own};
        COP_TRY(make_figure(&g, instance, out, err));
    }
    return COP_OK;
}
