/* record.c: what a study's record says of it. */
#include "study/graph/record.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "store/artifact_files.h"
#include "store/formats/study_json.h"
#include "study/graph/analysis_names.h"

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

/* The training whose weights were pruned to find a ticket's mask. */
static int32_t found_by(const cop_study *s, const cop_ticket *t)
{
    return t->mask == COP_NO_STAGE ? COP_NO_STAGE : s->stages[t->mask].work.trained;
}

/* The distilled set that it trained on; none: real data. */
static int32_t trained_on(const cop_study *s, const cop_ticket *t)
{
    int32_t training = found_by(s, t);
    return training == COP_NO_STAGE ? COP_NO_STAGE : s->stages[training].train.distil;
}

/* The functions below are false when memory is out. */

static bool fill_cell(const cop_cell *cell, const cop_loaded_data *data, cop_arena *arena,
                      cop_record_cell *out)
{
    *out = (cop_record_cell){
        .label = cell->label,
        .analyzers = cop_arena_array(arena, cell->analyzer_count + 1, sizeof *out->analyzers),
        .analyzer_count = cell->analyzer_count,
        .distiller = cell->distill != NULL ? plugin_id(cell->distill) : NULL,
        .chance = cop_samples_chance(&data->test, 0)};
    for (size_t i = 0; out->analyzers != NULL && i < cell->analyzer_count; i++)
        out->analyzers[i] = plugin_id(cell->analyzers[i]);
    return out->analyzers != NULL;
}

static bool fill_analyses(const cop_study *s, const cop_ticket *t, cop_arena *arena,
                          cop_record_ticket *out)
{
    const cop_cell *cell = &s->config->cells[t->cell];
    out->analyses = cop_arena_array(arena, t->analysis_count + 1, sizeof *out->analyses);
    out->analysis_count = t->analysis_count;
    for (size_t i = 0; out->analyses != NULL && i < t->analysis_count; i++) {
        char *label = cop_analysis_label(cell, i);
        out->analyses[i] =
            (cop_record_analysis){.analyzer = plugin_id(cell->analyzers[i]),
                                  .label = label != NULL ? cop_arena_strdup(arena, label) : NULL,
                                  .id = s->stages[t->analyses[i]].id};
        free(label);
        if (out->analyses[i].label == NULL)
            return false;
    }
    return out->analyses != NULL;
}

static bool fill_ticket(const cop_study *s, const cop_ticket *t, cop_arena *arena,
                        cop_record_ticket *out)
{
    *out = (cop_record_ticket){.cell = t->cell,
                               .seed = s->config->seeds[t->seed],
                               .phase = t->phase,
                               .round = t->round,
                               .points = t->points,
                               .knows_data = true,
                               .copies =
                                   cop_arena_array(arena, t->copy_count + 1, sizeof *out->copies),
                               .copy_count = t->copy_count};
    out->has_mask = name_of(s, t->mask, &out->mask);
    out->has_training = name_of(s, found_by(s, t), &out->training);
    out->has_data = name_of(s, trained_on(s, t), &out->data);
    for (size_t i = 0; out->copies != NULL && i < t->copy_count; i++)
        out->copies[i] = s->stages[t->copies[i]].id;
    return out->copies != NULL && fill_analyses(s, t, arena, out);
}

static void fill_distilled(const cop_study *s, const cop_distilled_line *line,
                           cop_record_distilled *out)
{
    *out = (cop_record_distilled){.cell = line->cell,
                                  .seed = s->config->seeds[line->seed],
                                  .set = s->stages[line->distil].id};
    out->has_trained = name_of(s, line->trained, &out->trained);
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

static bool fill(const cop_study *s, cop_arena *arena, cop_record *out)
{
    *out = (cop_record){
        .name = s->config->name,
        .seeds = s->config->seeds,
        .seed_count = s->config->seed_count,
        .cells = cop_arena_array(arena, s->config->cell_count + 1, sizeof *out->cells),
        .cell_count = s->config->cell_count,
        .tickets = cop_arena_array(arena, s->ticket_count + 1, sizeof *out->tickets),
        .ticket_count = s->ticket_count,
        .distilled = cop_arena_array(arena, s->distilled_count + 1, sizeof *out->distilled),
        .distilled_count = s->distilled_count,
        .failures = cop_arena_array(arena, s->stage_count + 1, sizeof *out->failures)};
    if (out->cells == NULL || out->tickets == NULL || out->distilled == NULL ||
        out->failures == NULL)
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < out->cell_count; i++)
        ok = fill_cell(&s->config->cells[i], s->opened[i].data, arena, &out->cells[i]);
    for (size_t i = 0; ok && i < out->ticket_count; i++)
        ok = fill_ticket(s, &s->tickets[i], arena, &out->tickets[i]);
    for (size_t i = 0; i < out->distilled_count; i++)
        fill_distilled(s, &s->distilled[i], &out->distilled[i]);
    fill_failures(s, out);
    return ok;
}

static void add_verdicts(const cop_verdict *verdicts, cop_record *record)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        cop_record_ticket *t = &record->tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++, verdicts++) {
            t->analyses[k].verdicts = verdicts->tables;
            t->analyses[k].unjudged = verdicts->reason;
        }
    }
}

/* Says so when the directory was another study's: its artifacts stay, but a report is on one. */
static void warn_of_other_study(const cop_study *s, const char *path, cop_logger *log)
{
    char *name = NULL, was[256], is[256];
    cop_record_kind kind = COP_RECORD_NONE;
    if (cop_record_identify(path, &kind, &name, NULL) == COP_OK && name != NULL &&
        strcmp(name, s->config->name) != 0)
        cop_say(log, COP_LOG_WARNING,
                "%s was of the study \"%s\" and is now of \"%s\"; what was computed stays, run the "
                "other one again to report on it",
                path, cop_escape(name, was, sizeof was),
                cop_escape(s->config->name, is, sizeof is));
    free(name);
}

cop_status cop_study_write_record(const cop_study *s, const cop_store *store,
                                  const cop_verdict *verdicts, cop_logger *log, cop_error *err)
{
    char path[COP_PATH_SIZE];
    cop_record record;
    COP_TRY(cop_path_join(path, sizeof path, err, cop_store_dir(store), COP_STUDY_FILE));
    cop_arena *arena = cop_arena_new();
    cop_status status = COP_OK;
    if (arena == NULL || !fill(s, arena, &record)) {
        status = cop_out_of_memory(err);
    } else {
        if (verdicts != NULL)
            add_verdicts(verdicts, &record);
        warn_of_other_study(s, path, log);
        status = cop_record_write(&record, path, err);
    }
    cop_arena_free(arena);
    COP_TRY(status);
    COP_TRY(cop_path_join(path, sizeof path, err, cop_store_dir(store), COP_CONFIG_FILE));
    return cop_file_write(path, s->config->effective, strlen(s->config->effective), err);
}
