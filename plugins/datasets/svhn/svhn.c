/* svhn.c: SVHN (Netzer et al. 2011), the cropped digits, from its .mat files of MATLAB 5's format.
 *
 * train_32x32.mat and test_32x32.mat have X, bytes [32, 32, 3, N] in MATLAB's order (rows vary
 * fastest), and y, N labels 1 to 10, where 10 is the digit 0. Normalisation and augmentation by
 * default are those of Kim et al.'s code (2022): a crop after padding by 4, and no flip. The extra
 * training images (extra_32x32.mat) are not read. Departures: none.
 *
 * Where libmatio was not there when this was built, the data set cannot be opened, and says so. */
#include "mat.h"

#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 10, SIDE = MAT_SIDE, PLANE = SIDE * SIDE, PIXELS = MAT_PIXELS };

typedef struct options {
    const char *path;
} options;

static const char *const class_names[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

typedef struct svhn {
    mat_file files[2]; /* by split */
} svhn;

static void svhn_destroy(void *state)
{
    svhn *self = state;
    for (int split = 0; split < 2; split++)
        mat_close(&self->files[split]);
    free(self);
}

static cop_status svhn_create(const void *values, void **out, cop_error *err)
{
    static const char *const names[2] = {"train_32x32.mat", "test_32x32.mat"};
    const options *o = values;
    svhn *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = COP_OK;
    for (int split = 0; status == COP_OK && split < 2; split++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", o->path, names[split]);
        status = mat_open(path, &self->files[split], err);
    }
    if (status == COP_OK)
        *out = self;
    else
        svhn_destroy(self);
    return status;
}

static cop_status svhn_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const svhn *self = state;
    static const cop_normalization normalization = {.mean = {0.4377f, 0.4438f, 0.4728f},
                                                    .std = {0.1980f, 0.2010f, 0.1970f}};
    cop_dataset_set_images(info, 3, SIDE, SIDE);
    cop_dataset_set_classes(info, CLASSES, class_names);
    for (int split = 0; split < 2; split++)
        cop_dataset_set_count(info, (cop_split)split, self->files[split].count);
    cop_dataset_set_normalization(info, &normalization);
    cop_dataset_set_augment(info, COP_AUGMENT_PADCROP);
    return COP_OK;
}

/* Each plane from MATLAB's order, column by column, to rows. */
static void turn_planes(uint8_t *pixels)
{
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SIDE; i++)
            for (int k = 0; k < i; k++) {
                uint8_t *a = pixels + c * PLANE + i * SIDE + k,
                        *b = pixels + c * PLANE + k * SIDE + i;
                uint8_t pixel = *a;
                *a = *b;
                *b = pixel;
            }
}

static cop_status svhn_read(void *state, cop_split split, int64_t first, int64_t count,
                            void *pixels, int32_t *labels, cop_error *err)
{
    const svhn *self = state;
    const mat_file *file = &self->files[split];
    COP_TRY(mat_read(file, first, count, pixels, err));
    for (int64_t i = 0; i < count; i++) {
        turn_planes((uint8_t *)pixels + i * PIXELS);
        labels[i] = file->labels[first + i] % CLASSES;
    }
    return COP_OK;
}

static const cop_option option_table[] = {
    /* Its content is in the fingerprint of the data: no identity needs to read it once more. */
    COP_OPT_PATH(options, path, "data/svhn", "Directory of train_32x32.mat and test_32x32.mat",
                 .flags = COP_OPTION_EXECUTION_ONLY),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = svhn_create,
                                    .destroy = svhn_destroy,
                                    .describe = svhn_describe,
                                    .read = svhn_read};

COP_PLUGIN(DATASET, .id = "svhn", .version = "1.0.0", .results_version = "1",
           .summary = "SVHN, the cropped digits, from its .mat files: 32x32 colour photographs, 10 "
                      "classes",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Y. Netzer et al., Reading Digits in Natural Images with Unsupervised "
                       "Feature Learning, 2011",
           COP_OPTIONS(options, option_table), .ops = &ops,
           .defaults =
               "normalisation and augmentation of Kim et al.'s code (data.py): a crop after "
               "padding by 4, no flip.",
           .departures = "the extra training images are not read.");
