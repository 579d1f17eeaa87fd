/* stages_json.c: writing and reading the graph of a study. */
#include "store/formats/stages_json.h"

#include "core/damage.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/seal.h"

#include <string.h>

/* Ten thousand stages take about ten megabytes. */
#define STAGES_LIMIT ((size_t)1 << 30)

/* Writing. */

static bool add_text(cJSON *list, const char *text)
{
    return cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

static bool add_stage(cJSON *list, const cop_stage_record *stage)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    cJSON *object = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(list, object) ||
        cJSON_AddStringToObject(object, "name", cop_artifact_text(&stage->id, name)) == NULL ||
        cJSON_AddStringToObject(object, "title", stage->title) == NULL ||
        cJSON_AddStringToObject(object, "data", stage->data) == NULL)
        return false;
    cJSON *inputs = cJSON_AddArrayToObject(object, "inputs");
    for (size_t i = 0; i < stage->input_count; i++) {
        if (!add_text(inputs, cop_artifact_text(&stage->inputs[i], name)))
            return false;
    }
    return inputs != NULL && cJSON_AddStringToObject(object, "identity", stage->identity) != NULL;
}

static bool add_texts(cJSON *root, const char *name, const char **texts, size_t count)
{
    cJSON *list = cJSON_AddArrayToObject(root, name);
    for (size_t i = 0; i < count; i++) {
        if (!add_text(list, texts[i]))
            return false;
    }
    return list != NULL;
}

static bool fill(cJSON *root, const cop_stage_records *records)
{
    if (cJSON_AddStringToObject(root, "study", records->study) == NULL ||
        !add_texts(root, "plugin_dirs", records->plugin_dirs, records->plugin_dir_count) ||
        !add_texts(root, "environment", records->environment, records->environment_count))
        return false;
    cJSON *stages = cJSON_AddArrayToObject(root, "stages");
    for (size_t i = 0; i < records->stage_count; i++) {
        if (!add_stage(stages, &records->stages[i]))
            return false;
    }
    return stages != NULL;
}

cop_status cop_stages_write(const cop_stage_records *records, const char *path, cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    cop_status status =
        cop_sealed_json_write(root != NULL && fill(root, records) ? root : NULL, path, err);
    cJSON_Delete(root);
    return status;
}

/* Reading. */

/* What the reading functions share. */
typedef struct reader {
    cop_arena *arena;
    const char *path;
    size_t index; /* the stage under way */
    cop_error *err;
} reader;

static cop_status refuse(const reader *r, const char *what)
{
    return cop_fail_at(r->err, COP_FAILED, r->path, 0, "stages[%zu]: %s", r->index, what);
}

/* A text of the object; NULL stays in *out where there is none. */
static cop_status take_text(const reader *r, const cJSON *object, const char *name,
                            const char **out)
{
    const char *text = cJSON_GetStringValue(cop_json_item(object, name));
    *out = text != NULL ? cop_arena_strdup(r->arena, text) : NULL;
    return text != NULL && *out == NULL ? cop_out_of_memory(r->err) : COP_OK;
}

static cop_status read_inputs(const reader *r, const cJSON *list, cop_stage_record *out)
{
    out->inputs = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof *out->inputs);
    if (out->inputs == NULL)
        return cop_out_of_memory(r->err);
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, list)
    {
        const char *text = cJSON_GetStringValue(name);
        if (text == NULL || !cop_artifact_parse(text, &out->inputs[out->input_count++]))
            return refuse(r, "has an input that is no name of a stage");
    }
    return COP_OK;
}

/* A stage whose name is not that of its identity would pass for another. */
static cop_status check_name(const reader *r, const cop_stage_record *stage)
{
    cop_artifact_id named;
    COP_TRY(cop_artifact_name(stage->id.kind, stage->identity, &named, r->err));
    return cop_same_artifact(&named, &stage->id) ? COP_OK
                                                 : refuse(r, "is not that of its identity");
}

static cop_status read_stage(const reader *r, const cJSON *object, cop_stage_record *out)
{
    const char *name = cJSON_GetStringValue(cop_json_item(object, "name"));
    if (name == NULL || !cop_artifact_parse(name, &out->id))
        return refuse(r, "has no name of a stage");
    COP_TRY(take_text(r, object, "title", &out->title));
    COP_TRY(take_text(r, object, "data", &out->data));
    COP_TRY(take_text(r, object, "identity", &out->identity));
    if (out->title == NULL || out->data == NULL || out->identity == NULL)
        return refuse(r, "lacks title, data or identity");
    if (!cJSON_IsArray(cop_json_item(object, "inputs")))
        return refuse(r, "lacks inputs");
    COP_TRY(read_inputs(r, cop_json_item(object, "inputs"), out));
    return check_name(r, out);
}

static cop_status read_texts(const reader *r, const cJSON *root, const char *name,
                             const char ***out, size_t *count)
{
    const cJSON *list = cop_json_item(root, name), *one = NULL;
    const char **texts = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof *texts);
    if (texts == NULL)
        return cop_out_of_memory(r->err);
    if (!cJSON_IsArray(list))
        return cop_fail_at(r->err, COP_FAILED, r->path, 0, "lacks the list \"%s\"", name);
    cJSON_ArrayForEach(one, list)
    {
        const char *text = cJSON_GetStringValue(one);
        if (text == NULL)
            return cop_fail_at(r->err, COP_FAILED, r->path, 0, "\"%s\" holds what is no text",
                               name);
        texts[*count] = cop_arena_strdup(r->arena, text);
        if (texts[(*count)++] == NULL)
            return cop_out_of_memory(r->err);
    }
    *out = texts;
    return COP_OK;
}

static cop_status read_root(reader *r, const cJSON *root, cop_stage_records *out)
{
    const cJSON *list = cop_json_item(root, "stages"), *object = NULL;
    COP_TRY(take_text(r, root, "study", &out->study));
    if (out->study == NULL || !cJSON_IsArray(list))
        return cop_fail_at(r->err, COP_FAILED, r->path, 0,
                           "is not the graph of a study: wants study and stages");
    COP_TRY(read_texts(r, root, "plugin_dirs", &out->plugin_dirs, &out->plugin_dir_count));
    COP_TRY(read_texts(r, root, "environment", &out->environment, &out->environment_count));
    out->stages = cop_arena_array(r->arena, cop_json_length(list) + 1, sizeof *out->stages);
    if (out->stages == NULL)
        return cop_out_of_memory(r->err);
    cJSON_ArrayForEach(object, list)
    {
        COP_TRY(read_stage(r, object, &out->stages[out->stage_count++]));
        r->index++;
    }
    return COP_OK;
}

cop_status cop_stages_read(const char *path, cop_arena *arena, cop_stage_records *out,
                           cop_error *err)
{
    cJSON *root = NULL;
    memset(out, 0, sizeof *out);
    COP_TRY(cop_sealed_json_read(path, STAGES_LIMIT, &root, err));
    reader r = {.arena = arena, .path = path, .err = err};
    cop_status status = read_root(&r, root, out);
    cJSON_Delete(root);
    return status;
}
