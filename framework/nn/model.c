/* model.c: the handle behind the public cop_model: what was declared, and checked building.
 *
 * A model is tried in every mode when it is opened, so what a plugin gets wrong is found before
 * anything is trained. */
#include "nn/model.h"

#include "core/callback.h"
#include "core/memory.h"
#include "core/sized.h"
#include "graph/node.h"
#include "nn/declaration.h"
#include "nn/declared.h"
#include "nn/output.h"
#include "nn/task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cop_model {
    const char *id;
    const cop_model_ops *ops;
    void *self;
    cop_task task;
    cop_parameters params, buffers;
    double forward_flops;
    bool has_dropout;
    cop_program_cache *cache; /* not the model's; may be NULL */
};

const cop_task *cop_model_task(const cop_model *m)
{
    return &m->task;
}

size_t cop_model_parameter_count(const cop_model *m)
{
    return m->params.count;
}

const cop_parameter *cop_model_parameter(const cop_model *m, size_t i)
{
    return &m->params.items[i];
}

size_t cop_model_buffer_count(const cop_model *m)
{
    return m->buffers.count;
}

const cop_parameter *cop_model_buffer(const cop_model *m, size_t i)
{
    return &m->buffers.items[i];
}

int64_t cop_model_weight_count(const cop_model *m)
{
    int64_t count = 0;
    for (size_t i = 0; i < m->params.count; i++)
        count += cop_shape_count(m->params.items[i].shape);
    return count;
}

int64_t cop_model_prunable_count(const cop_model *m)
{
    int64_t count = 0;
    for (size_t i = 0; i < m->params.count; i++)
        if (m->params.items[i].prunable)
            count += cop_shape_count(m->params.items[i].shape);
    return count;
}

double cop_model_forward_flops(const cop_model *m)
{
    return m->forward_flops;
}

/* Puts the model's id before what went wrong inside it. */
static cop_status name_model(const cop_model *m, cop_status status, const cop_error *inner,
                             cop_error *err)
{
    if (err != NULL)
        *err = *inner;
    if (inner->message[0] == '\0')
        (void)cop_fail(err, status, "failed without a reason");
    (void)cop_fail_within(err, "model %s", m->id);
    return status;
}

static cop_status check_output(const cop_model *m, const cop_graph *g, int64_t n,
                               const cop_model_output *out, cop_error *err)
{
    char got[96], wanted[96];
    cop_shape logits = cop_node_shape(g, out->logits);
    if (!cop_shape_equal(logits, cop_shape2(n, m->task.classes)))
        return cop_fail(err, COP_FAILED, "built logits %s, wanted are %s",
                        logits.rank < 0 ? "nowhere" : cop_shape_text(logits, got, sizeof got),
                        cop_shape_text(cop_shape2(n, m->task.classes), wanted, sizeof wanted));
    for (size_t i = 0; i < m->buffers.count; i++)
        if (!cop_shape_equal(cop_node_shape(g, cop_model_output_new_buffer(out, i)),
                             m->buffers.items[i].shape))
            return cop_fail(err, COP_FAILED, "built no new value of the shape of buffer %s",
                            m->buffers.items[i].name);
    cop_shape embedding = cop_node_shape(g, cop_model_output_find(out, "embedding"));
    if (embedding.rank != 2 || embedding.dim[0] != n)
        return cop_fail(err, COP_FAILED, "built no tap \"embedding\" of shape [%lld, features]",
                        (long long)n);
    for (const cop_tap *tap = out->first; tap != NULL; tap = tap->next)
        if (tap->node == COP_NO_NODE)
            return cop_fail(err, COP_FAILED, "built the tap \"%s\" from nothing", tap->name);
    return COP_OK;
}

static cop_status check_given(const cop_parameters *list, const cop_graph *g, const cop_node *nodes,
                              cop_error *err)
{
    for (size_t i = 0; i < list->count; i++)
        if (!cop_shape_equal(cop_node_shape(g, nodes[i]), list->items[i].shape)) {
            char wanted[96];
            return cop_fail(
                err, COP_FAILED, "%s is to be built from a node of another shape than %s",
                list->items[i].name, cop_shape_text(list->items[i].shape, wanted, sizeof wanted));
        }
    return COP_OK;
}

/* The given nodes with a COP_NO_NODE after them, which is where a plugin that takes more tensors
 * than it declared runs into a message instead of into foreign memory. */
static cop_node *closed_copy(const cop_node *nodes, size_t count)
{
    cop_node *copy = calloc(count + 1, sizeof *copy);
    if (copy != NULL && count > 0)
        memcpy(copy, nodes, count * sizeof *copy);
    return copy;
}

/* Whether the plugin has written its network once, for both declaring and building. */
static bool has_network(const cop_model_ops *ops)
{
    return ops->size >= COP_LEAST(cop_model_ops, network) && ops->network != NULL;
}

static cop_status call_build(const cop_model *m, cop_graph *g, cop_node x, const cop_node *params,
                             const cop_node *buffers, cop_mode mode, cop_model_output *out,
                             cop_error *err)
{
    cop_callback call;
    bool is_network = has_network(m->ops);
    cop_layers *l = is_network ? cop_layers_building(g, params, buffers, out, mode) : NULL;
    cop_status status = COP_OK;
    cop_callback_enter(&call, "model", m->id, is_network ? "network" : "build");
    if (is_network)
        cop_model_output_logits(out, m->ops->network(m->self, l, x, out));
    else
        status = m->ops->build(m->self, g, x, params, buffers, mode, out, err);
    cop_callback_leave(&call);
    return status;
}

/* The plugin's build between the checks of what goes in and what comes out. */
static cop_status build_checked(const cop_model *m, cop_graph *g, cop_node x,
                                const cop_node *params, const cop_node *buffers, cop_mode mode,
                                cop_model_output *out, cop_error *err)
{
    cop_shape images = cop_node_shape(g, x);
    if (images.rank != 4 || images.dim[1] != m->task.channels || images.dim[2] != m->task.height ||
        images.dim[3] != m->task.width)
        return cop_fail(err, COP_FAILED, "the images are not [N, %d, %d, %d]", m->task.channels,
                        m->task.height, m->task.width);
    COP_TRY(check_given(&m->params, g, params, err));
    COP_TRY(check_given(&m->buffers, g, buffers, err));
    COP_TRY(call_build(m, g, x, params, buffers, mode, out, err));
    COP_TRY(cop_graph_check(g, err));
    return check_output(m, g, images.dim[0], out, err);
}

bool cop_model_has_dropout(const cop_model *m)
{
    return m->has_dropout;
}

static cop_status build(const cop_model *m, cop_graph *g, cop_node x, const cop_node *params,
                        const cop_node *buffers, cop_mode mode, bool is_dropping,
                        const cop_model_output **out, cop_error *err)
{
    cop_error own = {0}; /* so that there is always a reason to prefix */
    *out = NULL;
    cop_status status = cop_graph_check(g, &own);
    cop_graph_use_cache(g, m->cache);
    if (status == COP_OK) {
        cop_node *given_params = closed_copy(params, m->params.count);
        cop_node *given_buffers = closed_copy(buffers, m->buffers.count);
        cop_model_output *output = cop_model_output_new(g, m->buffers.count);
        if (output != NULL)
            output->is_dropping = is_dropping;
        if (given_params == NULL || given_buffers == NULL || output == NULL)
            status = cop_fail(&own, COP_FAILED, "out of memory while building");
        else
            status = build_checked(m, g, x, given_params, given_buffers, mode, output, &own);
        free(given_params);
        free(given_buffers);
        if (status == COP_OK)
            *out = output;
    }
    return status == COP_OK ? COP_OK : name_model(m, status, &own, err);
}

cop_status cop_model_build(const cop_model *m, cop_graph *g, cop_node x, const cop_node *params,
                           const cop_node *buffers, cop_mode mode, const cop_model_output **out,
                           cop_error *err)
{
    return build(m, g, x, params, buffers, mode, false, out, err);
}

cop_status cop_model_build_dropping(const cop_model *m, cop_graph *g, cop_node x,
                                    const cop_node *params, const cop_node *buffers,
                                    const cop_model_output **out, cop_error *err)
{
    return build(m, g, x, params, buffers, COP_MODE_TRAIN, true, out, err);
}

static void add_inputs(const cop_parameters *list, cop_graph *g, const char *prefix,
                       cop_node *nodes)
{
    char name[2 * COP_NAME_SIZE];
    for (size_t i = 0; i < list->count; i++) {
        int length = snprintf(name, sizeof name, "%s%s", prefix, list->items[i].name);
        if (length < 0 || (size_t)length >= sizeof name)
            nodes[i] = cop_graph_refuse(g, "the prefix \"%.40s…\" is too long", prefix);
        else
            nodes[i] = cop_input(g, name, list->items[i].shape);
    }
}

void cop_model_inputs(const cop_model *m, cop_graph *g, const char *prefix, cop_node *params,
                      cop_node *buffers)
{
    add_inputs(&m->params, g, prefix, params);
    add_inputs(&m->buffers, g, prefix, buffers);
}

static cop_status bind_list(const cop_model *m, const cop_parameters *list, cop_program *program,
                            const char *prefix, const cop_tensors *state, cop_error *err)
{
    char name[2 * COP_NAME_SIZE];
    for (size_t i = 0; i < list->count; i++) {
        const cop_parameter *p = &list->items[i];
        cop_tensor *tensor = NULL;
        cop_status status = cop_find_declared(state, "state", p, &tensor, err);
        if (status != COP_OK)
            return cop_fail_within(err, "model %s", m->id);
        (void)snprintf(name, sizeof name, "%s%s", prefix, p->name);
        COP_TRY(cop_program_bind_name(program, name, cop_f32(tensor), err));
    }
    return COP_OK;
}

cop_status cop_model_bind(const cop_model *m, cop_program *program, const char *prefix,
                          const cop_tensors *state, cop_error *err)
{
    COP_TRY(bind_list(m, &m->params, program, prefix, state, err));
    return bind_list(m, &m->buffers, program, prefix, state, err);
}

static cop_status check_ops(const char *id, const cop_model_ops *ops, cop_error *err)
{
    const size_t least = COP_LEAST(cop_model_ops, build);
    if (ops->size < least)
        return cop_fail(err, COP_FAILED, "model %s: operations of %zu bytes, wanted are %zu", id,
                        ops->size, least);
    const char *missing = ops->create == NULL    ? "create"
                          : ops->destroy == NULL ? "destroy"
                          : has_network(ops)     ? NULL
                          : ops->declare == NULL ? "declare"
                          : ops->build == NULL   ? "build"
                                                 : NULL;
    if (missing != NULL)
        return cop_fail(err, COP_FAILED, "model %s has no operation \"%s\"", id, missing);
    return COP_OK;
}

cop_status cop_model_keep(const void *made, size_t size, void **self, cop_error *err)
{
    *self = malloc(size);
    if (*self == NULL)
        return cop_out_of_memory(err);
    memcpy(*self, made, size);
    return COP_OK;
}

static cop_status check_task(const char *id, const cop_task *task, cop_error *err)
{
    if (task->channels < 1 || task->channels > COP_MAX_CHANNELS || task->height < 1 ||
        task->width < 1 || task->classes < 1)
        return cop_fail(err, COP_FAILED, "model %s: images of %d x %d x %d in %d classes", id,
                        task->channels, task->height, task->width, task->classes);
    return COP_OK;
}

static cop_status call_declare(const cop_model *m, cop_declaration *d, cop_error *err)
{
    cop_callback call;
    bool is_network = has_network(m->ops);
    cop_layers *l = is_network ? cop_layers_declaring(d) : NULL;
    cop_status status = COP_OK;
    cop_callback_enter(&call, "model", m->id, is_network ? "network" : "declare");
    if (is_network)
        (void)m->ops->network(m->self, l, cop_declaration_images(d), NULL);
    else
        status = m->ops->declare(m->self, d, err);
    cop_callback_leave(&call);
    return status;
}

/* Has the plugin declare its tensors and takes the lists over. */
static cop_status declare(cop_model *m, cop_error *err)
{
    cop_declaration *d = NULL;
    COP_TRY(cop_declaration_new(&m->task, &d, err));
    cop_status status = call_declare(m, d, err);
    if (status == COP_OK)
        status = cop_graph_check(d->graph, err);
    if (status == COP_OK && d->params.count == 0)
        status = cop_fail(err, COP_FAILED, "declares no parameter");
    if (status == COP_OK) {
        m->params = d->params;
        m->buffers = d->buffers;
        d->params = d->buffers = (cop_parameters){0};
    }
    cop_declaration_free(d);
    return status;
}

static double graph_flops(const cop_graph *g)
{
    double flops = 0.0;
    for (cop_node a = 1; a <= cop_graph_size(g); a++) {
        const cop_node_data *node = cop_graph_node(g, a);
        double outputs = (double)cop_shape_count(node->shape);
        if (node->op == COP_OP_CONV) {
            cop_shape w = cop_node_shape(g, node->inputs[1]);
            flops += 2.0 * outputs * (double)(w.dim[1] * w.dim[2] * w.dim[3]);
        } else if (node->op == COP_OP_MATMUL) {
            cop_shape left = cop_node_shape(g, node->inputs[0]);
            flops += 2.0 * outputs * (double)left.dim[node->attr.matmul.transpose_a ? 0 : 1];
        }
    }
    return flops;
}

static int32_t input_count(const cop_graph *g)
{
    int32_t inputs = 0;
    for (cop_node a = 1; a <= cop_graph_size(g); a++)
        inputs += cop_graph_node(g, a)->op == COP_OP_INPUT;
    return inputs;
}

/* A build into a fresh graph for a batch of two, thrown away. */
static cop_status try_mode(cop_model *m, cop_mode mode, cop_graph *g, cop_node *nodes,
                           cop_error *err)
{
    enum { BATCH = 2 };
    cop_node *params = nodes, *buffers = params + m->params.count;
    const cop_model_output *out = NULL;
    cop_node x = cop_input(g, "(images)",
                           cop_shape4(BATCH, m->task.channels, m->task.height, m->task.width));
    cop_model_inputs(m, g, "", params, buffers);
    int32_t inputs = input_count(g);
    COP_TRY(cop_model_build(m, g, x, params, buffers, mode, &out, err));
    if (input_count(g) != inputs)
        return cop_fail(err, COP_FAILED, "model %s: build makes inputs of its own", m->id);
    m->forward_flops = graph_flops(g) / BATCH;
    m->has_dropout = out->has_dropout;
    return COP_OK;
}

static cop_status try_modes(cop_model *m, cop_error *err)
{
    static const cop_mode modes[] = {COP_MODE_TRAIN, COP_MODE_FROZEN, COP_MODE_EVAL};
    cop_node *nodes = calloc(m->params.count + m->buffers.count, sizeof *nodes);
    cop_status status =
        nodes != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory for model %s", m->id);
    for (size_t i = 0; i < sizeof modes / sizeof *modes && status == COP_OK; i++) {
        cop_graph *g = cop_graph_new();
        status = g != NULL ? try_mode(m, modes[i], g, nodes, err)
                           : cop_fail(err, COP_FAILED, "out of memory for model %s", m->id);
        cop_graph_free(g);
    }
    free(nodes);
    return status;
}

static void destroy(cop_model *m)
{
    cop_callback call;
    cop_callback_enter(&call, "model", m->id, "destroy");
    m->ops->destroy(m->self);
    cop_callback_leave(&call);
    m->self = NULL;
}

/* Creates and declares; on failure `own` says why, without the id. */
static cop_status bring_up(cop_model *m, const void *options, cop_error *own)
{
    cop_callback call;
    cop_callback_enter(&call, "model", m->id, "create");
    cop_status status = m->ops->create(options, &m->task, &m->self, own);
    cop_callback_leave(&call);
    COP_TRY(status);
    status = declare(m, own);
    if (status != COP_OK)
        destroy(m);
    return status;
}

cop_status cop_model_open(const char *id, const cop_model_ops *ops, const void *options,
                          const cop_task *task, cop_model **out, cop_error *err)
{
    COP_TRY(check_ops(id, ops, err));
    COP_TRY(check_task(id, task, err));
    size_t length = strlen(id) + 1;
    cop_model *m = calloc(1, sizeof *m + length);
    if (m == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for model %s", id);
    m->id = memcpy(m + 1, id, length);
    m->ops = ops;
    m->task = *task;
    cop_error own = {0};
    cop_status status = bring_up(m, options, &own);
    if (status != COP_OK) {
        status = name_model(m, status, &own, err);
        free(m);
        return status;
    }
    status = try_modes(m, err);
    if (status != COP_OK) {
        cop_model_free(m);
        return status;
    }
    *out = m;
    return COP_OK;
}

void cop_model_free(cop_model *m)
{
    if (m == NULL)
        return;
    destroy(m);
    free(m->params.items);
    free(m->buffers.items);
    free(m);
}

void cop_model_use_cache(cop_model *m, cop_program_cache *cache)
{
    m->cache = cache;
}
