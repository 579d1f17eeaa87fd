/* Tests of the figure that an analyzer's table asks for: names along an axis, and over what it says
 * that a mean goes. */
#include "report_scene.h"

static const cop_column layer_columns[] = {COP_COLUMN_OF(KEY, INT, "depth", NULL, "Which layer"),
                                           COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"),
                                           COP_COLUMN_OF(KEY, TEXT, "part", NULL, "Of the network"),
                                           COP_COLUMN_OF(VALUE, FLOAT, "height", NULL, "There")};
static const cop_plot layer_plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Heights",
                                    .x = "layer", .y = "height"};

/* A table with a row for each of two layers, of another height for each seed. */
static void add_layers(scene *s, int64_t seed, const char *const parts[2])
{
    static const char *const layers[] = {"conv.0.weight", "classifier.weight"};
    cop_error err = {0};
    cop_record_ticket *t = add_ticket(s, 0);
    t->seed = seed;
    t->analyses = cop_arena_array(s->r.arena, 1, sizeof *t->analyses);
    assert_non_null(t->analyses);
    cop_table *table = cop_tables_put(add_analysis(s, t, "probe", ""), "layers", "Heights",
                                      layer_columns, 4, &layer_plot, &err);
    assert_non_null(table);
    for (int i = 0; i < 2; i++) {
        const cop_table_value cells[] = {
            {.i = i + 1}, {.text = layers[i]}, {.text = parts[i]}, {.f = (double)(2 * seed + i)}};
        assert_ok(cop_table_row(table, cells, &err), &err);
    }
}

static cop_tables *draw(scene *s, cop_figures *figures)
{
    cop_table_groups groups;
    cop_error err = {0};
    cop_tables *sheets = make_sheets(s, &groups);
    assert_ok(cop_plots_make(&s->r, &groups, cop_tables_find(sheets, "tickets"), figures, &err),
              &err);
    return sheets;
}

static const char *const one_part[] = {"body", "body"};
static const char *const two_parts[] = {"body", "head"};

/* Layers are places along one curve, whatever else a row says of its layer. */
static void texts_that_follow_from_a_name_make_no_curve(void **state)
{
    (void)state;
    const char *const *const cases[] = {one_part, two_parts};
    for (int i = 0; i < 2; i++) {
        scene s;
        cop_figures figures;
        open_scene(&s);
        add_layers(&s, 0, cases[i]);
        cop_tables *sheets = draw(&s, &figures);
        const cop_figure *f = find_figure(&figures, "layers");
        assert_int_equal(f->panel_count, 1);
        assert_int_equal(f->panels[0].curve_count, 1);
        assert_int_equal(f->panels[0].curves[0].count, 2);
        cop_tables_free(sheets);
        close_scene(&s);
    }
}

/* What all names end in says nothing of one. */
static void a_shared_ending_is_not_shown(void **state)
{
    (void)state;
    scene s;
    cop_figures figures;
    open_scene(&s);
    add_layers(&s, 0, one_part);
    cop_tables *sheets = draw(&s, &figures);
    const cop_figure *f = find_figure(&figures, "layers");
    assert_int_equal(f->x_name_count, 2);
    assert_string_equal(f->x_names[0], "conv.0");
    assert_string_equal(f->x_names[1], "classifier");
    cop_tables_free(sheets);
    close_scene(&s);
}

static void a_caption_says_of_how_many_the_mean_is(void **state)
{
    (void)state;
    static const char *const wanted[] = {"One seed and repetition.",
                                         "Mean over seeds and repetitions, 2 of them at most."};
    for (int seeds = 1; seeds <= 2; seeds++) {
        scene s;
        cop_figures figures;
        open_scene(&s);
        for (int64_t seed = 0; seed < seeds; seed++)
            add_layers(&s, seed, one_part);
        cop_tables *sheets = draw(&s, &figures);
        const cop_figure *f = find_figure(&figures, "layers");
        assert_int_equal(strncmp(f->caption, wanted[seeds - 1], strlen(wanted[seeds - 1])), 0);
        assert_true(f->panels[0].curves[0].points[1].y == (seeds == 1 ? 1.0 : 2.0));
        cop_tables_free(sheets);
        close_scene(&s);
    }
}

static const cop_column plane_columns[] = {COP_COLUMN_OF(KEY, FLOAT, "x", NULL, "Across"),
                                           COP_COLUMN_OF(KEY, FLOAT, "y", NULL, "Up"),
                                           COP_COLUMN_OF(VALUE, FLOAT, "loss", NULL, "There")};
static const cop_plot plane_plot = {
    COP_SIZED(cop_plot), .kind = COP_PLOT_HEATMAP, .title = "A plane", .x = "x", .y = "y",
    .value = "loss"};

/* Planes through other copies are other planes, even where their grids are the same. */
static void a_map_is_of_one_seed(void **state)
{
    (void)state;
    scene s;
    cop_figures figures;
    cop_error err = {0};
    open_scene(&s);
    for (int64_t seed = 0; seed < 2; seed++) {
        cop_record_ticket *t = add_ticket(&s, 0);
        t->seed = seed;
        t->analyses = cop_arena_array(s.r.arena, 1, sizeof *t->analyses);
        assert_non_null(t->analyses);
        cop_table *table = cop_tables_put(add_analysis(&s, t, "probe", ""), "plane", "A plane",
                                          plane_columns, 3, &plane_plot, &err);
        assert_non_null(table);
        for (int i = 0; i < 4; i++) {
            const cop_table_value cells[] = {
                {.f = i % 2}, {.f = i / 2}, {.f = (double)(10 * seed + i)}};
            assert_ok(cop_table_row(table, cells, &err), &err);
        }
    }
    cop_tables *sheets = draw(&s, &figures);
    const cop_figure *f = find_figure(&figures, "plane");
    assert_int_equal(f->panels[0].curves[0].count, 4);
    for (int i = 0; i < 4; i++)
        assert_true(f->panels[0].curves[0].points[i].value == i);
    assert_non_null(strstr(f->caption, "The first seed's."));
    cop_tables_free(sheets);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_that_follow_from_a_name_make_no_curve),
        cmocka_unit_test(a_shared_ending_is_not_shown),
        cmocka_unit_test(a_caption_says_of_how_many_the_mean_is),
        cmocka_unit_test(a_map_is_of_one_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
