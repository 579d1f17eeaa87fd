/* run.c: running every stage that is not there yet, in order. */
#include "study/manifest.h"
#include "study/runner.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double cop_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds between checkpoints, where the environment does not say. */
#define SAVE_SECONDS 30.0

static cop_status run_stage(cop_runner *r, const cop_stage *stage, cop_error *err)
{
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

static cop_status save_seconds(double *seconds, cop_error *err)
{
    const char *text = getenv("COPPICE_SAVE_SECONDS");
    char *end = NULL;
    *seconds = SAVE_SECONDS;
    if (text == NULL || text[0] == '\0')
        return COP_OK;
    *seconds = strtod(text, &end);
    if (*end != '\0' || !isfinite(*seconds) || *seconds < 0.0)
        return cop_fail(err, COP_INVALID,
                        "COPPICE_SAVE_SECONDS is \"%s\", wanted a number of at least 0", text);
    return COP_OK;
}

cop_status cop_run_stages(cop_runner *r, cop_error *err)
{
    const cop_study *s = r->study;
    cop_store *store = r->store;
    cop_logger *log = r->log;
    size_t done = 0;
    for (size_t i = 0; i < s->stage_count; i++)
        done += cop_stage_done(store, &s->stages[i]) ? 1 : 0;
    cop_say(log, COP_LOG_INFO, "%zu stages, %zu of them already done", s->stage_count, done);
    COP_TRY(cop_study_write_manifest(s, store, log, err));
    for (size_t i = 0; i < s->stage_count; i++) {
        const cop_stage *stage = &s->stages[i];
        if (cop_stage_done(store, stage)) {
            /* There is one if a run was killed after it had published and before it tidied up. */
            cop_checkpoint_remove(store, &stage->id);
            continue;
        }
        /* The thread count is part of the identity, so it is set for the stage, whatever the
         * environment says: oneDNN and OpenBLAS read it from the OpenMP runtime. */
        omp_set_num_threads(stage->opened->setting->threads);
        double began = cop_now();
        cop_status status = run_stage(r, stage, err);
        if (status == COP_CANCELLED)
            return status;
        if (status != COP_OK)
            return cop_fail_within(err, "%s", stage->title);
        cop_say(log, COP_LOG_INFO, "[%zu/%zu] %s: %.1f s", i + 1, s->stage_count, stage->title,
                cop_now() - began);
    }
    return COP_OK;
}

cop_status cop_study_run(cop_study *s, cop_store *store, const volatile sig_atomic_t *stop,
                         cop_logger *log, cop_error *err)
{
    cop_runner r = {.study = s, .store = store, .stop = stop, .log = log};
    COP_TRY(save_seconds(&r.save_seconds, err));
    return cop_run_stages(&r, err);
}
