/* dropout.c: drawing and binding dropout's masks (Srivastava et al. 2014). */
#include "nn/dropout.h"

#include "core/memory.h"
#include "nn/output.h"

#include <stdlib.h>

typedef struct layer {
    char name[COP_NAME_SIZE]; /* of the input */
    double rate;
    int64_t each; /* elements of one sample */
    float *mask;
} layer;

struct cop_dropout {
    size_t count;
    layer layers[];
};

static cop_status fill_layer(layer *l, const cop_dropped *from, const cop_graph *g, cop_error *err)
{
    cop_shape shape = cop_node_shape(g, from->node);
    *l = (layer){.rate = from->rate, .each = cop_shape_count(shape) / shape.dim[0]};
    cop_dropped_name(from->index, l->name);
    l->mask = calloc((size_t)cop_shape_count(shape), sizeof *l->mask);
    return l->mask != NULL ? COP_OK : cop_out_of_memory(err);
}

cop_status cop_dropout_new(const cop_model_output *out, cop_dropout **d, cop_error *err)
{
    *d = NULL;
    if (out->dropped_count == 0)
        return COP_OK;
    cop_dropout *made = calloc(1, sizeof *made + out->dropped_count * sizeof made->layers[0]);
    if (made == NULL)
        return cop_out_of_memory(err);
    cop_status status = COP_OK;
    for (const cop_dropped *at = out->dropped; at != NULL && status == COP_OK; at = at->next)
        status = fill_layer(&made->layers[made->count++], at, out->g, err);
    if (status != COP_OK)
        cop_dropout_free(made);
    else
        *d = made;
    return status;
}

void cop_dropout_free(cop_dropout *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->count; i++)
        free(d->layers[i].mask);
    free(d);
}

void cop_dropout_draw(cop_dropout *d, cop_stream *stream, int64_t n)
{
    for (size_t i = 0; d != NULL && i < d->count; i++) {
        const layer *l = &d->layers[i];
        float kept = (float)(1.0 / (1.0 - l->rate));
        for (int64_t k = 0; k < n * l->each; k++)
            l->mask[k] = (double)cop_stream_uniform(stream) < l->rate ? 0.0f : kept;
    }
}

cop_status cop_dropout_bind(const cop_dropout *d, cop_program *program, cop_error *err)
{
    for (size_t i = 0; d != NULL && i < d->count; i++)
        COP_TRY(cop_program_bind_name(program, d->layers[i].name, d->layers[i].mask, err));
    return COP_OK;
}
