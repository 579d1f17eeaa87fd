/* lanes.h: elementwise operations and sums on a tile of planes, whose operands are either
 * the planes' own elements or sixteen numbers that repeat: a number a lane, for 1, 8 or 16 lanes.
 */
#ifndef COP_EXEC_KERNELS_ELEMENTWISE_LANES_H
#define COP_EXEC_KERNELS_ELEMENTWISE_LANES_H

#include "exec/kernels/kernels.h"

/* An operand: element i is data[i], or data[i % 16] where it repeats. */
typedef struct cop_lanes {
    const float *data;
    bool repeats;
} cop_lanes;

/* out = op(a, b, c) on n elements; operands that the operation does not have are ignored. `out` may
 * be an operand that does not repeat. Operations of one operand want one that does not. */
void cop_lanes_apply(const cop_micro_op *op, float *out, cop_lanes a, cop_lanes b, cop_lanes c,
                     int64_t n);

/* out = a − c − b·d */
void cop_lanes_project(float *out, cop_lanes a, cop_lanes b, cop_lanes c, cop_lanes d, int64_t n);

/* out = a·b + c */
void cop_lanes_scale(float *out, cop_lanes a, cop_lanes b, cop_lanes c, int64_t n);

/* Adds Σ a, Σ a·b and Σ (a − b)² of each lane's elements to total[0 … lanes−1]. Sixteen sums run
 * side by side in float; element i belongs to lane i % lanes. */
void cop_lanes_sum(cop_lanes a, int64_t n, int32_t lanes, double *total);
void cop_lanes_dot(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *total);
void cop_lanes_sum_and_dot(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *sum,
                           double *dot);
void cop_lanes_squares(cop_lanes a, cop_lanes b, int64_t n, int32_t lanes, double *total);

#endif
