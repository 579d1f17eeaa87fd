/* simplify.h: algebra at build time. */
#ifndef COP_GRAPH_SIMPLIFY_H
#define COP_GRAPH_SIMPLIFY_H

#include "graph/node.h"

/* A node of the same value as *draft that is cheaper than it: an operand, a constant, or a node
 * added in its stead. COP_NO_NODE where *draft is best as it is. Values are kept for finite inputs,
 * but for the rounding of merged factors. */
cop_node cop_simplify(cop_graph *g, const cop_node_data *draft);

#endif
