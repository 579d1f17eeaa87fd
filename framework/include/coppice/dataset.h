/* dataset.h: the dataset kind. A dataset plugin describes its splits and reads ranges of samples;
 * the host loads them into memory once, fingerprints what it read, and shares the cop_samples. */
#ifndef COPPICE_DATASET_H
#define COPPICE_DATASET_H

#include <coppice/samples.h>

COP_BEGIN

#define COP_DATASET_INTERFACE 1
#define COP_MAX_CLASSES       1000

typedef enum cop_split { COP_SPLIT_TRAIN = 0, COP_SPLIT_TEST = 1 } cop_split;

/* What a dataset says of itself: the host's, who hands an empty one to `describe` and checks it
 * afterwards. Images, classes, both splits and the normalisation have to be said. */
typedef struct cop_dataset_info cop_dataset_info;

/* The size of every image: 1 to COP_MAX_CHANNELS channels, height and width in pixels.
 * [main thread, in describe] */
COP_API void cop_dataset_set_images(cop_dataset_info *info, int32_t channels, int32_t height,
                                    int32_t width);

/* How many classes there are, 2 to COP_MAX_CLASSES, and their names: `count` texts, the instance's
 * own until it is destroyed; NULL where classes have none. [main thread, in describe] */
COP_API void cop_dataset_set_classes(cop_dataset_info *info, int32_t count,
                                     const char *const *names);

/* How many samples a split has: 1 or more; 0 test samples where the data have none by themselves.
 * Every dataset's group may then say `validation`, by which the host holds training samples out
 * instead; without it, data that have no test samples are refused. [main thread, in describe] */
COP_API void cop_dataset_set_count(cop_dataset_info *info, cop_split split, int64_t count);

/* How the images are normalised for a network: a mean and a positive deviation per channel, of
 * pixels in [0, 1]; copied. [main thread, in describe] */
COP_API void cop_dataset_set_normalization(cop_dataset_info *info,
                                           const cop_normalization *normalization);

/* Samples are read as float in [0, 1], exactly: clamp what rounding took past an end, for a
 * pixel outside (NaN too) is refused with its sample. Without this call they are bytes, pixel =
 * byte / 255. [main thread, in describe] */
COP_API void cop_dataset_set_float(cop_dataset_info *info);

/* The augmentations that suit this data when a recipe says "default": cop_augment_flag (recipe.h).
 * Without this call: none. [main thread, in describe] */
COP_API void cop_dataset_set_augment(cop_dataset_info *info, uint32_t flags);

/* What tells the content of files without reading them: the host's, who hands an empty one to
 * `stamp`. */
typedef struct cop_dataset_stamp cop_dataset_stamp;

/* Adds a file: its path, its size, and when it was changed. COP_FAILED, naming it, where it is not
 * there. [main thread, in stamp] */
COP_API cop_status cop_dataset_stamp_file(cop_dataset_stamp *stamp, const char *path,
                                          cop_error *err);

/* Adds a text: whatever else decides what `read` gives, such as how images are resized. The
 * plugin's id, its results_version and its options need not be added: they are in every stamp.
 * [main thread, in stamp] */
COP_API void cop_dataset_stamp_text(cop_dataset_stamp *stamp, const char *text);

/* What a dataset plugin implements. All but `stamp` required. */
typedef struct cop_dataset_ops {
    size_t size; /* sizeof(cop_dataset_ops) */

    /* Opens the data: checks that files are there and have the right size. COP_INVALID where the
     * options are wrong, or name what is not there; COP_FAILED where a file is not what it should
     * be, which the host makes of any failure whose place (cop_fail_at) is a file that can be read.
     * [main thread] */
    cop_status (*create)(const void *options, void **self, cop_error *err);

    /* Closes it. [main thread; once, after a successful create] */
    void (*destroy)(void *self);

    /* Says what the data are, by the functions above. [main thread] */
    cop_status (*describe)(void *self, cop_dataset_info *info, cop_error *err);

    /* Writes samples first … first+count−1 of a split: pixels [count, C, H, W] as uint8_t or float,
     * labels [count] in [0, classes), into the host's memory. The order of samples is fixed.
     * [main thread] */
    cop_status (*read)(void *self, cop_split split, int64_t first, int64_t count, void *pixels,
                       int32_t *labels, cop_error *err);

    /* Optional, since 2.1: for data that are slow to read, as those of images that are decoded.
     * Adds every file that `read` would open. The host then keeps what it has read in a file under
     * the output directory and maps that into memory: a later run with the same stamp reads that
     * file alone, and memory holds no more of it than study.data_memory says. Commands without an
     * output directory read as ever. [main thread] */
    cop_status (*stamp)(void *self, cop_dataset_stamp *stamp, cop_error *err);
} cop_dataset_ops;

COP_END

#endif
