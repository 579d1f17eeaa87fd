/* Dropout: in trainings by the draws of a step, and nowhere else. */
#include "support.h"

#include "tiny_net.h"
#include "train/recipe.h"

#include <coppice/objective.h>
#include <coppice/trainer.h>

#include <math.h>
#include <string.h>

#define RATE     0.4
#define FEATURES 16
#define CLASSES  3
#define SEED     12

static const cop_recipe still = {.name = "still", .duration = {COP_EPOCHS, 9}, .batch = 4};

static cop_trainer *start_trainer(const cop_model *m, const cop_samples *data,
                                  const cop_recipe *recipe, const cop_tensors *initial)
{
    const cop_trainer_spec spec = {
        COP_SIZED(cop_trainer_spec), .model = m, .data = data, .recipe = recipe, .order_seed = 3,
        .augment_seed = SEED};
    cop_trainer *t = NULL;
    cop_error err = {0};
    assert_ok(cop_trainer_new(&spec, &t, &err), &err);
    assert_ok(cop_trainer_start(t, initial, 0, &err), &err);
    return t;
}

static cop_tensors *initial_state(const cop_model *m)
{
    cop_tensors *state = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 5, &state, &err), &err);
    return state;
}

/* The classifier's input for all samples, as evaluation has it. */
static void embed(const cop_model *m, const cop_samples *data, const cop_tensors *state,
                  float *features)
{
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node x = cop_input(g, "x", cop_shape4(data->count, 2, 4, 4)), params[4];
    const cop_model_output *out = NULL;
    cop_model_inputs(m, g, "", params, NULL);
    assert_ok(cop_model_build(m, g, x, params, NULL, COP_MODE_TRAIN, &out, &err), &err);
    cop_node embedding = cop_model_output_find(out, "embedding");
    cop_program *p = NULL;
    float images[4 * TINY_PIXELS];
    int64_t index[4] = {0, 1, 2, 3};
    cop_samples_batch(data, index, data->count, images, NULL);
    assert_ok(cop_compile(g, &embedding, 1, NULL, &p, &err), &err);
    assert_ok(cop_program_bind(p, x, images, &err), &err);
    assert_ok(cop_model_bind(m, p, "", state, &err), &err);
    assert_ok(cop_program_run(p, &err), &err);
    memcpy(features, cop_program_output(p, 0), (size_t)data->count * FEATURES * sizeof(float));
    cop_program_free(p);
    cop_graph_free(g);
}

/* Cross-entropy of one sample whose features are dropped where the stream says so. */
static double naive_loss(const float *features, const cop_tensors *state, int32_t label,
                         cop_stream *stream)
{
    const float *w = cop_f32(cop_tensors_find(state, "fc.weight"));
    const float *b = cop_f32(cop_tensors_find(state, "fc.bias"));
    double logits[CLASSES], sum = 0.0;
    for (int c = 0; c < CLASSES; c++)
        logits[c] = (double)b[c];
    for (int k = 0; k < FEATURES; k++) {
        bool dropped = (double)cop_stream_uniform(stream) < RATE;
        for (int c = 0; c < CLASSES && !dropped; c++)
            logits[c] += (double)w[c * FEATURES + k] * (double)features[k] / (1.0 - RATE);
    }
    for (int c = 0; c < CLASSES; c++)
        sum += exp(logits[c]);
    return log(sum) - logits[label];
}

static void a_step_drops_what_its_stream_says(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 4, false);
    for (int i = 0; i < 4; i++) /* equal ones: their order makes no difference */
        memcpy(data.pixels + i * TINY_PIXELS, data.pixels, TINY_PIXELS * sizeof(float));
    data.labels[1] = data.labels[2] = data.labels[3] = data.labels[0];
    cop_model *m = tiny_dropout_model(RATE);
    cop_tensors *initial = initial_state(m);
    float features[4 * FEATURES];
    embed(m, &data.samples, initial, features);
    cop_trainer *t = start_trainer(m, &data.samples, &still, initial);
    double last = 0.0;
    for (uint64_t step = 0; step < 5; step++) {
        cop_train_metrics metrics = {COP_SIZED(cop_train_metrics)};
        cop_error err = {0};
        assert_ok(cop_trainer_run(t, 1, &metrics, &err), &err);
        cop_stream stream = cop_stream_make(SEED, "dropout", step);
        double wanted = 0.0;
        for (int i = 0; i < 4; i++)
            wanted += naive_loss(features, initial, data.labels[0], &stream) / 4.0;
        assert_true(fabs(metrics.loss - wanted) < 1e-5);
        assert_true(fabs(metrics.loss - last) > 1e-4); /* each step draws anew */
        last = metrics.loss;
    }
    cop_trainer_free(t);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void objectives_drop_nothing(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_model *dropping = tiny_dropout_model(RATE), *plain = tiny_model(true);
    cop_tensors *initial = initial_state(plain);
    assert_true(cop_model_has_dropout(dropping));
    assert_false(cop_model_has_dropout(plain));
    static const cop_mode modes[] = {COP_MODE_EVAL, COP_MODE_TRAIN, COP_MODE_FROZEN};
    for (size_t i = 0; i < 3; i++) {
        double loss[2];
        for (int k = 0; k < 2; k++) {
            const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .mode = modes[i],
                                             .model = k == 0 ? plain : dropping,
                                             .data = &data.samples};
            cop_objective *o = NULL;
            cop_error err = {0};
            cop_evaluation e = {COP_SIZED(cop_evaluation)};
            assert_ok(cop_objective_new(&spec, &o, &err), &err);
            assert_ok(cop_objective_evaluate(o, initial, &e, &err), &err);
            loss[k] = e.loss;
            cop_objective_free(o);
        }
        assert_true(loss[0] == loss[1]);
    }
    cop_tensors_free(initial);
    cop_model_free(dropping);
    cop_model_free(plain);
}

/* Ten samples in batches of four: the last batch of an epoch is a smaller one. */
static void a_restored_training_drops_the_same(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, 10, false);
    cop_recipe recipe = still;
    recipe.lr = 0.1;
    recipe.optimiser = COP_OPTIMISER_ADAM;
    recipe.beta1 = 0.9;
    recipe.beta2 = 0.999;
    recipe.epsilon = 1e-8;
    cop_model *m = tiny_dropout_model(RATE);
    cop_tensors *initial = initial_state(m);
    cop_error err = {0};
    cop_trainer *through = start_trainer(m, &data.samples, &recipe, initial);
    cop_trainer *other = start_trainer(m, &data.samples, &recipe, initial);
    assert_ok(cop_trainer_run(through, 5, NULL, &err), &err);
    assert_ok(cop_tensors_copy(cop_trainer_state(other), cop_trainer_state(through), &err), &err);
    assert_ok(cop_trainer_run(through, 4, NULL, &err), &err);
    assert_ok(cop_trainer_run(other, 4, NULL, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(cop_trainer_state(other)); i++) {
        const cop_tensor *a = cop_tensors_at(cop_trainer_state(through), i);
        const cop_tensor *b = cop_tensors_at(cop_trainer_state(other), i);
        assert_memory_equal(a->data, b->data,
                            (size_t)cop_shape_count(a->shape) * cop_dtype_size(a->dtype));
    }
    cop_trainer_free(through);
    cop_trainer_free(other);
    cop_tensors_free(initial);
    cop_model_free(m);
}

static void a_share_that_is_none_is_refused(void **state)
{
    (void)state;
    static const double wrong[] = {1.0, -0.1, NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const tiny_options options = {.no_norm = true, .dropout = wrong[i]};
        cop_model *m = NULL;
        cop_error err = {0};
        assert_refused(cop_model_open("tiny", &tiny_ops, &options, &tiny_task, &m, &err),
                       COP_INVALID, &err, "wanted 0 or more and below 1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_drops_what_its_stream_says),
        cmocka_unit_test(objectives_drop_nothing),
        cmocka_unit_test(a_restored_training_drops_the_same),
        cmocka_unit_test(a_share_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
