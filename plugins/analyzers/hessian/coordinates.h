/* coordinates.h: the surviving coordinates, by parameter, and vectors of them. */
#ifndef HESSIAN_COORDINATES_H
#define HESSIAN_COORDINATES_H

#include <coppice/plugin.h>

typedef struct hessian_map {
    size_t parameters;
    int64_t *first; /* of each parameter, and the end */
    int64_t *place; /* of each coordinate within its parameter */
} hessian_map;

cop_status hessian_map_make(const cop_model *model, const cop_tensors *masks, hessian_map *out,
                            cop_error *err);
void hessian_map_clear(hessian_map *map);
int64_t hessian_map_count(const hessian_map *map);

/* A vector of surviving coordinates out of a set of all parameters; and into one, whose other
 * coordinates become 0. */
void hessian_gather(const hessian_map *map, const cop_tensors *set, float *out);
void hessian_scatter(const hessian_map *map, const float *vector, cop_tensors *set);

#endif
