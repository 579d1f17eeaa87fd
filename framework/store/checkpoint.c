/* checkpoint.c: where the state of a stage under way is kept, and when it counts. */
#include "store/artifact.h"

#include "core/damage.h"
#include "core/path.h"
#include "store/formats/checkpoint_file.h"
#include "store/paths.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void checkpoint_path(const cop_store *s, const cop_artifact_id *id, char *path, size_t size)
{
    (void)cop_path_join(path, size, NULL, s->dir, COP_WORK_FOLDER "/%s-%s.checkpoint.safetensors",
                        id->kind, id->hash);
}

cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_tensors *bag,
                               int64_t step, double seconds, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_checkpoint checkpoint = {.step = step, .seconds = seconds};
    checkpoint_path(s, id, path, sizeof path);
    (void)cop_artifact_text(id, checkpoint.owner);
    return cop_checkpoint_write(&checkpoint, bag, path, err);
}

/* A whole checkpoint of another stage is as bad as a damaged one. */
static cop_status read_own(const char *path, const cop_artifact_id *id, cop_checkpoint *out,
                           cop_tensors **bag, cop_error *err)
{
    char self[COP_ARTIFACT_NAME_SIZE];
    COP_TRY(cop_checkpoint_read(path, out, bag, err));
    if (strcmp(out->owner, cop_artifact_text(id, self)) == 0)
        return COP_OK;
    cop_tensors_free(*bag);
    *bag = NULL;
    return cop_fail(err, COP_DAMAGED, "of another stage, %s", out->owner);
}

cop_status cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                               cop_tensors **bag, int64_t *step, double *seconds, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    cop_checkpoint checkpoint;
    *bag = NULL;
    checkpoint_path(s, id, path, sizeof path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return COP_OK;
    cop_status status = read_own(path, id, &checkpoint, bag, &why);
    if (status == COP_DAMAGED) {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint %s: %s", why.message, path);
        return COP_OK;
    }
    if (status != COP_OK)
        return cop_fail_at(err, COP_FAILED, path, 0,
                           "the checkpoint cannot be read (%s); to start this stage over, delete "
                           "the file",
                           why.message);
    *step = checkpoint.step;
    *seconds = checkpoint.seconds;
    return COP_OK;
}

cop_status cop_checkpoint_keep(cop_store *s, const cop_artifact_id *id, int64_t step,
                               const char *path, bool *kept, cop_error *err)
{
    char from[COP_PATH_SIZE];
    cop_checkpoint checkpoint;
    cop_tensors *bag = NULL;
    *kept = false;
    checkpoint_path(s, id, from, sizeof from);
    if (access(from, F_OK) != 0 && errno == ENOENT)
        return COP_OK;
    cop_status status = read_own(from, id, &checkpoint, &bag, err);
    if (status == COP_DAMAGED)
        return COP_OK;
    COP_TRY(status);
    checkpoint.seconds = 0.0;
    if (checkpoint.step == step) {
        status = cop_checkpoint_write(&checkpoint, bag, path, err);
        *kept = status == COP_OK;
    }
    cop_tensors_free(bag);
    return status;
}

void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id)
{
    char path[COP_PATH_SIZE];
    checkpoint_path(s, id, path, sizeof path);
    (void)unlink(path);
}
