/* read.c: asking a dataset plugin what it has, reading it, and checking both. */
#include "study/data/parts.h"

#include "core/callback.h"
#include "core/memory.h"

#include <coppice/recipe.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Samples are read in pieces of so many bytes, and of so many samples at most; where that is not
 * all, the log shows progress. */
#define PIECE_BYTES   ((size_t)64 << 20)
#define PIECE_SAMPLES 10000

/* What an image and a split may take: 16 times one of 2048 x 2048 floats in 4 channels, and 13
 * times ImageNet in such. All sums of sizes stay below 2^63. */
#define MOST_IMAGE_BYTES ((int64_t)1 << 30)
#define MOST_SPLIT_BYTES ((int64_t)1 << 50)

/* Its dimensions are at least 1, and the channels few. */
static cop_status check_size(const char *id, const cop_dataset_info *info, cop_error *err)
{
    const cop_task *t = &info->task;
    int64_t row = (int64_t)t->channels * (info->is_float ? (int64_t)sizeof(float) : 1) * t->width;
    if (row > MOST_IMAGE_BYTES / t->height)
        return cop_fail(err, COP_FAILED,
                        "dataset \"%s\" describes images of %d channels of %d x %d pixels: one may "
                        "have at most %lld bytes",
                        id, t->channels, t->height, t->width, (long long)MOST_IMAGE_BYTES);
    for (int split = 0; split < 2; split++)
        if (info->count[split] > MOST_SPLIT_BYTES / (row * t->height))
            return cop_fail(err, COP_FAILED,
                            "dataset \"%s\" has %lld %s samples of %lld bytes: a split may have at "
                            "most %lld bytes",
                            id, (long long)info->count[split], split == 0 ? "training" : "test",
                            (long long)row * t->height, (long long)MOST_SPLIT_BYTES);
    return COP_OK;
}

static cop_status check_info(const char *id, const cop_dataset_info *info, cop_error *err)
{
    const cop_task *t = &info->task;
    if (t->channels < 1 || t->channels > COP_MAX_CHANNELS || t->height < 1 || t->width < 1 ||
        t->classes < 2 || t->classes > COP_MAX_CLASSES)
        return cop_fail(err, COP_FAILED,
                        "dataset \"%s\" describes %d channels, %d x %d pixels, %d classes", id,
                        t->channels, t->height, t->width, t->classes);
    if (info->count[0] < 1 || info->count[1] < 0)
        return cop_fail(err, COP_FAILED, "dataset \"%s\" has %lld training and %lld test samples",
                        id, (long long)info->count[0], (long long)info->count[1]);
    COP_TRY(check_size(id, info, err));
    if (info->augment >= 2 * (uint32_t)COP_AUGMENT_LIGHTING)
        return cop_fail(err, COP_FAILED,
                        "dataset \"%s\" says augmentations that there are not (%#x)", id,
                        (unsigned)info->augment);
    for (int c = 0; c < t->channels; c++) {
        float mean = info->normalization.mean[c], std = info->normalization.std[c];
        if (!isfinite(mean) || !isfinite(std) || !(std > 0.0f))
            return cop_fail(err, COP_FAILED,
                            "dataset \"%s\" has mean %g and standard deviation %g in channel %d",
                            id, (double)mean, (double)std, c);
    }
    return COP_OK;
}

cop_status cop_data_open_instance(const cop_component *component, cop_instance *instance,
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

size_t cop_data_image_bytes(const cop_dataset_info *info)
{
    return (size_t)info->task.channels * (size_t)info->task.height * (size_t)info->task.width *
           (info->is_float ? sizeof(float) : 1);
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

/* Reads and checks the samples from `first` on. */
static cop_status read_piece(const cop_loaded_data *d, cop_split split, int64_t first,
                             int64_t count, void *pixels, int32_t *labels, cop_logger *log,
                             cop_error *err)
{
    const char *id = cop_component_entry(d->component)->plugin->id;
    const cop_dataset_ops *ops = d->instance.ops;
    cop_callback call;
    cop_callback_enter(&call, "dataset", id, "read");
    cop_status status = ops->read(d->instance.self, split, first, count, pixels, labels, err);
    cop_callback_leave(&call);
    if (status == COP_INVALID) { /* the config was right when the data were opened with it */
        status = COP_FAILED;
        if (err != NULL)
            err->status = status;
    }
    COP_TRY(status);
    const piece read = {.id = id,
                        .split = split == COP_SPLIT_TRAIN ? "training" : "test",
                        .task = &d->info.task,
                        .first = first,
                        .count = count,
                        .labels = labels,
                        .pixels = d->info.is_float ? pixels : NULL};
    COP_TRY(check_piece(&read, err));
    if (count < d->read[split])
        cop_progress(log, "read", first + count, d->read[split], "%s images of %s", read.split, id);
    return COP_OK;
}

static int64_t piece_samples(const cop_loaded_data *d)
{
    size_t most = PIECE_BYTES / cop_data_image_bytes(&d->info);
    return most < 1 ? 1 : most < PIECE_SAMPLES ? (int64_t)most : PIECE_SAMPLES;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

cop_status cop_data_read_split(const cop_loaded_data *d, cop_split split,
                               const cop_piece_sink *sink, cop_logger *log, cop_error *err)
{
    size_t image = cop_data_image_bytes(&d->info);
    int64_t count = d->read[split], most = least(piece_samples(d), count);
    void *pixels = malloc((size_t)most * image);
    int32_t *labels = calloc((size_t)most, sizeof *labels);
    cop_status status = pixels != NULL && labels != NULL ? COP_OK : cop_out_of_memory(err);
    for (int64_t first = 0; first < count && status == COP_OK; first += most) {
        int64_t n = least(most, count - first);
        memset(pixels, 0, (size_t)n * image); /* what a plugin forgets is no other sample's */
        memset(labels, 0, (size_t)n * sizeof *labels);
        status = read_piece(d, split, first, n, pixels, labels, log, err);
        if (status == COP_OK)
            status = sink->take(sink->context, pixels, (size_t)n * image, labels, n, err);
    }
    free(pixels);
    free(labels);
    return status;
}

cop_status cop_data_read_into_memory(cop_loaded_data *d, cop_split split, cop_logger *log,
                                     cop_error *err)
{
    size_t image = cop_data_image_bytes(&d->info);
    int64_t count = d->read[split], most = piece_samples(d);
    char *pixels = calloc((size_t)count, image);
    int32_t *labels = calloc((size_t)count, sizeof *labels);
    d->pixels[split] = pixels;
    d->labels[split] = labels;
    if (pixels == NULL || labels == NULL)
        return cop_out_of_memory(err);
    for (int64_t first = 0; first < count; first += most) {
        int64_t n = least(most, count - first);
        COP_TRY(read_piece(d, split, first, n, pixels + (size_t)first * image, labels + first, log,
                           err));
    }
    return COP_OK;
}
