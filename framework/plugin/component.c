/* component.c: a plugin chosen by a config, with its options; and instances made of it. */
#include "plugin/component.h"

#include "core/callback.h"
#include "core/memory.h"
#include "core/text.h"
#include "nn/model.h"
#include "plugin/options/value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cop_component {
    const cop_registry_entry *entry;
    void *options;
    cop_option_values *values;
    char *identity;
    char *course; /* NULL: none */
    char *file;   /* where its group was written; NULL: nowhere */
    int line;
    cop_prepared prepared; /* of a dataset */
    char *effective;       /* with what is said of that; NULL: the options' own */
};

static bool ends_in_dev(const char *version)
{
    size_t length = strlen(version);
    return length >= 4 && strcmp(version + length - 4, "-dev") == 0;
}

/* What says whose code it is, and the options as given. NULL without memory. */
static char *identify(const cop_component *c, const char *options)
{
    const cop_plugin *plugin = c->entry->plugin;
    cop_text text = {0};
    cop_text_printf(&text, "%s %s %s", cop_kind_name((cop_kind)plugin->kind), plugin->id,
                    plugin->results_version);
    if (ends_in_dev(plugin->version) || ends_in_dev(plugin->results_version))
        cop_text_printf(&text, " %s", c->entry->content_hash);
    cop_text_printf(&text, " %s", options);
    if (c->prepared.lines != NULL)
        cop_text_append(&text, " prepared:");
    for (const char *line = c->prepared.lines; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        cop_text_printf(&text, " %.*s;", (int)length, line);
        line += length + (line[length] == '\n');
    }
    return cop_text_take(&text);
}

static cop_status write_identity(cop_component *c, cop_error *err)
{
    const char *course = cop_option_values_course(c->values);
    c->identity = identify(c, cop_option_values_identity(c->values));
    if (c->identity != NULL && course != NULL)
        c->course = identify(c, course);
    return c->identity != NULL && (course == NULL || c->course != NULL) ? COP_OK
                                                                        : cop_out_of_memory(err);
}

cop_status cop_place_at(const char *file, int line, cop_status status, cop_error *err)
{
    if (status == COP_OK || err == NULL || err->file[0] != '\0')
        return status;
    (void)snprintf(err->file, sizeof err->file, "%s", file != NULL ? file : "");
    err->line = line;
    return status;
}

/* Gives a failure that has no place (of a default) the place of the group. */
static cop_status place_failure(cop_status status, const config_setting_t *group, const char *file,
                                cop_error *err)
{
    cop_place place = cop_setting_place(group, file);
    return cop_place_at(place.file, place.line, status, err);
}

static cop_status keep_place(cop_component *c, const config_setting_t *group, const char *file,
                             cop_error *err)
{
    cop_place place = cop_setting_place(group, file);
    if (place.file == NULL)
        return COP_OK;
    c->line = place.line;
    c->file = strdup(place.file);
    return c->file != NULL ? COP_OK : cop_out_of_memory(err);
}

/* A group without `plugin`; a key that looks like it is named. */
static cop_status refuse_nameless(cop_kind kind, const config_setting_t *group, const char *file,
                                  cop_error *err)
{
    static const char *const wanted[] = {"plugin"};
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        if (cop_nearest(config_setting_name(member), wanted, 1) == NULL)
            continue;
        cop_place place = cop_setting_place(member, file);
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "unknown option \"%.64s\" of this %s; did you mean \"plugin\"?",
                           config_setting_name(member), cop_kind_name(kind));
    }
    cop_place place = cop_setting_place(group, file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line,
                       "this %s needs plugin = \"...\", which names it", cop_kind_name(kind));
}

static cop_status find_entry(const cop_registry *r, cop_kind kind, const config_setting_t *group,
                             const char *file, const cop_registry_entry **entry, cop_error *err)
{
    cop_place place = cop_setting_place(group, file);
    if (config_setting_type(group) != CONFIG_TYPE_GROUP)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "this %s is %s; wanted a group { plugin = \"...\"; }",
                           cop_kind_name(kind), cop_setting_type_name(group));
    const config_setting_t *id = config_setting_get_member(group, "plugin");
    if (id == NULL)
        return refuse_nameless(kind, group, file, err);
    if (config_setting_type(id) != CONFIG_TYPE_STRING)
        return cop_fail_at(err, COP_INVALID, place.file, place.line,
                           "this %s needs plugin = \"...\", which names it", cop_kind_name(kind));
    *entry = cop_registry_find(r, kind, config_setting_get_string(id));
    if (*entry != NULL)
        return COP_OK;
    cop_status status = cop_registry_unknown(r, kind, config_setting_get_string(id), err);
    return place_failure(status, id, file, err);
}

static cop_status read_options(cop_component *c, const cop_registry *r,
                               const config_setting_t *group, const char *const *skip,
                               const char *file, cop_logger *log, cop_error *err)
{
    const cop_plugin *plugin = c->entry->plugin;
    bool is_data = plugin->kind == COP_KIND_DATASET;
    size_t own_count = 0;
    const cop_option *own = cop_preparation_options(&own_count);
    char what[128];
    (void)snprintf(what, sizeof what, "%s \"%s\"", cop_kind_name((cop_kind)plugin->kind),
                   plugin->id);
    const char **all = cop_names_beside(skip, own, is_data ? own_count : 0);
    if (all == NULL)
        return cop_out_of_memory(err);
    cop_status status = (is_data ? cop_data_options_read : cop_options_read)(
        plugin->options, plugin->option_count, group, all, what, file, r, log, c->options,
        &c->values, err);
    free(all);
    return status;
}

/* What the framework does with a dataset's samples is said behind the plugin's options. */
static cop_status read_preparation(cop_component *c, const config_setting_t *group,
                                   const char *const *skip, const char *file, cop_error *err)
{
    if (c->entry->plugin->kind != COP_KIND_DATASET)
        return COP_OK;
    COP_TRY(cop_prepared_read(c->entry->plugin, group, skip, file, &c->prepared, err));
    if (c->prepared.lines == NULL)
        return COP_OK;
    cop_text all = {0};
    cop_text_append(&all, cop_option_values_effective(c->values));
    cop_text_append(&all, c->prepared.lines);
    c->effective = cop_text_take(&all);
    return c->effective != NULL ? COP_OK : cop_out_of_memory(err);
}

cop_status cop_component_read(const cop_registry *r, cop_kind kind, const config_setting_t *group,
                              const char *const *skip, const char *file, cop_logger *log,
                              cop_component **out, cop_error *err)
{
    *out = NULL;
    const cop_registry_entry *entry = NULL;
    COP_TRY(find_entry(r, kind, group, file, &entry, err));
    cop_registry_say_shadowed(r, entry, log);
    cop_component *c = calloc(1, sizeof *c);
    if (c == NULL)
        return cop_out_of_memory(err);
    c->entry = entry;
    c->options = calloc(1, entry->plugin->options_size > 0 ? entry->plugin->options_size : 1);
    cop_status status = c->options != NULL ? COP_OK : cop_out_of_memory(err);
    if (status == COP_OK)
        status = keep_place(c, group, file, err);
    if (status == COP_OK)
        status = read_options(c, r, group, skip, file, log, err);
    if (status == COP_OK)
        status = read_preparation(c, group, skip, file, err);
    if (status == COP_OK)
        status = write_identity(c, err);
    if (status != COP_OK) {
        cop_component_free(c);
        return place_failure(status, group, file, err);
    }
    *out = c;
    return COP_OK;
}

void cop_component_free(cop_component *c)
{
    if (c == NULL)
        return;
    cop_option_values_free(c->values);
    free(c->options);
    free(c->identity);
    free(c->course);
    free(c->file);
    cop_prepared_clear(&c->prepared);
    free(c->effective);
    free(c);
}

const cop_registry_entry *cop_component_entry(const cop_component *c)
{
    return c->entry;
}

const char *cop_component_identity(const cop_component *c)
{
    return c->identity;
}

const char *cop_component_course(const cop_component *c)
{
    return c->course;
}

const char *cop_component_effective(const cop_component *c)
{
    return c->effective != NULL ? c->effective : cop_option_values_effective(c->values);
}

const char *cop_component_own_effective(const cop_component *c)
{
    return cop_option_values_effective(c->values);
}

const cop_preparation *cop_component_preparation(const cop_component *c)
{
    return &c->prepared.values;
}

bool cop_component_states(const cop_component *c, const char *option)
{
    return cop_option_values_state(c->values, option);
}

const cop_option *cop_component_set_recipe(const cop_component *c)
{
    const cop_plugin *plugin = c->entry->plugin;
    for (size_t i = 0; i < plugin->option_count; i++)
        if ((plugin->options[i].flags & (uint32_t)COP_OPTION_SET_RECIPE) != 0)
            return &plugin->options[i];
    return NULL;
}

size_t cop_component_model_count(const cop_component *c)
{
    return cop_option_values_model_count(c->values);
}

const cop_component *cop_component_model_at(const cop_component *c, size_t i)
{
    size_t offset = 0;
    return cop_option_values_model(c->values, i, &offset);
}

void cop_component_place(const cop_component *c, const char **file, int *line)
{
    *file = c->file;
    *line = c->line;
}

void cop_component_key_place(const cop_component *c, const char *key, const char **file, int *line)
{
    if (!cop_prepared_place(&c->prepared, key, file, line))
        cop_component_place(c, file, line);
}

cop_status cop_place_at_component(const cop_component *c, cop_status status, cop_error *err)
{
    return cop_place_at(c->file, c->line, status, err);
}

/* Puts a failure at the place of the component's group. A file that the failure names by itself,
 * such as one of the data, stays in its text. */
static void say_place(const cop_component *c, cop_error *err)
{
    if (err == NULL || c->file == NULL)
        return;
    (void)snprintf(err->file, sizeof err->file, "%s", c->file);
    err->line = c->line;
}

static void keep_own_file(cop_error *err)
{
    char file[sizeof err->file];
    memcpy(file, err->file, sizeof file);
    file[sizeof file - 1] = '\0';
    if (file[0] == '\0')
        return;
    if (err->line > 0)
        (void)cop_fail_within(err, "%s:%d", file, err->line);
    else
        (void)cop_fail_within(err, "%s", file);
    err->file[0] = '\0';
    err->line = 0;
}

/* What a plugin answered, made into something that the host can pass on: a status that exists, and
 * never a failure without a word. */
static cop_status answer(const cop_component *c, cop_status status, cop_error *err)
{
    if (status == COP_OK)
        return COP_OK;
    bool is_known = status >= COP_UNAVAILABLE && status <= COP_CANCELLED;
    if (err != NULL) {
        err->status = is_known ? status : COP_FAILED;
        err->message[sizeof err->message - 1] = '\0';
        if (err->message[0] == '\0')
            (void)snprintf(err->message, sizeof err->message,
                           "creation failed without saying why (status %d)", (int)status);
        keep_own_file(err);
    }
    const cop_plugin *plugin = c->entry->plugin;
    (void)cop_fail_within(err, "%s \"%s\"", cop_kind_name((cop_kind)plugin->kind), plugin->id);
    say_place(c, err);
    return is_known ? status : COP_FAILED;
}

cop_status cop_component_model(const cop_component *c, const cop_task *task, cop_model **out,
                               cop_error *err)
{
    const cop_plugin *plugin = c->entry->plugin;
    if (plugin->kind != COP_KIND_MODEL)
        return cop_fail(err, COP_FAILED, "%s \"%s\" is not a model",
                        cop_kind_name((cop_kind)plugin->kind), plugin->id);
    cop_status status = cop_model_open(plugin->id, plugin->ops, c->options, task, out, err);
    if (status != COP_OK && err != NULL) {
        keep_own_file(err);
        say_place(c, err);
    }
    return status;
}

static cop_status make_models(const cop_component *c, const cop_task *task, cop_instance *out,
                              cop_error *err)
{
    size_t count = cop_option_values_model_count(c->values);
    out->models = calloc(count > 0 ? count : 1, sizeof *out->models);
    if (out->models == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        size_t offset = 0;
        const cop_component *model = cop_option_values_model(c->values, i, &offset);
        cop_status status = cop_component_model(model, task, &out->models[i], err);
        if (status != COP_OK && model->file == NULL) /* a default: written in no config */
            say_place(c, err);
        COP_TRY(status);
        out->model_count++;
        const cop_model *made = out->models[i];
        memcpy((char *)out->options + offset, &made, sizeof made);
    }
    return COP_OK;
}

/* Recipes of the options that leave their augmentation to the data, settled. */
static cop_status settle_recipes(const cop_component *c, uint32_t augment, cop_instance *out,
                                 cop_error *err)
{
    const cop_plugin *plugin = c->entry->plugin;
    out->recipes = calloc(plugin->option_count + 1, sizeof *out->recipes);
    if (out->recipes == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < plugin->option_count; i++) {
        const cop_option *row = &plugin->options[i];
        const cop_recipe *given = NULL;
        if (row->type != COP_OPTION_RECIPE)
            continue;
        memcpy(&given, (const char *)c->options + row->offset, sizeof given);
        if (given == NULL || given->augment != COP_AUGMENT_DEFAULT)
            continue;
        cop_recipe *settled = &out->recipes[out->recipe_count++];
        *settled = *given;
        cop_recipe_settle(settled, augment);
        given = settled;
        memcpy((char *)out->options + row->offset, &given, sizeof given);
    }
    return COP_OK;
}

static void enter(cop_callback *call, const cop_component *c, const char *name)
{
    const cop_plugin *plugin = c->entry->plugin;
    cop_callback_enter(call, cop_kind_name((cop_kind)plugin->kind), plugin->id, name);
}

/* Hands on a failure of `create`, in the component's name. */
static cop_status created(const cop_component *c, cop_status status, cop_error *own, cop_error *err)
{
    status = answer(c, status, own);
    if (err != NULL && status != COP_OK)
        *err = *own;
    return status;
}

static bool can_be_read(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, R_OK) == 0;
}

/* Where a dataset blames a file that it could read, the data are at fault, and not the config that
 * names them, whatever the plugin called it. */
static cop_status blame_data(cop_status status, cop_error *own)
{
    if (status != COP_INVALID || own->file[0] == '\0' || !can_be_read(own->file))
        return status;
    own->status = COP_FAILED;
    return COP_FAILED;
}

static cop_status create_dataset(const cop_component *c, cop_instance *out, cop_error *err)
{
    const cop_dataset_ops *ops = out->ops;
    cop_error own = {0};
    cop_callback call;
    enter(&call, c, "create");
    cop_status status = ops->create(out->options, &out->self, &own);
    cop_callback_leave(&call);
    out->is_created = status == COP_OK;
    own.file[sizeof own.file - 1] = '\0';
    status = blame_data(status, &own);
    return created(c, status, &own, err);
}

static cop_status try_worker(const cop_instance *from, const cop_task *task, cop_error *err)
{
    cop_worker worker;
    COP_TRY(cop_worker_open(from, task, &worker, err));
    cop_worker_close(&worker);
    return COP_OK;
}

cop_status cop_instance_open(const cop_component *c, const cop_task *task, cop_instance *out,
                             cop_error *err)
{
    return cop_instance_open_for(c, task, 0, out, err);
}

cop_status cop_instance_open_for(const cop_component *c, const cop_task *task, uint32_t augment,
                                 cop_instance *out, cop_error *err)
{
    *out = (cop_instance){.component = c, .ops = c->entry->plugin->ops};
    size_t size = c->entry->plugin->options_size;
    out->options = calloc(1, size > 0 ? size : 1);
    cop_status status = COP_OK;
    if (out->options == NULL) {
        status = cop_out_of_memory(err);
    } else {
        memcpy(out->options, c->options, size);
        status = make_models(c, task, out, err);
        if (status == COP_OK)
            status = settle_recipes(c, augment, out, err);
    }
    if (status == COP_OK)
        status = c->entry->plugin->kind == COP_KIND_DATASET ? create_dataset(c, out, err)
                                                            : try_worker(out, task, err);
    if (status != COP_OK)
        cop_instance_close(out);
    return status;
}

void cop_instance_close(cop_instance *instance)
{
    if (instance == NULL || instance->component == NULL)
        return;
    if (instance->is_created) {
        cop_callback call;
        enter(&call, instance->component, "destroy");
        ((const cop_dataset_ops *)instance->ops)->destroy(instance->self);
        cop_callback_leave(&call);
    }
    for (size_t i = 0; i < instance->model_count; i++)
        cop_model_free(instance->models[i]);
    free(instance->models);
    free(instance->recipes);
    free(instance->options);
    *instance = (cop_instance){0};
}

void cop_instance_use_cache(const cop_instance *instance, struct cop_program_cache *cache)
{
    for (size_t i = 0; i < instance->model_count; i++)
        cop_model_use_cache(instance->models[i], cache);
}

cop_status cop_worker_open(const cop_instance *from, const cop_task *task, cop_worker *out,
                           cop_error *err)
{
    const cop_work_ops *ops = from->ops;
    size_t size = from->component->entry->plugin->options_size;
    *out = (cop_worker){.options = malloc(size > 0 ? size : 1)};
    if (out->options == NULL)
        return cop_out_of_memory(err);
    memcpy(out->options, from->options, size);
    out->self = out->options;
    cop_status status = COP_OK;
    if (ops->create != NULL) {
        cop_error own = {0};
        cop_callback call;
        out->self = NULL;
        enter(&call, from->component, "create");
        status = ops->create(out->options, task, &out->self, &own);
        cop_callback_leave(&call);
        status = created(from->component, status, &own, err);
    }
    if (status != COP_OK) {
        free(out->options);
        *out = (cop_worker){0};
        return status;
    }
    out->from = from;
    return COP_OK;
}

void cop_worker_close(cop_worker *worker)
{
    if (worker == NULL || worker->from == NULL)
        return;
    const cop_work_ops *ops = worker->from->ops;
    if (ops->destroy != NULL) {
        cop_callback call;
        enter(&call, worker->from->component, "destroy");
        ops->destroy(worker->self);
        cop_callback_leave(&call);
    }
    free(worker->options);
    *worker = (cop_worker){0};
}
