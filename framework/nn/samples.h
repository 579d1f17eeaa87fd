/* samples.h: what is inside cop_samples: the host's own code reads the members, plugins ask by the
 * functions of coppice/samples.h. Whoever fills one keeps the memory that it points at. */
#ifndef COP_NN_SAMPLES_H
#define COP_NN_SAMPLES_H

#include "core/resident.h"
#include "nn/task.h"

struct cop_samples {
#ifdef COPPICE_TEST_GROWN
    uint64_t grown_in_tests[2]; /* what a later version might add (tests/abi) */
#endif
    cop_task task;
    cop_normalization normalization;
    int64_t count;
    const uint8_t *bytes;  /* [images, C, H, W], pixel = byte / 255; or NULL */
    const float *pixels;   /* [images, C, H, W]; used when bytes is NULL */
    const int32_t *labels; /* [count]: the class, or for soft labels the most likely one */
    const float *soft;     /* [count, classes], rows sum to 1; NULL when labels are hard */

    /* Of the pixels; 0: COP_PIXELS_UNIT. Normalised ones are floats of mean 0 and deviation 1. */
    cop_pixel_space space;

    /* Of samples that are normalised already: how they were. A deviation of 0: that is not known,
     * as of whitened ones. */
    cop_normalization was;

    /* [count]: which image of `bytes` or `pixels` sample i is, for a part of them that is not
     * copied; NULL: the i-th. Labels are of samples. */
    const int64_t *rows;

    /* The mapped file that the pixels are in; NULL: they are in memory. */
    cop_resident *resident;
};

/* These samples will be read next: where their pixels are in a file, it is read ahead.
 * [any thread] */
void cop_samples_expect(const cop_samples *s, const int64_t *index, int64_t n);

/* Of pixels that are normalised already: mean 0, deviation 1. */
cop_normalization cop_normalization_none(void);

/* How what a network sees of the samples becomes pixels of images again, as augmentations of colour
 * want them: times the deviation, plus the mean. Where that is not known: mean 0, deviation 1. */
cop_normalization cop_samples_undo(const cop_samples *s);

#endif
