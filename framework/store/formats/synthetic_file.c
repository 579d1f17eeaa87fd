/* synthetic_file.c: writing and reading distilled sets. */
#include "store/formats/synthetic_file.h"

#include "core/damage.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/text.h"
#include "nn/synthetic.h"
#include "store/formats/safetensors.h"
#include "train/recipe_text.h"

#include <coppice/dataset.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Metadata values are short lists of numbers and words. */
#define NOTE        COP_RECIPE_TEXT_SIZE
#define LEAST_NOTES 7
#define MOST_NOTES  12

/* Older files say neither the space, which is then "unit", nor the kind of their labels. */
static const char *const space_names[] = {"unit", "normalised"};
static const char *const kind_names[] = {"soft", "hard"};

static const char *const decode_names[] = {"none", "single", "multi", "bound"};

static void write_floats(const float *values, int count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++)
        used += (size_t)cop_snprintf(text + used, size - used, "%s%.9g", i > 0 ? " " : "",
                                     (double)values[i]);
}

static size_t add_note(cop_metadata *notes, size_t count, const char *key, const char *value)
{
    if (value != NULL)
        notes[count++] = (cop_metadata){key, value};
    return count;
}

cop_status cop_synthetic_write(const cop_synthetic *s, const char *path, cop_error *err)
{
    return cop_synthetic_write_noted(s, NULL, 0, path, err);
}

cop_status cop_synthetic_write_noted(const cop_synthetic *s, const cop_metadata *more,
                                     size_t more_count, const char *path, cop_error *err)
{
    char mean[NOTE], std[NOTE], recipe[NOTE], factor[16];
    write_floats(s->normalization.mean, s->task.channels, mean, sizeof mean);
    write_floats(s->normalization.std, s->task.channels, std, sizeof std);
    (void)cop_recipe_text(s->recipe, recipe, sizeof recipe);
    (void)snprintf(factor, sizeof factor, "%d", s->factor);
    bool is_normalised = cop_synthetic_space(s) == COP_PIXELS_NORMALISED;
    if (more_count > COP_SYNTHETIC_MORE_NOTES)
        return cop_fail(err, COP_FAILED, "%zu notes are more than a distilled set has room for",
                        more_count);
    cop_metadata notes[MOST_NOTES + COP_SYNTHETIC_MORE_NOTES] = {
        {"space", space_names[is_normalised]},
        {"label_kind", kind_names[cop_synthetic_is_hard(s)]},
        {"mean", mean},
        {"std", std},
        {"decode", decode_names[s->decode]},
        {"factor", factor},
        {"recipe", recipe}};
    size_t count = LEAST_NOTES;
    count = add_note(notes, count, "whitened", s->is_whitened ? "yes" : NULL);
    count = add_note(notes, count, "made_by", s->made_by);
    count = add_note(notes, count, "origin", s->origin);
    count = add_note(notes, count, "dataset", s->dataset);
    count = add_note(notes, count, "options", s->options);
    for (size_t i = 0; i < more_count; i++)
        notes[count++] = more[i];
    cop_tensors *set = cop_tensors_new();
    if (set == NULL)
        return cop_out_of_memory(err);
    cop_tensor *pixels = NULL, *labels = NULL;
    cop_status status = cop_tensors_add(
        set, "pixels", COP_F32,
        cop_shape4(s->count, s->task.channels, s->task.height, s->task.width), &pixels, err);
    if (status == COP_OK)
        status = cop_tensors_add(set, "labels", COP_F32, cop_shape2(s->count, s->task.classes),
                                 &labels, err);
    if (status == COP_OK) {
        memcpy(pixels->data, s->pixels, (size_t)cop_shape_count(pixels->shape) * sizeof(float));
        memcpy(labels->data, s->labels, (size_t)cop_shape_count(labels->shape) * sizeof(float));
        status = cop_safetensors_write(path, set, notes, count, err);
    }
    cop_tensors_free(set);
    return status;
}

/* So many numbers, and nothing else. */
static bool read_floats(const char *text, int count, float *values)
{
    for (int i = 0; i < count; i++) {
        char *end = NULL;
        values[i] = cop_strtof(text, &end);
        if (end == text || !isfinite(values[i]))
            return false;
        text = end;
    }
    return *text == '\0';
}

/* Which of two names the value is, 0 or 1; where there is no value `absent`, −1 for another one. */
static int read_name(const char *value, const char *const names[2], int absent)
{
    if (value == NULL)
        return absent;
    return strcmp(value, names[0]) == 0 ? 0 : strcmp(value, names[1]) == 0 ? 1 : -1;
}

static bool read_decode(const char *name, cop_decode *decode)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, decode_names[i]) != 0)
            continue;
        *decode = (cop_decode)i;
        return true;
    }
    return false;
}

/* What every file says; false when something is missing or makes no sense. */
static bool read_notes(const cop_metadata *notes, size_t count, cop_synthetic *out,
                       cop_recipe *read)
{
    const char *mean = cop_metadata_find(notes, count, "mean");
    const char *std = cop_metadata_find(notes, count, "std");
    const char *decode = cop_metadata_find(notes, count, "decode");
    const char *factor = cop_metadata_find(notes, count, "factor");
    const char *recipe = cop_metadata_find(notes, count, "recipe");
    if (mean == NULL || std == NULL || decode == NULL || factor == NULL || recipe == NULL)
        return false;
    int64_t said = 0;
    if (!cop_integer_parse(factor, &said) || said < 1 || said > COP_SYNTHETIC_MOST_FACTOR)
        return false;
    out->factor = (int32_t)said;
    return read_decode(decode, &out->decode) &&
           read_floats(mean, out->task.channels, out->normalization.mean) &&
           read_floats(std, out->task.channels, out->normalization.std) &&
           cop_recipe_from_text(recipe, read);
}

/* What files say since sets can be of several kinds. */
static cop_status read_kinds(const cop_metadata *notes, size_t count, cop_synthetic *out,
                             cop_error *err)
{
    const char *space = cop_metadata_find(notes, count, "space");
    const char *whitened = cop_metadata_find(notes, count, "whitened");
    const char *made_by = cop_metadata_find(notes, count, "made_by");
    const char *origin = cop_metadata_find(notes, count, "origin");
    const char *dataset = cop_metadata_find(notes, count, "dataset");
    const char *options = cop_metadata_find(notes, count, "options");
    char shown[64];
    int is_normalised = read_name(space, space_names, 0);
    if (is_normalised < 0)
        return cop_fail(err, COP_DAMAGED, "space is \"%s\", wanted unit or normalised",
                        cop_escape(space, shown, sizeof shown));
    if (whitened != NULL && strcmp(whitened, "yes") != 0)
        return cop_fail(err, COP_DAMAGED, "whitened is \"%s\", wanted yes, or nothing at all",
                        cop_escape(whitened, shown, sizeof shown));
    out->space = is_normalised ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
    out->is_whitened = whitened != NULL;
    if (made_by != NULL)
        COP_TRY(cop_synthetic_set_made_by(out, made_by, err));
    if (dataset != NULL)
        COP_TRY(cop_synthetic_set_dataset(out, dataset, err));
    if (options != NULL)
        COP_TRY(cop_synthetic_set_options(out, options, err));
    return origin != NULL ? cop_synthetic_set_origin(out, origin, err) : COP_OK;
}

/* Once the labels are there. */
static cop_status check_kind(const cop_metadata *notes, size_t count, const cop_synthetic *s,
                             cop_error *err)
{
    const char *labels = cop_metadata_find(notes, count, "label_kind");
    char shown[64];
    bool is_hard = cop_synthetic_is_hard(s);
    int said = read_name(labels, kind_names, is_hard);
    if (said < 0)
        return cop_fail(err, COP_FAILED, "label_kind is \"%s\", wanted hard or soft",
                        cop_escape(labels, shown, sizeof shown));
    if ((said == 1) != is_hard)
        return cop_fail(err, COP_FAILED, "its labels are said to be %s, and are %s",
                        kind_names[said], kind_names[is_hard]);
    return COP_OK;
}

bool cop_synthetic_shapes(cop_shape pixels, cop_shape labels, cop_task *out)
{
    if (pixels.rank != 4 || labels.rank != 2 || pixels.dim[0] != labels.dim[0] ||
        pixels.dim[0] < 1 || pixels.dim[1] < 1 || pixels.dim[1] > COP_MAX_CHANNELS ||
        labels.dim[1] < 1 || labels.dim[1] > COP_MAX_CLASSES)
        return false;
    for (int axis = 2; axis < 4; axis++)
        if (pixels.dim[axis] < 1 || pixels.dim[axis] > INT32_MAX)
            return false;
    *out = (cop_task){.channels = (int32_t)pixels.dim[1],
                      .height = (int32_t)pixels.dim[2],
                      .width = (int32_t)pixels.dim[3],
                      .classes = (int32_t)labels.dim[1]};
    return true;
}

static cop_status take_tensors(const cop_tensors *set, cop_synthetic *out, const char *path,
                               const cop_metadata *notes, size_t count, cop_error *err)
{
    const cop_tensor *pixels = cop_tensors_find(set, "pixels");
    const cop_tensor *labels = cop_tensors_find(set, "labels");
    if (pixels == NULL || labels == NULL || pixels->dtype != COP_F32 || labels->dtype != COP_F32 ||
        !cop_synthetic_shapes(pixels->shape, labels->shape, &out->task))
        return cop_fail_at(err, COP_DAMAGED, path, 0,
                           "is not a distilled set: wants f32 tensors pixels [n, C, H, W] and "
                           "labels [n, classes]");
    cop_recipe recipe;
    if (!read_notes(notes, count, out, &recipe))
        return cop_fail_at(err, COP_DAMAGED, path, 0,
                           "lacks metadata of a distilled set: mean, std, decode, factor, recipe");
    COP_TRY(cop_synthetic_allocate(out, pixels->shape.dim[0], err));
    COP_TRY(cop_synthetic_set_recipe(out, &recipe, err));
    int64_t pixel_count = cop_shape_count(pixels->shape);
    memcpy(out->pixels, pixels->data, (size_t)pixel_count * sizeof(float));
    memcpy(out->labels, labels->data, (size_t)cop_shape_count(labels->shape) * sizeof(float));
    cop_error flaw = {0};
    cop_status status = read_kinds(notes, count, out, &flaw);
    if (status == COP_FAILED) /* memory was refused */
        return cop_fail_at(err, status, path, 0, "%s", flaw.message);
    if (status == COP_OK && cop_synthetic_check(out, &flaw) == COP_OK &&
        check_kind(notes, count, out, &flaw) == COP_OK)
        return COP_OK;
    return cop_fail_at(err, COP_DAMAGED, path, 0, "%s", flaw.message);
}

cop_status cop_synthetic_read(const char *path, cop_synthetic *out, cop_error *err)
{
    cop_tensors *set = NULL;
    cop_metadata *notes = NULL;
    size_t count = 0;
    COP_TRY(cop_safetensors_read(path, &set, &notes, &count, err));
    memset(out, 0, sizeof *out);
    cop_status status = take_tensors(set, out, path, notes, count, err);
    if (status != COP_OK)
        cop_synthetic_clear(out);
    free(notes);
    cop_tensors_free(set);
    return status;
}
