/* norm.c: the oracle's normalisation and log-softmax. A statistic has the shape of its tensor with
 * 1 on the axes that share it, so it is found by broadcasting. */
#include "exec/reference/reference.h"

#include <math.h>
#include <stdlib.h>

cop_status cop_reference_variance(const cop_node_data *node, const cop_operand *in, double *out,
                                  cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(in[0].shape);
    int64_t groups = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = cop_place_broadcast(node->shape, cop_place_of(in[0].shape, i));
        double off = in[0].data[i] - in[1].data[k];
        out[k] += off * off;
    }
    for (int64_t k = 0; k < groups; k++)
        out[k] /= (double)(count / groups);
    return COP_OK;
}

cop_status cop_reference_normalize(const cop_node_data *node, const cop_operand *in, double *out,
                                   cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++) {
        cop_place place = cop_place_of(node->shape, i);
        double mean = in[1].data[cop_place_broadcast(in[1].shape, place)];
        double r = in[2].data[cop_place_broadcast(in[2].shape, place)];
        out[i] = (in[0].data[i] - mean) * r;
    }
    return COP_OK;
}

/* means[2k] = mean(u), means[2k + 1] = mean(u·y) of group k; `means` comes zero-filled. */
static void jacobian_means(const cop_operand *u, const cop_operand *y, cop_shape statistic,
                           double *means)
{
    int64_t count = cop_shape_count(u->shape);
    int64_t groups = cop_shape_count(statistic);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = cop_place_broadcast(statistic, cop_place_of(u->shape, i));
        means[2 * k] += u->data[i];
        means[2 * k + 1] += u->data[i] * y->data[i];
    }
    for (int64_t k = 0; k < 2 * groups; k++)
        means[k] /= (double)(count / groups);
}

cop_status cop_reference_normalize_jacobian(const cop_node_data *node, const cop_operand *in,
                                            double *out, cop_error *err)
{
    const cop_operand *u = &in[0], *y = &in[1], *r = &in[2];
    int64_t count = cop_shape_count(node->shape);
    if (count == 0)
        return COP_OK;
    double *means = calloc((size_t)cop_shape_count(r->shape), 2 * sizeof *means);
    if (means == NULL)
        return cop_fail(err, COP_FAILED, "%s: out of memory", cop_op_name(node->op));
    jacobian_means(u, y, r->shape, means);
    for (int64_t i = 0; i < count; i++) {
        int64_t k = cop_place_broadcast(r->shape, cop_place_of(node->shape, i));
        out[i] = r->data[k] * (u->data[i] - means[2 * k] - y->data[i] * means[2 * k + 1]);
    }
    free(means);
    return COP_OK;
}

static void log_softmax_row(const double *logits, int64_t classes, double *out)
{
    double top = logits[0];
    for (int64_t k = 1; k < classes; k++)
        top = fmax(top, logits[k]);
    double sum = 0.0;
    for (int64_t k = 0; k < classes; k++)
        sum += exp(logits[k] - top);
    for (int64_t k = 0; k < classes; k++)
        out[k] = logits[k] - top - log(sum);
}

cop_status cop_reference_log_softmax(const cop_node_data *node, const cop_operand *in, double *out,
                                     cop_error *err)
{
    (void)err;
    int64_t classes = node->shape.dim[1];
    for (int64_t n = 0; n < node->shape.dim[0] && classes > 0; n++)
        log_softmax_row(in[0].data + n * classes, classes, out + n * classes);
    return COP_OK;
}
