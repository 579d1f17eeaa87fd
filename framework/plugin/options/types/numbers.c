/* numbers.c: the option types of truth values and numbers. */
#include "plugin/options/types/types.h"

#include "core/memory.h"

#include <math.h>

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

cop_status cop_check_int(const cop_reader *reader, const cop_option *option,
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
                           const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (!is_integer(setting))
        return cop_refuse_type(reader, option, setting, &cop_int_type, err);
    value->as.i = config_setting_get_int64(setting);
    return cop_check_int(reader, option, setting, value->as.i, err);
}

static cop_status read_float(const cop_reader *reader, const cop_option *option,
                             const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (is_integer(setting))
        value->as.f = (double)config_setting_get_int64(setting);
    else if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
        value->as.f = config_setting_get_float(setting);
    else
        return cop_refuse_type(reader, option, setting, &cop_float_type, err);
    return check_float(reader, option, setting, value->as.f, err);
}

static cop_status read_bool(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_value *value, cop_error *err)
{
    if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
        return cop_refuse_type(reader, option, setting, &cop_bool_type, err);
    value->as.b = config_setting_get_bool(setting) != 0;
    return COP_OK;
}

static void append_bool(const cop_option *option, const cop_value *value, bool is_identity,
                        cop_text *text)
{
    (void)option;
    (void)is_identity;
    cop_text_append(text, value->as.b ? "true" : "false");
}

static void append_int(const cop_option *option, const cop_value *value, bool is_identity,
                       cop_text *text)
{
    (void)option;
    (void)is_identity;
    cop_append_int(text, value->as.i);
}

static void append_float(const cop_option *option, const cop_value *value, bool is_identity,
                         cop_text *text)
{
    (void)option;
    (void)is_identity;
    cop_append_float(text, value->as.f);
}

const cop_value_type cop_bool_type = {.name = "bool",
                                      .wanted = "true or false",
                                      COP_FIELD_OF(bool, b),
                                      .read = read_bool,
                                      .append = append_bool};

const cop_value_type cop_int_type = {.name = "int",
                                     .wanted = "an integer",
                                     COP_FIELD_OF(int64_t, i),
                                     .read = read_int,
                                     .append = append_int};

const cop_value_type cop_float_type = {.name = "float",
                                       .wanted = "a number",
                                       COP_FIELD_OF(double, f),
                                       .read = read_float,
                                       .append = append_float};
