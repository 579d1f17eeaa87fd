/* done.c: what of a study is there already. */
#include "study/runner.h"

#include <unistd.h>

bool cop_stage_done(const cop_store *store, const cop_stage *stage)
{
    if (!cop_store_has(store, &stage->id))
        return false;
    for (size_t i = 0; i < stage->train.snapshot_count; i++) {
        char file[80], path[COP_PATH_SIZE];
        cop_store_path(store, &stage->id,
                       cop_snapshot_file(stage->train.snapshots[i], file, sizeof file), path,
                       sizeof path);
        if (access(path, F_OK) != 0)
            return false;
    }
    return true;
}
