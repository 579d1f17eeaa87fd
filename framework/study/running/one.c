/* one.c: running one stage, whoever goes through the stages. */
#include "core/callback.h"
#include "core/locale.h"
#include "core/openmp.h"
#include "study/running/runner.h"

#include <math.h>
#include <stdlib.h>

/* Seconds between checkpoints, where the environment does not say. */
#define SAVE_SECONDS 30.0

cop_status cop_run_stage_now(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    /* The thread count is part of the identity, so it is set for the stage, whatever the
     * environment says: oneDNN and OpenBLAS read it from the OpenMP runtime. */
    omp_set_num_threads(stage->opened->cell->threads);
    COP_TRY(cop_floats_settle(stage->opened->cell->threads, err));
    if (stage->given != NULL)
        return cop_run_given(r, stage, err);
    switch (stage->kind) {
    case COP_STAGE_DISTIL:
        return cop_run_distiller(r, stage, err);
    case COP_STAGE_TRAIN:
        return cop_run_training(r, stage, err);
    case COP_STAGE_MASK:
        return cop_run_pruner(r, stage, err);
    case COP_STAGE_ANALYZE:
        return cop_run_analyzer(r, stage, err);
    }
    return cop_fail(err, COP_FAILED, "unknown stage");
}

cop_status cop_save_seconds(double *seconds, cop_error *err)
{
    const char *text = getenv("COPPICE_SAVE_SECONDS");
    char *end = NULL;
    *seconds = SAVE_SECONDS;
    if (text == NULL || text[0] == '\0')
        return COP_OK;
    *seconds = cop_strtod(text, &end);
    if (*end != '\0' || !isfinite(*seconds) || *seconds < 0.0)
        return cop_fail(err, COP_INVALID,
                        "COPPICE_SAVE_SECONDS is \"%s\", wanted a number of at least 0", text);
    return COP_OK;
}
