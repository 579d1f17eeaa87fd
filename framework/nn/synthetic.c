/* synthetic.c: a distilled set in memory, and the samples that it decodes to. */
#include "nn/synthetic.h"

#include "core/memory.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/decode.h"

#include <coppice/program.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

static float *get(const cop_synthetic *s, const char *name, size_t count, size_t size)
{
    if (s->memory == NULL)
        return calloc(count, size);
    return count <= SIZE_MAX / size ? s->memory->get(s->memory->context, name, count * size) : NULL;
}

static void put(const cop_synthetic *s, float *data)
{
    if (s->memory != NULL)
        s->memory->put(s->memory->context, data);
    else
        free(data);
}

cop_status cop_synthetic_allocate(cop_synthetic *s, int64_t count, cop_error *err)
{
    int64_t size = cop_task_values(&s->task);
    if (count < 1 || size < 1 || s->task.classes < 1)
        return cop_fail(err, COP_FAILED,
                        "a synthetic set of %lld images of %d x %d x %d in %d "
                        "classes",
                        (long long)count, s->task.channels, s->task.height, s->task.width,
                        s->task.classes);
    float *pixels = NULL, *labels = NULL;
    if (count <= INT64_MAX / (int64_t)sizeof(float) / size) {
        pixels = get(s, "pixels", (size_t)(count * size), sizeof *pixels);
        labels = get(s, "labels", (size_t)count, (size_t)s->task.classes * sizeof *labels);
    }
    if (pixels == NULL || labels == NULL) {
        put(s, pixels);
        put(s, labels);
        return cop_fail(err, COP_FAILED, "out of memory for %lld synthetic images",
                        (long long)count);
    }
    put(s, s->pixels);
    put(s, s->labels);
    s->count = count;
    s->pixels = pixels;
    s->labels = labels;
    return COP_OK;
}

int64_t cop_synthetic_count(const cop_synthetic *s)
{
    return s->count;
}

const cop_task *cop_synthetic_task(const cop_synthetic *s)
{
    return &s->task;
}

float *cop_synthetic_pixels(cop_synthetic *s)
{
    return s->pixels;
}

float *cop_synthetic_labels(cop_synthetic *s)
{
    return s->labels;
}

void cop_synthetic_set_decode(cop_synthetic *s, cop_decode decode, int32_t factor)
{
    s->decode = decode;
    s->factor = factor;
}

void cop_synthetic_set_space(cop_synthetic *s, cop_pixel_space space)
{
    s->space = space;
}

cop_pixel_space cop_synthetic_space(const cop_synthetic *s)
{
    return s->space == COP_PIXELS_NORMALISED ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
}

static bool is_one_line(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (cop_control_length(at) > 0)
            return false;
    return cop_is_utf8(text, strlen(text));
}

/* Puts a copy of the text in place of *field. */
static cop_status set_line(char **field, const char *text, size_t most, cop_error *err)
{
    if (strlen(text) > most || !is_one_line(text))
        return cop_fail(err, COP_INVALID,
                        "where a set comes from is one line of UTF-8 of at most %zu bytes", most);
    char *copy = strdup(text);
    if (copy == NULL)
        return cop_out_of_memory(err);
    free(*field);
    *field = copy;
    return COP_OK;
}

cop_status cop_synthetic_set_origin(cop_synthetic *s, const char *text, cop_error *err)
{
    return set_line(&s->origin, text, COP_SYNTHETIC_ORIGIN, err);
}

cop_status cop_synthetic_set_made_by(cop_synthetic *s, const char *text, cop_error *err)
{
    return set_line(&s->made_by, text, COP_SYNTHETIC_ORIGIN, err);
}

cop_status cop_synthetic_set_dataset(cop_synthetic *s, const char *text, cop_error *err)
{
    return set_line(&s->dataset, text, COP_SYNTHETIC_ORIGIN, err);
}

cop_status cop_synthetic_set_options(cop_synthetic *s, const char *text, cop_error *err)
{
    return set_line(&s->options, text, COP_SYNTHETIC_OPTIONS, err);
}

void cop_synthetic_set_normalization(cop_synthetic *s, const cop_normalization *normalization)
{
    s->normalization = *normalization;
}

void cop_synthetic_init(cop_synthetic *s, const cop_task *task, const cop_samples *data)
{
    *s = (cop_synthetic){.task = *task, .factor = 1};
    if (data == NULL)
        return;
    s->normalization = data->normalization;
    s->is_whitened = cop_samples_space(data) == COP_PIXELS_NORMALISED;
}

void cop_synthetic_clear(cop_synthetic *s)
{
    if (s == NULL)
        return;
    put(s, s->pixels);
    put(s, s->labels);
    free(s->recipe); /* as cop_recipe_free: one block */
    free(s->made_by);
    free(s->origin);
    free(s->dataset);
    free(s->options);
    s->made_by = s->origin = s->dataset = s->options = NULL;
    s->recipe = NULL;
    s->pixels = NULL;
    s->labels = NULL;
    s->count = 0;
}

static cop_status check_labels(const cop_synthetic *s, int64_t image, cop_error *err)
{
    double sum = 0.0;
    for (int32_t k = 0; k < s->task.classes; k++) {
        float label = s->labels[image * s->task.classes + k];
        if (!(label >= 0.0f && label <= 1.0f))
            return cop_fail(err, COP_FAILED, "image %lld has a label of %g, wanted 0 to 1",
                            (long long)image, (double)label);
        sum += (double)label;
    }
    if (!(fabs(sum - 1.0) <= 1e-4))
        return cop_fail(err, COP_FAILED, "the labels of image %lld sum to %g, wanted 1",
                        (long long)image, sum);
    return COP_OK;
}

static cop_status check_pixels(const cop_synthetic *s, int64_t image, cop_error *err)
{
    int64_t size = cop_task_values(&s->task);
    bool is_normalised = s->space == COP_PIXELS_NORMALISED;
    float least = is_normalised ? (float)-COP_SYNTHETIC_MOST_NORMALISED : 0.0f;
    float most = is_normalised ? (float)COP_SYNTHETIC_MOST_NORMALISED : 1.0f;
    for (int64_t j = 0; j < size; j++) {
        float pixel = s->pixels[image * size + j];
        if (!(pixel >= least && pixel <= most)) /* NaN too */
            return cop_fail(err, COP_FAILED, "image %lld has a pixel that is %.9g, wanted %g to %g",
                            (long long)image, (double)pixel, (double)least, (double)most);
    }
    return COP_OK;
}

cop_status cop_synthetic_check(const cop_synthetic *s, cop_error *err)
{
    if (s->space != 0 && s->space != COP_PIXELS_UNIT && s->space != COP_PIXELS_NORMALISED)
        return cop_fail(err, COP_FAILED, "pixels of a space that there is not (%d)", (int)s->space);
    for (int64_t i = 0; i < s->count; i++) {
        COP_TRY(check_pixels(s, i, err));
        COP_TRY(check_labels(s, i, err));
    }
    return COP_OK;
}

/* Samples with memory of their own; the public handle points at its first member. */
typedef struct owned_samples {
    cop_samples view;
    float *pixels, *soft;
    int32_t *labels;
} owned_samples;

void cop_synthetic_samples_free(cop_samples *s)
{
    if (s == NULL)
        return;
    owned_samples *owned = (owned_samples *)s;
    free(owned->pixels);
    free(owned->soft);
    free(owned->labels);
    free(owned);
}

static owned_samples *allocate(const cop_synthetic *s, int64_t count)
{
    owned_samples *owned = calloc(1, sizeof *owned);
    if (owned == NULL)
        return NULL;
    size_t n = (size_t)count;
    owned->pixels = calloc(n, (size_t)cop_task_values(&s->task) * sizeof(float));
    owned->soft = calloc(n, (size_t)s->task.classes * sizeof(float));
    owned->labels = calloc(n, sizeof(int32_t));
    if (owned->pixels == NULL || owned->soft == NULL || owned->labels == NULL) {
        cop_synthetic_samples_free(&owned->view);
        return NULL;
    }
    owned->view.task = s->task;
    owned->view.normalization = s->normalization;
    if (s->space == COP_PIXELS_NORMALISED) {
        owned->view.space = COP_PIXELS_NORMALISED;
        owned->view.normalization = cop_normalization_none();
        if (!s->is_whitened)
            owned->view.was = s->normalization;
    }
    owned->view.count = count;
    owned->view.pixels = owned->pixels;
    owned->view.labels = owned->labels;
    return owned;
}

/* A program that decodes one stored image; a set of any size then needs little extra memory. */
static cop_status compile_decoder(const cop_synthetic *s, cop_decode decode,
                                  cop_program_cache *programs, cop_program **program,
                                  cop_error *err)
{
    cop_graph *g = cop_graph_new();
    if (g == NULL)
        return cop_fail(err, COP_FAILED, "out of memory while decoding");
    cop_graph_use_cache(g, programs);
    cop_node x =
        cop_input(g, "pixels", cop_shape4(1, s->task.channels, s->task.height, s->task.width));
    cop_node y = cop_decode_images(g, x, decode, s->factor);
    cop_status status = cop_graph_check(g, err);
    if (status == COP_OK)
        status = cop_compile(g, &y, 1, NULL, program, err);
    cop_graph_free(g);
    return status;
}

/* Image k's tiles of every part, put where the parts of the whole set have them. */
static void place_tiles(const cop_synthetic *s, cop_decode decode, int64_t k, const float *tiles,
                        float *pixels)
{
    int64_t size = cop_task_values(&s->task), part_start = 0;
    cop_decode_part part;
    for (int32_t i = 0;
         cop_decode_part_at(decode, s->factor, s->count, COP_DECODE_BOUND_IMAGES, i, &part); i++) {
        int64_t cuts = (int64_t)part.factor * part.factor;
        for (int64_t t = 0; t < cuts; t++, tiles += size)
            memcpy(pixels + (part_start + t * s->count + k) * size, tiles,
                   (size_t)size * sizeof *tiles);
        part_start += cuts * s->count;
    }
}

static cop_status decode_pixels(const cop_synthetic *s, cop_decode decode,
                                cop_program_cache *programs, float *pixels, cop_error *err)
{
    int64_t size = cop_task_values(&s->task);
    if (decode == COP_DECODE_NONE) {
        memcpy(pixels, s->pixels, (size_t)(s->count * size) * sizeof *pixels);
        return COP_OK;
    }
    cop_program *program = NULL;
    COP_TRY(compile_decoder(s, decode, programs, &program, err));
    cop_status status = COP_OK;
    for (int64_t k = 0; k < s->count && status == COP_OK; k++) {
        status = cop_program_bind_name(program, "pixels", s->pixels + k * size, err);
        if (status == COP_OK)
            status = cop_program_run(program, err);
        if (status == COP_OK)
            place_tiles(s, decode, k, cop_program_output(program, 0), pixels);
    }
    cop_program_free(program);
    return status;
}

/* The first of the largest entries of a row; *hard becomes false unless the row is one-hot. */
static int32_t most_likely(const float *row, int32_t classes, bool *hard)
{
    int32_t best = 0;
    for (int32_t c = 1; c < classes; c++)
        if (row[c] > row[best])
            best = c;
    for (int32_t c = 0; c < classes; c++)
        if (row[c] != (c == best ? 1.0f : 0.0f))
            *hard = false;
    return best;
}

bool cop_synthetic_is_hard(const cop_synthetic *s)
{
    bool hard = true;
    for (int64_t i = 0; i < s->count && hard; i++)
        (void)most_likely(s->labels + i * s->task.classes, s->task.classes, &hard);
    return hard;
}

/* Every part repeats the stored images in order, tile by tile: so decoded image j shows stored
 * image j mod count. */
static void repeat_labels(const cop_synthetic *s, owned_samples *owned)
{
    bool hard = true;
    for (int64_t j = 0; j < owned->view.count; j++) {
        const float *row = s->labels + j % s->count * s->task.classes;
        owned->labels[j] = most_likely(row, s->task.classes, &hard);
        memcpy(owned->soft + j * s->task.classes, row, (size_t)s->task.classes * sizeof *row);
    }
    owned->view.soft = hard ? NULL : owned->soft;
}

cop_status cop_synthetic_decode(const cop_synthetic *s, cop_program_cache *programs,
                                cop_samples **out, cop_error *err)
{
    if (s->factor < 1)
        return cop_fail(err, COP_FAILED, "a synthetic set cannot be decoded by factor %d",
                        (int)s->factor);
    cop_decode decode = cop_decode_for_training(s->decode, s->factor);
    int64_t count = cop_decoded_count(decode, s->factor, s->count);
    owned_samples *owned = allocate(s, count);
    if (owned == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for %lld decoded images", (long long)count);
    cop_status status = decode_pixels(s, decode, programs, owned->pixels, err);
    if (status != COP_OK) {
        cop_synthetic_samples_free(&owned->view);
        return status;
    }
    repeat_labels(s, owned);
    *out = &owned->view;
    return COP_OK;
}

cop_status cop_synthetic_samples(const cop_synthetic *s, cop_samples **out, cop_error *err)
{
    return cop_synthetic_decode(s, NULL, out, err);
}
