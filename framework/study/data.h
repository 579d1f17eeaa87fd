/* data.h: a dataset read into memory and fingerprinted. */
#ifndef COP_STUDY_DATA_H
#define COP_STUDY_DATA_H

#include "nn/dataset.h"
#include "nn/samples.h"
#include "plugin/component.h"

/* A dataset in memory. */
typedef struct cop_loaded_data {
    const cop_component *component;
    cop_instance instance;
    cop_dataset_info info;
    cop_samples train, test;
    void *pixels[2]; /* what train and test point into */
    int32_t *labels[2];
    int64_t *class_counts; /* training samples of each class */
    char fingerprint[33];  /* of task, normalisation, pixels and labels */
} cop_loaded_data;

/* What a dataset says of itself, checked, without reading a sample; class_names is NULL, for the
 * instance that owned them is gone. */
cop_status cop_data_describe(const cop_component *component, cop_dataset_info *out, cop_error *err);

/* Opens a dataset and reads both splits; what it describes, every label and every pixel are
 * checked, and a complaint is at the component's place unless the plugin named a file. The
 * component must outlive *out, which is the caller's (cop_loaded_data_free; NULL is fine). */
cop_status cop_loaded_data_open(const cop_component *component, cop_logger *log,
                                cop_loaded_data **out, cop_error *err);
void cop_loaded_data_free(cop_loaded_data *d);

#endif
