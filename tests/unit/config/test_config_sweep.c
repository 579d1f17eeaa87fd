/* test_config_sweep.c: the axes of a sweep: crossed, zipped, merged, labelled, and refused where
 * they collide. */
#include "support.h"

#include "config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void crosses_the_axes_of_a_sweep(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        cop_data_source data;
        double lr;
    } wanted[] = {
        {"synthetic, 0.1", COP_DATA_DISTILLED, 0.1},
        {"synthetic, 1", COP_DATA_DISTILLED, 1.0},
        {"IMP, 0.1", COP_DATA_REAL, 0.1},
        {"IMP, 1", COP_DATA_REAL, 1.0},
    };
    cop_config *c = NULL;
    cop_error err = {0};
    assert_ok(load_file(CONFIGS "full.cfg", NULL, &c, &err), &err);
    assert_int_equal(c->cell_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(c->cells[i].label, wanted[i].label);
        assert_int_equal(c->cells[i].phases[0].data, wanted[i].data);
        assert_true(c->cells[i].train.lr == wanted[i].lr);
        assert_true(c->cells[i].train.duration.value == 30.0);
    }
    cop_config_free(c);
}

/* One value of one axis, and a piece of what it makes of the effective config. */
static const struct {
    const char *sweep, *label, *part;
} merges[] = {
    /* the same plugin: merged */
    {"{ path = \"dataset\"; values = ( { plugin = \"toydata\"; size = 3; } ); }",
     "toydata, size = 3", "path = \"kept\"; size = 3;"},
    /* no plugin named: merged */
    {"{ path = \"dataset\"; values = ( { size = 3; } ); labels = [\"three\"]; }", "three",
     "path = \"kept\"; size = 3;"},
    /* another plugin: replaced */
    {"{ path = \"ticket.phases.[0].pruner\"; values = ( { plugin = \"hangs\"; } ); }", "hangs",
     "{ pruner = { plugin = \"hangs\"; };"},
    /* into the root, nested groups merged and lists replaced */
    {"{ path = \"\"; values = ( { dataset = { size = 4; }; ticket = { phases = (); }; } ); labels "
     "= "
     "[\"x\"]; }",
     "x", "phases = (); };"},
    {"{ path = \"\"; values = ( { dataset = { size = 4; }; } ); labels = [\"x\"]; }", "x",
     "path = \"kept\"; size = 4;"},
    /* what was not there before */
    {"{ path = \"distill\"; values = ( { plugin = \"toydistiller\"; ipc = 3; } ); labels = "
     "[\"d\"]; }",
     "d", "distill = { plugin = \"toydistiller\"; ipc = 3;"},
    {"{ path = \"study.copies\"; values = [4]; }", "4", "copies = 4;"},
    {"{ path = \"study\"; values = ( { copies = 5; } ); labels = [\"five\"]; }", "five",
     "copies = 5;"},
    /* a list's item, of another type than its neighbours */
    {"{ path = \"analyze.[0].words.[1]\"; values = [\"new\"]; }", "new",
     "words = (\"a\", \"new\");"},
    {"{ path = \"analyze.[0].words.[2]\"; values = [\"new\"]; }", "new",
     "words = (\"a\", \"b\", \"new\");"},
    {"{ path = \"analyze.[0].words\"; values = ( [\"p\", \"q\"] ); }", "[\"p\", \"q\"]",
     "words = (\"p\", \"q\");"},
    {"{ path = \"train\"; values = ( { lr = 0.5; } ); labels = [\"x\"]; }", "x", "lr = 0.5;"},
};

static void merges_the_values_of_a_sweep(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++) {
        cop_text text = {0};
        cop_text_printf(&text,
                        "%s analyze = ( { plugin = \"toyanalyzer\"; words = [\"a\", \"b\"]; } );"
                        "sweep = ( %s );",
                        BASE, merges[i].sweep);
        cop_config *c = NULL;
        cop_error err = {0};
        assert_ok(load_text(text.data, "dataset.path=kept", &c, &err), &err);
        assert_int_equal(c->cell_count, 1);
        assert_string_equal(c->cells[0].label, merges[i].label);
        if (strstr(c->effective, merges[i].part) == NULL)
            fail_msg("\"%s\" is not in:\n%s", merges[i].part, c->effective);
        cop_config_free(c);
        cop_text_free(&text);
    }
}

/* Axes on top of a config with two stages; NULL: fine. */
static const struct {
    const char *axes, *text;
    int line;
} overlaps[] = {
    {"{ path = \"train.lr\"; values = [1, 2]; },\n{ path = \"train.lr\";\nvalues = [3, 4]; }",
     "this axis of the sweep sets train.lr, which the axis \"train.lr\" sets too, at ", 5},
    {"{ path = \"train\"; values = ( { lr = 1; }, { lr = 2; } ); }, { path = \"train.lr\";\nvalues "
     "= [3]; }",
     "sets train.lr, which the axis \"train\" sets too", 4},
    {"{ path = \"train.lr\"; values = [3]; },\n{ path = \"train\"; values = ( { batch = 1; },\n{ "
     "lr = 1; } ); }",
     "sets train.lr, which the axis \"train.lr\" sets too", 5},
    {"{ path = \"train.lr\"; values = [3]; },\n{ path = \"\"; values = ( { },\n{ train = { lr = 1; "
     "}; } ); labels = [\"a\", \"b\"]; }",
     "sets train.lr, which the axis \"train.lr\" sets too", 5},
    {"{ path = \"\"; values = ( { train = { lr = 1; }; } ); labels = [\"a\"]; }, { path = "
     "\"train.lr\"; values = [3]; }",
     "sets train.lr, which the axis \"\" sets too", 3},
    /* the whole list over one of its items, and an item over the list's own */
    {"{ path = \"ticket.phases.[0].rounds\"; values = [3]; }, { path = \"ticket.phases\"; values = "
     "( () ); }",
     "sets ticket.phases.[0].rounds, which", 3},
    {"{ path = \"ticket.phases\"; values = ( ( { pruner = { plugin = \"toypruner\"; }; rounds = 2; "
     "} "
     ") ); labels = [\"a\"]; }, { path = \"ticket.phases.[0].rounds\"; values = [3]; }",
     "sets ticket.phases.[0].rounds, which the axis \"ticket.phases\" sets too", 3},
    /* two ways to write an index */
    {"{ path = \"ticket.phases[1].rounds\"; values = [3]; }, { path = "
     "\"ticket.phases.[01].rounds\"; "
     "values = [4]; }",
     "sets ticket.phases.[1].rounds, which the axis \"ticket.phases[1].rounds\" sets too", 3},
    /* another plugin takes the options of the first away */
    {"{ path = \"analyze.[0].count\"; values = [3]; }, { path = \"\"; values = ( { analyze = (); } "
     "); "
     "labels = [\"none\"]; }",
     "sets analyze.[0].count, which", 3},
    {"{ path = \"ticket.phases.[0].pruner.rate\"; values = [0.1]; }, { path = "
     "\"ticket.phases.[0].pruner\"; values = ( { plugin = \"hangs\"; } ); labels = [\"h\"]; }",
     "sets ticket.phases.[0].pruner.rate, which", 3},
    /* beside each other */
    {"{ path = \"\"; values = ( { }, { train = { batch = 4; }; } ); labels = [\"a\", \"b\"]; }, { "
     "path "
     "= \"train.lr\"; values = [3, 4]; }",
     NULL, 0},
    {"{ path = \"train.lr\"; values = [3, 4]; }, { path = \"\"; values = ( { }, { train = { batch "
     "= 4; "
     "}; } ); labels = [\"a\", \"b\"]; }",
     NULL, 0},
    {"{ path = \"ticket.phases\"; values = ( ( { pruner = { plugin = \"toypruner\"; }; } ) ); "
     "labels = "
     "[\"a\"]; }, { path = \"ticket.phases.[0].rounds\"; values = [3, 4]; }",
     NULL, 0},
    {"{ path = \"ticket.phases.[0].pruner\"; values = ( { plugin = \"toypruner\"; } ); labels = "
     "[\"a\"]; }, { path = \"ticket.phases.[0].pruner.rate\"; values = [0.1, 0.2]; }",
     NULL, 0},
    {"{ path = \"dataset\"; values = ( { plugin = \"toydata\"; size = 3; } ); labels = [\"a\"]; }, "
     "{ "
     "path = \"dataset\"; values = ( { plugin = \"toydata\"; path = \"p\"; } ); labels = [\"b\"]; "
     "}",
     NULL, 0},
};

static void refuses_axes_that_set_the_same_setting(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++) {
        cop_text text = {0};
        cop_text_printf(
            &text,
            "dataset = { plugin = \"toydata\"; }; ticket = { model = { plugin = \"toymodel\"; }; "
            "phases = ( { pruner = { plugin = \"toypruner\"; }; }, { pruner = { plugin = "
            "\"toypruner\"; }; } ); };\ntrain = { recipe = \"idc\"; }; analyze = ( { plugin = "
            "\"toyanalyzer\"; } );\nsweep = ( %s );",
            overlaps[i].axes);
        cop_config *c = NULL;
        cop_error err = {0};
        cop_status status = load_text(text.data, NULL, &c, &err);
        if (overlaps[i].text != NULL) {
            assert_refused(status, COP_INVALID, &err, overlaps[i].text);
            assert_non_null(strstr(err.file, "/t.cfg"));
            assert_int_equal(err.line, overlaps[i].line);
        } else {
            assert_ok(status, &err);
        }
        cop_config_free(c);
        cop_text_free(&text);
    }
}

/* Where two axes meet, both lines are named. */
static void names_both_lines_of_a_collision(void **state)
{
    (void)state;
    static const struct {
        const char *axes;
        int line, first;
    } cases[] = {
        {"{ path = \"train.lr\"; values = [1, 2]; },\n{ path = \"train.lr\";\nvalues = [3, 4]; }",
         4, 2},
        {"{ path = \"train\"; values = (\n{ batch = 1; },\n{\nlr = 2; } ); },\n{ path = "
         "\"train.lr\"; values = [3]; }",
         6, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_text_printf(&text, "%s\nsweep = ( %s );", BASE, cases[i].axes);
        cop_config *c = NULL;
        cop_error err = {0};
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "/t.cfg:%d", cases[i].first);
        assert_refused(load_text(text.data, NULL, &c, &err), COP_INVALID, &err, wanted);
        assert_int_equal(err.line, cases[i].line);
        cop_text_free(&text);
    }
}

/* The labels of all cells, "a | b". */
static void assert_labels(const char *sweep, const char *wanted)
{
    cop_text text = {0}, found = {0};
    cop_text_printf(&text, "%s distill = { plugin = \"toydistiller\"; ipc = 1; };\nsweep = ( %s );",
                    BASE, sweep);
    cop_config *c = NULL;
    cop_error err = {0};
    if (load_text(text.data, NULL, &c, &err) != COP_OK)
        fail_msg("%s: line %d: %s", sweep, err.line, err.message);
    for (size_t i = 0; i < c->cell_count; i++)
        cop_text_printf(&found, "%s%s", i > 0 ? " | " : "", c->cells[i].label);
    assert_string_equal(found.data, wanted);
    cop_config_free(c);
    cop_text_free(&text);
    cop_text_free(&found);
}

static void labels_values_by_what_differs(void **state)
{
    (void)state;
    static const struct {
        const char *sweep, *labels;
    } cases[] = {
        {"{ path = \"train.lr\"; values = [0.1, 1.0]; }", "0.1 | 1"},
        {"{ path = \"ticket.phases.[0].data\"; values = [\"real\", \"distilled\"]; }",
         "real | distilled"},
        /* what all have goes without saying */
        {"{ path = \"ticket.phases.[0].pruner\"; values = ( { plugin = \"toypruner\"; rate = 0.2; "
         "}, { "
         "plugin = \"toypruner\"; rate = 0.5; } ); }",
         "rate = 0.2 | rate = 0.5"},
        /* a plugin goes by its name, and first */
        {"{ path = \"dataset\"; values = ( { size = 3; plugin = \"toydata\"; }, { plugin = "
         "\"floatdata\"; } ); }",
         "toydata, size = 3 | floatdata"},
        {"{ path = \"train\"; values = ( { recipe = \"idc\"; }, { recipe = \"sgd\"; lr = 1; } ); }",
         "idc | sgd, lr = 1"},
        /* 1 and 1.0 are one number */
        {"{ path = \"train\"; values = ( { lr = 1; batch = 2; }, { lr = 1.0; batch = 3; } ); }",
         "batch = 2 | batch = 3"},
        /* nothing, and what differs by what it lacks */
        {"{ path = \"\"; values = ( { }, { train = { lr = 1; }; } ); }", "unchanged | lr = 1"},
        {"{ path = \"train\"; values = ( { lr = 1; }, { lr = 1; batch = 2; } ); }",
         "lr = 1 | batch = 2"},
        /* two settings of one name have their paths */
        {"{ path = \"ticket\"; values = ( { phases = ( { pruner = { plugin = \"toypruner\"; }; "
         "rounds "
         "= 1; }, { pruner = { plugin = \"toypruner\"; }; rounds = 2; } ); }, { phases = ( { "
         "pruner = "
         "{ plugin = \"toypruner\"; }; rounds = 3; }, { pruner = { plugin = \"toypruner\"; }; "
         "rounds = "
         "4; } ); } ); }",
         "phases.[0].rounds = 1, phases.[1].rounds = 2 | phases.[0].rounds = 3, phases.[1].rounds "
         "= "
         "4"},
        /* a list of groups; a list of words is one value */
        {"{ path = \"ticket.phases\"; values = ( ( { pruner = { plugin = \"toypruner\"; }; rounds "
         "= "
         "2; } ), ( ) ); labels = [\"two\", \"none\"]; }",
         "two | none"},
        {"{ path = \"ticket.controls\"; values = ( [], [\"reinit\", \"random\"] ); }",
         "[] | [\"reinit\", \"random\"]"},
        /* an empty label is left out */
        {"{ path = \"train.lr\"; values = [1, 2]; labels = [\"\", \"double\"]; }, { path = "
         "\"train.batch\"; values = [3, 4]; }",
         "3 | 4 | double, 3 | double, 4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_labels(cases[i].sweep, cases[i].labels);
}

static void zips_axes_that_go_together(void **state)
{
    (void)state;
    /* The zip stands where its first axis does; the last changes fastest. */
    static const char sweep[] = "{ path = \"train.lr\"; values = [0.1, 0.2]; zip = \"z\"; },"
                                "{ path = \"study.copies\"; values = [1, 2]; },"
                                "{ path = \"train.batch\"; values = [64, 128]; zip = \"z\"; }";
    static const struct {
        const char *label;
        double lr;
        int64_t batch, copies;
    } wanted[] = {{"0.1, 1, 64", 0.1, 64, 1},
                  {"0.1, 2, 64", 0.1, 64, 2},
                  {"0.2, 1, 128", 0.2, 128, 1},
                  {"0.2, 2, 128", 0.2, 128, 2}};
    cop_text text = {0};
    cop_text_printf(&text, "%s\nstudy = { seeds = [3, 4]; };\nsweep = ( %s );", BASE, sweep);
    cop_config *c = NULL, *again = NULL;
    cop_error err = {0};
    assert_ok(load_text(text.data, NULL, &c, &err), &err);
    assert_int_equal(c->cell_count, 4);
    assert_int_equal(c->seed_count, 2); /* crossed with every cell */
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(c->cells[i].label, wanted[i].label);
        assert_true(c->cells[i].train.lr == wanted[i].lr);
        assert_int_equal(c->cells[i].train.batch, wanted[i].batch);
        assert_int_equal(c->cells[i].copies, wanted[i].copies);
    }
    /* and is recorded as the same cells */
    assert_ok(load_text(c->resolved, NULL, &again, &err), &err);
    assert_string_equal(again->resolved, c->resolved);
    cop_config_free(again);
    cop_config_free(c);
    cop_text_free(&text);
    /* labels of one axis are enough; two zips are crossed */
    assert_labels(
        "{ path = \"train.lr\"; values = [1, 2]; zip = \"z\"; labels = [\"a\", \"b\"]; }, { "
        "path = \"train.batch\"; values = [3, 4]; zip = \"z\"; }",
        "a | b");
    assert_labels(
        "{ path = \"train.batch\"; values = [3, 4]; zip = \"z\"; }, { path = \"train.lr\"; "
        "values = [1, 2]; zip = \"z\"; labels = [\"a\", \"b\"]; }",
        "a | b");
    assert_labels(
        "{ path = \"train.lr\"; values = [1, 2]; zip = \"z\"; }, { path = \"study.copies\"; "
        "values = [5, 6]; zip = \"y\"; }, { path = \"train.batch\"; values = [3, 4]; zip = "
        "\"z\"; }, { path = \"study.threads\"; values = [7, 8]; zip = \"y\"; }",
        "1, 5, 3, 7 | 1, 6, 3, 8 | 2, 5, 4, 7 | 2, 6, 4, 8");
}

static void refuses_zips_that_do_not_close(void **state)
{
    (void)state;
    static const struct {
        const char *axes, *message;
        int line;
    } cases[] = {
        {"{ path = \"train.lr\"; values = [1, 2]; zip = \"z\"; }, { path = \"train.batch\"; zip = "
         "\"z\";\nvalues = [3, 4, 5]; }",
         "axes of the zip \"z\" go together: \"train.batch\" has 3 values, \"train.lr\" 2, at ", 3},
        {"{ path = \"train.lr\"; values = [1, 2];\nzip = \"z\"; }, { path = \"train.batch\"; zip = "
         "\"y\"; values = [3, 4]; }",
         "no other axis of the sweep has zip = \"z\"", 3},
        {"{ path = \"train.lr\"; values = [1, 2];\nzip = 3; }", "option \"zip\" of an axis", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_text_printf(&text, "%s\nsweep = ( %s );", BASE, cases[i].axes);
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_text(text.data, NULL, &c, &err), COP_INVALID, &err, cases[i].message);
        assert_int_equal(err.line, cases[i].line);
        cop_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crosses_the_axes_of_a_sweep),
        cmocka_unit_test(merges_the_values_of_a_sweep),
        cmocka_unit_test(refuses_axes_that_set_the_same_setting),
        cmocka_unit_test(names_both_lines_of_a_collision),
        cmocka_unit_test(labels_values_by_what_differs),
        cmocka_unit_test(zips_axes_that_go_together),
        cmocka_unit_test(refuses_zips_that_do_not_close),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
