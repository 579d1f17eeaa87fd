/* data.h (implemented in study/data/): a dataset in memory: what the plugin gives, prepared as the
 * group of the config says (plugin/preparation.h), and fingerprinted. */
#ifndef COP_STUDY_DATA_DATA_H
#define COP_STUDY_DATA_DATA_H

#include "nn/dataset.h"
#include "nn/samples.h"
#include "plugin/component.h"
#include "store/formats/image_cache.h"

/* Samples of a split, by where they are in it, in the order of the split. */
typedef struct cop_rows {
    int64_t *at; /* [count]; owned; NULL: all of them */
    int64_t count;
} cop_rows;

/* Where what was read of a slow dataset is kept: the cache of the store under an output directory,
 * of which nothing need be there. */
typedef struct cop_data_home {
    const char *dir;
    bool may_write; /* else it is only used as it is */
    size_t most;    /* bytes of the images of one dataset that memory holds at once; 0: all */
} cop_data_home;

/* A dataset in memory. */
typedef struct cop_loaded_data {
    const cop_component *component;
    cop_instance instance;
    cop_dataset_info info; /* the counts are those of train and test */
    cop_samples train, test;
    int64_t *class_counts; /* training samples of each class */
    char fingerprint[33];  /* of task, normalisation, pixels and labels */

    /* What was read, by split: count, pixels, labels. Those of a cache are in its mapping. */
    int64_t read[2];
    void *pixels[2];
    int32_t *labels[2];
    cop_image_mapping mapping;

    /* What was made of it: train and test point into these where there are any, else into what was
     * read. */
    cop_rows rows[2];
    int32_t *prepared_labels[2];
    float *whitened[2];
} cop_loaded_data;

/* What a dataset says of itself, checked, without reading a sample; class_names is NULL, for the
 * instance that owned them is gone. The normalisation is that of the samples as they will be. */
cop_status cop_data_describe(const cop_component *component, cop_dataset_info *out, cop_error *err);

/* Opens a dataset, reads its splits and prepares them; what it describes, every label and every
 * pixel are checked, and a complaint is at the component's place unless the plugin named a file, or
 * at the key that asks for more than there is. `home` is where datasets that tell
 * their files (dataset.h: stamp) are kept as they were read; NULL: nowhere. The component must
 * outlive *out, which is the caller's (cop_loaded_data_free; NULL is fine). */
cop_status cop_loaded_data_open(const cop_component *component, const cop_data_home *home,
                                cop_logger *log, cop_loaded_data **out, cop_error *err);

/* The same, of the splits as the plugin gives them: nothing is prepared, and there may be no test
 * samples. */
cop_status cop_loaded_data_read(const cop_component *component, cop_logger *log,
                                cop_loaded_data **out, cop_error *err);
void cop_loaded_data_free(cop_loaded_data *d);

#endif
