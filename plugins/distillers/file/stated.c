/* stated.c: what is known of a set beside its images and labels: the options' word, else the file's
 * own (as `coppice export` writes it: framework/store/formats/synthetic_file.h). */
#include "given.h"

#include <math.h>
#include <string.h>

/* Which of the NULL-terminated names the file gives under a key: −1 where it says nothing. */
static cop_status find_name(const options *o, const cop_tensor_file *file, const char *key,
                            const char *const *names, int *out, cop_error *err)
{
    const char *note = file != NULL ? cop_tensor_file_note(file, key) : NULL;
    *out = -1;
    for (int i = 0; note != NULL && names[i] != NULL && *out < 0; i++)
        if (strcmp(note, names[i]) == 0)
            *out = i;
    if (note == NULL || *out >= 0)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%s: says of itself %s = \"%.64s\", which is not known",
                    o->path, key, note);
}

/* The factor that the file gives; 1 where it says nothing. */
static cop_status read_factor(const options *o, const cop_tensor_file *file, int32_t *out,
                              cop_error *err)
{
    float factor = 1.0f;
    if (file != NULL && cop_tensor_file_numbers(file, "factor", &factor, 1) < 0)
        return cop_fail(err, COP_FAILED, "%s: its factor is no number", o->path);
    if (!(factor >= 1.0f && factor <= 64.0f) || factor != floorf(factor))
        return cop_fail(err, COP_FAILED, "%s: its factor is %g, wanted a whole number, 1 to 64",
                        o->path, (double)factor);
    *out = (int32_t)factor;
    return COP_OK;
}

static cop_status state_decode(const options *o, const cop_tensor_file *file, given *out,
                               cop_error *err)
{
    static const char *const names[] = {"none", "single", "multi", NULL};
    static const cop_decode decodes[] = {COP_DECODE_NONE, COP_DECODE_SINGLE, COP_DECODE_MULTI};
    int found = o->decode - DECODE_NONE;
    if (o->decode == DECODE_AUTO)
        COP_TRY(find_name(o, file, "decode", names, &found, err));
    out->decode = decodes[found > 0 ? found : 0];
    if (o->factor > 0)
        out->factor = (int32_t)o->factor;
    else
        COP_TRY(read_factor(o, file, &out->factor, err));
    if (out->decode == COP_DECODE_NONE)
        out->factor = 1;
    return COP_OK;
}

static cop_status check_factor(const options *o, const cop_task *task, const given *g,
                               cop_error *err)
{
    if (g->decode == COP_DECODE_NONE && o->factor > 1)
        return cop_fail(err, COP_INVALID,
                        "factor is %lld, and nothing is decoded: state decode = \"single\" or "
                        "\"multi\"",
                        (long long)o->factor);
    if (o->decode > DECODE_NONE && o->factor == 0 && g->factor == 1)
        return cop_fail(err, COP_INVALID,
                        "decode = \"%s\" with one tile decodes nothing: state factor, the tiles "
                        "along a side",
                        o->decode == DECODE_SINGLE ? "single" : "multi");
    if (g->factor <= cop_task_height(task) && g->factor <= cop_task_width(task))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "factor %d: more tiles than the %dx%d images have rows",
                    (int)g->factor, (int)cop_task_height(task), (int)cop_task_width(task));
}

/* One list: the options' where it is given, else the file's. */
static cop_status state_numbers(const options *o, const cop_tensor_file *file, const char *key,
                                const cop_float_list *list, int32_t channels, float *out,
                                bool *found, cop_error *err)
{
    int32_t count = 0;
    if (list->count > 0) {
        for (size_t i = 0; i < list->count && i < COP_MAX_CHANNELS; i++)
            out[i] = (float)list->items[i];
        count = list->count <= COP_MAX_CHANNELS ? (int32_t)list->count : -1;
    } else if (file != NULL) {
        count = cop_tensor_file_numbers(file, key, out, COP_MAX_CHANNELS);
    }
    *found = count != 0;
    if (count == 0 || count == channels)
        return COP_OK;
    bool is_option = list->count > 0;
    return cop_fail(err, is_option ? COP_INVALID : COP_FAILED,
                    "%s%s%s is not a number for each of the %d channels", is_option ? "" : o->path,
                    is_option ? "" : ": ", key, (int)channels);
}

static cop_status state_normalization(const options *o, const cop_task *task,
                                      const cop_tensor_file *file, given *out, cop_error *err)
{
    int32_t channels = cop_task_channels(task);
    bool has_mean = false, has_std = false;
    COP_TRY(state_numbers(o, file, "mean", &o->mean, channels, out->normalization.mean, &has_mean,
                          err));
    COP_TRY(
        state_numbers(o, file, "std", &o->std, channels, out->normalization.std, &has_std, err));
    if (has_mean != has_std)
        return cop_fail(err, COP_INVALID, "mean and std are given together, or neither");
    for (int32_t c = 0; has_std && c < channels; c++)
        if (!(out->normalization.std[c] > 0.0f))
            return cop_fail(err, COP_INVALID, "std of channel %d is %g, wanted more than 0", (int)c,
                            (double)out->normalization.std[c]);
    out->has_normalization = has_mean;
    return COP_OK;
}

static cop_status state_recipe(const options *o, const cop_tensor_file *file, given *out,
                               cop_error *err)
{
    const char *line = file != NULL ? cop_tensor_file_note(file, "recipe") : NULL;
    if (o->recipe != NULL) {
        out->recipe = cop_recipe_copy(o->recipe);
        return out->recipe != NULL ? COP_OK : cop_fail(err, COP_FAILED, "out of memory");
    }
    if (line == NULL)
        return cop_fail(err, COP_INVALID,
                        "%s does not say how networks are trained on the set: state recipe",
                        o->path);
    cop_error own = {0};
    out->recipe = cop_recipe_from_line(line, &own);
    return out->recipe != NULL ? COP_OK : cop_fail(err, COP_FAILED, "%s: %s", o->path, own.message);
}

/* Bytes are unit pixels once they are divided by 255. */
static cop_status state_space(const options *o, const cop_tensor_file *file, given *out,
                              cop_error *err)
{
    static const char *const names[] = {"unit", "normalised", NULL};
    int found = o->space == SPACE_NORMALISED;
    if (o->space == SPACE_AUTO)
        COP_TRY(find_name(o, file, "space", names, &found, err));
    out->space = found == 1 ? COP_PIXELS_NORMALISED : COP_PIXELS_UNIT;
    return COP_OK;
}

static cop_status state_whitening(const options *o, const cop_tensor_file *file, given *out,
                                  cop_error *err)
{
    static const char *const names[] = {"no", "yes", NULL};
    int found = o->zca == ZCA_YES;
    if (o->zca == ZCA_AUTO)
        COP_TRY(find_name(o, file, "whitened", names, &found, err));
    out->is_whitened = found == 1;
    if (!out->is_whitened || out->space == COP_PIXELS_NORMALISED)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "whitened pixels are no unit pixels: state space = \"normalised\"");
}

cop_status given_check_labels(const options *o, const cop_task *task, const cop_tensor_file *file,
                              const given *g, cop_error *err)
{
    static const char *const names[] = {"soft", "hard", NULL};
    int64_t classes = cop_task_classes(task);
    bool is_hard = true;
    int said = -1;
    COP_TRY(find_name(o, file, "label_kind", names, &said, err));
    for (int64_t i = 0; i < g->count * classes; i++)
        is_hard = is_hard && (g->labels[i] == 0.0f || g->labels[i] == 1.0f);
    if (said < 0 || (said == 1) == is_hard)
        return COP_OK;
    return cop_fail(err, COP_FAILED,
                    "%s: says of itself that its labels are %s, and they are %s: state label_kind",
                    o->path, names[said], names[is_hard]);
}

cop_status given_stated(const options *o, const cop_task *task, const cop_tensor_file *file,
                        given *out, cop_error *err)
{
    COP_TRY(state_space(o, file, out, err));
    COP_TRY(state_whitening(o, file, out, err));
    COP_TRY(state_decode(o, file, out, err));
    COP_TRY(check_factor(o, task, out, err));
    COP_TRY(state_normalization(o, task, file, out, err));
    return state_recipe(o, file, out, err);
}
