/* declaration.c: collecting what a model declares.
 *
 * Each declared tensor becomes an input of a scratch graph, so that a network that is written once
 * finds the shapes of its later layers while it declares. Errors go to that graph. */
#include "nn/declaration.h"

#include "core/memory.h"
#include "core/sized.h"
#include "graph/node.h"

#include <stdlib.h>
#include <string.h>

bool cop_role_is_buffer(cop_role role)
{
    return role == COP_ROLE_RUNNING_MEAN || role == COP_ROLE_RUNNING_VARIANCE;
}

cop_status cop_declaration_new(const cop_task *task, cop_declaration **out, cop_error *err)
{
    cop_declaration *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a model's declaration");
    d->graph = cop_graph_new();
    if (d->graph == NULL) {
        free(d);
        return cop_fail(err, COP_FAILED, "out of memory for a model's declaration");
    }
    d->images =
        cop_input(d->graph, "(images)", cop_shape4(2, task->channels, task->height, task->width));
    *out = d;
    return COP_OK;
}

void cop_declaration_free(cop_declaration *d)
{
    if (d == NULL)
        return;
    free(d->params.items);
    free(d->buffers.items);
    cop_graph_free(d->graph);
    free(d);
}

cop_graph *cop_declaration_graph(cop_declaration *d)
{
    return d->graph;
}

cop_node cop_declaration_images(cop_declaration *d)
{
    return d->images;
}

static bool append(cop_parameters *list, const cop_parameter *parameter)
{
    cop_parameter *grown = cop_grow(list->items, &list->capacity, list->count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    list->items = grown;
    list->items[list->count++] = *parameter;
    return true;
}

static bool has_positive_dims(cop_shape shape)
{
    if (shape.rank < 0 || shape.rank > COP_MAX_RANK)
        return false;
    for (int32_t i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 1)
            return false;
    return true;
}

static int32_t rank_of_role(cop_role role)
{
    switch (role) {
    case COP_ROLE_CONV_WEIGHT:
        return 4;
    case COP_ROLE_LINEAR_WEIGHT:
        return 2;
    case COP_ROLE_BIAS:
    case COP_ROLE_NORM_SCALE:
    case COP_ROLE_NORM_SHIFT:
    case COP_ROLE_RUNNING_MEAN:
    case COP_ROLE_RUNNING_VARIANCE:
        return 1;
    }
    return -1;
}

cop_node cop_declare(cop_declaration *d, const cop_parameter *given)
{
    cop_parameter own;
    const cop_parameter *parameter = &own;
    cop_error err = {0};
    if (cop_sized_take("a declared parameter", given, COP_LEAST(cop_parameter, reserved), &own,
                       sizeof own, &err) != COP_OK)
        return cop_graph_refuse(d->graph, "%s", err.message);
    if (memchr(parameter->name, '\0', sizeof parameter->name) == NULL)
        return cop_graph_refuse(d->graph, "a declared name is longer than %d characters",
                                COP_NAME_SIZE - 1);
    if (parameter->name[0] == '\0')
        return cop_graph_refuse(d->graph, "a declared tensor has no name");
    const char *name = parameter->name;
    if (!has_positive_dims(parameter->shape))
        return cop_graph_refuse(d->graph, "%s is declared with an empty shape", name);
    if (parameter->shape.rank != rank_of_role(parameter->role))
        return cop_graph_refuse(d->graph, "%s is declared with rank %d, which role %d has not",
                                name, (int)parameter->shape.rank, (int)parameter->role);
    if (parameter->init.kind < COP_INIT_CONSTANT || parameter->init.kind > COP_INIT_UNIFORM_01)
        return cop_graph_refuse(d->graph, "%s is declared with unknown initialiser %d", name,
                                (int)parameter->init.kind);
    bool buffer = cop_role_is_buffer(parameter->role);
    if (buffer && parameter->prunable)
        return cop_graph_refuse(d->graph, "%s is a buffer and cannot be prunable", name);
    if (!append(buffer ? &d->buffers : &d->params, parameter))
        return cop_graph_out_of_memory(d->graph);
    return cop_input(d->graph, name, parameter->shape);
}
