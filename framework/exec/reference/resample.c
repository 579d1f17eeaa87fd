/* resample.c: the oracle's resampling and augmentation. Each interpolation and its adjoint share
 * the one function that says which source elements an output element reads, with what weights. */
#include "exec/reference/reference.h"

#include <math.h>

/* Two neighbours on one axis: value = weight[0]·x[at[0]] + weight[1]·x[at[1]]. */
typedef struct pair {
    int64_t at[2];
    double weight[2];
} pair;

/* Neighbours of element i of an axis resized from `from` to `to` elements: centres are aligned by
 * src = (i + ½)·from/to − ½, and what lies beyond the first or last centre takes its value. */
static pair resize_pair(int64_t i, int64_t from, int64_t to)
{
    double source = ((double)i + 0.5) * (double)from / (double)to - 0.5;
    if (source < 0.0)
        source = 0.0;
    int64_t low = (int64_t)floor(source);
    if (low > from - 1)
        low = from - 1;
    int64_t high = low + 1 < from ? low + 1 : low;
    double fraction = source - (double)low;
    return (pair){{low, high}, {1.0 - fraction, fraction}};
}

cop_status cop_reference_resize(const cop_node_data *node, const cop_operand *in, double *out,
                                cop_error *err)
{
    (void)err;
    cop_shape from = in[0].shape, to = node->shape;
    int64_t count = cop_shape_count(to);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(to, k);
        pair row = resize_pair(p.at[2], from.dim[2], to.dim[2]);
        pair column = resize_pair(p.at[3], from.dim[3], to.dim[3]);
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++)
                out[k] += row.weight[a] * column.weight[b] *
                          in[0].data[cop_image_at(from, p.at[0], p.at[1], row.at[a], column.at[b])];
    }
    return COP_OK;
}

cop_status cop_reference_resize_adjoint(const cop_node_data *node, const cop_operand *in,
                                        double *out, cop_error *err)
{
    (void)err;
    cop_shape from = node->shape, to = in[0].shape;
    int64_t count = cop_shape_count(to);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(to, k);
        pair row = resize_pair(p.at[2], from.dim[2], to.dim[2]);
        pair column = resize_pair(p.at[3], from.dim[3], to.dim[3]);
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++)
                out[cop_image_at(from, p.at[0], p.at[1], row.at[a], column.at[b])] +=
                    row.weight[a] * column.weight[b] * in[0].data[k];
    }
    return COP_OK;
}

/* Neighbours of coordinate u in [−1, 1] (the edges of an axis of `size` elements, not the centres
 * of its last ones). A neighbour outside has weight 0; so have both where u is not finite. */
static pair sample_pair(double u, int64_t size)
{
    pair p = {{0, 0}, {0.0, 0.0}};
    double source = ((u + 1.0) * (double)size - 1.0) / 2.0;
    if (!(source > -1.0 && source < (double)size))
        return p;
    int64_t low = (int64_t)floor(source);
    double fraction = source - (double)low;
    if (low >= 0) {
        p.at[0] = low;
        p.weight[0] = 1.0 - fraction;
    }
    if (low + 1 < size) {
        p.at[1] = low + 1;
        p.weight[1] = fraction;
    }
    return p;
}

/* Rows and columns that output element `place` reads under its sample's theta. */
static void affine_pairs(const double *theta, cop_shape shape, cop_place place, pair *row,
                         pair *column)
{
    const double *t = theta + 6 * place.at[0];
    double y = (2.0 * (double)place.at[2] + 1.0) / (double)shape.dim[2] - 1.0;
    double x = (2.0 * (double)place.at[3] + 1.0) / (double)shape.dim[3] - 1.0;
    *column = sample_pair(t[0] * x + t[1] * y + t[2], shape.dim[3]);
    *row = sample_pair(t[3] * x + t[4] * y + t[5], shape.dim[2]);
}

cop_status cop_reference_affine_sample(const cop_node_data *node, const cop_operand *in,
                                       double *out, cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(node->shape, k);
        pair row, column;
        affine_pairs(in[1].data, node->shape, p, &row, &column);
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++) {
                double weight = row.weight[a] * column.weight[b];
                if (weight != 0.0) /* what is outside is zero, not 0·x[0] */
                    out[k] += weight * in[0].data[cop_image_at(node->shape, p.at[0], p.at[1],
                                                               row.at[a], column.at[b])];
            }
    }
    return COP_OK;
}

cop_status cop_reference_affine_sample_adjoint(const cop_node_data *node, const cop_operand *in,
                                               double *out, cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(node->shape, k);
        pair row, column;
        affine_pairs(in[1].data, node->shape, p, &row, &column);
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++) {
                double weight = row.weight[a] * column.weight[b];
                if (weight != 0.0)
                    out[cop_image_at(node->shape, p.at[0], p.at[1], row.at[a], column.at[b])] +=
                        weight * in[0].data[k];
            }
    }
    return COP_OK;
}

cop_status cop_reference_shift(const cop_node_data *node, const cop_operand *in, double *out,
                               cop_error *err)
{
    cop_shape shape = node->shape;
    int64_t count = cop_shape_count(shape);
    for (int64_t m = 0; m < 2 * shape.dim[0]; m++)
        if (!isfinite(in[1].data[m]) || in[1].data[m] != floor(in[1].data[m]))
            return cop_fail(err, COP_FAILED, "%s: offset %.15g of sample %lld is not whole",
                            cop_op_name(node->op), in[1].data[m], (long long)(m / 2));
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(shape, k);
        /* in double, where no offset overflows */
        double i = (double)p.at[2] + in[1].data[2 * p.at[0]];
        double j = (double)p.at[3] + in[1].data[2 * p.at[0] + 1];
        if (i >= 0.0 && i < (double)shape.dim[2] && j >= 0.0 && j < (double)shape.dim[3])
            out[k] = in[0].data[cop_image_at(shape, p.at[0], p.at[1], (int64_t)i, (int64_t)j)];
    }
    return COP_OK;
}

cop_status cop_reference_flip(const cop_node_data *node, const cop_operand *in, double *out,
                              cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(node->shape, k);
        if (in[1].data[p.at[0]] != 0.0)
            p.at[3] = node->shape.dim[3] - 1 - p.at[3];
        out[k] = in[0].data[cop_place_flat(node->shape, p)];
    }
    return COP_OK;
}

cop_status cop_reference_box_mask(const cop_node_data *node, const cop_operand *in, double *out,
                                  cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        cop_place p = cop_place_of(node->shape, k);
        const double *box = in[0].data + 4 * p.at[0];
        double i = (double)p.at[2], j = (double)p.at[3];
        bool inside = i >= box[0] && j >= box[1] && i < box[2] && j < box[3];
        out[k] = inside ? 0.0 : 1.0;
    }
    return COP_OK;
}
