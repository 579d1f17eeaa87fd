/* What stages take, by those that are alike, against sums by hand. */
#include "study/running/rates.h"
#include "support.h"

#include <math.h>
#include <string.h>

/* Two models and two numbers of threads; a model is told by its address alone. */
typedef struct scene {
    cop_cell cells[2];
    cop_opened opened[2];
    char models[2];
    cop_study study;
    cop_rates *rates;
} scene;

static void open_scene(scene *s)
{
    cop_error err = {0};
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 2; i++) {
        s->cells[i].threads = i + 1;
        s->opened[i].cell = &s->cells[i];
    }
    assert_ok(cop_rates_make(&s->study, NULL, NULL, &s->rates, &err), &err);
}

static cop_stage training(const scene *s, int model, int cell, double flops)
{
    return (cop_stage){.kind = COP_STAGE_TRAIN,
                       .opened = &s->opened[cell],
                       .flops = flops,
                       .train.model = (const cop_model *)(const void *)&s->models[model]};
}

static void learn(scene *s, const cop_stage *stage, double seconds, double bytes, double memory)
{
    const cop_stage_costs took = {seconds, bytes, memory};
    assert_true(cop_rates_learn(s->rates, stage, &took));
}

static double seconds_of(const scene *s, const cop_stage *stage)
{
    return cop_rates_guess(s->rates, stage).seconds;
}

static void nothing_is_known_of_what_nothing_is_like(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_stage train = training(&s, 0, 0, 100.0);
    cop_stage_costs costs = cop_rates_guess(s.rates, &train);
    assert_true(isnan(costs.seconds) && isnan(costs.bytes) && isnan(costs.memory));
    cop_rates_free(s.rates);
}

static void seconds_follow_operations_of_the_same_model_and_threads(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_stage one = training(&s, 0, 0, 100.0), two = training(&s, 0, 0, 300.0);
    cop_stage threads = training(&s, 0, 1, 100.0), other = training(&s, 1, 0, 100.0);
    learn(&s, &one, 1.0, 10.0, 5.0);
    learn(&s, &two, 5.0, 30.0, 9.0);
    learn(&s, &threads, 0.5, (double)NAN, 2.0);
    cop_stage half = training(&s, 0, 0, 200.0);
    cop_stage_costs costs = cop_rates_guess(s.rates, &half);
    assert_true(costs.seconds == 3.0); /* 6 s of 400 */
    assert_true(costs.bytes == 20.0);
    assert_true(costs.memory == 9.0);
    assert_true(seconds_of(&s, &threads) == 0.5);
    /* of another model: by all trainings, 6.5 s of 500 */
    assert_true(seconds_of(&s, &other) == 1.3);
    cop_rates_free(s.rates);
}

static void stages_without_operations_take_the_mean_of_their_kind(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_stage mask = {.kind = COP_STAGE_MASK, .opened = &s.opened[0]};
    learn(&s, &mask, 1.0, 1.0, 0.0);
    learn(&s, &mask, 2.0, 2.0, 0.0);
    cop_stage_costs costs = cop_rates_guess(s.rates, &mask);
    assert_true(costs.seconds == 1.5 && costs.bytes == 1.5 && isnan(costs.memory));
    cop_rates_free(s.rates);
}

/* A kind of which none is done goes by operations, where they are known. */
static void another_kind_goes_by_operations_alone(void **state)
{
    (void)state;
    scene s;
    open_scene(&s);
    cop_stage train = training(&s, 0, 0, 100.0);
    cop_stage mask = {.kind = COP_STAGE_MASK, .opened = &s.opened[0]};
    cop_stage analyze = {.kind = COP_STAGE_ANALYZE, .opened = &s.opened[0], .flops = 50.0};
    learn(&s, &train, 4.0, 1.0, 1.0);
    learn(&s, &mask, 100.0, 1.0, 1.0); /* without operations: it tells nothing of analyses */
    assert_true(seconds_of(&s, &analyze) == 2.0);
    analyze.flops = 0.0;
    assert_true(isnan(seconds_of(&s, &analyze)));
    cop_rates_free(s.rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_of_what_nothing_is_like),
        cmocka_unit_test(seconds_follow_operations_of_the_same_model_and_threads),
        cmocka_unit_test(stages_without_operations_take_the_mean_of_their_kind),
        cmocka_unit_test(another_kind_goes_by_operations_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
