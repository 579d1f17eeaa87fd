/* erk.h: how a share of the weights is divided among layers. */
#ifndef COPPICE_RANDOM_ERK_H
#define COPPICE_RANDOM_ERK_H

#include <coppice/pruner.h>

/* A layer: a tensor of the mask that may lose weights. */
typedef struct erk_layer {
    cop_shape shape;
    int64_t left;    /* weights that it still keeps */
    int64_t target;  /* that it is to keep; filled */
    double fraction; /* of a weight that rounding left out so far; its own */
} erk_layer;

/* Divides `total` weights among the layers by the Erdős–Rényi-Kernel rule (Mocanu et al. 2018, Evci
 * et al. 2020): a layer of shape (n_0, n_1, …) has density ε · Σ n_i / Π n_i, with one ε for all of
 * them; layers that this would make more than dense are dense, and ε is made for the others.
 * Numbers are rounded down, then up where most was left out, so that they add up to `total`, which
 * is at most what all layers keep. A layer keeps no more than it has. */
void erk_divide(erk_layer *layers, size_t count, int64_t total);

#endif
