/* cifar10.c: CIFAR-10 (Krizhevsky 2009) from its official binary files.
 *
 * data_batch_1.bin … data_batch_5.bin and test_batch.bin hold 10,000 records each; a record is one
 * label byte and 3072 pixel bytes, the planes R, G, B, row by row. Only the files that the wanted
 * sizes reach are looked at. Normalisation is Kim et al.'s (2022), as most distillers use. */
#define _POSIX_C_SOURCE 200809L
#include <coppice/files.h>
#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CLASSES = 10,
    PIXELS = 3 * 32 * 32,
    RECORD = 1 + PIXELS,
    RECORDS = 10000, /* a file */
    TRAIN_FILES = 5,
    CHUNK = 128 /* records read at once */
};

typedef struct options {
    const char *path;
    int64_t train_size;
    int64_t test_size;
} options;

typedef struct cifar10 {
    char *path;
    int64_t count[2];
} cifar10;

static const char *const class_names[CLASSES] = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

/* The i-th file of a split; the text is cut where the buffer ends. */
static void file_path(const cifar10 *self, cop_split split, int64_t i, char *path, size_t size)
{
    if (split == COP_SPLIT_TRAIN)
        (void)snprintf(path, size, "%s/data_batch_%d.bin", self->path, (int)i + 1);
    else
        (void)snprintf(path, size, "%s/test_batch.bin", self->path);
}

/* Opens a file and holds it to its size. */
static cop_status open_file(const char *path, int *file, cop_error *err)
{
    int64_t size = 0, wanted = (int64_t)RECORD * RECORDS;
    COP_TRY(cop_file_open(path, file, &size, err));
    if (size == wanted)
        return COP_OK;
    (void)close(*file);
    return cop_fail_at(err, COP_INVALID, path, 0,
                       "%lld bytes, wanted %lld (%d records of %d bytes)", (long long)size,
                       (long long)wanted, (int)RECORDS, (int)RECORD);
}

static cop_status check_file(const char *path, cop_error *err)
{
    int file = -1;
    COP_TRY(open_file(path, &file, err));
    (void)close(file);
    return COP_OK;
}

static cop_status check_split(const cifar10 *self, cop_split split, cop_error *err)
{
    char path[4096];
    for (int64_t first = 0; first < self->count[split]; first += RECORDS) {
        file_path(self, split, first / RECORDS, path, sizeof path);
        COP_TRY(check_file(path, err));
    }
    return COP_OK;
}

static void cifar10_destroy(void *state)
{
    cifar10 *self = state;
    free(self->path);
    free(self);
}

static cop_status cifar10_create(const void *values, void **out, cop_error *err)
{
    const options *o = values;
    cifar10 *self = calloc(1, sizeof *self);
    if (self != NULL)
        self->path = malloc(strlen(o->path) + 1);
    if (self == NULL || self->path == NULL) {
        free(self);
        return cop_fail(err, COP_FAILED, "out of memory");
    }
    memcpy(self->path, o->path, strlen(o->path) + 1);
    self->count[COP_SPLIT_TRAIN] =
        o->train_size > 0 ? o->train_size : (int64_t)TRAIN_FILES * RECORDS;
    self->count[COP_SPLIT_TEST] = o->test_size > 0 ? o->test_size : RECORDS;
    cop_status status = check_split(self, COP_SPLIT_TRAIN, err);
    if (status == COP_OK)
        status = check_split(self, COP_SPLIT_TEST, err);
    if (status != COP_OK) {
        cifar10_destroy(self);
        return status;
    }
    *out = self;
    return COP_OK;
}

static cop_status cifar10_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const cifar10 *self = state;
    static const cop_normalization normalization = {.mean = {0.4914f, 0.4822f, 0.4465f},
                                                    .std = {0.2023f, 0.1994f, 0.2010f}};
    cop_dataset_set_images(info, 3, 32, 32);
    cop_dataset_set_classes(info, CLASSES, class_names);
    cop_dataset_set_count(info, COP_SPLIT_TRAIN, self->count[0]);
    cop_dataset_set_count(info, COP_SPLIT_TEST, self->count[1]);
    cop_dataset_set_normalization(info, &normalization);
    cop_dataset_set_augment(info, COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP);
    return COP_OK;
}

/* Takes the label and the pixels out of a record. */
static cop_status take_record(const char *path, int64_t at, const uint8_t *record, uint8_t *pixels,
                              int32_t *label, cop_error *err)
{
    if (record[0] >= CLASSES)
        return cop_fail_at(err, COP_FAILED, path, 0, "record %lld has label %d, wanted 0 to 9",
                           (long long)at, (int)record[0]);
    *label = record[0];
    memcpy(pixels, record + 1, PIXELS);
    return COP_OK;
}

/* Reads `count` records from `first` on out of one open file. */
static cop_status read_records(int file, const char *path, int64_t first, int64_t count,
                               uint8_t *pixels, int32_t *labels, cop_error *err)
{
    uint8_t *buffer = malloc((size_t)CHUNK * RECORD);
    if (buffer == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = COP_OK;
    for (int64_t done = 0; status == COP_OK && done < count;) {
        int64_t part = count - done < CHUNK ? count - done : CHUNK;
        status = cop_file_read_at(file, path, (first + done) * RECORD, buffer,
                                  (size_t)part * RECORD, err);
        for (int64_t i = 0; status == COP_OK && i < part; i++)
            status = take_record(path, first + done + i, buffer + i * RECORD,
                                 pixels + (done + i) * PIXELS, &labels[done + i], err);
        done += part;
    }
    free(buffer);
    return status;
}

static cop_status cifar10_read(void *state, cop_split split, int64_t first, int64_t count,
                               void *pixels, int32_t *labels, cop_error *err)
{
    const cifar10 *self = state;
    char path[4096];
    for (int64_t done = 0; done < count;) {
        int64_t at = (first + done) % RECORDS;
        int64_t part = RECORDS - at < count - done ? RECORDS - at : count - done;
        int file = -1;
        file_path(self, split, (first + done) / RECORDS, path, sizeof path);
        COP_TRY(open_file(path, &file, err));
        cop_status status = read_records(file, path, at, part, (uint8_t *)pixels + done * PIXELS,
                                         labels + done, err);
        (void)close(file);
        COP_TRY(status);
        done += part;
    }
    return COP_OK;
}

static const cop_option option_table[] = {
    /* Its content is in the fingerprint of the data: no identity needs to read it once more. */
    COP_OPT_PATH(options, path, "data/cifar-10-batches-bin",
                 "Directory of the official binary files", .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_FIRST_IMAGES(options, train_size, "0", (TRAIN_FILES * RECORDS),
                         "Use the first N training images"),
    COP_OPT_FIRST_IMAGES(options, test_size, "0", RECORDS, "Use the first N test images"),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = cifar10_create,
                                    .destroy = cifar10_destroy,
                                    .describe = cifar10_describe,
                                    .read = cifar10_read};

COP_PLUGIN(
    DATASET, .id = "cifar10", .version = "1.0.0", .results_version = "1",
    .summary = "CIFAR-10 from its official binary files: 32x32 colour photographs, 10 classes",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    COP_OPTIONS(options, option_table), .ops = &ops,
    .defaults = "all 50,000 and 10,000 images; the normalisation is Kim et al.'s code's "
                "(data.py).");
