/* draws.c: the random parameters of augmentation and CutMix, in host memory.
 *
 * The order of draws is fixed, so results depend on the stream alone. cop_draws_augment: first, if
 * any of {crop, scale, rotate} is wanted, which one of the wanted (in this order) the whole batch
 * gets, as in Kim et al.'s code; then image by image (or once, for all): flip; brightness,
 * saturation, contrast; padded crop down, right; crop down, right, or scale x, y, or the angle;
 * cutout down, right; resized crop (area and shape until they fit, ten times at most; down, right);
 * jitter's brightness, saturation, contrast; lighting's three numbers. cop_draws_one_operation:
 * which one, then as above. cop_draws_cutmix: the coin; then λ, centre down, centre right, the
 * permutation. What is not drawn is the identity. */
#include <coppice/nn.h>

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CROP_SHARE       0.125 /* of the side */
#define CUTOUT_SHARE     0.5
#define SCALE_RATIO      1.2
#define ROTATE_RADIANS   (15.0 / 180.0 * 3.14159265358979323846)
#define PADCROP_PADDING  4
#define WINDOW_LEAST     0.5  /* of the area */
#define WINDOW_SHAPE     0.75 /* the narrowest: width to height; the widest is its reciprocal */
#define WINDOW_TRIES     10
#define JITTER           0.4
#define LIGHTING         0.1
#define FLOATS_PER_IMAGE (1 + 3 + 2 + 2 + 6 + 4 + 6 + 3 + 3 + 1 + 1)
#define FLOATS_PER_BATCH (4 + 3 + 2 * COP_MAX_CHANNELS)

struct cop_draws {
    uint32_t flags;
    bool cutmix;
    int64_t capacity;
    int32_t height, width;
    float *memory;                                    /* everything below, one allocation */
    float *flip, *brightness, *saturation, *contrast; /* [capacity] */
    float *padcrop, *crop;                            /* [capacity, 2] */
    float *affine;                                    /* [capacity, 2, 3] */
    float *cutout;                                    /* [capacity, 4] */
    float *window;                                    /* [capacity, 2, 3] */
    float *jitter[3];                                 /* brightness, saturation, contrast */
    float *lighting;                                  /* [capacity, 3] */
    float *order;                                     /* [capacity] */
    float *column;        /* [capacity]: one class's targets before mixing */
    float *box;           /* [1, 4] */
    float *luma;          /* [3]: shares of red, green and blue in a grey */
    float *mean, *std;    /* [COP_MAX_CHANNELS]: of the pixels */
    int64_t *permutation; /* [capacity] */
};

/* The neutral values of image k. */
static void set_identity(cop_draws *d, int64_t k)
{
    static const float identity[6] = {1.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f};
    d->flip[k] = 0.0f;
    d->brightness[k] = 0.0f;
    d->saturation[k] = d->contrast[k] = 1.0f;
    memset(d->padcrop + 2 * k, 0, 2 * sizeof(float));
    memset(d->crop + 2 * k, 0, 2 * sizeof(float));
    memcpy(d->affine + 6 * k, identity, sizeof identity);
    memset(d->cutout + 4 * k, 0, 4 * sizeof(float));
    memcpy(d->window + 6 * k, identity, sizeof identity);
    d->jitter[0][k] = d->jitter[1][k] = d->jitter[2][k] = 1.0f;
    memset(d->lighting + 3 * k, 0, 3 * sizeof(float));
}

static void set_unmixed(cop_draws *d, int64_t n)
{
    for (int64_t k = 0; k < n; k++)
        d->order[k] = (float)k;
    memset(d->box, 0, 4 * sizeof(float));
}

static void partition(cop_draws *d)
{
    float *next = d->memory;
    int64_t n = d->capacity;
    d->flip = next, next += n;
    d->brightness = next, next += n;
    d->saturation = next, next += n;
    d->contrast = next, next += n;
    d->padcrop = next, next += 2 * n;
    d->crop = next, next += 2 * n;
    d->affine = next, next += 6 * n;
    d->cutout = next, next += 4 * n;
    d->window = next, next += 6 * n;
    for (int i = 0; i < 3; i++)
        d->jitter[i] = next, next += n;
    d->lighting = next, next += 3 * n;
    d->order = next, next += n;
    d->column = next, next += n;
    d->box = next, next += 4;
    d->luma = next, next += 3;
    d->mean = next, next += COP_MAX_CHANNELS;
    d->std = next;
}

/* The grey of ITU-R BT.601, and pixels that are not normalised. */
static void set_pixels(cop_draws *d)
{
    static const float luma[3] = {0.299f, 0.587f, 0.114f};
    memcpy(d->luma, luma, sizeof luma);
    for (int c = 0; c < COP_MAX_CHANNELS; c++) {
        d->mean[c] = 0.0f;
        d->std[c] = 1.0f;
    }
}

cop_status cop_draws_new(uint32_t flags, bool cutmix, int64_t capacity, int32_t height,
                         int32_t width, cop_draws **out, cop_error *err)
{
    if (capacity < 1 || capacity > INT32_MAX || height < 1 || width < 1)
        return cop_fail(err, COP_FAILED, "draws for %lld images of %d x %d", (long long)capacity,
                        (int)height, (int)width);
    cop_draws *d = calloc(1, sizeof *d);
    if (d == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for augmentation");
    d->flags = flags;
    d->cutmix = cutmix;
    d->capacity = capacity;
    d->height = height;
    d->width = width;
    d->memory = calloc((size_t)capacity * FLOATS_PER_IMAGE + FLOATS_PER_BATCH, sizeof(float));
    d->permutation = calloc((size_t)capacity, sizeof *d->permutation);
    if (d->memory == NULL || d->permutation == NULL) {
        cop_draws_free(d);
        return cop_fail(err, COP_FAILED, "out of memory for augmentation");
    }
    partition(d);
    for (int64_t k = 0; k < capacity; k++)
        set_identity(d, k);
    set_unmixed(d, capacity);
    set_pixels(d);
    *out = d;
    return COP_OK;
}

void cop_draws_pixels(cop_draws *d, const float *mean, const float *std, int32_t channels)
{
    memcpy(d->mean, mean, (size_t)channels * sizeof *mean);
    memcpy(d->std, std, (size_t)channels * sizeof *std);
}

void cop_draws_free(cop_draws *d)
{
    if (d == NULL)
        return;
    free(d->memory);
    free(d->permutation);
    free(d);
}

/* Uniform on {−reach, …, reach}. */
static float draw_shift(cop_stream *stream, int64_t reach)
{
    return (float)((int64_t)cop_stream_below(stream, (uint64_t)(2 * reach + 1)) - reach);
}

static double draw_scale(cop_stream *stream)
{
    double lowest = 1.0 / SCALE_RATIO;
    return (double)cop_stream_uniform(stream) * (SCALE_RATIO - lowest) + lowest;
}

/* theta = [[s_x, 0, 0], [0, s_y, 0]]: above 1 the image shrinks. */
static void draw_scaling(cop_stream *stream, float *theta)
{
    theta[0] = (float)draw_scale(stream);
    theta[4] = (float)draw_scale(stream);
}

/* theta = [[cos t, −sin t, 0], [sin t, cos t, 0]]. */
static void draw_rotation(cop_stream *stream, float *theta)
{
    double t = (2.0 * (double)cop_stream_uniform(stream) - 1.0) * ROTATE_RADIANS;
    theta[0] = theta[4] = (float)cos(t);
    theta[1] = (float)-sin(t);
    theta[3] = (float)sin(t);
}

/* The part of a box along one side of the image: its centre anywhere on the side (on any grid line
 * if the box's size is even), clipped. */
static void draw_cutout(cop_stream *stream, int64_t side, float *from, float *to)
{
    int64_t cut = (int64_t)((double)side * CUTOUT_SHARE + 0.5);
    int64_t centre = (int64_t)cop_stream_below(stream, (uint64_t)(side + (1 - cut % 2)));
    int64_t first = centre - cut / 2, end = first + cut;
    *from = (float)(first < 0 ? 0 : first);
    *to = (float)(end > side ? side : end);
}

/* What a window of an image is, for the sampling: theta = [[w/W, 0, (2·left + w)/W − 1], …]. */
static void set_window(const cop_draws *d, int64_t top, int64_t left, int64_t height, int64_t width,
                       float *theta)
{
    double across = (double)d->width, down = (double)d->height;
    theta[0] = (float)((double)width / across);
    theta[2] = (float)((double)(2 * left + width) / across - 1.0);
    theta[4] = (float)((double)height / down);
    theta[5] = (float)((double)(2 * top + height) / down - 1.0);
}

static int64_t least(int64_t a, double b)
{
    return b < (double)a ? (int64_t)b : a;
}

/* As torchvision does it: area and shape at random until the window fits; in the end all of the
 * image, or as much of the middle of it as is of such a shape. */
static void draw_window(const cop_draws *d, cop_stream *stream, float *theta)
{
    int64_t rows = d->height, columns = d->width;
    for (int i = 0; i < WINDOW_TRIES; i++) {
        double share = WINDOW_LEAST + (1.0 - WINDOW_LEAST) * (double)cop_stream_uniform(stream);
        double area = share * (double)rows * (double)columns;
        double shape = pow(WINDOW_SHAPE, 1.0 - 2.0 * (double)cop_stream_uniform(stream));
        int64_t width = (int64_t)rint(sqrt(area * shape));
        int64_t height = (int64_t)rint(sqrt(area / shape));
        if (width < 1 || width > columns || height < 1 || height > rows)
            continue;
        int64_t top = (int64_t)cop_stream_below(stream, (uint64_t)(rows - height + 1));
        int64_t left = (int64_t)cop_stream_below(stream, (uint64_t)(columns - width + 1));
        set_window(d, top, left, height, width, theta);
        return;
    }
    int64_t width = least(columns, rint((double)rows / WINDOW_SHAPE));
    int64_t height = least(rows, rint((double)columns / WINDOW_SHAPE));
    set_window(d, (rows - height) / 2, (columns - width) / 2, height, width, theta);
}

/* Kim et al.'s numbers of the principal components of ImageNet's pixels in [0, 1]. */
static void draw_lighting(cop_stream *stream, float *colour)
{
    static const double values[3] = {0.2175, 0.0188, 0.0045};
    static const double vectors[3][3] = {
        {-0.5675, 0.7192, 0.4009}, {-0.5808, -0.0045, -0.8140}, {-0.5836, -0.6948, 0.4203}};
    double part[3];
    for (int i = 0; i < 3; i++)
        part[i] = LIGHTING * (double)cop_stream_normal(stream) * values[i];
    for (int c = 0; c < 3; c++)
        colour[c] =
            (float)(vectors[c][0] * part[0] + vectors[c][1] * part[1] + vectors[c][2] * part[2]);
}

static int64_t crop_reach(int64_t side)
{
    return (int64_t)((double)side * CROP_SHARE + 0.5);
}

/* Which of the wanted geometric operations the batch gets; 0 where none is wanted. */
static uint32_t choose_geometric(uint32_t flags, cop_stream *stream)
{
    static const uint32_t all[] = {COP_AUGMENT_CROP, COP_AUGMENT_SCALE, COP_AUGMENT_ROTATE};
    uint32_t wanted[3];
    uint64_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (flags & all[i])
            wanted[count++] = all[i];
    return count == 0 ? 0 : wanted[cop_stream_below(stream, count)];
}

static void draw_image(cop_draws *d, cop_stream *stream, uint32_t geometric, int64_t k)
{
    set_identity(d, k);
    if (d->flags & COP_AUGMENT_FLIP)
        d->flip[k] = cop_stream_uniform(stream) < 0.5f ? 1.0f : 0.0f;
    if (d->flags & COP_AUGMENT_COLOR) {
        d->brightness[k] = cop_stream_uniform(stream) - 0.5f;
        d->saturation[k] = cop_stream_uniform(stream) * 2.0f;
        d->contrast[k] = cop_stream_uniform(stream) + 0.5f;
    }
    if (d->flags & COP_AUGMENT_PADCROP) {
        d->padcrop[2 * k] = draw_shift(stream, PADCROP_PADDING);
        d->padcrop[2 * k + 1] = draw_shift(stream, PADCROP_PADDING);
    }
    if (geometric == COP_AUGMENT_CROP) {
        d->crop[2 * k] = draw_shift(stream, crop_reach(d->height));
        d->crop[2 * k + 1] = draw_shift(stream, crop_reach(d->width));
    } else if (geometric == COP_AUGMENT_SCALE) {
        draw_scaling(stream, d->affine + 6 * k);
    } else if (geometric == COP_AUGMENT_ROTATE) {
        draw_rotation(stream, d->affine + 6 * k);
    }
    if (d->flags & COP_AUGMENT_CUTOUT) {
        float *box = d->cutout + 4 * k;
        draw_cutout(stream, d->height, &box[0], &box[2]);
        draw_cutout(stream, d->width, &box[1], &box[3]);
    }
    if (d->flags & COP_AUGMENT_RESIZEDCROP)
        draw_window(d, stream, d->window + 6 * k);
    if (d->flags & COP_AUGMENT_JITTER)
        for (int i = 0; i < 3; i++)
            d->jitter[i][k] =
                (float)(1.0 + JITTER * (2.0 * (double)cop_stream_uniform(stream) - 1.0));
    if (d->flags & COP_AUGMENT_LIGHTING)
        draw_lighting(stream, d->lighting + 3 * k);
}

static void copy_first(cop_draws *d, int64_t k)
{
    d->flip[k] = d->flip[0];
    d->brightness[k] = d->brightness[0];
    d->saturation[k] = d->saturation[0];
    d->contrast[k] = d->contrast[0];
    memcpy(d->padcrop + 2 * k, d->padcrop, 2 * sizeof(float));
    memcpy(d->crop + 2 * k, d->crop, 2 * sizeof(float));
    memcpy(d->affine + 6 * k, d->affine, 6 * sizeof(float));
    memcpy(d->cutout + 4 * k, d->cutout, 4 * sizeof(float));
    memcpy(d->window + 6 * k, d->window, 6 * sizeof(float));
    for (int i = 0; i < 3; i++)
        d->jitter[i][k] = d->jitter[i][0];
    memcpy(d->lighting + 3 * k, d->lighting, 3 * sizeof(float));
}

void cop_draws_augment(cop_draws *d, cop_stream *stream, int64_t n, bool per_batch)
{
    assert(n <= d->capacity);
    uint32_t geometric = choose_geometric(d->flags, stream);
    for (int64_t k = 0; k < n; k++) {
        if (per_batch && k > 0)
            copy_first(d, k);
        else
            draw_image(d, stream, geometric, k);
    }
}

void cop_draws_one_operation(cop_draws *d, cop_stream *stream, int64_t n, bool per_batch)
{
    uint32_t all = d->flags, wanted[32];
    uint64_t count = 0;
    for (uint32_t bit = 1; bit != 0 && bit <= all; bit <<= 1)
        if (all & bit)
            wanted[count++] = bit;
    d->flags = count == 0 ? 0 : wanted[cop_stream_below(stream, count)];
    cop_draws_augment(d, stream, n, per_batch);
    d->flags = all;
}

/* From a map that means the corner pixels' middles by −1 and 1 to one that means the image's edges
 * by them: where height and width differ, a rotation is another one. */
static void align_corners(cop_draws *d, int64_t n)
{
    if (d->height < 2 || d->width < 2 || d->height == d->width)
        return;
    double height = (double)d->height, width = (double)d->width;
    float ratio = (float)((width - 1.0) * height / ((height - 1.0) * width));
    for (int64_t k = 0; k < n; k++) {
        d->affine[6 * k + 1] *= ratio;
        d->affine[6 * k + 3] /= ratio;
    }
}

void cop_draws_draw(cop_draws *d, cop_stream *stream, cop_draw_kind kind, int64_t n, bool per_batch)
{
    if (kind == COP_DRAW_EACH)
        cop_draws_augment(d, stream, n, per_batch);
    else
        cop_draws_one_operation(d, stream, n, per_batch);
    if (kind == COP_DRAW_ONE_ALIGNED)
        align_corners(d, n);
}

/* Rows become own·row + (1 − own)·the row that the permutation puts in the box. */
static void mix_targets(cop_draws *d, int64_t n, double own, float *targets, int32_t classes)
{
    for (int32_t c = 0; c < classes; c++) {
        for (int64_t k = 0; k < n; k++)
            d->column[k] = targets[k * classes + c];
        for (int64_t k = 0; k < n; k++)
            targets[k * classes + c] = (float)(own * (double)d->column[k] +
                                               (1.0 - own) * (double)d->column[d->permutation[k]]);
    }
}

/* A box of `ratio` of the side about a centre, clipped. */
static void place_box(int64_t centre, int64_t side, double ratio, float *from, float *to)
{
    int64_t half = (int64_t)((double)side * ratio) / 2;
    int64_t first = centre - half, end = centre + half;
    *from = (float)(first < 0 ? 0 : first);
    *to = (float)(end > side ? side : end);
}

void cop_draws_cutmix(cop_draws *d, cop_stream *stream, int64_t n, double p, float *targets,
                      int32_t classes)
{
    assert(n <= d->capacity);
    set_unmixed(d, n);
    if (!d->cutmix || !((double)cop_stream_uniform(stream) < p))
        return;
    double ratio = sqrt(1.0 - (double)cop_stream_uniform(stream)); /* Beta(1, 1) is uniform */
    int64_t row = (int64_t)cop_stream_below(stream, (uint64_t)d->height);
    int64_t column = (int64_t)cop_stream_below(stream, (uint64_t)d->width);
    cop_stream_permutation(stream, d->permutation, n);
    place_box(row, d->height, ratio, &d->box[0], &d->box[2]);
    place_box(column, d->width, ratio, &d->box[1], &d->box[3]);
    for (int64_t k = 0; k < n; k++)
        d->order[k] = (float)d->permutation[k];
    double area = (double)(d->box[2] - d->box[0]) * (double)(d->box[3] - d->box[1]);
    mix_targets(d, n, 1.0 - area / ((double)d->height * (double)d->width), targets, classes);
}

static cop_status bind(cop_program *program, const char *prefix, const char *name,
                       const float *data, cop_error *err)
{
    char full[2 * COP_NAME_SIZE];
    (void)snprintf(full, sizeof full, "%s.%s", prefix, name);
    return cop_program_bind_name(program, full, data, err);
}

cop_status cop_draws_bind(const cop_draws *d, cop_program *program, const char *prefix,
                          cop_error *err)
{
    const struct {
        bool wanted;
        const char *name;
        const float *data;
    } table[] = {
        {(d->flags & COP_AUGMENT_FLIP) != 0, "flip", d->flip},
        {(d->flags & COP_AUGMENT_COLOR) != 0, "brightness", d->brightness},
        {(d->flags & COP_AUGMENT_COLOR) != 0, "saturation", d->saturation},
        {(d->flags & COP_AUGMENT_COLOR) != 0, "contrast", d->contrast},
        {(d->flags & COP_AUGMENT_PADCROP) != 0, "padcrop", d->padcrop},
        {(d->flags & COP_AUGMENT_CROP) != 0, "crop", d->crop},
        {(d->flags & (COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE)) != 0, "affine", d->affine},
        {(d->flags & COP_AUGMENT_CUTOUT) != 0, "cutout", d->cutout},
        {(d->flags & COP_AUGMENT_RESIZEDCROP) != 0, "window", d->window},
        {(d->flags & COP_AUGMENT_JITTER) != 0, "jitter_brightness", d->jitter[0]},
        {(d->flags & COP_AUGMENT_JITTER) != 0, "jitter_saturation", d->jitter[1]},
        {(d->flags & COP_AUGMENT_JITTER) != 0, "jitter_contrast", d->jitter[2]},
        {(d->flags & COP_AUGMENT_JITTER) != 0, "luma", d->luma},
        {(d->flags & COP_AUGMENT_LIGHTING) != 0, "lighting", d->lighting},
        {(d->flags & (COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING)) != 0, "mean", d->mean},
        {(d->flags & (COP_AUGMENT_JITTER | COP_AUGMENT_LIGHTING)) != 0, "std", d->std},
        {d->cutmix, "box", d->box},
        {d->cutmix, "order", d->order},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].wanted)
            COP_TRY(bind(program, prefix, table[i].name, table[i].data, err));
    return COP_OK;
}
