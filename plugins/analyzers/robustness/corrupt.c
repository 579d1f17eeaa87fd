/* corrupt.c: noise, brightness and contrast, and which corruption is which. */
#include "corrupt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A kind, and what the severities of CIFAR-10-C are of it. */
typedef struct kind_of {
    const char *name;
    double strength[CORRUPTION_SEVERITIES];
    double softness[CORRUPTION_SEVERITIES]; /* of a defocused disk's edge */
} kind_of;

static const kind_of kinds[CORRUPTION_COUNT] = {
    [CORRUPTION_GAUSSIAN_NOISE] = {"gaussian_noise", {0.04, 0.06, 0.08, 0.09, 0.10}, {0.0}},
    [CORRUPTION_SPECKLE_NOISE] = {"speckle_noise", {0.06, 0.10, 0.12, 0.16, 0.20}, {0.0}},
    [CORRUPTION_IMPULSE_NOISE] = {"impulse_noise", {0.01, 0.02, 0.03, 0.05, 0.07}, {0.0}},
    [CORRUPTION_GAUSSIAN_BLUR] = {"gaussian_blur", {0.4, 0.6, 0.7, 0.8, 1.0}, {0.0}},
    [CORRUPTION_DEFOCUS_BLUR] = {"defocus_blur",
                                 {0.3, 0.4, 0.5, 1.0, 1.5},
                                 {0.4, 0.5, 0.6, 0.2, 0.1}},
    [CORRUPTION_BRIGHTNESS] = {"brightness", {0.05, 0.10, 0.15, 0.20, 0.30}, {0.0}},
    [CORRUPTION_CONTRAST] = {"contrast", {0.75, 0.50, 0.40, 0.30, 0.15}, {0.0}},
    [CORRUPTION_PIXELATE] = {"pixelate", {0.95, 0.90, 0.85, 0.75, 0.65}, {0.0}},
};

int corruption_find(const char *name)
{
    for (int k = 0; k < CORRUPTION_COUNT; k++) {
        if (strcmp(kinds[k].name, name) == 0)
            return k;
    }
    return -1;
}

cop_status corruption_open(corruption *c, const cop_task *task, uint64_t seed, cop_error *err)
{
    *c = (corruption){.channels = cop_task_channels(task),
                      .height = cop_task_height(task),
                      .width = cop_task_width(task),
                      .seed = seed};
    size_t plane = (size_t)c->height * (size_t)c->width;
    c->plane = malloc(plane * sizeof *c->plane);
    c->half = malloc(plane * sizeof *c->half);
    return c->plane != NULL && c->half != NULL ? COP_OK
                                               : cop_fail(err, COP_FAILED, "out of memory");
}

void corruption_close(corruption *c)
{
    free(c->plane);
    free(c->half);
    *c = (corruption){0};
}

static double strength_of(const corruption *c)
{
    return kinds[c->kind].strength[c->severity - 1];
}

void corruption_choose(corruption *c, corruption_kind kind, int severity)
{
    c->kind = kind;
    c->severity = severity;
    if (kind == CORRUPTION_GAUSSIAN_BLUR)
        corruption_make_gaussian(c, strength_of(c));
    if (kind == CORRUPTION_DEFOCUS_BLUR)
        corruption_make_defocus(c, strength_of(c), kinds[kind].softness[severity - 1]);
}

static float clip(double value)
{
    return (float)(value < 0.0 ? 0.0 : value > 1.0 ? 1.0 : value);
}

/* Draws of one value each, in the order of the image. */
static void add_noise(const corruption *c, int64_t sample, float *pixels)
{
    uint64_t place = (uint64_t)sample * CORRUPTION_SEVERITIES + (uint64_t)(c->severity - 1);
    cop_stream stream = cop_stream_make(c->seed, kinds[c->kind].name, place);
    int64_t values = (int64_t)c->channels * c->height * c->width;
    double strength = strength_of(c);
    for (int64_t i = 0; i < values; i++) {
        double x = (double)pixels[i];
        if (c->kind == CORRUPTION_GAUSSIAN_NOISE)
            pixels[i] = clip(x + strength * (double)cop_stream_normal(&stream));
        else if (c->kind == CORRUPTION_SPECKLE_NOISE)
            pixels[i] = clip(x + x * strength * (double)cop_stream_normal(&stream));
        else if ((double)cop_stream_uniform(&stream) < strength)
            pixels[i] = cop_stream_uniform(&stream) < 0.5f ? 1.0f : 0.0f;
    }
}

/* Adds to the value of HSV, the largest channel, with hue and saturation as they are: all channels
 * grow in proportion. Black has neither, and becomes grey. */
static void brighten(const corruption *c, float *pixels)
{
    int64_t plane = (int64_t)c->height * c->width;
    for (int64_t i = 0; i < plane; i++) {
        double value = 0.0;
        for (int32_t k = 0; k < c->channels; k++)
            value = fmax(value, (double)pixels[k * plane + i]);
        double brighter = fmin(value + strength_of(c), 1.0);
        for (int32_t k = 0; k < c->channels; k++) {
            float *x = &pixels[k * plane + i];
            *x = value > 0.0 ? clip((double)*x * (brighter / value)) : clip(brighter);
        }
    }
}

/* Draws each channel towards its mean. */
static void flatten(const corruption *c, float *pixels)
{
    int64_t plane = (int64_t)c->height * c->width;
    for (int32_t k = 0; k < c->channels; k++) {
        float *x = pixels + k * plane;
        double mean = 0.0;
        for (int64_t i = 0; i < plane; i++)
            mean += (double)x[i] / (double)plane;
        for (int64_t i = 0; i < plane; i++)
            x[i] = clip(((double)x[i] - mean) * strength_of(c) + mean);
    }
}

void corruption_apply(void *context, int64_t sample, float *pixels)
{
    const corruption *c = context;
    int64_t plane = (int64_t)c->height * c->width;
    switch (c->kind) {
    case CORRUPTION_GAUSSIAN_NOISE:
    case CORRUPTION_SPECKLE_NOISE:
    case CORRUPTION_IMPULSE_NOISE:
        add_noise(c, sample, pixels);
        break;
    case CORRUPTION_BRIGHTNESS:
        brighten(c, pixels);
        break;
    case CORRUPTION_CONTRAST:
        flatten(c, pixels);
        break;
    case CORRUPTION_GAUSSIAN_BLUR:
    case CORRUPTION_DEFOCUS_BLUR:
        for (int32_t k = 0; k < c->channels; k++)
            corruption_blur(c, pixels + k * plane, c->kind == CORRUPTION_GAUSSIAN_BLUR);
        break;
    case CORRUPTION_PIXELATE:
        for (int32_t k = 0; k < c->channels; k++)
            corruption_pixelate(c, strength_of(c), pixels + k * plane);
        break;
    case CORRUPTION_COUNT:
        break;
    }
}
