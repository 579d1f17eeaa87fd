/* shapes.h: shape arithmetic that builders, simplification and derivative rules share. */
#ifndef COP_GRAPH_SHAPES_H
#define COP_GRAPH_SHAPES_H

#include <coppice/graph.h>

/* The shape of a broadcast of both into *out. False where they do not: then *axis is the axis in
 * conflict, or −1 where the ranks differ. */
bool cop_shape_broadcast(cop_shape a, cop_shape b, cop_shape *out, int *axis);

/* The shape of the statistics of x [N, C, H, W]. */
cop_shape cop_norm_shape(cop_shape x, cop_norm_axes over);

/* The axes that share a mean and a variance. */
unsigned cop_norm_axis_set(cop_norm_axes over);

/* (size + 2·pad − window)/stride + 1 rounded down; the window fits. */
int64_t cop_window_count(int64_t size, int32_t window, int32_t stride, int32_t pad);

#endif
