/* value.c: reading, checking and writing out the value of one option. */
#include "plugin/options/value.h"

#include "core/locale.h"
#include "core/memory.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the types are called, and the fields that they fill. */
static const struct {
    const char *name;
    const char *wanted; /* in messages */
    size_t size, alignment;
} types[] = {
    [COP_OPTION_BOOL] = {"bool", "true or false", sizeof(bool), _Alignof(bool)},
    [COP_OPTION_INT] = {"int", "an integer", sizeof(int64_t), _Alignof(int64_t)},
    [COP_OPTION_FLOAT] = {"float", "a number", sizeof(double), _Alignof(double)},
    [COP_OPTION_STRING] = {"string", "a string", sizeof(char *), _Alignof(char *)},
    [COP_OPTION_ENUM] = {"enum", "a string", sizeof(int32_t), _Alignof(int32_t)},
    [COP_OPTION_DURATION] = {"duration", "a duration such as \"160ep\" or \"500it\"",
                             sizeof(cop_duration), _Alignof(cop_duration)},
    [COP_OPTION_INT_LIST] = {"int list", "a list of integers", sizeof(cop_int_list),
                             _Alignof(cop_int_list)},
    [COP_OPTION_FLOAT_LIST] = {"float list", "a list of numbers", sizeof(cop_float_list),
                               _Alignof(cop_float_list)},
    [COP_OPTION_STRING_LIST] = {"string list", "a list of strings", sizeof(cop_string_list),
                                _Alignof(cop_string_list)},
    [COP_OPTION_AUGMENT] = {"augmentation", "a string such as \"color_crop_cutout\"",
                            sizeof(uint32_t), _Alignof(uint32_t)},
    [COP_OPTION_RECIPE] = {"recipe", "a recipe's name or a group", sizeof(cop_recipe),
                           _Alignof(cop_recipe)},
    [COP_OPTION_MODEL] = {"model", "a group { plugin = \"...\"; }", sizeof(const cop_model *),
                          _Alignof(const cop_model *)},
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

static bool is_type(cop_option_type type)
{
    return (size_t)type > 0 && (size_t)type < TYPE_COUNT;
}

size_t cop_value_size(cop_option_type type)
{
    return is_type(type) ? types[type].size : 0;
}

size_t cop_value_alignment(cop_option_type type)
{
    return is_type(type) ? types[type].alignment : 1;
}

const char *cop_option_type_name(cop_option_type type)
{
    return is_type(type) ? types[type].name : "unknown";
}

cop_status cop_value_refuse(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_error *err, const char *format,
                            ...)
{
    char reason[600];
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    cop_place place = cop_setting_place(setting, reader->file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "option \"%s\" of %s %s",
                       option->name, reader->what, reason);
}

void cop_suggest(cop_error *err, const char *word, const char *const *names, size_t count)
{
    const char *nearest = cop_nearest(word, names, count);
    if (err == NULL || nearest == NULL)
        return;
    size_t used = strlen(err->message);
    (void)snprintf(err->message + used, sizeof err->message - used, "; did you mean \"%s\"?",
                   nearest);
}

/* `wanted` is the option's type, or that of a list's items. */
static cop_status refuse_type(const cop_reader *reader, const cop_option *option,
                              const config_setting_t *setting, cop_option_type wanted,
                              cop_error *err)
{
    return cop_value_refuse(reader, option, setting, err, "is %s; wanted %s",
                            cop_setting_type_name(setting), types[wanted].wanted);
}

/* `got` is the value's text. */
static cop_status refuse_range(const cop_reader *reader, const cop_option *option,
                               const config_setting_t *setting, const cop_text *got, cop_error *err)
{
    cop_text wanted = {0};
    if (isfinite(option->min) && isfinite(option->max)) {
        cop_append_float(&wanted, option->min);
        cop_text_append(&wanted, " to ");
        cop_append_float(&wanted, option->max);
    } else {
        cop_text_append(&wanted, isfinite(option->min) ? "at least " : "at most ");
        cop_append_float(&wanted, isfinite(option->min) ? option->min : option->max);
    }
    if (option->unit != NULL)
        cop_text_printf(&wanted, " %s", option->unit);
    cop_status status = wanted.failed || got->failed
                            ? cop_out_of_memory(err)
                            : cop_value_refuse(reader, option, setting, err, "is %s; wanted %s",
                                               got->data, wanted.data);
    cop_text_free(&wanted);
    return status;
}

static cop_status check_float(const cop_reader *reader, const cop_option *option,
                              const config_setting_t *setting, double number, cop_error *err)
{
    if (!isfinite(number))
        return cop_value_refuse(reader, option, setting, err, "is not a finite number");
    if (!cop_option_has_range(option) || (number >= option->min && number <= option->max))
        return COP_OK;
    cop_text got = {0};
    cop_append_float(&got, number);
    cop_status status = refuse_range(reader, option, setting, &got, err);
    cop_text_free(&got);
    return status;
}

/* Whether the integer is at most the bound, of which a double rounds no bit away. */
static bool is_at_most(int64_t number, double bound)
{
    if (bound >= 0x1p63)
        return true;
    return bound >= -0x1p63 && number <= (int64_t)floor(bound);
}

static bool is_at_least(int64_t number, double bound)
{
    if (bound < -0x1p63)
        return true;
    return bound < 0x1p63 && number >= (int64_t)ceil(bound);
}

static cop_status check_int(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, int64_t number, cop_error *err)
{
    if (!cop_option_has_range(option) ||
        (is_at_least(number, option->min) && is_at_most(number, option->max)))
        return COP_OK;
    cop_text got = {0};
    cop_text_printf(&got, "%lld", (long long)number);
    cop_status status = refuse_range(reader, option, setting, &got, err);
    cop_text_free(&got);
    return status;
}

static bool is_integer(const config_setting_t *setting)
{
    int type = config_setting_type(setting);
    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static cop_status read_int(const cop_reader *reader, const cop_option *option,
                           const config_setting_t *setting, int64_t *out, cop_error *err)
{
    if (!is_integer(setting))
        return refuse_type(reader, option, setting, COP_OPTION_INT, err);
    *out = config_setting_get_int64(setting);
    return check_int(reader, option, setting, *out, err);
}

static cop_status read_float(const cop_reader *reader, const cop_option *option,
                             const config_setting_t *setting, double *out, cop_error *err)
{
    if (is_integer(setting))
        *out = (double)config_setting_get_int64(setting);
    else if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
        *out = config_setting_get_float(setting);
    else
        return refuse_type(reader, option, setting, COP_OPTION_FLOAT, err);
    return check_float(reader, option, setting, *out, err);
}

static cop_status read_string(const cop_reader *reader, const cop_option *option,
                              const config_setting_t *setting, const char **out, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return refuse_type(reader, option, setting, COP_OPTION_STRING, err);
    *out = cop_arena_strdup(reader->arena, config_setting_get_string(setting));
    return *out != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status read_enum(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, int32_t *out, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return refuse_type(reader, option, setting, option->type, err);
    const char *word = config_setting_get_string(setting);
    cop_text known = {0};
    size_t count = 0;
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], word) == 0) {
            *out = (int32_t)count;
            cop_text_free(&known);
            return COP_OK;
        }
        cop_text_printf(&known, "%s\"%s\"", count > 0 ? ", " : "", option->choices[count]);
    }
    char shown[80];
    cop_status status =
        known.failed ? cop_out_of_memory(err)
                     : cop_value_refuse(reader, option, setting, err, "is \"%s\"; wanted one of %s",
                                        cop_escape(word, shown, sizeof shown),
                                        known.data != NULL ? known.data : "none");
    cop_text_free(&known);
    if (status == COP_FAILED)
        return status;
    cop_suggest(err, word, option->choices, count);
    return status;
}

bool cop_duration_parse(const char *text, cop_duration *duration)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 12)
        return false;
    if (strcmp(text + digits, "ep") == 0)
        duration->unit = COP_EPOCHS;
    else if (strcmp(text + digits, "it") == 0)
        duration->unit = COP_STEPS;
    else
        return false;
    duration->value = (double)strtoll(text, NULL, 10);
    return true;
}

static cop_status read_duration(const cop_reader *reader, const cop_option *option,
                                const config_setting_t *setting, cop_duration *out, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return refuse_type(reader, option, setting, option->type, err);
    const char *text = config_setting_get_string(setting);
    char shown[80];
    if (!cop_duration_parse(text, out))
        return cop_value_refuse(reader, option, setting, err,
                                "is \"%s\"; wanted a duration such as \"160ep\" (epochs) or "
                                "\"500it\" (steps)",
                                cop_escape(text, shown, sizeof shown));
    return COP_OK;
}

static cop_status read_augment(const cop_reader *reader, const cop_option *option,
                               const config_setting_t *setting, uint32_t *out, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return refuse_type(reader, option, setting, option->type, err);
    cop_error inner = {0};
    if (cop_augment_parse(config_setting_get_string(setting), out, &inner) == COP_OK)
        return COP_OK;
    return cop_value_refuse(reader, option, setting, err, "is not known: %.400s", inner.message);
}

static cop_status read_list(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_value *value, cop_error *err)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return refuse_type(reader, option, setting, option->type, err);
    size_t count = (size_t)config_setting_length(setting);
    void *items = cop_arena_array(reader->arena, count > 0 ? count : 1, sizeof(int64_t));
    if (items == NULL)
        return cop_out_of_memory(err);
    int64_t *ints = items;
    double *floats = items;
    const char **strings = items;
    for (size_t i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        if (option->type == COP_OPTION_INT_LIST)
            COP_TRY(read_int(reader, option, item, &ints[i], err));
        else if (option->type == COP_OPTION_FLOAT_LIST)
            COP_TRY(read_float(reader, option, item, &floats[i], err));
        else
            COP_TRY(read_string(reader, option, item, &strings[i], err));
    }
    if (option->type == COP_OPTION_INT_LIST)
        value->as.ints = (cop_int_list){count, ints};
    else if (option->type == COP_OPTION_FLOAT_LIST)
        value->as.floats = (cop_float_list){count, floats};
    else
        value->as.strings = (cop_string_list){count, strings};
    return COP_OK;
}
_Static_assert(sizeof(int64_t) == sizeof(double) && sizeof(int64_t) >= sizeof(char *),
               "one array serves every list");

static cop_status read_model(const cop_reader *reader, const cop_option *option,
                             const config_setting_t *setting, const cop_component **out,
                             cop_error *err)
{
    *out = NULL;
    if (config_setting_type(setting) == CONFIG_TYPE_STRING &&
        config_setting_get_string(setting)[0] == '\0')
        return COP_OK;
    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return refuse_type(reader, option, setting, option->type, err);
    const config_setting_t *plugin = config_setting_get_member(setting, "plugin");
    if (plugin == NULL || config_setting_type(plugin) != CONFIG_TYPE_STRING)
        return cop_value_refuse(reader, option, setting, err, "lacks plugin = \"...\"");
    if (reader->registry == NULL)
        return COP_OK;
    COP_TRY(cop_component_read(reader->registry, COP_KIND_MODEL, setting, NULL, reader->file,
                               reader->log, reader->model, err));
    *out = *reader->model;
    return COP_OK;
}

cop_status cop_value_read(const cop_reader *reader, const cop_option *option,
                          const config_setting_t *setting, cop_value *value, cop_error *err)
{
    memset(value, 0, sizeof *value);
    switch (option->type) {
    case COP_OPTION_BOOL:
        if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
            return refuse_type(reader, option, setting, option->type, err);
        value->as.b = config_setting_get_bool(setting) != 0;
        return COP_OK;
    case COP_OPTION_INT:
        return read_int(reader, option, setting, &value->as.i, err);
    case COP_OPTION_FLOAT:
        return read_float(reader, option, setting, &value->as.f, err);
    case COP_OPTION_STRING:
        return read_string(reader, option, setting, &value->as.s, err);
    case COP_OPTION_ENUM:
        return read_enum(reader, option, setting, &value->as.choice, err);
    case COP_OPTION_DURATION:
        return read_duration(reader, option, setting, &value->as.duration, err);
    case COP_OPTION_INT_LIST:
    case COP_OPTION_FLOAT_LIST:
    case COP_OPTION_STRING_LIST:
        return read_list(reader, option, setting, value, err);
    case COP_OPTION_AUGMENT:
        return read_augment(reader, option, setting, &value->as.augment, err);
    case COP_OPTION_RECIPE:
        return cop_recipe_read(reader, setting, &value->as.recipe, err);
    case COP_OPTION_MODEL:
        return read_model(reader, option, setting, &value->as.model, err);
    }
    return cop_fail(err, COP_INVALID, "option \"%s\" of %s has no known type", option->name,
                    reader->what);
}

/* Defaults of these types are strings, so their quotes may be left out. */
static bool is_textual(const cop_option *option)
{
    bool is_group = option->def[0] == '{';
    return option->def[0] != '"' &&
           (option->type == COP_OPTION_STRING || option->type == COP_OPTION_ENUM ||
            option->type == COP_OPTION_DURATION || option->type == COP_OPTION_AUGMENT ||
            (option->type == COP_OPTION_RECIPE && !is_group) ||
            (option->type == COP_OPTION_MODEL && option->def[0] == '\0'));
}

cop_status cop_value_read_default(const cop_reader *reader, const cop_option *option,
                                  cop_value *value, cop_error *err)
{
    config_t config;
    config_setting_t *setting = NULL;
    cop_status status = is_textual(option)
                            ? cop_syntax_string_value(option->def, &config, &setting, err)
                            : cop_syntax_parse_value(option->def, &config, &setting, err);
    if (status != COP_OK) {
        (void)cop_fail_within(err, "default of option \"%s\" of %s", option->name, reader->what);
        return status;
    }
    static const cop_place place = {NULL, 0}; /* in no file */
    cop_setting_set_place(setting, &place);
    status = cop_value_read(reader, option, setting, value, err);
    config_destroy(&config);
    if (status != COP_OK)
        (void)cop_fail_within(err, "default");
    return status;
}

void cop_value_store(const cop_option *option, const cop_value *value, void *options)
{
    char *field = (char *)options + option->offset;
    if (option->type == COP_OPTION_MODEL)
        memset(field, 0, types[option->type].size);
    else
        memcpy(field, &value->as, types[option->type].size);
}

static void append_duration(const cop_duration *d, cop_text *text)
{
    cop_text_printf(text, "\"%.0f%s\"", d->value, d->unit == COP_EPOCHS ? "ep" : "it");
}

static void append_list(const cop_option *option, const cop_value *value, cop_text *text)
{
    bool is_int = option->type == COP_OPTION_INT_LIST;
    bool is_float = option->type == COP_OPTION_FLOAT_LIST;
    size_t count = is_int     ? value->as.ints.count
                   : is_float ? value->as.floats.count
                              : value->as.strings.count;
    cop_text_append(text, "("); /* not [: whole floats print as integers, and arrays cannot mix */
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            cop_text_append(text, ", ");
        if (is_int)
            cop_append_int(text, value->as.ints.items[i]);
        else if (is_float)
            cop_append_float(text, value->as.floats.items[i]);
        else
            cop_append_string(text, value->as.strings.items[i]);
    }
    cop_text_append(text, ")");
}

static void append_model(const cop_component *model, bool is_identity, cop_text *text)
{
    if (model == NULL) {
        cop_text_append(text, "\"\"");
    } else if (is_identity) {
        cop_text_append(text, cop_component_identity(model));
    } else {
        cop_text_printf(text, "{ plugin = \"%s\";", cop_component_entry(model)->plugin->id);
        for (const char *line = cop_component_effective(model); *line != '\0';) {
            size_t length = strcspn(line, "\n");
            cop_text_printf(text, " %.*s;", (int)length, line);
            line += length + (line[length] == '\n');
        }
        cop_text_append(text, " }");
    }
}

void cop_value_text(const cop_option *option, const cop_value *value, bool is_identity,
                    cop_text *text)
{
    char augment[96];
    switch (option->type) {
    case COP_OPTION_BOOL:
        cop_text_append(text, value->as.b ? "true" : "false");
        break;
    case COP_OPTION_INT:
        cop_append_int(text, value->as.i);
        break;
    case COP_OPTION_FLOAT:
        cop_append_float(text, value->as.f);
        break;
    case COP_OPTION_STRING:
        cop_append_string(text, value->as.s);
        break;
    case COP_OPTION_ENUM:
        cop_append_string(text, option->choices[value->as.choice]);
        break;
    case COP_OPTION_DURATION:
        append_duration(&value->as.duration, text);
        break;
    case COP_OPTION_INT_LIST:
    case COP_OPTION_FLOAT_LIST:
    case COP_OPTION_STRING_LIST:
        append_list(option, value, text);
        break;
    case COP_OPTION_AUGMENT:
        cop_append_string(text, cop_augment_text(value->as.augment, augment, sizeof augment));
        break;
    case COP_OPTION_RECIPE:
        cop_recipe_append(&value->as.recipe, text);
        break;
    case COP_OPTION_MODEL:
        append_model(value->as.model, is_identity, text);
        break;
    }
}
