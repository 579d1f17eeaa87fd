/* options.c: a config group, read by an option table into an options struct. */
#include "core/memory.h"
#include "plugin/options/value.h"

#include <stdlib.h>
#include <string.h>

typedef struct model_option {
    size_t offset; /* of the field in the options struct */
    cop_component *component;
} model_option;

struct cop_option_values {
    cop_arena *arena;
    char *identity;
    char *course; /* NULL: no option says how many steps there are */
    char *effective;
    model_option *models; /* of the options of type COP_OPTION_MODEL that name one */
    size_t model_count;
    const char **stated; /* names of those that the group states; the arena's */
    size_t stated_count;
};

/* What cannot change a result that is made. */
#define NOT_IDENTIFIED                                                                             \
    ((uint32_t)COP_OPTION_EXECUTION_ONLY | (uint32_t)COP_OPTION_JUDGEMENT |                        \
     (uint32_t)COP_OPTION_SET_RECIPE)

/* One reading under way. */
typedef struct reading {
    const cop_option *table;
    size_t count;
    const config_setting_t *group;
    const char *const *skip;
    cop_reader reader;
    void *options;
    bool is_data; /* a dataset's: see cop_data_options_read */
    cop_option_values *values;
    cop_value *read;                  /* by table index */
    const config_setting_t **sources; /* by table index: where the value came from; NULL: default */
    cop_error *err;
} reading;

static bool is_skipped(const reading *r, const char *name)
{
    for (size_t i = 0; r->skip != NULL && r->skip[i] != NULL; i++)
        if (strcmp(r->skip[i], name) == 0)
            return true;
    return false;
}

static size_t find(const reading *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->table[i].name, name) == 0)
            return i;
    return r->count;
}

static cop_status refuse_unknown(const reading *r, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    cop_place place = cop_setting_place(setting, r->reader.file);
    cop_status status = cop_fail_at(r->err, COP_INVALID, place.file, place.line,
                                    "unknown option \"%.64s\" of %s", name, r->reader.what);
    size_t skips = 0;
    while (r->skip != NULL && r->skip[skips] != NULL)
        skips++;
    const char **names = calloc(r->count + skips + 1, sizeof *names);
    if (names == NULL)
        return status;
    for (size_t i = 0; i < r->count; i++)
        names[i] = r->table[i].name;
    for (size_t i = 0; i < skips; i++)
        names[r->count + i] = r->skip[i];
    cop_suggest(r->err, name, names, r->count + skips);
    free(names);
    return status;
}

/* Notes which setting each option comes from, old names included. */
static cop_status match(reading *r)
{
    int members = r->group != NULL ? config_setting_length(r->group) : 0;
    for (int k = 0; k < members; k++) {
        const config_setting_t *setting = config_setting_get_elem(r->group, (unsigned)k);
        const char *name = config_setting_name(setting);
        if (is_skipped(r, name))
            continue;
        size_t i = find(r, name);
        if (i == r->count)
            return refuse_unknown(r, setting);
        cop_place place = cop_setting_place(setting, r->reader.file);
        if (r->table[i].alias_of != NULL) {
            i = find(r, r->table[i].alias_of);
            cop_say(r->reader.log, COP_LOG_WARNING,
                    "%s:%d: option \"%s\" of %s is deprecated: write \"%s\"",
                    place.file != NULL ? place.file : "config", place.line, name, r->reader.what,
                    r->table[i].name);
        }
        if (r->sources[i] != NULL)
            return cop_fail_at(r->err, COP_INVALID, place.file, place.line,
                               "option \"%s\" of %s is given twice: as \"%s\" and as \"%s\"",
                               r->table[i].name, r->reader.what, config_setting_name(r->sources[i]),
                               name);
        r->sources[i] = setting;
    }
    return COP_OK;
}

static cop_status refuse_missing(const reading *r, const cop_option *option)
{
    cop_place place = cop_setting_place(r->group, r->reader.file);
    return cop_fail_at(r->err, COP_INVALID, place.file, place.line,
                       "option \"%s\" of %s is required (%s: %s)", option->name, r->reader.what,
                       cop_option_type_name(option->type), option->help);
}

static cop_status read_option(reading *r, size_t i)
{
    const cop_option *option = &r->table[i];
    cop_component *model = NULL;
    r->reader.model = &model;
    cop_status status = COP_OK;
    if (r->sources[i] != NULL)
        status = cop_value_read(&r->reader, option, r->sources[i], &r->read[i], r->err);
    else if (option->def != NULL)
        status = cop_value_read_default(&r->reader, option, &r->read[i], r->err);
    else
        status = refuse_missing(r, option);
    if (model != NULL)
        r->values->models[r->values->model_count++] = (model_option){option->offset, model};
    if (status == COP_OK)
        cop_value_store(option, &r->read[i], r->options);
    return status;
}

/* The place in the table of the option with the least name above `last` (NULL: of all). */
static size_t next_by_name(const reading *r, const char *last)
{
    size_t best = r->count;
    for (size_t i = 0; i < r->count; i++) {
        const char *name = r->table[i].name;
        if (r->table[i].alias_of == NULL && (last == NULL || strcmp(name, last) > 0) &&
            (best == r->count || strcmp(name, r->table[best].name) < 0))
            best = i;
    }
    return best;
}

static bool has_default(const reading *r, size_t i)
{
    const cop_option *option = &r->table[i];
    cop_value first;
    if (option->def == NULL)
        return false;
    cop_reader reader = r->reader;
    cop_component *model = NULL;
    reader.model = &model;
    if (cop_value_read_default(&reader, option, &first, NULL) != COP_OK)
        return false;
    cop_text now = {0}, then = {0};
    cop_value_text(option, &r->read[i], true, &now);
    cop_value_text(option, &first, true, &then);
    bool is_same = !now.failed && !then.failed && now.data != NULL && then.data != NULL &&
                   strcmp(now.data, then.data) == 0;
    cop_text_free(&now);
    cop_text_free(&then);
    cop_component_free(model);
    return is_same;
}

/* Whether an option that was added later has its default. */
static bool is_unchanged(const reading *r, size_t i)
{
    return (r->table[i].flags & COP_OPTION_ADDED) != 0 && has_default(r, i);
}

/* One line of the options by name, apart from those that have one of the flags. NULL without
 * memory. */
static char *identify(const reading *r, uint32_t left_out)
{
    cop_text text = {0};
    cop_text_append(&text, "{");
    for (size_t i = next_by_name(r, NULL); i < r->count; i = next_by_name(r, r->table[i].name)) {
        /* Also a value that equals its default: in another version the default may be another. */
        if ((r->table[i].flags & left_out) == 0 && !is_unchanged(r, i)) {
            cop_text_printf(&text, " %s = ", r->table[i].name);
            cop_value_text(&r->table[i], &r->read[i], !r->is_data, &text);
            cop_text_append(&text, ";");
        }
    }
    cop_text_append(&text, " }");
    return cop_text_take(&text);
}

static cop_status write_course(reading *r)
{
    const uint32_t length = COP_OPTION_LENGTH;
    bool has_length = false;
    for (size_t i = 0; i < r->count; i++)
        has_length = has_length || (r->table[i].flags & length) != 0;
    if (!has_length)
        return COP_OK;
    r->values->course = identify(r, NOT_IDENTIFIED | length);
    return r->values->course != NULL ? COP_OK : cop_out_of_memory(r->err);
}

static cop_status write_texts(reading *r)
{
    cop_text effective = {0};
    cop_text_append(&effective, "");
    for (size_t i = 0; i < r->count; i++) {
        if (r->table[i].alias_of != NULL)
            continue;
        cop_text_printf(&effective, "%s = ", r->table[i].name);
        cop_value_text(&r->table[i], &r->read[i], false, &effective);
        cop_text_append(&effective, "\n");
    }
    r->values->identity = identify(r, NOT_IDENTIFIED);
    r->values->effective = cop_text_take(&effective);
    if (r->values->identity == NULL || r->values->effective == NULL)
        return cop_out_of_memory(r->err);
    return write_course(r);
}

/* Whether the group has every option, as those of a config do that was written down resolved. */
static bool is_whole(const reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->sources[i] == NULL && r->table[i].alias_of == NULL)
            return false;
    return true;
}

/* Where all options are there, nobody says which were stated: those that have another value than
 * their default count. */
static cop_status keep_stated(const reading *r)
{
    bool whole = is_whole(r);
    cop_option_values *v = r->values;
    v->stated = cop_arena_array(v->arena, r->count > 0 ? r->count : 1, sizeof *v->stated);
    if (v->stated == NULL)
        return cop_out_of_memory(r->err);
    for (size_t i = 0; i < r->count; i++) {
        if (r->sources[i] == NULL || r->table[i].alias_of != NULL || (whole && has_default(r, i)))
            continue;
        char *name = cop_arena_strdup(v->arena, r->table[i].name);
        if (name == NULL)
            return cop_out_of_memory(r->err);
        v->stated[v->stated_count++] = name;
    }
    return COP_OK;
}

static cop_status read_all(reading *r)
{
    size_t room = r->count > 0 ? r->count : 1;
    r->values->arena = cop_arena_new();
    r->values->models = calloc(room, sizeof *r->values->models);
    if (r->values->arena == NULL || r->values->models == NULL)
        return cop_out_of_memory(r->err);
    r->reader.arena = r->values->arena;
    r->read = cop_arena_array(r->values->arena, room, sizeof *r->read);
    r->sources = cop_arena_array(r->values->arena, room, sizeof *r->sources);
    if (r->read == NULL || r->sources == NULL)
        return cop_out_of_memory(r->err);
    COP_TRY(match(r));
    for (size_t i = 0; i < r->count; i++)
        if (r->table[i].alias_of == NULL)
            COP_TRY(read_option(r, i));
    COP_TRY(keep_stated(r));
    return write_texts(r);
}

static cop_status read_values(reading *r, cop_option_values **values)
{
    *values = calloc(1, sizeof **values);
    if (*values == NULL)
        return cop_out_of_memory(r->err);
    r->values = *values;
    cop_status status = read_all(r);
    if (status != COP_OK) {
        cop_option_values_free(*values);
        *values = NULL;
    }
    return status;
}

cop_status cop_options_read(const cop_option *table, size_t count, const config_setting_t *group,
                            const char *const *skip, const char *what, const char *file,
                            const cop_registry *registry, cop_logger *log, void *options,
                            cop_option_values **values, cop_error *err)
{
    reading r = {.table = table,
                 .count = count,
                 .group = group,
                 .skip = skip,
                 .reader = {.what = what, .file = file, .registry = registry, .log = log},
                 .options = options,
                 .err = err};
    return read_values(&r, values);
}

cop_status cop_data_options_read(const cop_option *table, size_t count,
                                 const config_setting_t *group, const char *const *skip,
                                 const char *what, const char *file, const cop_registry *registry,
                                 cop_logger *log, void *options, cop_option_values **values,
                                 cop_error *err)
{
    reading r = {.table = table,
                 .count = count,
                 .group = group,
                 .skip = skip,
                 .reader = {.what = what, .file = file, .registry = registry, .log = log},
                 .options = options,
                 .is_data = true,
                 .err = err};
    return read_values(&r, values);
}

void cop_option_values_free(cop_option_values *values)
{
    if (values == NULL)
        return;
    for (size_t i = 0; i < values->model_count; i++)
        cop_component_free(values->models[i].component);
    free(values->models);
    free(values->identity);
    free(values->course);
    free(values->effective);
    cop_arena_free(values->arena);
    free(values);
}

const char *cop_option_values_identity(const cop_option_values *values)
{
    return values->identity;
}

const char *cop_option_values_course(const cop_option_values *values)
{
    return values->course;
}

const char *cop_option_values_effective(const cop_option_values *values)
{
    return values->effective;
}

bool cop_option_values_state(const cop_option_values *values, const char *name)
{
    for (size_t i = 0; i < values->stated_count; i++)
        if (strcmp(values->stated[i], name) == 0)
            return true;
    return false;
}

size_t cop_option_values_model_count(const cop_option_values *values)
{
    return values->model_count;
}

const cop_component *cop_option_values_model(const cop_option_values *values, size_t i,
                                             size_t *offset)
{
    *offset = values->models[i].offset;
    return values->models[i].component;
}
