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
    (void)cop_path_join(path, size, NULL, s->dir, COP_WORK_FOLDER "/%s-%s" COP_CHECKPOINT_SUFFIX,
                        id->kind, id->hash);
}

cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_saved *state,
                               cop_error *err)
{
    char path[COP_PATH_SIZE], owner[COP_ARTIFACT_NAME_SIZE];
    checkpoint_path(s, id, path, sizeof path);
    return cop_checkpoint_write(cop_artifact_text(id, owner), state, path, err);
}

/* A whole checkpoint of another stage is as bad as a damaged one. */
static cop_status read_own(const char *path, const cop_artifact_id *id, cop_saved *out,
                           cop_error *err)
{
    char self[COP_ARTIFACT_NAME_SIZE], owner[COP_ARTIFACT_NAME_SIZE];
    COP_TRY(cop_checkpoint_read(path, owner, out, err));
    if (strcmp(owner, cop_artifact_text(id, self)) == 0)
        return COP_OK;
    cop_saved_clear(out);
    return cop_fail(err, COP_DAMAGED, "of another stage, %s", owner);
}

cop_status cop_checkpoint_load(cop_store *s, const cop_artifact_id *id, cop_logger *log,
                               cop_saved *out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    *out = (cop_saved){0};
    checkpoint_path(s, id, path, sizeof path);
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return COP_OK;
    cop_status status = read_own(path, id, out, &why);
    if (status == COP_DAMAGED) {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint %s: %s", why.message, path);
        return COP_OK;
    }
    if (status != COP_OK)
        return cop_fail_at(err, COP_FAILED, path, 0,
                           "the checkpoint cannot be read (%s); to start this stage over, delete "
                           "the file",
                           why.message);
    return COP_OK;
}

cop_status cop_checkpoint_keep(cop_store *s, const cop_artifact_id *id, int64_t step,
                               const char *path, bool *kept, cop_error *err)
{
    char from[COP_PATH_SIZE], owner[COP_ARTIFACT_NAME_SIZE];
    cop_saved state;
    *kept = false;
    checkpoint_path(s, id, from, sizeof from);
    if (access(from, F_OK) != 0 && errno == ENOENT)
        return COP_OK;
    cop_status status = read_own(from, id, &state, err);
    if (status == COP_DAMAGED)
        return COP_OK;
    COP_TRY(status);
    state.seconds = 0.0;
    if (state.step == step) {
        status = cop_checkpoint_write(cop_artifact_text(id, owner), &state, path, err);
        *kept = status == COP_OK;
    }
    cop_saved_clear(&state);
    return status;
}

void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id)
{
    char path[COP_PATH_SIZE];
    checkpoint_path(s, id, path, sizeof path);
    (void)unlink(path);
}
