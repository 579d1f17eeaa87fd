/* describe_json.c: plugins and their options, printed for programs. */
#include "plugin/options/describe.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/value.h"
#include "plugin/preparation.h"

#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Builds a document; one failed allocation fails the whole. */
typedef struct builder {
    bool failed;
} builder;

/* JSON is UTF-8: bytes of a plugin or a path that are not come out as question marks. */
static char *to_utf8(const char *text)
{
    char *copy = strdup(text);
    for (char *p = copy; p != NULL && *p != '\0';) {
        size_t length = cop_utf8_length(p, p + strlen(p));
        if (length == 0)
            *p = '?';
        p += length > 0 ? length : 1;
    }
    return copy;
}

static void add_text(builder *b, cJSON *object, const char *name, const char *text)
{
    if (text == NULL) {
        b->failed |= cJSON_AddNullToObject(object, name) == NULL;
        return;
    }
    char *clean = to_utf8(text);
    b->failed |= clean == NULL || cJSON_AddStringToObject(object, name, clean) == NULL;
    free(clean);
}

static void add_number(builder *b, cJSON *object, const char *name, double value)
{
    b->failed |= cJSON_AddNumberToObject(object, name, value) == NULL;
}

static void add_bool(builder *b, cJSON *object, const char *name, bool value)
{
    b->failed |= cJSON_AddBoolToObject(object, name, value) == NULL;
}

static cJSON *add_object(builder *b, cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    if (object == NULL || !cJSON_AddItemToArray(array, object)) {
        cJSON_Delete(object);
        b->failed = true;
        return NULL;
    }
    return object;
}

static cJSON *add_array(builder *b, cJSON *object, const char *name)
{
    cJSON *array = cJSON_AddArrayToObject(object, name);
    b->failed |= array == NULL;
    return array;
}

static void add_option(builder *b, cJSON *array, const cop_option *o)
{
    cJSON *object = add_object(b, array);
    if (object == NULL)
        return;
    add_text(b, object, "name", o->name);
    add_text(b, object, "help", o->help);
    if (o->alias_of != NULL) {
        add_text(b, object, "alias_of", o->alias_of);
        return;
    }
    add_text(b, object, "type", cop_option_type_name(o->type));
    add_text(b, object, "default", o->def);
    if (cop_option_has_range(o)) {
        if (isfinite(o->min))
            add_number(b, object, "min", o->min);
        if (isfinite(o->max))
            add_number(b, object, "max", o->max);
    }
    if (o->choices != NULL) {
        cJSON *choices = add_array(b, object, "choices");
        for (size_t i = 0; choices != NULL && o->choices[i] != NULL; i++) {
            cJSON *one = cJSON_CreateString(o->choices[i]);
            b->failed |= one == NULL || !cJSON_AddItemToArray(choices, one);
        }
    }
    if (o->unit != NULL)
        add_text(b, object, "unit", o->unit);
    add_bool(b, object, "required", (o->flags & COP_OPTION_REQUIRED) != 0);
    add_bool(b, object, "advanced", (o->flags & COP_OPTION_ADVANCED) != 0);
    add_bool(b, object, "execution_only", (o->flags & COP_OPTION_EXECUTION_ONLY) != 0);
    add_bool(b, object, "judgement", (o->flags & COP_OPTION_JUDGEMENT) != 0);
    add_bool(b, object, "length", (o->flags & COP_OPTION_LENGTH) != 0);
    add_bool(b, object, "set_recipe", (o->flags & COP_OPTION_SET_RECIPE) != 0);
}

static void add_plugin(builder *b, cJSON *object, const cop_registry_entry *entry)
{
    const cop_plugin *p = entry->plugin;
    add_text(b, object, "kind", cop_kind_name((cop_kind)p->kind));
    add_text(b, object, "id", p->id);
    add_text(b, object, "version", p->version);
    add_text(b, object, "results_version", p->results_version);
    add_text(b, object, "summary", p->summary);
    add_text(b, object, "author", p->author);
    add_text(b, object, "licence", p->licence);
    add_text(b, object, "citation", p->citation);
    add_text(b, object, "defaults", p->defaults);
    add_text(b, object, "departures", p->departures);
    add_text(b, object, "file", entry->path);
    add_text(b, object, "content_hash", entry->content_hash);
    add_number(b, object, "abi_major", p->abi_major);
    add_number(b, object, "abi_minor", p->abi_minor);
    add_number(b, object, "interface", p->kind_interface);
    cJSON *options = add_array(b, object, "options");
    for (size_t i = 0; options != NULL && i < p->option_count; i++)
        add_option(b, options, &p->options[i]);
    if (p->kind != COP_KIND_DATASET)
        return;
    size_t count = 0;
    const cop_option *rows = cop_preparation_options(&count);
    cJSON *shared = add_array(b, object, "options_of_every_dataset");
    for (size_t i = 0; shared != NULL && i < count; i++)
        add_option(b, shared, &rows[i]);
}

static cop_status print(const builder *b, cJSON *document, FILE *out, cop_error *err)
{
    char *text = b->failed ? NULL : cJSON_Print(document);
    cJSON_Delete(document);
    if (text == NULL)
        return cop_out_of_memory(err);
    bool is_written = fprintf(out, "%s\n", text) >= 0;
    cJSON_free(text);
    return is_written ? COP_OK : cop_fail(err, COP_FAILED, "the output cannot be written");
}

cop_status cop_describe_plugin_json(const cop_registry_entry *entry, FILE *out, cop_error *err)
{
    builder b = {false};
    cJSON *document = cJSON_CreateObject();
    if (document == NULL)
        return cop_out_of_memory(err);
    add_plugin(&b, document, entry);
    return print(&b, document, out, err);
}

cop_status cop_describe_list_json(const cop_registry *r, cop_kind kind, FILE *out, cop_error *err)
{
    builder b = {false};
    cJSON *document = cJSON_CreateObject();
    if (document == NULL)
        return cop_out_of_memory(err);
    cJSON *plugins = add_array(&b, document, "plugins");
    for (size_t i = 0; plugins != NULL && i < cop_registry_count(r); i++) {
        const cop_plugin *seen = cop_registry_at(r, i)->plugin;
        if (kind != 0 && seen->kind != (uint32_t)kind)
            continue;
        const cop_registry_entry *entry = cop_registry_find(r, (cop_kind)seen->kind, seen->id);
        entry = entry != NULL ? entry : cop_registry_at(r, i);
        cJSON *object = add_object(&b, plugins);
        if (object != NULL)
            add_plugin(&b, object, entry);
    }
    cJSON *refused = add_array(&b, document, "refused");
    for (size_t i = 0; refused != NULL && i < cop_registry_refusal_count(r); i++) {
        cJSON *object = add_object(&b, refused);
        if (object == NULL)
            continue;
        add_text(&b, object, "file", cop_registry_refusal_at(r, i)->path);
        add_text(&b, object, "reason", cop_registry_refusal_at(r, i)->reason);
        add_bool(&b, object, "shadowed", cop_registry_refusal_at(r, i)->is_shadowed);
    }
    return print(&b, document, out, err);
}

cop_status cop_describe_groups_json(const cop_described_group *groups, size_t count, FILE *out,
                                    cop_error *err)
{
    builder b = {false};
    cJSON *document = cJSON_CreateObject();
    if (document == NULL)
        return cop_out_of_memory(err);
    cJSON *list = add_array(&b, document, "groups");
    for (size_t i = 0; list != NULL && i < count; i++) {
        cJSON *object = add_object(&b, list);
        if (object == NULL)
            continue;
        add_text(&b, object, "name", groups[i].name);
        add_text(&b, object, "help", groups[i].help);
        cJSON *options = add_array(&b, object, "options");
        for (size_t k = 0; options != NULL && k < groups[i].count; k++)
            add_option(&b, options, &groups[i].options[k]);
    }
    return print(&b, document, out, err);
}
