/* plane.h (implemented in plane.c, plane_domain.c): which nodes can be fused plane by plane, and
 * the making of such a group. */
#ifndef COP_EXEC_COMPILER_PLANE_H
#define COP_EXEC_COMPILER_PLANE_H

#include "exec/compiler/compiler.h"
#include "exec/kernels/plane/plane_kernel.h"

/* The tensors that a plane group works on: [N, C, H·k, W·k] with k a power of two, and [N, C, 1,
 * 1]. Height and width are the smallest plane's; 0 where there is none yet. */
typedef struct cop_plane_domain {
    int64_t samples, channels, height, width;
    int64_t zoom; /* of the largest plane */
} cop_plane_domain;

/* Whether node v can be part of a plane group; then *domain is what it works on. */
bool cop_plane_takes(const cop_compiler *c, cop_node v, cop_plane_domain *domain);

/* Whether two groups can be one; then *both, which may be either of them, is its domain. */
bool cop_plane_domains_meet(const cop_plane_domain *a, const cop_plane_domain *b,
                            cop_plane_domain *both);

/* Whether the node sums over samples: known only when every block is done, so that no node of the
 * same group may read it, but for the variance about it. */
bool cop_plane_is_sink(const cop_compiler *c, cop_node v);

/* Whether v is the variance over the batch about that mean, both of one x. */
bool cop_plane_are_moments(const cop_compiler *c, cop_node variance, cop_node mean);

/* The group of a step's nodes, all of which can be part of one, for tensors blocked by `lanes`
 * channels (1: plain). sources[i] is the node that operand i reads (0 for a value known now),
 * whole[i] whether it consists of planes; both have room for COP_PLANE_REGISTERS. results[i] is the
 * node that result i is, with room for COP_GROUP_OPS. The caller frees *out with cop_plane_free. */
cop_status cop_plane_make(const cop_compiler *c, const cop_unit *step, int32_t lanes,
                          cop_plane **out, cop_node *sources, bool *whole, cop_node *results,
                          cop_error *err);

#endif
