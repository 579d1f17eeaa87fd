/* The model plugins: the published parameter counts, names, starting values, taps and refusals. */
#include "models.h"
#include "nn/model.h"
#include "nn/output.h"
#include "nn/task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CIFAR                                                                                      \
    {                                                                                              \
        3, 32, 32, 10                                                                              \
    }
#define MNIST                                                                                      \
    {                                                                                              \
        1, 28, 28, 10                                                                              \
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
    {"resnet_ap", "", IMAGENET, 4910922, 0},
    {"resnet_ap", "depth=18", IMAGENET, 11181642, 0},
    {"resnet_ap", "", {3, 100, 100, 10}, 4903242, 0},
    {"resnet_ap", "width=32", CIFAR, 1228970, 0},
    {"resnet_ap", "norm=none", IMAGENET, 4908042, 0},
    {"vgg", "", CIFAR, 9231114, 0},
    {"vgg", "", MNIST, 9229962, 0},
    {"vgg", "depth=13 norm=batch", CIFAR, 9416010, 0},
    {"vgg", "depth=16 norm=batch last_pool=avg", CIFAR, 14728266, 0}, /* open_lth's */
    {"vgg", "depth=19 norm=none", CIFAR, 20029514, 0},
    {"vgg", "depth=11 norm=none head=imagenet", {3, 224, 224, 1000}, 132863336, 0},
    {"vgg", "depth=16 norm=none head=imagenet", {3, 224, 224, 1000}, 138357544, 0},
    {"vgg", "depth=16 norm=batch head=imagenet", {3, 100, 300, 1000}, 138365992, 0},
    {"mlp", "", MNIST, 266610, 266200},
    {"mlp", "hidden=128,128", CIFAR, 411146, 0},
    {"mlp", "hidden=[]", MNIST, 7850, 7840},
    {"lenet5", "", MNIST, 61706, 0},
    {"lenet5", "", CIFAR, 62006, 0},
    {"lenet5", "variant=caffe", MNIST, 431080, 430500},
    {"alexnet", "", CIFAR, 1872202, 0},
    {"alexnet", "norm=batch", CIFAR, 1874122, 0},
    {"alexnet", "", MNIST, 1865802, 0},
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

/* Fails unless the model has these and no other prunable parameters, in this order. */
static void assert_prunable(const char *plugin, const char *settings, const cop_task *task,
                            const char *const *names, size_t count)
{
    test_model m = open_model(plugin, settings, task);
    size_t found = 0;
    for (size_t i = 0; i < cop_model_parameter_count(m.model); i++) {
        const cop_parameter *parameter = cop_model_parameter(m.model, i);
        if (!parameter->prunable)
            continue;
        assert_true(found < count);
        assert_string_equal(parameter->name, names[found++]);
    }
    assert_int_equal(found, count);
    close_model(&m);
}

#define ASSERT_PRUNABLE(plugin, settings, task, ...)                                               \
    assert_prunable(plugin, settings, task, (const char *const[]){__VA_ARGS__},                    \
                    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Indices as torch.nn.Sequential counts them. */
static void weights_are_called_as_in_the_authors_code(void **state)
{
    (void)state;
    static const cop_task cifar = CIFAR, mnist = MNIST;
    ASSERT_PRUNABLE("vgg", "norm=none", &cifar, "features.0.weight", "features.3.weight",
                    "features.6.weight", "features.8.weight", "features.11.weight",
                    "features.13.weight", "features.16.weight", "features.18.weight",
                    "classifier.weight"); /* torchvision's vgg11 */
    ASSERT_PRUNABLE("vgg", "depth=13 norm=batch head=imagenet hidden=8", &cifar,
                    "features.0.weight", "features.3.weight", "features.7.weight",
                    "features.10.weight", "features.14.weight", "features.17.weight",
                    "features.21.weight", "features.24.weight", "features.28.weight",
                    "features.31.weight", "classifier.0.weight", "classifier.3.weight",
                    "classifier.6.weight"); /* torchvision's vgg13_bn */
    ASSERT_PRUNABLE("mlp", "", &mnist, "fc_layers.0.weight", "fc_layers.1.weight", "fc.weight");
    ASSERT_PRUNABLE("lenet5", "", &mnist, "features.0.weight", "features.3.weight", "fc_1.weight",
                    "fc_2.weight", "fc_3.weight");
    ASSERT_PRUNABLE("lenet5", "norm=batch", &mnist, "features.0.weight", "features.4.weight",
                    "fc_1.weight", "fc_2.weight", "fc_3.weight");
    ASSERT_PRUNABLE("lenet5", "variant=caffe", &mnist, "conv1.weight", "conv2.weight", "fc1.weight",
                    "fc2.weight");
    ASSERT_PRUNABLE("alexnet", "", &cifar, "features.0.weight", "features.3.weight",
                    "features.6.weight", "features.8.weight", "features.10.weight", "fc.weight");
    ASSERT_PRUNABLE("alexnet", "norm=batch", &cifar, "features.0.weight", "features.4.weight",
                    "features.8.weight", "features.11.weight", "features.14.weight", "fc.weight");
    ASSERT_PRUNABLE("resnet_ap", "", &cifar, "layer0.conv1.weight", "layer1.0.conv1.weight",
                    "layer1.0.conv2.weight", "layer2.0.conv1.weight", "layer2.0.conv2.weight",
                    "layer2.0.downsample.0.weight", "layer3.0.conv1.weight",
                    "layer3.0.conv2.weight", "layer3.0.downsample.0.weight",
                    "layer4.0.conv1.weight", "layer4.0.conv2.weight",
                    "layer4.0.downsample.0.weight", "fc.weight");
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

/* The plugins whose defaults follow Zhao et al.'s code start as PyTorch does; the perceptron as
 * open_lth's, ResNetAP as Kim et al.'s. */
static void newer_models_start_as_in_the_authors_code(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *settings, *tensor;
        double uniform, normal; /* bound or variance; 0: not so */
    } cases[] = {
        {"vgg", "", "features.4.weight", 0.041666667, 0}, /* 1/√(64·9) */
        {"vgg", "initializer=kaiming_fan_in", "features.4.weight", 0, 2.0 / (64 * 9)},
        {"vgg", "initializer=kaiming_fan_out", "features.4.weight", 0, 2.0 / (128 * 9)},
        {"vgg", "initializer=kaiming_fan_in", "classifier.weight", 0, 2.0 / 512},
        {"mlp", "", "fc_layers.0.weight", 0, 2.0 / 3072},
        {"mlp", "", "fc_layers.0.bias", 0.018042196, 0}, /* 1/√3072 */
        {"lenet5", "", "fc_1.weight", 0.05, 0},
        {"alexnet", "", "fc.weight", 0.018042196, 0},
        {"resnet_ap", "", "layer2.0.conv1.weight", 0, 2.0 / (128 * 9)},
        {"resnet_ap", "", "fc.weight", 0.044194174, 0}, /* 1/√512 */
    };
    static const cop_task task = CIFAR;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cop_error err = {0};
        cop_tensors *start = NULL;
        test_model m = open_model(cases[i].plugin, cases[i].settings, &task);
        assert_ok(cop_model_initial_state(m.model, 4, &start, &err), &err);
        if (cases[i].uniform > 0)
            assert_uniform(start, cases[i].tensor, cases[i].uniform);
        else
            assert_normal(start, cases[i].tensor, cases[i].normal);
        cop_tensors_free(start);
        close_model(&m);
    }
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
        {"resnet_ap", "", "layer3", {4, {2, 256, 8, 8}}},
        {"resnet_ap", "stem=large", "stem", {4, {2, 64, 8, 8}}},
        {"resnet_ap", "", "embedding", {2, {2, 512}}},
        {"vgg", "", "stage1", {4, {2, 128, 8, 8}}},
        {"vgg", "", "embedding", {2, {2, 512}}},
        {"vgg", "head=imagenet hidden=16", "embedding", {2, {2, 16}}},
        {"mlp", "", "hidden0", {2, {2, 300}}},
        {"mlp", "hidden=[]", "embedding", {2, {2, 3072}}},
        {"lenet5", "", "block1", {4, {2, 16, 5, 5}}},
        {"lenet5", "", "embedding", {2, {2, 84}}},
        {"alexnet", "", "block1", {4, {2, 192, 8, 8}}},
        {"alexnet", "", "embedding", {2, {2, 3072}}},
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

/* torchvision's VGG drops behind both hidden layers; the linear head has nothing to drop. */
static void vgg_drops_hidden_features_in_trainings_alone(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        size_t layers;
        double rate;
    } cases[] = {
        {"width=2 head=imagenet hidden=8", 2, 0.5},
        {"width=2 head=imagenet hidden=8 dropout=0.25", 2, 0.25},
        {"width=2 head=imagenet hidden=8 dropout=0", 0, 0},
        {"width=2", 0, 0},
    };
    static const cop_task task = CIFAR;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_model m = open_model("vgg", cases[i].settings, &task);
        cop_graph *g = cop_graph_new();
        cop_node params[200], buffers[200];
        const cop_model_output *out = NULL;
        cop_node x = cop_input(g, "x", cop_shape4(3, 3, 32, 32));
        cop_error err = {0};
        cop_model_inputs(m.model, g, "", params, buffers);
        assert_ok(cop_model_build(m.model, g, x, params, buffers, COP_MODE_TRAIN, &out, &err),
                  &err);
        assert_int_equal(out->dropped_count, 0);
        assert_ok(cop_model_build_dropping(m.model, g, x, params, buffers, &out, &err), &err);
        assert_int_equal(out->dropped_count, cases[i].layers);
        for (const cop_dropped *d = out->dropped; d != NULL; d = d->next) {
            assert_true(d->rate == cases[i].rate);
            assert_true(cop_shape_equal(cop_node_shape(g, d->node), cop_shape2(3, 8)));
        }
        assert_int_equal(cop_model_has_dropout(m.model), cases[i].layers > 0);
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
        {"resnet_ap", "depth=20", CIFAR, "no ResNetAP-20"},
        {"resnet_ap",
         "",
         {3, 200, 31, 10},
         "200 x 31 are too small for ResNetAP with the stem \"la"},
        {"resnet_ap", "norm=group groups=5", CIFAR, "64 channels do not divide into 5 groups"},
        {"vgg", "depth=12", CIFAR, "no VGG-12"},
        {"vgg", "", {3, 32, 31, 10}, "32 x 31 are too small for a VGG"},
        {"vgg", "", {1, 27, 28, 10}, "at least 28 x 28"},
        {"vgg", "norm=group groups=3", CIFAR, "64 channels do not divide into 3 groups"},
        {"mlp", "norm=instance", MNIST, "no instance norm"},
        {"mlp", "norm=group groups=7", MNIST, "norm_layers.0: 300 channels do not divide into 7"},
        {"lenet5", "", {1, 11, 12, 10}, "at least 12 x 12"},
        {"lenet5", "variant=caffe", {1, 15, 28, 10}, "at least 16 x 16"},
        {"lenet5", "norm=group groups=5", CIFAR, "6 channels do not divide into 5"},
        {"alexnet", "", {3, 7, 32, 10}, "at least 8 x 8"},
        {"alexnet", "width=127", CIFAR, "width 127 is odd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_model m;
        cop_error err = {0};
        cop_status status = try_model(cases[i].plugin, cases[i].settings, &cases[i].task, &m, &err);
        assert_refused(status, COP_INVALID, &err, cases[i].message);
        assert_null(m.model);
        close_model(&m);
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
        {"resnet", "depth=18 width=4 norm=none", {3, 4, 4, 2}},
        {"resnet_ap", "depth=34 width=2", {3, 8, 8, 2}},
        {"resnet_ap", "width=2", {3, 129, 32, 2}},
        {"resnet_ap", "width=2 norm=group groups=2", {3, 65, 16, 2}},
        {"vgg", "depth=19 width=2", {3, 32, 32, 2}},
        {"vgg", "depth=19 width=2 norm=layer", {1, 28, 28, 2}},
        {"vgg", "width=2 head=imagenet hidden=2", {3, 65, 33, 2}},
        {"mlp", "norm=group groups=4", {1, 1, 1, 2}},
        {"lenet5", "norm=group", {1, 12, 12, 2}},
        {"lenet5", "variant=caffe norm=instance pooling=avg", {3, 16, 16, 2}},
        {"alexnet", "width=2 norm=layer", {3, 8, 8, 2}},
        {"alexnet", "width=8 norm=group", {1, 4, 4, 2}},
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
        cmocka_unit_test(weights_are_called_as_in_the_authors_code),
        cmocka_unit_test(starting_values_are_drawn_as_documented),
        cmocka_unit_test(newer_models_start_as_in_the_authors_code),
        cmocka_unit_test(taps_have_their_shapes),
        cmocka_unit_test(vgg_drops_hidden_features_in_trainings_alone),
        cmocka_unit_test(forward_flops_are_counted),
        cmocka_unit_test(refuses_networks_that_do_not_fit),
        cmocka_unit_test(the_deepest_networks_that_fit_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
