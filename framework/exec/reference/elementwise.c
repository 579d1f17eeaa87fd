/* elementwise.c: the oracle's elementwise operations. */
#include "exec/reference/reference.h"

#include <math.h>

cop_status cop_reference_constant(const cop_node_data *node, const cop_operand *in, double *out,
                                  cop_error *err)
{
    (void)in;
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = node->attr.constant.value;
    return COP_OK;
}

static double sign(double a)
{
    return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0;
}

/* 1/(1 + e^−a) without an overflow at either end. */
static double sigmoid(double a)
{
    if (a >= 0.0)
        return 1.0 / (1.0 + exp(-a));
    double e = exp(a);
    return e / (1.0 + e);
}

static double unary(cop_op op, const cop_attr *attr, double a)
{
    switch (op) {
    case COP_OP_AFFINE:
        return attr->affine.scale * a + attr->affine.offset;
    case COP_OP_SQRT:
        return sqrt(a);
    case COP_OP_RECIPROCAL:
        return 1.0 / a;
    case COP_OP_EXP:
        return exp(a);
    case COP_OP_LN:
        return log(a);
    case COP_OP_ABS:
        return fabs(a);
    case COP_OP_SIGN:
        return sign(a);
    case COP_OP_HEAVISIDE:
        return a > 0.0 ? 1.0 : 0.0;
    case COP_OP_SIGMOID:
        return sigmoid(a);
    case COP_OP_TANH:
        return tanh(a);
    case COP_OP_RELU:
        return a <= 0.0 ? 0.0 : a; /* so written, NaN stays NaN */
    case COP_OP_LEAKY_RELU:
        return a > 0.0 ? a : attr->affine.scale * a;
    default:
        return NAN; /* the driver's table sends nothing else here */
    }
}

cop_status cop_reference_unary(const cop_node_data *node, const cop_operand *in, double *out,
                               cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = unary(node->op, &node->attr, in[0].data[i]);
    return COP_OK;
}

static double binary(cop_op op, double a, double b)
{
    switch (op) {
    case COP_OP_ADD:
        return a + b;
    case COP_OP_SUB:
        return a - b;
    case COP_OP_MUL:
        return a * b;
    case COP_OP_DIV:
        return a / b;
    case COP_OP_GATE:
        return b > 0.0 ? a : 0.0;
    default:
        return NAN; /* as in unary */
    }
}

cop_status cop_reference_binary(const cop_node_data *node, const cop_operand *in, double *out,
                                cop_error *err)
{
    (void)err;
    int64_t count = cop_shape_count(node->shape);
    for (int64_t i = 0; i < count; i++) {
        cop_place place = cop_place_of(node->shape, i);
        double a = in[0].data[cop_place_broadcast(in[0].shape, place)];
        double b = in[1].data[cop_place_broadcast(in[1].shape, place)];
        out[i] = binary(node->op, a, b);
    }
    return COP_OK;
}
