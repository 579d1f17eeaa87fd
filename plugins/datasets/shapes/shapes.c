/* shapes.c: an embedded dataset that needs no download: ten shapes as 32x32 colour pictures.
 *
 * Sample i of a split is drawn from the random stream (seed, split, i) and is of class i mod 10, so
 * it is the same for ever, whatever the sizes. A linear classifier fails on it; a small
 * convolutional network learns it slowly enough that pruning and distillation show. */
#include "draw.h"

#include <coppice/plugin.h>

#include <stdlib.h>

typedef struct options {
    int64_t train_size;
    int64_t test_size;
    int64_t seed;
    double noise;
    int64_t clutter;
} options;

static const char *const class_names[SHAPES_CLASSES] = {"disc",      "ring",  "square", "frame",
                                                        "triangle",  "star",  "cross",  "crescent",
                                                        "hourglass", "corner"};

static cop_status shapes_create(const void *values, void **out, cop_error *err)
{
    options *self = malloc(sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    *self = *(const options *)values;
    *out = self;
    return COP_OK;
}

static void shapes_destroy(void *self)
{
    free(self);
}

static cop_status shapes_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const options *self = state;
    static const cop_normalization normalization = {.mean = {0.5f, 0.5f, 0.5f},
                                                    .std = {0.25f, 0.25f, 0.25f}};
    cop_dataset_set_images(info, 3, SHAPES_SIDE, SHAPES_SIDE);
    cop_dataset_set_classes(info, SHAPES_CLASSES, class_names);
    cop_dataset_set_count(info, COP_SPLIT_TRAIN, self->train_size);
    cop_dataset_set_count(info, COP_SPLIT_TEST, self->test_size);
    cop_dataset_set_normalization(info, &normalization);
    cop_dataset_set_augment(info, COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP);
    return COP_OK;
}

static cop_status shapes_read(void *state, cop_split split, int64_t first, int64_t count,
                              void *pixels, int32_t *labels, cop_error *err)
{
    (void)err;
    const options *self = state;
    const char *purpose = split == COP_SPLIT_TRAIN ? "shapes train" : "shapes test";
    for (int64_t i = 0; i < count; i++) {
        cop_stream stream = cop_stream_make((uint64_t)self->seed, purpose, (uint64_t)(first + i));
        labels[i] = (int32_t)((first + i) % SHAPES_CLASSES);
        shapes_draw(&stream, labels[i], self->noise, (int)self->clutter,
                    (uint8_t *)pixels + i * SHAPES_PIXELS);
    }
    return COP_OK;
}

static const cop_option option_table[] = {
    COP_OPT_INT(options, train_size, "5000", 1, 1000000, "Training images", .unit = "images"),
    COP_OPT_INT(options, test_size, "2000", 1, 1000000, "Test images", .unit = "images"),
    COP_OPT_INT(options, seed, "0", 0, 2147483647,
                "Another seed is another dataset of the same kind", .flags = COP_OPTION_ADVANCED),
    COP_OPT_FLOAT(options, noise, "0.06", 0, 1,
                  "Deviation of the pixel noise, as a share of the full range"),
    COP_OPT_INT(options, clutter, "4", 0, 100,
                "Small blots in each picture, a third of them before the shape", .unit = "blots"),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = shapes_create,
                                    .destroy = shapes_destroy,
                                    .describe = shapes_describe,
                                    .read = shapes_read};

COP_PLUGIN(DATASET, .id = "shapes", .version = "1.0.0", .results_version = "1",
           .summary = "Ten shapes as 32x32 colour pictures, drawn on the fly: no download",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &ops,
           .defaults = "chosen for the quick start: it belongs to this software, and to no paper.");
