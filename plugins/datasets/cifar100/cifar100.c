/* cifar100.c: CIFAR-100 (Krizhevsky 2009) from its official binary files.
 *
 * train.bin holds 50,000 records and test.bin 10,000; a record is the coarse label, the fine label,
 * and 3072 pixel bytes, the planes R, G, B, row by row. Only what the wanted sizes reach is read.
 * Normalisation is Kim et al.'s (2022), whose code has CIFAR-100 share CIFAR-10's; that of Zhao et
 * al.'s code, the data's own, is `normalisation = "own"`. Departures: none. */
#define _POSIX_C_SOURCE 200809L
#include "names.h"

#include <coppice/files.h>
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIXELS = 3 * 32 * 32,
    LABELS = 2, /* bytes before the pixels: coarse, fine */
    RECORD = LABELS + PIXELS,
    CHUNK = 128 /* records read at once */
};

/* What the labels are; a record's label byte has the same number. */
enum { COARSE = 0, FINE = 1 };

typedef struct options {
    const char *path;
    int32_t labels;
    int32_t normalisation;
    int64_t train_size;
    int64_t test_size;
} options;

typedef struct cifar100 {
    char *path[2]; /* by split */
    int64_t count[2];
    int32_t labels;
    const cop_normalization *normalization;
} cifar100;

static const char *const file_names[2] = {"train.bin", "test.bin"};
static const int64_t file_records[2] = {50000, 10000};

static const char *const label_choices[] = {"coarse", "fine", NULL};
static const char *const normalisation_choices[] = {"cifar10", "own", NULL};
static const cop_normalization normalizations[] = {
    {.mean = {0.4914f, 0.4822f, 0.4465f}, .std = {0.2023f, 0.1994f, 0.2010f}},
    {.mean = {0.5071f, 0.4866f, 0.4409f}, .std = {0.2673f, 0.2564f, 0.2762f}}};

static int32_t class_count(int32_t labels)
{
    return labels == FINE ? CIFAR100_FINE : CIFAR100_COARSE;
}

/* Opens a file and holds it to its size. */
static cop_status open_file(const cifar100 *self, cop_split split, int *file, cop_error *err)
{
    const char *path = self->path[split];
    int64_t size = 0, wanted = RECORD * file_records[split];
    COP_TRY(cop_file_open(path, file, &size, err));
    if (size == wanted)
        return COP_OK;
    (void)close(*file);
    return cop_fail_at(err, COP_INVALID, path, 0,
                       "%lld bytes, wanted %lld (%lld records of %d bytes)", (long long)size,
                       (long long)wanted, (long long)file_records[split], (int)RECORD);
}

static void cifar100_destroy(void *state)
{
    cifar100 *self = state;
    for (int split = 0; split < 2; split++)
        free(self->path[split]);
    free(self);
}

static cop_status take_split(cifar100 *self, cop_split split, const char *directory, int64_t size,
                             cop_error *err)
{
    int file = -1;
    size_t length = strlen(directory) + strlen(file_names[split]) + 2;
    self->count[split] = size > 0 ? size : file_records[split];
    self->path[split] = malloc(length);
    if (self->path[split] == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    (void)snprintf(self->path[split], length, "%s/%s", directory, file_names[split]);
    COP_TRY(open_file(self, split, &file, err));
    (void)close(file);
    return COP_OK;
}

static cop_status cifar100_create(const void *values, void **out, cop_error *err)
{
    const options *o = values;
    cifar100 *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->labels = o->labels;
    self->normalization = &normalizations[o->normalisation];
    cop_status status = take_split(self, COP_SPLIT_TRAIN, o->path, o->train_size, err);
    if (status == COP_OK)
        status = take_split(self, COP_SPLIT_TEST, o->path, o->test_size, err);
    if (status == COP_OK)
        *out = self;
    else
        cifar100_destroy(self);
    return status;
}

static cop_status cifar100_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const cifar100 *self = state;
    bool fine = self->labels == FINE;
    cop_dataset_set_images(info, 3, 32, 32);
    cop_dataset_set_classes(info, class_count(self->labels),
                            fine ? cifar100_fine : cifar100_coarse);
    cop_dataset_set_count(info, COP_SPLIT_TRAIN, self->count[COP_SPLIT_TRAIN]);
    cop_dataset_set_count(info, COP_SPLIT_TEST, self->count[COP_SPLIT_TEST]);
    cop_dataset_set_normalization(info, self->normalization);
    cop_dataset_set_augment(info, COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP);
    return COP_OK;
}

/* Takes the wanted label and the pixels out of a record; both of its labels are checked. */
static cop_status take_record(const cifar100 *self, cop_split split, int64_t at,
                              const uint8_t *record, uint8_t *pixels, int32_t *label,
                              cop_error *err)
{
    for (int32_t kind = COARSE; kind <= FINE; kind++)
        if (record[kind] >= class_count(kind))
            return cop_fail_at(err, COP_FAILED, self->path[split], 0,
                               "record %lld has %s label %d, wanted 0 to %d", (long long)at,
                               label_choices[kind], (int)record[kind], (int)class_count(kind) - 1);
    *label = record[self->labels];
    memcpy(pixels, record + LABELS, PIXELS);
    return COP_OK;
}

static cop_status read_records(const cifar100 *self, cop_split split, int file, int64_t first,
                               int64_t count, uint8_t *pixels, int32_t *labels, cop_error *err)
{
    const char *path = self->path[split];
    uint8_t *buffer = malloc((size_t)CHUNK * RECORD);
    if (buffer == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = COP_OK;
    for (int64_t done = 0; status == COP_OK && done < count;) {
        int64_t part = count - done < CHUNK ? count - done : CHUNK;
        status = cop_file_read_at(file, path, (first + done) * RECORD, buffer,
                                  (size_t)part * RECORD, err);
        for (int64_t i = 0; status == COP_OK && i < part; i++)
            status = take_record(self, split, first + done + i, buffer + i * RECORD,
                                 pixels + (done + i) * PIXELS, &labels[done + i], err);
        done += part;
    }
    free(buffer);
    return status;
}

static cop_status cifar100_read(void *state, cop_split split, int64_t first, int64_t count,
                                void *pixels, int32_t *labels, cop_error *err)
{
    const cifar100 *self = state;
    int file = -1;
    COP_TRY(open_file(self, split, &file, err));
    cop_status status = read_records(self, split, file, first, count, pixels, labels, err);
    (void)close(file);
    return status;
}

static const cop_option option_table[] = {
    /* Its content is in the fingerprint of the data: no identity needs to read it once more. */
    COP_OPT_PATH(options, path, "data/cifar-100-binary", "Directory of the official binary files",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_ENUM(options, labels, "fine", label_choices, "The 100 classes, or their 20 groups"),
    COP_OPT_ENUM(options, normalisation, "cifar10", normalisation_choices,
                 "CIFAR-10's, as in IDC's code, or the data's own, as in DC's",
                 .flags = COP_OPTION_ADVANCED),
    COP_OPT_FIRST_IMAGES(options, train_size, "0", 50000, "Use the first N training images"),
    COP_OPT_FIRST_IMAGES(options, test_size, "0", 10000, "Use the first N test images"),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = cifar100_create,
                                    .destroy = cifar100_destroy,
                                    .describe = cifar100_describe,
                                    .read = cifar100_read};

COP_PLUGIN(DATASET, .id = "cifar100", .version = "1.0.0", .results_version = "1",
           .summary =
               "CIFAR-100 from its official binary files: 32x32 colour photographs, 100 classes or "
               "their 20 groups",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
           COP_OPTIONS(options, option_table), .ops = &ops,
           .defaults = "all images; the normalisation is Kim et al.'s code's (data.py), which has "
                       "CIFAR-100 share CIFAR-10's.");
