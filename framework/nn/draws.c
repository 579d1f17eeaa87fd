/* draws.c: the memory of what is drawn for a batch, and where programs find it. What is not drawn
 * is the identity. */
#include "nn/draws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOATS_PER_IMAGE (1 + 3 + 2 + 2 + 6 + 4 + 6 + 3 + 3 + 1 + 1)
#define FLOATS_PER_BATCH (4 + 3 + 2 * COP_MAX_CHANNELS)

void cop_draws_set_identity(cop_draws *d, int64_t k)
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

void cop_draws_set_unmixed(cop_draws *d, int64_t n)
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
        cop_draws_set_identity(d, k);
    cop_draws_set_unmixed(d, capacity);
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
