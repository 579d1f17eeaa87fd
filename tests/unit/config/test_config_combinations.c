/* test_config_combinations.c: which combinations of a sweep are cells. */
#include "support.h"

#include "config_text.h"
#include "core/text.h"

#include <string.h>

/* Three rates, two batches called small and large, and what chooses from the six. */
static cop_status load_choice(const char *rules, cop_config **out, cop_error *err)
{
    cop_text text = {0};
    cop_text_printf(&text,
                    "%s\nsweep = ( { path = \"train.lr\"; values = (0.1, 0.2, 1); },\n"
                    "{ path = \"train.batch\"; values = [8, 16]; labels = [\"small\", \"large\"]; "
                    "},\n%s );",
                    BASE, rules);
    cop_status status = load_text(text.data, NULL, out, err);
    cop_text_free(&text);
    return status;
}

static void chooses_combinations_by_values_and_labels(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *labels;
    } cases[] = {
        {"{ exclude = ( { lr = 0.2; batch = \"large\"; } ); }",
         "0.1, small | 0.1, large | 0.2, small | 1, small | 1, large"},
        {"{ exclude = ( { lr = 0.2; batch = 16; } ); }",
         "0.1, small | 0.1, large | 0.2, small | 1, small | 1, large"},
        /* an axis that is not named has any value */
        {"{ exclude = ( { batch = \"large\"; } ); }", "0.1, small | 0.2, small | 1, small"},
        {"{ exclude = ( { batch = \"large\"; }, { lr = 0.1; } ); }", "0.2, small | 1, small"},
        /* numbers are numbers; a list is any of its items; a group alone is a list of it */
        {"{ exclude = { lr = 1.0; }; }", "0.1, small | 0.1, large | 0.2, small | 0.2, large"},
        {"{ exclude = ( { lr = [0.1, 0.2]; batch = \"small\"; } ); }",
         "0.1, large | 0.2, large | 1, small | 1, large"},
        {"{ exclude = ( { lr = (0.1, \"0.2\"); } ); }", "1, small | 1, large"},
        /* only those of include, of them not those of exclude, in whichever order */
        {"{ include = ( { lr = 0.1; }, { batch = \"small\"; } ); }",
         "0.1, small | 0.1, large | 0.2, small | 1, small"},
        {"{ exclude = ( { lr = 0.2; } ); include = ( { batch = \"small\"; } ); }",
         "0.1, small | 1, small"},
        {"{ include = ( { batch = \"small\"; } ); }, { exclude = ( { lr = 0.2; } ); }",
         "0.1, small | 1, small"},
        {"{ exclude = (); }",
         "0.1, small | 0.1, large | 0.2, small | 0.2, large | 1, small | 1, large"},
        /* other names, and an axis more */
        {"{ path = \"\"; name = \"arm\"; values = ( { }, { study = { copies = 3; }; } ); labels = "
         "[\"a\", \"b\"]; }, { include = ( { arm = \"b\"; lr = 1; } ); }",
         "1, small, b | 1, large, b"},
        /* of a zip, either axis */
        {"{ path = \"study.copies\"; zip = \"z\"; values = [1, 2]; labels = [\"a\", \"b\"]; }, { "
         "path = "
         "\"study.threads\"; zip = \"z\"; values = [3, 4]; }, { include = ( { threads = 4; lr = 1; "
         "batch = 8; } ); }",
         "1, small, b"},
        /* what collides may be left out */
        {"{ path = \"\"; name = \"arm\"; values = ( { }, { train = { lr = 7; }; } ); labels = "
         "[\"a\", "
         "\"b\"]; }, { exclude = ( { arm = \"b\"; } ); }",
         "0.1, small, a | 0.1, large, a | 0.2, small, a | 0.2, large, a | 1, small, a | 1, large, "
         "a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL, *again = NULL;
        cop_error err = {0};
        cop_text found = {0};
        if (load_choice(cases[i].rules, &c, &err) != COP_OK)
            fail_msg("%s: line %d: %s", cases[i].rules, err.line, err.message);
        for (size_t k = 0; k < c->cell_count; k++)
            cop_text_printf(&found, "%s%s", k > 0 ? " | " : "", c->cells[k].label);
        assert_string_equal(found.data, cases[i].labels);
        assert_ok(load_text(c->resolved, NULL, &again, &err), &err);
        assert_string_equal(again->resolved, c->resolved);
        cop_config_free(again);
        cop_config_free(c);
        cop_text_free(&found);
    }
}

static void a_cell_that_was_chosen_has_its_own_values(void **state)
{
    (void)state;
    cop_config *c = NULL;
    cop_error err = {0};
    assert_ok(load_choice("{ exclude = ( { lr = 0.1; } ); }", &c, &err), &err);
    assert_int_equal(c->cell_count, 4);
    assert_true(c->cells[0].train.lr == 0.2);
    assert_int_equal(c->cells[0].train.batch, 8);
    assert_true(c->cells[3].train.lr == 1.0);
    assert_int_equal(c->cells[3].train.batch, 16);
    cop_config_free(c);
}

static void refuses_rules_that_mean_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *rules, *message;
        int line;
    } cases[] = {
        {"{ exclude = (\n{ bach = 8; } ); }",
         "no axis of the sweep is called \"bach\"; did you mean \"batch\"?", 5},
        {"{ exclude = (\n{ batch = \"lage\"; } ); }",
         "the axis \"batch\" has no value and no label \"lage\"; its labels are \"small\", "
         "\"large\"",
         5},
        {"{ exclude = (\n{ batch = 9; } ); }", "the axis \"batch\" has no value and no label 9", 5},
        {"{ exclude = (\n{ batch = [8, 9]; } ); }", "no value and no label 9", 5},
        {"{ exclude = (\n{ batch = []; } ); }", "no value and no label []", 5},
        {"{ exclude =\n3; }", "exclude and include are lists of groups", 4},
        {"{ exclude = (\n3 ); }", "a rule of exclude or include is a group", 5},
        {"{ exclude = (\n{ } ); }", "names no axis", 5},
        {"{ exclude = ();\nincude = (); }",
         "\"incude\" beside exclude or include: an axis is an entry "
         "of its own; did you mean \"include\"?",
         5},
        {"{ exclude = ();\npath = \"study.copies\"; values = [1]; }", "\"path\" beside exclude", 5},
        {"{ exclude = ( { lr = (0.1, 0.2, 1); } ); }", "exclude and include leave no cell", 2},
        {"{ include = (); }", "exclude and include leave no cell", 2},
        {"{ path = \"ticket.model.lr\"; values = [1]; },\n{ exclude = ( { lr = 1; } ); }",
         "2 axes of the sweep are called \"lr\": give them a name each", 5},
        {"{ path = \"study.copies\"; zip = \"z\"; values = [1, 2]; }, { path = \"study.threads\"; "
         "zip = "
         "\"z\"; values = [3, 4]; },\n{ exclude = ( { copies = 1; threads = 4; } ); }",
         "this rule fits no combination", 5},
        {"{ path = \"study.copies\"; values = [1,2,3,4,5,6,7,8,9,10]; }, { path = "
         "\"study.threads\"; "
         "values = [1,2,3,4,5,6,7,8,9,10]; }, { path = \"study.data_memory\"; values = "
         "[1,2,3,4,5,6,7,8,9,10]; }, { path = \"seeds.init\"; values = [1,2,3,4,5,6,7,8,9,10]; }, "
         "{ "
         "path = \"seeds.order\"; values = [1,2]; }, { exclude = ( { lr = 1; } ); }",
         "the sweep has more than 100000 combinations", 2},
        {"{ path = \"study.copies\"; values = [1,2,3,4,5,6,7,8,9,10]; }, { path = "
         "\"study.threads\"; "
         "values = [1,2,3,4,5,6,7,8,9,10]; }, { path = \"study.data_memory\"; values = "
         "[1,2,3,4,5,6,7,8,9,10]; }, { path = \"seeds.init\"; values = [1,2,3,4,5,6,7,8,9,10]; }, "
         "{ "
         "exclude = ( { lr = 1; } ); }",
         "the sweep has more than 10000 cells", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_choice(cases[i].rules, &c, &err), COP_INVALID, &err, cases[i].message);
        if (err.line != cases[i].line)
            fail_msg("%s: line %d, wanted %d", cases[i].rules, err.line, cases[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_combinations_by_values_and_labels),
        cmocka_unit_test(a_cell_that_was_chosen_has_its_own_values),
        cmocka_unit_test(refuses_rules_that_mean_nothing),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
