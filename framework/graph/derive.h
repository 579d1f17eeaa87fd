/* derive.h: what the two modes of differentiation share. */
#ifndef COP_GRAPH_DERIVE_H
#define COP_GRAPH_DERIVE_H

#include "graph/storage.h"

/* Checks a list of nodes to be differentiated: each is a node of the graph. `role` and the list's
 * index name the offender. */
cop_status cop_check_nodes(const cop_graph *g, const char *who, const char *role,
                           const cop_node *nodes, size_t count, cop_error *err);

/* Checks that values[i] is a node shaped as nodes[i]. */
cop_status cop_check_matching(const cop_graph *g, const char *who, const char *role,
                              const cop_node *values, const cop_node *nodes, size_t count,
                              cop_error *err);

/* As cop_check_nodes; no wrt is a constant, since constants are folded away. */
cop_status cop_check_wrt(const cop_graph *g, const char *who, const cop_node *wrt, size_t count,
                         cop_error *err);

/* What is known of each node 1 … count before differentiation; index 0 is unused. */
typedef struct cop_reach {
    int32_t count;
    bool *is_wrt;  /* taken as independent: no derivative passes into its operands */
    bool *depends; /* a wrt, or a derivative passes into it from one */
    bool *needed;  /* an output, or a derivative passes from it to one */
} cop_reach;

/* Fills *reach; COP_FAILED when memory is out. The caller frees it in any case. */
cop_status cop_reach_make(cop_reach *reach, const cop_graph *g, const cop_node *wrt, size_t count,
                          const cop_node *outputs, size_t output_count, cop_error *err);
void cop_reach_free(cop_reach *reach);

/* True if a derivative passes from operand k of the node to it, and reaches one of the wrt. */
bool cop_reach_passes(const cop_reach *reach, const cop_node_data *node, int32_t k);

#endif
