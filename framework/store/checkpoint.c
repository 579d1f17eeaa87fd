/* checkpoint.c: the state of a stage under way, as one safetensors file replaced atomically. */
#include "store/artifact.h"

#include "core/locale.h"
#include "store/paths.h"
#include "store/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void checkpoint_path(const cop_store *s, const cop_artifact_id *id, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/work/%s-%s.checkpoint.safetensors", s->dir, id->kind, id->hash);
}

/* Over the notes and over every tensor's name, type, shape and bytes: what is computed from a
 * checkpoint is published, so a flipped bit must not pass for a state. False when memory is out. */
static bool checksum(const cop_tensors *bag, const char *step, const char *seconds, char hex[33])
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return false;
    cop_hasher_update_text(hasher, step);
    cop_hasher_update_text(hasher, seconds);
    for (size_t i = 0; i < cop_tensors_count(bag); i++) {
        const cop_tensor *t = cop_tensors_at(bag, i);
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

cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_tensors *bag,
                               int64_t step, double seconds, cop_error *err)
{
    char path[COP_STORE_PATH], step_text[32], seconds_text[32], hex[33];
    checkpoint_path(s, id, path, sizeof path);
    (void)snprintf(step_text, sizeof step_text, "%lld", (long long)step);
    (void)cop_snprintf(seconds_text, sizeof seconds_text, "%.3f", seconds);
    if (!checksum(bag, step_text, seconds_text, hex))
        return cop_fail(err, COP_FAILED, "out of memory");
    const cop_metadata notes[] = {
        {"step", step_text}, {"seconds", seconds_text}, {"checksum", hex}};
    return cop_safetensors_write(path, bag, notes, 3, err);
}

/* Takes the notes of a checkpoint whose tensors were read; false with what is wrong with it. */
static bool take_notes(const cop_tensors *bag, const cop_metadata *notes, size_t count,
                       int64_t *step, double *seconds, const char **wrong)
{
    const char *step_text = cop_metadata_find(notes, count, "step");
    const char *seconds_text = cop_metadata_find(notes, count, "seconds");
    const char *wanted = cop_metadata_find(notes, count, "checksum");
    char hex[33], *step_end = NULL, *seconds_end = NULL;
    *wrong = "without step, seconds or checksum";
    if (step_text == NULL || seconds_text == NULL || wanted == NULL)
        return false;
    *wrong = "damaged";
    if (!checksum(bag, step_text, seconds_text, hex) || strcmp(hex, wanted) != 0)
        return false;
    errno = 0;
    *step = strtoll(step_text, &step_end, 10);
    *seconds = cop_strtod(seconds_text, &seconds_end);
    *wrong = "at no valid step";
    return errno == 0 && step_end != step_text && *step_end == '\0' && *step >= 0 &&
           seconds_end != seconds_text && *seconds_end == '\0' && isfinite(*seconds);
}

bool cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                         cop_tensors **bag, int64_t *step, double *seconds)
{
    char path[COP_STORE_PATH];
    checkpoint_path(s, id, path, sizeof path);
    if (access(path, F_OK) != 0)
        return false;
    cop_error err = {0};
    cop_metadata *notes = NULL;
    size_t count = 0;
    const char *wrong = NULL;
    int64_t at = 0;
    double spent = 0.0;
    if (cop_safetensors_read(path, bag, &notes, &count, &err) != COP_OK) {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint unreadable: %s", err.message);
        return false;
    }
    bool usable = take_notes(*bag, notes, count, &at, &spent, &wrong);
    if (usable) {
        *step = at;
        *seconds = spent;
    } else {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint %s: %s", wrong, path);
        cop_tensors_free(*bag);
        *bag = NULL;
    }
    free(notes);
    return usable;
}

void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id)
{
    char path[COP_STORE_PATH];
    checkpoint_path(s, id, path, sizeof path);
    (void)unlink(path);
}
