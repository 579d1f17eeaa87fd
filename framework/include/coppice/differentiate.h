/* differentiate.h (implemented in graph/): derivatives as graphs. Both modes add nodes to the same
 * graph, and every operation's derivative is made of operations that have derivatives, so they
 * compose to any order. The product that second-order methods want is forward over reverse:
 * with g = gradient(loss, w), the tangent of g for a tangent v of w is the Hessian product H·v
 * (Pearlmutter 1994), and for a tangent on w and wrt pixels it is the mixed second derivative. */
#ifndef COPPICE_DIFFERENTIATE_H
#define COPPICE_DIFFERENTIATE_H

#include <coppice/graph.h>

COP_BEGIN

/* Reverse mode. For each wrt[i]: gradients[i] = d(loss)/d(wrt[i]), shaped as wrt[i]; a zero
 * constant where loss does not depend on it. `loss` has one element. The wrt nodes may be inner
 * nodes; they are then taken as independent of what they were computed from. They may not be
 * constants, which are folded away as the graph is built: what is varied is an input. */
COP_API cop_status cop_gradient(cop_graph *g, cop_node loss, const cop_node *wrt, size_t count,
                                cop_node *gradients, cop_error *err);

/* Reverse mode with given cotangents: gradients[i] = Σ_k cotangents[k]ᵀ · d(outputs[k])/d(wrt[i]).
 */
COP_API cop_status cop_vjp(cop_graph *g, const cop_node *outputs, const cop_node *cotangents,
                           size_t output_count, const cop_node *wrt, size_t count,
                           cop_node *gradients, cop_error *err);

/* Forward mode: out_tangents[k] = Σ_i d(outputs[k])/d(wrt[i]) · tangents[i]; a zero constant where
 * nothing flows. tangents[i] is shaped as wrt[i]. */
COP_API cop_status cop_jvp(cop_graph *g, const cop_node *wrt, const cop_node *tangents,
                           size_t count, const cop_node *outputs, size_t output_count,
                           cop_node *out_tangents, cop_error *err);

COP_END

#endif
