/* pixels.c: the synthetic images: their start, their optimiser, and the finished set. */
#include "distil/pixels.h"

#include "core/memory.h"
#include "core/sized.h"
#include "nn/synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cop_pixels {
    cop_pixels_spec spec;
    int32_t classes;
    int64_t class_size;       /* floats of one class */
    float *pixels, *velocity; /* the bag's */
    float *gradient;          /* scratch */
    int32_t *labels;
    cop_samples samples; /* the live view */
};

static int64_t total(const cop_pixels *p)
{
    return p->classes * p->class_size;
}

static cop_status add(const cop_pixels *p, cop_tensors *bag, const char *name, float **data,
                      cop_error *err)
{
    const cop_task *t = &p->spec.data->task;
    const char *prefix = p->spec.prefix != NULL ? p->spec.prefix : "";
    char full[2 * COP_NAME_SIZE];
    cop_tensor *tensor = NULL;
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    COP_TRY(cop_tensors_add(
        bag, full, COP_F32,
        cop_shape4(p->classes * p->spec.per_class, t->channels, t->height, t->width), &tensor,
        err));
    *data = cop_f32(tensor);
    return COP_OK;
}

static void open_view(cop_pixels *p)
{
    int64_t count = cop_pixels_count(p);
    p->samples = (cop_samples){.task = p->spec.data->task,
                               .normalization = p->spec.data->normalization,
                               .count = count,
                               .pixels = p->pixels,
                               .labels = p->labels};
    for (int64_t i = 0; i < count; i++)
        p->labels[i] = (int32_t)(i / p->spec.per_class);
    if (p->spec.space == COP_PIXELS_NORMALISED) {
        p->samples.normalization = cop_normalization_none();
        p->samples.space = COP_PIXELS_NORMALISED;
    }
}

static cop_status make(cop_pixels *p, const cop_pixels_spec *spec, cop_tensors *bag, cop_error *err)
{
    COP_TRY(cop_sized_take("the pixels' spec", spec, COP_LEAST(cop_pixels_spec, space), &p->spec,
                           sizeof p->spec, err));
    if (p->spec.per_class < 1)
        return cop_fail(err, COP_FAILED, "%lld stored images of each class",
                        (long long)p->spec.per_class);
    if (p->spec.space == 0)
        p->spec.space = COP_PIXELS_UNIT;
    if (p->spec.space == COP_PIXELS_UNIT && cop_samples_space(p->spec.data) != COP_PIXELS_UNIT)
        return cop_fail(err, COP_INVALID,
                        "these data are no pixels in [0, 1], which this distiller wants: they are "
                        "normalised already");
    const cop_task *t = &p->spec.data->task;
    p->classes = t->classes;
    p->class_size = p->spec.per_class * t->channels * t->height * t->width;
    COP_TRY(add(p, bag, "pixels", &p->pixels, err));
    COP_TRY(add(p, bag, "velocity", &p->velocity, err));
    p->labels = calloc((size_t)cop_pixels_count(p), sizeof *p->labels);
    p->gradient = calloc((size_t)total(p), sizeof *p->gradient);
    if (p->labels == NULL || p->gradient == NULL)
        return cop_out_of_memory(err);
    open_view(p);
    return COP_OK;
}

cop_status cop_pixels_new(const cop_pixels_spec *spec, cop_tensors *bag, cop_pixels **out,
                          cop_error *err)
{
    cop_pixels *p = calloc(1, sizeof *p);
    if (p == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(p, spec, bag, err);
    if (status != COP_OK)
        cop_pixels_free(p);
    else
        *out = p;
    return status;
}

void cop_pixels_free(cop_pixels *p)
{
    if (p == NULL)
        return;
    free(p->gradient);
    free(p->labels);
    free(p);
}

float *cop_pixels_of(const cop_pixels *p, int32_t label)
{
    return p->pixels + label * p->class_size;
}

int64_t cop_pixels_per_class(const cop_pixels *p)
{
    return p->spec.per_class;
}

int64_t cop_pixels_count(const cop_pixels *p)
{
    return p->classes * p->spec.per_class;
}

int64_t cop_pixels_class_size(const cop_pixels *p)
{
    return p->class_size;
}

cop_pixel_space cop_pixels_space(const cop_pixels *p)
{
    return p->spec.space;
}

/* Pixels of one class as the network sees them: (x − mean) / std. */
static void normalise(const cop_pixels *p, float *pixels)
{
    const cop_task *t = &p->spec.data->task;
    const cop_normalization *n = &p->spec.data->normalization;
    int64_t plane = (int64_t)t->height * t->width;
    for (int64_t i = 0; i < p->class_size; i++) {
        int64_t c = i / plane % t->channels;
        pixels[i] = (pixels[i] - n->mean[c]) / n->std[c];
    }
}

cop_status cop_pixels_start_real(cop_pixels *p, int32_t label, const int64_t *index, int64_t factor,
                                 cop_error *err)
{
    COP_TRY(cop_tiles_compose(p->spec.data, index, p->spec.per_class, factor,
                              cop_pixels_of(p, label), err));
    if (p->spec.space == COP_PIXELS_NORMALISED)
        normalise(p, cop_pixels_of(p, label));
    return COP_OK;
}

static void clamp(float *pixels, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        pixels[i] = pixels[i] < 0.0f ? 0.0f : pixels[i] > 1.0f ? 1.0f : pixels[i];
}

void cop_pixels_start_noise(cop_pixels *p, int32_t label, cop_stream *stream)
{
    float *pixels = cop_pixels_of(p, label);
    bool is_unit = p->spec.space == COP_PIXELS_UNIT;
    for (int64_t i = 0; i < p->class_size; i++) {
        float value = cop_stream_normal(stream);
        pixels[i] = is_unit ? value / 4.0f + 0.5f : value;
    }
    if (is_unit)
        clamp(pixels, p->class_size);
}

const char *const cop_pixel_start_choices[] = {
    [COP_PIXELS_FROM_NOISE] = "noise", [COP_PIXELS_FROM_REAL] = "real", NULL};

/* A class from a draw of its images; `order` and `drawn` have room for them all. */
static cop_status start_drawn(cop_pixels *p, int32_t label, const cop_classes *classes,
                              cop_stream *stream, int64_t *order, int64_t *drawn, cop_error *err)
{
    int64_t count = cop_classes_count(classes, label);
    if (count < p->spec.per_class)
        return cop_fail(err, COP_INVALID, "class %d has %lld training images, wanted %lld",
                        (int)label, (long long)count, (long long)p->spec.per_class);
    cop_stream_permutation(stream, order, count);
    for (int64_t i = 0; i < p->spec.per_class; i++)
        drawn[i] = cop_classes_members(classes, label)[order[i]];
    return cop_pixels_start_real(p, label, drawn, 1, err);
}

cop_status cop_pixels_start(cop_pixels *p, cop_pixel_start start, const cop_classes *classes,
                            uint64_t seed, cop_error *err)
{
    int64_t *room = calloc(2 * (size_t)p->spec.data->count + 1, sizeof *room);
    cop_status status = room != NULL ? COP_OK : cop_out_of_memory(err);
    for (int32_t c = 0; status == COP_OK && c < p->classes; c++) {
        cop_stream stream = cop_stream_make(seed, "start", (uint64_t)c);
        if (start == COP_PIXELS_FROM_NOISE)
            cop_pixels_start_noise(p, c, &stream);
        else
            status = start_drawn(p, c, classes, &stream, room, room + p->spec.data->count, err);
    }
    free(room);
    return status;
}

/* Without a gradient. */
static void coast(float *pixels, float *velocity, int64_t count, float lr, float momentum)
{
    for (int64_t i = 0; i < count; i++) {
        velocity[i] *= momentum;
        pixels[i] -= lr * velocity[i];
    }
}

static void step(float *pixels, float *velocity, const float *gradient, int64_t count, float lr,
                 float momentum)
{
    for (int64_t i = 0; i < count; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i];
        pixels[i] -= lr * velocity[i];
    }
}

void cop_pixels_step(cop_pixels *p, int32_t label, const float *gradient, double lr,
                     double momentum)
{
    float rate = (float)lr, keep = (float)momentum;
    int64_t first = label * p->class_size, end = first + p->class_size;
    coast(p->pixels, p->velocity, first, rate, keep);
    step(p->pixels + first, p->velocity + first, gradient, p->class_size, rate, keep);
    coast(p->pixels + end, p->velocity + end, total(p) - end, rate, keep);
}

void cop_pixels_step_all(cop_pixels *p, const float *gradient, double lr, double momentum)
{
    step(p->pixels, p->velocity, gradient, total(p), (float)lr, (float)momentum);
}

float *cop_pixels_gradient(cop_pixels *p)
{
    return p->gradient;
}

cop_status cop_pixels_check(const cop_pixels *p, cop_error *err)
{
    bool is_unit = p->spec.space == COP_PIXELS_UNIT;
    double most = is_unit ? (double)INFINITY : COP_SYNTHETIC_MOST_NORMALISED;
    for (int64_t i = 0; i < total(p); i++)
        if (!isfinite(p->pixels[i]) || fabs((double)p->pixels[i]) > most)
            return cop_fail(err, COP_FAILED,
                            "a pixel of image %lld became %g: the pixels' rate is too high",
                            (long long)(i * cop_pixels_count(p) / total(p)), (double)p->pixels[i]);
    return COP_OK;
}

void cop_pixels_clamp(cop_pixels *p)
{
    if (p->spec.space == COP_PIXELS_UNIT)
        clamp(p->pixels, total(p));
}

const cop_samples *cop_pixels_samples(const cop_pixels *p)
{
    return &p->samples;
}

cop_status cop_pixels_finish(const cop_pixels *p, cop_synthetic *set, cop_error *err)
{
    COP_TRY(cop_synthetic_by_class(set, p->spec.per_class, err));
    memcpy(set->pixels, p->pixels, (size_t)total(p) * sizeof *set->pixels);
    cop_synthetic_set_space(set, p->spec.space);
    if (p->spec.space == COP_PIXELS_UNIT)
        clamp(set->pixels, total(p));
    return COP_OK;
}
