/* check_json.c: a config that was checked, as JSON.
 *
 *   { "study": "tiny", "seeds": ["0", "1"], "cells": [{ "label": "IMP" }, …],
 *     "differences": [{ "setting": "train.lr", "values": ["0.1", null] }, …],
 *     "stages": [{ "kind": "train", "count": 4, "done": 0, "images": 100, "flops": 1e9,
 *                "seconds": 12.5, "guessed": 0, "unknown": 0, "bytes": 1e6, "memory": 2e8 }, …],
 *   "splits": [{ "jobs": 2, "threads": 1, "steps_per_second": 40 }, …],
 *     "missing": null }
 *
 * Values are texts, null where a cell has no such setting. Of the stages that are not done,
 * "guessed" ones have their seconds by a guessed rate, and "unknown" ones none; bytes are those of
 * their artifacts, memory the most that one of them holds, both as far as known. Splits are there
 * where they were measured. Where the study cannot be laid out,
 * "stages" is null and "missing" { "message": …, "file": …, "line": … }. */
#include "cli/check_json.h"

#include "core/json.h"
#include "core/text.h"

#include <inttypes.h>

static cJSON *text_or_null(const char *text)
{
    return text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull();
}

static bool add_seeds(cJSON *root, const cop_config *c)
{
    cJSON *list = cJSON_AddArrayToObject(root, "seeds");
    bool is_whole = list != NULL;
    for (size_t i = 0; i < c->seed_count && is_whole; i++) {
        char text[32]; /* they may use all 64 bits */
        (void)snprintf(text, sizeof text, "%" PRId64, c->seeds[i]);
        is_whole = cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
    return is_whole;
}

static bool add_cells(cJSON *root, const cop_config *c)
{
    cJSON *list = cJSON_AddArrayToObject(root, "cells");
    bool is_whole = list != NULL;
    for (size_t i = 0; i < c->cell_count && is_whole; i++) {
        cJSON *cell = cJSON_CreateObject();
        is_whole = cJSON_AddItemToArray(list, cell) &&
                   cJSON_AddStringToObject(cell, "label", c->cells[i].label) != NULL;
    }
    return is_whole;
}

static bool add_differences(cJSON *root, const cop_varied_settings *d, size_t cells)
{
    cJSON *list = cJSON_AddArrayToObject(root, "differences");
    bool is_whole = list != NULL;
    for (size_t i = 0; i < d->count && is_whole; i++) {
        cJSON *row = cJSON_CreateObject();
        is_whole = cJSON_AddItemToArray(list, row) &&
                   cJSON_AddStringToObject(row, "setting", d->rows[i].path) != NULL;
        cJSON *values = is_whole ? cJSON_AddArrayToObject(row, "values") : NULL;
        is_whole = values != NULL;
        for (size_t k = 0; k < cells && is_whole; k++)
            is_whole = cJSON_AddItemToArray(values, text_or_null(d->rows[i].values[k]));
    }
    return is_whole;
}

static bool add_stage(cJSON *list, const cop_tally *t)
{
    cJSON *stage = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, stage) &&
           cJSON_AddStringToObject(stage, "kind", t->kind) != NULL &&
           cJSON_AddNumberToObject(stage, "count", (double)t->count) != NULL &&
           cJSON_AddNumberToObject(stage, "done", (double)t->done) != NULL &&
           cJSON_AddNumberToObject(stage, "images", t->points) != NULL &&
           cJSON_AddNumberToObject(stage, "flops", t->flops) != NULL &&
           cJSON_AddNumberToObject(stage, "seconds", t->seconds) != NULL &&
           cJSON_AddNumberToObject(stage, "guessed", (double)t->guessed) != NULL &&
           cJSON_AddNumberToObject(stage, "unknown", (double)t->unknown) != NULL &&
           cJSON_AddNumberToObject(stage, "bytes", t->bytes) != NULL &&
           cJSON_AddNumberToObject(stage, "memory", t->memory) != NULL;
}

static bool add_splits(cJSON *root, const cop_estimates *e)
{
    cJSON *list = cJSON_AddArrayToObject(root, "splits");
    bool is_whole = list != NULL;
    for (size_t i = 0; e != NULL && i < e->split_count && is_whole; i++) {
        const cop_job_split *s = &e->splits[i];
        cJSON *split = cJSON_CreateObject();
        is_whole = cJSON_AddItemToArray(list, split) &&
                   cJSON_AddNumberToObject(split, "jobs", s->jobs) != NULL &&
                   cJSON_AddNumberToObject(split, "threads", s->threads) != NULL &&
                   cJSON_AddNumberToObject(split, "steps_per_second", s->steps_per_second) != NULL;
    }
    return is_whole;
}

static cop_status add_stages(cJSON *root, const cop_checked *c, bool *is_whole, cop_error *err)
{
    if (c->study == NULL) {
        *is_whole = *is_whole && cJSON_AddNullToObject(root, "stages") != NULL;
        return COP_OK;
    }
    cJSON *list = cJSON_AddArrayToObject(root, "stages");
    *is_whole = *is_whole && list != NULL;
    for (int kind = COP_STAGE_DISTIL; kind <= COP_STAGE_ANALYZE && *is_whole; kind++) {
        cop_tally tally = {0};
        COP_TRY(
            cop_study_tally(c->study, c->store, c->estimates, (cop_stage_kind)kind, &tally, err));
        *is_whole = add_stage(list, &tally);
    }
    return COP_OK;
}

/* File names may hold any byte. */
static bool add_escaped(cJSON *object, const char *name, const char *text)
{
    char line[1024];
    return cJSON_AddStringToObject(object, name, cop_escape(text, line, sizeof line)) != NULL;
}

static bool add_missing(cJSON *root, const cop_error *missing)
{
    if (missing == NULL)
        return cJSON_AddNullToObject(root, "missing") != NULL;
    cJSON *object = cJSON_AddObjectToObject(root, "missing");
    return object != NULL && add_escaped(object, "message", missing->message) &&
           add_escaped(object, "file", missing->file) &&
           cJSON_AddNumberToObject(object, "line", missing->line) != NULL;
}

cop_status cop_check_print_json(const cop_checked *c, FILE *out, cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    bool is_whole = root != NULL && cJSON_AddStringToObject(root, "study", c->config->name) &&
                    add_seeds(root, c->config) && add_cells(root, c->config) &&
                    add_differences(root, c->varied, c->config->cell_count);
    cop_status status = add_stages(root, c, &is_whole, err);
    if (status != COP_OK) {
        cJSON_Delete(root);
        return status;
    }
    is_whole = is_whole && add_splits(root, c->estimates) && add_missing(root, c->missing);
    return cop_json_print(root, is_whole, out, err);
}
