/* checkpoint.c: the state of a stage under way, as one safetensors file replaced atomically. */
#include "store/artifact.h"

#include "store/paths.h"
#include "store/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void checkpoint_path(const cop_store *s, const cop_artifact_id *id, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/work/%s-%s.checkpoint.safetensors", s->dir, id->kind, id->hash);
}

cop_status cop_checkpoint_save(cop_store *s, const cop_artifact_id *id, const cop_tensors *bag,
                               int64_t step, double seconds, cop_error *err)
{
    char path[COP_STORE_PATH], step_text[32], seconds_text[32];
    checkpoint_path(s, id, path, sizeof path);
    (void)snprintf(step_text, sizeof step_text, "%lld", (long long)step);
    (void)snprintf(seconds_text, sizeof seconds_text, "%.3f", seconds);
    const cop_metadata notes[] = {{"step", step_text}, {"seconds", seconds_text}};
    return cop_safetensors_write(path, bag, notes, 2, err);
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
    if (cop_safetensors_read(path, bag, &notes, &count, &err) != COP_OK) {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint unreadable: %s", err.message);
        return false;
    }
    const char *step_text = cop_metadata_find(notes, count, "step");
    const char *seconds_text = cop_metadata_find(notes, count, "seconds");
    bool complete = step_text != NULL && seconds_text != NULL;
    if (complete) {
        *step = strtoll(step_text, NULL, 10);
        *seconds = strtod(seconds_text, NULL);
    } else {
        cop_say(log, COP_LOG_WARNING, "starting over, checkpoint without a step: %s", path);
        cop_tensors_free(*bag);
        *bag = NULL;
    }
    free(notes);
    return complete;
}

void cop_checkpoint_remove(cop_store *s, const cop_artifact_id *id)
{
    char path[COP_STORE_PATH];
    checkpoint_path(s, id, path, sizeof path);
    (void)unlink(path);
}
