/* symmetry.c: a network's groups of channels, out of the graph that it is built into. */
#include "core/arena.h"
#include "core/memory.h"
#include "graph/axes.h"
#include "nn/task.h"

#include <coppice/symmetry.h>

#include <stdlib.h>
#include <string.h>

typedef struct group {
    int32_t class; /* of the graph's axes */
    int64_t channels;
    cop_channel_axis *axes; /* room for every axis that there is */
    int64_t *lengths;       /* of each */
    size_t axis_count;
} group;

struct cop_symmetries {
    cop_arena *arena; /* holds all of it */
    group *groups;
    size_t count;
};

/* What deriving needs for a while. */
typedef struct scene {
    const cop_model *model;
    cop_graph *g;
    cop_node x, logits;
    cop_node *params, *buffers;
    cop_axes *axes;
} scene;

static size_t tensor_count(const cop_model *m)
{
    return cop_model_parameter_count(m) + cop_model_buffer_count(m);
}

/* Two images, so that their axis is one of more than one element, and is fixed as such. */
static cop_status build(scene *s, cop_error *err)
{
    const cop_task *task = cop_model_task(s->model);
    const cop_model_output *built = NULL;
    s->g = cop_graph_new();
    s->params = calloc(cop_model_parameter_count(s->model) + 1, sizeof *s->params);
    s->buffers = calloc(cop_model_buffer_count(s->model) + 1, sizeof *s->buffers);
    if (s->g == NULL || s->params == NULL || s->buffers == NULL)
        return cop_out_of_memory(err);
    s->x = cop_input(s->g, "x", cop_shape4(2, task->channels, task->height, task->width));
    cop_model_inputs(s->model, s->g, "state/", s->params, s->buffers);
    COP_TRY(
        cop_model_build(s->model, s->g, s->x, s->params, s->buffers, COP_MODE_EVAL, &built, err));
    s->logits = cop_model_output_get_logits(built);
    return COP_OK;
}

static void clear(scene *s)
{
    cop_axes_free(s->axes);
    cop_graph_free(s->g);
    free(s->params);
    free(s->buffers);
}

/* The group of a class, new where there is none; NULL: no memory. */
static group *group_of(cop_symmetries *s, const scene *from, int32_t class, int64_t channels)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->groups[i].class == class)
            return &s->groups[i];
    }
    size_t room = COP_MAX_RANK * tensor_count(from->model);
    group *g = &s->groups[s->count++];
    *g = (group){.class = class,
                 .channels = channels,
                 .axes = cop_arena_array(s->arena, room, sizeof *g->axes),
                 .lengths = cop_arena_array(s->arena, room, sizeof *g->lengths)};
    return g->axes != NULL && g->lengths != NULL ? g : NULL;
}

static cop_status add_tensor(cop_symmetries *s, const scene *from, const cop_parameter *tensor,
                             cop_node node, cop_error *err)
{
    for (int32_t axis = 0; axis < tensor->shape.rank; axis++) {
        int64_t channels = 0, block = 0;
        int32_t class = cop_axes_class(from->axes, node, axis, &channels, &block);
        if (class == 0)
            continue;
        group *g = group_of(s, from, class, channels);
        const char *name = cop_arena_strdup(s->arena, tensor->name);
        if (g == NULL || name == NULL)
            return cop_out_of_memory(err);
        g->lengths[g->axis_count] = tensor->shape.dim[axis];
        g->axes[g->axis_count++] = (cop_channel_axis){name, axis, block};
    }
    return COP_OK;
}

static cop_status collect(cop_symmetries *s, const scene *from, cop_error *err)
{
    const cop_model *m = from->model;
    s->groups = cop_arena_array(s->arena, COP_MAX_RANK * tensor_count(m) + 1, sizeof *s->groups);
    if (s->groups == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cop_model_parameter_count(m); i++)
        COP_TRY(add_tensor(s, from, cop_model_parameter(m, i), from->params[i], err));
    for (size_t i = 0; i < cop_model_buffer_count(m); i++)
        COP_TRY(add_tensor(s, from, cop_model_buffer(m, i), from->buffers[i], err));
    return COP_OK;
}

static cop_status derive(cop_symmetries *s, scene *from, cop_error *err)
{
    COP_TRY(build(from, err));
    COP_TRY(cop_axes_derive(from->g, &from->axes, err));
    cop_axes_fix(from->axes, from->x);
    cop_axes_fix(from->axes, from->logits);
    return collect(s, from, err);
}

cop_status cop_model_symmetries(const cop_model *m, cop_symmetries **out, cop_error *err)
{
    scene from = {.model = m};
    cop_arena *arena = cop_arena_new();
    cop_symmetries *s = arena != NULL ? cop_arena_alloc(arena, sizeof *s) : NULL;
    *out = NULL;
    if (s == NULL) {
        cop_arena_free(arena);
        return cop_out_of_memory(err);
    }
    *s = (cop_symmetries){.arena = arena};
    cop_status status = derive(s, &from, err);
    clear(&from);
    if (status != COP_OK) {
        cop_arena_free(arena);
        return status;
    }
    *out = s;
    return COP_OK;
}

void cop_symmetries_free(cop_symmetries *s)
{
    if (s != NULL)
        cop_arena_free(s->arena);
}

size_t cop_symmetries_count(const cop_symmetries *s)
{
    return s->count;
}

int64_t cop_symmetries_channels(const cop_symmetries *s, size_t i)
{
    return s->groups[i].channels;
}

size_t cop_symmetries_axis_count(const cop_symmetries *s, size_t i)
{
    return s->groups[i].axis_count;
}

const cop_channel_axis *cop_symmetries_axis(const cop_symmetries *s, size_t i, size_t k)
{
    return &s->groups[i].axes[k];
}

static cop_status check_order(const group *g, const int64_t *order, cop_error *err)
{
    bool *seen = calloc((size_t)g->channels, sizeof *seen);
    if (seen == NULL)
        return cop_out_of_memory(err);
    cop_status status = COP_OK;
    for (int64_t c = 0; status == COP_OK && c < g->channels; c++) {
        if (order[c] < 0 || order[c] >= g->channels || seen[order[c]])
            status = cop_fail(err, COP_INVALID,
                              "the order of %lld channels is no permutation: channel %lld is to "
                              "be what %lld was",
                              (long long)g->channels, (long long)c, (long long)order[c]);
        else
            seen[order[c]] = true;
    }
    free(seen);
    return status;
}

static cop_status check_tensor(const cop_channel_axis *at, int64_t length, const cop_tensor *tensor,
                               cop_error *err)
{
    if (tensor == NULL || (tensor->dtype == COP_F32 && at->axis < tensor->shape.rank &&
                           tensor->shape.dim[at->axis] == length))
        return COP_OK;
    char shape[96];
    return cop_fail(err, COP_FAILED,
                    "tensor '%s' is %s, wanted 32-bit floats, %lld of them along axis %lld",
                    tensor->name, cop_shape_text(tensor->shape, shape, sizeof shape),
                    (long long)length, (long long)at->axis);
}

/* Permutes runs of `run` numbers in each of `outer` stretches of `channels` runs. */
static void permute_runs(float *data, int64_t outer, int64_t channels, int64_t run,
                         const int64_t *order, float *room)
{
    for (int64_t o = 0; o < outer; o++, data += channels * run) {
        for (int64_t c = 0; c < channels; c++)
            memcpy(room + c * run, data + order[c] * run, (size_t)run * sizeof *data);
        memcpy(data, room, (size_t)(channels * run) * sizeof *data);
    }
}

static cop_status permute_tensor(const group *g, const cop_channel_axis *at, const int64_t *order,
                                 const cop_tensor *tensor, cop_error *err)
{
    int64_t outer = 1, run = at->block;
    for (int32_t i = 0; i < tensor->shape.rank; i++) {
        outer *= i < at->axis ? tensor->shape.dim[i] : 1;
        run *= i > at->axis ? tensor->shape.dim[i] : 1;
    }
    float *room = malloc((size_t)(g->channels * run) * sizeof *room);
    if (room == NULL)
        return cop_out_of_memory(err);
    permute_runs(cop_f32(tensor), outer, g->channels, run, order, room);
    free(room);
    return COP_OK;
}

cop_status cop_symmetries_permute(const cop_symmetries *s, size_t i, const int64_t *order,
                                  cop_tensors *state, cop_error *err)
{
    const group *g = &s->groups[i];
    COP_TRY(check_order(g, order, err));
    for (size_t k = 0; k < g->axis_count; k++)
        COP_TRY(check_tensor(&g->axes[k], g->lengths[k], cop_tensors_find(state, g->axes[k].tensor),
                             err));
    for (size_t k = 0; k < g->axis_count; k++) {
        const cop_tensor *tensor = cop_tensors_find(state, g->axes[k].tensor);
        if (tensor != NULL)
            COP_TRY(permute_tensor(g, &g->axes[k], order, tensor, err));
    }
    return COP_OK;
}
