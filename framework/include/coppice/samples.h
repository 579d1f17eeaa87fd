/* samples.h (implemented in nn/): labelled images in memory, ready to be cut into batches: a
 * dataset's split or a decoded synthetic set. Read-only and shared between whoever uses it, from
 * any thread. */
#ifndef COPPICE_SAMPLES_H
#define COPPICE_SAMPLES_H

#include <coppice/tensor.h>

COP_BEGIN

/* What a classifier maps: images of one size to one of so many classes. The host's; a plugin that
 * is given one may keep the pointer as long as the instance that it was given to. */
typedef struct cop_task cop_task;

/* Channels of an image: 1 to COP_MAX_CHANNELS. [any thread] */
COP_API int32_t cop_task_channels(const cop_task *task);

/* Rows of an image, in pixels; 1 or more. [any thread] */
COP_API int32_t cop_task_height(const cop_task *task);

/* Columns of an image, in pixels; 1 or more. [any thread] */
COP_API int32_t cop_task_width(const cop_task *task);

/* Classes that an image can be of; labels are 0 to classes − 1. [any thread] */
COP_API int32_t cop_task_classes(const cop_task *task);

/* The shape of `count` images: [count, channels, height, width]. [any thread] */
COP_API cop_shape cop_task_shape(const cop_task *task, int64_t count);

/* Values of one image: channels · height · width. [any thread] */
COP_API int64_t cop_task_values(const cop_task *task);

/* The network sees (pixel − mean[c]) / std[c], pixel in [0, 1]. */
typedef struct cop_normalization {
    float mean[COP_MAX_CHANNELS];
    float std[COP_MAX_CHANNELS];
} cop_normalization;

/* What a pixel value means. */
typedef enum cop_pixel_space {
    COP_PIXELS_UNIT = 1,      /* a pixel in [0, 1] */
    COP_PIXELS_NORMALISED = 2 /* what the network sees: (pixel − mean) / std, perhaps whitened */
} cop_pixel_space;

/* Labelled images. Plugins get `const cop_samples *`, borrowed from the host. */
typedef struct cop_samples cop_samples;

/* How many samples there are; indices go from 0 to count − 1. [any thread] */
COP_API int64_t cop_samples_count(const cop_samples *s);

/* The size and the classes of the images; lives as long as the samples. [any thread] */
COP_API const cop_task *cop_samples_task(const cop_samples *s);

/* How the images are normalised for a network, a mean and a deviation per channel of the task.
 * [any thread] */
COP_API cop_normalization cop_samples_normalization(const cop_samples *s);

/* What the samples are made of. Those in COP_PIXELS_NORMALISED are given to a network as they are:
 * their mean is 0 and their deviation 1. [any thread] */
COP_API cop_pixel_space cop_samples_space(const cop_samples *s);

/* The class of sample i, which is in range; where labels are soft the most likely one.
 * [any thread] */
COP_API int32_t cop_samples_label(const cop_samples *s, int64_t i);

/* The distribution of sample i over the classes, [classes], summing to 1; NULL where the labels of
 * this set are hard. Lives as long as the samples. [any thread] */
COP_API const float *cop_samples_soft(const cop_samples *s, int64_t i);

/* Writes n normalised images [n, C, H, W] and their target distributions [n, classes] for the given
 * indices, into the caller's memory; either output may be NULL. Indices are in range.
 * [any thread] */
COP_API void cop_samples_batch(const cop_samples *s, const int64_t *index, int64_t n, float *images,
                               float *targets);

/* Writes the pixels of one sample in the samples' space (in [0, 1], not normalised, unless they
 * are normalised already) into the caller's memory: [C, H, W]. [any thread] */
COP_API void cop_samples_pixels(const cop_samples *s, int64_t index, float *pixels);

/* The indices of the samples of one class, in order: written to `index`, which has room for
 * cop_samples_count, and counted. [any thread] */
COP_API int64_t cop_samples_of_class(const cop_samples *s, int32_t label, int64_t *index);

/* The accuracy that guessing can reach on the first `count` samples (0: on all): the largest
 * class's share, and three standard errors (binomial). A network that is not above it has
 * *collapsed*. 1 where there are no samples. [any thread] */
COP_API double cop_samples_chance(const cop_samples *s, int64_t count);

COP_END

#endif
