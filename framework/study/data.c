/* data.c: reading a dataset's splits into memory and fingerprinting what was read. */
#include "core/hash.h"
#include "study/graph/graph.h"

#include "core/callback.h"
#include "core/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Samples are read in pieces of so many; where that is not all, the log shows progress. */
#define PIECE 10000

static cop_status check_info(const char *id, const cop_dataset_info *info, cop_error *err)
{
    const cop_task *t = &info->task;
    if (t->channels < 1 || t->channels > COP_MAX_CHANNELS || t->height < 1 || t->width < 1 ||
        t->classes < 2 || t->classes > COP_MAX_CLASSES)
        return cop_fail(err, COP_FAILED,
                        "dataset \"%s\" describes %d channels, %d x %d pixels, %d classes", id,
                        t->channels, t->height, t->width, t->classes);
    if (info->count[0] < 1 || info->count[1] < 1)
        return cop_fail(err, COP_FAILED, "dataset \"%s\" has %lld training and %lld test samples",
                        id, (long long)info->count[0], (long long)info->count[1]);
    for (int c = 0; c < t->channels; c++) {
        float mean = info->normalization.mean[c], std = info->normalization.std[c];
        if (!isfinite(mean) || !isfinite(std) || !(std > 0.0f))
            return cop_fail(err, COP_FAILED,
                            "dataset \"%s\" has mean %g and standard deviation %g in channel %d",
                            id, (double)mean, (double)std, c);
    }
    return COP_OK;
}

/* A piece of a split that was just read. */
typedef struct piece {
    const char *id;
    const char *split; /* "training" */
    const cop_task *task;
    int64_t first, count;
    const int32_t *labels;
    const float *pixels; /* NULL: bytes, which cannot be wrong */
} piece;

static cop_status check_pixels(const piece *p, int64_t i, cop_error *err)
{
    int64_t plane = (int64_t)p->task->height * p->task->width, size = p->task->channels * plane;
    for (int64_t k = 0; k < size; k++) {
        float pixel = p->pixels[i * size + k];
        if (!(pixel >= 0.0f && pixel <= 1.0f)) /* NaN too */
            return cop_fail(err, COP_FAILED,
                            "dataset \"%s\": %s sample %lld is %.9g in channel %lld, row %lld, "
                            "column %lld; wanted 0 to 1",
                            p->id, p->split, (long long)(p->first + i), (double)pixel,
                            (long long)(k / plane), (long long)(k % plane / p->task->width),
                            (long long)(k % p->task->width));
    }
    return COP_OK;
}

static cop_status check_piece(const piece *p, cop_error *err)
{
    for (int64_t i = 0; i < p->count; i++) {
        if (p->labels[i] < 0 || p->labels[i] >= p->task->classes)
            return cop_fail(
                err, COP_FAILED, "dataset \"%s\": %s sample %lld has label %d, wanted 0 to %d",
                p->id, p->split, (long long)(p->first + i), p->labels[i], p->task->classes - 1);
        if (p->pixels != NULL)
            COP_TRY(check_pixels(p, i, err));
    }
    return COP_OK;
}

/* Reads one split into memory of its own and points `samples` at it. */
static cop_status read_split(cop_loaded_data *d, const char *id, cop_split split,
                             cop_samples *samples, cop_logger *log, cop_error *err)
{
    const cop_dataset_ops *ops = d->instance.ops;
    const cop_task *t = &d->info.task;
    int64_t count = d->info.count[split];
    size_t image = (size_t)t->channels * (size_t)t->height * (size_t)t->width *
                   (d->info.is_float ? sizeof(float) : 1);
    char *pixels = calloc((size_t)count, image);
    int32_t *labels = calloc((size_t)count, sizeof *labels);
    d->pixels[split] = pixels;
    d->labels[split] = labels;
    if (pixels == NULL || labels == NULL)
        return cop_out_of_memory(err);
    for (int64_t first = 0; first < count; first += PIECE) {
        int64_t n = count - first < PIECE ? count - first : PIECE;
        char *at = pixels + (size_t)first * image;
        cop_callback call;
        cop_callback_enter(&call, "dataset", id, "read");
        cop_status status = ops->read(d->instance.self, split, first, n, at, labels + first, err);
        cop_callback_leave(&call);
        COP_TRY(status);
        const piece read = {.id = id,
                            .split = split == COP_SPLIT_TRAIN ? "training" : "test",
                            .task = t,
                            .first = first,
                            .count = n,
                            .labels = labels + first,
                            .pixels = d->info.is_float ? (const float *)(void *)at : NULL};
        COP_TRY(check_piece(&read, err));
        if (count > PIECE)
            cop_progress(log, "read", first + n, count, "%s images of %s", read.split, id);
    }
    *samples = (cop_samples){.task = *t,
                             .normalization = d->info.normalization,
                             .count = count,
                             .bytes = d->info.is_float ? NULL : (const uint8_t *)pixels,
                             .pixels = d->info.is_float ? (const float *)(void *)pixels : NULL,
                             .labels = labels};
    return COP_OK;
}

static void hash_samples(cop_hasher *hasher, const cop_samples *s)
{
    char type = s->bytes != NULL ? 'b' : 'f';
    size_t values = (size_t)s->count * (size_t)s->task.channels * (size_t)s->task.height *
                    (size_t)s->task.width;
    cop_hasher_update(hasher, &type, sizeof type);
    cop_hasher_update(hasher, &s->count, sizeof s->count);
    if (s->bytes != NULL)
        cop_hasher_update(hasher, s->bytes, values);
    else
        cop_hasher_update(hasher, s->pixels, values * sizeof(float));
    cop_hasher_update(hasher, s->labels, (size_t)s->count * sizeof *s->labels);
}

static cop_status fingerprint(cop_loaded_data *d, cop_error *err)
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    size_t channels = (size_t)d->info.task.channels;
    /* By member: a fingerprint stays when the struct gains one. */
    const int32_t task[] = {d->info.task.channels, d->info.task.height, d->info.task.width,
                            d->info.task.classes};
    cop_hasher_update(hasher, task, sizeof task);
    cop_hasher_update(hasher, d->info.normalization.mean, channels * sizeof(float));
    cop_hasher_update(hasher, d->info.normalization.std, channels * sizeof(float));
    hash_samples(hasher, &d->train);
    hash_samples(hasher, &d->test);
    (void)cop_digest_hex(cop_hasher_finish(hasher), d->fingerprint);
    cop_hasher_free(hasher);
    return COP_OK;
}

/* Opens the instance, which is the caller's whatever the answer, and asks it. */
static cop_status open_and_describe(const cop_component *component, cop_instance *instance,
                                    cop_dataset_info *info, cop_error *err)
{
    COP_TRY(cop_instance_open(component, NULL, instance, err));
    const cop_dataset_ops *ops = instance->ops;
    const char *id = cop_component_entry(component)->plugin->id;
    cop_callback call;
    cop_callback_enter(&call, "dataset", id, "describe");
    cop_status status = ops->describe(instance->self, info, err);
    cop_callback_leave(&call);
    COP_TRY(status);
    return check_info(id, info, err);
}

cop_status cop_data_describe(const cop_component *component, cop_dataset_info *out, cop_error *err)
{
    cop_instance instance = {0};
    *out = (cop_dataset_info){0};
    cop_status status = open_and_describe(component, &instance, out, err);
    if (instance.component != NULL)
        cop_instance_close(&instance);
    out->class_names = NULL;
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

/* Where the config names the data, unless the message has a file of its own. */
static cop_status place_at(const cop_component *component, cop_status status, cop_error *err)
{
    if (status == COP_OK || err == NULL || err->file[0] != '\0')
        return status;
    const char *file = NULL;
    cop_component_place(component, &file, &err->line);
    (void)snprintf(err->file, sizeof err->file, "%s", file != NULL ? file : "");
    return status;
}

static cop_status load(cop_loaded_data *d, cop_logger *log, cop_error *err)
{
    const char *id = cop_component_entry(d->component)->plugin->id;
    COP_TRY(open_and_describe(d->component, &d->instance, &d->info, err));
    COP_TRY(read_split(d, id, COP_SPLIT_TRAIN, &d->train, log, err));
    COP_TRY(read_split(d, id, COP_SPLIT_TEST, &d->test, log, err));
    COP_TRY(count_classes(d, err));
    return fingerprint(d, err);
}

void cop_loaded_data_free(cop_loaded_data *d)
{
    if (d == NULL)
        return;
    if (d->instance.component != NULL)
        cop_instance_close(&d->instance);
    for (int i = 0; i < 2; i++) {
        free(d->pixels[i]);
        free(d->labels[i]);
    }
    free(d->class_counts);
    free(d);
}

cop_status cop_loaded_data_open(const cop_component *component, cop_logger *log,
                                cop_loaded_data **out, cop_error *err)
{
    *out = NULL;
    cop_loaded_data *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_out_of_memory(err);
    d->component = component;
    cop_status status = place_at(component, load(d, log, err), err);
    if (status == COP_OK)
        *out = d;
    else
        cop_loaded_data_free(d);
    return status;
}

cop_status cop_study_load_data(cop_study *s, const cop_component *component,
                               const cop_loaded_data **out, cop_error *err)
{
    for (size_t i = 0; i < s->data_count; i++) {
        const char *effective = cop_component_effective(s->data[i]->component);
        if (cop_component_entry(s->data[i]->component) == cop_component_entry(component) &&
            strcmp(effective, cop_component_effective(component)) == 0) {
            *out = s->data[i];
            return COP_OK;
        }
    }
    cop_loaded_data **grown = realloc(s->data, (s->data_count + 1) * sizeof(cop_loaded_data *));
    if (grown == NULL)
        return cop_out_of_memory(err);
    s->data = grown;
    COP_TRY(cop_loaded_data_open(component, s->log, &s->data[s->data_count], err));
    *out = s->data[s->data_count++];
    return COP_OK;
}
