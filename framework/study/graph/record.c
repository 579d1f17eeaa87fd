/* record.c: what a study's record says of it: its artifacts, its graph, its config. */
#include "study/graph/record.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "store/artifact_files.h"
#include "store/formats/stages_json.h"
#include "store/formats/study_json.h"
#include "store/study_folders.h"
#include "study/graph/analysis_names.h"
#include "train/recipe_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *plugin_id(const cop_component *component)
{
    return cop_component_entry(component)->plugin->id;
}

/* The name of a stage's artifact; false where there is no stage. */
static bool name_of(const cop_study *s, int32_t stage, cop_artifact_id *out)
{
    if (stage == COP_NO_STAGE)
        return false;
    *out = s->stages[stage].id;
    return true;
}

/* The training whose weights were pruned to find a ticket's mask; none of a control's. */
static int32_t found_by(const cop_study *s, const cop_ticket *t)
{
    bool is_pruned = t->mask != COP_NO_STAGE && t->control == COP_CONTROL_NONE;
    return is_pruned ? s->stages[t->mask].work.trained : COP_NO_STAGE;
}

/* The distilled set that it trained on; none: real data. */
static int32_t trained_on(const cop_study *s, const cop_ticket *t)
{
    int32_t training = found_by(s, t);
    return training == COP_NO_STAGE ? COP_NO_STAGE : s->stages[training].train.distil;
}

/* The functions below are false when memory is out. */

/* A component on one line: "convnet { depth = 3; width = 128; }". */
static const char *component_text(const cop_component *c, cop_arena *arena)
{
    cop_text text = {0};
    cop_text_printf(&text, "%s {", plugin_id(c));
    for (const char *line = cop_component_effective(c); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        cop_text_printf(&text, " %.*s;", (int)length, line);
        line += length + (line[length] == '\n');
    }
    cop_text_append(&text, " }");
    const char *kept = text.failed ? NULL : cop_arena_strdup(arena, text.data);
    cop_text_free(&text);
    return kept;
}

static bool fill_cell(const cop_cell *cell, const cop_loaded_data *data, cop_arena *arena,
                      cop_record_cell *out)
{
    *out = (cop_record_cell){
        .label = cell->label,
        .analyzers = cop_arena_array(arena, cell->analyzer_count + 1, sizeof *out->analyzers),
        .analyzer_count = cell->analyzer_count,
        .distiller = cell->distill != NULL ? plugin_id(cell->distill) : NULL,
        .chance = cop_samples_chance(&data->test, 0),
        .network = {.model = component_text(cell->model, arena),
                    .task = data->info.task,
                    .normalization = data->info.normalization}};
    for (size_t i = 0; out->analyzers != NULL && i < cell->analyzer_count; i++)
        out->analyzers[i] = plugin_id(cell->analyzers[i]);
    return out->analyzers != NULL && out->network.model != NULL;
}

static bool fill_analyses(const cop_study *s, const cop_ticket *t, cop_arena *arena,
                          cop_record_ticket *out)
{
    const cop_cell *cell = &s->config->cells[t->cell];
    out->analyses = cop_arena_array(arena, t->analysis_count + 1, sizeof *out->analyses);
    for (size_t i = 0; out->analyses != NULL && i < t->analysis_count; i++) {
        if (t->analyses[i] == COP_NO_STAGE)
            continue;
        cop_record_analysis *to = &out->analyses[out->analysis_count++];
        char *label = cop_analysis_label(cell, i);
        *to = (cop_record_analysis){.analyzer = plugin_id(cell->analyzers[i]),
                                    .label = label != NULL ? cop_arena_strdup(arena, label) : NULL,
                                    .is_labelled = cell->analyzer_labels[i] != NULL,
                                    .id = s->stages[t->analyses[i]].id};
        free(label);
        if (to->label == NULL)
            return false;
    }
    return out->analyses != NULL;
}

static bool fill_ticket(const cop_study *s, const cop_ticket *t, cop_arena *arena,
                        cop_record_ticket *out)
{
    *out = (cop_record_ticket){
        .cell = t->cell,
        .seed = s->config->seeds[t->seed],
        .phase = t->phase,
        .round = t->round,
        .control = t->control != COP_CONTROL_NONE ? cop_control_name(t->control) : NULL,
        .points = t->points,
        .knows_data = true,
        .copies = cop_arena_array(arena, t->copy_count + 1, sizeof *out->copies),
        .copy_count = t->copy_count};
    out->has_mask = name_of(s, t->mask, &out->mask);
    out->has_training = name_of(s, found_by(s, t), &out->training);
    out->has_data = name_of(s, trained_on(s, t), &out->data);
    for (size_t i = 0; out->copies != NULL && i < t->copy_count; i++)
        out->copies[i] = s->stages[t->copies[i]].id;
    return out->copies != NULL && fill_analyses(s, t, arena, out);
}

static bool fill_distilled(const cop_study *s, const cop_distilled_line *line, cop_arena *arena,
                           cop_record_distilled *out)
{
    const cop_work_stage *work = &s->stages[line->distil].work;
    const cop_training_stage *trained = &s->stages[line->trained].train;
    char recipe[COP_RECIPE_TEXT_SIZE];
    *out = (cop_record_distilled){
        .cell = line->cell,
        .seed = s->config->seeds[line->seed],
        .set = s->stages[line->distil].id,
        .real_images = work->real_images >= 0.0 ? work->real_images : (double)NAN,
        .second_order = work->second_order >= 0.0 ? work->second_order : (double)NAN,
        .trainings = cop_arena_array(arena, work->training_count + 1, sizeof *out->trainings),
        .training_count = work->training_count};
    out->has_trained = name_of(s, line->trained, &out->trained);
    for (size_t i = 0; out->trainings != NULL && i < work->training_count; i++)
        out->trainings[i] = s->stages[work->trainings[i]].id;
    if (trained->own_recipe)
        return out->trainings != NULL;
    out->recipe = cop_arena_strdup(arena, cop_recipe_text(&trained->recipe, recipe, sizeof recipe));
    return out->trainings != NULL && out->recipe != NULL;
}

/* Stages without a result, each with the reason: its own, or that of the stage it waits for. */
static void fill_failures(const cop_study *s, cop_record *out)
{
    for (size_t i = 0; i < s->stage_count; i++) {
        if (s->stages[i].failure != NULL)
            out->failures[out->failure_count++] =
                (cop_record_failure){.stage = s->stages[i].id, .reason = s->stages[i].failure};
    }
}

/* Notes a plugin, and those of the models among its options, unless they are known. */
static void add_plugin(const cop_component *c, cop_record *out)
{
    if (c == NULL)
        return;
    const cop_plugin *p = cop_component_entry(c)->plugin;
    const char *kind = cop_kind_name(p->kind);
    bool known = false;
    for (size_t i = 0; i < out->plugin_count; i++)
        known = known ||
                (strcmp(out->plugins[i].kind, kind) == 0 && strcmp(out->plugins[i].id, p->id) == 0);
    if (!known)
        out->plugins[out->plugin_count++] =
            (cop_record_plugin){.kind = kind,
                                .id = p->id,
                                .version = p->version,
                                .summary = p->summary,
                                .citation = p->citation != NULL ? p->citation : ""};
    for (size_t i = 0; i < cop_component_model_count(c); i++)
        add_plugin(cop_component_model_at(c, i), out);
}

static void add_plugins_of_cell(const cop_cell *cell, cop_record *out)
{
    add_plugin(cell->dataset, out);
    add_plugin(cell->distill, out);
    add_plugin(cell->model, out);
    add_plugin(cell->train_dataset, out);
    for (size_t i = 0; i < cell->phase_count; i++) {
        add_plugin(cell->phases[i].pruner, out);
        add_plugin(cell->phases[i].dataset, out);
    }
    for (size_t i = 0; i < cell->analyzer_count; i++) {
        add_plugin(cell->analyzers[i], out);
        add_plugin(cell->analyzer_datasets[i], out);
    }
}

static bool fill(const cop_study *s, cop_arena *arena, cop_record *out)
{
    *out = (cop_record){
        .name = s->config->name,
        .seeds = s->config->seeds,
        .seed_count = s->config->seed_count,
        .cells = cop_arena_array(arena, s->config->cell_count + 1, sizeof *out->cells),
        .cell_count = s->config->cell_count,
        .baseline = s->config->baseline,
        .tickets = cop_arena_array(arena, s->ticket_count + 1, sizeof *out->tickets),
        .ticket_count = s->ticket_count,
        .distilled = cop_arena_array(arena, s->distilled_count + 1, sizeof *out->distilled),
        .distilled_count = s->distilled_count,
        .failures = cop_arena_array(arena, s->stage_count + 1, sizeof *out->failures),
        .plugins = cop_arena_array(arena, cop_registry_count(s->config->registry) + 1,
                                   sizeof *out->plugins)};
    if (out->cells == NULL || out->tickets == NULL || out->distilled == NULL ||
        out->failures == NULL || out->plugins == NULL)
        return false;
    for (size_t i = 0; i < out->cell_count; i++)
        add_plugins_of_cell(&s->config->cells[i], out);
    bool ok = true;
    for (size_t i = 0; ok && i < out->cell_count; i++)
        ok = fill_cell(&s->config->cells[i], s->opened[i].copies_data, arena, &out->cells[i]);
    for (size_t i = 0; ok && i < out->ticket_count; i++)
        ok = fill_ticket(s, &s->tickets[i], arena, &out->tickets[i]);
    for (size_t i = 0; ok && i < out->distilled_count; i++)
        ok = fill_distilled(s, &s->distilled[i], arena, &out->distilled[i]);
    fill_failures(s, out);
    return ok;
}

/* Verdicts are listed for every analyzer of a cell, and the record has those that look at the
 * ticket. */
static void add_verdicts(const cop_study *s, const cop_verdict *verdicts, cop_record *record)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        cop_record_analysis *to = record->tickets[i].analyses;
        for (size_t k = 0; k < s->tickets[i].analysis_count; k++, verdicts++) {
            if (s->tickets[i].analyses[k] == COP_NO_STAGE)
                continue;
            to->verdicts = verdicts->tables;
            to->unjudged = verdicts->reason;
            to++;
        }
    }
}

static cop_status write_study(const cop_study *s, const char *dir, const cop_verdict *verdicts,
                              cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_record record;
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_STUDY_FILE));
    cop_arena *arena = cop_arena_new();
    bool is_filled = arena != NULL && fill(s, arena, &record);
    if (is_filled && verdicts != NULL)
        add_verdicts(s, verdicts, &record);
    cop_status status = is_filled ? cop_record_write(&record, path, err) : cop_out_of_memory(err);
    cop_arena_free(arena);
    return status;
}

cop_status cop_study_write_record(const cop_study *s, const cop_store *store,
                                  const cop_verdict *verdicts, cop_error *err)
{
    char dir[COP_PATH_SIZE];
    COP_TRY(cop_study_folder_make(cop_store_dir(store), s->config->name, dir, sizeof dir, err));
    return write_study(s, dir, verdicts, err);
}

/* The graph. */

static bool fill_stage(const cop_study *s, const cop_stage *stage, int32_t *inputs,
                       cop_arena *arena, cop_stage_record *out)
{
    *out = (cop_stage_record){.id = stage->id,
                              .title = stage->title,
                              .data = stage->data->fingerprint,
                              .identity = stage->identity,
                              .input_count = cop_stage_inputs(stage, inputs)};
    out->inputs = cop_arena_array(arena, out->input_count + 1, sizeof *out->inputs);
    for (size_t i = 0; out->inputs != NULL && i < out->input_count; i++)
        out->inputs[i] = s->stages[inputs[i]].id;
    return out->inputs != NULL;
}

/* Room for the inputs of any stage. */
static int32_t *most_inputs(const cop_study *s, cop_arena *arena)
{
    size_t most = 1;
    for (size_t i = 0; i < s->stage_count; i++) {
        size_t count = cop_stage_inputs(&s->stages[i], NULL);
        most = count > most ? count : most;
    }
    return cop_arena_array(arena, most, sizeof(int32_t));
}

/* What is set of the variables that choose instruction sets, to be set again elsewhere. */
static bool fill_environment(cop_arena *arena, cop_stage_records *out)
{
    const char *const *names = cop_exec_isa_variables();
    size_t most = 0;
    while (names[most] != NULL)
        most++;
    out->environment = cop_arena_array(arena, most + 1, sizeof *out->environment);
    for (size_t i = 0; out->environment != NULL && i < most; i++) {
        const char *value = getenv(names[i]);
        if (value == NULL)
            continue;
        const char *line = cop_arena_printf(arena, "%s=%s", names[i], value);
        if (line == NULL)
            return false;
        out->environment[out->environment_count++] = line;
    }
    return out->environment != NULL;
}

static bool fill_graph(const cop_study *s, cop_arena *arena, cop_stage_records *out)
{
    const cop_registry *registry = s->config->registry;
    int32_t *inputs = most_inputs(s, arena);
    *out = (cop_stage_records){
        .study = s->config->name,
        .plugin_dir_count = cop_registry_dir_count(registry),
        .plugin_dirs =
            cop_arena_array(arena, cop_registry_dir_count(registry) + 1, sizeof *out->plugin_dirs),
        .stage_count = s->stage_count,
        .stages = cop_arena_array(arena, s->stage_count + 1, sizeof *out->stages)};
    if (inputs == NULL || out->plugin_dirs == NULL || out->stages == NULL ||
        !fill_environment(arena, out))
        return false;
    for (size_t i = 0; i < out->plugin_dir_count; i++)
        out->plugin_dirs[i] = cop_registry_dir(registry, i);
    bool ok = true;
    for (size_t i = 0; ok && i < s->stage_count; i++)
        ok = fill_stage(s, &s->stages[i], inputs, arena, &out->stages[i]);
    return ok;
}

cop_status cop_study_write_graph(const cop_study *s, const cop_store *store, cop_error *err)
{
    char dir[COP_PATH_SIZE], path[COP_PATH_SIZE];
    cop_stage_records records;
    COP_TRY(cop_study_folder_make(cop_store_dir(store), s->config->name, dir, sizeof dir, err));
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_CONFIG_FILE));
    COP_TRY(cop_file_write(path, s->config->resolved, strlen(s->config->resolved), err));
    COP_TRY(cop_path_join(path, sizeof path, err, dir, COP_STAGES_FILE));
    cop_arena *arena = cop_arena_new();
    cop_status status = arena != NULL && fill_graph(s, arena, &records)
                            ? cop_stages_write(&records, path, err)
                            : cop_out_of_memory(err);
    cop_arena_free(arena);
    return status;
}
