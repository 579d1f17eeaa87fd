/* whiten.h: ZCA whitening of images, as the code of trajectory matching does it (Cazenavette et al.
 * 2022, by kornia's ZCAWhitening): of pixels in [0, 1], not normalised, whose covariance is divided
 * by the number of images less one,
 *
 *   x' = (x − mean) U (S + ε)^(−1/2) Uᵀ,    covariance = U S Uᵀ.
 *
 * The covariance and its decomposition are computed in double precision, the product in single; the
 * bits are the same on any number of threads. */
#ifndef COP_NN_WHITEN_H
#define COP_NN_WHITEN_H

#include "nn/samples.h"

/* Images have at most so many values (64 x 64 in colour). The covariance has their square: while it
 * is decomposed that takes four times 1.2 GB, and four times 75 MB for 32 x 32 in colour. */
#define COP_WHITENED_VALUES 12288

/* A mean and a matrix. */
typedef struct cop_whitening cop_whitening;

/* Fits to the samples, of which there are at least two, of at most COP_WHITENED_VALUES each, in
 * COP_PIXELS_UNIT. Owned by the caller. COP_FAILED without memory, or where the eigenvalues are not
 * found. [one thread; uses OpenMP] */
cop_status cop_whitening_fit(const cop_samples *s, double epsilon, cop_whitening **out,
                             cop_error *err);

/* Writes the whitened images of samples of the same size: [count, C, H, W], the caller's. [the
 * same] */
cop_status cop_whitening_apply(const cop_whitening *w, const cop_samples *s, float *images,
                               cop_error *err);
void cop_whitening_free(cop_whitening *w);

#endif
