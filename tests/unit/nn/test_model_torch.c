/* The networks against PyTorch in double precision: logits, losses, embeddings, every gradient,
 * a Hessian product and the running statistics' update, in training and evaluation mode. The oracle
 * has to agree to rounding, the compiled program to single precision. */
#include "models.h"
#include "nn/task.h"

#include <coppice/differentiate.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Relative to the largest value of the tensor, which is what rounding in a sum scales with, or to
 * this where all are smaller (gradients that are zero but for rounding, as of a bias before
 * instance norm). */
#define LEAST_SCALE        0.01
#define ORACLE_TOLERANCE   1e-10
#define COMPILED_TOLERANCE 1e-4
#define COMPILED_SECOND    1e-3 /* Hessian products */

typedef struct fixture_case {
    const char *file, *plugin, *settings;
    cop_task task;
    bool is_brief; /* the file has no derivatives */
} fixture_case;

static const fixture_case cases[] = {
    {"convnet_instance", "convnet", "width=6", {3, 16, 16, 5}, false},
    {"convnet_batch", "convnet", "depth=2 width=4 norm=batch", {3, 16, 16, 5}, false},
    {"convnet_layer_max",
     "convnet",
     "depth=2 width=4 norm=layer pooling=max",
     {3, 16, 16, 5},
     false},
    {"convnet_group_leaky",
     "convnet",
     "depth=1 width=6 norm=group groups=3 activation=leaky_relu",
     {3, 16, 16, 5},
     false},
    {"convnet_none_tanh",
     "convnet",
     "depth=1 width=2 norm=none pooling=none activation=tanh",
     {3, 16, 16, 5},
     false},
    {"convnet_grey_swish", "convnet", "depth=2 width=4 activation=swish", {1, 16, 16, 5}, false},
    {"convnet_sigmoid", "convnet", "depth=1 width=4 activation=sigmoid", {3, 16, 16, 5}, false},
    {"resnet10", "resnet", "depth=10 width=1", {3, 16, 16, 5}, false},
    {"resnet14", "resnet", "depth=14 width=2", {3, 12, 12, 5}, false},
    {"resnet8_instance_mid",
     "resnet",
     "depth=8 width=2 norm=instance stem=mid",
     {3, 24, 24, 5},
     false},
    {"resnet8_large", "resnet", "depth=8 width=2 stem=large", {3, 24, 24, 5}, false},
    {"resnet8_none", "resnet", "depth=8 width=2 norm=none", {3, 12, 12, 5}, false},
    {"vgg_batch", "vgg", "width=1 norm=batch", {3, 32, 32, 5}, true},
    {"vgg_grey_imagenet",
     "vgg",
     "width=1 norm=none head=imagenet hidden=3 last_pool=avg",
     {1, 92, 92, 5},
     false},
    {"mlp_relu", "mlp", "hidden=8,6", {3, 4, 4, 5}, false},
    {"mlp_batch_tanh", "mlp", "hidden=6 norm=batch activation=tanh", {1, 4, 4, 5}, false},
    {"mlp_layer", "mlp", "hidden=6,4 norm=layer", {1, 4, 4, 5}, false},
    {"lenet5_grey", "lenet5", "", {1, 12, 12, 5}, true},
    {"alexnet", "alexnet", "width=2", {3, 16, 16, 5}, false},
    {"alexnet_grey_batch", "alexnet", "width=2 norm=batch", {1, 8, 8, 5}, false},
    {"resnet_ap10", "resnet_ap", "width=1", {3, 16, 16, 5}, false},
    {"resnet_ap10_batch_mid", "resnet_ap", "width=1 norm=batch stem=mid", {3, 27, 27, 5}, false},
    {"resnet_ap18_none_large",
     "resnet_ap",
     "depth=18 width=1 norm=none stem=large",
     {1, 36, 36, 5},
     false},
};

#define MAX_ITEMS 256

/* What one mode computes, as parallel lists of nodes and of the fixture's names for them. */
typedef struct wanted_list {
    size_t count;
    cop_node node[MAX_ITEMS];
    char name[MAX_ITEMS][COP_NAME_SIZE + 16];
} wanted_list;

/* A network in one graph, with the fixture's values for its inputs. */
typedef struct subject {
    const cop_tensors *fixture;
    cop_graph *g;
    size_t input_count;
    cop_node input[MAX_ITEMS];
    const cop_tensor *value[MAX_ITEMS];
    wanted_list wanted;
} subject;

static void want(subject *s, cop_node node, const char *prefix, const char *name)
{
    assert_true(s->wanted.count < MAX_ITEMS);
    size_t i = s->wanted.count++;
    s->wanted.node[i] = node;
    (void)snprintf(s->wanted.name[i], sizeof s->wanted.name[i], "%s%s", prefix, name);
}

static cop_node feed(subject *s, cop_node input, const char *prefix, const char *name)
{
    assert_true(s->input_count < MAX_ITEMS);
    s->input[s->input_count] = input;
    s->value[s->input_count++] = fixture_tensor(s->fixture, prefix, name);
    return input;
}

static void want_gradients(subject *s, const cop_model *m, cop_mode mode, cop_node loss,
                           const cop_node *params)
{
    cop_error err = {0};
    size_t count = cop_model_parameter_count(m);
    cop_node gradients[MAX_ITEMS], tangents[MAX_ITEMS], products[MAX_ITEMS];
    assert_true(count <= MAX_ITEMS);
    assert_ok(cop_gradient(s->g, loss, params, count, gradients, &err), &err);
    const char *prefix = mode == COP_MODE_TRAIN ? "grad." : "grad_eval.";
    for (size_t i = 0; i < count; i++)
        want(s, gradients[i], prefix, cop_model_parameter(m, i)->name);
    if (mode != COP_MODE_TRAIN)
        return;
    for (size_t i = 0; i < count; i++) {
        const cop_parameter *p = cop_model_parameter(m, i);
        char name[COP_NAME_SIZE + 16];
        (void)snprintf(name, sizeof name, "tangent.%s", p->name);
        tangents[i] = feed(s, cop_input(s->g, name, p->shape), "tangent.", p->name);
    }
    assert_ok(cop_jvp(s->g, params, tangents, count, gradients, count, products, &err), &err);
    for (size_t i = 0; i < count; i++)
        want(s, products[i], "hvp.", cop_model_parameter(m, i)->name);
}

static void describe(subject *s, const cop_model *m, cop_mode mode, bool is_brief)
{
    int64_t batch = fixture_tensor(s->fixture, "", "input")->shape.dim[0];
    const cop_task *task = cop_model_task(m);
    cop_error err = {0};
    cop_node params[MAX_ITEMS], buffers[MAX_ITEMS];
    const cop_model_output *out = NULL;
    cop_shape images = cop_shape4(batch, task->channels, task->height, task->width);
    cop_node x = feed(s, cop_input(s->g, "input", images), "", "input");
    cop_node target =
        feed(s, cop_input(s->g, "target", cop_shape2(batch, task->classes)), "", "target");
    cop_model_inputs(m, s->g, "state.", params, buffers);
    for (size_t i = 0; i < cop_model_parameter_count(m); i++)
        (void)feed(s, params[i], "state.", cop_model_parameter(m, i)->name);
    for (size_t i = 0; i < cop_model_buffer_count(m); i++)
        (void)feed(s, buffers[i], "state.", cop_model_buffer(m, i)->name);
    assert_ok(cop_model_build(m, s->g, x, params, buffers, mode, &out, &err), &err);
    bool train = mode == COP_MODE_TRAIN;
    cop_node loss = cop_cross_entropy(s->g, cop_model_output_get_logits(out), target);
    want(s, cop_model_output_get_logits(out), train ? "logits_train" : "logits_eval", "");
    want(s, loss, train ? "loss_train" : "loss_eval", "");
    if (!train)
        want(s, cop_model_output_find(out, "embedding"), "embedding_eval", "");
    for (size_t i = 0; train && i < cop_model_buffer_count(m); i++)
        want(s, cop_model_output_new_buffer(out, i), "new.", cop_model_buffer(m, i)->name);
    if (!is_brief)
        want_gradients(s, m, mode, loss, params);
}

static subject open_subject(const cop_tensors *fixture, const cop_model *m, cop_mode mode,
                            bool is_brief)
{
    subject s = {.fixture = fixture, .g = cop_graph_new()};
    assert_non_null(s.g);
    describe(&s, m, mode, is_brief);
    return s;
}

/* Fails unless got and the fixture differ by at most `tolerance` of the fixture's largest value. */
static void compare(const fixture_case *c, const subject *s, size_t i, const double *got,
                    double tolerance)
{
    const char *name = s->wanted.name[i];
    const cop_tensor *tensor = fixture_tensor(s->fixture, name, "");
    cop_shape shape = cop_node_shape(s->g, s->wanted.node[i]);
    if (cop_shape_count(shape) != cop_shape_count(tensor->shape))
        fail_msg("%s: %s has %lld values, wanted %lld", c->file, name,
                 (long long)cop_shape_count(shape), (long long)cop_shape_count(tensor->shape));
    double *wanted = fixture_values(s->fixture, name, "");
    double largest = LEAST_SCALE;
    int64_t count = cop_shape_count(shape);
    for (int64_t k = 0; k < count; k++)
        largest = fmax(largest, fabs(wanted[k]));
    for (int64_t k = 0; k < count; k++)
        if (!(fabs(got[k] - wanted[k]) <= tolerance * largest))
            fail_msg("%s: %s[%lld] is %.12g, PyTorch has %.12g (largest %.3g, off %.2g of it)",
                     c->file, name, (long long)k, got[k], wanted[k], largest,
                     fabs(got[k] - wanted[k]) / largest);
    free(wanted);
}

static void check_oracle(const fixture_case *c, const subject *s)
{
    double *inputs[MAX_ITEMS], *results[MAX_ITEMS];
    for (size_t i = 0; i < s->input_count; i++)
        inputs[i] = fixture_values(s->fixture, s->value[i]->name, "");
    for (size_t i = 0; i < s->wanted.count; i++) {
        int64_t count = cop_shape_count(cop_node_shape(s->g, s->wanted.node[i]));
        results[i] = calloc((size_t)count, sizeof(double));
        assert_non_null(results[i]);
    }
    cop_error err = {0};
    assert_ok(cop_evaluate_f64(s->g, s->input, (const double *const *)inputs, s->input_count,
                               s->wanted.node, results, s->wanted.count, &err),
              &err);
    for (size_t i = 0; i < s->wanted.count; i++)
        compare(c, s, i, results[i], ORACLE_TOLERANCE);
    for (size_t i = 0; i < s->input_count; i++)
        free(inputs[i]);
    for (size_t i = 0; i < s->wanted.count; i++)
        free(results[i]);
}

static void check_compiled(const fixture_case *c, const subject *s)
{
    cop_error err = {0};
    cop_program *program = NULL;
    cop_compile_options serial = {COP_SIZED(cop_compile_options),
                                  .threads = 1}; /* these shapes are too small to share out */
    assert_ok(cop_compile(s->g, s->wanted.node, s->wanted.count, &serial, &program, &err), &err);
    for (size_t i = 0; i < s->input_count; i++)
        assert_ok(cop_program_bind(program, s->input[i], cop_f32(s->value[i]), &err), &err);
    assert_ok(cop_program_run(program, &err), &err);
    for (size_t i = 0; i < s->wanted.count; i++) {
        int64_t count = cop_shape_count(cop_node_shape(s->g, s->wanted.node[i]));
        double *got = calloc((size_t)count, sizeof *got);
        assert_non_null(got);
        for (int64_t k = 0; k < count; k++)
            got[k] = (double)cop_program_output(program, i)[k];
        bool second = strncmp(s->wanted.name[i], "hvp.", 4) == 0;
        compare(c, s, i, got, second ? COMPILED_SECOND : COMPILED_TOLERANCE);
        free(got);
    }
    cop_program_free(program);
}

typedef void (*checker)(const fixture_case *, const subject *);

static void check_all(checker check)
{
    static const cop_mode modes[] = {COP_MODE_TRAIN, COP_MODE_EVAL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char file[128];
        (void)snprintf(file, sizeof file, "torch/%s.safetensors", cases[i].file);
        cop_tensors *fixture = read_fixture(file);
        test_model m = open_model(cases[i].plugin, cases[i].settings, &cases[i].task);
        for (size_t k = 0; k < 2; k++) {
            subject s = open_subject(fixture, m.model, modes[k], cases[i].is_brief);
            check(&cases[i], &s);
            cop_graph_free(s.g);
        }
        close_model(&m);
        cop_tensors_free(fixture);
    }
}

static void the_oracle_agrees_with_torch(void **state)
{
    (void)state;
    check_all(check_oracle);
}

static void compiled_programs_agree_with_torch(void **state)
{
    (void)state;
    check_all(check_compiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oracle_agrees_with_torch),
        cmocka_unit_test(compiled_programs_agree_with_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
