/* Twenty steps of each optimiser, schedule and what else a recipe can say, against PyTorch
 * (tools/fixtures/make_optimiser_fixtures.py). */
#include "support.h"

#include "tiny_net.h"
#include "train/recipe.h"

#include <coppice/trainer.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIXTURE    COPPICE_TEST_SOURCE_DIR "/tests/fixtures/train/recipes.txt"
#define STEPS      20
#define COUNT      40
#define ORDER_SEED 11
#define ROOM       (COUNT * TINY_PIXELS)

/* Reads the numbers of a name and returns how many there are; -1 where it is missing. */
static int64_t read_if_there(const char *wanted, double *values)
{
    FILE *file = fopen(FIXTURE, "r");
    assert_non_null(file);
    char name[64];
    long long count = 0, found = -1;
    while (found < 0 && fscanf(file, "%63s %lld", name, &count) == 2)
        for (long long i = 0; i < count; i++) {
            double value = 0.0;
            assert_int_equal(fscanf(file, "%lf", &value), 1);
            if (strcmp(name, wanted) == 0) {
                assert_in_range(i, 0, ROOM - 1);
                values[i] = value;
                found = count;
            }
        }
    (void)fclose(file);
    return found;
}

static void read_fixture(const char *case_name, const char *name, double *values, int64_t count)
{
    char full[64];
    (void)snprintf(full, sizeof full, "%s%s", case_name, name);
    if (read_if_there(full, values) != count)
        fail_msg("%s has no \"%s\" of %lld numbers", FIXTURE, full, (long long)count);
}

/* The fixture's samples, placed so that the loader shows them in the fixture's order. */
static const cop_samples *fixture_samples(void)
{
    static float pixels[COUNT * TINY_PIXELS];
    static int32_t labels[COUNT];
    static cop_samples samples;
    static double images[ROOM], numbers[ROOM];
    read_fixture("", "images", images, COUNT * TINY_PIXELS);
    read_fixture("", "labels", numbers, COUNT);
    cop_stream stream = cop_stream_make(ORDER_SEED, "order", 0);
    int64_t order[COUNT];
    cop_stream_permutation(&stream, order, COUNT);
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < TINY_PIXELS; k++)
            pixels[order[i] * TINY_PIXELS + k] = (float)images[i * TINY_PIXELS + k];
        labels[order[i]] = (int32_t)numbers[i];
    }
    samples = (cop_samples){.task = tiny_task,
                            .normalization = {.std = {1.0f, 1.0f}},
                            .count = COUNT,
                            .pixels = pixels,
                            .labels = labels};
    return &samples;
}

static cop_tensors *fixture_start(const cop_model *m)
{
    static double values[ROOM];
    cop_tensors *state = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 5, &state, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        cop_tensor *t = cop_tensors_at(state, i);
        read_fixture("initial/", t->name, values, cop_shape_count(t->shape));
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            cop_f32(t)[k] = (float)values[k];
    }
    return state;
}

/* Every tensor of the state that the fixture has; how many it has. */
static int compare_state(const char *case_name, const cop_tensors *state)
{
    static double values[ROOM];
    int compared = 0;
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        const cop_tensor *got = cop_tensors_at(state, i);
        if (got->dtype != COP_F32)
            continue;
        read_fixture(case_name, got->name, values, cop_shape_count(got->shape));
        assert_close_f32(cop_f32(got), values, cop_shape_count(got->shape), 5e-6, 5e-5);
        compared++;
    }
    return compared;
}

static void check_case(const char *case_name, const cop_recipe *recipe)
{
    cop_model *m = tiny_model(true);
    cop_tensors *initial = fixture_start(m);
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec), .model = m,
                                   .data = fixture_samples(), .recipe = recipe,
                                   .order_seed = ORDER_SEED};
    cop_trainer *t = NULL;
    cop_error err = {0};
    assert_ok(cop_trainer_new(&spec, &t, &err), &err);
    assert_int_equal(cop_trainer_total_steps(t), STEPS);
    assert_ok(cop_trainer_start(t, initial, 0, &err), &err);
    double losses[STEPS], rates[STEPS];
    read_fixture(case_name, "losses", losses, STEPS);
    read_fixture(case_name, "rates", rates, STEPS);
    for (int i = 0; i < STEPS; i++) {
        cop_train_metrics metrics = {COP_SIZED(cop_train_metrics)};
        assert_ok(cop_trainer_run(t, 1, &metrics, &err), &err);
        if (fabs(metrics.loss - losses[i]) > 2e-5 || fabs(metrics.lr - rates[i]) > 1e-9)
            fail_msg("%sstep %d: loss %.9g, wanted %.9g; rate %.9g, wanted %.9g", case_name, i,
                     metrics.loss, losses[i], metrics.lr, rates[i]);
    }
    bool has_second = recipe->optimiser != COP_OPTIMISER_SGD;
    assert_int_equal(compare_state(case_name, cop_trainer_state(t)), has_second ? 12 : 8);
    assert_true((cop_tensors_find(cop_trainer_state(t), "updates") != NULL) == has_second);
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static cop_recipe sgd(void)
{
    return (cop_recipe){.name = "sgd-case",
                        .duration = {COP_EPOCHS, 1},
                        .batch = 2,
                        .lr = 0.1,
                        .momentum = 0.9,
                        .weight_decay = 0.05,
                        .milestone_factor = 0.2};
}

static cop_recipe adam(int32_t optimiser)
{
    return (cop_recipe){.name = "adam-case",
                        .duration = {COP_STEPS, STEPS},
                        .batch = 2,
                        .optimiser = optimiser,
                        .lr = 0.02,
                        .beta1 = 0.9,
                        .beta2 = 0.999,
                        .epsilon = 1e-8,
                        .weight_decay = 0.1};
}

static const cop_milestones two_milestones = {2, {{COP_STEPS, 8}, {COP_STEPS, 14}}};

static void adam_is_that_of_pytorch(void **state)
{
    (void)state;
    cop_recipe r = adam(COP_OPTIMISER_ADAM);
    check_case("adam/", &r);
}

static void adamw_is_that_of_pytorch(void **state)
{
    (void)state;
    cop_recipe r = adam(COP_OPTIMISER_ADAMW);
    r.beta1 = 0.8;
    r.beta2 = 0.95;
    r.epsilon = 1e-3;
    check_case("adamw/", &r);
}

static void the_cosine_goes_to_zero_as_in_pytorch(void **state)
{
    (void)state;
    cop_recipe r = sgd();
    r.schedule = COP_SCHEDULE_COSINE;
    r.milestones = two_milestones; /* not those of a cosine */
    check_case("cosine/", &r);
}

static void the_rate_warms_up_as_in_pytorch(void **state)
{
    (void)state;
    cop_recipe r = sgd();
    r.warmup = (cop_duration){COP_STEPS, 6};
    r.milestones = two_milestones;
    check_case("warmup/", &r);
}

static void labels_are_smoothed_as_in_pytorch(void **state)
{
    (void)state;
    cop_recipe r = sgd();
    r.label_smoothing = 0.2;
    check_case("smoothing/", &r);
}

static void gradients_are_clipped_as_in_pytorch(void **state)
{
    (void)state;
    cop_recipe r = sgd();
    r.clip = 0.5;
    check_case("clip/", &r);
}

static void a_new_optimiser_at_milestones_is_that_of_pytorch(void **state)
{
    (void)state;
    cop_recipe r = sgd();
    r.milestones = two_milestones;
    r.momentum_reset = true;
    check_case("reset/", &r);
}

static void all_together_are_those_of_pytorch(void **state)
{
    (void)state;
    cop_recipe r = adam(COP_OPTIMISER_ADAMW);
    r.schedule = COP_SCHEDULE_COSINE;
    r.warmup = (cop_duration){COP_STEPS, 5};
    r.label_smoothing = 0.1;
    r.clip = 0.5;
    check_case("all/", &r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_is_that_of_pytorch),
        cmocka_unit_test(adamw_is_that_of_pytorch),
        cmocka_unit_test(the_cosine_goes_to_zero_as_in_pytorch),
        cmocka_unit_test(the_rate_warms_up_as_in_pytorch),
        cmocka_unit_test(labels_are_smoothed_as_in_pytorch),
        cmocka_unit_test(gradients_are_clipped_as_in_pytorch),
        cmocka_unit_test(a_new_optimiser_at_milestones_is_that_of_pytorch),
        cmocka_unit_test(all_together_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
