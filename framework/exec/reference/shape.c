/* shape.c: the oracle's operations that move elements, and the sum. */
#include "exec/reference/reference.h"

#include <math.h>

cop_status cop_reference_copy(const cop_node_data *node, const cop_operand *in, double *out,
                              cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = in[0].data[i];
    return COP_OK;
}

cop_status cop_reference_broadcast(const cop_node_data *node, const cop_operand *in, double *out,
                                   cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = in[0].data[cop_place_broadcast(in[0].shape, cop_place_of(node->shape, i))];
    return COP_OK;
}

cop_status cop_reference_slice(const cop_node_data *node, const cop_operand *in, double *out,
                               cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++) {
        cop_place place = cop_place_of(node->shape, i);
        place.at[node->attr.slice.axis] += node->attr.slice.start;
        out[i] = in[0].data[cop_place_flat(in[0].shape, place)];
    }
    return COP_OK;
}

/* Copies `part` into `out` at `start` along `axis`. */
static void place_part(const cop_operand *part, int64_t axis, int64_t start, cop_shape shape,
                       double *out)
{
    int64_t count = cop_shape_count(part->shape);
    for (int64_t i = 0; i < count; i++) {
        cop_place place = cop_place_of(part->shape, i);
        place.at[axis] += start;
        out[cop_place_flat(shape, place)] = part->data[i];
    }
}

cop_status cop_reference_pad(const cop_node_data *node, const cop_operand *in, double *out,
                             cop_error *err)
{
    (void)err;
    place_part(&in[0], node->attr.slice.axis, node->attr.slice.start, node->shape, out);
    return COP_OK;
}

cop_status cop_reference_concat(const cop_node_data *node, const cop_operand *in, double *out,
                                cop_error *err)
{
    (void)err;
    int64_t axis = node->attr.slice.axis;
    int64_t start = 0;
    for (int32_t k = 0; k < node->input_count; k++) {
        place_part(&in[k], axis, start, node->shape, out);
        start += in[k].shape.dim[axis];
    }
    return COP_OK;
}

/* Reads index[m] as a row number in [0, rows). */
static cop_status read_row(const cop_node_data *node, const cop_operand *index, int64_t m,
                           int64_t rows, int64_t *row, cop_error *err)
{
    double value = index->data[m];
    if (!(value >= 0.0 && value < (double)rows))
        return cop_fail(err, COP_FAILED, "%s: index %.15g at position %lld is outside [0, %lld)",
                        cop_op_name(node->op), value, (long long)m, (long long)rows);
    if (value != floor(value))
        return cop_fail(err, COP_FAILED, "%s: index %.15g at position %lld is not a whole number",
                        cop_op_name(node->op), value, (long long)m);
    *row = (int64_t)value;
    return COP_OK;
}

/* Elements of one row: the product of all dimensions but the first. */
static int64_t row_length(cop_shape shape)
{
    int64_t length = 1;
    for (int axis = 1; axis < shape.rank; axis++)
        length *= shape.dim[axis];
    return length;
}

cop_status cop_reference_gather(const cop_node_data *node, const cop_operand *in, double *out,
                                cop_error *err)
{
    int64_t length = row_length(in[0].shape);
    for (int64_t m = 0; m < in[1].shape.dim[0]; m++) {
        int64_t row = 0;
        COP_TRY(read_row(node, &in[1], m, in[0].shape.dim[0], &row, err));
        for (int64_t k = 0; k < length; k++)
            out[m * length + k] = in[0].data[row * length + k];
    }
    return COP_OK;
}

cop_status cop_reference_scatter_add(const cop_node_data *node, const cop_operand *in, double *out,
                                     cop_error *err)
{
    int64_t length = row_length(in[0].shape);
    for (int64_t m = 0; m < in[1].shape.dim[0]; m++) {
        int64_t row = 0;
        COP_TRY(read_row(node, &in[1], m, node->shape.dim[0], &row, err));
        for (int64_t k = 0; k < length; k++)
            out[row * length + k] += in[0].data[m * length + k];
    }
    return COP_OK;
}

cop_status cop_reference_sum(const cop_node_data *node, const cop_operand *in, double *out,
                             cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(in[0].shape);
    for (int64_t i = 0; i < count; i++) {
        cop_place place = cop_place_of(in[0].shape, i);
        for (int axis = 0; axis < in[0].shape.rank; axis++)
            if (node->attr.sum.axes & COP_AXIS(axis))
                place.at[axis] = 0;
        out[cop_place_flat(node->shape, place)] += in[0].data[i];
    }
    int64_t sums = cop_shape_count(node->shape);
    for (int64_t i = 0; i < sums; i++)
        out[i] *= node->attr.sum.scale;
    return COP_OK;
}
