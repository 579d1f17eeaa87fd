/* student.h: some steps of plain SGD on the synthetic images, and the gradient of what follows from
 * where they end, with respect to the pixels and the rate.
 *
 * With θ_{n+1} = θ_n − η g(θ_n, x_n), g the gradient of the cross-entropy and x_n the augmented
 * batch of step n, nothing is unrolled: every θ_n is kept, and one adjoint step after the other
 * runs backwards from λ = ∂L/∂θ_N:
 *
 *     ∂L/∂pixels += −η ∂(λ·g)/∂pixels,  ∂L/∂η += −λ·g,  λ ← λ − η H λ
 *
 * all of which come out of one program, by one derivative forwards over the gradients of the
 * cross-entropy in θ and in the pixels. θ, g and λ are flat: all parameters, one after the
 * other. */
#ifndef MTT_STUDENT_H
#define MTT_STUDENT_H

#include "options.h"

typedef struct mtt_student mtt_student;

/* Compiles its two programs for the pixels, which stay the caller's and in their place; `o` is
 * settled and outlives it. Owned by the caller. */
cop_status mtt_student_new(const mtt_options *o, cop_pixels *pixels, uint64_t seed, int threads,
                           mtt_student **out, cop_error *err);
void mtt_student_free(mtt_student *s);

/* θ: where the student starts, then where it is. λ: for the caller to set between the two runs. And
 * how many numbers each has. */
float *mtt_student_theta(mtt_student *s);
float *mtt_student_lambda(mtt_student *s);
int64_t mtt_student_weights(const mtt_student *s);

/* All steps at this rate, from θ. Batches and augmentation are those of iteration i. */
cop_status mtt_student_run(mtt_student *s, int64_t i, double rate, cop_error *err);

/* Back through the steps of the last run, which was of the same i and rate, from λ: writes the
 * gradient in the pixels, shaped as all of them, and in the rate. */
cop_status mtt_student_adjoint(mtt_student *s, int64_t i, double rate, float *pixels,
                               double *rate_gradient, cop_error *err);

#endif
