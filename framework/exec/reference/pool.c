/* pool.c: the oracle's pooling. */
#include "exec/reference/reference.h"

#include <math.h>

/* Which rows or columns of an axis of `size` elements output element i covers: [first, last). */
typedef struct span {
    int64_t first, last;
} span;

static span covered(int64_t i, int32_t window, int32_t stride, int32_t pad, int64_t size)
{
    span s = {i * stride - pad, i * stride - pad + window};
    if (s.first < 0)
        s.first = 0;
    if (s.last > size)
        s.last = size;
    return s;
}

/* The place (n, c, i, j) of element `flat` of an image tensor, and what its window covers. */
typedef struct window_view {
    int64_t n, c;
    span rows, columns;
} window_view;

/* The window of element `flat` of the pooled shape `small` on an image of shape `large`. */
static window_view view_window(cop_shape small, cop_shape large, cop_window window, int64_t flat)
{
    cop_place place = cop_place_of(small, flat);
    window_view v = {.n = place.at[0], .c = place.at[1]};
    v.rows = covered(place.at[2], window.size_h, window.stride_h, window.pad_h, large.dim[2]);
    v.columns = covered(place.at[3], window.size_w, window.stride_w, window.pad_w, large.dim[3]);
    return v;
}

/* Elements of a window, those on the padding counted. */
static double window_area(cop_window window)
{
    return (double)window.size_h * (double)window.size_w;
}

cop_status cop_reference_avg_pool(const cop_node_data *node, const cop_operand *in, double *out,
                                  cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        window_view v = view_window(node->shape, in[0].shape, node->attr.window, k);
        for (int64_t h = v.rows.first; h < v.rows.last; h++)
            for (int64_t w = v.columns.first; w < v.columns.last; w++)
                out[k] += in[0].data[cop_image_at(in[0].shape, v.n, v.c, h, w)];
        out[k] /= window_area(node->attr.window);
    }
    return COP_OK;
}

cop_status cop_reference_avg_pool_adjoint(const cop_node_data *node, const cop_operand *in,
                                          double *out, cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(in[0].shape);
    for (int64_t k = 0; k < count; k++) {
        window_view v = view_window(in[0].shape, node->shape, node->attr.window, k);
        double share = in[0].data[k] / window_area(node->attr.window);
        for (int64_t h = v.rows.first; h < v.rows.last; h++)
            for (int64_t w = v.columns.first; w < v.columns.last; w++)
                out[cop_image_at(node->shape, v.n, v.c, h, w)] += share;
    }
    return COP_OK;
}

/* Position in x of the maximum of window k of the pooled shape `small`: the first in row order; a
 * NaN wins, so that a network that has diverged shows it. −1 where all is padding. */
static int64_t find_maximum(const cop_operand *x, cop_shape small, cop_window window, int64_t k)
{
    window_view v = view_window(small, x->shape, window, k);
    int64_t best = -1;
    for (int64_t h = v.rows.first; h < v.rows.last; h++)
        for (int64_t w = v.columns.first; w < v.columns.last; w++) {
            int64_t at = cop_image_at(x->shape, v.n, v.c, h, w);
            if (best >= 0 && isnan(x->data[best]))
                return best;
            if (best < 0 || x->data[at] > x->data[best] || isnan(x->data[at]))
                best = at;
        }
    return best;
}

cop_status cop_reference_max_pool(const cop_node_data *node, const cop_operand *in, double *out,
                                  cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        int64_t best = find_maximum(&in[0], node->shape, node->attr.window, k);
        out[k] = best >= 0 ? in[0].data[best] : 0.0;
    }
    return COP_OK;
}

cop_status cop_reference_max_pool_take(const cop_node_data *node, const cop_operand *in,
                                       double *out, cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t k = 0; k < count; k++) {
        int64_t best = find_maximum(&in[0], node->shape, node->attr.window, k);
        out[k] = best >= 0 ? in[1].data[best] : 0.0;
    }
    return COP_OK;
}

cop_status cop_reference_max_pool_put(const cop_node_data *node, const cop_operand *in, double *out,
                                      cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(in[1].shape);
    for (int64_t k = 0; k < count; k++) {
        int64_t best = find_maximum(&in[0], in[1].shape, node->attr.window, k);
        if (best >= 0)
            out[best] += in[1].data[k];
    }
    return COP_OK;
}
