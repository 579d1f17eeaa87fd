/* align.h: aligning one network to another by permuting its hidden channels (Git Re-Basin's weight
 * matching, Ainsworth et al. 2023). */
#ifndef LMC_ALIGN_H
#define LMC_ALIGN_H

#include <coppice/random.h>
#include <coppice/symmetry.h>

/* assignment.c: the assignment of rows to columns whose gains [n, n] add up to most:
 * column_of[row], a permutation. COP_FAILED where a gain is not finite, or memory is out. */
cop_status lmc_assign(const double *gain, int64_t n, int64_t *column_of, cop_error *err);

/* align.c: permutes the groups of `moved`, a copy of a network's state, until no group's channels
 * can be reordered such that its parameters' inner product with those of `fixed` grows: group by
 * group in an order that the stream draws anew for each sweep, each by an exact assignment. It is a
 * local optimum, which depends on that order. Buffers go along and have no say. Left as it is is a
 * group that lies along two axes of one parameter: it is no linear assignment; and one with
 * weights that are no numbers. Errors: memory. */
cop_status lmc_align(const cop_symmetries *groups, const cop_model *model, const cop_tensors *fixed,
                     cop_tensors *moved, cop_stream *stream, int threads, cop_error *err);

/* The Euclidean distance between the parameters of two states. */
double lmc_distance(const cop_model *model, const cop_tensors *a, const cop_tensors *b);

#endif
