/* texts.c: the option types of strings, names out of a list, durations and augmentations. */
#include "plugin/options/types/types.h"

#include "core/memory.h"
#include "core/text.h"
#include "train/recipe_text.h"

#include <string.h>

static cop_status read_string(const cop_reader *reader, const cop_option *option,
                              const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return cop_refuse_type(reader, option, setting, &cop_string_type, err);
    value->as.s = cop_arena_strdup(reader->arena, config_setting_get_string(setting));
    return value->as.s != NULL ? COP_OK : cop_out_of_memory(err);
}

static cop_status read_enum(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return cop_refuse_type(reader, option, setting, &cop_enum_type, err);
    const char *word = config_setting_get_string(setting);
    cop_text known = {0};
    size_t count = 0;
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], word) == 0) {
            value->as.choice = (int32_t)count;
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

static cop_status read_duration(const cop_reader *reader, const cop_option *option,
                                const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return cop_refuse_type(reader, option, setting, &cop_duration_type, err);
    const char *text = config_setting_get_string(setting);
    char shown[80];
    if (!cop_duration_parse(text, &value->as.duration))
        return cop_value_refuse(reader, option, setting, err,
                                "is \"%s\"; wanted a duration such as \"160ep\" (epochs) or "
                                "\"500it\" (steps)",
                                cop_escape(text, shown, sizeof shown));
    return COP_OK;
}

static cop_status read_augment(const cop_reader *reader, const cop_option *option,
                               const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return cop_refuse_type(reader, option, setting, &cop_augment_type, err);
    cop_error inner = {0};
    if (cop_augment_parse(config_setting_get_string(setting), &value->as.augment, &inner) == COP_OK)
        return COP_OK;
    return cop_value_refuse(reader, option, setting, err, "is not known: %.400s", inner.message);
}

static void append_string(const cop_option *option, const cop_value *value, bool is_identity,
                          cop_text *text)
{
    (void)option;
    (void)is_identity;
    cop_append_string(text, value->as.s);
}

static void append_enum(const cop_option *option, const cop_value *value, bool is_identity,
                        cop_text *text)
{
    (void)is_identity;
    cop_append_string(text, option->choices[value->as.choice]);
}

static void append_duration(const cop_option *option, const cop_value *value, bool is_identity,
                            cop_text *text)
{
    (void)option;
    (void)is_identity;
    char duration[40];
    cop_append_string(text, cop_duration_text(value->as.duration, duration, sizeof duration));
}

static void append_augment(const cop_option *option, const cop_value *value, bool is_identity,
                           cop_text *text)
{
    (void)option;
    (void)is_identity;
    char augment[96];
    cop_append_string(text, cop_augment_text(value->as.augment, augment, sizeof augment));
}

const cop_value_type cop_string_type = {.name = "string",
                                        .wanted = "a string",
                                        COP_FIELD_OF(const char *, s),
                                        .is_bare = cop_is_unquoted,
                                        .read = read_string,
                                        .append = append_string};

const cop_value_type cop_enum_type = {.name = "enum",
                                      .wanted = "a string",
                                      COP_FIELD_OF(int32_t, choice),
                                      .has_choices = true,
                                      .is_bare = cop_is_unquoted,
                                      .read = read_enum,
                                      .append = append_enum};

const cop_value_type cop_duration_type = {.name = "duration",
                                          .wanted = "a duration such as \"160ep\" or \"500it\"",
                                          COP_FIELD_OF(cop_duration, duration),
                                          .is_bare = cop_is_unquoted,
                                          .read = read_duration,
                                          .append = append_duration};

const cop_value_type cop_augment_type = {.name = "augmentation",
                                         .wanted = "a string such as \"color_crop_cutout\"",
                                         COP_FIELD_OF(uint32_t, augment),
                                         .is_bare = cop_is_unquoted,
                                         .read = read_augment,
                                         .append = append_augment};
