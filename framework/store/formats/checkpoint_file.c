/* checkpoint_file.c: writing and reading the state of a stage under way. */
#include "store/formats/checkpoint_file.h"

#include "core/damage.h"
#include "core/hash.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/tensor_view.h"
#include "store/formats/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the prefix of recorded series begins with; it is made longer where a bag has such names. */
#define SERIES_PREFIX "series/"

/* The notes, as texts; `series` may be NULL. */
typedef struct notes {
    const char *owner, *step, *seconds, *series;
} notes;

/* Over whose it is, the other notes, and every tensor's name, type, shape and bytes: what is
 * computed from a checkpoint is published, so neither a flipped bit nor another stage's checkpoint
 * may pass for a state. False when memory is out. */
static bool checksum(const cop_tensors *all, const notes *n, char hex[33])
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return false;
    cop_hasher_update_text(hasher, n->owner);
    cop_hasher_update_text(hasher, n->step);
    cop_hasher_update_text(hasher, n->seconds);
    if (n->series != NULL)
        cop_hasher_update_text(hasher, n->series);
    for (size_t i = 0; i < cop_tensors_count(all); i++) {
        const cop_tensor *t = cop_tensors_at(all, i);
        int64_t type = t->dtype, dims = t->shape.rank;
        cop_hasher_update_text(hasher, t->name);
        cop_hasher_update(hasher, &type, sizeof type);
        cop_hasher_update(hasher, &dims, sizeof dims);
        for (int64_t k = 0; k < dims; k++)
            cop_hasher_update(hasher, &t->shape.dim[k], sizeof t->shape.dim[k]);
        cop_hasher_update(hasher, t->data,
                          (size_t)cop_shape_count(t->shape) * cop_dtype_size(t->dtype));
    }
    (void)cop_digest_hex(cop_hasher_finish(hasher), hex);
    cop_hasher_free(hasher);
    return true;
}

static cop_status write(const cop_tensors *all, const notes *n, const char *path, cop_error *err)
{
    char hex[33];
    if (!checksum(all, n, hex))
        return cop_out_of_memory(err);
    const cop_metadata list[] = {{"of", n->owner},
                                 {"step", n->step},
                                 {"seconds", n->seconds},
                                 {"checksum", hex},
                                 {"series", n->series}};
    return cop_safetensors_write(path, all, list, n->series != NULL ? 5 : 4, err);
}

static bool begins_with(const cop_tensor *t, const char *prefix)
{
    return strncmp(t->name, prefix, strlen(prefix)) == 0;
}

/* A prefix that no name of the bag begins with. */
static void choose_prefix(const cop_tensors *bag, char prefix[COP_NAME_SIZE])
{
    size_t length = strlen(SERIES_PREFIX);
    memcpy(prefix, SERIES_PREFIX, length + 1);
    for (size_t i = 0; i < cop_tensors_count(bag); i++) {
        while (begins_with(cop_tensors_at(bag, i), prefix) && length + 1 < COP_NAME_SIZE) {
            prefix[length++] = '/';
            prefix[length] = '\0';
        }
    }
}

/* Shows the tensors of a set, each under a prefix, in a view. */
static cop_status show(cop_tensors *view, const char *prefix, const cop_tensors *set,
                       cop_error *err)
{
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        char name[2 * COP_NAME_SIZE];
        (void)snprintf(name, sizeof name, "%s%s", prefix, cop_tensors_at(set, i)->name);
        COP_TRY(cop_tensors_show(view, name, cop_tensors_at(set, i), err));
    }
    return COP_OK;
}

static cop_status write_both(const cop_saved *state, notes *n, const char *path, cop_error *err)
{
    char prefix[COP_NAME_SIZE];
    cop_tensors *view = cop_tensors_new_view();
    if (view == NULL)
        return cop_out_of_memory(err);
    choose_prefix(state->bag, prefix);
    n->series = prefix;
    cop_status status = show(view, "", state->bag, err);
    if (status == COP_OK)
        status = show(view, prefix, state->series, err);
    if (status == COP_OK)
        status = write(view, n, path, err);
    cop_tensors_free(view);
    return status;
}

cop_status cop_checkpoint_write(const char *owner, const cop_saved *state, const char *path,
                                cop_error *err)
{
    char step[32], seconds[32];
    notes n = {.owner = owner, .step = step, .seconds = seconds};
    (void)snprintf(step, sizeof step, "%lld", (long long)state->step);
    (void)cop_snprintf(seconds, sizeof seconds, "%.3f", state->seconds);
    if (state->series != NULL)
        return write_both(state, &n, path, err);
    return write(state->bag, &n, path, err);
}

/* Takes the notes but for the checksum. COP_DAMAGED with what is wrong. */
static cop_status take_progress(const notes *n, char *owner, int64_t *step, double *seconds,
                                cop_error *err)
{
    char *step_end = NULL, *seconds_end = NULL;
    if (n->owner == NULL || n->step == NULL || n->seconds == NULL)
        return cop_fail(err, COP_DAMAGED, "without a stage, step or seconds");
    if (strlen(n->owner) >= COP_ARTIFACT_NAME_SIZE)
        return cop_fail(err, COP_DAMAGED, "damaged");
    (void)snprintf(owner, COP_ARTIFACT_NAME_SIZE, "%s", n->owner);
    errno = 0;
    *step = strtoll(n->step, &step_end, 10);
    *seconds = cop_strtod(n->seconds, &seconds_end);
    if (errno != 0 || step_end == n->step || *step_end != '\0' || *step < 0 ||
        seconds_end == n->seconds || *seconds_end != '\0' || !isfinite(*seconds))
        return cop_fail(err, COP_DAMAGED, "at no valid step");
    return COP_OK;
}

/* Takes the notes of a checkpoint whose tensors were read into the bag. COP_DAMAGED with what is
 * wrong. */
static cop_status take_notes(const notes *n, const char *wanted, char *owner, cop_saved *out,
                             cop_error *err)
{
    char hex[33];
    if (n->owner == NULL || n->step == NULL || n->seconds == NULL || wanted == NULL)
        return cop_fail(err, COP_DAMAGED, "without a stage, step, seconds or checksum");
    if (!checksum(out->bag, n, hex))
        return cop_out_of_memory(err);
    if (strcmp(hex, wanted) != 0)
        return cop_fail(err, COP_DAMAGED, "damaged");
    return take_progress(n, owner, &out->step, &out->seconds, err);
}

/* Moves the tensors under the prefix, which are the last, from the bag to a set of their own. */
static cop_status take_series(const char *prefix, cop_saved *out, cop_error *err)
{
    size_t count = cop_tensors_count(out->bag), first = count, length = strlen(SERIES_PREFIX);
    if (strncmp(prefix, SERIES_PREFIX, length) != 0 ||
        strspn(prefix + length, "/") != strlen(prefix + length))
        return cop_fail(err, COP_DAMAGED, "with series under no valid prefix");
    while (first > 0 && begins_with(cop_tensors_at(out->bag, first - 1), prefix))
        first--;
    for (size_t i = 0; i < first; i++) {
        if (begins_with(cop_tensors_at(out->bag, i), prefix))
            return cop_fail(err, COP_DAMAGED, "with tensors in no valid order");
    }
    out->series = cop_tensors_new();
    if (out->series == NULL)
        return cop_out_of_memory(err);
    for (size_t i = first; i < count; i++) {
        const cop_tensor *from = cop_tensors_at(out->bag, i);
        cop_tensor *to = NULL;
        if (from->name[strlen(prefix)] == '\0')
            return cop_fail(err, COP_DAMAGED, "with a series of no name");
        COP_TRY(cop_tensors_add(out->series, from->name + strlen(prefix), from->dtype, from->shape,
                                &to, err));
        memcpy(to->data, from->data,
               (size_t)cop_shape_count(to->shape) * cop_dtype_size(to->dtype));
    }
    cop_tensors_cut(out->bag, first);
    return COP_OK;
}

static notes find_notes(const cop_metadata *list, size_t count)
{
    return (notes){.owner = cop_metadata_find(list, count, "of"),
                   .step = cop_metadata_find(list, count, "step"),
                   .seconds = cop_metadata_find(list, count, "seconds"),
                   .series = cop_metadata_find(list, count, "series")};
}

static cop_status take(const cop_metadata *list, size_t count, char *owner, cop_saved *out,
                       cop_error *err)
{
    const notes n = find_notes(list, count);
    COP_TRY(take_notes(&n, cop_metadata_find(list, count, "checksum"), owner, out, err));
    return n.series != NULL ? take_series(n.series, out, err) : COP_OK;
}

cop_status cop_checkpoint_read(const char *path, char *owner, cop_saved *out, cop_error *err)
{
    cop_metadata *list = NULL;
    size_t count = 0;
    *out = (cop_saved){0};
    COP_TRY(cop_safetensors_read(path, &out->bag, &list, &count, err));
    cop_status status = take(list, count, owner, out, err);
    free(list);
    if (status != COP_OK)
        cop_saved_clear(out);
    return status;
}

cop_status cop_checkpoint_glance(const char *path, char *owner, int64_t *step, double *seconds,
                                 cop_error *err)
{
    cop_metadata *list = NULL;
    size_t count = 0;
    COP_TRY(cop_safetensors_read(path, NULL, &list, &count, err));
    const notes n = find_notes(list, count);
    cop_status status = take_progress(&n, owner, step, seconds, err);
    free(list);
    return status;
}

void cop_saved_clear(cop_saved *saved)
{
    cop_tensors_free(saved->bag);
    cop_tensors_free(saved->series);
    *saved = (cop_saved){0};
}
