/* imagefolder.c: images in a folder for each class, JPEG or PNG: ImageNet-10, ImageNette and the
 * like.
 *
 * `path` has a folder of training images (`train`) and one of test images (`test` or `val`), each
 * with a folder per class in it; or the class folders themselves, and then there are no test
 * images. The order of samples is class by class, by name, as in torchvision's ImageFolder.
 *
 * Images are made as large as Kim et al.'s code (2022) makes those of ImageNet-10: the shorter
 * side is resized to 224, the middle is kept, in 8 bits (image.h has the arithmetic, that of
 * torchvision on Pillow). Normalisation is ImageNet's, and the augmentation by default what that
 * code trains with on ImageNet. The host keeps what was decoded. Departures from torchvision:
 * images lie directly in the class's folder, not in folders below it; other formats than JPEG and
 * PNG are not read; a JPEG file whose data end early is refused where Pillow fills the rest with
 * grey. */
#include "folders.h"
#include "image.h"

#include <coppice/files.h>
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, PATH_SIZE = 4096 };

typedef struct options {
    const char *path;
    const char *train, *test;
    cop_string_list classes;
    const char *class_file;
    int64_t size;
    cop_float_list mean, std;
    uint32_t augment;
} options;

typedef struct imagefolder {
    class_list classes;
    sample_list samples[2]; /* by split */
    int32_t size;           /* 0: as they are */
    int32_t width, height;
    cop_normalization normalization;
    uint32_t augment;
} imagefolder;

static void imagefolder_destroy(void *state)
{
    imagefolder *self = state;
    classes_free(&self->classes);
    samples_free(&self->samples[COP_SPLIT_TRAIN]);
    samples_free(&self->samples[COP_SPLIT_TEST]);
    free(self);
}

/* Where the splits are; the second is empty where there is none. */
typedef struct places {
    char at[2][PATH_SIZE];
} places;

static void put_place(places *p, cop_split split, const char *path, const char *name)
{
    (void)snprintf(p->at[split], PATH_SIZE, "%s%s%s", path, name[0] != '\0' ? "/" : "", name);
}

/* A folder `train` is the split only if it has folders itself: it may be a class of trains. */
static void find_places(const options *o, places *p)
{
    static const char *const tests[] = {"test", "val"};
    put_place(p, COP_SPLIT_TRAIN, o->path, o->train[0] != '\0' ? o->train : "train");
    bool has_train = o->train[0] != '\0' || has_folders(p->at[COP_SPLIT_TRAIN]);
    if (!has_train)
        put_place(p, COP_SPLIT_TRAIN, o->path, "");
    if (o->test[0] != '\0') {
        put_place(p, COP_SPLIT_TEST, o->path, o->test);
        return;
    }
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        put_place(p, COP_SPLIT_TEST, o->path, tests[i]);
        if (has_train && is_directory(p->at[COP_SPLIT_TEST]))
            return;
    }
    p->at[COP_SPLIT_TEST][0] = '\0';
}

static cop_status find_images(imagefolder *self, const options *o, cop_error *err)
{
    places p = {0};
    if (strlen(o->path) + strlen(o->train) + strlen(o->test) + 8 > PATH_SIZE)
        return cop_fail(err, COP_INVALID, "path is too long");
    find_places(o, &p);
    COP_TRY(classes_find(p.at[COP_SPLIT_TRAIN], &o->classes, o->class_file, &self->classes, err));
    for (int split = 0; split < 2; split++)
        if (p.at[split][0] != '\0')
            COP_TRY(samples_find(p.at[split], &self->classes, &self->samples[split], err));
    return COP_OK;
}

/* Images that stay as they are are as large as the first one. */
static cop_status find_size(imagefolder *self, int32_t size, cop_error *err)
{
    cop_picture *first = NULL;
    self->size = size;
    self->width = self->height = size;
    if (size > 0)
        return COP_OK;
    COP_TRY(cop_picture_read(self->samples[COP_SPLIT_TRAIN].paths.items[0], &first, err));
    self->width = cop_picture_width(first);
    self->height = cop_picture_height(first);
    cop_picture_free(first);
    return COP_OK;
}

static cop_status take_normalization(imagefolder *self, const options *o, cop_error *err)
{
    if (o->mean.count != CHANNELS || o->std.count != CHANNELS)
        return cop_fail(err, COP_INVALID, "mean and std want %d numbers each", (int)CHANNELS);
    for (size_t c = 0; c < CHANNELS; c++) {
        self->normalization.mean[c] = (float)o->mean.items[c];
        self->normalization.std[c] = (float)o->std.items[c];
    }
    return COP_OK;
}

static cop_status imagefolder_create(const void *values, void **out, cop_error *err)
{
    const options *o = values;
    imagefolder *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->augment = o->augment;
    cop_status status = take_normalization(self, o, err);
    if (status == COP_OK)
        status = find_images(self, o, err);
    if (status == COP_OK)
        status = find_size(self, (int32_t)o->size, err);
    if (status == COP_OK)
        *out = self;
    else
        imagefolder_destroy(self);
    return status;
}

static cop_status imagefolder_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const imagefolder *self = state;
    cop_dataset_set_images(info, CHANNELS, self->height, self->width);
    cop_dataset_set_classes(info, (int32_t)self->classes.titles.count,
                            (const char *const *)self->classes.titles.items);
    for (int split = 0; split < 2; split++)
        cop_dataset_set_count(info, (cop_split)split, (int64_t)self->samples[split].paths.count);
    cop_dataset_set_normalization(info, &self->normalization);
    cop_dataset_set_augment(info, self->augment);
    return COP_OK;
}

static cop_status read_image(const imagefolder *self, const char *path, uint8_t *planes,
                             cop_error *err)
{
    cop_picture *read = NULL;
    COP_TRY(cop_picture_read(path, &read, err));
    const picture image = {cop_picture_rgb(read), cop_picture_width(read),
                           cop_picture_height(read)};
    cop_status status = COP_OK;
    if (self->size > 0)
        status = image_fit(&image, self->size, planes, err);
    else if (image.width == self->width && image.height == self->height)
        image_planes(&image, planes);
    else
        status =
            cop_fail_at(err, COP_FAILED, path, 0,
                        "is %d x %d pixels, the first image is %d x %d: with size = 0 all "
                        "images are as large as that",
                        (int)image.width, (int)image.height, (int)self->width, (int)self->height);
    cop_picture_free(read);
    return status;
}

/* Images are decoded by all threads; of several that are wrong the first is named, as by one. */
static cop_status imagefolder_read(void *state, cop_split split, int64_t first, int64_t count,
                                   void *pixels, int32_t *labels, cop_error *err)
{
    const imagefolder *self = state;
    const sample_list *s = &self->samples[split];
    size_t size = (size_t)CHANNELS * (size_t)self->height * (size_t)self->width;
    int64_t wrong = count;
    cop_status status = COP_OK;
    memcpy(labels, s->labels + first, (size_t)count * sizeof *labels);
#pragma omp parallel for schedule(dynamic, 4)
    for (int64_t i = 0; i < count; i++) {
        cop_error own = {0};
        cop_status read =
            read_image(self, s->paths.items[first + i], (uint8_t *)pixels + (size_t)i * size, &own);
        if (read == COP_OK)
            continue;
#pragma omp critical
        if (i < wrong) {
            wrong = i;
            status = read;
            if (err != NULL)
                *err = own;
        }
    }
    return status;
}

/* Each image that is read, in order: whose class it is follows from its folder and its place. */
static cop_status imagefolder_stamp(void *state, cop_dataset_stamp *stamp, cop_error *err)
{
    const imagefolder *self = state;
    for (int split = 0; split < 2; split++) {
        const sample_list *s = &self->samples[split];
        for (size_t i = 0; i < s->paths.count; i++)
            COP_TRY(cop_dataset_stamp_file(stamp, s->paths.items[i], err));
    }
    return COP_OK;
}

/* What is in the files is in the fingerprint of the data: no identity needs to read it once more.
 */
static const cop_option option_table[] = {
    COP_OPT_PATH(options, path, "data/imagenette2",
                 "Folder with train/ and test/ or val/ in it, or with the classes' folders",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_STRING(options, train, "",
                   "Folder in path of the training images; \"\": train, or path itself"),
    COP_OPT_STRING(options, test, "",
                   "Folder in path of the test images; \"\": test or val, or there are none"),
    COP_OPT_STRINGS(options, classes, "[]",
                    "Folders of the classes, in order; []: all there are, sorted"),
    COP_OPT_PATH(options, class_file, "",
                 "File of the classes, instead: a folder per line, then its name, if it has one",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_INT(options, size, "224", 0, 2048,
                "The shorter side is resized to this, the middle kept; 0: as they are, all alike",
                .unit = "pixels"),
    COP_OPT_FLOAT_LIST(options, mean, "[0.485, 0.456, 0.406]", 0, 1,
                       "Mean of the pixels in [0, 1], per channel; ImageNet's"),
    COP_OPT_FLOAT_LIST(options, std, "[0.229, 0.224, 0.225]", 1e-6, 10,
                       "Their deviation, per channel; ImageNet's"),
    COP_OPT_AUGMENT(
        options, augment, "resizedcrop_flip_jitter_lighting",
        "What a recipe's augmentation \"default\" stands for: Kim et al.'s on ImageNet"),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = imagefolder_create,
                                    .destroy = imagefolder_destroy,
                                    .describe = imagefolder_describe,
                                    .read = imagefolder_read,
                                    .stamp = imagefolder_stamp};

COP_PLUGIN(
    DATASET, .id = "imagefolder", .version = "1.0.0", .results_version = "1",
    .summary = "JPEG and PNG images in a folder per class (ImageNet-10, ImageNette): resized, "
               "cropped, as RGB; EXIF is ignored, its orientation too",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Resizing as Kim et al., ICML 2022 (torchvision on Pillow)",
    COP_OPTIONS(options, option_table), .ops = &ops,
    .defaults = "Kim et al.'s code for ImageNet-10: the shorter side resized to 224, the middle"
                " kept, in 8 bits; ImageNet's normalisation, and its augmentation where a recipe "
                "says \"default\".",
    .departures = "images lie directly in the class's folder, not in folders below it; other "
                  "formats than JPEG and PNG are not read; a JPEG file whose data end early is "
                  "refused, where Pillow fills the rest with grey.");
