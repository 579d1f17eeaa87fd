/* real_images.h: a few of the real images that a set was distilled from, to be shown beside it. */
#ifndef COP_STUDY_RUNNING_REAL_IMAGES_H
#define COP_STUDY_RUNNING_REAL_IMAGES_H

#include "nn/samples.h"
#include "nn/synthetic.h"

/* Of each class as many images as the set stores of it on average, at most ten and at least one,
 * the first of the training split in its order; classes of fewer have fewer. They stand in the
 * split's own space, are not decoded, and have the set's recipe: a set like any other, which a
 * report draws in the same way. *out is filled; clear it with
 * cop_synthetic_clear. COP_FAILED where memory is out, or the split is empty. */
cop_status cop_real_images(const cop_samples *train, const cop_synthetic *set, cop_synthetic *out,
                           cop_error *err);

#endif
