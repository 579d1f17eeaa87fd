/* data.c: a dataset from its plugin to samples in memory. */
#include "study/data/parts.h"

#include "core/memory.h"

#include <stdlib.h>

cop_status cop_data_describe(const cop_component *component, cop_dataset_info *out, cop_error *err)
{
    cop_instance instance = {0};
    *out = (cop_dataset_info){0};
    cop_status status = cop_data_open_instance(component, &instance, out, err);
    if (instance.component != NULL)
        cop_instance_close(&instance);
    out->class_names = NULL;
    if (cop_component_preparation(component)->zca > 0.0)
        out->normalization = cop_normalization_none();
    return status;
}

static cop_status count_classes(cop_loaded_data *d, cop_error *err)
{
    d->class_counts = calloc((size_t)d->info.task.classes, sizeof *d->class_counts);
    if (d->class_counts == NULL)
        return cop_out_of_memory(err);
    for (int64_t i = 0; i < d->train.count; i++)
        d->class_counts[d->train.labels[i]]++;
    return COP_OK;
}

static cop_status read_splits(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                              cop_error *err)
{
    bool is_mapped = false;
    COP_TRY(cop_data_map(d, home, log, &is_mapped, err));
    if (is_mapped)
        return COP_OK;
    for (int split = 0; split < 2; split++)
        if (d->read[split] > 0)
            COP_TRY(cop_data_read_into_memory(d, (cop_split)split, log, err));
    return COP_OK;
}

static cop_status load_as_read(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                               cop_error *err)
{
    COP_TRY(cop_data_open_instance(d->component, &d->instance, &d->info, err));
    d->read[COP_SPLIT_TRAIN] = d->info.count[COP_SPLIT_TRAIN];
    d->read[COP_SPLIT_TEST] = d->info.count[COP_SPLIT_TEST];
    COP_TRY(read_splits(d, home, log, err));
    d->train = cop_data_as_read(d, COP_SPLIT_TRAIN);
    d->test = cop_data_as_read(d, COP_SPLIT_TEST);
    return COP_OK;
}

/* Held-out samples are the test split: then the plugin's own is not read. */
static cop_status load_prepared(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                                cop_error *err)
{
    COP_TRY(cop_data_open_instance(d->component, &d->instance, &d->info, err));
    COP_TRY(cop_data_check_preparation(d, err));
    bool holds_out = cop_component_preparation(d->component)->validation > 0.0;
    d->read[COP_SPLIT_TRAIN] = d->info.count[COP_SPLIT_TRAIN];
    d->read[COP_SPLIT_TEST] = holds_out ? 0 : d->info.count[COP_SPLIT_TEST];
    COP_TRY(read_splits(d, home, log, err));
    return cop_data_prepare(d, home != NULL ? home->most : 0, log, err);
}

typedef cop_status (*loading)(cop_loaded_data *d, const cop_data_home *home, cop_logger *log,
                              cop_error *err);

static cop_status open_by(loading load, const cop_component *component, const cop_data_home *home,
                          cop_logger *log, cop_loaded_data **out, cop_error *err)
{
    *out = NULL;
    cop_loaded_data *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_out_of_memory(err);
    d->component = component;
    cop_status status = load(d, home, log, err);
    if (status == COP_OK)
        status = count_classes(d, err);
    if (status == COP_OK)
        status = cop_data_fingerprint(d, err);
    status = cop_place_at_component(component, status, err);
    if (status == COP_OK)
        *out = d;
    else
        cop_loaded_data_free(d);
    return status;
}

cop_status cop_loaded_data_open(const cop_component *component, const cop_data_home *home,
                                cop_logger *log, cop_loaded_data **out, cop_error *err)
{
    return open_by(load_prepared, component, home, log, out, err);
}

cop_status cop_loaded_data_read(const cop_component *component, cop_logger *log,
                                cop_loaded_data **out, cop_error *err)
{
    return open_by(load_as_read, component, NULL, log, out, err);
}

void cop_loaded_data_free(cop_loaded_data *d)
{
    if (d == NULL)
        return;
    if (d->instance.component != NULL)
        cop_instance_close(&d->instance);
    bool is_mapped = d->mapping.file.bytes != NULL;
    cop_image_cache_unmap(&d->mapping);
    for (int i = 0; i < 2; i++) {
        free(is_mapped ? NULL : d->pixels[i]);
        free(is_mapped ? NULL : d->labels[i]);
        free(d->rows[i].at);
        free(d->prepared_labels[i]);
        free(d->whitened[i]);
    }
    free(d->class_counts);
    free(d);
}
