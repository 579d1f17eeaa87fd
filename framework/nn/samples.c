/* samples.c: what plugins ask of labelled images, and cutting batches out of them. */
#include "nn/samples.h"

#include <math.h>
#include <string.h>

int64_t cop_samples_count(const cop_samples *s)
{
    return s->count;
}

const cop_task *cop_samples_task(const cop_samples *s)
{
    return &s->task;
}

cop_normalization cop_samples_normalization(const cop_samples *s)
{
    return s->normalization;
}

cop_normalization cop_normalization_none(void)
{
    cop_normalization none = {.mean = {0.0f}};
    for (int c = 0; c < COP_MAX_CHANNELS; c++)
        none.std[c] = 1.0f;
    return none;
}

cop_pixel_space cop_samples_space(const cop_samples *s)
{
    return s->space == COP_PIXELS_NORMALISED ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
}

cop_normalization cop_samples_undo(const cop_samples *s)
{
    bool is_known = cop_samples_space(s) == COP_PIXELS_NORMALISED && s->was.std[0] > 0.0f;
    return is_known ? s->was : s->normalization;
}

int32_t cop_samples_label(const cop_samples *s, int64_t i)
{
    return s->labels[i];
}

const float *cop_samples_soft(const cop_samples *s, int64_t i)
{
    return s->soft != NULL ? s->soft + i * s->task.classes : NULL;
}

/* Which of the images in memory sample i is. */
static int64_t image_of(const cop_samples *s, int64_t i)
{
    return s->rows != NULL ? s->rows[i] : i;
}

static size_t image_bytes(const cop_samples *s)
{
    return (size_t)cop_task_values(&s->task) * (s->bytes != NULL ? 1 : sizeof(float));
}

static const char *pixels_at(const cop_samples *s, int64_t i)
{
    const char *first = s->bytes != NULL ? (const char *)s->bytes : (const char *)s->pixels;
    return first + (size_t)image_of(s, i) * image_bytes(s);
}

void cop_samples_expect(const cop_samples *s, const int64_t *index, int64_t n)
{
    for (int64_t k = 0; s->resident != NULL && k < n; k++)
        cop_resident_expect(pixels_at(s, index[k]), image_bytes(s));
}

/* Where the pixels of sample i are, which are read next. */
static const void *use_pixels(const cop_samples *s, int64_t i)
{
    const char *at = pixels_at(s, i);
    if (s->resident != NULL)
        cop_resident_use(s->resident, at, image_bytes(s));
    return at;
}

/* 8-bit pixels have 256 normalised values per channel: a table instead of a division per pixel. */
static void normalise_bytes(const cop_samples *s, int32_t channel, float *table)
{
    for (int value = 0; value < 256; value++)
        table[value] = ((float)value / 255.0f - s->normalization.mean[channel]) /
                       s->normalization.std[channel];
}

/* One channel of an image. */
static void write_plane(const cop_samples *s, int32_t channel, const void *image,
                        const float table[256], float *out)
{
    int64_t plane = (int64_t)s->task.height * s->task.width;
    float mean = s->normalization.mean[channel], std = s->normalization.std[channel];
    const uint8_t *bytes = (const uint8_t *)image + channel * plane;
    const float *pixels = (const float *)image + channel * plane;
    if (s->bytes != NULL)
        for (int64_t i = 0; i < plane; i++)
            out[i] = table[bytes[i]];
    else
        for (int64_t i = 0; i < plane; i++)
            out[i] = (pixels[i] - mean) / std;
}

static void write_images(const cop_samples *s, const int64_t *index, int64_t n, float *images)
{
    int64_t plane = (int64_t)s->task.height * s->task.width;
    float tables[COP_MAX_CHANNELS][256];
    for (int32_t c = 0; c < s->task.channels && s->bytes != NULL; c++)
        normalise_bytes(s, c, tables[c]);
    for (int64_t k = 0; k < n; k++) {
        const void *image = use_pixels(s, index[k]);
        for (int32_t c = 0; c < s->task.channels; c++)
            write_plane(s, c, image, tables[c], images + (k * s->task.channels + c) * plane);
    }
}

static void write_targets(const cop_samples *s, const int64_t *index, int64_t n, float *targets)
{
    size_t classes = (size_t)s->task.classes;
    for (int64_t k = 0; k < n; k++) {
        float *row = targets + (size_t)k * classes;
        if (s->soft != NULL) {
            memcpy(row, s->soft + (size_t)index[k] * classes, classes * sizeof *row);
        } else {
            memset(row, 0, classes * sizeof *row);
            row[s->labels[index[k]]] = 1.0f;
        }
    }
}

void cop_samples_batch(const cop_samples *s, const int64_t *index, int64_t n, float *images,
                       float *targets)
{
    if (images != NULL)
        write_images(s, index, n, images);
    if (targets != NULL)
        write_targets(s, index, n, targets);
}

void cop_samples_pixels(const cop_samples *s, int64_t index, float *pixels)
{
    int64_t size = cop_task_values(&s->task);
    const void *at = use_pixels(s, index);
    const uint8_t *bytes = at;
    if (s->bytes == NULL)
        memcpy(pixels, at, (size_t)size * sizeof *pixels);
    for (int64_t i = 0; s->bytes != NULL && i < size; i++)
        pixels[i] = (float)bytes[i] / 255.0f;
}

int64_t cop_samples_of_class(const cop_samples *s, int32_t label, int64_t *index)
{
    int64_t found = 0;
    for (int64_t i = 0; i < s->count; i++)
        if (s->labels[i] == label)
            index[found++] = i;
    return found;
}

/* The largest class's count among the first samples. */
static int64_t largest_class(const cop_samples *s, int64_t count)
{
    int64_t largest = 0;
    for (int32_t label = 0; label < s->task.classes; label++) {
        int64_t own = 0;
        for (int64_t i = 0; i < count; i++)
            own += s->labels[i] == label;
        largest = own > largest ? own : largest;
    }
    return largest;
}

double cop_samples_chance(const cop_samples *s, int64_t count)
{
    int64_t used = count > 0 && count < s->count ? count : s->count;
    if (used <= 0)
        return 1.0;
    double n = (double)used, share = (double)largest_class(s, used) / n;
    double limit = share + 3.0 * sqrt(share * (1.0 - share) / n);
    return limit < 1.0 ? limit : 1.0;
}
