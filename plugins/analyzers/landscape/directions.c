/* directions.c: random directions by filter normalisation (Li et al. 2018): each filter of a
 * Gaussian direction is rescaled to the norm of the network's filter, as the loss does not change
 * where a filter's scale is undone by the normalisation behind it. */
#include "landscape.h"

#include <math.h>
#include <string.h>

static double norm_of(const float *values, int64_t count)
{
    double squares = 0.0;
    for (int64_t j = 0; j < count; j++)
        squares += (double)values[j] * (double)values[j];
    return sqrt(squares);
}

/* Gaussian numbers, 0 where the mask removes the weight: `mask` is NULL for what has none. */
static void draw(cop_stream *stream, const cop_tensor *mask, cop_tensor *to)
{
    float *d = cop_f32(to);
    for (int64_t j = 0; j < cop_shape_count(to->shape); j++) {
        float value = cop_stream_normal(stream);
        d[j] = mask != NULL && cop_f32(mask)[j] == 0.0f ? 0.0f : value;
    }
}

static void rescale(const cop_tensor *weights, cop_tensor *to)
{
    int64_t filters = to->shape.dim[0];
    int64_t count = filters > 0 ? cop_shape_count(to->shape) / filters : 0;
    for (int64_t f = 0; f < filters; f++) {
        float *d = cop_f32(to) + f * count;
        double norm = norm_of(d, count), wanted = norm_of(cop_f32(weights) + f * count, count);
        double scale = norm > 0.0 ? wanted / norm : 0.0;
        for (int64_t j = 0; j < count; j++)
            d[j] = (float)(scale * (double)d[j]);
    }
}

static void clear(const cop_tensors *set)
{
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        const cop_tensor *t = cop_tensors_at(set, i);
        memset(t->data, 0, (size_t)cop_shape_count(t->shape) * cop_dtype_size(t->dtype));
    }
}

cop_status landscape_direction(const cop_model *model, const cop_tensors *network,
                               const cop_tensors *mask, cop_stream stream, cop_tensors **out,
                               cop_error *err)
{
    *out = cop_tensors_clone(network);
    if (*out == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    clear(*out);
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *p = cop_model_parameter(model, i);
        if (p->role != COP_ROLE_CONV_WEIGHT && p->role != COP_ROLE_LINEAR_WEIGHT)
            continue;
        cop_tensor *to = cop_tensors_find(*out, p->name);
        draw(&stream, cop_tensors_find(mask, p->name), to);
        rescale(cop_tensors_find(network, p->name), to);
    }
    return COP_OK;
}
