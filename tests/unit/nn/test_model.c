/* The model handle: what a plugin declares and builds is checked, states and masks follow the
 * declaration, and normalisation layers do what their mode says. */
#include "graph/node.h"
#include "nn/declared.h"
#include "nn/model.h"
#include "nn/output.h"
#include "nn/task.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cop_task task = {3, 4, 4, 2};

/* A pliable plugin: conv → batch norm → global pooling → linear, and every way to get it wrong. */
typedef enum flaw {
    FLAW_NONE,
    FLAW_CREATE_SAYS_WHY,
    FLAW_CREATE_IS_SILENT,
    FLAW_DECLARES_NOTHING,
    FLAW_DECLARES_TWICE,
    FLAW_DECLARES_NO_NAME,
    FLAW_DECLARES_EMPTY,
    FLAW_DECLARES_RANK,
    FLAW_PRUNABLE_BUFFER,
    FLAW_TAKES_MORE,
    FLAW_TAKES_OTHER,
    FLAW_LOGITS_MISSING,
    FLAW_LOGITS_WIDE,
    FLAW_NO_EMBEDDING,
    FLAW_EMPTY_TAP,
    FLAW_NO_NEW_BUFFER,
    FLAW_OWN_INPUT,
    FLAW_BUILD_FAILS,
    FLAW_EVAL_ONLY_FAILS,
    FLAW_COUNT
} flaw;

typedef struct fake {
    flaw flaw;
    int *alive;
} fake;

static const cop_initializer normal = {.kind = COP_INIT_KAIMING_FAN_OUT};
static const cop_initializer one = {.kind = COP_INIT_CONSTANT, .value = 1.0};

static cop_status create_impl(const void *options, const cop_task *t, void **self, cop_error *err)
{
    (void)t;
    const fake *f = options;
    if (f->flaw == FLAW_CREATE_SAYS_WHY)
        return cop_fail(err, COP_UNAVAILABLE, "no such luck");
    if (f->flaw == FLAW_CREATE_IS_SILENT)
        return COP_FAILED;
    fake *copy = malloc(sizeof *copy);
    assert_non_null(copy);
    *copy = *f;
    ++*copy->alive;
    *self = copy;
    return COP_OK;
}

static void destroy_impl(void *self)
{
    --*((fake *)self)->alive;
    free(self);
}

static cop_node network(const fake *f, cop_layers *l, cop_node x, cop_model_output *out)
{
    bool building = out != NULL;
    int64_t filters = building && f->flaw == FLAW_TAKES_OTHER ? 5 : 4;
    x = cop_layer_conv(l, "conv", x, filters, cop_window_square(3, 1, 1), true, normal);
    x = cop_layer_norm(l, f->flaw == FLAW_DECLARES_TWICE ? "conv" : "norm", x, COP_NORM_BATCH, 0,
                       one);
    if (building && f->flaw == FLAW_TAKES_MORE)
        for (int i = 0; i < 50; i++)
            (void)cop_layer_conv(l, "more", x, 2, cop_window_square(2, 2, 0), false, normal);
    x = cop_flatten(cop_layers_graph(l),
                    cop_global_avg_pool(cop_layers_graph(l), cop_relu(cop_layers_graph(l), x)));
    if (building && f->flaw != FLAW_NO_EMBEDDING)
        cop_model_output_tap(out, "embedding", x);
    return cop_layer_linear(l, "fc", x, 2, true, normal);
}

static cop_status declare_impl(void *self, cop_declaration *d, cop_error *err)
{
    const fake *f = self;
    (void)err;
    if (f->flaw == FLAW_DECLARES_NOTHING)
        return COP_OK;
    cop_parameter p = {COP_SIZED(cop_parameter), .name = "odd", .shape = cop_shape1(2),
                       .role = COP_ROLE_BIAS, .init = {.kind = COP_INIT_CONSTANT}};
    if (f->flaw == FLAW_DECLARES_NO_NAME)
        p.name[0] = '\0';
    if (f->flaw == FLAW_DECLARES_EMPTY)
        p.shape.dim[0] = 0;
    if (f->flaw == FLAW_DECLARES_RANK)
        p.role = COP_ROLE_CONV_WEIGHT;
    if (f->flaw == FLAW_PRUNABLE_BUFFER) {
        p.role = COP_ROLE_RUNNING_MEAN;
        p.prunable = true;
    }
    if (f->flaw >= FLAW_DECLARES_NO_NAME && f->flaw <= FLAW_PRUNABLE_BUFFER)
        (void)cop_declare(d, &p);
    cop_layers *l = cop_layers_declaring(d);
    (void)network(f, l, cop_declaration_images(d), NULL);
    return COP_OK;
}

static cop_status build_impl(void *self, cop_graph *g, cop_node x, const cop_node *params,
                             const cop_node *buffers, cop_mode mode, cop_model_output *out,
                             cop_error *err)
{
    const fake *f = self;
    if (f->flaw == FLAW_BUILD_FAILS || (f->flaw == FLAW_EVAL_ONLY_FAILS && mode == COP_MODE_EVAL))
        return cop_fail(err, COP_FAILED, "cannot in mode %d", (int)mode);
    cop_layers *l =
        cop_layers_building(g, params, buffers, f->flaw == FLAW_NO_NEW_BUFFER ? NULL : out, mode);
    cop_node logits = network(f, l, x, out);
    if (f->flaw == FLAW_LOGITS_MISSING)
        logits = COP_NO_NODE;
    if (f->flaw == FLAW_LOGITS_WIDE)
        logits = cop_model_output_find(out, "embedding");
    if (f->flaw == FLAW_EMPTY_TAP)
        cop_model_output_tap(out, "hole", COP_NO_NODE);
    if (f->flaw == FLAW_OWN_INPUT)
        logits = cop_add(g, logits, cop_input(g, "secret", cop_shape2(1, 2)));
    cop_model_output_logits(out, logits);
    return COP_OK;
}

static const cop_model_ops ops = {
    .size = sizeof ops,
    .create = create_impl,
    .destroy = destroy_impl,
    .declare = declare_impl,
    .build = build_impl,
};

static const struct {
    flaw flaw;
    cop_status status;
    const char *message;
} refusals[] = {
    {FLAW_CREATE_SAYS_WHY, COP_UNAVAILABLE, "model fake: no such luck"},
    {FLAW_CREATE_IS_SILENT, COP_FAILED, "model fake: failed without a reason"},
    {FLAW_DECLARES_NOTHING, COP_FAILED, "declares no parameter"},
    {FLAW_DECLARES_TWICE, COP_INVALID, "conv.weight"},
    {FLAW_DECLARES_NO_NAME, COP_INVALID, "has no name"},
    {FLAW_DECLARES_EMPTY, COP_INVALID, "odd is declared with an empty shape"},
    {FLAW_DECLARES_RANK, COP_INVALID, "odd is declared with rank 1"},
    {FLAW_PRUNABLE_BUFFER, COP_INVALID, "odd is a buffer"},
    {FLAW_TAKES_MORE, COP_INVALID, "more.weight: the layer wants"},
    {FLAW_TAKES_OTHER, COP_INVALID, "conv.weight: the layer wants [5, 3, 3, 3], given is [4"},
    {FLAW_LOGITS_MISSING, COP_FAILED, "logits nowhere"},
    {FLAW_LOGITS_WIDE, COP_FAILED, "logits [2, 4], wanted are [2, 2]"},
    {FLAW_NO_EMBEDDING, COP_FAILED, "embedding"},
    {FLAW_EMPTY_TAP, COP_FAILED, "\"hole\""},
    {FLAW_NO_NEW_BUFFER, COP_FAILED, "buffer norm.running_mean"},
    {FLAW_OWN_INPUT, COP_FAILED, "inputs of its own"},
    {FLAW_BUILD_FAILS, COP_FAILED, "model fake: cannot in mode 1"},
    {FLAW_EVAL_ONLY_FAILS, COP_FAILED, "model fake: cannot in mode 2"},
};

static void flaws_are_refused(void **state)
{
    (void)state;
    assert_int_equal(sizeof refusals / sizeof *refusals, FLAW_COUNT - 1);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        int alive = 0;
        fake options = {refusals[i].flaw, &alive};
        cop_model *m = NULL;
        cop_error err = {0};
        cop_status status = cop_model_open("fake", &ops, &options, &task, &m, &err);
        assert_refused(status, refusals[i].status, &err, refusals[i].message);
        assert_null(m);
        assert_int_equal(alive, 0);
    }
}

static cop_node network_impl(const void *self, cop_layers *l, cop_node x, cop_model_output *out)
{
    return network(self, l, x, out);
}

/* A network alone: declared and built in every mode as by the two callbacks, refused as by them. */
static void a_network_stands_for_declaring_and_building(void **state)
{
    (void)state;
    const cop_model_ops shorter = {COP_SIZED(cop_model_ops), .create = create_impl,
                                   .destroy = destroy_impl, .network = network_impl};
    const cop_model_ops *both[2] = {&ops, &shorter};
    const flaw flaws[] = {FLAW_DECLARES_TWICE, FLAW_TAKES_MORE, FLAW_TAKES_OTHER,
                          FLAW_NO_EMBEDDING};
    cop_model *models[2] = {NULL, NULL};
    cop_graph *graphs[2] = {cop_graph_new(), cop_graph_new()};
    cop_node logits[2], running[2];
    int alive = 0;
    for (int k = 0; k < 2; k++) {
        const fake options = {FLAW_NONE, &alive};
        cop_node params[6], buffers[2];
        const cop_model_output *out = NULL;
        cop_error err = {0};
        assert_ok(cop_model_open("fake", both[k], &options, &task, &models[k], &err), &err);
        cop_node x = cop_input(graphs[k], "x", cop_shape4(3, 3, 4, 4));
        cop_model_inputs(models[k], graphs[k], "", params, buffers);
        assert_ok(
            cop_model_build(models[k], graphs[k], x, params, buffers, COP_MODE_TRAIN, &out, &err),
            &err);
        logits[k] = cop_model_output_get_logits(out);
        running[k] = cop_model_output_new_buffer(out, 1);
    }
    assert_int_equal(cop_model_parameter_count(models[1]), cop_model_parameter_count(models[0]));
    for (size_t i = 0; i < cop_model_parameter_count(models[0]); i++)
        assert_string_equal(cop_model_parameter(models[1], i)->name,
                            cop_model_parameter(models[0], i)->name);
    assert_int_equal(cop_graph_size(graphs[1]), cop_graph_size(graphs[0]));
    assert_int_equal(logits[1], logits[0]);
    assert_int_equal(running[1], running[0]);
    for (int k = 0; k < 2; k++) {
        cop_graph_free(graphs[k]);
        cop_model_free(models[k]);
    }
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        cop_error errs[2] = {0};
        cop_model *m = NULL;
        const fake options = {flaws[i], &alive};
        cop_status status = cop_model_open("fake", &ops, &options, &task, &m, &errs[0]);
        assert_refused(cop_model_open("fake", &shorter, &options, &task, &m, &errs[1]), status,
                       &errs[1], errs[0].message);
    }
    assert_int_equal(alive, 0);
}

/* Ops of 2.0 end before it: what lies behind them is not read. */
static void a_network_behind_the_end_of_the_ops_is_not_there(void **state)
{
    (void)state;
    cop_model_ops older = ops;
    int alive = 0;
    fake options = {FLAW_NONE, &alive};
    cop_model *m = NULL;
    cop_error err = {0};
    older.size = offsetof(cop_model_ops, network);
    memset(&older.network, 0x5a, sizeof older.network);
    assert_ok(cop_model_open("fake", &older, &options, &task, &m, &err), &err);
    cop_model_free(m);
    older.build = NULL;
    assert_refused(cop_model_open("fake", &older, &options, &task, &m, &err), COP_FAILED, &err,
                   "\"build\"");
}

static void what_is_kept_is_a_copy_that_free_frees(void **state)
{
    (void)state;
    fake made = {FLAW_NO_EMBEDDING, NULL};
    void *kept = NULL;
    cop_error err = {0};
    assert_ok(cop_model_keep(&made, sizeof made, &kept, &err), &err);
    made.flaw = FLAW_NONE;
    assert_int_equal(((fake *)kept)->flaw, FLAW_NO_EMBEDDING);
    free(kept);
}

static void missing_operations_are_named(void **state)
{
    (void)state;
    cop_model_ops broken = ops;
    broken.build = NULL;
    int alive = 0;
    fake options = {FLAW_NONE, &alive};
    cop_model *m = NULL;
    cop_error err = {0};
    assert_refused(cop_model_open("fake", &broken, &options, &task, &m, &err), COP_FAILED, &err,
                   "\"build\"");
    broken = ops;
    broken.size = 8;
    assert_refused(cop_model_open("fake", &broken, &options, &task, &m, &err), COP_FAILED, &err,
                   "8 bytes");
    cop_task wrong = task;
    wrong.channels = COP_MAX_CHANNELS + 1;
    assert_refused(cop_model_open("fake", &ops, &options, &wrong, &m, &err), COP_FAILED, &err,
                   "images of 5 x 4 x 4");
}

static cop_model *open_fake(int *alive)
{
    fake options = {FLAW_NONE, alive};
    cop_model *m = NULL;
    cop_error err = {0};
    /* The instance copies its options, so they may go. */
    assert_ok(cop_model_open("fake", &ops, &options, &task, &m, &err), &err);
    return m;
}

static void the_declaration_is_kept_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {"conv.weight", "conv.bias", "norm.weight",
                                        "norm.bias",   "fc.weight", "fc.bias"};
    int alive = 0;
    cop_model *m = open_fake(&alive);
    assert_int_equal(alive, 1);
    assert_int_equal(cop_model_parameter_count(m), 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(cop_model_parameter(m, i)->name, names[i]);
    assert_int_equal(cop_model_buffer_count(m), 2);
    assert_string_equal(cop_model_buffer(m, 1)->name, "norm.running_var");
    assert_int_equal(cop_model_weight_count(m), 108 + 4 + 4 + 4 + 8 + 2);
    assert_int_equal(cop_model_prunable_count(m), 108 + 8);
    /* 2·4·16 outputs of 27 multiply-adds each, and 2·2 of 4. */
    assert_true(cop_model_forward_flops(m) == 2.0 * (4 * 16 * 27 + 2 * 4));
    assert_int_equal(cop_model_task(m)->height, 4);
    cop_model_free(m);
    assert_int_equal(alive, 0);
    cop_model_free(NULL);
}

static void building_checks_what_it_is_given(void **state)
{
    (void)state;
    int alive = 0;
    cop_model *m = open_fake(&alive);
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node params[6], buffers[2];
    const cop_model_output *out = NULL;
    cop_model_inputs(m, g, "a/", params, buffers);
    cop_node wrong = cop_input(g, "wrong", cop_shape4(2, 3, 4, 5));
    assert_refused(cop_model_build(m, g, wrong, params, buffers, COP_MODE_EVAL, &out, &err),
                   COP_FAILED, &err, "[N, 3, 4, 4]");
    cop_node x = cop_input(g, "x", cop_shape4(7, 3, 4, 4));
    cop_node swapped[6] = {params[1], params[0], params[2], params[3], params[4], params[5]};
    assert_refused(cop_model_build(m, g, x, swapped, buffers, COP_MODE_EVAL, &out, &err),
                   COP_FAILED, &err, "conv.weight");
    assert_ok(cop_model_build(m, g, x, params, buffers, COP_MODE_EVAL, &out, &err), &err);
    assert_true(
        cop_shape_equal(cop_node_shape(g, cop_model_output_get_logits(out)), cop_shape2(7, 2)));
    /* Without training the running statistics come out as they went in. */
    assert_int_equal(cop_model_output_new_buffer(out, 0), buffers[0]);
    assert_int_equal(cop_model_output_new_buffer(out, 1), buffers[1]);
    cop_node eval = cop_model_output_get_logits(out);
    assert_ok(cop_model_build(m, g, x, params, buffers, COP_MODE_FROZEN, &out, &err), &err);
    assert_int_equal(cop_model_output_get_logits(out), eval);
    assert_int_equal(cop_model_output_new_buffer(out, 0), buffers[0]);
    assert_ok(cop_model_build(m, g, x, params, buffers, COP_MODE_TRAIN, &out, &err), &err);
    assert_int_not_equal(cop_model_output_get_logits(out), eval);
    assert_int_not_equal(cop_model_output_new_buffer(out, 1), buffers[1]);
    cop_graph_free(g);
    cop_model_free(m);
}

static void states_follow_their_seed(void **state)
{
    (void)state;
    int alive = 0;
    cop_model *m = open_fake(&alive);
    cop_tensors *a = NULL, *b = NULL, *c = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 1, &a, &err), &err);
    assert_ok(cop_model_initial_state(m, 1, &b, &err), &err);
    assert_ok(cop_model_initial_state(m, 2, &c, &err), &err);
    assert_int_equal(cop_tensors_count(a), 8);
    for (size_t i = 0; i < 8; i++) {
        const cop_tensor *t = cop_tensors_at(a, i);
        size_t size = (size_t)cop_shape_count(t->shape) * sizeof(float);
        assert_memory_equal(t->data, cop_tensors_at(b, i)->data, size);
        bool drawn = strncmp(t->name, "norm", 4) != 0;
        assert_true((memcmp(t->data, cop_tensors_at(c, i)->data, size) != 0) == drawn);
    }
    assert_true(cop_f32(cop_tensors_find(a, "norm.weight"))[3] == 1.0f);
    assert_true(cop_f32(cop_tensors_find(a, "norm.running_mean"))[0] == 0.0f);
    assert_true(cop_f32(cop_tensors_find(a, "norm.running_var"))[0] == 1.0f);
    cop_tensors_free(a);
    cop_tensors_free(b);
    cop_tensors_free(c);
    cop_model_free(m);
}

static void a_full_mask_has_the_prunable_weights(void **state)
{
    (void)state;
    int alive = 0;
    cop_model *m = open_fake(&alive);
    cop_tensors *mask = NULL;
    cop_error err = {0};
    assert_ok(cop_model_full_mask(m, &mask, &err), &err);
    assert_int_equal(cop_tensors_count(mask), 2);
    assert_string_equal(cop_tensors_at(mask, 0)->name, "conv.weight");
    assert_string_equal(cop_tensors_at(mask, 1)->name, "fc.weight");
    cop_tensors_free(mask);
    cop_model_free(m);
}

static cop_program *compile_logits(const cop_model *m, float *images)
{
    cop_error err = {0};
    cop_graph *g = cop_graph_new();
    cop_node params[6], buffers[2];
    const cop_model_output *out = NULL;
    cop_node x = cop_input(g, "x", cop_shape4(1, 3, 4, 4));
    cop_model_inputs(m, g, "net/", params, buffers);
    assert_ok(cop_model_build(m, g, x, params, buffers, COP_MODE_EVAL, &out, &err), &err);
    cop_program *program = NULL;
    cop_node logits = cop_model_output_get_logits(out);
    assert_ok(cop_compile(g, &logits, 1, NULL, &program, &err), &err);
    cop_graph_free(g);
    assert_ok(cop_program_bind_name(program, "x", images, &err), &err);
    return program;
}

static void a_state_is_bound_by_name(void **state)
{
    (void)state;
    int alive = 0;
    cop_model *m = open_fake(&alive);
    float images[48] = {1, 2, 3};
    cop_program *program = compile_logits(m, images);
    cop_tensors *full = NULL, *part = cop_tensors_new();
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 1, &full, &err), &err);
    assert_ok(cop_model_bind(m, program, "net/", full, &err), &err);
    assert_ok(cop_program_run(program, &err), &err);
    assert_true(isfinite(cop_program_output(program, 0)[0]));
    assert_refused(cop_model_bind(m, program, "other/", full, &err), COP_FAILED, &err,
                   "other/conv.weight");
    assert_refused(cop_model_bind(m, program, "net/", part, &err), COP_FAILED, &err,
                   "no tensor \"conv.weight\"");
    assert_ok(cop_tensors_add(part, "conv.weight", COP_F64, cop_shape4(4, 3, 3, 3), NULL, &err),
              &err);
    assert_refused(cop_model_bind(m, program, "net/", part, &err), COP_FAILED, &err,
                   "model fake: the state's tensor \"conv.weight\" is not F32");
    cop_tensors_free(part);
    cop_tensors_free(full);
    cop_program_free(program);
    cop_model_free(m);
}

/* A training's state also has the optimiser's. */
static void a_state_is_copied_out_of_a_larger_set(void **state)
{
    (void)state;
    int alive = 0;
    cop_model *m = open_fake(&alive);
    cop_tensors *full = NULL, *larger = cop_tensors_new(), *other = cop_tensors_new(), *out = NULL;
    cop_tensor *bytes = NULL;
    cop_error err = {0};
    assert_ok(cop_model_initial_state(m, 1, &full, &err), &err);
    assert_ok(cop_tensors_add(larger, "momentum", COP_F32, cop_shape1(3), NULL, &err), &err);
    assert_ok(cop_tensors_add_prefixed(larger, "", full, &err), &err);
    assert_ok(cop_declared_clone(m, larger, &out, &err), &err);
    assert_int_equal(cop_tensors_count(out), cop_declared_count(m));
    for (size_t i = 0; i < cop_declared_count(m); i++) {
        const cop_tensor *t = cop_tensors_at(out, i), *from = cop_tensors_at(full, i);
        assert_string_equal(t->name, cop_declared_at(m, i)->name);
        assert_ptr_not_equal(t->data, from->data);
        assert_memory_equal(t->data, from->data, (size_t)cop_shape_count(t->shape) * sizeof(float));
    }
    /* Bytes of the right shape are a quarter of the memory of floats. */
    cop_tensors_free(out);
    out = NULL;
    assert_ok(cop_tensors_add(other, "conv.weight", COP_U8, cop_shape4(4, 3, 3, 3), &bytes, &err),
              &err);
    assert_refused(cop_declared_clone(m, other, &out, &err), COP_FAILED, &err,
                   "the state's tensor \"conv.weight\" is not F32");
    assert_null(out);
    cop_tensors_free(other);
    cop_tensors_free(larger);
    cop_tensors_free(full);
    cop_model_free(m);
}

static void taps_are_found_however_many_there_are(void **state)
{
    (void)state;
    cop_graph *g = cop_graph_new();
    cop_model_output *out = cop_model_output_new(g, 0);
    char name[32];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "tap%d", i);
        cop_model_output_tap(out, name, i + 1);
    }
    assert_int_equal(cop_graph_check(g, NULL), COP_OK);
    assert_int_equal(cop_model_output_find(out, "tap0"), 1);
    assert_int_equal(cop_model_output_find(out, "tap99"), 100);
    assert_int_equal(cop_model_output_find(out, "beyond"), COP_NO_NODE);
    cop_graph_free(g);
}

static void an_output_refuses_what_it_has_no_place_for(void **state)
{
    (void)state;
    char longest[COP_NAME_SIZE + 1];
    memset(longest, 'a', sizeof longest);
    longest[COP_NAME_SIZE] = '\0';
    const struct {
        const char *first, *second, *message;
    } cases[] = {
        {"a", "a", "two taps \"a\""}, {"a", "", "0 characters"}, {"a", longest, "96 char"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cop_graph *g = cop_graph_new();
        cop_model_output *out = cop_model_output_new(g, 2);
        cop_error err = {0};
        cop_model_output_tap(out, cases[i].first, 1);
        cop_model_output_buffer(out, 1, 7);
        assert_int_equal(cop_model_output_new_buffer(out, 1), 7);
        assert_ok(cop_graph_check(g, &err), &err);
        cop_model_output_tap(out, cases[i].second, 2);
        assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, cases[i].message);
        cop_graph_free(g);
    }
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_model_output_buffer(cop_model_output_new(g, 2), 2, 7);
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, "buffer 2 of 2");
    cop_graph_free(g);
}

/* What a failed allocation hands on: nothing crashes, and nothing is built. */
static void layers_of_nothing_are_no_nodes(void **state)
{
    (void)state;
    assert_null(cop_layers_graph(NULL));
    assert_int_equal(cop_layer_conv(NULL, "c", 1, 4, cop_window_square(3, 1, 1), true, one),
                     COP_NO_NODE);
    assert_int_equal(cop_layer_linear(NULL, "l", 1, 4, true, one), COP_NO_NODE);
    assert_int_equal(cop_layer_norm(NULL, "n", 1, COP_NORM_NONE, 0, one), COP_NO_NODE);
    cop_model_output_logits(NULL, 1);
    cop_model_output_tap(NULL, "a", 1);
    cop_model_output_buffer(NULL, 0, 1);
    cop_graph *g = cop_graph_new();
    (void)cop_graph_refuse(g, "broken before");
    assert_null(cop_layers_building(g, NULL, NULL, NULL, COP_MODE_EVAL));
    cop_graph_free(g);
}

/* Layers alone: what they refuse. */
static void layers_refuse_what_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        cop_norm_kind kind;
        int64_t groups;
        cop_shape images;
        const char *message;
    } cases[] = {
        {COP_NORM_GROUP, 3, {4, {2, 4, 3, 3}}, "4 channels do not divide into 3 groups"},
        {COP_NORM_BATCH, 0, {4, {1, 4, 1, 1}}, "more than one value"},
        {COP_NORM_INSTANCE, 0, {2, {2, 4}}, "wants images"},
        {(cop_norm_kind)17, 0, {4, {2, 4, 3, 3}}, "no normalisation 17"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cop_graph *g = cop_graph_new();
        cop_node x = cop_input(g, "x", cases[i].images);
        cop_node params[2] = {cop_input(g, "w", cop_shape1(4)), cop_input(g, "b", cop_shape1(4))};
        cop_node buffers[2] = {cop_input(g, "m", cop_shape1(4)), cop_input(g, "v", cop_shape1(4))};
        cop_layers *l = cop_layers_building(g, params, buffers, NULL, COP_MODE_TRAIN);
        assert_int_equal(cop_layer_norm(l, "norm", x, cases[i].kind, cases[i].groups, one),
                         COP_NO_NODE);
        cop_error err = {0};
        assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, cases[i].message);
        cop_graph_free(g);
    }
    cop_graph *g = cop_graph_new();
    cop_error err = {0};
    cop_node x = cop_input(g, "x", cop_shape1(4));
    assert_int_equal(cop_activate(g, x, (cop_activation)17), COP_NO_NODE);
    assert_refused(cop_graph_check(g, &err), COP_INVALID, &err, "no activation 17");
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flaws_are_refused),
        cmocka_unit_test(missing_operations_are_named),
        cmocka_unit_test(a_network_stands_for_declaring_and_building),
        cmocka_unit_test(a_network_behind_the_end_of_the_ops_is_not_there),
        cmocka_unit_test(what_is_kept_is_a_copy_that_free_frees),
        cmocka_unit_test(the_declaration_is_kept_in_order),
        cmocka_unit_test(building_checks_what_it_is_given),
        cmocka_unit_test(states_follow_their_seed),
        cmocka_unit_test(a_full_mask_has_the_prunable_weights),
        cmocka_unit_test(a_state_is_bound_by_name),
        cmocka_unit_test(a_state_is_copied_out_of_a_larger_set),
        cmocka_unit_test(taps_are_found_however_many_there_are),
        cmocka_unit_test(an_output_refuses_what_it_has_no_place_for),
        cmocka_unit_test(layers_of_nothing_are_no_nodes),
        cmocka_unit_test(layers_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
