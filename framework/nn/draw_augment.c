/* draw_augment.c: the random parameters of augmentation, in host memory.
 *
 * The order of draws is fixed, so results depend on the stream alone. cop_draws_augment: first, if
 * any of {crop, scale, rotate} is wanted, which one of the wanted (in this order) the whole batch
 * gets, as in Kim et al.'s code; then image by image (or once, for all): flip; brightness,
 * saturation, contrast; padded crop down, right; crop down, right, or scale x, y, or the angle;
 * cutout down, right; resized crop (area and shape until they fit, ten times at most; down, right);
 * jitter's brightness, saturation, contrast; lighting's three numbers. cop_draws_one_operation:
 * which one, then as above. */
#include "nn/draws.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define CROP_SHARE      0.125 /* of the side */
#define CUTOUT_SHARE    0.5
#define SCALE_RATIO     1.2
#define ROTATE_RADIANS  (15.0 / 180.0 * 3.14159265358979323846)
#define PADCROP_PADDING 4
#define WINDOW_LEAST    0.5  /* of the area */
#define WINDOW_SHAPE    0.75 /* the narrowest: width to height; the widest is its reciprocal */
#define WINDOW_TRIES    10
#define JITTER          0.4
#define LIGHTING        0.1

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
    cop_draws_set_identity(d, k);
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
