/* given.c: the stages whose result a file has: it is read, checked and published as if it had been
 * computed, a network with its evaluation on the test data. */
#include "study/graph/given.h"
#include "core/clock.h"
#include "core/damage.h"
#include "core/path.h"
#include "study/running/history.h"
#include "study/running/publish.h"
#include "study/running/runner.h"

#include "store/artifact_files.h"
#include "store/formats/safetensors.h"

#include <coppice/objective.h>

#include <math.h>

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
    return cop_publish_summary(stage, draft, &summary, err);
}

/* What a file gave, and to which stage. */
typedef struct reading {
    cop_runner *r;
    const cop_stage *stage;
    cop_tensors *tensors;
} reading;

static cop_status write_files(void *context, cop_draft *draft, cop_error *err)
{
    const reading *given = context;
    const cop_stage *stage = given->stage;
    char path[COP_PATH_SIZE];
    bool is_mask = stage->kind == COP_STAGE_MASK;
    cop_draft_path(draft, is_mask ? COP_MASK_FILE : COP_STATE_FILE, path, sizeof path);
    COP_TRY(cop_safetensors_write(path, given->tensors, NULL, 0, err));
    if (!is_mask)
        return write_state(given->r, stage, draft, given->tensors, err);
    COP_TRY(cop_publish_layers(draft, given->tensors, err));
    const cop_summary summary = cop_mask_summary(stage, given->tensors);
    return cop_publish_summary(stage, draft, &summary, err);
}

cop_status cop_run_given(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    reading given = {.r = r, .stage = stage};
    const cop_publication what = {write_files, &given, .began = cop_now()};
    cop_status status = cop_given_read(stage->given, &given.tensors, err);
    /* The file is to blame, and no disk and no memory: what does not depend on it can still run. */
    r->own_failure = status == COP_INVALID || status == COP_DAMAGED;
    COP_TRY(status);
    status = cop_publish(r, stage, &what, err);
    cop_tensors_free(given.tensors);
    return status;
}
