/* The model plugins' channels: permuted in their groups, every network computes what it did. */
#include "models.h"
#include "nn/model.h"

#include <coppice/program.h>
#include <coppice/random.h>
#include <coppice/symmetry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES 3

/* Above MOST_WEIGHTS one way to go wrong at a time would take too long. */
enum { MOST_TENSORS = 256, MOST_WEIGHTS = 200000 };

static const struct {
    const char *plugin, *settings;
    cop_task task;
    size_t groups;
} cases[] = {
    {"convnet", "width=8", {3, 32, 32, 10}, 3},
    {"convnet", "width=8 norm=batch pooling=max", {1, 28, 28, 10}, 3},
    {"convnet", "width=8 norm=none", {3, 32, 32, 10}, 3},
    {"convnet", "width=8 norm=layer", {3, 32, 32, 10}, 3},
    {"convnet", "width=8 norm=group", {3, 32, 32, 10}, 0}, /* whose groups are told apart */
    /* One for the inside of each block, one for each stage's shortcut. */
    {"resnet", "depth=10 width=8", {3, 32, 32, 10}, 8},
    {"resnet", "depth=18 width=8", {3, 32, 32, 10}, 12},
    {"resnet", "depth=20 width=8", {3, 32, 32, 10}, 12},
    {"resnet", "depth=10 width=8 norm=instance", {3, 72, 72, 10}, 8},
    {"resnet", "depth=10 width=8 norm=none", {3, 32, 32, 10}, 8},
    {"resnet_ap", "width=8", {3, 72, 72, 10}, 8},
    {"resnet_ap", "width=8 norm=batch", {3, 32, 32, 10}, 8},
    {"vgg", "depth=11", {3, 32, 32, 10}, 8},
    {"vgg", "depth=11 norm=batch", {1, 28, 28, 10}, 8},
    {"alexnet", "width=8", {3, 32, 32, 10}, 5},
    {"alexnet", "width=8 norm=batch", {1, 28, 28, 10}, 5},
    {"lenet5", "", {1, 28, 28, 10}, 4},
    {"lenet5", "variant=caffe", {3, 32, 32, 10}, 3},
    {"mlp", "hidden=20,10", {1, 8, 8, 10}, 2},
    {"mlp", "hidden=20,10 norm=batch", {1, 8, 8, 10}, 2},
    {"mlp", "hidden=[]", {1, 8, 8, 10}, 0},
};

/* A model's logits of some images, whatever its state. */
typedef struct network {
    test_model m;
    cop_graph *g;
    cop_program *program;
    float *images;
    int64_t logits;
} network;

static network open_network(size_t i)
{
    network n = {.m = open_model(cases[i].plugin, cases[i].settings, &cases[i].task)};
    cop_node params[MOST_TENSORS], buffers[MOST_TENSORS], logits;
    const cop_task *task = &cases[i].task;
    const cop_model_output *built = NULL;
    cop_error err = {0};
    n.g = cop_graph_new();
    assert_true(cop_model_parameter_count(n.m.model) < MOST_TENSORS);
    cop_shape shape = cop_shape4(IMAGES, task->channels, task->height, task->width);
    cop_node x = cop_input(n.g, "x", shape);
    cop_model_inputs(n.m.model, n.g, "", params, buffers);
    assert_ok(cop_model_build(n.m.model, n.g, x, params, buffers, COP_MODE_EVAL, &built, &err),
              &err);
    logits = cop_model_output_get_logits(built);
    assert_ok(cop_compile(n.g, &logits, 1, NULL, &n.program, &err), &err);
    n.logits = IMAGES * task->classes;
    n.images = calloc((size_t)cop_shape_count(shape), sizeof *n.images);
    assert_non_null(n.images);
    cop_stream stream = cop_stream_make(1, "images", 0);
    for (int64_t k = 0; k < cop_shape_count(shape); k++)
        n.images[k] = cop_stream_normal(&stream);
    assert_ok(cop_program_bind(n.program, x, n.images, &err), &err);
    return n;
}

static void close_network(network *n)
{
    cop_program_free(n->program);
    cop_graph_free(n->g);
    free(n->images);
    close_model(&n->m);
}

/* A state in which no bias, scale or statistic is what it is for another channel. */
static cop_tensors *random_state(const network *n)
{
    cop_tensors *state = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(n->m.model, 3, &state, &err), &err);
    for (size_t t = 0; t < cop_tensors_count(state); t++) {
        const cop_tensor *w = cop_tensors_at(state, t);
        cop_stream stream = cop_stream_make(4, "values", t);
        for (int64_t k = 0; w->shape.rank == 1 && k < w->shape.dim[0]; k++)
            cop_f32(w)[k] += cop_stream_uniform(&stream);
    }
    return state;
}

/* The furthest that logits are from `wanted`, by the largest of these; NULL: keeps them there. */
static double differ(const network *n, const cop_tensors *state, float *kept, const float *wanted)
{
    cop_error err = {0};
    double furthest = 0.0, largest = 0.0;
    assert_ok(cop_model_bind(n->m.model, n->program, "", state, &err), &err);
    assert_ok(cop_program_run(n->program, &err), &err);
    const float *got = cop_program_output(n->program, 0);
    for (int64_t k = 0; k < n->logits; k++) {
        assert_true(isfinite(got[k]));
        if (wanted != NULL) {
            furthest = fmax(furthest, fabs((double)got[k] - (double)wanted[k]));
            largest = fmax(largest, fabs((double)wanted[k]));
        }
        if (kept != NULL)
            kept[k] = got[k];
    }
    return wanted != NULL ? furthest / largest : 0.0;
}

/* Moves every channel: none stays where it was. */
static int64_t *order_of(const cop_symmetries *s, size_t group)
{
    int64_t count = cop_symmetries_channels(s, group);
    int64_t *places = calloc((size_t)count, sizeof *places), *order = calloc((size_t)count, 8);
    assert_true(places != NULL && order != NULL);
    cop_stream stream = cop_stream_make(5, "order", group);
    cop_stream_permutation(&stream, places, count);
    for (int64_t c = 0; c < count; c++)
        order[places[c]] = places[(c + 1) % count];
    free(places);
    return order;
}

/* Whether each weight of the group is needed: what is permuted without it is another function. */
static void expect_each_weight_matters(const network *n, const cop_symmetries *s, size_t group,
                                       const cop_tensors *state, const cop_tensors *permuted,
                                       const float *wanted)
{
    for (size_t k = 0; k < cop_symmetries_axis_count(s, group); k++) {
        const char *name = cop_symmetries_axis(s, group, k)->tensor;
        const cop_tensor *own = cop_tensors_find(state, name);
        if (own->shape.rank < 2)
            continue; /* a bias before a normalisation has no say */
        cop_tensors *partly = cop_tensors_clone(permuted);
        assert_non_null(partly);
        memcpy(cop_tensors_find(partly, name)->data, own->data,
               (size_t)cop_shape_count(own->shape) * sizeof(float));
        if (differ(n, partly, NULL, wanted) < 1e-3)
            fail_msg("group %zu without %s is the same function", group, name);
        cop_tensors_free(partly);
    }
}

/* One group by itself. */
static void expect_group(const network *n, const cop_symmetries *s, size_t group,
                         const int64_t *order, const cop_tensors *state, const float *wanted)
{
    cop_error err = {0};
    cop_tensors *permuted = cop_tensors_clone(state);
    assert_non_null(permuted);
    assert_ok(cop_symmetries_permute(s, group, order, permuted, &err), &err);
    double off = differ(n, permuted, NULL, wanted);
    if (!(off < 2e-5))
        fail_msg("group %zu is off by %.2g", group, off);
    expect_each_weight_matters(n, s, group, state, permuted, wanted);
    cop_tensors_free(permuted);
}

static void permuted_networks_have_the_same_logits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        network n = open_network(i);
        cop_error err = {0};
        cop_symmetries *s = NULL;
        float wanted[IMAGES * 10];
        cop_tensors *own = random_state(&n), *all = cop_tensors_clone(own);
        assert_ok(cop_model_symmetries(n.m.model, &s, &err), &err);
        if (cop_symmetries_count(s) != cases[i].groups)
            fail_msg("%s %s: %zu groups, wanted %zu", cases[i].plugin, cases[i].settings,
                     cop_symmetries_count(s), cases[i].groups);
        (void)differ(&n, own, wanted, NULL);
        for (size_t group = 0; group < cop_symmetries_count(s); group++) {
            int64_t *order = order_of(s, group);
            assert_ok(cop_symmetries_permute(s, group, order, all, &err), &err);
            if (cop_model_weight_count(n.m.model) < MOST_WEIGHTS)
                expect_group(&n, s, group, order, own, wanted);
            free(order);
        }
        double off = differ(&n, all, NULL, wanted);
        if (!(off < 2e-5))
            fail_msg("%s %s: all groups are off by %.2g", cases[i].plugin, cases[i].settings, off);
        cop_symmetries_free(s);
        cop_tensors_free(own);
        cop_tensors_free(all);
        close_network(&n);
    }
}

static void axes_are_named_with_the_places_behind_a_flatten(void **state)
{
    (void)state;
    static const struct {
        const char *tensor;
        int64_t axis, block;
    } wanted[] = {{"layers.conv.0.weight", 0, 1},     {"layers.conv.0.bias", 0, 1},
                  {"layers.norm.0.weight", 0, 1},     {"layers.norm.0.bias", 0, 1},
                  {"classifier.weight", 1, 16},       {"layers.norm.0.running_mean", 0, 1},
                  {"layers.norm.0.running_var", 0, 1}};
    cop_error err = {0};
    cop_symmetries *s = NULL;
    test_model m = open_model("convnet", "depth=1 width=8 norm=batch", &(cop_task){3, 8, 8, 10});
    assert_ok(cop_model_symmetries(m.model, &s, &err), &err);
    assert_int_equal(cop_symmetries_count(s), 1);
    assert_int_equal(cop_symmetries_channels(s, 0), 8);
    assert_int_equal(cop_symmetries_axis_count(s, 0), sizeof wanted / sizeof wanted[0]);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0]; k++) {
        const cop_channel_axis *got = cop_symmetries_axis(s, 0, k);
        assert_string_equal(got->tensor, wanted[k].tensor);
        assert_int_equal(got->axis, wanted[k].axis);
        assert_int_equal(got->block, wanted[k].block);
    }
    cop_symmetries_free(s);
    close_model(&m);
}

static void what_is_no_permutation_of_a_state_is_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_symmetries *s = NULL;
    cop_tensors *own = NULL, *other = NULL, *mask = NULL;
    test_model m = open_model("mlp", "hidden=4", &(cop_task){1, 2, 2, 2});
    test_model wide = open_model("mlp", "hidden=5", &(cop_task){1, 2, 2, 2});
    assert_ok(cop_model_symmetries(m.model, &s, &err), &err);
    assert_ok(cop_model_initial_state(m.model, 1, &own, &err), &err);
    assert_ok(cop_model_initial_state(wide.model, 1, &other, &err), &err);
    assert_ok(cop_model_full_mask(m.model, &mask, &err), &err);
    const int64_t order[] = {1, 0, 3, 2}, twice[] = {1, 1, 3, 2}, beyond[] = {0, 1, 2, 4};
    assert_refused(cop_symmetries_permute(s, 0, twice, own, &err), COP_INVALID, &err,
                   "no permutation: channel 1 is to be what 1 was");
    assert_refused(cop_symmetries_permute(s, 0, beyond, own, &err), COP_INVALID, &err,
                   "channel 3 is to be what 4 was");
    assert_refused(cop_symmetries_permute(s, 0, order, other, &err), COP_FAILED, &err,
                   "wanted 32-bit floats, 4 of them along axis 0");
    /* A mask has no biases. */
    cop_f32(cop_tensors_at(mask, 0))[0] = 0.0f;
    assert_ok(cop_symmetries_permute(s, 0, order, mask, &err), &err);
    assert_true(cop_f32(cop_tensors_at(mask, 0))[4] == 0.0f);
    assert_int_equal(cop_mask_count(mask), 4 * 4 + 4 * 2 - 1);
    cop_symmetries_free(s);
    cop_tensors_free(own);
    cop_tensors_free(other);
    cop_tensors_free(mask);
    close_model(&m);
    close_model(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permuted_networks_have_the_same_logits),
        cmocka_unit_test(axes_are_named_with_the_places_behind_a_flatten),
        cmocka_unit_test(what_is_no_permutation_of_a_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
