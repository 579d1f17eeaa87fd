/* npy.c: images and labels in NumPy's .npy files, for data that have no plugin of their own.
 *
 * Images are an array [N, C, H, W], [N, H, W, C] or [N, H, W]: bytes, or floating-point numbers in
 * [0, 1]. Labels are an array [N] or [N, 1] of whole numbers from 0 on. Both in C's or Fortran's
 * order and either byte order. The normalisation is, where none is given, the mean and the
 * deviation of the training pixels, by channel, also where a part of them is held out later. */
#include <coppice/files.h>
#include <coppice/plugin.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SIDE = 8192, CHUNK_BYTES = 1 << 24, CHUNK_LABELS = 1024 };

typedef enum layout { LAYOUT_AUTO = 0, LAYOUT_NCHW, LAYOUT_NHWC, LAYOUT_NHW } layout;

typedef struct options {
    const char *train_images, *train_labels, *test_images, *test_labels;
    int32_t layout;
    int64_t classes;
    cop_string_list class_names;
    cop_float_list mean, std;
    uint32_t augment;
} options;

typedef struct npy {
    cop_array_file *images[2]; /* by split; NULL where there are no test images */
    int64_t counts[2];
    int32_t *labels[2];
    layout layout;
    int32_t channels, height, width, classes;
    char **class_names; /* [classes], or NULL */
    uint32_t augment;
    bool is_normalized;
    cop_normalization normalization;
} npy;

static const char *const layout_choices[] = {"auto", "nchw", "nhwc", "nhw", NULL};

static cop_status out_of_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory");
}

static void npy_destroy(void *state)
{
    npy *self = state;
    for (int split = 0; split < 2; split++) {
        cop_array_file_close(self->images[split]);
        free(self->labels[split]);
    }
    for (int32_t i = 0; self->class_names != NULL && i < self->classes; i++)
        free(self->class_names[i]);
    free(self->class_names);
    free(self);
}

/* Images. */

static bool is_float(const npy *self)
{
    return cop_array_file_dtype(self->images[COP_SPLIT_TRAIN]) != COP_U8;
}

static bool may_be_channels(int64_t length)
{
    return length >= 1 && length <= COP_MAX_CHANNELS;
}

/* Which axis has the channels is clear where one of two is short. */
static cop_status find_layout(const cop_array_file *images, layout *out, cop_error *err)
{
    cop_shape s = cop_array_file_shape(images);
    if (s.rank == 3)
        *out = LAYOUT_NHW;
    else if (s.rank == 4 && may_be_channels(s.dim[1]) && !may_be_channels(s.dim[3]))
        *out = LAYOUT_NCHW;
    else if (s.rank == 4 && may_be_channels(s.dim[3]) && !may_be_channels(s.dim[1]))
        *out = LAYOUT_NHWC;
    else
        return cop_fail_at(err, COP_INVALID, cop_array_file_path(images), 0,
                           "has %d axes%s: not to be told from which axis the channels are on; "
                           "images are [N, H, W], [N, C, H, W] or [N, H, W, C] (layout says "
                           "which), with 1 to %d channels",
                           (int)s.rank, s.rank == 4 ? ", two of them or none short" : "",
                           (int)COP_MAX_CHANNELS);
    return COP_OK;
}

/* Takes the sizes of the training images; the layout is known. */
static cop_status take_sizes(npy *self, cop_error *err)
{
    const char *path = cop_array_file_path(self->images[COP_SPLIT_TRAIN]);
    cop_shape shape = cop_array_file_shape(self->images[COP_SPLIT_TRAIN]);
    int32_t rank = self->layout == LAYOUT_NHW ? 3 : 4;
    int first = self->layout == LAYOUT_NCHW ? 2 : 1;
    if (shape.rank != rank) /* the option's fault, and not the file's */
        return cop_fail(err, COP_INVALID, "layout \"%s\" has %d axes, and %s has %d",
                        layout_choices[self->layout], (int)rank, path, (int)shape.rank);
    int64_t channels = 1, height = shape.dim[first], width = shape.dim[first + 1];
    if (self->layout != LAYOUT_NHW)
        channels = shape.dim[self->layout == LAYOUT_NHWC ? 3 : 1];
    if (!may_be_channels(channels))
        return cop_fail(
            err, COP_INVALID, "by layout \"%s\" %s has images of %lld channels: wanted 1 to %d",
            layout_choices[self->layout], path, (long long)channels, (int)COP_MAX_CHANNELS);
    if (height > MOST_SIDE || width > MOST_SIDE)
        return cop_fail_at(err, COP_INVALID, path, 0,
                           "has images of %lld x %lld pixels: a side may have %d",
                           (long long)height, (long long)width, (int)MOST_SIDE);
    self->channels = (int32_t)channels;
    self->height = (int32_t)height;
    self->width = (int32_t)width;
    return COP_OK;
}

/* Test images are of the form of the training images. */
static cop_status check_test(const npy *self, cop_error *err)
{
    const cop_array_file *train = self->images[COP_SPLIT_TRAIN];
    const cop_array_file *test = self->images[COP_SPLIT_TEST];
    cop_shape wanted = cop_array_file_shape(train), got = cop_array_file_shape(test);
    wanted.dim[0] = got.dim[0];
    if (cop_shape_equal(wanted, got) && is_float(self) == (cop_array_file_dtype(test) != COP_U8))
        return COP_OK;
    return cop_fail_at(err, COP_INVALID, cop_array_file_path(test), 0,
                       "has images of another shape or type than %s", cop_array_file_path(train));
}

/* Bytes or floats: of other numbers it is not to be told which are black and white. */
static cop_status open_images(npy *self, cop_split split, const char *path, cop_error *err)
{
    COP_TRY(cop_array_file_open(path, &self->images[split], err));
    cop_shape shape = cop_array_file_shape(self->images[split]);
    const char *type = cop_array_file_type(self->images[split]);
    self->counts[split] = shape.dim[0];
    if (strcmp(type, "u1") != 0 && strcmp(type, "f4") != 0 && strcmp(type, "f8") != 0)
        return cop_fail_at(err, COP_INVALID, path, 0,
                           "has elements of type %s; images are u1 (bytes), f4 or f8 (in [0, 1])",
                           type);
    return cop_shape_count(shape) > 0 ? COP_OK : cop_fail_at(err, COP_INVALID, path, 0, "is empty");
}

static cop_status take_images(npy *self, const options *o, cop_error *err)
{
    COP_TRY(open_images(self, COP_SPLIT_TRAIN, o->train_images, err));
    self->layout = (layout)o->layout;
    if (self->layout == LAYOUT_AUTO)
        COP_TRY(find_layout(self->images[COP_SPLIT_TRAIN], &self->layout, err));
    COP_TRY(take_sizes(self, err));
    if (o->test_images[0] == '\0')
        return COP_OK;
    COP_TRY(open_images(self, COP_SPLIT_TEST, o->test_images, err));
    return check_test(self, err);
}

/* Labels. */

static cop_status read_labels(const cop_array_file *a, int64_t count, int32_t *labels,
                              cop_error *err)
{
    int64_t values[CHUNK_LABELS]; /* or bytes */
    bool is_bytes = cop_array_file_dtype(a) == COP_U8;
    for (int64_t i = 0; i < count; i++) {
        int64_t at = i % CHUNK_LABELS, left = count - i;
        if (at == 0)
            COP_TRY(
                cop_array_file_read(a, i, left < CHUNK_LABELS ? left : CHUNK_LABELS, values, err));
        int64_t value = is_bytes ? ((const uint8_t *)values)[at] : values[at];
        if (value < 0 || value >= COP_MAX_CLASSES)
            return cop_fail_at(err, COP_INVALID, cop_array_file_path(a), 0,
                               "item %lld is no label: wanted 0 to %d", (long long)i,
                               (int)COP_MAX_CLASSES - 1);
        labels[i] = (int32_t)value;
    }
    return COP_OK;
}

static cop_status check_labels(const npy *self, cop_split split, const cop_array_file *a,
                               cop_error *err)
{
    cop_shape shape = cop_array_file_shape(a);
    const char *path = cop_array_file_path(a);
    if (strchr("iu", cop_array_file_type(a)[0]) == NULL || shape.rank == 0 ||
        cop_shape_count(shape) != shape.dim[0])
        return cop_fail_at(err, COP_INVALID, path, 0,
                           "is no array of labels: wanted whole numbers [N]");
    if (shape.dim[0] != self->counts[split])
        return cop_fail_at(err, COP_INVALID, path, 0, "has %lld labels, for %lld images in %s",
                           (long long)shape.dim[0], (long long)self->counts[split],
                           cop_array_file_path(self->images[split]));
    return COP_OK;
}

static cop_status take_labels(npy *self, cop_split split, const char *path, cop_error *err)
{
    cop_array_file *a = NULL;
    COP_TRY(cop_array_file_open(path, &a, err));
    cop_status status = check_labels(self, split, a, err);
    if (status == COP_OK) {
        self->labels[split] = malloc((size_t)self->counts[split] * sizeof *self->labels[split]);
        status = self->labels[split] != NULL
                     ? read_labels(a, self->counts[split], self->labels[split], err)
                     : out_of_memory(err);
    }
    cop_array_file_close(a);
    return status;
}

static int32_t largest_label(const npy *self)
{
    int32_t largest = 0;
    for (int split = 0; split < 2; split++)
        for (int64_t i = 0; i < self->counts[split]; i++)
            if (self->labels[split][i] > largest)
                largest = self->labels[split][i];
    return largest;
}

/* The first label that is beyond the classes. */
static cop_status refuse_label(const npy *self, const options *o, int32_t classes, cop_error *err)
{
    const char *const paths[2] = {o->train_labels, o->test_labels};
    for (int split = 0; split < 2; split++)
        for (int64_t i = 0; i < self->counts[split]; i++)
            if (self->labels[split][i] >= classes)
                return cop_fail_at(err, COP_INVALID, paths[split], 0,
                                   "item %lld is label %d, and there are %d classes", (long long)i,
                                   (int)self->labels[split][i], (int)classes);
    return COP_OK;
}

/* As many classes as are said or named, else as the labels have. */
static cop_status take_classes(npy *self, const options *o, cop_error *err)
{
    int32_t named = (int32_t)o->class_names.count, most = largest_label(self) + 1;
    int32_t said = o->classes > 0 ? (int32_t)o->classes : named;
    if (named > 0 && named != said)
        return cop_fail(err, COP_INVALID, "there are %d classes and %d names of classes", (int)said,
                        (int)named);
    if (said > 0 && most > said)
        return refuse_label(self, o, said, err);
    self->classes = said > 0 ? said : most;
    if (self->classes < 2)
        return cop_fail(err, COP_INVALID, "all labels are 0: wanted 2 classes or more");
    if (named == 0)
        return COP_OK;
    self->class_names = calloc((size_t)named, sizeof *self->class_names);
    for (int32_t i = 0; self->class_names != NULL && i < named; i++) {
        size_t size = strlen(o->class_names.items[i]) + 1;
        self->class_names[i] = malloc(size);
        if (self->class_names[i] == NULL)
            return out_of_memory(err);
        memcpy(self->class_names[i], o->class_names.items[i], size);
    }
    return self->class_names != NULL ? COP_OK : out_of_memory(err);
}

/* The normalisation, as far as it is given. */
static cop_status take_normalization(npy *self, const options *o, cop_error *err)
{
    size_t channels = (size_t)self->channels;
    if (o->mean.count == 0 && o->std.count == 0)
        return COP_OK;
    if (o->mean.count != channels || o->std.count != channels)
        return cop_fail(err, COP_INVALID, "mean and std want a number per channel: %zu each",
                        channels);
    for (size_t c = 0; c < channels; c++) {
        self->normalization.mean[c] = (float)o->mean.items[c];
        self->normalization.std[c] = (float)o->std.items[c];
    }
    self->is_normalized = true;
    return COP_OK;
}

static cop_status take_all(npy *self, const options *o, cop_error *err)
{
    if ((o->test_images[0] == '\0') != (o->test_labels[0] == '\0'))
        return cop_fail(err, COP_INVALID, "test_images and test_labels go together");
    self->augment = o->augment;
    COP_TRY(take_images(self, o, err));
    COP_TRY(take_labels(self, COP_SPLIT_TRAIN, o->train_labels, err));
    if (self->images[COP_SPLIT_TEST] != NULL)
        COP_TRY(take_labels(self, COP_SPLIT_TEST, o->test_labels, err));
    COP_TRY(take_classes(self, o, err));
    return take_normalization(self, o, err);
}

static cop_status npy_create(const void *values, void **out, cop_error *err)
{
    npy *self = calloc(1, sizeof *self);
    if (self == NULL)
        return out_of_memory(err);
    cop_status status = take_all(self, values, err);
    if (status == COP_OK)
        *out = self;
    else
        npy_destroy(self);
    return status;
}

/* Reading. */

static int64_t elements_of(const npy *self)
{
    return (int64_t)self->channels * self->height * self->width;
}

/* Bytes of an image as the host gets it. */
static int64_t size_of(const npy *self)
{
    return elements_of(self) * (is_float(self) ? (int64_t)sizeof(float) : 1);
}

/* The place in an image [C, H, W] of element k of one as the file has it. */
static int64_t place_of(const npy *self, int64_t k)
{
    if (self->layout != LAYOUT_NHWC)
        return k;
    return k % self->channels * self->height * self->width + k / self->channels;
}

static void convert_image(const npy *self, cop_dtype dtype, const char *image, void *pixels)
{
    for (int64_t k = 0; k < elements_of(self); k++) {
        int64_t place = place_of(self, k);
        if (dtype == COP_U8)
            ((uint8_t *)pixels)[place] = ((const uint8_t *)image)[k];
        else if (dtype == COP_F32)
            ((float *)pixels)[place] = ((const float *)image)[k];
        else
            ((float *)pixels)[place] = (float)((const double *)image)[k];
    }
}

static cop_status check_image(const npy *self, cop_split split, int64_t i, const float *image,
                              cop_error *err)
{
    for (int64_t k = 0; k < elements_of(self); k++)
        if (!(image[k] >= 0.0f && image[k] <= 1.0f)) /* NaN too */
            return cop_fail_at(err, COP_FAILED, cop_array_file_path(self->images[split]), 0,
                               "image %lld has a pixel of %g, wanted 0 to 1", (long long)i,
                               (double)image[k]);
    return COP_OK;
}

/* As many images as are in memory at once. */
static int64_t chunk_of(const npy *self, cop_split split, int64_t count)
{
    size_t element = cop_dtype_size(cop_array_file_dtype(self->images[split]));
    int64_t most = CHUNK_BYTES / (elements_of(self) * (int64_t)element);
    most = most > 0 ? most : 1;
    return most < count ? most : count;
}

static cop_status read_pixels(const npy *self, cop_split split, int64_t first, int64_t count,
                              char *pixels, cop_error *err)
{
    cop_dtype dtype = cop_array_file_dtype(self->images[split]);
    int64_t chunk = chunk_of(self, split, count);
    int64_t size = elements_of(self) * (int64_t)cop_dtype_size(dtype);
    char *images = malloc((size_t)(chunk * size));
    cop_status status = images != NULL ? COP_OK : out_of_memory(err);
    for (int64_t done = 0; status == COP_OK && done < count; done += chunk) {
        int64_t part = count - done < chunk ? count - done : chunk;
        status = cop_array_file_read(self->images[split], first + done, part, images, err);
        for (int64_t i = 0; status == COP_OK && i < part; i++) {
            void *to = pixels + (done + i) * size_of(self);
            convert_image(self, dtype, images + i * size, to);
            if (is_float(self))
                status = check_image(self, split, first + done + i, to, err);
        }
    }
    free(images);
    return status;
}

/* Sums over training pixels, by channel. */
typedef struct sums {
    double sum[COP_MAX_CHANNELS], squares[COP_MAX_CHANNELS];
} sums;

/* Bytes are summed as whole numbers first: exact. */
static void add_bytes(const npy *self, const uint8_t *image, sums *s)
{
    int64_t plane = (int64_t)self->height * self->width;
    for (int32_t c = 0; c < self->channels; c++) {
        uint64_t sum = 0, squares = 0;
        for (int64_t k = 0; k < plane; k++) {
            uint64_t pixel = image[c * plane + k];
            sum += pixel;
            squares += pixel * pixel;
        }
        s->sum[c] += (double)sum / 255.0;
        s->squares[c] += (double)squares / (255.0 * 255.0);
    }
}

static void add_floats(const npy *self, const float *image, sums *s)
{
    int64_t plane = (int64_t)self->height * self->width;
    for (int64_t k = 0; k < self->channels * plane; k++) {
        double pixel = (double)image[k];
        s->sum[k / plane] += pixel;
        s->squares[k / plane] += pixel * pixel;
    }
}

static cop_status add_all(const npy *self, sums *s, cop_error *err)
{
    int64_t count = self->counts[COP_SPLIT_TRAIN], chunk = chunk_of(self, COP_SPLIT_TRAIN, count);
    char *pixels = malloc((size_t)(chunk * size_of(self)));
    cop_status status = pixels != NULL ? COP_OK : out_of_memory(err);
    for (int64_t done = 0; status == COP_OK && done < count; done += chunk) {
        int64_t part = count - done < chunk ? count - done : chunk;
        status = read_pixels(self, COP_SPLIT_TRAIN, done, part, pixels, err);
        for (int64_t i = 0; status == COP_OK && i < part; i++) {
            const void *at = pixels + i * size_of(self);
            if (is_float(self))
                add_floats(self, at, s);
            else
                add_bytes(self, at, s);
        }
    }
    free(pixels);
    return status;
}

/* A channel that is the same everywhere has no deviation; it is left as wide as it is. */
static cop_status normalize(npy *self, cop_error *err)
{
    sums s = {0};
    COP_TRY(add_all(self, &s, err));
    double pixels =
        (double)self->counts[COP_SPLIT_TRAIN] * (double)self->height * (double)self->width;
    for (int32_t c = 0; c < self->channels; c++) {
        double mean = s.sum[c] / pixels, variance = s.squares[c] / pixels - mean * mean;
        self->normalization.mean[c] = (float)mean;
        self->normalization.std[c] = variance > 1e-12 ? (float)sqrt(variance) : 1.0f;
    }
    self->is_normalized = true;
    return COP_OK;
}

static cop_status npy_describe(void *state, cop_dataset_info *info, cop_error *err)
{
    npy *self = state;
    if (!self->is_normalized)
        COP_TRY(normalize(self, err));
    cop_dataset_set_images(info, self->channels, self->height, self->width);
    cop_dataset_set_classes(info, self->classes, (const char *const *)self->class_names);
    cop_dataset_set_count(info, COP_SPLIT_TRAIN, self->counts[COP_SPLIT_TRAIN]);
    cop_dataset_set_count(info, COP_SPLIT_TEST, self->counts[COP_SPLIT_TEST]);
    cop_dataset_set_normalization(info, &self->normalization);
    cop_dataset_set_augment(info, self->augment);
    if (is_float(self))
        cop_dataset_set_float(info);
    return COP_OK;
}

static cop_status npy_read_samples(void *state, cop_split split, int64_t first, int64_t count,
                                   void *pixels, int32_t *labels, cop_error *err)
{
    const npy *self = state;
    memcpy(labels, self->labels[split] + first, (size_t)count * sizeof *labels);
    return read_pixels(self, split, first, count, pixels, err);
}

/* What the files hold is in the fingerprint of the data: no identity needs to read them once more.
 */
static const cop_option option_table[] = {
    COP_OPT_PATH(options, train_images, "data/npy/train_images.npy",
                 "Array of training images: bytes, or floats in [0, 1]",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, train_labels, "data/npy/train_labels.npy",
                 "Array of their labels, whole numbers from 0 on",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, test_images, "", "Array of test images; \"\": there are none",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_PATH(options, test_labels, "", "Array of their labels",
                 .flags = COP_OPTION_EXECUTION_ONLY),
    COP_OPT_ENUM(options, layout, "auto", layout_choices,
                 "Axes of the images; auto: by which axis is short enough for channels"),
    COP_OPT_INT(options, classes, "0", 0, COP_MAX_CLASSES,
                "Classes; 0: as many as are named, else the largest label and one"),
    COP_OPT_STRINGS(options, class_names, "[]", "Names of the classes"),
    COP_OPT_FLOAT_LIST(
        options, mean, "[]", 0, 1,
        "Mean of the pixels in [0, 1], per channel; []: that of the training images"),
    COP_OPT_FLOAT_LIST(options, std, "[]", 1e-6, 10,
                       "Their deviation, per channel; []: that of the training images"),
    COP_OPT_AUGMENT(options, augment, "none",
                    "What a recipe's augmentation \"default\" stands for"),
};

static const cop_dataset_ops ops = {.size = sizeof(cop_dataset_ops),
                                    .create = npy_create,
                                    .destroy = npy_destroy,
                                    .describe = npy_describe,
                                    .read = npy_read_samples};

COP_PLUGIN(DATASET, .id = "npy", .version = "1.0.0", .results_version = "1",
           .summary = "Images and labels in NumPy's .npy files: bytes or floats, in any order",
           .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(options, option_table),
           .ops = &ops,
           .defaults = "the normalisation is, where none is given, the mean and deviation of the "
                       "training pixels.");
