/* Tests of what the report joins and averages, on results that are made up in memory: kinds of rows
 * stay apart, instances of an analyzer too, and images are counted as stored and as decoded. */
#include "report_scene.h"

static const cop_column barrier_columns[] = {
    COP_COLUMN(TEXT, "kind", NULL, "Which"), COP_COLUMN(TEXT, "pair", NULL, "Two copies"),
    COP_COLUMN(TEXT, "statistics", NULL, "How"), COP_COLUMN(FLOAT, "height", "fraction", "Of it"),
    COP_COLUMN(INT, "stable", NULL, "Whether")};
static const cop_plot barrier_plot = {COP_SIZED(cop_plot), .headlines = "height"};

static void add_barriers(cop_tables *tables, bool control, bool both)
{
    static const struct {
        const char *kind, *pair;
        double height;
    } rows[] = {{"copies", "0-1", 0.25},
                {"copies", "0-2", 0.75},
                {"control", "0-0", 0.0},
                {"control_init", "inits", 0.875}};
    cop_error err = {0};
    cop_table *table =
        cop_tables_put(tables, "barrier", "Barriers", barrier_columns, 5, &barrier_plot, &err);
    assert_non_null(table);
    for (int way = 0; way < (both ? 2 : 1); way++) {
        for (size_t i = 0; i < (control ? 4u : 2u); i++) {
            const cop_table_value cells[] = {{.text = rows[i].kind},
                                             {.text = rows[i].pair},
                                             {.text = way == 0 ? "plain" : "again"},
                                             {.f = rows[i].height / (way + 1)},
                                             {.i = rows[i].height < 0.5}};
            assert_ok(cop_table_row(table, cells, &err), &err);
        }
    }
}

static void controls_are_no_part_of_the_headline(void **state)
{
    (void)state;
    for (int control = 0; control <= 1; control++) {
        scene s;
        cop_table_groups groups;
        open_scene(&s);
        add_barriers(add_analysis(&s, add_ticket(&s, 0), "probe", ""), control == 1, false);
        cop_tables *sheets = make_sheets(&s, &groups);
        static const char *const joined[] = {"tickets", "summary"};
        for (size_t i = 0; i < 2; i++) {
            assert_true(number(sheets, joined[i], 0, "barrier_height") == 0.5);
            assert_true(number(sheets, joined[i], 0, "barrier_stable") == 0.5);
            if (control == 0) {
                assert_false(has_column(sheets, joined[i], "barrier_control_height"));
                continue;
            }
            assert_true(number(sheets, joined[i], 0, "barrier_control_height") == 0.0);
            assert_true(number(sheets, joined[i], 0, "barrier_control_init_height") == 0.875);
        }
        const char *headlines = cop_table_plot(cop_tables_find(sheets, "summary"))->headlines;
        assert_non_null(strstr(headlines, ",barrier_height"));
        assert_null(strstr(headlines, "control"));
        /* All rows are in the table itself. */
        assert_int_equal(cop_table_row_count(cop_tables_find(sheets, "barrier")),
                         control == 1 ? 4 : 2);
        cop_tables_free(sheets);
        close_scene(&s);
    }
}

static void a_study_of_controls_alone_has_no_headline(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    cop_error err = {0};
    open_scene(&s);
    cop_table *table = cop_tables_put(add_analysis(&s, add_ticket(&s, 0), "probe", ""), "barrier",
                                      "Barriers", barrier_columns, 5, &barrier_plot, &err);
    const cop_table_value cells[] = {
        {.text = "control"}, {.text = "0-0"}, {.text = "plain"}, {.f = 0.0}, {.i = 1}};
    assert_ok(cop_table_row(table, cells, &err), &err);
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_false(has_column(sheets, "tickets", "barrier_height"));
    assert_true(number(sheets, "tickets", 0, "barrier_control_height") == 0.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void ways_to_measure_have_columns_with_and_without_controls(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    open_scene(&s);
    add_barriers(add_analysis(&s, add_ticket(&s, 0), "probe", ""), true, true);
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_true(number(sheets, "tickets", 0, "barrier_plain_height") == 0.5);
    assert_true(number(sheets, "tickets", 0, "barrier_again_height") == 0.25);
    assert_true(number(sheets, "tickets", 0, "barrier_control_init_plain_height") == 0.875);
    assert_true(number(sheets, "tickets", 0, "barrier_control_init_again_height") == 0.4375);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void figures_draw_no_mean_over_kinds(void **state)
{
    (void)state;
    static const cop_column columns[] = {
        COP_COLUMN(TEXT, "kind", NULL, "Which"), COP_COLUMN(TEXT, "pair", NULL, "Two copies"),
        COP_COLUMN(FLOAT, "alpha", NULL, "Where"), COP_COLUMN(FLOAT, "error", "fraction", "There")};
    static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Lines",
                                  .x = "alpha", .y = "error"};
    scene s;
    cop_table_groups groups;
    cop_figures figures;
    cop_error err = {0};
    open_scene(&s);
    cop_table *table = cop_tables_put(add_analysis(&s, add_ticket(&s, 0), "probe", ""), "line",
                                      "Lines", columns, 4, &plot, &err);
    assert_non_null(table);
    for (int i = 0; i < 6; i++) {
        const cop_table_value cells[] = {{.text = i < 4 ? "copies" : "baseline"},
                                         {.text = i < 2   ? "0-1"
                                                  : i < 4 ? "0-2"
                                                          : "0-0"},
                                         {.f = i % 2},
                                         {.f = i < 2   ? 0.25
                                               : i < 4 ? 0.75
                                                       : 0.0}};
        assert_ok(cop_table_row(table, cells, &err), &err);
    }
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_ok(cop_plots_make(&s.r, &groups, cop_tables_find(sheets, "tickets"), &figures, &err),
              &err);
    const cop_figure *f = find_figure(&figures, "line");
    assert_int_equal(f->panel_count, 2);
    assert_string_equal(f->panels[0].title, "copies");
    assert_true(f->panels[0].curves[0].points[0].y == 0.5);
    assert_true(f->panels[0].curves[0].y_scale == 100.0); /* percent, for people */
    assert_string_equal(f->panels[1].title, "baseline");
    assert_true(f->panels[1].curves[0].points[0].y == 0.0);
    assert_string_equal(f->y_label, "error (%)");
    cop_tables_free(sheets);
    close_scene(&s);
}

/* Names and places that the rules for columns without a role take for something else. */
static const cop_column odd_columns[] = {
    COP_COLUMN_OF(VALUE, FLOAT, "pair", "fraction", "A result, though it is called so"),
    COP_COLUMN_OF(REPETITION, INT, "attempt", NULL, "Number of the attempt"),
    COP_COLUMN_OF(KEY, INT, "manner", NULL, "In which way"),
    COP_COLUMN_OF(KEY, TEXT, "sort", NULL, "Of what sort"),
    COP_COLUMN_OF(VALUE, TEXT, "kind", NULL, "A remark, though it is called so")};

/* Two attempts each of manner 0, of manner 1, and of a control. */
static void add_odd_rows(cop_table *table)
{
    static const struct {
        double pair;
        int64_t attempt, manner;
        const char *sort, *remark;
    } rows[] = {{0.25, 0, 0, "real", "control, it says"},
                {0.75, 1, 0, "real", "control, it says"},
                {0.0, 0, 1, "real", "fine"},
                {0.5, 1, 1, "real", "fine"},
                {0.0, 0, 0, "control", "fine"},
                {0.25, 1, 0, "control", "fine"}};
    cop_error err = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cop_table_value cells[] = {{.f = rows[i].pair},
                                         {.i = rows[i].attempt},
                                         {.i = rows[i].manner},
                                         {.text = rows[i].sort},
                                         {.text = rows[i].remark}};
        assert_ok(cop_table_row(table, cells, &err), &err);
    }
}

static void roles_decide_what_is_averaged_whatever_the_names(void **state)
{
    (void)state;
    static const char *const joined[] = {"tickets", "summary"};
    scene s;
    cop_table_groups groups;
    cop_error err = {0};
    open_scene(&s);
    cop_table *table = cop_tables_put(add_analysis(&s, add_ticket(&s, 0), "probe", ""), "odd",
                                      "Odd names", odd_columns, 5, NULL, &err);
    assert_non_null(table);
    add_odd_rows(table);
    cop_tables *sheets = make_sheets(&s, &groups);
    for (size_t i = 0; i < 2; i++) {
        assert_true(number(sheets, joined[i], 0, "odd_manner_0_pair") == 0.5);
        assert_true(number(sheets, joined[i], 0, "odd_manner_1_pair") == 0.25);
        assert_true(number(sheets, joined[i], 0, "odd_manner_0_control_pair") == 0.125);
        assert_true(has_column(sheets, joined[i], "odd_manner_0_kind"));
        assert_false(has_column(sheets, joined[i], "odd_manner_0_attempt"));
        assert_false(has_column(sheets, joined[i], "odd_manner_0_sort"));
    }
    const char *headlines = cop_table_plot(cop_tables_find(sheets, "summary"))->headlines;
    assert_non_null(strstr(headlines, ",odd_manner_0_pair"));
    assert_null(strstr(headlines, "control"));
    cop_tables_free(sheets);
    close_scene(&s);
}

static const char *text_of(const cop_tables *sheets, const char *sheet, size_t row)
{
    const cop_table *table = cop_tables_find(sheets, sheet);
    ptrdiff_t c = cop_table_find_column(table, "barrier_stable");
    assert_true(c >= 0);
    return cop_table_at(table, row, (size_t)c).text;
}

/* A ticket's rows, and then the rows of all its seeds; nothing said counts as nothing. */
static void words_are_counted_over_pairs_and_seeds(void **state)
{
    (void)state;
    static const cop_column columns[] = {COP_COLUMN(TEXT, "pair", NULL, "Two copies"),
                                         COP_COLUMN(FLOAT, "height", NULL, "Of it"),
                                         COP_COLUMN(TEXT, "stable", NULL, "In a word")};
    static const struct {
        const char *words[2][3], *tickets[2], *summary;
    } cases[] = {{{{"stable", "stable", "stable"}, {"stable", "stable", "stable"}},
                  {"stable 3/3", "stable 3/3"},
                  "stable 6/6"},
                 {{{"stable", "unstable", "stable"}, {"collapsed", "unstable", "stable"}},
                  {"2 stable, 1 unstable", "1 collapsed, 1 unstable, 1 stable"},
                  "3 stable, 2 unstable, 1 collapsed"},
                 {{{"", "", "stable"}, {"", "", ""}}, {"stable", ""}, "stable"},
                 {{{"", "", ""}, {"", "", ""}}, {"", ""}, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scene s;
        cop_table_groups groups;
        cop_error err = {0};
        open_scene(&s);
        for (int seed = 0; seed < 2; seed++) {
            cop_record_ticket *t = add_ticket(&s, 0);
            t->seed = seed;
            t->analyses = &s.analyses[seed];
            cop_table *table = cop_tables_put(add_analysis(&s, t, "probe", ""), "barrier",
                                              "Barriers", columns, 3, NULL, &err);
            assert_non_null(table);
            for (int pair = 0; pair < 3; pair++) {
                static const char *const pairs[] = {"0-1", "0-2", "1-2"};
                const cop_table_value cells[] = {
                    {.text = pairs[pair]}, {.f = 0.5}, {.text = cases[i].words[seed][pair]}};
                assert_ok(cop_table_row(table, cells, &err), &err);
            }
        }
        cop_tables *sheets = make_sheets(&s, &groups);
        for (size_t seed = 0; seed < 2; seed++)
            assert_string_equal(text_of(sheets, "tickets", seed), cases[i].tickets[seed]);
        assert_string_equal(text_of(sheets, "summary", 0), cases[i].summary);
        cop_tables_free(sheets);
        close_scene(&s);
    }
}

/* Draws a table of four columns and four rows. */
static void draw(scene *s, const cop_column *columns, const double (*rows)[4], cop_figures *out,
                 cop_tables **sheets)
{
    static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES, .title = "Lines",
                                  .x = "place", .y = "height"};
    cop_table_groups groups;
    cop_error err = {0};
    open_scene(s);
    cop_table *table = cop_tables_put(add_analysis(s, add_ticket(s, 0), "probe", ""), "line",
                                      "Lines", columns, 4, &plot, &err);
    assert_non_null(table);
    for (int i = 0; i < 4; i++) {
        const cop_table_value cells[] = {
            {.f = rows[i][0]}, {.f = rows[i][1]}, {.f = rows[i][2]}, {.f = rows[i][3]}};
        assert_ok(cop_table_row(table, cells, &err), &err);
    }
    *sheets = make_sheets(s, &groups);
    assert_ok(cop_plots_make(&s->r, &groups, cop_tables_find(*sheets, "tickets"), out, &err), &err);
}

static void a_key_that_is_a_number_has_curves_of_its_own(void **state)
{
    (void)state;
    static const cop_column columns[] = {
        COP_COLUMN_OF(KEY, FLOAT, "place", NULL, "Where"),
        COP_COLUMN_OF(KEY, FLOAT, "depth", NULL, "How deep"),
        COP_COLUMN_OF(REPETITION, FLOAT, "again", NULL, "Number of the repetition"),
        COP_COLUMN_OF(VALUE, FLOAT, "height", NULL, "There")};
    static const double rows[][4] = {{0, 1, 0, 2}, {0, 1, 1, 4}, {0, 2, 0, 8}, {0, 2, 1, 16}};
    scene s;
    cop_figures figures;
    cop_tables *sheets = NULL;
    draw(&s, columns, rows, &figures, &sheets);
    const cop_figure *f = find_figure(&figures, "line");
    assert_int_equal(f->panel_count, 2);
    assert_string_equal(f->panels[0].title, "depth 1");
    assert_int_equal(f->panels[0].curves[0].count, 1);
    assert_true(f->panels[0].curves[0].points[0].y == 3.0);
    assert_true(f->panels[1].curves[0].points[0].y == 12.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void a_key_that_follows_from_x_has_none(void **state)
{
    (void)state;
    static const cop_column columns[] = {COP_COLUMN_OF(KEY, FLOAT, "lower", NULL, "One end"),
                                         COP_COLUMN_OF(KEY, FLOAT, "place", NULL, "The centre"),
                                         COP_COLUMN_OF(KEY, FLOAT, "upper", NULL, "The other end"),
                                         COP_COLUMN_OF(VALUE, FLOAT, "height", NULL, "There")};
    static const double rows[][4] = {{0, 1, 2, 5}, {2, 3, 4, 6}, {4, 5, 6, 7}, {6, 7, 8, 8}};
    scene s;
    cop_figures figures;
    cop_tables *sheets = NULL;
    draw(&s, columns, rows, &figures, &sheets);
    const cop_figure *f = find_figure(&figures, "line");
    assert_int_equal(f->panel_count, 1);
    assert_int_equal(f->panels[0].curve_count, 1);
    assert_int_equal(f->panels[0].curves[0].count, 4);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void add_trace(cop_tables *tables, double trace)
{
    static const cop_column columns[] = {COP_COLUMN(FLOAT, "trace", NULL, "Of it")};
    cop_error err = {0};
    cop_table *table = cop_tables_put(tables, "topeig", "Trace", columns, 1, NULL, &err);
    assert_non_null(table);
    assert_ok(cop_table_row(table, &(cop_table_value){.f = trace}, &err), &err);
}

static void instances_of_an_analyzer_are_told_apart(void **state)
{
    (void)state;
    static const char *const labels[] = {"copy = 0", "copy = 1", "copy = 1, Mode = \"x\""};
    static const char *const named[] = {"topeig_copy_0", "topeig_copy_1", "topeig_copy_1_mode_x"};
    static const char *const numbered[] = {"topeig_number_1", "topeig_number_2", "topeig_number_3"};
    for (int has_labels = 0; has_labels <= 1; has_labels++) {
        const char *const *names = has_labels == 1 ? named : numbered;
        scene s;
        cop_table_groups groups;
        cop_figures figures;
        cop_error err = {0};
        open_scene(&s);
        cop_record_ticket *t = add_ticket(&s, 1);
        for (int i = 0; i < 3; i++)
            add_trace(add_analysis(&s, t, "topeig", has_labels == 1 ? labels[i] : ""), i + 1.0);
        cop_tables *sheets = make_sheets(&s, &groups);
        assert_ok(cop_plots_make(&s.r, &groups, cop_tables_find(sheets, "tickets"), &figures, &err),
                  &err);
        for (int i = 0; i < 3; i++) {
            char column[96];
            (void)snprintf(column, sizeof column, "%s_trace", names[i]);
            assert_true(number(sheets, names[i], 0, "trace") == i + 1.0);
            assert_true(number(sheets, "tickets", 0, column) == i + 1.0);
            const cop_figure *f = find_figure(&figures, names[i]);
            assert_int_equal(f->panel_count, 1);
            assert_true(f->panels[0].curves[0].points[0].y == i + 1.0);
            if (has_labels == 1)
                assert_non_null(strstr(f->title, labels[i]));
        }
        cop_tables_free(sheets);
        close_scene(&s);
    }
}

/* Gives the ticket an analysis that the config calls so. */
static void add_labelled(scene *s, cop_record_ticket *t, const char *label, double trace)
{
    add_trace(add_analysis(s, t, "topeig", label), trace);
    t->analyses[t->analysis_count - 1].is_labelled = true;
}

/* Wherever it stands among a ticket's analyses, and where it is the only one. */
static void what_the_config_calls_an_analysis_decides_its_table(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    open_scene(&s);
    cop_record_ticket *dense = add_ticket(&s, 0), *pruned = add_ticket(&s, 1);
    add_labelled(&s, dense, "by hand", 1.0);
    add_trace(add_analysis(&s, dense, "topeig", "copy = 1"), 2.0);
    add_labelled(&s, dense, "Exact", 3.0);
    pruned->analyses = &s.analyses[3];
    add_labelled(&s, pruned, "Exact", 4.0);
    add_trace(add_analysis(&s, pruned, "topeig", "copy = 1"), 5.0);
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_int_equal(groups.count, 3);
    static const char *const columns[] = {"topeig_by_hand_trace", "topeig_copy_1_trace",
                                          "topeig_exact_trace"};
    static const double wanted[2][3] = {{1.0, 2.0, 3.0}, {(double)NAN, 5.0, 4.0}};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++) {
            double got = number(sheets, "tickets", i, columns[k]);
            assert_true(got == wanted[i][k] || (isnan(got) && isnan(wanted[i][k])));
        }
    }
    assert_string_equal(cop_table_group_title(&groups.items[2], "Trace", s.r.arena),
                        "Trace (Exact)");
    cop_tables_free(sheets);
    close_scene(&s);
    open_scene(&s);
    add_labelled(&s, add_ticket(&s, 0), "Exact", 6.0);
    sheets = make_sheets(&s, &groups);
    assert_true(number(sheets, "tickets", 0, "topeig_exact_trace") == 6.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

/* A round that trained on so many images, of a distilled set or real ones. */
static void add_round(scene *s, int64_t round, double samples, const cop_artifact_id *set)
{
    cop_record_ticket *t = add_ticket(s, round);
    cop_result *training = add_result(s, "train");
    training->summary.samples = samples;
    t->has_training = t->knows_data = true;
    t->training = training->id;
    t->has_data = set != NULL;
    if (set != NULL)
        t->data = *set;
}

/* McDermott and Cummings' numbers: 300 epochs of 50,000 images are 150 times 1000 epochs of 100. */
static void training_points_count_stored_and_decoded_images(void **state)
{
    (void)state;
    double stored[2], decoded[2];
    for (int distilled = 0; distilled <= 1; distilled++) {
        scene s;
        cop_table_groups groups;
        open_scene(&s);
        cop_result *set = add_result(&s, "distil");
        set->summary.stored = 100.0;
        set->summary.decoded = 400.0;
        add_round(&s, 1, distilled == 1 ? 400.0 * 1000.0 : 50000.0 * 300.0,
                  distilled == 1 ? &set->id : NULL);
        cop_tables *sheets = make_sheets(&s, &groups);
        stored[distilled] = number(sheets, "tickets", 0, "training_points_stored");
        decoded[distilled] = number(sheets, "summary", 0, "training_points_decoded");
        cop_tables_free(sheets);
        close_scene(&s);
    }
    assert_true(stored[0] == decoded[0]);
    assert_true(stored[0] / stored[1] == 150.0);
    assert_true(decoded[0] / decoded[1] == 37.5);
}

static void rounds_on_other_data_are_counted_each_by_its_own(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    open_scene(&s);
    cop_result *set = add_result(&s, "distil");
    set->summary.stored = 1.0;
    set->summary.decoded = 4.0;
    add_round(&s, 1, 4000.0, &set->id);
    add_round(&s, 2, 500.0, NULL);
    cop_record_ticket *untrained = add_ticket(&s, 3); /* a mask that took no training */
    untrained->knows_data = true;
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_true(number(sheets, "tickets", 0, "training_points_stored") == 1000.0);
    assert_true(number(sheets, "tickets", 1, "training_points_stored") == 1500.0);
    assert_true(number(sheets, "tickets", 2, "training_points_stored") == 1500.0);
    assert_true(number(sheets, "tickets", 2, "training_points_decoded") == 4500.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void a_ticket_without_weights_is_missing_from_the_figure_with_a_word(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    cop_figures figures;
    cop_error err = {0};
    open_scene(&s);
    for (int64_t round = 0; round < 3; round++) {
        cop_record_ticket *t = add_ticket(&s, round);
        cop_result *copy = add_result(&s, "train");
        copy->summary.test_accuracy = 0.5;
        t->copies = &copy->id;
        t->copy_count = 1;
    }
    for (size_t i = 0; i < s.r.found_count; i++) {
        if (cop_same_artifact(&s.found[i].id, &s.tickets[2].mask))
            s.found[i].summary.kept = 0.0;
    }
    cop_tables *sheets = make_sheets(&s, &groups);
    assert_ok(cop_plots_make(&s.r, &groups, cop_tables_find(sheets, "tickets"), &figures, &err),
              &err);
    assert_non_null(strstr(find_figure(&figures, "accuracy")->x_label, "1 ticket with none"));
    cop_tables_free(sheets);
    close_scene(&s);
}

static void a_failure_is_a_row_with_its_reason(void **state)
{
    (void)state;
    scene s;
    cop_table_groups groups;
    cop_record_failure failures[3] = {{.reason = "copy 0: the loss became nan"},
                                      {.reason = "copy 0: the loss became nan"},
                                      {.reason = "an old one"}};
    open_scene(&s);
    (void)add_ticket(&s, 0);
    cop_record_ticket *t = add_ticket(&s, 1);
    cop_artifact_id copies[2];
    for (int i = 0; i < 2; i++) {
        copies[i] = add_result(&s, "train")->id;
        failures[i].stage = copies[i];
    }
    s.r.found_count -= 2;        /* neither is there */
    failures[2].stage = t->mask; /* this one is, by now */
    t->copies = copies;
    t->copy_count = 2;
    s.r.record.failures = failures;
    s.r.record.failure_count = 3;
    cop_tables *sheets = make_sheets(&s, &groups);
    const cop_table *table = cop_tables_find(sheets, "failures");
    assert_non_null(table);
    assert_int_equal(cop_table_row_count(table), 1);
    assert_int_equal(cop_table_at(table, 0, 3).i, 1);
    assert_string_equal(cop_table_at(table, 0, 4).text, "copy 0: the loss became nan");
    const cop_table *tickets = cop_tables_find(sheets, "tickets");
    size_t column = (size_t)cop_table_find_column(tickets, "failure");
    assert_string_equal(cop_table_at(tickets, 0, column).text, "");
    assert_string_equal(cop_table_at(tickets, 1, column).text, "copy 0: the loss became nan");
    cop_tables_free(sheets);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls_are_no_part_of_the_headline),
        cmocka_unit_test(a_study_of_controls_alone_has_no_headline),
        cmocka_unit_test(ways_to_measure_have_columns_with_and_without_controls),
        cmocka_unit_test(figures_draw_no_mean_over_kinds),
        cmocka_unit_test(roles_decide_what_is_averaged_whatever_the_names),
        cmocka_unit_test(words_are_counted_over_pairs_and_seeds),
        cmocka_unit_test(a_key_that_is_a_number_has_curves_of_its_own),
        cmocka_unit_test(a_key_that_follows_from_x_has_none),
        cmocka_unit_test(instances_of_an_analyzer_are_told_apart),
        cmocka_unit_test(what_the_config_calls_an_analysis_decides_its_table),
        cmocka_unit_test(training_points_count_stored_and_decoded_images),
        cmocka_unit_test(rounds_on_other_data_are_counted_each_by_its_own),
        cmocka_unit_test(a_failure_is_a_row_with_its_reason),
        cmocka_unit_test(a_ticket_without_weights_is_missing_from_the_figure_with_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
