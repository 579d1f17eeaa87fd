/* record.c: reading study.json by cJSON. */
#include "report/data/record.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/seal.h"
#include "core/text.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORD_LIMIT (256u << 20)

/* Letters of a brief label, and room for one. */
#define BRIEF      32
#define BRIEF_SIZE (4 * BRIEF + 16)

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

static const cJSON *item(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The length of a list; 0 for anything else. */
static size_t length(const cJSON *list)
{
    return cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : 0;
}

/* A copy fit for one line of a terminal, a table or a picture. */
static const char *copy_text(const reader *r, const char *text)
{
    char line[512];
    return cop_arena_strdup(r->arena, cop_escape(text, line, sizeof line));
}

/* A whole number: decimal digits in a string, or a number that a double holds exactly. */
static bool read_integer(const cJSON *object, const char *name, int64_t *out)
{
    const cJSON *number = item(object, name);
    const char *digits = cJSON_GetStringValue(number);
    if (digits != NULL)
        return cop_integer_parse(digits, out);
    if (!cJSON_IsNumber(number) || !(fabs(number->valuedouble) <= 9007199254740992.0) ||
        floor(number->valuedouble) != number->valuedouble)
        return false;
    *out = (int64_t)number->valuedouble;
    return true;
}

/* NaN where there is no number of that name. */
static double read_number(const cJSON *object, const char *name)
{
    const cJSON *number = item(object, name);
    return cJSON_IsNumber(number) ? number->valuedouble : (double)NAN;
}

/* "train-<32 hexadecimal digits>" of the wanted kind. */
static bool read_id(const cJSON *value, const char *kind, cop_artifact_id *out)
{
    const char *text = cJSON_GetStringValue(value);
    size_t head = strlen(kind);
    if (text == NULL || strncmp(text, kind, head) != 0 || text[head] != '-' ||
        strlen(text + head + 1) != 32 || strspn(text + head + 1, "0123456789abcdef") != 32)
        return false;
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    (void)snprintf(out->hash, sizeof out->hash, "%s", text + head + 1);
    return true;
}

/* An id, or null (or nothing) for none. */
static bool read_optional_id(const cJSON *value, const char *kind, bool *has, cop_artifact_id *out)
{
    *has = value != NULL && !cJSON_IsNull(value);
    return !*has || read_id(value, kind, out);
}

static cop_status read_cell(const reader *r, const cJSON *object, cop_record_cell *out)
{
    const char *label = cJSON_GetStringValue(item(object, "label"));
    const char *distiller = cJSON_GetStringValue(item(object, "distiller"));
    if (label == NULL)
        return refuse(r, "has no label");
    out->label = copy_text(r, label);
    out->distiller = distiller != NULL ? copy_text(r, distiller) : NULL;
    out->chance = read_number(object, "chance");
    if (out->label == NULL || (distiller != NULL && out->distiller == NULL))
        return cop_out_of_memory(r->err);
    return COP_OK;
}

static cop_status read_place(const reader *r, const cJSON *object, size_t cells, size_t *cell,
                             int64_t *seed)
{
    int64_t position = -1;
    if (!read_integer(object, "cell", &position) || position < 0 || (size_t)position >= cells)
        return refuse(r, "names no cell of the study");
    if (!read_integer(object, "seed", seed))
        return refuse(r, "has no seed");
    *cell = (size_t)position;
    return COP_OK;
}

static cop_status read_copies(const reader *r, const cJSON *list, cop_record_ticket *out)
{
    out->copies = cop_arena_array(r->arena, length(list) + 1, sizeof *out->copies);
    if (out->copies == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *value = NULL;
    cJSON_ArrayForEach(value, list)
    {
        if (!read_id(value, "train", &out->copies[out->copy_count++]))
            return refuse(r, "lists a copy that is no name of a training");
    }
    return COP_OK;
}

static cop_status read_analyses(const reader *r, const cJSON *list, cop_record_ticket *out)
{
    out->analyses = cop_arena_array(r->arena, length(list) + 1, sizeof *out->analyses);
    if (out->analyses == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, list)
    {
        cop_record_analysis *analysis = &out->analyses[out->analysis_count++];
        const char *analyzer = cJSON_GetStringValue(item(object, "analyzer"));
        if (analyzer == NULL || !read_id(item(object, "id"), "analyze", &analysis->id))
            return refuse(r, "lists an analysis without analyzer or id");
        const char *label = cJSON_GetStringValue(item(object, "label"));
        analysis->analyzer = copy_text(r, analyzer);
        analysis->label = copy_text(r, label != NULL ? label : "");
        if (analysis->analyzer == NULL || analysis->label == NULL)
            return cop_out_of_memory(r->err);
    }
    return COP_OK;
}

static cop_status read_ticket(const reader *r, const cJSON *object, size_t cells,
                              cop_record_ticket *out)
{
    COP_TRY(read_place(r, object, cells, &out->cell, &out->seed));
    if (!read_integer(object, "phase", &out->phase) ||
        !read_integer(object, "round", &out->round) || out->phase < -1 || out->round < 0)
        return refuse(r, "has no phase or round");
    out->points = read_number(object, "points");
    if (!read_optional_id(item(object, "mask"), "mask", &out->has_mask, &out->mask))
        return refuse(r, "its mask is no name of a mask");
    if (!read_optional_id(item(object, "training"), "train", &out->has_training, &out->training))
        return refuse(r, "its training is no name of a training");
    out->knows_data = item(object, "data") != NULL;
    if (!read_optional_id(item(object, "data"), "distil", &out->has_data, &out->data))
        return refuse(r, "its data is no name of a distilled set");
    COP_TRY(read_copies(r, item(object, "copies"), out));
    return read_analyses(r, item(object, "analyses"), out);
}

static cop_status read_distilled(const reader *r, const cJSON *object, size_t cells,
                                 cop_record_distilled *out)
{
    COP_TRY(read_place(r, object, cells, &out->cell, &out->seed));
    if (!read_id(item(object, "set"), "distil", &out->set))
        return refuse(r, "its set is no name of a distilled set");
    if (!read_optional_id(item(object, "trained"), "train", &out->has_trained, &out->trained))
        return refuse(r, "its training is no name of a training");
    return COP_OK;
}

/* Gives a cell its brief label: the label, or where it is long its beginning and its end, and
 * its number where that is another's too. */
static bool set_brief(const reader *r, cop_record *out, size_t i)
{
    char text[BRIEF_SIZE];
    cop_record_cell *cell = &out->cells[i];
    cell->brief = cop_arena_strdup(r->arena, cop_shorten(cell->label, BRIEF, text));
    for (size_t k = 0; cell->brief != NULL && k < i; k++) {
        if (strcmp(out->cells[k].brief, cell->brief) != 0)
            continue;
        (void)cop_shorten(cell->label, BRIEF - 8, text);
        cell->brief = cop_arena_printf(r->arena, "%s (%zu)", text, i + 1);
        break;
    }
    return cell->brief != NULL;
}

static cop_status read_cells(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *list = item(root, "cells"), *object = NULL;
    *r = (reader){r->arena, r->path, "cells", 0, r->err};
    out->cells = cop_arena_array(r->arena, length(list) + 1, sizeof *out->cells);
    if (out->cells == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, list)
    {
        COP_TRY(read_cell(r, object, &out->cells[out->cell_count++]));
        r->index++;
    }
    for (size_t i = 0; i < out->cell_count; i++) {
        if (!set_brief(r, out, i))
            return cop_out_of_memory(r->err);
    }
    return COP_OK;
}

static cop_status read_tickets(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *list = item(root, "tickets"), *object = NULL;
    *r = (reader){r->arena, r->path, "tickets", 0, r->err};
    out->tickets = cop_arena_array(r->arena, length(list) + 1, sizeof *out->tickets);
    if (out->tickets == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, list)
    {
        COP_TRY(read_ticket(r, object, out->cell_count, &out->tickets[out->ticket_count++]));
        r->index++;
    }
    return COP_OK;
}

static cop_status read_distilled_list(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *list = item(root, "distilled"), *object = NULL;
    *r = (reader){r->arena, r->path, "distilled", 0, r->err};
    out->distilled = cop_arena_array(r->arena, length(list) + 1, sizeof *out->distilled);
    if (out->distilled == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, list)
    {
        COP_TRY(
            read_distilled(r, object, out->cell_count, &out->distilled[out->distilled_count++]));
        r->index++;
    }
    return COP_OK;
}

/* The name of an artifact of any kind. */
static bool read_any_id(const cJSON *value, cop_artifact_id *out)
{
    static const char *const kinds[] = {"distil", "train", "mask", "analyze"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (read_id(value, kinds[i], out))
            return true;
    }
    return false;
}

static cop_status read_failures(reader *r, const cJSON *root, cop_record *out)
{
    const cJSON *list = item(root, "failed"), *object = NULL;
    *r = (reader){r->arena, r->path, "failed", 0, r->err};
    out->failures = cop_arena_array(r->arena, length(list) + 1, sizeof *out->failures);
    if (out->failures == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, list)
    {
        cop_record_failure *failure = &out->failures[out->failure_count++];
        const char *reason = cJSON_GetStringValue(item(object, "reason"));
        if (reason == NULL || !read_any_id(item(object, "stage"), &failure->stage))
            return refuse(r, "has no stage or reason");
        failure->reason = copy_text(r, reason);
        if (failure->reason == NULL)
            return cop_out_of_memory(r->err);
        r->index++;
    }
    return COP_OK;
}

static cop_status read_root(reader *r, const cJSON *root, cop_record *out)
{
    const char *name = cJSON_GetStringValue(item(root, "name"));
    if (name != NULL && cJSON_IsArray(item(root, "settings")))
        return cop_fail_at(r->err, COP_FAILED, r->path, 0,
                           "was written by an earlier version of Coppice: run its config on this "
                           "directory again, which keeps what is still good, and reports it");
    if (name == NULL || !cJSON_IsArray(item(root, "cells")) ||
        !cJSON_IsArray(item(root, "tickets")))
        return cop_fail_at(r->err, COP_FAILED, r->path, 0,
                           "is not the record of a study: wants name, cells and tickets");
    out->name = copy_text(r, name);
    if (out->name == NULL)
        return cop_out_of_memory(r->err);
    COP_TRY(read_cells(r, root, out));
    COP_TRY(read_tickets(r, root, out));
    COP_TRY(read_distilled_list(r, root, out));
    return read_failures(r, root, out);
}

cop_status cop_record_read(const char *dir, cop_arena *arena, cop_record *out, cop_error *err)
{
    const char *path = cop_arena_printf(arena, "%s/study.json", dir);
    char *text = NULL;
    if (path == NULL)
        return cop_out_of_memory(err);
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return cop_fail_at(err, COP_FAILED, dir, 0, "holds no run (no study.json)");
    size_t size = 0;
    cJSON *root = NULL;
    cop_error why = {0};
    COP_TRY(cop_file_read_regular(path, RECORD_LIMIT, &text, &size, err));
    cop_status status = cop_seal_check(text, size, &why);
    if (status == COP_OK)
        status = cop_json_parse(text, size, &root, &why);
    free(text);
    if (status == COP_OK && !cJSON_IsObject(root))
        status = cop_fail(&why, COP_DAMAGED, "is not JSON, or was cut short");
    if (status != COP_OK) {
        cJSON_Delete(root);
        return cop_fail_at(err, COP_FAILED, path, 0, "%s%s", why.message,
                           status == COP_DAMAGED ? "; run the study again to make it anew" : "");
    }
    memset(out, 0, sizeof *out);
    reader r = {.arena = arena, .path = path, .err = err};
    status = read_root(&r, root, out);
    cJSON_Delete(root);
    return status;
}

bool cop_same_artifact(const cop_artifact_id *a, const cop_artifact_id *b)
{
    return strcmp(a->kind, b->kind) == 0 && strcmp(a->hash, b->hash) == 0;
}

bool cop_same_line(const cop_record_ticket *a, const cop_record_ticket *b)
{
    return a->cell == b->cell && a->phase == b->phase && a->round == b->round;
}
