/* recipe.c: the option type of recipes: a name, or a named recipe with fields of its own. Fields
 * are read and printed as options of their types are. */
#include "plugin/options/types/types.h"

#include "core/memory.h"
#include "train/recipe_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* More, and the training would be refused before it begins. */
#define MOST_EPOCHS 1e7

static cop_status refuse(const cop_reader *reader, const config_setting_t *setting, cop_error *err,
                         const char *message)
{
    cop_place place = cop_setting_place(setting, reader->file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "%s: %s", reader->what, message);
}

static cop_status read_name(const cop_reader *reader, const config_setting_t *setting,
                            cop_recipe *recipe, cop_error *err)
{
    const char *name = config_setting_get_string(setting);
    cop_error inner = {0};
    const cop_recipe *named = cop_recipe_named(name, &inner);
    if (named != NULL) {
        *recipe = *named;
        return COP_OK;
    }
    const char *names[64];
    size_t count = 0;
    while (count < 64 && (names[count] = cop_recipe_name(count)) != NULL)
        count++;
    cop_status status = refuse(reader, setting, err, inner.message);
    cop_suggest(err, name, names, count);
    return status;
}

/* A milestone is a number (a fraction of the training) or a duration. */
static cop_status read_milestones(const cop_reader *reader, const cop_option *field,
                                  const config_setting_t *setting, cop_milestones *out,
                                  cop_error *err)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return cop_value_refuse(reader, field, setting, err, "is %s; wanted a list",
                                cop_setting_type_name(setting));
    int count = config_setting_length(setting);
    if (count > COP_MAX_MILESTONES)
        return cop_value_refuse(reader, field, setting, err, "has %d items; wanted at most %d",
                                count, COP_MAX_MILESTONES);
    *out = (cop_milestones){.count = count};
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        bool is_duration = config_setting_type(item) == CONFIG_TYPE_STRING;
        const cop_value_type *one = is_duration ? &cop_duration_type : &cop_float_type;
        cop_value value;
        COP_TRY(one->read(reader, field, item, &value, err));
        out->at[i] = is_duration ? value.as.duration : (cop_duration){COP_FRACTION, value.as.f};
    }
    return COP_OK;
}

/* What the ranges of the table cannot say. */
static cop_status check_field(const cop_reader *reader, const cop_recipe_field *field,
                              const config_setting_t *setting, const cop_value *value,
                              cop_error *err)
{
    const cop_option *row = &field->row;
    if (row->type == COP_OPTION_DURATION && value->as.duration.unit == COP_EPOCHS &&
        value->as.duration.value > MOST_EPOCHS)
        return cop_value_refuse(reader, row, setting, err, "is longer than ten million epochs");
    if (row->type == COP_OPTION_FLOAT && field->is_below && value->as.f >= row->max)
        return cop_value_refuse(reader, row, setting, err, "is %g; wanted less than %g",
                                value->as.f, row->max);
    return COP_OK;
}

static cop_status refuse_unknown(const cop_reader *reader, const config_setting_t *setting,
                                 cop_error *err)
{
    const char *names[64] = {"recipe"};
    size_t count = 1;
    for (; count < 63 && cop_recipe_field_at(count - 1) != NULL; count++)
        names[count] = cop_recipe_field_at(count - 1)->row.name;
    if (reader->passed_over != NULL)
        names[count++] = reader->passed_over;
    const char *name = config_setting_name(setting);
    cop_place place = cop_setting_place(setting, reader->file);
    cop_status status = cop_fail_at(err, COP_INVALID, place.file, place.line,
                                    "unknown option \"%.64s\" of %s", name, reader->what);
    cop_suggest(err, name, names, count);
    return status;
}

/* Of recipes alone: an option of augmentations has a default of its own. */
static bool is_default(const config_setting_t *setting)
{
    return config_setting_type(setting) == CONFIG_TYPE_STRING &&
           strcmp(config_setting_get_string(setting), "default") == 0;
}

static cop_status read_field(const cop_reader *reader, const config_setting_t *setting,
                             cop_recipe *recipe, cop_error *err)
{
    const cop_recipe_field *field = NULL;
    for (size_t i = 0; (field = cop_recipe_field_at(i)) != NULL; i++)
        if (strcmp(field->row.name, config_setting_name(setting)) == 0)
            break;
    if (field == NULL)
        return refuse_unknown(reader, setting, err);
    if (field->row.type == COP_OPTION_FLOAT_LIST)
        return read_milestones(reader, &field->row, setting, &recipe->milestones, err);
    if (field->row.type == COP_OPTION_AUGMENT && is_default(setting)) {
        recipe->augment = COP_AUGMENT_DEFAULT;
        return COP_OK;
    }
    cop_value value;
    COP_TRY(cop_value_read(reader, &field->row, setting, &value, err));
    COP_TRY(check_field(reader, field, setting, &value, err));
    cop_value_store(&field->row, &value, recipe);
    return COP_OK;
}

/* In one unit: where a training counted in epochs has its milestones in steps, that is told only by
 * the data. */
static void warn_of_milestones(const cop_reader *reader, const config_setting_t *setting,
                               const cop_recipe *recipe)
{
    cop_place place = cop_setting_place(setting, reader->file);
    const char *unit = recipe->duration.unit == COP_EPOCHS ? "ep" : "it";
    for (int32_t i = 0; i < recipe->milestones.count; i++) {
        const cop_duration *at = &recipe->milestones.at[i];
        if (at->unit != recipe->duration.unit || at->value < recipe->duration.value)
            continue;
        cop_say(reader->log, COP_LOG_WARNING,
                "%s:%d: %s: the milestone \"%.0f%s\" is never reached: the training ends at "
                "\"%.0f%s\"",
                place.file != NULL ? place.file : "config", place.line, reader->what, at->value,
                unit, recipe->duration.value, unit);
    }
}

/* In one unit, as above. */
static void warn_of_warmup(const cop_reader *reader, const config_setting_t *setting,
                           const cop_recipe *recipe)
{
    cop_place place = cop_setting_place(setting, reader->file);
    const char *unit = recipe->duration.unit == COP_EPOCHS ? "ep" : "it";
    if (recipe->warmup.unit == recipe->duration.unit &&
        recipe->warmup.value > recipe->duration.value)
        cop_say(reader->log, COP_LOG_WARNING,
                "%s:%d: %s: its lr is never reached: it rises for \"%.0f%s\" (warmup), and the "
                "training ends at \"%.0f%s\"",
                place.file != NULL ? place.file : "config", place.line, reader->what,
                recipe->warmup.value, unit, recipe->duration.value, unit);
}

static bool is_passed_over(const cop_reader *reader, const config_setting_t *member)
{
    return reader->passed_over != NULL &&
           strcmp(config_setting_name(member), reader->passed_over) == 0;
}

/* A recipe's group, whose first member is `name`. */
static cop_status read_group(const cop_reader *reader, const config_setting_t *setting,
                             cop_recipe *recipe, cop_error *err)
{
    const config_setting_t *name = config_setting_get_member(setting, "recipe");
    if (name == NULL || config_setting_type(name) != CONFIG_TYPE_STRING ||
        config_setting_get_string(name)[0] == '\0')
        return refuse(reader, setting, err,
                      "a group needs recipe = \"...\", the name it starts from");
    COP_TRY(read_name(reader, name, recipe, err));
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        if (member != name && !is_passed_over(reader, member))
            COP_TRY(read_field(reader, member, recipe, err));
    }
    warn_of_milestones(reader, setting, recipe);
    warn_of_warmup(reader, setting, recipe);
    return COP_OK;
}

cop_status cop_recipe_read(const cop_reader *reader, const config_setting_t *setting,
                           cop_recipe *recipe, cop_error *err)
{
    char what[160];
    (void)snprintf(what, sizeof what, "the recipe of %s", reader->what);
    cop_reader inner = *reader;
    inner.what = what;
    *recipe = (cop_recipe){0};
    if (config_setting_type(setting) == CONFIG_TYPE_GROUP)
        return read_group(&inner, setting, recipe, err);
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return refuse(&inner, setting, err, "wanted a recipe's name or a group");
    return config_setting_get_string(setting)[0] == '\0' ? COP_OK
                                                         : read_name(&inner, setting, recipe, err);
}

static void append_milestone(const cop_duration *at, cop_text *text)
{
    char duration[40];
    if (at->unit == COP_FRACTION)
        cop_append_float(text, at->value);
    else
        cop_append_string(text, cop_duration_text(*at, duration, sizeof duration));
}

void cop_recipe_append_field(const cop_option *row, const cop_recipe *recipe, cop_text *text)
{
    if (row->type == COP_OPTION_FLOAT_LIST) {
        cop_text_append(text, "(");
        for (int32_t i = 0; i < recipe->milestones.count; i++) {
            cop_text_append(text, i > 0 ? ", " : "");
            append_milestone(&recipe->milestones.at[i], text);
        }
        cop_text_append(text, ")");
    } else {
        const cop_value_type *type = cop_value_type_of(row->type);
        cop_value value;
        memcpy((char *)&value + type->offset, (const char *)recipe + row->offset, type->size);
        type->append(row, &value, false, text);
    }
}

/* Adds "name = value;", but not to an identity where it says what recipes of before the field mean:
 * identities of before the field stay. */
static void append_member(const cop_recipe_field *field, const cop_recipe *recipe, bool is_identity,
                          cop_text *text)
{
    const cop_option *row = &field->row;
    cop_text value = {0};
    if (is_identity && cop_recipe_has_default(field, recipe))
        return;
    cop_recipe_append_field(row, recipe, &value);
    const char *shown = value.data;
    text->failed = text->failed || value.failed || shown == NULL;
    if (!text->failed)
        cop_text_printf(text, " %s = %s;", row->name, shown);
    cop_text_free(&value);
}

void cop_recipe_append(const cop_recipe *recipe, bool is_identity, cop_text *text)
{
    if (recipe == NULL || recipe->name[0] == '\0') {
        cop_text_append(text, "\"\"");
        return;
    }
    cop_text_printf(text, "{ recipe = \"%s\";", recipe->name);
    const cop_recipe_field *field = NULL;
    for (size_t i = 0; (field = cop_recipe_field_at(i)) != NULL; i++)
        append_member(field, recipe, is_identity, text);
    cop_text_append(text, " }");
}

/* None is NULL. */
static cop_status read_recipe(const cop_reader *reader, const cop_option *option,
                              const config_setting_t *setting, cop_value *value, cop_error *err)
{
    (void)option;
    cop_recipe read;
    COP_TRY(cop_recipe_read(reader, setting, &read, err));
    if (read.name[0] == '\0')
        return COP_OK;
    cop_recipe *kept = cop_arena_alloc(reader->arena, sizeof *kept);
    if (kept == NULL)
        return cop_out_of_memory(err);
    *kept = read;
    value->as.recipe = kept;
    return COP_OK;
}

static void append_recipe(const cop_option *option, const cop_value *value, bool is_identity,
                          cop_text *text)
{
    (void)option;
    cop_recipe_append(value->as.recipe, is_identity, text);
}

static bool is_name(const char *def)
{
    return def[0] != '{' && def[0] != '"';
}

const cop_value_type cop_recipe_type = {.name = "recipe",
                                        .wanted = "a recipe's name or a group",
                                        COP_FIELD_OF(const cop_recipe *, recipe),
                                        .is_bare = is_name,
                                        .read = read_recipe,
                                        .append = append_recipe};
