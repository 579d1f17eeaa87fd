/* types.c: the table of option types, and what they share. */
#include "plugin/options/types/types.h"

static const cop_value_type *const types[] = {
    [COP_OPTION_BOOL] = &cop_bool_type,
    [COP_OPTION_INT] = &cop_int_type,
    [COP_OPTION_FLOAT] = &cop_float_type,
    [COP_OPTION_STRING] = &cop_string_type,
    [COP_OPTION_ENUM] = &cop_enum_type,
    [COP_OPTION_DURATION] = &cop_duration_type,
    [COP_OPTION_INT_LIST] = &cop_int_list_type,
    [COP_OPTION_FLOAT_LIST] = &cop_float_list_type,
    [COP_OPTION_STRING_LIST] = &cop_string_list_type,
    [COP_OPTION_AUGMENT] = &cop_augment_type,
    [COP_OPTION_RECIPE] = &cop_recipe_type,
    [COP_OPTION_MODEL] = &cop_model_type,
    [COP_OPTION_PATH] = &cop_path_type,
    [COP_OPTION_PATH_LIST] = &cop_path_list_type,
};

const cop_value_type *cop_value_type_of(cop_option_type type)
{
    return (size_t)type < sizeof types / sizeof types[0] ? types[type] : NULL;
}

cop_status cop_refuse_type(const cop_reader *reader, const cop_option *option,
                           const config_setting_t *setting, const cop_value_type *wanted,
                           cop_error *err)
{
    return cop_value_refuse(reader, option, setting, err, "is %s; wanted %s",
                            cop_setting_type_name(setting), wanted->wanted);
}

bool cop_is_unquoted(const char *def)
{
    return def[0] != '"';
}
