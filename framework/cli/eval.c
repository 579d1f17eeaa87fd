/* eval.c: `coppice eval`: the loss and accuracy of any weights in a config's model, on its data. */
#include "cli/command.h"
#include "core/json.h"
#include "core/memory.h"
#include "nn/model.h"
#include "store/formats/state_dict.h"
#include "study/data/data.h"

#include <coppice/objective.h>

#include <math.h>
#include <string.h>

/* What is evaluated on. */
typedef struct subject {
    const cop_cell *cell;
    cop_split split;
    const char *split_name;
} subject;

static cop_status choose_cell(const cop_config *config, const char *label, const cop_cell **out,
                              cop_error *err)
{
    if (label != NULL)
        return cop_call_cell(config, label, out, err);
    *out = &config->cells[0];
    if (config->cell_count == 1)
        return COP_OK;
    return cop_fail(err, COP_INVALID,
                    "the config sweeps %zu cells; choose one with --cell (\"%s\", ...)",
                    config->cell_count, config->cells[0].label);
}

static cop_status choose(const cop_call *call, const cop_config *config, subject *out,
                         cop_error *err)
{
    const cop_arguments *a = call->arguments;
    out->split_name = a->split != NULL ? a->split : "test";
    if (strcmp(out->split_name, "test") == 0)
        out->split = COP_SPLIT_TEST;
    else if (strcmp(out->split_name, "train") == 0)
        out->split = COP_SPLIT_TRAIN;
    else
        return cop_fail(err, COP_INVALID, "option '--split' is '%s', wanted train or test",
                        out->split_name);
    return choose_cell(config, a->cell, &out->cell, err);
}

static const char *weights_of(const cop_call *call)
{
    return call->arguments->weights.items[0];
}

static cop_status print_json(const cop_call *call, const subject *s, const cop_evaluation *e,
                             cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(root, "weights", weights_of(call)) != NULL &&
              cJSON_AddStringToObject(root, "cell", s->cell->label) != NULL &&
              cJSON_AddStringToObject(root, "split", s->split_name) != NULL &&
              cJSON_AddNumberToObject(root, "loss", e->loss) != NULL &&
              cJSON_AddNumberToObject(root, "accuracy", e->accuracy) != NULL &&
              cJSON_AddNumberToObject(root, "count", (double)e->count) != NULL;
    return cop_json_print(root, ok, call->out, err);
}

static cop_status print(const cop_call *call, const subject *s, const cop_evaluation *e,
                        cop_error *err)
{
    if (call->arguments->json)
        return print_json(call, s, e, err);
    (void)fprintf(call->out, "loss %.6f  accuracy %.2f %%  images %lld (%s)\n", e->loss,
                  100.0 * e->accuracy, (long long)e->count, s->split_name);
    return COP_OK;
}

static cop_status evaluate(const cop_call *call, const subject *s, const cop_loaded_data *data,
                           cop_model *model, cop_error *err)
{
    cop_tensors *state = NULL;
    cop_objective *objective = NULL;
    cop_evaluation result = {COP_SIZED(cop_evaluation)};
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = model,
                                     .data =
                                         s->split == COP_SPLIT_TEST ? &data->test : &data->train,
                                     .mode = COP_MODE_EVAL, .threads = s->cell->threads};
    COP_TRY(cop_state_dict_read(weights_of(call), model, call->log, &state, err));
    cop_status status = cop_objective_new(&spec, &objective, err);
    if (status == COP_OK)
        status = cop_objective_evaluate(objective, state, &result, err);
    if (status == COP_OK && !isfinite(result.loss))
        status =
            cop_fail_at(err, COP_FAILED, weights_of(call), 0,
                        "the loss of these weights is not finite (%g): they overflow", result.loss);
    if (status == COP_OK)
        status = print(call, s, &result, err);
    cop_objective_free(objective);
    cop_tensors_free(state);
    return status;
}

static cop_status evaluate_config(const cop_call *call, const cop_config *config, cop_error *err)
{
    subject s = {0};
    COP_TRY(choose(call, config, &s, err));
    cop_loaded_data *data = NULL;
    cop_model *model = NULL;
    cop_status status =
        cop_loaded_data_open(cop_cell_copies_dataset(s.cell), NULL, call->log, &data, err);
    if (status == COP_OK)
        status = cop_component_model(s.cell->model, &data->info.task, &model, err);
    if (status == COP_OK)
        status = evaluate(call, &s, data, model, err);
    cop_model_free(model);
    cop_loaded_data_free(data);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    cop_registry *registry = NULL;
    cop_config *config = NULL;
    if (call->arguments->weights.count == 0)
        return cop_fail(err, COP_INVALID, "eval wants --weights FILE");
    if (call->arguments->weights.count > 1)
        return cop_fail(err, COP_INVALID, "option '--weights' is given twice");
    COP_TRY(cop_call_config(call, &registry, &config, err));
    cop_status status = cop_call_threads(call, config, err);
    if (status == COP_OK)
        status = evaluate_config(call, config, err);
    cop_config_free(config);
    cop_registry_free(registry);
    return status;
}

static const char *const options[] = {"weights", "split", "cell",  "set", "plugin-dir",
                                      "threads", "json",  "quiet", NULL};

const cop_subcommand cop_eval_command = {
    .name = "eval",
    .words = "CONFIG",
    .least_words = 1,
    .most_words = 1,
    .summary = "evaluate any weights in the config's model, on its data",
    .details =
        "The weights are a safetensors file with the names of a PyTorch state_dict, from 'coppice\n"
        "export' or from elsewhere. The data are what the copies are measured by: those of\n"
        "train.dataset, where the config has one.",
    .options = options,
    .run = run};
