/* parts.h (implemented in study/data/): what the files of study/data/ share: the steps from a
 * plugin to a dataset in memory. */
#ifndef COP_STUDY_DATA_PARTS_H
#define COP_STUDY_DATA_PARTS_H

#include "study/data/data.h"

/* read.c: opens d->instance, asks it, and checks what it says. */
cop_status cop_data_open_instance(const cop_component *component, cop_instance *instance,
                                  cop_dataset_info *info, cop_error *err);

/* read.c: bytes of one image as it is read. */
size_t cop_data_image_bytes(const cop_dataset_info *info);

/* Where a piece of a split goes once it is read. */
typedef struct cop_piece_sink {
    cop_status (*take)(void *context, const void *pixels, size_t bytes, const int32_t *labels,
                       int64_t count, cop_error *err);
    void *context;
} cop_piece_sink;

/* read.c: reads one split in pieces, checks each, and hands it on, in order. */
cop_status cop_data_read_split(const cop_loaded_data *d, cop_split split,
                               const cop_piece_sink *sink, cop_logger *log, cop_error *err);

/* read.c: reads one split into memory of its own. */
cop_status cop_data_read_into_memory(cop_loaded_data *d, cop_split split, cop_logger *log,
                                     cop_error *err);

/* cache.c: maps the splits from the cache of that home, which is filled where they are not there,
 * or not whole. A dataset that does not tell its files is mapped where it is larger than memory may
 * hold of it, from a file that nobody else sees. *mapped is false, and nothing read, without a
 * home, where the dataset is neither, and where the cache cannot be written, which is a warning. */
cop_status cop_data_map(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                        bool *mapped, cop_error *err);

/* prepare.c: refuses what cannot be prepared as the group says, as far as that is known before a
 * sample is read. */
cop_status cop_data_check_preparation(const cop_loaded_data *d, cop_error *err);

/* prepare.c: fills train and test from what was read, as the component's group says; images that
 * are made anew may take `most` bytes (0: no limit). */
cop_status cop_data_prepare(cop_loaded_data *d, size_t most, cop_logger *log, cop_error *err);

/* prepare.c: the samples of a split as they were read. */
cop_samples cop_data_as_read(cop_loaded_data *d, cop_split split);

/* fingerprint.c: fills d->fingerprint from train and test. */
cop_status cop_data_fingerprint(cop_loaded_data *d, cop_error *err);

/* divide.c: how many samples of each class make up `wanted` of the `total`, evenly by class: the
 * exact shares rounded down, and what is then missing given to the largest remainders, lower
 * classes first. total is at least 1, wanted at most total; their product fits into 63 bits. */
void cop_divide_evenly(const int64_t *class_counts, int32_t classes, int64_t total, int64_t wanted,
                       int64_t *take);

/* divide.c: draws take[c] of the samples of each class c, at most all of them: drawn[i] of the i-th
 * is true, of the others false. The streams are (seed, purpose, class). */
cop_status cop_divide_draw(const int32_t *labels, int64_t count, int32_t classes,
                           const int64_t *take, uint64_t seed, const char *purpose, bool *drawn,
                           cop_error *err);

/* noise.c: gives that share of the labels, drawn at random, another class each, drawn evenly of the
 * others. The streams are (seed, "noisy labels", 0) and (seed, "noise of labels", 0). */
cop_status cop_noise_labels(int32_t *labels, int64_t count, int32_t classes, double share,
                            uint64_t seed, cop_error *err);

#endif
