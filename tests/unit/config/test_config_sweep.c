/* test_config_sweep.c: the axes of a sweep: crossed, merged, and refused where they collide. */
#include "support.h"

#include "config_text.h"

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
     "{ plugin = \"toydata\"; size = 3; }", "path = \"kept\"; size = 3;"},
    /* no plugin named: merged */
    {"{ path = \"dataset\"; values = ( { size = 3; } ); labels = [\"three\"]; }", "three",
     "path = \"kept\"; size = 3;"},
    /* another plugin: replaced */
    {"{ path = \"ticket.phases.[0].pruner\"; values = ( { plugin = \"hangs\"; } ); }",
     "{ plugin = \"hangs\"; }", "{ pruner = { plugin = \"hangs\"; };"},
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
     "this axis of the sweep sets train.lr, which the axis \"train.lr\" sets too", 5},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crosses_the_axes_of_a_sweep),
        cmocka_unit_test(merges_the_values_of_a_sweep),
        cmocka_unit_test(refuses_axes_that_set_the_same_setting),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
