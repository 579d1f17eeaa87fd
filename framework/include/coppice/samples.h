/* samples.h: labelled images in memory, ready to be cut into batches: a dataset's split or a
 * decoded synthetic set. Read-only and shared between whoever uses it. */
#ifndef COPPICE_SAMPLES_H
#define COPPICE_SAMPLES_H

#include <coppice/status.h>

COP_BEGIN

/* What a classifier maps: images of this size to this many classes. */
typedef struct cop_task {
    int32_t channels, height, width;
    int32_t classes;
} cop_task;

/* The network sees (pixel − mean[c]) / std[c], pixel in [0, 1]. */
typedef struct cop_normalization {
    float mean[COP_MAX_CHANNELS];
    float std[COP_MAX_CHANNELS];
} cop_normalization;

typedef struct cop_samples {
    cop_task task;
    cop_normalization normalization;
    int64_t count;
    const uint8_t *bytes;  /* [count, C, H, W], pixel = byte / 255; or NULL */
    const float *pixels;   /* [count, C, H, W]; used when bytes is NULL */
    const int32_t *labels; /* [count]: the class, or for soft labels the most likely one */
    const float *soft;     /* [count, classes], rows sum to 1; NULL when labels are hard */
} cop_samples;

/* Writes n normalised images [n, C, H, W] and their target distributions [n, classes] for the given
 * indices; either output may be NULL. Indices are in range. [any thread] */
COP_API void cop_samples_batch(const cop_samples *s, const int64_t *index, int64_t n, float *images,
                               float *targets);

/* Writes the pixels of one sample in [0, 1], not normalised: [C, H, W]. */
COP_API void cop_samples_pixels(const cop_samples *s, int64_t index, float *pixels);

/* The indices of the samples of one class, in order: written to `index` (room for s->count) and
 * counted. */
COP_API int64_t cop_samples_of_class(const cop_samples *s, int32_t label, int64_t *index);

/* The accuracy that guessing can reach on the first `count` samples (0: on all): the largest
 * class's share, and three standard errors (binomial). A network that is not above it has
 * *collapsed*. 1 where there are no samples. */
COP_API double cop_samples_chance(const cop_samples *s, int64_t count);

COP_END

#endif
