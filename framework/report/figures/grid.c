/* grid.c: a set of images as one picture. */
#include "report/figures/grid.h"

#include "core/memory.h"
#include "nn/synthetic.h"
#include "report/renderers/png.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GAP   2
#define WHITE 255

/* Images of at least this side are large enough as they are. */
#define LARGE_SIDE 96
#define SCALE      3

/* The largest picture that is made: 64 million pixels. */
#define MOST_PIXELS (INT64_C(1) << 26)

typedef struct canvas {
    int64_t width, height;
    int64_t scale;
    uint8_t *pixels; /* [height, width, 3] */
} canvas;

/* The longest row, cut at the limit. */
static int64_t count_columns(const cop_samples *set, int64_t *filled)
{
    int64_t most = 0;
    for (int64_t i = 0; i < set->count; i++) {
        int64_t count = ++filled[set->labels[i]];
        most = count > most ? count : most;
    }
    memset(filled, 0, (size_t)set->task.classes * sizeof *filled);
    return most < COP_GRID_COLUMNS ? most : COP_GRID_COLUMNS;
}

static uint8_t to_byte(float value)
{
    double clamped = fmin(fmax((double)value, 0.0), 1.0);
    return (uint8_t)lround(255.0 * clamped);
}

/* Draws one image, pixels [C, H, W], with its upper left corner at (left, top). */
static void draw(canvas *c, const cop_task *task, const float *pixels, int64_t left, int64_t top)
{
    int64_t plane = (int64_t)task->height * task->width;
    for (int64_t y = 0; y < task->height * c->scale; y++) {
        for (int64_t x = 0; x < task->width * c->scale; x++) {
            int64_t from = y / c->scale * task->width + x / c->scale;
            uint8_t *to = c->pixels + ((top + y) * c->width + left + x) * 3;
            for (int64_t k = 0; k < 3; k++)
                to[k] = to_byte(pixels[from + (task->channels >= 3 ? k * plane : 0)]);
        }
    }
}

/* Pixels as a network sees them, as those of an image once more. */
static void undo(const cop_task *task, const cop_normalization *n, float *image)
{
    int64_t plane = (int64_t)task->height * task->width;
    for (int32_t k = 0; k < task->channels; k++)
        for (int64_t i = 0; i < plane; i++)
            image[k * plane + i] = image[k * plane + i] * n->std[k] + n->mean[k];
}

/* The least value of an image becomes 0, the largest 1; an image of one value becomes grey. */
static void stretch(int64_t values, float *image)
{
    float least = image[0], most = image[0];
    for (int64_t i = 1; i < values; i++) {
        least = fminf(least, image[i]);
        most = fmaxf(most, image[i]);
    }
    float range = most - least;
    for (int64_t i = 0; i < values; i++)
        image[i] = range > 0.0f ? (image[i] - least) / range : 0.5f;
}

static void draw_all(canvas *c, const cop_samples *set, const cop_grid_pixels *pixels,
                     int64_t columns, float *image, int64_t *filled)
{
    const cop_task *task = &set->task;
    for (int64_t i = 0; i < set->count; i++) {
        int64_t row = set->labels[i], column = filled[row];
        if (column >= columns)
            continue;
        filled[row]++;
        cop_samples_pixels(set, i, image);
        if (pixels->normalised != NULL)
            undo(task, pixels->normalised, image);
        if (pixels->stretch)
            stretch(cop_task_values(task), image);
        draw(c, task, image, GAP + column * (task->width * c->scale + GAP),
             GAP + row * (task->height * c->scale + GAP));
    }
}

cop_status cop_grid_write(const cop_samples *set, const cop_grid_pixels *pixels, const char *path,
                          cop_error *err)
{
    const cop_task *task = &set->task;
    int64_t *filled = calloc((size_t)task->classes, sizeof *filled);
    float *image =
        calloc((size_t)task->channels * (size_t)task->height * (size_t)task->width, sizeof *image);
    if (filled == NULL || image == NULL) {
        free(filled);
        free(image);
        return cop_out_of_memory(err);
    }
    int64_t columns = count_columns(set, filled);
    canvas c = {.scale = task->width >= LARGE_SIDE || task->height >= LARGE_SIDE ? 1 : SCALE};
    c.width = columns * (task->width * c.scale + GAP) + GAP;
    c.height = task->classes * (task->height * c.scale + GAP) + GAP;
    cop_status status = COP_OK;
    if (c.width > MOST_PIXELS / c.height)
        status =
            cop_fail(err, COP_UNAVAILABLE, "%s would be a picture of %lld x %lld pixels; left out",
                     path, (long long)c.width, (long long)c.height);
    else if ((c.pixels = malloc((size_t)(c.width * c.height) * 3)) == NULL)
        status = cop_out_of_memory(err);
    if (status == COP_OK) {
        memset(c.pixels, WHITE, (size_t)(c.width * c.height) * 3);
        draw_all(&c, set, pixels, columns, image, filled);
        status = cop_png_write(path, (uint32_t)c.width, (uint32_t)c.height, c.pixels, err);
    }
    free(c.pixels);
    free(filled);
    free(image);
    return status;
}

cop_status cop_grid_stored(const cop_synthetic *s, cop_samples *out, int32_t **labels,
                           cop_error *err)
{
    *labels = calloc((size_t)s->count, sizeof **labels);
    if (*labels == NULL)
        return cop_out_of_memory(err);
    for (int64_t i = 0; i < s->count; i++) {
        const float *row = s->labels + i * s->task.classes;
        for (int32_t k = 1; k < s->task.classes; k++) {
            if (row[k] > row[(*labels)[i]])
                (*labels)[i] = k;
        }
    }
    *out = (cop_samples){.task = s->task,
                         .normalization = s->normalization,
                         .count = s->count,
                         .pixels = s->pixels,
                         .labels = *labels};
    return COP_OK;
}
