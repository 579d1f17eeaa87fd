/* features.h: where real images lie in a network's feature space. */
#ifndef COP_DISTIL_FEATURES_H
#define COP_DISTIL_FEATURES_H

#include <coppice/model.h>

typedef struct cop_features_spec {
    const cop_model *model;
    const cop_tensors *state;
    const cop_samples *data;
    int threads; /* 0: what the process runs with */
} cop_features_spec;

/* The embedding (the classifier's input), in evaluation mode, of `count` ≥ 1 samples: *features is
 * [count, *width], to be freed by the caller. COP_FAILED when memory is out, the state is not the
 * model's, or a feature is not finite. */
cop_status cop_features_of(const cop_features_spec *spec, const int64_t *index, int64_t count,
                           float **features, int64_t *width, cop_error *err);

#endif
