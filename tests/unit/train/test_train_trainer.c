/* The training loop: PyTorch's numbers, masks, resume, repeatability, refusals. */
#include "support.h"

#include "exec/compiler/cache.h"
#include "tiny_net.h"
#include "train/forward.h"
#include "train/loader.h"
#include "train/recipe.h"

#include <coppice/objective.h>
#include <coppice/trainer.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The fixture: lines of a name, a count and that many numbers. */

#define FIXTURE COPPICE_TEST_SOURCE_DIR "/tests/fixtures/train/sgd.txt"

/* Reads the numbers of a name and returns how many there are; fails the test when it is missing. */
static int64_t read_fixture(const char *wanted, double *values, int64_t room)
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
                assert_in_range(i, 0, room - 1);
                values[i] = value;
                found = count;
            }
        }
    (void)fclose(file);
    if (found < 0)
        fail_msg("%s has no \"%s\"", FIXTURE, wanted);
    return found;
}

#define FIXTURE_COUNT 18
#define ORDER_SEED    11

/* Places the fixture's samples so that the loader's first epoch shows them in the fixture's order.
 */
static void fill_from_fixture(tiny_data *d)
{
    double images[FIXTURE_COUNT * TINY_PIXELS], labels[FIXTURE_COUNT];
    assert_int_equal(read_fixture("images", images, FIXTURE_COUNT * TINY_PIXELS),
                     FIXTURE_COUNT * TINY_PIXELS);
    assert_int_equal(read_fixture("labels", labels, FIXTURE_COUNT), FIXTURE_COUNT);
    cop_stream stream = cop_stream_make(ORDER_SEED, "order", 0);
    int64_t order[FIXTURE_COUNT];
    cop_stream_permutation(&stream, order, FIXTURE_COUNT);
    for (int i = 0; i < FIXTURE_COUNT; i++) {
        for (int k = 0; k < TINY_PIXELS; k++)
            d->pixels[order[i] * TINY_PIXELS + k] = (float)images[i * TINY_PIXELS + k];
        d->labels[order[i]] = (int32_t)labels[i];
    }
    d->samples = (cop_samples){.task = tiny_task,
                               .normalization = {.std = {1.0f, 1.0f}},
                               .count = FIXTURE_COUNT,
                               .pixels = d->pixels,
                               .labels = d->labels};
}

static const cop_recipe fixture_recipe = {.name = "fixture",
                                          .duration = {COP_EPOCHS, 1},
                                          .batch = 4,
                                          .lr = 0.1,
                                          .momentum = 0.9,
                                          .weight_decay = 0.05,
                                          .milestones = {2, {{COP_STEPS, 2}, {COP_STEPS, 4}}},
                                          .milestone_factor = 0.2};

static cop_trainer *new_trainer(const cop_model *m, const cop_samples *data,
                                const cop_recipe *recipe, const cop_tensors *mask)
{
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = m,
                                   .data = data,
                                   .recipe = recipe,
                                   .mask = mask,
                                   .order_seed = ORDER_SEED,
                                   .augment_seed = 12};
    cop_trainer *t = NULL;
    cop_error err = {0};
    assert_ok(cop_trainer_new(&spec, &t, &err), &err);
    return t;
}

static cop_tensors *initial_state(const cop_model *m)
{
    cop_tensors *state = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 5, &state, &err), &err);
    return state;
}

static void start(cop_trainer *t, const cop_tensors *state)
{
    cop_error err = {0};
    assert_ok(cop_trainer_start(t, state, 0, &err), &err);
}

static cop_train_metrics run(cop_trainer *t, int64_t steps)
{
    cop_train_metrics metrics = {COP_SIZED(cop_train_metrics)};
    cop_error err = {0};
    assert_ok(cop_trainer_run(t, steps, &metrics, &err), &err);
    return metrics;
}

static void five_steps_are_those_of_pytorch(void **state)
{
    (void)state;
    static tiny_data data;
    fill_from_fixture(&data);
    cop_model *m = tiny_model(false);
    cop_tensors *initial = initial_state(m);
    double values[1024], losses[5];
    for (size_t i = 0; i < cop_tensors_count(initial); i++) {
        cop_tensor *t = cop_tensors_at(initial, i);
        char name[COP_NAME_SIZE + 16];
        (void)snprintf(name, sizeof name, "initial/%s", t->name);
        assert_int_equal(read_fixture(name, values, 1024), cop_shape_count(t->shape));
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            cop_f32(t)[k] = (float)values[k];
    }

    cop_trainer *t = new_trainer(m, &data.samples, &fixture_recipe, NULL);
    assert_int_equal(cop_trainer_steps_per_epoch(t), 5);
    assert_int_equal(cop_trainer_total_steps(t), 5);
    start(t, initial);
    static const double rates[5] = {0.1, 0.1, 0.02, 0.02, 0.004};
    assert_int_equal(read_fixture("losses", losses, 5), 5);
    for (int i = 0; i < 5; i++) {
        cop_train_metrics metrics = run(t, 1);
        assert_true(fabs(metrics.loss - losses[i]) < 1e-5);
        assert_true(fabs(metrics.lr - rates[i]) < 1e-12);
        assert_int_equal(metrics.samples, i < 4 ? 4 : 2);
    }

    cop_tensors *trained = cop_trainer_state(t);
    size_t compared = 0;
    for (size_t i = 0; i < cop_tensors_count(trained); i++) {
        cop_tensor *got = cop_tensors_at(trained, i);
        if (strcmp(got->name, "step") == 0)
            continue;
        char name[COP_NAME_SIZE + 16];
        (void)snprintf(name, sizeof name, "final/%s", got->name);
        assert_int_equal(read_fixture(name, values, 1024), cop_shape_count(got->shape));
        assert_close_f32(cop_f32(got), values, cop_shape_count(got->shape), 2e-6, 2e-5);
        compared++;
    }
    assert_int_equal(compared, 6 + 2 + 6);
    assert_int_equal(cop_i64(cop_tensors_find(trained, "step"))[0], 5);
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void removed_weights_stay_zero(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *m = tiny_model(false);
    cop_tensors *initial = initial_state(m), *mask = NULL;
    cop_error err = {0};
    assert_ok(cop_model_full_mask(m, &mask, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(mask); i++)
        for (int64_t k = 0; k < cop_shape_count(cop_tensors_at(mask, i)->shape); k += 2)
            cop_f32(cop_tensors_at(mask, i))[k] = 0.0f;
    cop_trainer *t = new_trainer(m, &data.samples, &fixture_recipe, mask);
    start(t, initial);
    for (int step = 0; step <= 4; step++) { /* checked before the first step as after each */
        for (size_t i = 0; i < cop_tensors_count(mask); i++) {
            const cop_tensor *kept = cop_tensors_at(mask, i);
            char name[COP_NAME_SIZE + 16];
            (void)snprintf(name, sizeof name, "momentum/%s", kept->name);
            const float *w = cop_f32(cop_tensors_find(cop_trainer_state(t), kept->name));
            const float *v = cop_f32(cop_tensors_find(cop_trainer_state(t), name));
            for (int64_t k = 0; k < cop_shape_count(kept->shape); k++) {
                if (k % 2 == 0)
                    assert_true(w[k] == 0.0f && v[k] == 0.0f);
                else
                    assert_true(w[k] != 0.0f && (step == 0 || v[k] != 0.0f));
            }
        }
        (void)run(t, 1);
    }
    cop_trainer_free(t);
    cop_tensors_free(mask);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static cop_recipe drawing_recipe(void)
{
    cop_recipe r = fixture_recipe;
    r.duration = (cop_duration){COP_EPOCHS, 4};
    r.milestones.at[0] = (cop_duration){COP_FRACTION, 0.5};
    r.milestones.at[1] = (cop_duration){COP_FRACTION, 0.75};
    r.augment = COP_AUGMENT_COLOR | COP_AUGMENT_FLIP | COP_AUGMENT_CROP;
    r.cutmix = 0.5;
    return r;
}

static void assert_same_bits(const cop_tensors *a, const cop_tensors *b)
{
    assert_int_equal(cop_tensors_count(a), cop_tensors_count(b));
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *x = cop_tensors_at(a, i), *y = cop_tensors_at(b, i);
        assert_string_equal(x->name, y->name);
        assert_memory_equal(x->data, y->data,
                            (size_t)cop_shape_count(x->shape) * cop_dtype_size(x->dtype));
    }
}

/* Of 3 steps an epoch, 12 in all. */
static void check_restored(const cop_recipe *recipe)
{
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *m = tiny_model(false);
    cop_tensors *initial = initial_state(m);
    cop_error err = {0};

    cop_trainer *through = new_trainer(m, &data.samples, recipe, NULL);
    start(through, initial);
    (void)run(through, 12);
    cop_tensors *wanted = cop_tensors_clone(cop_trainer_state(through));

    cop_trainer *first = new_trainer(m, &data.samples, recipe, NULL);
    start(first, initial);
    (void)run(first, 3);
    (void)run(first, 2); /* stopped within the second epoch */
    cop_tensors *saved = cop_tensors_clone(cop_trainer_state(first));
    cop_trainer *second = new_trainer(m, &data.samples, recipe, NULL);
    assert_ok(cop_tensors_copy(cop_trainer_state(second), saved, &err), &err);
    for (int i = 0; i < 7; i++)
        (void)run(second, 1);
    assert_same_bits(cop_trainer_state(second), wanted);

    /* and a trainer that went elsewhere comes back */
    (void)run(first, 4);
    assert_ok(cop_tensors_copy(cop_trainer_state(first), saved, &err), &err);
    (void)run(first, 7);
    assert_same_bits(cop_trainer_state(first), wanted);

    cop_trainer_free(through);
    cop_trainer_free(first);
    cop_trainer_free(second);
    cop_tensors_free(wanted);
    cop_tensors_free(saved);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void a_restored_training_goes_on_bit_for_bit(void **state)
{
    (void)state;
    cop_recipe recipe = drawing_recipe();
    check_restored(&recipe);
    recipe.momentum_reset = true; /* at steps 6 and 9 */
    recipe.draws = COP_DRAW_ONE;
    recipe.label_smoothing = 0.1;
    check_restored(&recipe);
}

static void a_restored_training_of_adam_goes_on_bit_for_bit(void **state)
{
    (void)state;
    cop_recipe recipe = drawing_recipe();
    recipe.optimiser = COP_OPTIMISER_ADAMW;
    recipe.beta1 = 0.9;
    recipe.beta2 = 0.999;
    recipe.epsilon = 1e-8;
    recipe.schedule = COP_SCHEDULE_COSINE;
    recipe.warmup = (cop_duration){COP_EPOCHS, 2};
    recipe.clip = 0.2;
    check_restored(&recipe);
}

static void train_with_seeds(const cop_model *m, const cop_samples *data,
                             const cop_tensors *initial, uint64_t order_seed, uint64_t augment_seed,
                             cop_tensors **out)
{
    cop_recipe recipe = drawing_recipe();
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = m,
                                   .data = data,
                                   .recipe = &recipe,
                                   .order_seed = order_seed,
                                   .augment_seed = augment_seed};
    cop_trainer *t = NULL;
    cop_error err = {0};
    assert_ok(cop_trainer_new(&spec, &t, &err), &err);
    start(t, initial);
    (void)run(t, 8);
    *out = cop_tensors_clone(cop_trainer_state(t));
    assert_non_null(*out);
    cop_trainer_free(t);
}

static void seeds_and_nothing_else_decide(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *m = tiny_model(false);
    cop_tensors *initial = initial_state(m);
    static const struct {
        uint64_t order, augment;
        bool same;
    } rows[] = {{1, 2, true}, {3, 2, false}, {1, 3, false}};
    cop_tensors *reference = NULL;
    train_with_seeds(m, &data.samples, initial, 1, 2, &reference);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cop_tensors *trained = NULL;
        train_with_seeds(m, &data.samples, initial, rows[i].order, rows[i].augment, &trained);
        const cop_tensor *a = cop_tensors_find(reference, "conv.weight");
        const cop_tensor *b = cop_tensors_find(trained, "conv.weight");
        if (rows[i].same)
            assert_same_bits(reference, trained);
        else
            assert_memory_not_equal(a->data, b->data, 72 * sizeof(float));
        cop_tensors_free(trained);
    }
    cop_tensors_free(reference);
    cop_tensors_free(initial);
    cop_model_free(m);
}

/* What a study does between two trainings of one network: another number of threads, an evaluation,
 * a training under a mask. */
static void use_other_programs(const cop_model *m, const cop_samples *data,
                               const cop_tensors *initial)
{
    cop_recipe recipe = drawing_recipe();
    cop_tensors *mask = NULL;
    cop_error err = {0};
    assert_ok(cop_model_full_mask(m, &mask, &err), &err);
    cop_f32(cop_tensors_at(mask, 0))[1] = 0.0f;
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec), .model = m,   .data = data,
                                   .recipe = &recipe,           .mask = mask, .threads = 1};
    cop_trainer *t = NULL;
    assert_ok(cop_trainer_new(&spec, &t, &err), &err);
    start(t, initial);
    (void)run(t, 4);
    cop_trainer_free(t);
    cop_objective *o = NULL;
    cop_evaluation e = {COP_SIZED(cop_evaluation)};
    const cop_objective_spec whole = {COP_SIZED(cop_objective_spec), .model = m, .data = data};
    assert_ok(cop_objective_new(&whole, &o, &err), &err);
    assert_ok(cop_objective_evaluate(o, initial, &e, &err), &err);
    cop_objective_free(o);
    cop_tensors_free(mask);
}

static void kept_programs_train_bit_for_bit(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_error err = {0};
    cop_program_cache *cache = NULL;
    assert_ok(cop_program_cache_new(64u << 20, &cache, &err), &err);
    cop_model *plain = tiny_model(false), *sharing = tiny_model(false), *other = tiny_model(false);
    cop_model_use_cache(sharing, cache);
    cop_model_use_cache(other, cache); /* a study opens a model for each of its cells */
    cop_tensors *initial = initial_state(plain);
    int64_t compiled = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        cop_tensors *wanted = NULL, *got = NULL;
        train_with_seeds(plain, &data.samples, initial, seed, seed + 1, &wanted);
        train_with_seeds(seed == 2 ? other : sharing, &data.samples, initial, seed, seed + 1, &got);
        assert_same_bits(got, wanted);
        cop_tensors_free(got);
        cop_tensors_free(wanted);
        use_other_programs(sharing, &data.samples, initial);
        cop_program_cache_counts counts = cop_program_cache_count(cache);
        compiled = seed == 1 ? counts.compiled : compiled;
        assert_int_equal(counts.compiled, compiled); /* all of them in the first turn */
        assert_int_equal(counts.reused, ((int64_t)seed - 1) * compiled);
        assert_int_equal(counts.lent, 0);
    }
    assert_int_equal(compiled, 5); /* a full and a partial batch, twice, and the evaluation */
    cop_tensors_free(initial);
    cop_model_free(plain);
    cop_model_free(sharing);
    cop_model_free(other);
    cop_program_cache_free(cache);
}

static int builds;

static cop_status count_build(void *self, cop_graph *g, cop_node x, const cop_node *params,
                              const cop_node *buffers, cop_mode mode, cop_model_output *out,
                              cop_error *err)
{
    builds++;
    return tiny_build(self, g, x, params, buffers, mode, out, err);
}

/* Memory that is refused for a program is refused at creation, and never in the midst. */
static void all_programs_are_made_at_creation(void **state)
{
    (void)state;
    static tiny_data data;
    static const tiny_options options = {.no_norm = false};
    cop_model_ops ops = tiny_ops;
    ops.build = count_build;
    cop_model *m = NULL;
    cop_error err = {0};
    assert_ok(cop_model_open("tiny", &ops, &options, &tiny_task, &m, &err), &err);
    for (int64_t count = 8; count <= 10; count += 2) {
        tiny_fill(&data, count, false);
        builds = 0;
        cop_trainer *t = new_trainer(m, &data.samples, &fixture_recipe, NULL);
        assert_int_equal(builds, count == 8 ? 1 : 2); /* the last batch of 10 has 2 samples */
        cop_tensors *initial = initial_state(m);
        start(t, initial);
        (void)run(t, 2 * cop_trainer_steps_per_epoch(t));
        assert_int_equal(builds, count == 8 ? 1 : 2);
        cop_tensors_free(initial);
        cop_trainer_free(t);
    }
    cop_model_free(m);
}

static void starting_at_a_step_takes_its_place_in_order_and_schedule(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_recipe recipe = drawing_recipe();
    recipe.momentum = 0.0; /* so that a start's zero momentum makes no difference */
    cop_model *m = tiny_model(false);
    cop_tensors *initial = initial_state(m);
    cop_error err = {0};
    cop_trainer *t = new_trainer(m, &data.samples, &recipe, NULL);
    start(t, initial);
    (void)run(t, 7);
    cop_tensors *at_seven = cop_tensors_clone(cop_trainer_state(t));
    cop_train_metrics wanted = run(t, 1);
    cop_tensors *at_eight = cop_tensors_clone(cop_trainer_state(t));
    assert_ok(cop_trainer_start(t, at_seven, 7, &err), &err);
    cop_train_metrics got = run(t, 1);
    assert_true(got.loss == wanted.loss && got.lr == wanted.lr && got.lr < recipe.lr);
    assert_same_bits(cop_trainer_state(t), at_eight);
    cop_trainer_free(t);
    cop_tensors_free(at_seven);
    cop_tensors_free(at_eight);
    cop_tensors_free(initial);
    cop_model_free(m);
}

/* With a rate of 0 and so few samples that their order makes no difference to the loss (one, or for
 * CutMix a pair), only the draws tell one step from another. */
static void each_step_draws_anew(void **state)
{
    (void)state;
    static tiny_data data;
    cop_model *m = tiny_model(true);
    cop_tensors *initial = initial_state(m);
    static const struct {
        int64_t count;
        uint32_t augment;
        double cutmix;
        bool same;
    } rows[] = {{2, 0, 0.0, true}, {1, COP_AUGMENT_COLOR, 0.0, false}, {2, 0, 1.0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tiny_fill(&data, rows[i].count, false);
        data.labels[0] = 0;
        data.labels[1] = 1;
        cop_recipe recipe = fixture_recipe;
        recipe.lr = 0.0;
        recipe.augment = rows[i].augment;
        recipe.cutmix = rows[i].cutmix;
        cop_trainer *t = new_trainer(m, &data.samples, &recipe, NULL);
        start(t, initial);
        double first = run(t, 1).loss;
        int others = 0;
        for (int k = 0; k < 8; k++)
            others += fabs(run(t, 1).loss - first) > 1e-5;
        assert_true((others == 0) == rows[i].same);
        cop_trainer_free(t);
    }
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void metrics_are_means_over_samples(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_recipe recipe = fixture_recipe;
    recipe.lr = 0.0; /* the network stands still, so an epoch sees what an evaluation sees */
    cop_model *m = tiny_model(true);
    cop_tensors *initial = initial_state(m);
    cop_trainer *t = new_trainer(m, &data.samples, &recipe, NULL);
    start(t, initial);
    cop_train_metrics metrics = run(t, cop_trainer_steps_per_epoch(t));

    cop_objective *o = NULL;
    cop_evaluation wanted = {COP_SIZED(cop_evaluation)};
    cop_error err = {0};
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = m,
                                     .data = &data.samples};
    assert_ok(cop_objective_new(&spec, &o, &err), &err);
    assert_ok(cop_objective_evaluate(o, initial, &wanted, &err), &err);
    assert_int_equal(metrics.samples, 10);
    assert_true(fabs(metrics.loss - wanted.loss) < 1e-6);
    assert_true(fabs(metrics.accuracy - wanted.accuracy) < 1e-12);

    /* CutMix mixes targets, not the class that counts for accuracy */
    recipe.cutmix = 1.0;
    cop_trainer *mixing = new_trainer(m, &data.samples, &recipe, NULL);
    start(mixing, initial);
    metrics = run(mixing, 3);
    assert_true(isfinite(metrics.loss) && fabs(metrics.loss - wanted.loss) > 1e-6);
    assert_true(metrics.accuracy * 10.0 == floor(metrics.accuracy * 10.0 + 0.5));
    cop_trainer_free(mixing);
    cop_objective_free(o);
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void the_most_likely_class_counts(void **state)
{
    (void)state;
    const float logits[] = {1, 3, 2, /**/ 5, 5, 1, /**/ NAN, NAN, NAN, /**/ -INFINITY, -3, -4};
    const int32_t labels[] = {0, 1, 0, 1};
    const int64_t index[] = {1, 0, 2, 3}; /* right, right (the first of a tie), NaN: wrong, right */
    assert_int_equal(cop_count_correct(logits, 4, 3, labels, index), 3);
}

static void a_loss_that_is_not_finite_stops_the_training(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *m = tiny_model(true);
    cop_tensors *initial = initial_state(m);
    cop_trainer *t = new_trainer(m, &data.samples, &fixture_recipe, NULL);
    start(t, initial);
    (void)run(t, 2);
    cop_f32(cop_tensors_find(cop_trainer_state(t), "fc.bias"))[1] = NAN;
    cop_error err = {0};
    assert_refused(cop_trainer_run(t, 3, NULL, &err), COP_FAILED, &err,
                   "the loss became nan at step 2 (lr 0.02)");
    assert_int_equal(cop_i64(cop_tensors_find(cop_trainer_state(t), "step"))[0], 2);
    start(t, initial); /* the trainer itself is unharmed */
    (void)run(t, 5);
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void refuse(const cop_trainer_spec *spec, cop_status wanted, const char *message)
{
    cop_trainer *t = NULL;
    cop_error err = {0};
    assert_refused(cop_trainer_new(spec, &t, &err), wanted, &err, message);
    assert_null(t);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *m = tiny_model(false);
    cop_tensors *mask = cop_tensors_new(), *foreign = cop_tensors_new();
    cop_error err = {0};
    assert_ok(cop_tensors_add(mask, "conv.weight", COP_F32, cop_shape1(3), NULL, &err), &err);
    assert_ok(cop_tensors_add(foreign, "layer9.weight", COP_F32, cop_shape1(3), NULL, &err), &err);
    cop_samples other = data.samples, none = data.samples;
    other.task.classes = 4;
    none.count = 0;
    cop_recipe broken = fixture_recipe;
    broken.batch = 0;
    const cop_trainer_spec good = {COP_SIZED(cop_trainer_spec), .model = m, .data = &data.samples,
                                   .recipe = &fixture_recipe};
    cop_trainer_spec spec = good;
    spec.mask = mask;
    refuse(&spec, COP_FAILED, "the mask's tensor \"conv.weight\" is [3], wanted [4, 2, 3, 3]");
    spec.mask = foreign;
    refuse(&spec, COP_FAILED, "the mask is for \"layer9.weight\", which the model does not have");
    spec = good;
    spec.data = &other;
    refuse(&spec, COP_FAILED, "the model is for 2x4x4 images of 3 classes, the data is 2x4x4 of 4");
    spec.data = &none;
    refuse(&spec, COP_FAILED, "nothing to train on: the set has no samples");
    spec = good;
    spec.recipe = &broken;
    refuse(&spec, COP_INVALID, "recipe \"fixture\": batch is 0");

    cop_trainer *t = new_trainer(m, &data.samples, &fixture_recipe, NULL);
    cop_tensors *initial = initial_state(m);
    assert_refused(cop_trainer_start(t, mask, 0, &err), COP_FAILED, &err,
                   "the state's tensor \"conv.weight\" is [3]");
    assert_refused(cop_trainer_start(t, foreign, 0, &err), COP_FAILED, &err,
                   "the state has no tensor \"conv.weight\"");
    assert_refused(cop_trainer_start(t, initial, -1, &err), COP_FAILED, &err, "step -1");
    cop_i64(cop_tensors_find(cop_trainer_state(t), "step"))[0] = -3;
    assert_refused(cop_trainer_run(t, 1, NULL, &err), COP_FAILED, &err, "step -3");
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_tensors_free(mask);
    cop_tensors_free(foreign);
    cop_model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_steps_are_those_of_pytorch),
        cmocka_unit_test(removed_weights_stay_zero),
        cmocka_unit_test(a_restored_training_goes_on_bit_for_bit),
        cmocka_unit_test(a_restored_training_of_adam_goes_on_bit_for_bit),
        cmocka_unit_test(seeds_and_nothing_else_decide),
        cmocka_unit_test(kept_programs_train_bit_for_bit),
        cmocka_unit_test(all_programs_are_made_at_creation),
        cmocka_unit_test(starting_at_a_step_takes_its_place_in_order_and_schedule),
        cmocka_unit_test(each_step_draws_anew),
        cmocka_unit_test(metrics_are_means_over_samples),
        cmocka_unit_test(the_most_likely_class_counts),
        cmocka_unit_test(a_loss_that_is_not_finite_stops_the_training),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
