/* mask.h: what is told of a ticket's mask, by itself and beside others. */
#ifndef MASK_MASK_H
#define MASK_MASK_H

#include <coppice/plugin.h>

/* Two masks, counted. */
typedef struct mask_overlap {
    double weights;       /* prunable ones */
    double first, second; /* that each keeps */
    double both;          /* that both keep */
    double by_chance;     /* expected of both, were each layer's drawn at random */
} mask_overlap;

/* Counts two masks over the same parameters, F32 of 0 and 1. COP_FAILED where they are not. */
cop_status mask_compare(const cop_tensors *first, const cop_tensors *second, mask_overlap *out,
                        cop_error *err);

/* Jaccard's index: of the weights that one of them keeps, the share that both keep; 1 where neither
 * keeps any. `both` is a number as in mask_overlap. */
double mask_jaccard(const mask_overlap *o, double both);

/* The share of the weights in which they differ, with so many that both keep. */
double mask_hamming(const mask_overlap *o, double both);

/* How many entries of a mask are kept. */
int64_t mask_kept(const cop_tensor *mask);

#endif
