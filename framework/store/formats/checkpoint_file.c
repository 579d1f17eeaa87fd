/* checkpoint_file.c: writing and reading the state of a stage under way. */
#include "store/formats/checkpoint_file.h"

#include "core/damage.h"
#include "core/hash.h"
#include "core/locale.h"
#include "core/memory.h"
#include "store/formats/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

cop_status cop_checkpoint_write(const cop_checkpoint *checkpoint, const cop_tensors *bag,
                                const char *path, cop_error *err)
{
    char step[32], seconds[32], hex[33];
    (void)snprintf(step, sizeof step, "%lld", (long long)checkpoint->step);
    (void)cop_snprintf(seconds, sizeof seconds, "%.3f", checkpoint->seconds);
    if (!checksum(bag, checkpoint->owner, step, seconds, hex))
        return cop_out_of_memory(err);
    const cop_metadata notes[] = {
        {"of", checkpoint->owner}, {"step", step}, {"seconds", seconds}, {"checksum", hex}};
    return cop_safetensors_write(path, bag, notes, sizeof notes / sizeof notes[0], err);
}

/* Takes the notes of a checkpoint whose tensors were read. COP_DAMAGED with what is wrong. */
static cop_status take_notes(const cop_metadata *notes, size_t count, const cop_tensors *bag,
                             cop_checkpoint *out, cop_error *err)
{
    const char *owner = cop_metadata_find(notes, count, "of");
    const char *step = cop_metadata_find(notes, count, "step");
    const char *seconds = cop_metadata_find(notes, count, "seconds");
    const char *wanted = cop_metadata_find(notes, count, "checksum");
    char hex[33], *step_end = NULL, *seconds_end = NULL;
    if (owner == NULL || step == NULL || seconds == NULL || wanted == NULL)
        return cop_fail(err, COP_DAMAGED, "without a stage, step, seconds or checksum");
    if (!checksum(bag, owner, step, seconds, hex))
        return cop_out_of_memory(err);
    if (strcmp(hex, wanted) != 0 || strlen(owner) >= sizeof out->owner)
        return cop_fail(err, COP_DAMAGED, "damaged");
    (void)snprintf(out->owner, sizeof out->owner, "%s", owner);
    errno = 0;
    out->step = strtoll(step, &step_end, 10);
    out->seconds = cop_strtod(seconds, &seconds_end);
    if (errno != 0 || step_end == step || *step_end != '\0' || out->step < 0 ||
        seconds_end == seconds || *seconds_end != '\0' || !isfinite(out->seconds))
        return cop_fail(err, COP_DAMAGED, "at no valid step");
    return COP_OK;
}

cop_status cop_checkpoint_read(const char *path, cop_checkpoint *out, cop_tensors **bag,
                               cop_error *err)
{
    cop_metadata *notes = NULL;
    size_t count = 0;
    memset(out, 0, sizeof *out);
    COP_TRY(cop_safetensors_read(path, bag, &notes, &count, err));
    cop_status status = take_notes(notes, count, *bag, out, err);
    free(notes);
    if (status != COP_OK) {
        cop_tensors_free(*bag);
        *bag = NULL;
    }
    return status;
}
