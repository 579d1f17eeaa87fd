/* axes.h: which axes of a graph's nodes permute together. A permutation of a hidden layer's
 * channels changes no output where it is done to every tensor that has them.
 *
 * Each axis of each node is of one of three kinds. *Free*: every permutation along it leaves the
 * node as it is, as of one element, or of a constant. *Of a class*: where all axes of the class are
 * permuted alike at the leaves, so is this one at this node. *Fixed*: nothing is known. A class
 * that an operation cannot carry is fixed as a whole. What is not understood is fixed, so that what
 * is said holds, and something may be left out. */
#ifndef COP_GRAPH_AXES_H
#define COP_GRAPH_AXES_H

#include "graph/node.h"

typedef struct cop_axes cop_axes;

/* Walks the graph as it is now; the caller's. Every axis of an input begins as a class of its own.
 * Errors: the graph's own, memory. */
cop_status cop_axes_derive(const cop_graph *g, cop_axes **out, cop_error *err);
void cop_axes_free(cop_axes *axes);

/* What is not to be permuted: fixes the classes of all axes of the node. */
void cop_axes_fix(cop_axes *axes, cop_node node);

/* The class of a node's axis, from 1, and 0 where it is free or fixed. *size is how many elements
 * are permuted, *block how many in a row along this axis belong to each: their product is the
 * axis's length. */
int32_t cop_axes_class(const cop_axes *axes, cop_node node, int32_t axis, int64_t *size,
                       int64_t *block);

#endif
