/* mnist.c: MNIST (LeCun et al. 1998) from its idx files, and what has the same form: Fashion-MNIST
 * (Xiao et al. 2017) and KMNIST (Clanuwat et al. 2018).
 *
 * The four files have the names of the MNIST page below `path`, gzipped or not, or are named one
 * by one. Normalisation of MNIST and Fashion-MNIST is that of Kim et al.'s code (2022), which
 * gives KMNIST none: here the mean and deviation of its training pixels. The augmentation by
 * default is that code's: a crop after padding by 4, and no flip. Departures: none; other sizes
 * than 28 x 28 are taken as the files have them. */
#define _POSIX_C_SOURCE 200809L
#include "idx.h"

#include <coppice/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES = 10 };

typedef struct options {
    int32_t variant;
    const char *path;
    const char *train_images, *train_labels, *test_images, *test_labels;
} options;

/* What differs between the data sets, in the order of `variant_choices`. */
typedef struct variant {
    float mean, std;
    const char *const *names;
} variant;

typedef struct mnist {
    const variant *variant;
    idx_file images[2], labels[2]; /* by split; an empty one where there is no test split */
} mnist;

static const char *const digits[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
static const char *const clothes[CLASSES] = {"T-shirt/top", "trouser",   "pullover", "dress",
                                             "coat",        "sandal",    "shirt",    "sneaker",
                                             "bag",         "ankle boot"};
static const char *const syllables[CLASSES] = {"o",  "ki", "su", "tsu", "na",
                                               "ha", "ma", "ya", "re",  "wo"};

static const char *const variant_choices[] = {"mnist", "fashion", "kmnist", NULL};
static const variant variants[] = {
    {0.1307f, 0.3081f, digits}, {0.2861f, 0.3530f, clothes}, {0.1918f, 0.3483f, syllables}};

static void mnist_destroy(void *state)
{
    mnist *self = state;
    for (int split = 0; split < 2; split++) {
        idx_close(&self->images[split]);
        idx_close(&self->labels[split]);
    }
    free(self);
}

static cop_status open_split(mnist *self, cop_split split, const char *images, const char *labels,
                             cop_error *err)
{
    idx_file *i = &self->images[split], *l = &self->labels[split];
    COP_TRY(idx_open(images, 3, i, err));
    COP_TRY(idx_open(labels, 1, l, err));
    if (i->count == l->count)
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, labels, 0, "has %lld labels, for %lld images in %s",
                       (long long)l->count, (long long)i->count, images);
}

/* The path of a file of the page below the directory: as it was unpacked, or as it came. Where
 * there is neither, the name that it came by. */
static void file_below(const char *directory, const char *name, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", directory, name);
    if (access(path, F_OK) != 0)
        (void)snprintf(path, size, "%s/%s.gz", directory, name);
}

static cop_status open_directory(mnist *self, const char *directory, cop_error *err)
{
    static const char *const prefixes[] = {"train", "t10k"};
    char images[4096], labels[4096], name[64];
    for (int split = 0; split < 2; split++) {
        (void)snprintf(name, sizeof name, "%s-images-idx3-ubyte", prefixes[split]);
        file_below(directory, name, images, sizeof images);
        (void)snprintf(name, sizeof name, "%s-labels-idx1-ubyte", prefixes[split]);
        file_below(directory, name, labels, sizeof labels);
        COP_TRY(open_split(self, (cop_split)split, images, labels, err));
    }
    return COP_OK;
}

static bool is_given(const char *path)
{
    return path[0] != '\0';
}

/* Files that are named one by one: the test files are both there, or neither. */
static cop_status open_named(mnist *self, const options *o, cop_error *err)
{
    if (!is_given(o->train_images) || !is_given(o->train_labels))
        return cop_fail(err, COP_INVALID,
                        "files are named one by one, so train_images and train_labels are wanted");
    if (is_given(o->test_images) != is_given(o->test_labels))
        return cop_fail(err, COP_INVALID, "test_images and test_labels go together");
    COP_TRY(open_split(self, COP_SPLIT_TRAIN, o->train_images, o->train_labels, err));
    if (!is_given(o->test_images))
        return COP_OK;
    return open_split(self, COP_SPLIT_TEST, o->test_images, o->test_labels, err);
}

static cop_status check_sizes(const mnist *self, cop_error *err)
{
    const idx_file *train = &self->images[COP_SPLIT_TRAIN], *test = &self->images[COP_SPLIT_TEST];
    if (test->count == 0 || (train->rows == test->rows && train->columns == test->columns))
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, test->path, 0,
                       "has images of %d x %d pixels, those of training have %d x %d",
                       (int)test->rows, (int)test->columns, (int)train->rows, (int)train->columns);
}

static cop_status mnist_create(const void *values, void **out, cop_error *err)
{
    const options *o = values;
    mnist *self = calloc(1, sizeof *self);
    if (self == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    self->variant = &variants[o->variant];
    bool any = is_given(o->train_images) || is_given(o->train_labels) || is_given(o->test_images) ||
               is_given(o->test_labels);
    cop_status status = any ? open_named(self, o, err) : open_directory(self, o->path, err);
    if (status == COP_OK)
        status = check_sizes(self, err);
    if (status == COP_OK)
        *out = self;
    else
        mnist_destroy(self);
    return status;
}

static cop_status mnist_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    (void)err;
    const mnist *self = state;
    const cop_normalization normalization = {.mean = {self->variant->mean},
                                             .std = {self->variant->std}};
    const idx_file *train = &self->images[COP_SPLIT_TRAIN];
    cop_dataset_set_images(info, 1, train->rows, train->columns);
    cop_dataset_set_classes(info, CLASSES, self->variant->names);
    cop_dataset_set_count(info, COP_SPLIT_TRAIN, train->count);
    cop_dataset_set_count(info, COP_SPLIT_TEST, self->images[COP_SPLIT_TEST].count);
    cop_dataset_set_normalization(info, &normalization);
    cop_dataset_set_augment(info, COP_AUGMENT_PADCROP);
    return COP_OK;
}

static cop_status mnist_read(void *state, cop_split split, int64_t first, int64_t count,
                             void *pixels, int32_t *labels, cop_error *err)
{
    mnist *self = state;
    uint8_t *bytes = malloc((size_t)count);
    if (bytes == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    cop_status status = idx_read(&self->labels[split], first, count, bytes, err);
    for (int64_t i = 0; status == COP_OK && i < count; i++) {
        labels[i] = bytes[i];
        if (bytes[i] >= CLASSES)
            status = cop_fail_at(err, COP_FAILED, self->labels[split].path, 0,
                                 "item %lld is label %d, wanted 0 to 9", (long long)(first + i),
                                 (int)bytes[i]);
    }
    free(bytes);
    return status == COP_OK ? idx_read(&self->images[split], first, count, pixels, err) : status;
}

/* What the files hold is in the fingerprint of the data: no identity needs to read them once more.
 */
static const cop_option option_table[] = {
    COP_OPT_ENUM(options, variant, "mnist", variant_choices,
                 "Class names and normalisation: digits, articles of fashion, or Kuzushiji"),
    COP_OPT_PATH(options, path, "data/mnist",
                 "Directory of the four files, train-images-idx3-ubyte(.gz) and so on",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, train_images, "",
                 "File of training images; whoever names one file names all there are",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, train_labels, "", "File of training labels",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, test_images, "", "File of test images; \"\": there are none",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, test_labels, "", "File of test labels",
                 .flags = COP_OPTION_EXECUTION_ONLY),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = mnist_create,
                                    .destroy = mnist_destroy,
                                    .describe = mnist_describe,
                                    .read = mnist_read};

COP_PLUGIN(
    DATASET, .id = "mnist", .version = "1.0.0", .results_version = "1",
    .summary = "MNIST, Fashion-MNIST or KMNIST from their idx files, gzipped or not: 28x28 "
               "grey images, 10 classes",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Y. LeCun et al., Gradient-Based Learning Applied to Document Recognition, "
                "1998; H. Xiao et al., Fashion-MNIST, 2017; T. Clanuwat et al., Deep "
                "Learning for Classical Japanese Literature, 2018",
    COP_OPTIONS(options, option_table), .ops = &ops,
    .defaults = "normalisation and augmentation of Kim et al.'s code (data.py): a crop after "
                "padding by 4, no flip.",
    .departures = "KMNIST, to which that code gives no normalisation, has the mean and deviation "
                  "of its training pixels.");
