/* The model plugins: the published parameter counts, names, starting values, taps and refusals. */
#include "models.h"
#include "nn/task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CIFAR                                                                                      \
    {                                                                                              \
        3, 32, 32, 10                                                                              \
    }
#define IMAGENET                                                                                   \
    {                                                                                              \
        3, 224, 224, 10                                                                            \
    }

static const struct {
    const char *plugin, *settings;
    cop_task task;
    int64_t weights, prunable; /* prunable 0: not published */
} sizes[] = {
    {"convnet", "", CIFAR, 320010, 318848},
    {"convnet", "", {1, 28, 28, 10}, 317706, 0},
    {"resnet", "depth=10", CIFAR, 1228970, 0},
    {"resnet", "depth=18", CIFAR, 2797610, 0},
    {"resnet", "depth=18 width=64", CIFAR, 11173962, 0},
    {"resnet", "depth=20", CIFAR, 272474, 0},
    {"resnet", "depth=10 width=64", IMAGENET, 4910922, 0},
    {"resnet", "depth=18 width=64", IMAGENET, 11181642, 0},
    {"resnet", "depth=34 width=64", {3, 224, 224, 1000}, 21797672, 0}, /* torchvision's */
};

static void weights_are_as_many_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        test_model m = open_model(sizes[i].plugin, sizes[i].settings, &sizes[i].task);
        if (cop_model_weight_count(m.model) != sizes[i].weights)
            fail_msg("%s %s has %lld parameters, published are %lld", sizes[i].plugin,
                     sizes[i].settings, (long long)cop_model_weight_count(m.model),
                     (long long)sizes[i].weights);
        if (sizes[i].prunable != 0)
            assert_int_equal(cop_model_prunable_count(m.model), sizes[i].prunable);
        close_model(&m);
    }
}

static bool declares(const cop_model *m, const char *name, bool prunable)
{
    for (size_t i = 0; i < cop_model_parameter_count(m); i++)
        if (strcmp(cop_model_parameter(m, i)->name, name) == 0)
            return cop_model_parameter(m, i)->prunable == prunable;
    return false;
}

static void parameters_have_the_names_of_torch(void **state)
{
    (void)state;
    static const cop_task task = CIFAR;
    test_model m = open_model("convnet", "norm=batch", &task);
    assert_string_equal(cop_model_parameter(m.model, 0)->name, "layers.conv.0.weight");
    assert_true(declares(m.model, "layers.conv.2.weight", true));
    assert_true(declares(m.model, "layers.conv.2.bias", false));
    assert_true(declares(m.model, "layers.norm.1.weight", false));
    assert_true(declares(m.model, "classifier.weight", true));
    assert_string_equal(cop_model_buffer(m.model, 5)->name, "layers.norm.2.running_var");
    close_model(&m);
    m = open_model("resnet", "depth=20", &task);
    assert_string_equal(cop_model_parameter(m.model, 0)->name, "conv1.weight");
    assert_true(declares(m.model, "bn1.weight", false));
    assert_true(declares(m.model, "layer3.2.conv2.weight", true));
    assert_true(declares(m.model, "layer2.0.downsample.0.weight", true));
    assert_true(declares(m.model, "layer2.0.downsample.1.bias", false));
    assert_true(declares(m.model, "fc.weight", true));
    assert_false(declares(m.model, "layer1.0.downsample.0.weight", true));
    assert_false(declares(m.model, "conv1.bias", false));
    assert_string_equal(cop_model_buffer(m.model, 0)->name, "bn1.running_mean");
    close_model(&m);
}

/* The least, greatest, mean and mean square of a tensor of a fresh state. */
typedef struct spread {
    double least, greatest, mean, square;
} spread;

static spread measure(const cop_tensors *state, const char *name)
{
    const cop_tensor *tensor = fixture_tensor(state, name, "");
    int64_t count = cop_shape_count(tensor->shape);
    spread s = {.least = INFINITY, .greatest = -INFINITY};
    for (int64_t i = 0; i < count; i++) {
        double value = (double)cop_f32(tensor)[i];
        s.least = fmin(s.least, value);
        s.greatest = fmax(s.greatest, value);
        s.mean += value / (double)count;
        s.square += value * value / (double)count;
    }
    return s;
}

static void assert_near(double got, double wanted, double allowed)
{
    if (!(fabs(got - wanted) <= allowed))
        fail_msg("%g is not %g within %g", got, wanted, allowed);
}

/* U(−bound, bound) fills its interval. */
static void assert_uniform(const cop_tensors *state, const char *name, double bound)
{
    spread s = measure(state, name);
    assert_true(s.least >= -bound && s.greatest <= bound);
    assert_near(s.mean, 0, 0.2 * bound);
    assert_near(s.square, bound * bound / 3, 0.25 * bound * bound);
    assert_true(s.greatest > 0.8 * bound && s.least < -0.8 * bound);
}

static void assert_normal(const cop_tensors *state, const char *name, double variance)
{
    spread s = measure(state, name);
    assert_near(s.mean, 0, 0.05 * sqrt(variance));
    assert_near(s.square, variance, 0.05 * variance);
    assert_true(s.greatest > 3 * sqrt(variance)); /* and not uniform */
}

static void starting_values_are_drawn_as_documented(void **state)
{
    (void)state;
    static const cop_task task = CIFAR;
    cop_error err = {0};
    cop_tensors *start = NULL;
    test_model m = open_model("convnet", "", &task);
    assert_ok(cop_model_initial_state(m.model, 4, &start, &err), &err);
    assert_uniform(start, "layers.conv.1.weight", 1 / sqrt(128 * 9));
    assert_uniform(start, "layers.conv.1.bias", 1 / sqrt(128 * 9));
    assert_uniform(start, "layers.conv.0.bias", 1 / sqrt(3 * 9));
    assert_uniform(start, "classifier.weight", 1 / sqrt(2048));
    cop_tensors_free(start);
    close_model(&m);

    m = open_model("resnet", "depth=10", &task);
    assert_ok(cop_model_initial_state(m.model, 4, &start, &err), &err);
    assert_normal(start, "layer2.0.conv1.weight", 2.0 / (64 * 9));
    assert_normal(start, "layer3.0.downsample.0.weight", 2.0 / 128);
    assert_uniform(start, "fc.weight", 1 / sqrt(256));
    assert_near(measure(start, "layer4.0.bn2.weight").least, 1, 0);
    cop_tensors_free(start);
    close_model(&m);

    m = open_model("resnet", "depth=10 initializer=kaiming_fan_in norm_scale=uniform01", &task);
    assert_ok(cop_model_initial_state(m.model, 4, &start, &err), &err);
    assert_normal(start, "layer2.0.conv1.weight", 2.0 / (32 * 9));
    assert_normal(start, "fc.weight", 2.0 / 256);
    spread scale = measure(start, "layer4.0.bn2.weight");
    assert_true(scale.least >= 0 && scale.least < 0.1 && scale.greatest < 1);
    assert_near(scale.mean, 0.5, 0.1);
    cop_tensors_free(start);
    close_model(&m);
}

static void taps_have_their_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *settings, *tap;
        cop_shape shape;
    } cases[] = {
        {"convnet", "", "embedding", {2, {2, 2048}}},
        {"convnet", "", "block0", {4, {2, 128, 16, 16}}},
        {"convnet", "", "block2", {4, {2, 128, 4, 4}}},
        {"resnet", "depth=20", "stem", {4, {2, 16, 32, 32}}},
        {"resnet", "depth=20", "layer2", {4, {2, 32, 16, 16}}},
        {"resnet", "depth=18", "layer4", {4, {2, 256, 4, 4}}},
        {"resnet", "depth=18", "embedding", {2, {2, 256}}},
    };
    static const cop_task task = CIFAR;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_model m = open_model(cases[i].plugin, cases[i].settings, &task);
        cop_graph *g = cop_graph_new();
        cop_node params[200], buffers[200];
        const cop_model_output *out = NULL;
        cop_node x = cop_input(g, "x", cop_shape4(2, 3, 32, 32));
        cop_error err = {0};
        cop_model_inputs(m.model, g, "", params, buffers);
        assert_ok(cop_model_build(m.model, g, x, params, buffers, COP_MODE_FROZEN, &out, &err),
                  &err);
        cop_node tap = cop_model_output_find(out, cases[i].tap);
        assert_true(cop_shape_equal(cop_node_shape(g, tap), cases[i].shape));
        cop_graph_free(g);
        close_model(&m);
    }
}

static void forward_flops_are_counted(void **state)
{
    (void)state;
    static const cop_task task = CIFAR;
    test_model m = open_model("convnet", "", &task);
    double conv = 1024.0 * 128 * 27 + 256.0 * 128 * 1152 + 64.0 * 128 * 1152;
    assert_true(cop_model_forward_flops(m.model) == 2 * (conv + 10.0 * 2048));
    close_model(&m);
}

static void refuses_networks_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *settings;
        cop_task task;
        const char *message;
    } cases[] = {
        {"convnet", "depth=6", CIFAR, "32 x 32 are too small for depth 6"},
        {"convnet", "depth=4", {3, 32, 15, 10}, "32 x 15 are too small for depth 4"},
        {"convnet", "norm=group groups=3", CIFAR, "128 does not divide into 3"},
        {"resnet", "depth=9", CIFAR, "no ResNet-9"},
        {"resnet", "norm=group groups=5", CIFAR, "32 does not divide into 5"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_model m;
        cop_error err = {0};
        cop_status status = try_model(cases[i].plugin, cases[i].settings, &cases[i].task, &m, &err);
        assert_refused(status, COP_INVALID, &err, cases[i].message);
        assert_null(m.model);
        free(m.options);
    }
}

/* The deepest networks that fit do open. */
static void the_deepest_networks_that_fit_open(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *settings;
        cop_task task;
    } cases[] = {
        {"convnet", "depth=5 width=4", CIFAR},
        {"convnet", "depth=5 width=4", {1, 28, 28, 10}},
        {"convnet", "depth=6 width=4 pooling=none", {3, 2, 2, 10}},
        {"resnet", "depth=110 width=2", {1, 8, 8, 2}},
        {"resnet", "depth=18 width=4 norm=layer", {3, 4, 4, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_model m = open_model(cases[i].plugin, cases[i].settings, &cases[i].task);
        assert_true(cop_model_weight_count(m.model) > 0);
        close_model(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_as_many_as_published),
        cmocka_unit_test(parameters_have_the_names_of_torch),
        cmocka_unit_test(starting_values_are_drawn_as_documented),
        cmocka_unit_test(taps_have_their_shapes),
        cmocka_unit_test(forward_flops_are_counted),
        cmocka_unit_test(refuses_networks_that_do_not_fit),
        cmocka_unit_test(the_deepest_networks_that_fit_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
