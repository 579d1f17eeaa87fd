/* makers.c: by which plugins a stage is made. */
#include "study/running/makers.h"

#include "core/memory.h"
#include "core/text.h"
#include "nn/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_component(cop_text *t, const cop_component *c)
{
    const cop_registry_entry *entry = cop_component_entry(c);
    cop_text_printf(t, "%s %s %s %s\n", cop_kind_name((cop_kind)entry->plugin->kind),
                    entry->plugin->id, entry->plugin->version, entry->content_hash);
    for (size_t i = 0; i < cop_component_model_count(c); i++)
        add_component(t, cop_component_model_at(c, i));
}

/* Those of whose options the model is one. */
static void add_owners(cop_text *t, const cop_opened *o, const cop_model *model)
{
    const cop_instance *owner = NULL;
    for (size_t i = 0; (owner = cop_owner_at(o, i)) != NULL; i++)
        for (size_t k = 0; k < owner->model_count; k++)
            if (owner->models[k] == model)
                add_component(t, owner->component);
}

char *cop_makers(const cop_stage *stage)
{
    cop_text t = {0};
    const cop_opened *o = stage->opened;
    add_component(&t, o->cell->model);
    if (stage->given != NULL)
        return cop_text_take(&t);
    if (stage->kind != COP_STAGE_TRAIN && stage->work.instance != NULL)
        add_component(&t, stage->work.instance->component);
    if (stage->kind == COP_STAGE_TRAIN && stage->train.model != o->model)
        add_owners(&t, o, stage->train.model);
    return cop_text_take(&t);
}

static void add_name(cop_text *t, const cop_component *c)
{
    const cop_plugin *plugin = cop_component_entry(c)->plugin;
    cop_text_printf(t, "%s%s %s %s", t->length > 0 ? ", " : "",
                    cop_kind_name((cop_kind)plugin->kind), plugin->id, plugin->version);
    for (size_t i = 0; i < cop_component_model_count(c); i++)
        add_name(t, cop_component_model_at(c, i));
}

/* "ipc = 10; factor = 2;": what the set depends on of the options, so that a set of an identity is
 * the same bits wherever it is made; fit for a file's metadata. The caller's; NULL without
 * memory. */
static char *options_of(const cop_component *c)
{
    const char *identity = cop_component_identity(c), *begin = strchr(identity, '{');
    const char *end = strrchr(identity, '}');
    cop_text t = {0};
    cop_text_append(&t, "");
    if (begin != NULL && end != NULL && end > begin + 2)
        cop_text_append_bytes(&t, begin + 2, (size_t)(end - begin) - 3);
    char *line = cop_text_take(&t);
    size_t size = line != NULL ? strlen(line) * 4 + 1 : 0;
    char *shown = line != NULL ? malloc(size) : NULL;
    if (shown != NULL)
        (void)cop_escape(line, shown, size);
    free(line);
    return shown;
}

/* Of which data and by which options. Options that no file can say, by their length or their
 * letters, are left out. */
static cop_status say_provenance(const cop_stage *stage, cop_synthetic *set, cop_error *err)
{
    char dataset[COP_SYNTHETIC_ORIGIN + 1];
    const cop_component *data = stage->data->component;
    (void)snprintf(dataset, sizeof dataset, "%s, %s", cop_component_entry(data)->plugin->id,
                   stage->data->fingerprint);
    COP_TRY(cop_synthetic_set_dataset(set, dataset, err));
    char *options = options_of(stage->work.instance->component);
    if (options == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_synthetic_set_options(set, options, err);
    free(options);
    return status == COP_INVALID ? COP_OK : status;
}

cop_status cop_say_set_maker(const cop_stage *stage, cop_synthetic *set, cop_error *err)
{
    cop_text t = {0};
    char shown[COP_SYNTHETIC_ORIGIN + 1];
    add_name(&t, stage->work.instance->component);
    char *names = cop_text_take(&t);
    if (names == NULL)
        return cop_out_of_memory(err);
    (void)cop_escape(names, shown, sizeof shown);
    free(names);
    COP_TRY(cop_synthetic_set_made_by(set, shown, err));
    return say_provenance(stage, set, err);
}

/* Where a line that begins with "kind id " stands in a text of lines; NULL: nowhere. */
static const char *find_line(const char *text, const char *name, size_t length)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, name, length) == 0)
            return line;
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    return NULL;
}

/* The length of "kind id " at the beginning of a line; 0: it is none. */
static size_t name_length(const char *line)
{
    const char *space = strchr(line, ' ');
    space = space != NULL ? strchr(space + 1, ' ') : NULL;
    return space != NULL ? (size_t)(space + 1 - line) : 0;
}

static bool is_said(const cop_study *s, const char *name, size_t length)
{
    return s->said_makers != NULL && find_line(s->said_makers, name, length) != NULL;
}

static void remember(cop_study *s, const char *line, size_t length)
{
    cop_text t = {0};
    cop_text_append(&t, s->said_makers != NULL ? s->said_makers : "");
    cop_text_append_bytes(&t, line, length);
    char *text = cop_text_take(&t);
    if (text == NULL)
        return;
    free(s->said_makers);
    s->said_makers = text;
}

static void compare_line(const cop_runner *r, const cop_artifact_id *id, const char *line,
                         const char *made_by)
{
    size_t length = strcspn(line, "\n"), name = name_length(line);
    const char *then = name > 0 ? find_line(made_by, line, name) : NULL;
    if (then == NULL || is_said(r->study, line, name))
        return;
    size_t then_length = strcspn(then, "\n");
    if (then_length == length && strncmp(line, then, length) == 0)
        return;
    cop_say(r->log, COP_LOG_WARNING,
            "%s-%s and maybe others were made by %.*s, and this is %.*s: the same results are "
            "expected, as results_version is the same; if they are not, raise it",
            id->kind, id->hash, (int)then_length, then, (int)length, line);
    remember(r->study, line, length + 1);
}

void cop_makers_compare(const cop_runner *r, const cop_stage *stage, const cop_artifact_id *id)
{
    char made_by[COP_MAKERS_SIZE];
    if (cop_store_made_by(r->store, id, made_by, sizeof made_by, NULL) != COP_OK)
        return;
    char *now = cop_makers(stage);
    for (const char *line = now; line != NULL && *line != '\0';) {
        compare_line(r, id, line, made_by);
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    free(now);
}
