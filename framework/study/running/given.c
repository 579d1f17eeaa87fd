/* given.c: the stages whose result a file has: it is read, checked and published as if it had been
 * computed, a network with its evaluation on the test data. */
#include "study/graph/given.h"
#include "core/clock.h"
#include "core/damage.h"
#include "core/path.h"
#include "study/running/drive.h"
#include "study/running/history.h"
#include "study/running/makers.h"
#include "study/running/runner.h"

#include "store/artifact_files.h"
#include "store/formats/safetensors.h"
#include "store/formats/summary_json.h"

#include <coppice/objective.h>
#include <coppice/pruner.h>

#include <math.h>
#include <stdlib.h>

static cop_status evaluate(cop_runner *r, const cop_stage *stage, cop_tensors *state,
                           cop_evaluation *out, cop_error *err)
{
    cop_objective *objective = NULL;
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = stage->train.model,
                                     .data = &stage->data->test, .mode = COP_MODE_EVAL,
                                     .threads = stage->opened->cell->threads};
    COP_TRY(cop_objective_new(&spec, &objective, err));
    cop_status status = cop_objective_evaluate(objective, state, out, err);
    cop_objective_free(objective);
    if (status != COP_OK || isfinite(out->loss))
        return status;
    r->own_failure = true;
    return cop_fail_at(err, COP_FAILED, stage->given->path, 0,
                       "the loss of these weights is not finite (%g): they overflow", out->loss);
}

static cop_status write_history(const cop_draft *draft, const cop_evaluation *test, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_history_row rows[2] = {{0}};
    cop_history history = {.rows = rows, .capacity = 1};
    cop_history_close(&history, 0, test);
    cop_draft_path(draft, COP_HISTORY_FILE, path, sizeof path);
    return cop_history_write(&history, path, err);
}

static cop_status write_summary(const cop_stage *stage, const cop_draft *draft,
                                const cop_summary *summary, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_draft_path(draft, COP_SUMMARY_FILE, path, sizeof path);
    return cop_summary_write(summary, stage->id.kind, path, err);
}

static cop_status write_state(cop_runner *r, const cop_stage *stage, const cop_draft *draft,
                              cop_tensors *state, cop_error *err)
{
    cop_evaluation test = {COP_SIZED(cop_evaluation)};
    COP_TRY(evaluate(r, stage, state, &test, err));
    COP_TRY(write_history(draft, &test, err));
    const cop_summary summary = {.train_loss = NAN,
                                 .train_accuracy = NAN,
                                 .test_loss = test.loss,
                                 .test_accuracy = test.accuracy};
    return write_summary(stage, draft, &summary, err);
}

static cop_status write_mask(const cop_stage *stage, const cop_draft *draft,
                             const cop_tensors *mask, cop_error *err)
{
    double prunable = (double)cop_model_prunable_count(stage->opened->model);
    double kept = (double)cop_mask_count(mask);
    const cop_summary summary = {.prunable = prunable,
                                 .kept = kept,
                                 .sparsity = 1.0 - kept / prunable,
                                 .collapsed_layers = (double)cop_mask_collapsed(mask)};
    return write_summary(stage, draft, &summary, err);
}

static cop_status write_files(cop_runner *r, const cop_stage *stage, const cop_draft *draft,
                              cop_tensors *tensors, cop_error *err)
{
    char path[COP_PATH_SIZE];
    bool is_mask = stage->kind == COP_STAGE_MASK;
    cop_draft_path(draft, is_mask ? COP_MASK_FILE : COP_STATE_FILE, path, sizeof path);
    COP_TRY(cop_safetensors_write(path, tensors, NULL, 0, err));
    return is_mask ? write_mask(stage, draft, tensors, err)
                   : write_state(r, stage, draft, tensors, err);
}

cop_status cop_run_given(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    cop_tensors *tensors = NULL;
    cop_draft *draft = NULL;
    double began = cop_now();
    cop_status status = cop_given_read(stage->given, &tensors, err);
    /* The file is to blame, and no disk and no memory: what does not depend on it can still run. */
    r->own_failure = status == COP_INVALID || status == COP_DAMAGED;
    COP_TRY(status);
    status = cop_draft_open(r->store, &stage->id, &draft, err);
    if (status == COP_OK) {
        char *makers = cop_makers(stage);
        cop_draft_made_by(draft, makers != NULL ? makers : "");
        free(makers);
        status = write_files(r, stage, draft, tensors, err);
        if (status == COP_OK)
            status = cop_draft_publish(draft, stage->identity, cop_now() - began, err);
        else
            cop_draft_abandon(draft);
    }
    cop_tensors_free(tensors);
    return status;
}
