/* coordinates.c: the surviving coordinates, numbered parameter by parameter, and vectors of them. A
 * parameter without a mask survives as a whole. */
#include "coordinates.h"

#include <stdlib.h>
#include <string.h>

static int64_t surviving_in(const cop_parameter *p, const cop_tensors *masks)
{
    const cop_tensor *mask = cop_tensors_find(masks, p->name);
    return mask != NULL ? cop_mask_tensor_count(mask) : cop_shape_count(p->shape);
}

static void number_places(const cop_parameter *p, const cop_tensors *masks, int64_t *place)
{
    const cop_tensor *mask = cop_tensors_find(masks, p->name);
    for (int64_t j = 0; j < cop_shape_count(p->shape); j++) {
        if (mask == NULL || cop_f32(mask)[j] != 0.0f)
            *place++ = j;
    }
}

cop_status hessian_map_make(const cop_model *model, const cop_tensors *masks, hessian_map *out,
                            cop_error *err)
{
    *out = (hessian_map){.parameters = cop_model_parameter_count(model)};
    out->first = calloc(out->parameters + 1, sizeof *out->first);
    if (out->first == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < out->parameters; i++)
        out->first[i + 1] = out->first[i] + surviving_in(cop_model_parameter(model, i), masks);
    out->place = calloc((size_t)hessian_map_count(out) + 1, sizeof *out->place);
    if (out->place == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < out->parameters; i++)
        number_places(cop_model_parameter(model, i), masks, out->place + out->first[i]);
    return COP_OK;
}

void hessian_map_clear(hessian_map *map)
{
    free(map->first);
    free(map->place);
    *map = (hessian_map){0};
}

int64_t hessian_map_count(const hessian_map *map)
{
    return map->first[map->parameters];
}

void hessian_gather(const hessian_map *map, const cop_tensors *set, float *out)
{
    for (size_t p = 0; p < map->parameters; p++) {
        const float *from = cop_f32(cop_tensors_at(set, p));
        for (int64_t c = map->first[p]; c < map->first[p + 1]; c++)
            out[c] = from[map->place[c]];
    }
}

void hessian_scatter(const hessian_map *map, const float *vector, cop_tensors *set)
{
    for (size_t p = 0; p < map->parameters; p++) {
        cop_tensor *tensor = cop_tensors_at(set, p);
        float *to = cop_f32(tensor);
        memset(to, 0, (size_t)cop_shape_count(tensor->shape) * sizeof *to);
        for (int64_t c = map->first[p]; c < map->first[p + 1]; c++)
            to[map->place[c]] = vector[c];
    }
}
