/* result_check.c: does a work's result keep the contract of its kind? */
#include "study/running/drive.h"

#include "core/text.h"
#include "nn/synthetic.h"
#include "store/formats/synthetic_file.h"
#include "train/recipe_text.h"

#include <math.h>
#include <string.h>

/* Whether the recipe is the same after it was stored: its name is one word, its numbers finite. */
static bool reads_back(const cop_recipe *recipe)
{
    char text[COP_RECIPE_TEXT_SIZE], again[COP_RECIPE_TEXT_SIZE];
    cop_recipe read;
    return cop_recipe_from_text(cop_recipe_text(recipe, text, sizeof text), &read) &&
           strcmp(cop_recipe_text(&read, again, sizeof again), text) == 0;
}

static cop_status check_synthetic_header(const char *what, const cop_synthetic *s,
                                         const cop_task *task, cop_error *err)
{
    const cop_task *t = &s->task;
    if (t->channels != task->channels || t->height != task->height || t->width != task->width ||
        t->classes != task->classes)
        return cop_fail(err, COP_FAILED,
                        "%s made a set for %d×%d×%d images of %d classes, wanted %d×%d×%d of %d",
                        what, (int)t->channels, (int)t->height, (int)t->width, (int)t->classes,
                        (int)task->channels, (int)task->height, (int)task->width,
                        (int)task->classes);
    if (s->count < 1 || s->pixels == NULL || s->labels == NULL)
        return cop_fail(err, COP_FAILED, "%s made an empty set (%lld images)", what,
                        (long long)s->count);
    if (s->decode != COP_DECODE_NONE && s->decode != COP_DECODE_SINGLE &&
        s->decode != COP_DECODE_MULTI)
        return cop_fail(err, COP_FAILED, "%s: decoding %d is none that a set can be stored with",
                        what, (int)s->decode);
    if (s->factor < 1 || s->factor > task->height || s->factor > task->width ||
        s->factor > COP_SYNTHETIC_MOST_FACTOR)
        return cop_fail(err, COP_FAILED,
                        "%s: decoding factor %d, wanted 1 to the image's side, at most %d", what,
                        (int)s->factor, COP_SYNTHETIC_MOST_FACTOR);
    if (s->recipe == NULL || s->recipe->batch < 1 || !(s->recipe->duration.value > 0.0))
        return cop_fail(err, COP_FAILED, "%s did not say how to train on its set (recipe)", what);
    if (!reads_back(s->recipe))
        return cop_fail(err, COP_FAILED,
                        "%s: the recipe of its set cannot be stored: its name is one word of up to "
                        "31 letters, its numbers are finite",
                        what);
    for (int32_t c = 0; c < task->channels; c++) {
        if (!isfinite(s->normalization.mean[c]) || !isfinite(s->normalization.std[c]) ||
            !(s->normalization.std[c] > 0.0f))
            return cop_fail(err, COP_FAILED,
                            "%s: normalisation of channel %d is (x − %g) / %g, wanted a positive "
                            "deviation",
                            what, (int)c, (double)s->normalization.mean[c],
                            (double)s->normalization.std[c]);
    }
    return COP_OK;
}

cop_status cop_check_synthetic(const char *what, const cop_synthetic *s, const cop_task *task,
                               cop_error *err)
{
    COP_TRY(check_synthetic_header(what, s, task, err));
    cop_status status = cop_synthetic_check(s, err);
    return status == COP_OK ? COP_OK : cop_fail_within(err, "%s", what);
}

/* Whether a safetensors file can have a tensor of that name. */
static bool is_tensor_name(const char *name)
{
    if (!cop_is_utf8(name, strlen(name)) || strcmp(name, "__metadata__") == 0)
        return false;
    while (*name != '\0' && cop_control_length(name) == 0)
        name++;
    return *name == '\0';
}

cop_status cop_check_result_tensors(const char *what, const cop_tensors *tensors, cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(tensors); i++) {
        const char *name = cop_tensors_at(tensors, i)->name;
        char shown[100];
        if (!is_tensor_name(name))
            return cop_fail(
                err, COP_FAILED,
                "%s: a tensor of its results is called \"%s\", as none in a file can be", what,
                cop_escape(name, shown, sizeof shown));
    }
    return COP_OK;
}

static cop_status check_mask_tensor(const char *what, const cop_tensor *now,
                                    const cop_tensor *before, bool regrows, cop_error *err)
{
    if (strcmp(now->name, before->name) != 0 || now->dtype != COP_F32 || before->dtype != COP_F32 ||
        !cop_shape_equal(now->shape, before->shape))
        return cop_fail(err, COP_FAILED, "%s: mask '%s' stands where '%s' is wanted", what,
                        now->name, before->name);
    const float *kept = cop_f32(now), *had = cop_f32(before);
    int64_t count = cop_shape_count(now->shape);
    for (int64_t i = 0; i < count; i++) {
        if (kept[i] != 0.0f && kept[i] != 1.0f)
            return cop_fail(err, COP_FAILED, "%s: mask '%s' holds %g at %lld, wanted 0 or 1", what,
                            now->name, (double)kept[i], (long long)i);
        if (!regrows && kept[i] > had[i])
            return cop_fail(err, COP_FAILED, "%s: mask '%s' brings the removed weight %lld back",
                            what, now->name, (long long)i);
    }
    return COP_OK;
}

cop_status cop_check_mask(const char *what, const cop_tensors *mask, const cop_tensors *before,
                          const cop_mask_promise *promise, cop_error *err)
{
    if (cop_tensors_count(mask) != cop_tensors_count(before))
        return cop_fail(err, COP_FAILED, "%s: the mask has %zu tensors, wanted %zu", what,
                        cop_tensors_count(mask), cop_tensors_count(before));
    for (size_t i = 0; i < cop_tensors_count(mask); i++)
        COP_TRY(check_mask_tensor(what, cop_tensors_at(mask, i), cop_tensors_at(before, i),
                                  promise->regrows, err));
    int64_t left = cop_mask_count(mask);
    if (promise->states_left && left != promise->left)
        return cop_fail(err, COP_FAILED, "%s: the mask keeps %lld weights, and plan states %lld",
                        what, (long long)left, (long long)promise->left);
    return COP_OK;
}
