/* distance.h: how far two gradients of one parameter are apart. */
#ifndef IDC_DISTANCE_H
#define IDC_DISTANCE_H

#include "options.h"

/* The distance of a and b, of one shape with rank ≥ 1, as a scalar node. The rows of l1_mean and
 * cos are the slices along the first axis: a filter's weights, one element of a bias. */
cop_node idc_distance(cop_graph *g, idc_metric metric, cop_node a, cop_node b);

#endif
