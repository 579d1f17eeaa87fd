/* Objectives: evaluation, gradient, Hessian product and statistics against the oracle on the whole
 * set in one batch. */
#include "support.h"

#include "tiny_net.h"
#include "train/forward.h"

#include <coppice/differentiate.h>
#include <coppice/objective.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT   23
#define PARAMS  6
#define BUFFERS 2
#define WIDEST  72
#define LEAVES  (2 + PARAMS + BUFFERS + PARAMS)

/* What the oracle says of a model, a state, a tangent and the samples of `index`. */
typedef struct truth {
    double loss;
    double logits[32 * 3];
    double gradient[PARAMS][WIDEST];
    double product[PARAMS][WIDEST];
} truth;

typedef struct leaves {
    cop_node node[LEAVES];
    double *value[LEAVES];
    size_t count;
} leaves;

static void add_leaf(leaves *l, cop_node node, const float *value, int64_t n)
{
    double *copy = calloc((size_t)n, sizeof *copy);
    assert_non_null(copy);
    for (int64_t i = 0; i < n; i++)
        copy[i] = (double)value[i];
    l->node[l->count] = node;
    l->value[l->count++] = copy;
}

static void add_leaf_tensor(leaves *l, cop_node node, const cop_tensors *set, const char *name)
{
    const cop_tensor *t = cop_tensors_find(set, name);
    assert_non_null(t);
    add_leaf(l, node, cop_f32(t), cop_shape_count(t->shape));
}

static void ask_oracle(const cop_model *m, const cop_samples *data, const int64_t *index, int64_t n,
                       cop_mode mode, double logit_scale, const cop_tensors *state,
                       const cop_tensors *v, truth *out)
{
    const cop_forward_spec spec = {.model = m, .n = n, .mode = mode, .logit_scale = logit_scale};
    cop_forward f;
    cop_error err = {0};
    assert_ok(cop_forward_build(&spec, &f, &err), &err);
    size_t params = cop_model_parameter_count(m);
    cop_node tangents[PARAMS],
        outputs[2 + 2 * PARAMS] = {f.loss, cop_model_output_get_logits(f.output)};
    double *results[2 + 2 * PARAMS] = {&out->loss, out->logits};
    leaves l = {0};
    static float images[32 * TINY_PIXELS], targets[32 * 3];
    cop_samples_batch(data, index, n, images, targets);
    add_leaf(&l, f.images, images, n * TINY_PIXELS);
    add_leaf(&l, f.targets, targets, n * 3);
    for (size_t i = 0; i < params; i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        char name[COP_NAME_SIZE + 8] = "v/";
        strncat(name, p->name, COP_NAME_SIZE);
        tangents[i] = cop_input(f.g, name, p->shape);
        add_leaf_tensor(&l, f.params[i], state, p->name);
        add_leaf_tensor(&l, tangents[i], v, p->name);
        results[2 + i] = out->gradient[i];
        results[2 + params + i] = out->product[i];
    }
    for (size_t i = 0; i < cop_model_buffer_count(m); i++)
        add_leaf_tensor(&l, f.buffers[i], state, cop_model_buffer(m, i)->name);
    assert_ok(cop_gradient(f.g, f.loss, f.params, params, outputs + 2, &err), &err);
    assert_ok(
        cop_jvp(f.g, f.params, tangents, params, outputs + 2, params, outputs + 2 + params, &err),
        &err);
    assert_ok(cop_evaluate_f64(f.g, l.node, (const double *const *)l.value, l.count, outputs,
                               results, 2 + 2 * params, &err),
              &err);
    for (size_t i = 0; i < l.count; i++)
        free(l.value[i]);
    cop_forward_clear(&f);
}

/* What every test starts from. */

typedef struct bench {
    tiny_data data;
    cop_model *model;
    cop_tensors *state, *v, *result;
    int64_t all[COUNT];
} bench;

/* A set with a tensor for each parameter, filled with normals from a stream. */
static cop_tensors *parameter_set(const cop_model *m, const char *purpose)
{
    cop_tensors *set = cop_tensors_new();
    cop_error err = {0};
    cop_stream s = cop_stream_make(3, purpose, 0);
    for (size_t i = 0; i < cop_model_parameter_count(m); i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        cop_tensor *t = NULL;
        assert_ok(cop_tensors_add(set, p->name, COP_F32, p->shape, &t, &err), &err);
        for (int64_t k = 0; k < cop_shape_count(p->shape); k++)
            cop_f32(t)[k] = cop_stream_normal(&s);
    }
    return set;
}

static void set_up(bench *b, bool soft)
{
    tiny_fill(&b->data, COUNT, soft);
    b->model = tiny_model(false);
    cop_error err = {0};
    assert_ok(cop_model_initial_state(b->model, 9, &b->state, &err), &err);
    for (int64_t k = 0; k < 4; k++) { /* statistics that are not those at the start */
        cop_f32(cop_tensors_find(b->state, "norm.running_mean"))[k] = 0.1f * (float)k - 0.1f;
        cop_f32(cop_tensors_find(b->state, "norm.running_var"))[k] = 0.5f + 0.2f * (float)k;
    }
    b->v = parameter_set(b->model, "v");
    b->result = parameter_set(b->model, "result");
    for (int64_t i = 0; i < COUNT; i++)
        b->all[i] = i;
}

static void tear_down(bench *b)
{
    cop_tensors_free(b->state);
    cop_tensors_free(b->v);
    cop_tensors_free(b->result);
    cop_model_free(b->model);
}

static cop_objective *new_objective(const cop_objective_spec *spec)
{
    cop_objective *o = NULL;
    cop_error err = {0};
    assert_ok(cop_objective_new(spec, &o, &err), &err);
    return o;
}

static void assert_set_close(const bench *b, double wanted[PARAMS][WIDEST])
{
    for (size_t i = 0; i < PARAMS; i++) {
        const cop_parameter *p = cop_model_parameter(b->model, i);
        assert_close_f32(cop_f32(cop_tensors_find(b->result, p->name)), wanted[i],
                         cop_shape_count(p->shape), 2e-6, 2e-5);
    }
}

static const int64_t chosen[] = {20, 3, 3, 7, 11, 0, 22}; /* a sample may count twice */

/* Every service on every kind of set; batches of 5 leave a partial one of 3 or 2. */
static const struct {
    const int64_t *index;
    int64_t count, samples, batch;
    bool soft;
    double logit_scale;
} rows[] = {
    {NULL, 0, COUNT, 5, false, 0.0}, {NULL, 0, COUNT, 0, false, 0.0},
    {NULL, 0, COUNT, 5, true, 0.0},  {NULL, 9, 9, 5, false, 0.0},
    {chosen, 7, 7, 5, false, 0.0},   {NULL, 0, COUNT, 5, false, 0.005},
    {NULL, 0, COUNT, 1, false, 0.0},
};

static void services_agree_with_the_oracle(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        static bench b;
        set_up(&b, rows[r].soft);
        const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                         .model = b.model,
                                         .data = &b.data.samples,
                                         .index = rows[r].index,
                                         .count = rows[r].count,
                                         .batch = rows[r].batch,
                                         .logit_scale = rows[r].logit_scale};
        cop_objective *o = new_objective(&spec);
        const int64_t *index = rows[r].index != NULL ? rows[r].index : b.all;
        static truth wanted;
        ask_oracle(b.model, &b.data.samples, index, rows[r].samples, COP_MODE_EVAL,
                   rows[r].logit_scale > 0.0 ? rows[r].logit_scale : 1.0, b.state, b.v, &wanted);
        int64_t correct = 0;
        for (int64_t i = 0; i < rows[r].samples; i++) {
            const double *row = wanted.logits + 3 * i;
            int guess = row[1] > row[0] ? 1 : 0;
            guess = row[2] > row[guess] ? 2 : guess;
            correct += guess == b.data.labels[index[i]];
        }

        cop_error err = {0};
        cop_evaluation got = {COP_SIZED(cop_evaluation)};
        assert_ok(cop_objective_evaluate(o, b.state, &got, &err), &err);
        assert_int_equal(got.count, rows[r].samples);
        assert_true(fabs(got.loss - wanted.loss) < 1e-6);
        assert_true(fabs(got.accuracy * (double)rows[r].samples - (double)correct) < 1e-9);

        double loss = 0.0;
        assert_ok(cop_objective_gradient(o, b.state, b.result, &loss, &err), &err);
        assert_true(fabs(loss - wanted.loss) < 1e-6);
        assert_set_close(&b, wanted.gradient);
        assert_ok(cop_objective_hessian_product(o, b.state, b.v, b.result, &err), &err);
        assert_set_close(&b, wanted.product);
        cop_objective_free(o);
        tear_down(&b);
    }
}

static void training_mode_uses_the_statistics_of_the_batch(void **state)
{
    (void)state;
    static bench b;
    static truth wanted;
    set_up(&b, false);
    cop_tensors *before = cop_tensors_clone(b.state);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                                     .data = &b.data.samples, .mode = COP_MODE_TRAIN};
    cop_objective *o = new_objective(&spec);
    ask_oracle(b.model, &b.data.samples, b.all, COUNT, COP_MODE_TRAIN, 1.0, b.state, b.v, &wanted);
    cop_error err = {0};
    assert_ok(cop_objective_hessian_product(o, b.state, b.v, b.result, &err), &err);
    assert_set_close(&b, wanted.product);
    assert_memory_equal(cop_tensors_find(b.state, "norm.running_mean")->data,
                        cop_tensors_find(before, "norm.running_mean")->data, 4 * sizeof(float));
    cop_tensors_free(before);
    cop_objective_free(o);
    tear_down(&b);
}

/* One objective, other states and tangents: nothing of an earlier call is left. */
static void an_objective_serves_many_states(void **state)
{
    (void)state;
    static bench b;
    static truth wanted;
    set_up(&b, false);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                                     .data = &b.data.samples, .batch = 5};
    cop_objective *o = new_objective(&spec);
    cop_error err = {0};
    assert_ok(cop_objective_hessian_product(o, b.state, b.v, b.result, &err), &err);
    cop_tensors *other = NULL, *v = parameter_set(b.model, "another");
    assert_ok(cop_model_initial_state(b.model, 10, &other, &err), &err);
    ask_oracle(b.model, &b.data.samples, b.all, COUNT, COP_MODE_EVAL, 1.0, other, v, &wanted);
    assert_ok(cop_objective_hessian_product(o, other, v, b.result, &err), &err);
    assert_set_close(&b, wanted.product);
    /* the product may overwrite the tangent */
    assert_ok(cop_objective_hessian_product(o, other, v, v, &err), &err);
    for (size_t i = 0; i < PARAMS; i++) {
        const cop_tensor *t = cop_tensors_at(v, i);
        assert_memory_equal(t->data, cop_tensors_find(b.result, t->name)->data,
                            (size_t)cop_shape_count(t->shape) * sizeof(float));
    }
    cop_tensors_free(other);
    cop_tensors_free(v);
    cop_objective_free(o);
    tear_down(&b);
}

static void missing_tangents_are_zero_and_missing_products_not_returned(void **state)
{
    (void)state;
    static bench b;
    static truth wanted;
    set_up(&b, false);
    cop_tensors *v = cop_tensors_new(), *product = cop_tensors_new();
    cop_error err = {0};
    cop_tensor *tangent = NULL, *got = NULL;
    assert_ok(cop_tensors_add(v, "conv.weight", COP_F32, cop_shape4(4, 2, 3, 3), &tangent, &err),
              &err);
    assert_ok(cop_tensors_add(product, "fc.weight", COP_F32, cop_shape2(3, 16), &got, &err), &err);
    assert_ok(cop_tensors_add(product, "remarks", COP_U8, cop_shape1(3), NULL, &err), &err);
    for (size_t i = 0; i < PARAMS; i++) {
        cop_tensor *t = cop_tensors_at(b.v, i);
        size_t bytes = (size_t)cop_shape_count(t->shape) * sizeof(float);
        if (strcmp(t->name, "conv.weight") == 0)
            memcpy(tangent->data, t->data, bytes);
        else
            memset(t->data, 0, bytes);
    }
    ask_oracle(b.model, &b.data.samples, b.all, COUNT, COP_MODE_EVAL, 1.0, b.state, b.v, &wanted);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                                     .data = &b.data.samples, .batch = 10};
    cop_objective *o = new_objective(&spec);
    assert_ok(cop_objective_hessian_product(o, b.state, v, product, &err), &err);
    size_t fc = 0;
    while (strcmp(cop_model_parameter(b.model, fc)->name, "fc.weight") != 0)
        fc++;
    assert_close_f32(cop_f32(got), wanted.product[fc], 48, 2e-6, 2e-5);
    cop_tensors_free(v);
    cop_tensors_free(product);
    cop_objective_free(o);
    tear_down(&b);
}

/* With a convolution that picks channel 0 at its centre, the statistics of the norm's first channel
 * are those of the pixels: mean and unbiased variance of each batch, weighted by its samples. */
static void statistics_are_those_of_the_batches(void **state)
{
    (void)state;
    static bench b;
    set_up(&b, false);
    cop_error err = {0};
    float *w = cop_f32(cop_tensors_find(b.state, "conv.weight"));
    memset(w, 0, 72 * sizeof *w);
    memset(cop_f32(cop_tensors_find(b.state, "conv.bias")), 0, 4 * sizeof(float));
    w[4] = 1.0f; /* output channel 0, input channel 0, centre */
    cop_f32(cop_tensors_find(b.state, "conv.bias"))[1] = 2.5f;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                                     .data = &b.data.samples, .batch = 10};
    cop_objective *o = new_objective(&spec);
    assert_ok(cop_objective_reestimate(o, b.state, &err), &err);

    double mean = 0.0, variance = 0.0;
    for (int64_t first = 0; first < COUNT; first += 10) {
        int64_t n = COUNT - first < 10 ? COUNT - first : 10;
        double sum = 0.0, squares = 0.0;
        for (int64_t i = first; i < first + n; i++)
            for (int k = 0; k < 16; k++) {
                double x = ((double)b.data.pixels[i * TINY_PIXELS + k] - 0.5) / 0.25;
                sum += x;
                squares += x * x;
            }
        double count = 16.0 * (double)n;
        mean += sum / count * (double)n / COUNT;
        variance += (squares - sum * sum / count) / (count - 1.0) * (double)n / COUNT;
    }
    const double means[4] = {mean, 2.5, 0.0, 0.0}, variances[4] = {variance, 0.0, 0.0, 0.0};
    assert_close_f32(cop_f32(cop_tensors_find(b.state, "norm.running_mean")), means, 4, 1e-6, 1e-5);
    assert_close_f32(cop_f32(cop_tensors_find(b.state, "norm.running_var")), variances, 4, 1e-6,
                     1e-5);

    /* a second time gives the same: what stood there before does not count */
    cop_tensors *once = cop_tensors_clone(b.state);
    assert_ok(cop_objective_reestimate(o, b.state, &err), &err);
    assert_memory_equal(cop_tensors_find(b.state, "norm.running_var")->data,
                        cop_tensors_find(once, "norm.running_var")->data, 4 * sizeof(float));
    cop_tensors_free(once);
    cop_objective_free(o);
    tear_down(&b);
}

static void a_model_without_buffers_is_left_as_it_is(void **state)
{
    (void)state;
    static tiny_data data;
    tiny_fill(&data, COUNT, false);
    cop_model *m = tiny_model(true);
    cop_tensors *values = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 9, &values, &err), &err);
    cop_tensors *before = cop_tensors_clone(values);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = m,
                                     .data = &data.samples};
    cop_objective *o = new_objective(&spec);
    assert_ok(cop_objective_reestimate(o, values, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(values); i++) {
        const cop_tensor *t = cop_tensors_at(values, i);
        assert_memory_equal(t->data, cop_tensors_at(before, i)->data,
                            (size_t)cop_shape_count(t->shape) * sizeof(float));
    }
    cop_tensors_free(before);
    cop_tensors_free(values);
    cop_objective_free(o);
    cop_model_free(m);
}

/* How `fade` changes pixels, and how often it did. */
typedef struct fading {
    float scale;
    int64_t seen;
} fading;

static void fade(void *context, int64_t sample, float *pixels)
{
    fading *m = context;
    for (int64_t i = 0; i < TINY_PIXELS; i++)
        pixels[i] *= m->scale / (float)(1 + sample % 3);
    m->seen++;
}

static void keep(void *context, int64_t sample, float *pixels)
{
    (void)context;
    (void)sample;
    (void)pixels;
}

/* The same to the bit as over samples that hold changed pixels, in whatever order. */
static void pixels_are_changed_before_they_are_normalised(void **state)
{
    (void)state;
    static bench b;
    static float pixels[COUNT * TINY_PIXELS];
    static const int64_t index[] = {7, 0, 22, 3, 5, 11, 4};
    enum { USED = sizeof index / sizeof index[0] };
    cop_error err = {0};
    fading how = {0.5f, 0}, same = {0.5f, 0};
    set_up(&b, false);
    for (int64_t i = 0; i < COUNT; i++) {
        cop_samples_pixels(&b.data.samples, i, pixels + i * TINY_PIXELS);
        fade(&same, i, pixels + i * TINY_PIXELS);
    }
    cop_samples changed = b.data.samples;
    changed.bytes = NULL;
    changed.pixels = pixels;
    cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                               .model = b.model,
                               .data = &changed,
                               .index = index,
                               .count = USED,
                               .batch = 3};
    cop_evaluation wanted = {COP_SIZED(cop_evaluation)}, got = {COP_SIZED(cop_evaluation)};
    cop_objective *by_hand = new_objective(&spec);
    assert_ok(cop_objective_evaluate(by_hand, b.state, &wanted, &err), &err);
    spec.data = &b.data.samples;
    spec.change = fade;
    spec.context = &how;
    cop_objective *o = new_objective(&spec);
    assert_ok(cop_objective_evaluate(o, b.state, &got, &err), &err);
    assert_true(got.loss == wanted.loss && got.accuracy == wanted.accuracy);
    assert_int_equal(how.seen, USED);
    how.scale = 2.0f; /* the context may say something else in the next pass */
    assert_ok(cop_objective_evaluate(o, b.state, &got, &err), &err);
    assert_true(got.loss != wanted.loss);
    cop_objective_free(o);
    cop_objective_free(by_hand);
    tear_down(&b);
}

static void pixels_that_stay_are_those_without_a_change(void **state)
{
    (void)state;
    static bench b;
    cop_error err = {0};
    set_up(&b, true);
    cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                               .data = &b.data.samples, .batch = 4};
    cop_evaluation wanted = {COP_SIZED(cop_evaluation)}, got = {COP_SIZED(cop_evaluation)};
    cop_objective *plain = new_objective(&spec);
    spec.change = keep;
    cop_objective *kept = new_objective(&spec);
    assert_ok(cop_objective_evaluate(plain, b.state, &wanted, &err), &err);
    assert_ok(cop_objective_evaluate(kept, b.state, &got, &err), &err);
    assert_true(got.loss == wanted.loss && got.accuracy == wanted.accuracy);
    cop_objective_free(kept);
    cop_objective_free(plain);
    cop_samples whitened = b.data.samples;
    cop_objective *o = NULL;
    whitened.space = COP_PIXELS_NORMALISED;
    spec.data = &whitened;
    assert_refused(cop_objective_new(&spec, &o, &err), COP_FAILED, &err,
                   "changed pixels of samples that are normalised already");
    tear_down(&b);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static bench b;
    set_up(&b, false);
    const int64_t beyond[] = {0, COUNT}, negative[] = {-1};
    cop_samples none = b.data.samples, other = b.data.samples;
    none.count = 0;
    other.task.height = 8;
    const struct {
        cop_objective_spec spec;
        const char *message;
    } wrong[] = {
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &b.data.samples, .index = beyond,
          .count = 2},
         "sample 23 is not in a set of 23"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &b.data.samples,
          .index = negative, .count = 1},
         "sample -1 is not in a set of 23"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &b.data.samples,
          .index = beyond},
         "an objective needs at least one sample"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &none},
         "an objective needs at least one sample"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &b.data.samples, .count = 24},
         "an objective over 24 samples of a set of 23"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &b.data.samples, .batch = -1},
         "in batches of -1"},
        {{COP_SIZED(cop_objective_spec), .model = b.model, .data = &other},
         "the data is 2x8x4 of 3"},
    };
    cop_error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cop_objective *o = NULL;
        assert_refused(cop_objective_new(&wrong[i].spec, &o, &err), COP_FAILED, &err,
                       wrong[i].message);
        assert_null(o);
    }

    cop_tensors *bad = cop_tensors_new();
    assert_ok(cop_tensors_add(bad, "fc.bias", COP_F64, cop_shape1(3), NULL, &err), &err);
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = b.model,
                                     .data = &b.data.samples};
    cop_objective *o = new_objective(&spec);
    assert_refused(cop_objective_gradient(o, b.state, bad, NULL, &err), COP_FAILED, &err,
                   "the gradient's tensor \"fc.bias\" is not F32");
    assert_refused(cop_objective_hessian_product(o, b.state, bad, b.result, &err), COP_FAILED, &err,
                   "the tangent's tensor \"fc.bias\" is not F32");
    assert_refused(cop_objective_reestimate(o, bad, &err), COP_FAILED, &err,
                   "the state has no tensor \"norm.running_mean\"");
    cop_tensors_free(bad);
    cop_objective_free(o);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_agree_with_the_oracle),
        cmocka_unit_test(training_mode_uses_the_statistics_of_the_batch),
        cmocka_unit_test(an_objective_serves_many_states),
        cmocka_unit_test(missing_tangents_are_zero_and_missing_products_not_returned),
        cmocka_unit_test(statistics_are_those_of_the_batches),
        cmocka_unit_test(a_model_without_buffers_is_left_as_it_is),
        cmocka_unit_test(pixels_are_changed_before_they_are_normalised),
        cmocka_unit_test(pixels_that_stay_are_those_without_a_change),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
