/* checkpoint.c: the state of a stage under way, as one safetensors file replaced atomically. */
#include "store/artifact.h"

#include "core/damage.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/formats/safetensors.h"
#include "store/paths.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void checkpoint_path(const cop_store *s, const cop_artifact_id *id, char *path, size_t size)
{
    (void)cop_path_join(path, size, NULL, s->dir, "work/%s-%s.checkpoint.safetensors", id->kind,
                        id->hash);
}

/* Over whose it is, the other notes, and every tensor's name, type, shape and bytes: what is
 * computed from a checkpoint is published, so neither a flipped bit nor another stage's checkpoint
 * may pass for a state. False when memory is out. */
static bool checksum(const cop_tensors *bag, const char *owner, const char *step,
                     const char *seconds, char hex[33])
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return false;
    cop_hasher_update_text(hasher, owner);
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
    char path[COP_PATH_SIZE], owner[64], step_text[32], seconds_text[32], hex[33];
    checkpoint_path(s, id, path, sizeof path);
    (void)snprintf(owner, sizeof owner, "%s-%s", id->kind, id->hash);
    (void)snprintf(step_text, sizeof step_text, "%lld", (long long)step);
    (void)cop_snprintf(seconds_text, sizeof seconds_text, "%.3f", seconds);
    if (!checksum(bag, owner, step_text, seconds_text, hex))
        return cop_out_of_memory(err);
    const cop_metadata notes[] = {
        {"of", owner}, {"step", step_text}, {"seconds", seconds_text}, {"checksum", hex}};
    return cop_safetensors_write(path, bag, notes, sizeof notes / sizeof notes[0], err);
}

/* A checkpoint that was read, or what is wrong with it. */
typedef struct reading {
    cop_tensors *bag;
    cop_metadata *notes;
    size_t count;
    int64_t step;
    double seconds;
} reading;

/* Takes the notes of a checkpoint whose tensors were read. COP_DAMAGED with what is wrong with it.
 */
static cop_status take_notes(const cop_artifact_id *id, reading *r, cop_error *err)
{
    const char *owner = cop_metadata_find(r->notes, r->count, "of");
    const char *step = cop_metadata_find(r->notes, r->count, "step");
    const char *seconds = cop_metadata_find(r->notes, r->count, "seconds");
    const char *wanted = cop_metadata_find(r->notes, r->count, "checksum");
    char self[64], hex[33], *step_end = NULL, *seconds_end = NULL;
    if (owner == NULL || step == NULL || seconds == NULL || wanted == NULL)
        return cop_fail(err, COP_DAMAGED, "without a stage, step, seconds or checksum");
    if (!checksum(r->bag, owner, step, seconds, hex))
        return cop_out_of_memory(err);
    if (strcmp(hex, wanted) != 0)
        return cop_fail(err, COP_DAMAGED, "damaged");
    (void)snprintf(self, sizeof self, "%s-%s", id->kind, id->hash);
    if (strcmp(owner, self) != 0)
        return cop_fail(err, COP_DAMAGED, "of another stage, %s", owner);
    errno = 0;
    r->step = strtoll(step, &step_end, 10);
    r->seconds = cop_strtod(seconds, &seconds_end);
    if (errno != 0 || step_end == step || *step_end != '\0' || r->step < 0 ||
        seconds_end == seconds || *seconds_end != '\0' || !isfinite(r->seconds))
        return cop_fail(err, COP_DAMAGED, "at no valid step");
    return COP_OK;
}

static cop_status read_checkpoint(const char *path, const cop_artifact_id *id, reading *r,
                                  cop_error *err)
{
    COP_TRY(cop_safetensors_read(path, &r->bag, &r->notes, &r->count, err));
    cop_status status = take_notes(id, r, err);
    free(r->notes);
    if (status != COP_OK) {
        cop_tensors_free(r->bag);
        r->bag = NULL;
    }
    return status;
}

cop_status cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                               cop_tensors **bag, int64_t *step, double *seconds, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    reading r = {0};
    *bag = NULL;
    checkpoint_path(s, id, path, sizeof path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return COP_OK;
    cop_status status = read_checkpoint(path, id, &r, &why);
    if (status == COP_DAMAGED) {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint %s: %s", why.message, path);
        return COP_OK;
    }
    if (status != COP_OK)
        return cop_fail_at(err, COP_FAILED, path, 0,
                           "the checkpoint cannot be read (%s); to start this stage over, delete "
                           "the file",
                           why.message);
    *bag = r.bag;
    *step = r.step;
    *seconds = r.seconds;
    return COP_OK;
}

void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id)
{
    char path[COP_PATH_SIZE];
    checkpoint_path(s, id, path, sizeof path);
    (void)unlink(path);
}
