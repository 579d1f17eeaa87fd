/* value.c: reading, checking and writing out the value of one option, by its type's row. */
#include "plugin/options/types/types.h"

#include "core/locale.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

size_t cop_value_size(cop_option_type type)
{
    const cop_value_type *row = cop_value_type_of(type);
    return row != NULL ? row->size : 0;
}

size_t cop_value_alignment(cop_option_type type)
{
    const cop_value_type *row = cop_value_type_of(type);
    return row != NULL ? row->alignment : 1;
}

const char *cop_option_type_name(cop_option_type type)
{
    const cop_value_type *row = cop_value_type_of(type);
    return row != NULL ? row->name : "unknown";
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

cop_status cop_value_read(const cop_reader *reader, const cop_option *option,
                          const config_setting_t *setting, cop_value *value, cop_error *err)
{
    const cop_value_type *type = cop_value_type_of(option->type);
    memset(value, 0, sizeof *value);
    if (type == NULL)
        return cop_fail(err, COP_INVALID, "option \"%s\" of %s has no known type", option->name,
                        reader->what);
    return type->read(reader, option, setting, value, err);
}

cop_status cop_value_read_default(const cop_reader *reader, const cop_option *option,
                                  cop_value *value, cop_error *err)
{
    config_t config;
    config_setting_t *setting = NULL;
    const cop_value_type *type = cop_value_type_of(option->type);
    bool is_bare = type != NULL && type->is_bare != NULL && type->is_bare(option->def);
    cop_status status = is_bare ? cop_syntax_string_value(option->def, &config, &setting, err)
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
    const cop_value_type *type = cop_value_type_of(option->type);
    char *field = (char *)options + option->offset;
    if (type->is_made_later)
        memset(field, 0, type->size);
    else
        memcpy(field, (const char *)value + type->offset, type->size);
}

void cop_value_text(const cop_option *option, const cop_value *value, bool is_identity,
                    cop_text *text)
{
    cop_value_type_of(option->type)->append(option, value, is_identity, text);
}
