/* study_json.c: writing and reading a study's record. */
#include "store/formats/study_json.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/seal.h"
#include "core/text.h"
#include "store/formats/tables_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Studies of many thousand stages take a few of these megabytes. */
#define RECORD_LIMIT (256u << 20)

/* Writing. */

/* An artifact's name, or null. */
static bool add_name(cJSON *object, const char *field, bool has, const cop_artifact_id *id)
{
    char text[COP_ARTIFACT_NAME_SIZE];
    if (!has)
        return cJSON_AddNullToObject(object, field) != NULL;
    return cJSON_AddStringToObject(object, field, cop_artifact_text(id, text)) != NULL;
}

/* A seed as decimal digits in a string: a JSON number is a double to most readers, cJSON among
 * them, and holds 53 bits. */
static cJSON *seed_text(int64_t seed)
{
    char digits[24];
    (void)snprintf(digits, sizeof digits, "%" PRId64, seed);
    return cJSON_CreateString(digits);
}

static bool add_channels(cJSON *object, const char *name, const float *values, int32_t count)
{
    cJSON *list = cJSON_AddArrayToObject(object, name);
    for (int32_t c = 0; list != NULL && c < count; c++) {
        if (!cJSON_AddItemToArray(list, cJSON_CreateNumber((double)values[c])))
            return false;
    }
    return list != NULL;
}

static bool add_network(cJSON *cell, const cop_record_network *n)
{
    const int shape[] = {n->task.channels, n->task.height, n->task.width};
    if (n->model == NULL)
        return true;
    cJSON *object = cJSON_AddObjectToObject(cell, "network");
    return object != NULL && cJSON_AddStringToObject(object, "model", n->model) != NULL &&
           cJSON_AddItemToObject(object, "input", cJSON_CreateIntArray(shape, 3)) &&
           cJSON_AddNumberToObject(object, "classes", (double)n->task.classes) != NULL &&
           add_channels(object, "mean", n->normalization.mean, n->task.channels) &&
           add_channels(object, "std", n->normalization.std, n->task.channels);
}

static bool add_cell(cJSON *list, const cop_record_cell *cell)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *analyzers = cJSON_AddArrayToObject(object, "analyzers");
    bool ok = cJSON_AddItemToArray(list, object) && analyzers != NULL &&
              cJSON_AddStringToObject(object, "label", cell->label) != NULL;
    for (size_t i = 0; ok && i < cell->analyzer_count; i++)
        ok = cJSON_AddItemToArray(analyzers, cJSON_CreateString(cell->analyzers[i]));
    ok = ok && cJSON_AddNumberToObject(object, "chance", cell->chance) != NULL &&
         add_network(object, &cell->network);
    if (cell->distiller != NULL)
        return ok && cJSON_AddStringToObject(object, "distiller", cell->distiller) != NULL;
    return ok && cJSON_AddNullToObject(object, "distiller") != NULL;
}

static bool add_names(cJSON *object, const char *field, const cop_artifact_id *ids, size_t count)
{
    cJSON *names = cJSON_AddArrayToObject(object, field);
    for (size_t i = 0; names != NULL && i < count; i++) {
        char text[COP_ARTIFACT_NAME_SIZE];
        if (!cJSON_AddItemToArray(names, cJSON_CreateString(cop_artifact_text(&ids[i], text))))
            return false;
    }
    return names != NULL;
}

static bool add_verdicts(cJSON *analysis, const cop_tables *verdicts)
{
    if (verdicts == NULL || cop_tables_count(verdicts) == 0)
        return true;
    cJSON *list = cop_tables_to_json(verdicts);
    return list != NULL && cJSON_AddItemToObject(analysis, "verdicts", list);
}

static bool add_analyses(cJSON *object, const cop_record_ticket *t)
{
    cJSON *analyses = cJSON_AddArrayToObject(object, "analyses");
    for (size_t i = 0; analyses != NULL && i < t->analysis_count; i++) {
        const cop_record_analysis *from = &t->analyses[i];
        cJSON *analysis = cJSON_CreateObject();
        if (!cJSON_AddItemToArray(analyses, analysis) ||
            cJSON_AddStringToObject(analysis, "analyzer", from->analyzer) == NULL ||
            (from->label[0] != '\0' &&
             cJSON_AddStringToObject(analysis, "label", from->label) == NULL) ||
            (from->is_labelled && cJSON_AddTrueToObject(analysis, "labelled") == NULL) ||
            !add_name(analysis, "id", true, &from->id) || !add_verdicts(analysis, from->verdicts) ||
            (from->unjudged != NULL &&
             cJSON_AddStringToObject(analysis, "unjudged", from->unjudged) == NULL))
            return false;
    }
    return analyses != NULL;
}

static bool add_ticket(cJSON *list, const cop_record_ticket *t)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) &&
           cJSON_AddNumberToObject(object, "cell", (double)t->cell) != NULL &&
           cJSON_AddItemToObject(object, "seed", seed_text(t->seed)) &&
           cJSON_AddNumberToObject(object, "phase", (double)t->phase) != NULL &&
           cJSON_AddNumberToObject(object, "round", (double)t->round) != NULL &&
           (t->control == NULL || cJSON_AddStringToObject(object, "control", t->control) != NULL) &&
           cJSON_AddNumberToObject(object, "points", t->points) != NULL &&
           add_name(object, "mask", t->has_mask, &t->mask) &&
           add_name(object, "training", t->has_training, &t->training) &&
           (!t->knows_data || add_name(object, "data", t->has_data, &t->data)) &&
           add_names(object, "copies", t->copies, t->copy_count) && add_analyses(object, t);
}

/* A number; nothing where it is NaN. */
static bool add_known(cJSON *object, const char *name, double number)
{
    return isnan(number) || cJSON_AddNumberToObject(object, name, number) != NULL;
}

static bool add_distilled(cJSON *list, const cop_record_distilled *d)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) &&
           cJSON_AddNumberToObject(object, "cell", (double)d->cell) != NULL &&
           cJSON_AddItemToObject(object, "seed", seed_text(d->seed)) &&
           add_name(object, "set", true, &d->set) &&
           add_name(object, "trained", d->has_trained, &d->trained) &&
           (d->recipe == NULL || cJSON_AddStringToObject(object, "recipe", d->recipe) != NULL) &&
           add_known(object, "real_images", d->real_images) &&
           add_known(object, "second_order", d->second_order) &&
           add_names(object, "trainings", d->trainings, d->training_count);
}

static bool add_failure(cJSON *list, const cop_record_failure *failure)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) && add_name(object, "stage", true, &failure->stage) &&
           cJSON_AddStringToObject(object, "reason", failure->reason) != NULL;
}

static bool add_plugin(cJSON *list, const cop_record_plugin *p)
{
    cJSON *object = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, object) &&
           cJSON_AddStringToObject(object, "kind", p->kind) != NULL &&
           cJSON_AddStringToObject(object, "id", p->id) != NULL &&
           cJSON_AddStringToObject(object, "version", p->version) != NULL &&
           cJSON_AddStringToObject(object, "summary", p->summary) != NULL &&
           cJSON_AddStringToObject(object, "citation", p->citation) != NULL;
}

static bool fill(cJSON *root, const cop_record *r)
{
    bool ok = cJSON_AddStringToObject(root, "name", r->name) != NULL;
    cJSON *seeds = cJSON_AddArrayToObject(root, "seeds");
    for (size_t i = 0; ok && i < r->seed_count; i++)
        ok = cJSON_AddItemToArray(seeds, seed_text(r->seeds[i]));
    cJSON *cells = cJSON_AddArrayToObject(root, "cells");
    for (size_t i = 0; ok && i < r->cell_count; i++)
        ok = add_cell(cells, &r->cells[i]);
    ok = ok && cJSON_AddNumberToObject(root, "baseline", (double)r->baseline) != NULL;
    cJSON *tickets = cJSON_AddArrayToObject(root, "tickets");
    for (size_t i = 0; ok && i < r->ticket_count; i++)
        ok = add_ticket(tickets, &r->tickets[i]);
    cJSON *distilled = cJSON_AddArrayToObject(root, "distilled");
    for (size_t i = 0; ok && i < r->distilled_count; i++)
        ok = add_distilled(distilled, &r->distilled[i]);
    cJSON *failed = cJSON_AddArrayToObject(root, "failed");
    for (size_t i = 0; ok && i < r->failure_count; i++)
        ok = add_failure(failed, &r->failures[i]);
    cJSON *plugins = cJSON_AddArrayToObject(root, "plugins");
    for (size_t i = 0; ok && i < r->plugin_count; i++)
        ok = add_plugin(plugins, &r->plugins[i]);
    return ok && plugins != NULL && seeds != NULL && cells != NULL && tickets != NULL &&
           distilled != NULL && failed != NULL;
}

cop_status cop_record_write(const cop_record *record, const char *path, cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    cop_status status =
        cop_sealed_json_write(root != NULL && fill(root, record) ? root : NULL, path, err);
    cJSON_Delete(root);
    return status;
}

/* Reading. */

/* What the reading functions share. */
typedef struct reader {
    cop_arena *arena;
    const char *path;
    const char *where; /* "tickets", …: the list under way */
    size_t index;      /* the entry under way */
    cop_error *err;
} reader;

static cop_status refuse(const reader *r, const char *what)
{
    return cop_fail_at(r->err, COP_FAILED, r->path, 0, "%s[%zu]: %s", r->where, r->index, what);
}

/* A count: a number that a double holds exactly. */
static bool take_count(const cJSON *number, int64_t *out)
{
    if (!cJSON_IsNumber(number) || !(fabs(number->valuedouble) <= 9007199254740992.0) ||
        floor(number->valuedouble) != number->valuedouble)
        return false;
    *out = (int64_t)number->valuedouble;
    return true;
}

static bool read_count(const cJSON *object, const char *name, int64_t *out)
{
    return take_count(cop_json_item(object, name), out);
}

/* A seed: decimal digits in a string, or a number, as earlier versions wrote it. */
static bool take_seed(const cJSON *seed, int64_t *out)
{
    const char *digits = cJSON_GetStringValue(seed);
    return digits != NULL ? cop_integer_parse(digits, out) : take_count(seed, out);
}

/* NaN where there is no number of that name. */
static double read_number(const cJSON *object, const char *name)
{
    const cJSON *number = cop_json_item(object, name);
    return cJSON_IsNumber(number) ? number->valuedouble : (double)NAN;
}

/* The name of an artifact of the wanted kind. */
static bool read_id(const cJSON *value, const char *kind, cop_artifact_id *out)
{
    const char *text = cJSON_GetStringValue(value);
    return text != NULL && cop_artifact_parse(text, out) && strcmp(out->kind, kind) == 0;
}

/* An id, or null (or nothing) for none. */
static bool read_optional_id(const cJSON *value, const char *kind, bool *has, cop_artifact_id *out)
{
    *has = value != NULL && !cJSON_IsNull(value);
    return !*has || read_id(value, kind, out);
}

/* The plugins of a cell. Versions before did not list them. */
static cop_status read_analyzers(const reader *r, const cJSON *list, cop_record_cell *out)
{
    out->analyzers = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof *out->analyzers);
    if (out->analyzers == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, list)
    {
        const char *id = cJSON_GetStringValue(value);
        if (id == NULL)
            return refuse(r, "lists an analyzer that is no name of a plugin");
        out->analyzers[out->analyzer_count] = cop_arena_strdup(r->arena, id);
        if (out->analyzers[out->analyzer_count++] == NULL)
            return cop_out_of_memory(r->err);
    }
    return COP_OK;
}

/* A whole number within the bounds. */
static bool take_bounded(const cJSON *number, int64_t low, int64_t high, int32_t *out)
{
    int64_t value = 0;
    if (!take_count(number, &value) || value < low || value > high)
        return false;
    *out = (int32_t)value;
    return true;
}

static bool take_channels(const cJSON *list, int32_t count, float *out)
{
    if (cop_json_length(list) != (size_t)count)
        return false;
    for (int32_t c = 0; c < count; c++) {
        const cJSON *number = cJSON_GetArrayItem(list, c);
        out[c] = cJSON_IsNumber(number) ? (float)number->valuedouble : NAN;
        if (!isfinite(out[c]))
            return false;
    }
    return true;
}

/* Versions before did not say. */
static cop_status read_network(const reader *r, const cJSON *object, cop_record_network *out)
{
    const char *model = cJSON_GetStringValue(cop_json_item(object, "model"));
    const cJSON *input = cop_json_item(object, "input");
    cop_task *task = &out->task;
    if (object == NULL)
        return COP_OK;
    if (model == NULL || cop_json_length(input) != 3 ||
        !take_bounded(cJSON_GetArrayItem(input, 0), 1, COP_MAX_CHANNELS, &task->channels) ||
        !take_bounded(cJSON_GetArrayItem(input, 1), 1, INT32_MAX, &task->height) ||
        !take_bounded(cJSON_GetArrayItem(input, 2), 1, INT32_MAX, &task->width) ||
        !take_bounded(cop_json_item(object, "classes"), 1, INT32_MAX, &task->classes) ||
        !take_channels(cop_json_item(object, "mean"), task->channels, out->normalization.mean) ||
        !take_channels(cop_json_item(object, "std"), task->channels, out->normalization.std))
        return refuse(r, "its network makes no sense");
    out->model = cop_arena_strdup(r->arena, model);
    return out->model != NULL ? COP_OK : cop_out_of_memory(r->err);
}

static cop_status read_cell(const reader *r, const cJSON *object, cop_record_cell *out)
{
    const char *label = cJSON_GetStringValue(cop_json_item(object, "label"));
    const char *distiller = cJSON_GetStringValue(cop_json_item(object, "distiller"));
    if (label == NULL)
        return refuse(r, "has no label");
    out->label = cop_arena_strdup(r->arena, label);
    out->distiller = distiller != NULL ? cop_arena_strdup(r->arena, distiller) : NULL;
    out->chance = read_number(object, "chance");
    if (out->label == NULL || (distiller != NULL && out->distiller == NULL))
        return cop_out_of_memory(r->err);
    COP_TRY(read_network(r, cop_json_item(object, "network"), &out->network));
    return read_analyzers(r, cop_json_item(object, "analyzers"), out);
}

static cop_status read_place(const reader *r, const cJSON *object, size_t cells, size_t *cell,
                             int64_t *seed)
{
    int64_t position = -1;
    if (!read_count(object, "cell", &position) || position < 0 || (size_t)position >= cells)
        return refuse(r, "names no cell of the study");
    if (!take_seed(cop_json_item(object, "seed"), seed))
        return refuse(r, "has no seed");
    *cell = (size_t)position;
    return COP_OK;
}

static cop_status read_trainings(const reader *r, const cJSON *list, cop_artifact_id **out,
                                 size_t *count)
{
    *out = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof **out);
    if (*out == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, list)
    {
        if (!read_id(value, COP_ARTIFACT_TRAINING, &(*out)[(*count)++]))
            return refuse(r, "lists what is no name of a training");
    }
    return COP_OK;
}

static void free_tables(void *tables)
{
    cop_tables_free(tables);
}

static cop_status read_verdicts(const reader *r, const cJSON *list, const cop_tables **out)
{
    cop_tables *tables = NULL;
    cop_error why = {0};
    if (list == NULL)
        return COP_OK;
    if (cop_tables_from_json(list, &tables, &why) != COP_OK)
        return cop_fail_at(r->err, COP_FAILED, r->path, 0, "%s[%zu]: an analysis's verdicts: %s",
                           r->where, r->index, why.message);
    if (!cop_arena_own(r->arena, tables, free_tables))
        return cop_out_of_memory(r->err);
    *out = tables;
    return COP_OK;
}

static cop_status read_analyses(const reader *r, const cJSON *list, cop_record_ticket *out)
{
    out->analyses = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof *out->analyses);
    if (out->analyses == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, list)
    {
        cop_record_analysis *analysis = &out->analyses[out->analysis_count++];
        const char *analyzer = cJSON_GetStringValue(cop_json_item(object, "analyzer"));
        if (analyzer == NULL ||
            !read_id(cop_json_item(object, "id"), COP_ARTIFACT_ANALYSIS, &analysis->id))
            return refuse(r, "lists an analysis without analyzer or id");
        const char *label = cJSON_GetStringValue(cop_json_item(object, "label"));
        analysis->analyzer = cop_arena_strdup(r->arena, analyzer);
        analysis->label = cop_arena_strdup(r->arena, label != NULL ? label : "");
        analysis->is_labelled = cJSON_IsTrue(cop_json_item(object, "labelled")) && label != NULL;
        const char *unjudged = cJSON_GetStringValue(cop_json_item(object, "unjudged"));
        analysis->unjudged = unjudged != NULL ? cop_arena_strdup(r->arena, unjudged) : NULL;
        if (analysis->analyzer == NULL || analysis->label == NULL ||
            (unjudged != NULL && analysis->unjudged == NULL))
            return cop_out_of_memory(r->err);
        COP_TRY(read_verdicts(r, cop_json_item(object, "verdicts"), &analysis->verdicts));
    }
    return COP_OK;
}

static cop_status read_ticket(const reader *r, const cJSON *object, size_t cells,
                              cop_record_ticket *out)
{
    COP_TRY(read_place(r, object, cells, &out->cell, &out->seed));
    if (!read_count(object, "phase", &out->phase) || !read_count(object, "round", &out->round) ||
        out->phase < -1 || out->round < 0)
        return refuse(r, "has no phase or round");
    const char *control = cJSON_GetStringValue(cop_json_item(object, "control"));
    bool is_control = control != NULL && control[0] != '\0';
    out->control = is_control ? cop_arena_strdup(r->arena, control) : NULL;
    if (is_control && out->control == NULL)
        return cop_out_of_memory(r->err);
    out->points = read_number(object, "points");
    if (!read_optional_id(cop_json_item(object, "mask"), COP_ARTIFACT_MASK, &out->has_mask,
                          &out->mask))
        return refuse(r, "its mask is no name of a mask");
    if (!read_optional_id(cop_json_item(object, "training"), COP_ARTIFACT_TRAINING,
                          &out->has_training, &out->training))
        return refuse(r, "its training is no name of a training");
    out->knows_data = cop_json_item(object, "data") != NULL;
    if (!read_optional_id(cop_json_item(object, "data"), COP_ARTIFACT_SET, &out->has_data,
                          &out->data))
        return refuse(r, "its data is no name of a distilled set");
    COP_TRY(read_trainings(r, cop_json_item(object, "copies"), &out->copies, &out->copy_count));
    return read_analyses(r, cop_json_item(object, "analyses"), out);
}

static cop_status read_distilled(const reader *r, const cJSON *object, size_t cells,
                                 cop_record_distilled *out)
{
    COP_TRY(read_place(r, object, cells, &out->cell, &out->seed));
    if (!read_id(cop_json_item(object, "set"), COP_ARTIFACT_SET, &out->set))
        return refuse(r, "its set is no name of a distilled set");
    if (!read_optional_id(cop_json_item(object, "trained"), COP_ARTIFACT_TRAINING,
                          &out->has_trained, &out->trained))
        return refuse(r, "its training is no name of a training");
    const char *recipe = cJSON_GetStringValue(cop_json_item(object, "recipe"));
    out->recipe = recipe != NULL ? cop_arena_strdup(r->arena, recipe) : NULL;
    if (recipe != NULL && out->recipe == NULL)
        return cop_out_of_memory(r->err);
    out->real_images = read_number(object, "real_images");
    out->second_order = read_number(object, "second_order");
    return read_trainings(r, cop_json_item(object, "trainings"), &out->trainings,
                          &out->training_count);
}

static cop_status read_failure(const reader *r, const cJSON *object, cop_record_failure *out)
{
    const char *reason = cJSON_GetStringValue(cop_json_item(object, "reason"));
    const char *stage = cJSON_GetStringValue(cop_json_item(object, "stage"));
    if (reason == NULL || stage == NULL || !cop_artifact_parse(stage, &out->stage))
        return refuse(r, "has no stage or reason");
    out->reason = cop_arena_strdup(r->arena, reason);
    return out->reason != NULL ? COP_OK : cop_out_of_memory(r->err);
}

/* Begins with a list of the record, and makes room for its entries; NULL when memory is out. */
static void *begin_list(reader *r, const cJSON *root, const char *name, size_t size)
{
    r->where = name;
    r->index = 0;
    return cop_arena_array(r->arena, cop_json_length(cop_json_item(root, name)) + 1, size);
}

static cop_status read_seeds(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *value = NULL;
    out->seeds = begin_list(r, root, "seeds", sizeof *out->seeds);
    if (out->seeds == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(value, cop_json_item(root, "seeds"))
    {
        if (!take_seed(value, &out->seeds[out->seed_count++]))
            return refuse(r, "is no seed");
        r->index++;
    }
    return COP_OK;
}

static cop_status read_cells(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *object = NULL;
    out->cells = begin_list(r, root, "cells", sizeof *out->cells);
    if (out->cells == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, cop_json_item(root, "cells"))
    {
        COP_TRY(read_cell(r, object, &out->cells[out->cell_count++]));
        r->index++;
    }
    return COP_OK;
}

/* Records of before have none: it is the first cell. */
static cop_status read_baseline(reader *r, const cJSON *root, cop_record *out)
{
    int64_t cell = 0;
    const cJSON *number = cop_json_item(root, "baseline");
    if (number != NULL &&
        (!take_count(number, &cell) || cell < 0 || (cell > 0 && (uint64_t)cell >= out->cell_count)))
        return cop_fail_at(r->err, COP_FAILED, r->path, 0, "baseline: is no cell of the study");
    out->baseline = (size_t)cell;
    return COP_OK;
}

static cop_status read_tickets(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *object = NULL;
    out->tickets = begin_list(r, root, "tickets", sizeof *out->tickets);
    if (out->tickets == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, cop_json_item(root, "tickets"))
    {
        COP_TRY(read_ticket(r, object, out->cell_count, &out->tickets[out->ticket_count++]));
        r->index++;
    }
    return COP_OK;
}

static cop_status read_distilled_list(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *object = NULL;
    out->distilled = begin_list(r, root, "distilled", sizeof *out->distilled);
    if (out->distilled == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, cop_json_item(root, "distilled"))
    {
        COP_TRY(
            read_distilled(r, object, out->cell_count, &out->distilled[out->distilled_count++]));
        r->index++;
    }
    return COP_OK;
}

static cop_status read_failures(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *object = NULL;
    out->failures = begin_list(r, root, "failed", sizeof *out->failures);
    if (out->failures == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, cop_json_item(root, "failed"))
    {
        COP_TRY(read_failure(r, object, &out->failures[out->failure_count++]));
        r->index++;
    }
    return COP_OK;
}

/* Records of earlier versions have none. */
static cop_status read_plugins(reader *r, const cJSON *root, cop_record *out)
{
    static const char *const fields[] = {"kind", "id", "version", "summary", "citation"};
    const cJSON *object = NULL;
    out->plugins = begin_list(r, root, "plugins", sizeof *out->plugins);
    if (out->plugins == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, cop_json_item(root, "plugins"))
    {
        cop_record_plugin *p = &out->plugins[out->plugin_count++];
        const char **texts[] = {&p->kind, &p->id, &p->version, &p->summary, &p->citation};
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            const cJSON *text = cop_json_item(object, fields[i]);
            if (!cJSON_IsString(text))
                return refuse(r, "wants kind, id, version, summary and citation");
            *texts[i] = cop_arena_strdup(r->arena, text->valuestring);
            if (*texts[i] == NULL)
                return cop_out_of_memory(r->err);
        }
        r->index++;
    }
    return COP_OK;
}

/* The one judgement of what is a study's record. */
static cop_record_kind kind_of(const cJSON *root)
{
    if (!cJSON_IsString(cop_json_item(root, "name")) ||
        !cJSON_IsArray(cop_json_item(root, "tickets")))
        return COP_RECORD_NONE;
    if (cJSON_IsArray(cop_json_item(root, "settings")))
        return COP_RECORD_EARLIER;
    return cJSON_IsArray(cop_json_item(root, "cells")) ? COP_RECORD_CURRENT : COP_RECORD_NONE;
}

static cop_status read_root(reader *r, const cJSON *root, cop_record *out)
{
    switch (kind_of(root)) {
    case COP_RECORD_EARLIER:
        return cop_fail_at(r->err, COP_FAILED, r->path, 0,
                           "was written by an earlier version of Coppice: run its config on this "
                           "directory again, which keeps what is still good, and reports it");
    case COP_RECORD_NONE:
        return cop_fail_at(r->err, COP_FAILED, r->path, 0,
                           "is not the record of a study: wants name, cells and tickets");
    case COP_RECORD_CURRENT:
        break;
    }
    out->name = cop_arena_strdup(r->arena, cop_json_item(root, "name")->valuestring);
    if (out->name == NULL)
        return cop_out_of_memory(r->err);
    COP_TRY(read_seeds(r, root, out));
    COP_TRY(read_cells(r, root, out));
    COP_TRY(read_baseline(r, root, out));
    COP_TRY(read_tickets(r, root, out));
    COP_TRY(read_distilled_list(r, root, out));
    COP_TRY(read_failures(r, root, out));
    return read_plugins(r, root, out);
}

cop_status cop_record_read(const char *path, cop_arena *arena, cop_record *out, cop_error *err)
{
    cJSON *root = NULL;
    memset(out, 0, sizeof *out);
    COP_TRY(cop_sealed_json_read(path, RECORD_LIMIT, &root, err));
    reader r = {.arena = arena, .path = path, .err = err};
    cop_status status = read_root(&r, root, out);
    cJSON_Delete(root);
    return status;
}

cop_status cop_record_identify(const char *path, cop_record_kind *kind, char **name, cop_error *err)
{
    char *text = NULL;
    size_t size = 0;
    cJSON *root = NULL;
    *kind = COP_RECORD_NONE;
    *name = NULL;
    COP_TRY(cop_file_read_regular(path, RECORD_LIMIT, &text, &size, err));
    cop_status status = cop_json_parse(text, size, &root, err);
    free(text);
    if (status == COP_OK && kind_of(root) != COP_RECORD_NONE) {
        *kind = kind_of(root);
        *name = strdup(cop_json_item(root, "name")->valuestring);
        if (*name == NULL)
            status = cop_out_of_memory(err);
    }
    cJSON_Delete(root);
    return status == COP_DAMAGED ? COP_OK : status;
}
