/* record.c: the study as JSON. */
#include "study/graph/record.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/seal.h"
#include "core/text.h"
#include "study/graph/analysis_names.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUDY_LIMIT (256u << 20)

/* Adds "kind-hash" of a stage under `name`, or null. */
static bool add_stage(cJSON *object, const char *name, const cop_study *s, int32_t stage)
{
    char id[64];
    if (stage == COP_NO_STAGE)
        return cJSON_AddNullToObject(object, name) != NULL;
    (void)snprintf(id, sizeof id, "%s-%s", s->stages[stage].id.kind, s->stages[stage].id.hash);
    return cJSON_AddStringToObject(object, name, id) != NULL;
}

/* A seed as decimal digits in a string: a JSON number is a double to most readers, cJSON among
 * them, and holds 53 bits. */
static cJSON *seed_text(int64_t seed)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, seed);
    return cJSON_CreateString(digits);
}

static const char *plugin_id(const cop_component *component)
{
    return cop_component_entry(component)->plugin->id;
}

static bool add_cell(cJSON *list, const cop_cell *cell, const cop_loaded_data *data)
{
    cJSON *item = cJSON_CreateObject();
    cJSON *analyzers = cJSON_AddArrayToObject(item, "analyzers");
    bool ok = cJSON_AddItemToArray(list, item) && analyzers != NULL &&
              cJSON_AddStringToObject(item, "label", cell->label) != NULL;
    for (size_t i = 0; ok && i < cell->analyzer_count; i++)
        ok = cJSON_AddItemToArray(analyzers, cJSON_CreateString(plugin_id(cell->analyzers[i])));
    ok = ok && cJSON_AddNumberToObject(item, "chance", cop_samples_chance(&data->test, 0)) != NULL;
    if (cell->distill != NULL)
        return ok && cJSON_AddStringToObject(item, "distiller", plugin_id(cell->distill)) != NULL;
    return ok && cJSON_AddNullToObject(item, "distiller") != NULL;
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

static bool add_copies(cJSON *item, const cop_study *s, const cop_ticket *t)
{
    cJSON *copies = cJSON_AddArrayToObject(item, "copies");
    for (size_t i = 0; copies != NULL && i < t->copy_count; i++) {
        char id[64];
        const cop_artifact_id *copy = &s->stages[t->copies[i]].id;
        (void)snprintf(id, sizeof id, "%s-%s", copy->kind, copy->hash);
        if (!cJSON_AddItemToArray(copies, cJSON_CreateString(id)))
            return false;
    }
    return copies != NULL;
}

static bool add_analyses(cJSON *item, const cop_study *s, const cop_ticket *t)
{
    cJSON *analyses = cJSON_AddArrayToObject(item, "analyses");
    for (size_t i = 0; analyses != NULL && i < t->analysis_count; i++) {
        cJSON *analysis = cJSON_CreateObject();
        const cop_cell *cell = &s->config->cells[t->cell];
        char *label = cop_analysis_label(cell, i);
        bool ok =
            cJSON_AddItemToArray(analyses, analysis) && label != NULL &&
            cJSON_AddStringToObject(analysis, "analyzer", plugin_id(cell->analyzers[i])) != NULL &&
            (label[0] == '\0' || cJSON_AddStringToObject(analysis, "label", label) != NULL) &&
            add_stage(analysis, "id", s, t->analyses[i]);
        free(label);
        if (!ok)
            return false;
    }
    return analyses != NULL;
}

static bool add_ticket(cJSON *list, const cop_study *s, const cop_ticket *t)
{
    cJSON *item = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, item) &&
           cJSON_AddNumberToObject(item, "cell", (double)t->cell) != NULL &&
           cJSON_AddItemToObject(item, "seed", seed_text(s->config->seeds[t->seed])) &&
           cJSON_AddNumberToObject(item, "phase", t->phase) != NULL &&
           cJSON_AddNumberToObject(item, "round", (double)t->round) != NULL &&
           cJSON_AddNumberToObject(item, "points", t->points) != NULL &&
           add_stage(item, "mask", s, t->mask) && add_stage(item, "training", s, found_by(s, t)) &&
           add_stage(item, "data", s, trained_on(s, t)) && add_copies(item, s, t) &&
           add_analyses(item, s, t);
}

static bool add_distilled(cJSON *list, const cop_study *s, const cop_distilled_line *line)
{
    cJSON *item = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, item) &&
           cJSON_AddNumberToObject(item, "cell", (double)line->cell) != NULL &&
           cJSON_AddItemToObject(item, "seed", seed_text(s->config->seeds[line->seed])) &&
           add_stage(item, "set", s, line->distil) && add_stage(item, "trained", s, line->trained);
}

/* Stages without a result, each with the reason: its own, or that of the stage it waits for. */
static bool add_failures(cJSON *root, const cop_study *s)
{
    cJSON *failed = cJSON_AddArrayToObject(root, "failed");
    for (size_t i = 0; failed != NULL && i < s->stage_count; i++) {
        if (s->stages[i].failure == NULL)
            continue;
        cJSON *item = cJSON_CreateObject();
        if (!cJSON_AddItemToArray(failed, item) || !add_stage(item, "stage", s, (int32_t)i) ||
            cJSON_AddStringToObject(item, "reason", s->stages[i].failure) == NULL)
            return false;
    }
    return failed != NULL;
}

static bool fill(cJSON *root, const cop_study *s)
{
    bool ok = cJSON_AddStringToObject(root, "name", s->config->name) != NULL;
    cJSON *seeds = cJSON_AddArrayToObject(root, "seeds");
    for (size_t i = 0; ok && i < s->config->seed_count; i++)
        ok = cJSON_AddItemToArray(seeds, seed_text(s->config->seeds[i]));
    cJSON *cells = cJSON_AddArrayToObject(root, "cells");
    for (size_t i = 0; ok && i < s->config->cell_count; i++)
        ok = add_cell(cells, &s->config->cells[i], s->opened[i].data);
    cJSON *tickets = cJSON_AddArrayToObject(root, "tickets");
    for (size_t i = 0; ok && i < s->ticket_count; i++)
        ok = add_ticket(tickets, s, &s->tickets[i]);
    cJSON *distilled = cJSON_AddArrayToObject(root, "distilled");
    for (size_t i = 0; ok && i < s->distilled_count; i++)
        ok = add_distilled(distilled, s, &s->distilled[i]);
    return ok && add_failures(root, s);
}

/* Says so when the directory was another study's: its artifacts stay, but a report is on one. */
static void warn_of_other_study(const cop_study *s, const char *path, cop_logger *log)
{
    char *text = NULL, was[256], is[256];
    if (cop_file_read_regular(path, STUDY_LIMIT, &text, NULL, NULL) != COP_OK)
        return;
    cJSON *root = cJSON_Parse(text);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "name"));
    if (name != NULL && strcmp(name, s->config->name) != 0)
        cop_say(log, COP_LOG_WARNING,
                "%s was of the study \"%s\" and is now of \"%s\"; what was computed stays, run the "
                "other one again to report on it",
                path, cop_escape(name, was, sizeof was),
                cop_escape(s->config->name, is, sizeof is));
    cJSON_Delete(root);
    free(text);
}

cop_status cop_study_write_manifest(const cop_study *s, const cop_store *store, cop_logger *log,
                                    cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, cop_store_dir(store), "study.json"));
    cJSON *root = cJSON_CreateObject();
    char *plain = root != NULL && fill(root, s) ? cJSON_Print(root) : NULL;
    char *text = plain != NULL ? cop_seal(plain) : NULL;
    cJSON_Delete(root);
    cJSON_free(plain);
    if (text == NULL)
        return cop_out_of_memory(err);
    warn_of_other_study(s, path, log);
    cop_status status = cop_file_write(path, text, strlen(text), err);
    free(text);
    if (status != COP_OK)
        return status;
    COP_TRY(cop_path_join(path, sizeof path, err, cop_store_dir(store), "config.txt"));
    return cop_file_write(path, s->config->effective, strlen(s->config->effective), err);
}
