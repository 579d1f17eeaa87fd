/* rules.h: the derivative of each operation, as nodes.
 *
 * Every rule is made of operations that have rules, so derivatives compose to any order. Rules are
 * asked only for operands through which a derivative passes (cop_op_info.flow). */
#ifndef COP_GRAPH_RULES_H
#define COP_GRAPH_RULES_H

#include "graph/node.h"

/* The node whose derivative is asked. A copy: the graph grows while the rule builds. */
typedef struct cop_site {
    cop_graph *g;
    cop_node self;
    cop_op op;
    cop_shape shape;
    cop_attr attr;
    int32_t input_count;
    const cop_node *inputs;
} cop_site;

/* The share that `cotangent` (shaped as the node) gives to operand k, shaped as that operand. */
typedef cop_node cop_vjp_rule(const cop_site *s, int32_t k, cop_node cotangent);

/* The node's tangent, shaped as the node; tangents[k] is operand k's, COP_NO_NODE for zero. At
 * least one is not. */
typedef cop_node cop_jvp_rule(const cop_site *s, const cop_node *tangents);

typedef struct cop_rule {
    cop_vjp_rule *vjp; /* both NULL where no derivative passes */
    cop_jvp_rule *jvp;
} cop_rule;

cop_rule cop_rule_of(cop_op op);

/* The site of node a. */
cop_site cop_site_at(cop_graph *g, cop_node a);

/* What rules share (rules.c). */

/* The shape of operand k. */
cop_shape cop_operand_shape(const cop_site *s, int32_t k);

/* a + b, where COP_NO_NODE is zero. */
cop_node cop_accumulate(cop_graph *g, cop_node a, cop_node b);

/* `a` summed over the axes along which `shape` has been broadcast to a's. */
cop_node cop_sum_back(cop_graph *g, cop_node a, cop_shape shape);

/* The tangent of what is linear in each operand: the node itself with one operand after the other
 * replaced by its tangent. */
cop_jvp_rule cop_jvp_linear;

/* The rules, by idea. */

/* rules_elementwise.c */
cop_vjp_rule cop_vjp_unary;
cop_jvp_rule cop_jvp_unary;
cop_vjp_rule cop_vjp_add, cop_vjp_sub, cop_vjp_mul, cop_vjp_div, cop_vjp_gate;
cop_jvp_rule cop_jvp_add, cop_jvp_sub, cop_jvp_div;

/* rules_shape.c */
cop_vjp_rule cop_vjp_reshape, cop_vjp_broadcast, cop_vjp_slice, cop_vjp_pad, cop_vjp_concat;
cop_vjp_rule cop_vjp_gather, cop_vjp_scatter_add, cop_vjp_sum;
cop_jvp_rule cop_jvp_concat;

/* rules_linear.c */
cop_vjp_rule cop_vjp_matmul, cop_vjp_conv, cop_vjp_conv_data, cop_vjp_conv_weights;

/* rules_pool.c */
cop_vjp_rule cop_vjp_avg_pool, cop_vjp_avg_pool_adjoint, cop_vjp_max_pool, cop_vjp_max_pool_take,
    cop_vjp_max_pool_put;
cop_jvp_rule cop_jvp_max_pool;

/* rules_norm.c */
cop_vjp_rule cop_vjp_variance, cop_vjp_normalize, cop_vjp_normalize_jacobian, cop_vjp_log_softmax;
cop_jvp_rule cop_jvp_variance, cop_jvp_normalize, cop_jvp_normalize_jacobian, cop_jvp_log_softmax;

/* rules_resample.c */
cop_vjp_rule cop_vjp_resize, cop_vjp_resize_adjoint, cop_vjp_affine_sample,
    cop_vjp_affine_sample_adjoint, cop_vjp_shift, cop_vjp_flip;

#endif
