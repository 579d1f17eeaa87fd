/* setting.c: the place, type and text of a libconfig setting. */
#include "plugin/options/setting.h"

#include "core/locale.h"
#include "core/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cop_place cop_setting_place(const config_setting_t *setting, const char *file)
{
    for (const config_setting_t *s = setting; s != NULL; s = config_setting_parent(s)) {
        const cop_place *place = config_setting_get_hook(s);
        if (place != NULL)
            return *place;
        if (config_setting_source_line(s) != 0) {
            const char *source = config_setting_source_file(s);
            return (cop_place){source != NULL ? source : file, (int)config_setting_source_line(s)};
        }
    }
    return (cop_place){file, 0};
}

void cop_setting_set_place(config_setting_t *setting, const cop_place *place)
{
    config_setting_set_hook(setting,
                            (void *)(uintptr_t)place); /* libconfig's hooks are not const */
    if (!config_setting_is_aggregate(setting))
        return;
    for (int i = 0; i < config_setting_length(setting); i++)
        cop_setting_set_place(config_setting_get_elem(setting, (unsigned)i), place);
}

const char *cop_setting_type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "an integer";
    case CONFIG_TYPE_FLOAT:
        return "a float";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "a bool";
    case CONFIG_TYPE_ARRAY:
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "nothing";
    }
}

void cop_append_string(cop_text *text, const char *value)
{
    const char *end = value + strlen(value);
    cop_text_append(text, "\"");
    for (const char *c = value; c < end;) {
        size_t length = cop_utf8_length(c, end);
        if (*c == '"' || *c == '\\')
            cop_text_printf(text, "\\%c", *c);
        else if (length > 0 && cop_control_length(c) == 0)
            cop_text_append_bytes(text, c, length);
        else
            for (size_t i = 0; i < (length > 0 ? length : 1); i++)
                cop_text_printf(text, "\\x%02X", (unsigned)(unsigned char)c[i]);
        c += length > 0 ? length : 1;
    }
    cop_text_append(text, "\"");
}

void cop_append_float(cop_text *text, double value)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        (void)cop_snprintf(digits, sizeof digits, "%.*g", precision, fabs(value));
        if (cop_strtod(digits, NULL) == fabs(value))
            break;
    }
    cop_text_printf(text, "%s%s", value < 0.0 ? "-" : "", digits);
}

void cop_append_int(cop_text *text, long long value)
{
    bool is_long = value < INT32_MIN || value > INT32_MAX;
    cop_text_printf(text, "%lld%s", value, is_long ? "L" : "");
}

static void append_members(const config_setting_t *setting, cop_text *text)
{
    bool is_group = config_setting_is_group(setting);
    int count = config_setting_length(setting);
    for (int i = 0; i < count; i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        if (is_group)
            cop_text_printf(text, " %s = ", config_setting_name(member));
        else if (i > 0)
            cop_text_append(text, ", ");
        cop_setting_text(member, text);
        if (is_group)
            cop_text_append(text, ";");
    }
}

void cop_setting_text(const config_setting_t *setting, cop_text *text)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        cop_append_int(text, config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        cop_append_float(text, config_setting_get_float(setting));
        break;
    case CONFIG_TYPE_STRING:
        cop_append_string(text, config_setting_get_string(setting));
        break;
    case CONFIG_TYPE_BOOL:
        cop_text_append(text, config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_GROUP:
        cop_text_append(text, "{");
        append_members(setting, text);
        cop_text_append(text, " }");
        break;
    case CONFIG_TYPE_ARRAY:
        cop_text_append(text, "[");
        append_members(setting, text);
        cop_text_append(text, "]");
        break;
    case CONFIG_TYPE_LIST:
        cop_text_append(text, "(");
        append_members(setting, text);
        cop_text_append(text, ")");
        break;
    default:
        break;
    }
}
