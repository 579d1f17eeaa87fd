/* storage.h (implemented in graph.c): what builders and derivative rules need of a graph beyond
 * node.h. Private to graph/. */
#ifndef COP_GRAPH_STORAGE_H
#define COP_GRAPH_STORAGE_H

#include "graph/node.h"

/* True once the graph has failed, and for NULL: whatever is built then is quietly no node. */
bool cop_graph_failed(const cop_graph *g);

/* The input of that name, or COP_NO_NODE. */
cop_node cop_graph_find_input(const cop_graph *g, const char *name);

/* Adds an input; its name is not taken yet. The name is copied. */
cop_node cop_graph_add_input(cop_graph *g, const char *name, cop_shape shape);

/* Between begin and end, new nodes are interior: made by differentiation, unknown to callers. A
 * node loses that when a caller builds the same node or is handed it by cop_graph_expose.
 *
 * Why it matters: a caller may differentiate with respect to any node it holds, so a simplification
 * may only skip over nodes that nobody holds (2·(3·x) → 6·x would cut the path through 3·x). */
void cop_graph_begin_derivation(cop_graph *g);
void cop_graph_end_derivation(cop_graph *g);
void cop_graph_expose(cop_graph *g, cop_node a);
bool cop_graph_is_interior(const cop_graph *g, cop_node a);

/* A node's description for messages: its name or label in quotes, or its operation and number,
 * then its shape: `"images" [2, 3, 32, 32]`, `relu#12 [2, 8, 16, 16]`. */
typedef struct cop_words {
    char text[256];
} cop_words;
cop_words cop_graph_describe(const cop_graph *g, cop_node a);

#endif
