/* reference.h (implemented in exec/reference/): what the files of the oracle share. Read by
 * framework/exec/reference only.
 *
 * Every operation is one function that computes one node from the values of its inputs with the
 * loops of its definition. The builders have checked the shapes; only values can still be wrong. */
#ifndef COP_EXEC_REFERENCE_H
#define COP_EXEC_REFERENCE_H

#include "graph/node.h"

/* The value of one input: row-major, of that shape, owned by the driver or by its caller. */
typedef struct cop_operand {
    cop_shape shape;
    const double *data;
} cop_operand;

/* Computes `node` from in[0 … input_count−1] into `out` (of the node's shape, zero-filled). */
typedef cop_status (*cop_reference_fn)(const cop_node_data *node, const cop_operand *in,
                                       double *out, cop_error *err);

/* elementwise.c */
cop_status cop_reference_constant(const cop_node_data *, const cop_operand *, double *,
                                  cop_error *);
cop_status cop_reference_unary(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_binary(const cop_node_data *, const cop_operand *, double *, cop_error *);

/* shape.c */
cop_status cop_reference_copy(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_broadcast(const cop_node_data *, const cop_operand *, double *,
                                   cop_error *);
cop_status cop_reference_slice(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_pad(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_concat(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_gather(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_scatter_add(const cop_node_data *, const cop_operand *, double *,
                                     cop_error *);
cop_status cop_reference_sum(const cop_node_data *, const cop_operand *, double *, cop_error *);

/* conv.c: the bilinear operations, matrix product included */
cop_status cop_reference_matmul(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_conv(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_conv_data(const cop_node_data *, const cop_operand *, double *,
                                   cop_error *);
cop_status cop_reference_conv_weights(const cop_node_data *, const cop_operand *, double *,
                                      cop_error *);

/* pool.c */
cop_status cop_reference_avg_pool(const cop_node_data *, const cop_operand *, double *,
                                  cop_error *);
cop_status cop_reference_avg_pool_adjoint(const cop_node_data *, const cop_operand *, double *,
                                          cop_error *);
cop_status cop_reference_max_pool(const cop_node_data *, const cop_operand *, double *,
                                  cop_error *);
cop_status cop_reference_max_pool_take(const cop_node_data *, const cop_operand *, double *,
                                       cop_error *);
cop_status cop_reference_max_pool_put(const cop_node_data *, const cop_operand *, double *,
                                      cop_error *);

/* norm.c */
cop_status cop_reference_variance(const cop_node_data *, const cop_operand *, double *,
                                  cop_error *);
cop_status cop_reference_normalize(const cop_node_data *, const cop_operand *, double *,
                                   cop_error *);
cop_status cop_reference_normalize_jacobian(const cop_node_data *, const cop_operand *, double *,
                                            cop_error *);
cop_status cop_reference_log_softmax(const cop_node_data *, const cop_operand *, double *,
                                     cop_error *);

/* resample.c */
cop_status cop_reference_resize(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_resize_adjoint(const cop_node_data *, const cop_operand *, double *,
                                        cop_error *);
cop_status cop_reference_affine_sample(const cop_node_data *, const cop_operand *, double *,
                                       cop_error *);
cop_status cop_reference_affine_sample_adjoint(const cop_node_data *, const cop_operand *, double *,
                                               cop_error *);
cop_status cop_reference_shift(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_flip(const cop_node_data *, const cop_operand *, double *, cop_error *);
cop_status cop_reference_box_mask(const cop_node_data *, const cop_operand *, double *,
                                  cop_error *);

/* A place in a tensor: one coordinate per axis. */
typedef struct cop_place {
    int64_t at[COP_MAX_RANK];
} cop_place;

/* The place of the element at row-major position `flat`, and back. */
static inline cop_place cop_place_of(cop_shape shape, int64_t flat)
{
    cop_place place = {{0}};
    for (int axis = shape.rank - 1; axis >= 0; axis--) {
        place.at[axis] = flat % shape.dim[axis];
        flat /= shape.dim[axis];
    }
    return place;
}

static inline int64_t cop_place_flat(cop_shape shape, cop_place place)
{
    int64_t flat = 0;
    for (int axis = 0; axis < shape.rank; axis++)
        flat = flat * shape.dim[axis] + place.at[axis];
    return flat;
}

/* Position in a tensor of `shape` that is read for `place` of the tensor it is broadcast to. */
static inline int64_t cop_place_broadcast(cop_shape shape, cop_place place)
{
    for (int axis = 0; axis < shape.rank; axis++)
        if (shape.dim[axis] == 1)
            place.at[axis] = 0;
    return cop_place_flat(shape, place);
}

/* Position of element (n, c, i, j) of an image tensor. */
static inline int64_t cop_image_at(cop_shape shape, int64_t n, int64_t c, int64_t i, int64_t j)
{
    return ((n * shape.dim[1] + c) * shape.dim[2] + i) * shape.dim[3] + j;
}

#endif
