/* synthetic_file.c: writing and reading distilled sets. */
#include "store/formats/synthetic_file.h"

#include "core/damage.h"
#include "core/locale.h"
#include "core/memory.h"
#include "nn/synthetic.h"
#include "store/formats/safetensors.h"
#include "train/recipe_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Metadata values are short lists of numbers and words. */
#define NOTE COP_RECIPE_TEXT_SIZE

/* Of sets whose pixels are not unit ones; others, all older ones too, do not say it. */
static const char *const normalised = "normalised";

static const char *const decode_names[] = {"none", "single", "multi", "bound"};

static void write_floats(const float *values, int count, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used < size; i++)
        used += (size_t)cop_snprintf(text + used, size - used, "%s%.9g", i > 0 ? " " : "",
                                     (double)values[i]);
}

cop_status cop_synthetic_write(const cop_synthetic *s, const char *path, cop_error *err)
{
    char mean[NOTE], std[NOTE], recipe[NOTE], factor[16];
    write_floats(s->normalization.mean, s->task.channels, mean, sizeof mean);
    write_floats(s->normalization.std, s->task.channels, std, sizeof std);
    (void)cop_recipe_text(s->recipe, recipe, sizeof recipe);
    (void)snprintf(factor, sizeof factor, "%d", s->factor);
    const cop_metadata notes[] = {
        {"mean", mean},     {"std", std},       {"decode", decode_names[s->decode]},
        {"factor", factor}, {"recipe", recipe}, {"space", normalised}};
    size_t count = sizeof notes / sizeof notes[0] - (s->space == COP_PIXELS_NORMALISED ? 0 : 1);
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

static bool read_floats(const char *text, int count, float *values)
{
    for (int i = 0; i < count; i++) {
        char *end = NULL;
        values[i] = cop_strtof(text, &end);
        if (end == text || !isfinite(values[i]))
            return false;
        text = end;
    }
    return true;
}

/* Everything but the tensors; false when something is missing or makes no sense. */
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
    int found = -1;
    for (int i = 0; i < 4; i++) {
        if (strcmp(decode, decode_names[i]) == 0)
            found = i;
    }
    if (found < 0)
        return false;
    const char *space = cop_metadata_find(notes, count, "space");
    if (space != NULL && strcmp(space, normalised) != 0)
        return false;
    out->space = space != NULL ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
    out->decode = (cop_decode)found;
    out->factor = (int32_t)strtol(factor, NULL, 10);
    return out->factor >= 1 && out->factor <= COP_SYNTHETIC_MOST_FACTOR &&
           read_floats(mean, out->task.channels, out->normalization.mean) &&
           read_floats(std, out->task.channels, out->normalization.std) &&
           cop_recipe_from_text(recipe, read);
}

static cop_status take_tensors(const cop_tensors *set, cop_synthetic *out, const char *path,
                               const cop_metadata *notes, size_t count, cop_error *err)
{
    const cop_tensor *pixels = cop_tensors_find(set, "pixels");
    const cop_tensor *labels = cop_tensors_find(set, "labels");
    if (pixels == NULL || labels == NULL || pixels->dtype != COP_F32 || labels->dtype != COP_F32 ||
        pixels->shape.rank != 4 || labels->shape.rank != 2 ||
        pixels->shape.dim[0] != labels->shape.dim[0] || pixels->shape.dim[0] < 1 ||
        pixels->shape.dim[1] < 1 || pixels->shape.dim[1] > COP_MAX_CHANNELS)
        return cop_fail_at(err, COP_DAMAGED, path, 0,
                           "is not a distilled set: wants f32 tensors pixels [n, C, H, W] and "
                           "labels [n, classes]");
    out->task = (cop_task){.channels = (int32_t)pixels->shape.dim[1],
                           .height = (int32_t)pixels->shape.dim[2],
                           .width = (int32_t)pixels->shape.dim[3],
                           .classes = (int32_t)labels->shape.dim[1]};
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
    if (cop_synthetic_check(out, &flaw) == COP_OK)
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
