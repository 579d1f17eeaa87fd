/* A recipe worked out in steps and rates, and every number it may not hold. */
#include "support.h"

#include "train/schedules/schedule.h"

#include <math.h>

static cop_recipe recipe_named(const char *name)
{
    cop_error err = {0};
    const cop_recipe *r = cop_recipe_named(name, &err);
    assert_non_null(r);
    return *r;
}

static void steps_follow_from_the_number_of_samples(void **state)
{
    (void)state;
    static const struct {
        const char *recipe;
        int64_t count, batch, per_epoch, total, first, second;
    } rows[] = {
        {"lottery", 50000, 128, 391, 62560, 31280, 46920},
        {"idc", 400, 64, 7, 7000, 4662, 5831}, /* epochs 666 and 833, as in IDC's code */
        {"idc", 10, 10, 1, 1000, 666, 833},    /* fewer samples than a batch */
        {"sgd", 64, 64, 1, 30, 20, 25},
        {"sgd", 65, 64, 2, 60, 40, 50},
        {"sgd", 1, 1, 1, 30, 20, 25},
        {"dc", 100, 100, 1, 301, 152, 0},    /* after epoch 300 / 2 + 1, as in DC's code */
        {"dsa", 300, 256, 2, 2002, 1004, 0}, /* after epoch 501 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_recipe r = recipe_named(rows[i].recipe);
        cop_schedule s;
        cop_error err = {0};
        assert_ok(cop_schedule_make(&r, rows[i].count, &s, &err), &err);
        assert_int_equal(s.batch, rows[i].batch);
        assert_int_equal(s.per_epoch, rows[i].per_epoch);
        assert_int_equal(s.total, rows[i].total);
        assert_int_equal(s.milestones[0], rows[i].first);
        assert_int_equal(s.milestones[1], rows[i].second);
    }
}

static void the_rate_falls_at_milestones(void **state)
{
    (void)state;
    static const struct {
        int64_t step;
        double rate;
    } rows[] = {
        {0, 0.1},       {31279, 0.1},   {31280, 0.01},   {46919, 0.01},
        {46920, 0.001}, {62559, 0.001}, {100000, 0.001},
    };
    cop_recipe r = recipe_named("lottery");
    cop_schedule s;
    cop_error err = {0};
    assert_ok(cop_schedule_make(&r, 50000, &s, &err), &err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(fabs(cop_schedule_rate(&s, rows[i].step) - rows[i].rate) < 1e-12);
    r.milestones.count = 0;
    assert_ok(cop_schedule_make(&r, 50000, &s, &err), &err);
    assert_true(cop_schedule_rate(&s, 62559) == 0.1);
}

static void set_lr(cop_recipe *r)
{
    r->lr = -0.1;
}
static void set_lr_nan(cop_recipe *r)
{
    r->lr = NAN;
}
static void set_lr_infinite(cop_recipe *r)
{
    r->lr = INFINITY;
}
static void set_momentum(cop_recipe *r)
{
    r->momentum = 1.0;
}
static void set_decay(cop_recipe *r)
{
    r->weight_decay = -1e-4;
}
static void set_factor(cop_recipe *r)
{
    r->milestone_factor = -1.0;
}
static void set_cutmix(cop_recipe *r)
{
    r->cutmix = 1.5;
}
static void set_batch(cop_recipe *r)
{
    r->batch = 0;
}
static void set_count(cop_recipe *r)
{
    r->milestones.count = 9;
}
static void set_fraction(cop_recipe *r)
{
    r->duration = (cop_duration){COP_FRACTION, 0.5};
}
static void set_negative(cop_recipe *r)
{
    r->duration = (cop_duration){COP_EPOCHS, -1};
}
static void set_milestone(cop_recipe *r)
{
    r->milestones.at[1] = (cop_duration){COP_FRACTION, 1.2};
}
static void set_no_unit(cop_recipe *r)
{
    r->milestones.at[0] = (cop_duration){0, 3};
}

static void wrong_numbers_are_refused(void **state)
{
    (void)state;
    static const struct {
        void (*spoil)(cop_recipe *r);
        const char *message;
    } rows[] = {
        {set_lr, "recipe \"sgd\": lr is -0.1, wanted a number of at least 0"},
        {set_lr_nan, "recipe \"sgd\": lr is nan, wanted a number of at least 0"},
        {set_lr_infinite, "recipe \"sgd\": lr is inf, wanted a number of at least 0"},
        {set_momentum, "recipe \"sgd\": momentum is 1, wanted a number in [0, 1)"},
        {set_decay, "recipe \"sgd\": weight_decay is -0.0001, wanted a number of at least 0"},
        {set_factor, "recipe \"sgd\": milestone_factor is -1, wanted a number of at least 0"},
        {set_cutmix, "recipe \"sgd\": cutmix is 1.5, wanted a number in [0, 1]"},
        {set_batch, "recipe \"sgd\": batch is 0, wanted at least 1"},
        {set_count, "recipe \"sgd\": 9 milestones, wanted at most 8"},
        {set_fraction, "recipe \"sgd\": duration has no unit, wanted epochs (\"30ep\") or steps "
                       "(\"500it\")"},
        {set_negative, "recipe \"sgd\": duration is -1, wanted a number of at least 0"},
        {set_milestone, "recipe \"sgd\": a milestone is the fraction 1.2, wanted one in [0, 1]"},
        {set_no_unit, "recipe \"sgd\": a milestone has no unit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_recipe r = recipe_named("sgd");
        cop_schedule s;
        cop_error err = {0};
        rows[i].spoil(&r);
        assert_refused(cop_schedule_make(&r, 100, &s, &err), COP_INVALID, &err, rows[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_follow_from_the_number_of_samples),
        cmocka_unit_test(the_rate_falls_at_milestones),
        cmocka_unit_test(wrong_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
