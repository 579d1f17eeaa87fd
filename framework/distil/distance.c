/* distance.c: the distances of Kim et al.'s code. Its "l2" has a name there and no formula; here it
 * is the Euclidean norm of the difference. */
#include <coppice/distil.h>

/* Below any gradient's square that single precision can tell from 0: it gives roots a derivative
 * (0) where all is 0, and changes no other value. */
#define ROOT_FLOOR 1e-30

/* The cosine's guard against rows of zeros, as in the code of Zhao et al. and of Kim et al. */
#define COS_EPSILON 1e-6

static cop_node root(cop_graph *g, cop_node square)
{
    return cop_sqrt(g, cop_affine(g, square, 1.0, ROOT_FLOOR));
}

/* Σ over rows of 1 − ⟨a, b⟩ / (‖a‖·‖b‖ + ε). */
static cop_node one_minus_cosine(cop_graph *g, cop_node a, cop_node b)
{
    cop_shape shape = cop_node_shape(g, a);
    int64_t rows = shape.dim[0];
    cop_shape flat = cop_shape2(rows, rows > 0 ? cop_shape_count(shape) / rows : 0);
    a = cop_reshape(g, a, flat);
    b = cop_reshape(g, b, flat);
    cop_node product = cop_sum(g, cop_mul(g, a, b), COP_AXIS(1));
    cop_node norm_a = root(g, cop_sum(g, cop_square(g, a), COP_AXIS(1)));
    cop_node norm_b = root(g, cop_sum(g, cop_square(g, b), COP_AXIS(1)));
    cop_node norms = cop_affine(g, cop_mul(g, norm_a, norm_b), 1.0, COS_EPSILON);
    return cop_total(g, cop_affine(g, cop_div(g, product, norms), -1.0, 1.0));
}

cop_node cop_distance_node(cop_graph *g, cop_distance distance, cop_node a, cop_node b)
{
    if (a == COP_NO_NODE || b == COP_NO_NODE)
        return COP_NO_NODE;
    if (distance == COP_DISTANCE_COS)
        return one_minus_cosine(g, a, b);
    cop_shape shape = cop_node_shape(g, a);
    cop_node difference = cop_sub(g, a, b);
    cop_node absolute = cop_total(g, cop_abs(g, difference));
    switch (distance) {
    case COP_DISTANCE_L1:
        return absolute;
    case COP_DISTANCE_L1_MEAN:
        return cop_scale(g, absolute, (double)shape.dim[0] / (double)cop_shape_count(shape));
    case COP_DISTANCE_L2:
        return root(g, cop_total(g, cop_square(g, difference)));
    case COP_DISTANCE_MSE:
        return cop_total(g, cop_square(g, difference));
    case COP_DISTANCE_COS:
        break;
    }
    return cop_graph_refuse(g, "distance %d is none that there is", (int)distance);
}
