/* plot_history.c: how the tickets' trainings went, by epoch. */
#include "core/memory.h"
#include "report/figures/curves.h"
#include "report/figures/plots.h"

#include <math.h>

#define MOST_ROUNDS   6
#define MOST_SETTINGS 6

/* What a panel shows. */
typedef struct measure {
    const char *label;
    int column;
    double scale;
} measure;

static const measure measures[] = {{"training loss", COP_HISTORY_TRAIN_LOSS, 1.0},
                                   {"test accuracy (%)", COP_HISTORY_TEST_ACCURACY, 100.0}};
enum { MEASURE_COUNT = sizeof measures / sizeof measures[0] };

static size_t count_rows(const cop_results *r, const cop_record_ticket *line)
{
    size_t count = 0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        for (size_t k = 0; k < t->copy_count && cop_same_line(t, line); k++) {
            const cop_result *copy = cop_results_find(r, &t->copies[k]);
            count += copy != NULL ? copy->history_count : 0;
        }
    }
    return count;
}

static void add_rows(const cop_result *training, const measure *m, size_t repetition,
                     cop_sample_point *rows, size_t *count)
{
    for (size_t i = 0; i < training->history_count; i++) {
        const double *row = training->history[i];
        if (!isnan(row[m->column]))
            rows[(*count)++] =
                (cop_sample_point){repetition, {.x = row[COP_HISTORY_EPOCH], .y = row[m->column]}};
    }
}

/* The mean over seeds and copies of one ticket. */
static cop_status fill_curve(const cop_results *r, const cop_record_ticket *line, const measure *m,
                             cop_curve *curve, cop_repetitions *over, cop_error *err)
{
    cop_sample_point *rows = cop_arena_array(r->arena, count_rows(r, line) + 1, sizeof *rows);
    curve->label = cop_round_short_label(r, line);
    if (rows == NULL || curve->label == NULL)
        return cop_out_of_memory(err);
    size_t count = 0, repetition = 0;
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        for (size_t k = 0; k < t->copy_count && cop_same_line(t, line); k++) {
            const cop_result *copy = cop_results_find(r, &t->copies[k]);
            if (copy != NULL)
                add_rows(copy, m, repetition++, rows, &count);
        }
    }
    curve->y_scale = m->scale;
    return cop_curve_average(rows, count, r->arena, curve, over, err);
}

static cop_status fill_panel(const cop_results *r, size_t cell, const measure *m, cop_panel *panel,
                             cop_repetitions *over, cop_error *err)
{
    const cop_record_ticket *lines[MOST_ROUNDS];
    panel->title = r->briefs[cell];
    panel->y_label = m->label;
    panel->curve_count = cop_choose_rounds(&r->record, cell, MOST_ROUNDS, lines);
    panel->curves = cop_arena_array(r->arena, panel->curve_count + 1, sizeof *panel->curves);
    if (panel->curves == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < panel->curve_count; i++)
        COP_TRY(fill_curve(r, lines[i], m, &panel->curves[i], over, err));
    return COP_OK;
}

cop_status cop_plot_history(const cop_results *r, cop_figures *out, cop_error *err)
{
    size_t cells = r->record.cell_count < MOST_SETTINGS ? r->record.cell_count : MOST_SETTINGS;
    cop_repetitions over = {0};
    cop_figure f = {.name = "history",
                    .title = "Training of the tickets",
                    .kind = COP_FIGURE_LINES,
                    .x_label = "epoch",
                    .legend = COP_ROUND_LEGEND,
                    .ordered = true,
                    .grid_columns = MEASURE_COUNT,
                    .panel_count = cells * MEASURE_COUNT,
                    .shared_axes = MEASURE_COUNT};
    f.panels = cop_arena_array(r->arena, f.panel_count + 1, sizeof *f.panels);
    if (f.panels == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < f.panel_count; i++)
        COP_TRY(fill_panel(r, i / MEASURE_COUNT, &measures[i % MEASURE_COUNT], &f.panels[i], &over,
                           err));
    f.caption = over.differs ? "Trainings differ in length: each curve is one network's."
                             : "Mean over seeds and copies, on real data.";
    return cop_figures_add(out, &f, r->arena, err);
}
