/* test_plot_series.c: what works recorded becomes a figure for each plugin, on results that are made
 * up in memory. */
#include "support.h"

#include "report/figures/plots.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 16, POINTS = 3 };

typedef struct scene {
    cop_results r;
    cop_record_cell cells[2];
    const char *briefs[2];
    cop_record_ticket tickets[MOST];
    cop_record_analysis analyses[MOST];
    size_t analysis_count;
    cop_record_distilled distilled[MOST];
    cop_result found[MOST];
    cop_figures figures;
} scene;

static void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    s->briefs[0] = "A";
    s->briefs[1] = "B";
    s->r.arena = cop_arena_new();
    assert_non_null(s->r.arena);
    s->r.found = s->found;
    cop_error err = {0};
    assert_ok(cop_name_table_make(MOST, s->r.arena, &s->r.known, &err), &err);
    s->r.briefs = s->briefs;
    s->r.record = (cop_record){
        .cells = s->cells, .cell_count = 2, .tickets = s->tickets, .distilled = s->distilled};
}

static void close_scene(scene *s)
{
    cop_arena_free(s->r.arena);
}

/* A result in which each of the names, separated by commas, has the values first, first + 1 … at
 * steps 0, 1 … */
static const cop_artifact_id *add_result(scene *s, const char *kind, const char *made_by,
                                         const char *names, double first)
{
    char identity[32], text[128], *rest = text;
    cop_error err = {0};
    cop_result *result = &s->found[s->r.found_count];
    (void)snprintf(identity, sizeof identity, "%zu", s->r.found_count++);
    *result = (cop_result){.provenance = "", .made_by = made_by};
    assert_ok(cop_artifact_name(kind, identity, &result->id, &err), &err);
    cop_name_table_put(&s->r.known, &result->id, (size_t)(result - s->found));
    (void)snprintf(text, sizeof text, "%s", names);
    result->series = cop_arena_array(s->r.arena, COP_SERIES_MOST, sizeof *result->series);
    for (char *name = strsep(&rest, ","); name != NULL && name[0] != '\0';
         name = strsep(&rest, ",")) {
        cop_series_point *points = cop_arena_array(s->r.arena, POINTS, sizeof *points);
        for (int i = 0; i < POINTS; i++)
            points[i] = (cop_series_point){i, first + i};
        result->series[result->series_count++] =
            (cop_series){cop_arena_strdup(s->r.arena, name), points, POINTS};
    }
    return &result->id;
}

static void add_set(scene *s, size_t cell, int64_t seed, const cop_artifact_id *id)
{
    s->distilled[s->r.record.distilled_count++] =
        (cop_record_distilled){.cell = cell, .seed = seed, .set = *id};
}

static cop_record_ticket *add_ticket(scene *s, size_t cell, int64_t seed, int64_t round)
{
    cop_record_ticket *t = &s->tickets[s->r.record.ticket_count++];
    *t = (cop_record_ticket){.cell = cell, .seed = seed, .phase = round - 1, .round = round};
    return t;
}

static void add_analysis(scene *s, cop_record_ticket *t, const char *label,
                         const cop_artifact_id *id)
{
    cop_record_analysis *a = &s->analyses[s->analysis_count++];
    *a = (cop_record_analysis){.analyzer = "probe", .label = label, .id = *id};
    t->analyses = t->analysis_count == 0 ? a : t->analyses;
    t->analysis_count++;
}

static void plot(scene *s)
{
    cop_error err = {0};
    assert_ok(cop_plot_series(&s->r, &s->figures, &err), &err);
}

static void nothing_recorded_makes_no_figure(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    add_set(&s, 0, 1, add_result(&s, COP_ARTIFACT_SET, "random", "", 0.0));
    plot(&s);
    assert_int_equal(s.figures.count, 0);
    close_scene(&s);
}

static void a_distillers_cells_are_curves_of_one_panel_for_each_series(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    for (size_t cell = 0; cell < 2; cell++)
        for (int64_t seed = 0; seed < 2; seed++)
            add_set(&s, cell, seed,
                    add_result(&s, COP_ARTIFACT_SET, "idc", "matching loss,network loss",
                               10.0 * (double)cell + (double)seed));
    plot(&s);
    assert_int_equal(s.figures.count, 1);
    const cop_figure *f = &s.figures.items[0];
    assert_string_equal(f->name, "series-distiller-idc");
    assert_string_equal(f->title, "Recorded by distiller idc");
    assert_string_equal(f->x_label, "step");
    assert_int_equal(f->panel_count, 2);
    assert_string_equal(f->panels[0].y_label, "matching loss");
    assert_string_equal(f->panels[1].y_label, "network loss");
    assert_int_equal(f->panels[0].curve_count, 2);
    const cop_curve *b = &f->panels[0].curves[1];
    assert_string_equal(b->label, "B");
    assert_int_equal(b->count, POINTS);
    for (int i = 0; i < POINTS; i++) { /* the mean of 10 + i and 11 + i */
        assert_true(b->points[i].x == i);
        assert_true(b->points[i].y == 10.5 + i);
    }
    close_scene(&s);
}

/* As where a sweep is over the pruner. */
static void a_set_that_serves_several_cells_is_one_curve(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    const cop_artifact_id *id = add_result(&s, COP_ARTIFACT_SET, "idc", "loss", 0.0);
    add_set(&s, 0, 1, id);
    add_set(&s, 1, 1, id);
    plot(&s);
    assert_int_equal(s.figures.items[0].panels[0].curve_count, 1);
    assert_null(s.figures.items[0].panels[0].curves[0].label);
    close_scene(&s);
}

static void a_pruners_rounds_are_curves_in_panels_of_the_cell(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    for (size_t cell = 0; cell < 2; cell++) {
        for (int64_t round = 1; round <= 3; round++) {
            cop_record_ticket *t = add_ticket(&s, cell, 0, round);
            t->has_mask = true;
            t->mask = *add_result(&s, COP_ARTIFACT_MASK, "imp", "threshold", (double)round);
        }
    }
    plot(&s);
    assert_int_equal(s.figures.count, 1);
    const cop_figure *f = &s.figures.items[0];
    assert_string_equal(f->name, "series-pruner-imp");
    assert_int_equal(f->panel_count, 2);
    assert_string_equal(f->panels[1].title, "B");
    assert_string_equal(f->panels[1].y_label, "threshold");
    assert_int_equal(f->panels[1].curve_count, 3);
    assert_string_equal(f->panels[1].curves[2].label, "round 3");
    assert_true(f->panels[1].curves[2].points[0].y == 3.0);
    close_scene(&s);
}

static void instances_of_an_analyzer_stay_apart(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    for (int64_t seed = 0; seed < 2; seed++) {
        cop_record_ticket *t = add_ticket(&s, 0, seed, 0);
        add_analysis(&s, t, "copy = 0",
                     add_result(&s, COP_ARTIFACT_ANALYSIS, "probe", "trace", 0.0));
        add_analysis(&s, t, "copy = 1",
                     add_result(&s, COP_ARTIFACT_ANALYSIS, "probe", "trace", 4.0));
    }
    plot(&s);
    assert_int_equal(s.figures.count, 2);
    assert_string_equal(s.figures.items[0].name, "series-analyzer-probe");
    assert_string_equal(s.figures.items[1].name, "series-analyzer-probe-2");
    assert_string_equal(s.figures.items[1].title, "Recorded by analyzer probe (copy = 1)");
    assert_true(s.figures.items[0].panels[0].curves[0].points[1].y == 1.0);
    assert_true(s.figures.items[1].panels[0].curves[0].points[1].y == 5.0);
    close_scene(&s);
}

static void plugins_of_one_id_and_two_kinds_have_figures_of_their_own(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_record_ticket *t = add_ticket(&s, 0, 0, 1);
    t->has_mask = true;
    t->mask = *add_result(&s, COP_ARTIFACT_MASK, "random", "a", 0.0);
    add_set(&s, 0, 0, add_result(&s, COP_ARTIFACT_SET, "random", "a", 0.0));
    plot(&s);
    assert_int_equal(s.figures.count, 2);
    assert_string_equal(s.figures.items[0].name, "series-distiller-random");
    assert_string_equal(s.figures.items[1].name, "series-pruner-random");
    close_scene(&s);
}

static void more_series_than_fit_are_cut_and_said(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    add_set(&s, 0, 0, add_result(&s, COP_ARTIFACT_SET, "idc", "a,b,c,d,e,f,g", 0.0));
    plot(&s);
    assert_int_equal(s.figures.items[0].panel_count, 6);
    assert_non_null(strstr(s.figures.items[0].caption, "Not everything is shown."));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_recorded_makes_no_figure),
        cmocka_unit_test(a_distillers_cells_are_curves_of_one_panel_for_each_series),
        cmocka_unit_test(a_set_that_serves_several_cells_is_one_curve),
        cmocka_unit_test(a_pruners_rounds_are_curves_in_panels_of_the_cell),
        cmocka_unit_test(instances_of_an_analyzer_stay_apart),
        cmocka_unit_test(plugins_of_one_id_and_two_kinds_have_figures_of_their_own),
        cmocka_unit_test(more_series_than_fit_are_cut_and_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
