/* The analyzer instability: its numbering, what it asks for, and its table and verdicts from
 * evaluations that are written out. */
#include "study/graph/plan.h"
#include "tiny_net.h"

#include "plugins/analyzers/instability/instability.h"

#include <math.h>
#include <string.h>

static const int64_t some_epochs[] = {0, 2}, some_steps[] = {7};
static const instability_options defaults = {.epochs = {2, some_epochs},
                                             .steps = {1, some_steps},
                                             .copies = 3,
                                             .alphas = 4,
                                             .batch = 8,
                                             .stable_threshold = 2.0};

static void points_and_steps_are_the_same(void **state)
{
    (void)state;
    const instability_numbering n = instability_numbering_make(&defaults);
    assert_int_equal(instability_count(&n), 3 * (3 + 3 * 2));
    for (int64_t i = 0; i < instability_count(&n); i++)
        assert_int_equal(instability_step_of(&n, instability_point_at(&n, i)), i);
    for (int64_t pair = 0; pair < 3; pair++) {
        static const int64_t firsts[] = {0, 0, 1}, seconds[] = {1, 2, 2};
        int64_t first = -1, second = -1;
        instability_pair_at(&n, pair, &first, &second);
        assert_int_equal(first, firsts[pair]);
        assert_int_equal(second, seconds[pair]);
        /* The ends of a line are the copies. */
        const instability_point at_end = {.branch = 1, .copy = -1, .pair = pair, .k = 3};
        const instability_point copy = {.branch = 1, .copy = first, .pair = -1};
        assert_int_equal(instability_step_of(&n, at_end), instability_step_of(&n, copy));
    }
}

static cop_status plan(const instability_options *o, cop_plan *out, cop_model *model,
                       cop_error *err)
{
    *out = (cop_plan){.kind = COP_KIND_ANALYZER,
                      .model = model,
                      .copies = 2,
                      .train_count = 64,
                      .test_count = 16};
    return cop_plan_make("analyzer 'instability'", coppice_plugin.ops, o, out, err);
}

static void copies_go_on_from_what_they_share(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_plan p;
    cop_model *model = tiny_model(false);
    instability_options o = defaults;
    o.momentum = true;
    assert_ok(plan(&o, &p, model, &err), &err);
    assert_true(p.need_no_copy);
    assert_int_equal(p.training_count, 1 + 3 * 3);
    assert_int_equal(p.trainings[0].snapshot_count, 2); /* none at the start */
    for (size_t i = 1; i < p.training_count; i++) {
        const cop_plan_training *t = &p.trainings[i];
        bool is_at_start = i <= 3;
        assert_int_equal(t->start, is_at_start ? COP_START_TICKET : COP_START_TRAINING);
        assert_int_equal(t->noise, (i - 1) % 3);
        assert_true(t->noise != p.trainings[0].noise && t->keep_momentum);
        assert_int_equal(t->from, 0);
        assert_int_equal(t->at.unit, is_at_start ? 0 : i <= 6 ? COP_EPOCHS : COP_STEPS);
    }
    cop_plan_clear(&p);
    o.epochs.count = 1; /* 0 alone */
    o.steps.count = 0;
    assert_ok(plan(&o, &p, model, &err), &err);
    assert_int_equal(p.training_count, 3); /* nothing is shared */
    cop_plan_clear(&p);
    o.epochs.count = 0;
    assert_refused(plan(&o, &p, model, &err), COP_INVALID, &err, "where are the copies to part?");
    cop_model_free(model);
}

/* One branch of two copies and two inner points, with these test errors along α = 0, 1/3, 2/3, 1,
 * and losses that are ten times as large. */
static cop_tables *report_of(const double *errors)
{
    static const int64_t zero[] = {0};
    instability_options o = defaults;
    o.epochs = (cop_int_list){1, zero};
    o.steps.count = 0;
    o.copies = 2;
    const instability_numbering n = instability_numbering_make(&o);
    static const int places[] = {1, 2, 3, 0}; /* the second copy, the inner points, the first */
    double found[4 * INSTABILITY_MEASURES];
    int64_t parted[] = {5};
    cop_error err = {0};
    cop_tables *tables = cop_tables_new();
    for (int k = 0; k < 4; k++)
        for (int m = 0; m < INSTABILITY_MEASURES; m++)
            found[INSTABILITY_MEASURES * places[k] + m] = m % 2 == 0 ? 10.0 * errors[k] : errors[k];
    assert_ok(instability_report(&n, parted, 0.15, found, tables, &err), &err);
    return tables;
}

static void assert_near(double value, double wanted, double tolerance)
{
    assert_true(fabs(value - wanted) <= tolerance);
}

static void assert_verdict(const double *errors, double barrier, const char *word)
{
    cop_error err = {0};
    cop_tables *tables = report_of(errors), *verdicts = cop_tables_new();
    const cop_table *t = cop_tables_at(tables, 0);
    assert_int_equal(cop_table_at(t, 0, 0).i, 5);
    if (!isnan(barrier)) {
        assert_near(cop_table_at(t, 0, 5).f, barrier, 1e-12);
        assert_near(cop_table_at(t, 0, 4).f, 10.0 * barrier, 1e-12);
        assert_near(cop_table_at(t, 0, 8).f, 1.0 - 0.5 * (errors[0] + errors[3]), 1e-12);
        assert_true(cop_table_at(t, 0, 6).f == errors[3]); /* α = 1 */
        assert_true(cop_table_at(t, 0, 7).f == errors[0]);
    }
    assert_ok(instability_judge(&defaults, tables, NULL, verdicts, &err), &err);
    assert_string_equal(cop_table_at(cop_tables_at(verdicts, 0), 0, 0).text, word);
    cop_tables_free(tables);
    cop_tables_free(verdicts);
}

static void barriers_and_verdicts_follow_from_the_line(void **state)
{
    (void)state;
    assert_verdict((const double[]){0.2, 0.3, 0.25, 0.24}, 0.08, "unstable");
    assert_verdict((const double[]){0.2, 0.23, 0.22, 0.22}, 0.02, "unstable"); /* met exactly */
    assert_verdict((const double[]){0.2, 0.225, 0.22, 0.22}, 0.015, "stable");
    assert_verdict((const double[]){0.2, 0.1, 0.1, 0.2}, 0.0, "stable");
    assert_verdict((const double[]){0.2, 0.3, 0.25, 0.85}, 0.325, "collapsed");
    assert_verdict((const double[]){0.2, (double)NAN, 0.25, 0.24}, (double)NAN, "diverged");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_and_steps_are_the_same),
        cmocka_unit_test(copies_go_on_from_what_they_share),
        cmocka_unit_test(barriers_and_verdicts_follow_from_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
