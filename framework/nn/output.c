/* output.c: what a model's build says, and what is read of it. */
#include "nn/output.h"

#include "graph/node.h"

#include <stdio.h>
#include <string.h>

cop_model_output *cop_model_output_new(cop_graph *g, size_t buffer_count)
{
    cop_model_output *out = cop_graph_allocate(g, sizeof *out);
    cop_node *buffers = cop_graph_allocate(g, (buffer_count + 1) * sizeof *buffers);
    if (out == NULL || buffers == NULL)
        return NULL;
    *out = (cop_model_output){.g = g, .new_buffers = buffers, .buffer_count = buffer_count};
    return out;
}

void cop_model_output_logits(cop_model_output *out, cop_node node)
{
    if (out != NULL)
        out->logits = node;
}

void cop_model_output_buffer(cop_model_output *out, size_t i, cop_node node)
{
    if (out == NULL)
        return;
    if (i < out->buffer_count)
        out->new_buffers[i] = node;
    else
        (void)cop_graph_refuse(out->g, "a new value for buffer %zu of %zu", i, out->buffer_count);
}

static const cop_tap *find(const cop_model_output *out, const char *name)
{
    for (const cop_tap *tap = out->first; tap != NULL; tap = tap->next)
        if (strcmp(tap->name, name) == 0)
            return tap;
    return NULL;
}

void cop_model_output_tap(cop_model_output *out, const char *name, cop_node node)
{
    if (out == NULL)
        return;
    size_t length = strlen(name);
    if (length == 0 || length >= COP_NAME_SIZE) {
        (void)cop_graph_refuse(out->g, "a tap's name has %zu characters, wanted 1 to %d", length,
                               COP_NAME_SIZE - 1);
        return;
    }
    if (find(out, name) != NULL) {
        (void)cop_graph_refuse(out->g, "there are two taps \"%s\"", name);
        return;
    }
    cop_tap *tap = cop_graph_allocate(out->g, sizeof *tap);
    if (tap == NULL)
        return;
    tap->node = node;
    memcpy(tap->name, name, length + 1);
    if (out->last != NULL)
        out->last->next = tap;
    else
        out->first = tap;
    out->last = tap;
}

cop_node cop_model_output_get_logits(const cop_model_output *out)
{
    return out != NULL ? out->logits : COP_NO_NODE;
}

cop_node cop_model_output_new_buffer(const cop_model_output *out, size_t i)
{
    return out != NULL && i < out->buffer_count ? out->new_buffers[i] : COP_NO_NODE;
}

cop_node cop_model_output_find(const cop_model_output *out, const char *name)
{
    const cop_tap *tap = out != NULL ? find(out, name) : NULL;
    return tap != NULL ? tap->node : COP_NO_NODE;
}

void cop_dropped_name(size_t index, char name[COP_NAME_SIZE])
{
    (void)snprintf(name, COP_NAME_SIZE, "dropout/%zu", index);
}

cop_node cop_model_output_drop(cop_model_output *out, cop_node x, double rate, cop_mode mode)
{
    out->has_dropout = true;
    if (!out->is_dropping || mode != COP_MODE_TRAIN)
        return x;
    cop_dropped *dropped = cop_graph_allocate(out->g, sizeof *dropped);
    if (dropped == NULL)
        return COP_NO_NODE;
    char name[COP_NAME_SIZE];
    cop_dropped_name(out->dropped_count, name);
    *dropped = (cop_dropped){.node = cop_input(out->g, name, cop_node_shape(out->g, x)),
                             .rate = rate,
                             .index = out->dropped_count++};
    if (out->last_dropped != NULL)
        out->last_dropped->next = dropped;
    else
        out->dropped = dropped;
    out->last_dropped = dropped;
    return cop_node_label(out->g, cop_mul(out->g, x, dropped->node), "dropout");
}
