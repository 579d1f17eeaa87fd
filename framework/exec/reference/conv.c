/* conv.c: the oracle's bilinear operations: matrix product and the three convolutions.
 *
 * A convolution and its two adjoints are one trilinear form, Σ gy·x·w over all pairs of an output
 * element and a tap of the window, read for one of its three factors. */
#include "exec/reference/reference.h"

cop_status cop_reference_matmul(const cop_node_data *node, const cop_operand *in, double *out,
                                cop_error *err)
{
    (void)err;
    bool ta = node->attr.matmul.transpose_a;
    bool tb = node->attr.matmul.transpose_b;
    int64_t rows = node->shape.dim[0];
    int64_t columns = node->shape.dim[1];
    int64_t depth = in[0].shape.dim[ta ? 0 : 1];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            for (int64_t k = 0; k < depth; k++) {
                double a = in[0].data[ta ? k * rows + i : i * depth + k];
                double b = in[1].data[tb ? j * depth + k : k * columns + j];
                out[i * columns + j] += a * b;
            }
    return COP_OK;
}

/* The three factors of the form. */
typedef enum factor {
    FACTOR_X, /* [N, I, H, W] */
    FACTOR_W, /* [O, I, KH, KW] */
    FACTOR_Y, /* [N, O, H', W'] */
    FACTOR_COUNT
} factor;

/* One reading of the form: `out`, the factor named by out_is, gathers the products of a and b. */
typedef struct reading {
    cop_window window;
    cop_shape shape[FACTOR_COUNT];
    factor a_is, b_is, out_is;
    const double *a, *b;
    double *out;
} reading;

/* The products of sample n, output channel o and input channel c. */
static void accumulate_planes(const reading *r, int64_t n, int64_t o, int64_t c)
{
    const cop_shape *shape = r->shape;
    for (int64_t i = 0; i < shape[FACTOR_Y].dim[2]; i++)
        for (int64_t j = 0; j < shape[FACTOR_Y].dim[3]; j++)
            for (int64_t p = 0; p < shape[FACTOR_W].dim[2]; p++)
                for (int64_t q = 0; q < shape[FACTOR_W].dim[3]; q++) {
                    int64_t h = i * r->window.stride_h - r->window.pad_h + p;
                    int64_t v = j * r->window.stride_w - r->window.pad_w + q;
                    if (h < 0 || h >= shape[FACTOR_X].dim[2] || v < 0 ||
                        v >= shape[FACTOR_X].dim[3])
                        continue;
                    int64_t at[FACTOR_COUNT];
                    at[FACTOR_X] = cop_image_at(shape[FACTOR_X], n, c, h, v);
                    at[FACTOR_W] = cop_image_at(shape[FACTOR_W], o, c, p, q);
                    at[FACTOR_Y] = cop_image_at(shape[FACTOR_Y], n, o, i, j);
                    r->out[at[r->out_is]] += r->a[at[r->a_is]] * r->b[at[r->b_is]];
                }
}

static cop_status accumulate(const cop_node_data *node, const cop_operand *in, factor first,
                             factor second, factor result, double *out)
{
    reading r = {.window = node->attr.window,
                 .a_is = first,
                 .b_is = second,
                 .out_is = result,
                 .a = in[0].data,
                 .b = in[1].data,
                 .out = out};
    r.shape[first] = in[0].shape;
    r.shape[second] = in[1].shape;
    r.shape[result] = node->shape;
    for (int64_t n = 0; n < r.shape[FACTOR_X].dim[0]; n++)
        for (int64_t o = 0; o < r.shape[FACTOR_W].dim[0]; o++)
            for (int64_t c = 0; c < r.shape[FACTOR_W].dim[1]; c++)
                accumulate_planes(&r, n, o, c);
    return COP_OK;
}

cop_status cop_reference_conv(const cop_node_data *node, const cop_operand *in, double *out,
                              cop_error *err)
{
    (void)err;
    return accumulate(node, in, FACTOR_X, FACTOR_W, FACTOR_Y, out);
}

cop_status cop_reference_conv_data(const cop_node_data *node, const cop_operand *in, double *out,
                                   cop_error *err)
{
    (void)err;
    return accumulate(node, in, FACTOR_Y, FACTOR_W, FACTOR_X, out);
}

cop_status cop_reference_conv_weights(const cop_node_data *node, const cop_operand *in, double *out,
                                      cop_error *err)
{
    (void)err;
    return accumulate(node, in, FACTOR_X, FACTOR_Y, FACTOR_W, out);
}
