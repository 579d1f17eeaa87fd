/* model.c: the option type of models: components of their own. */
#include "plugin/options/types/types.h"

#include <string.h>

static cop_status read_model(const cop_reader *reader, const cop_option *option,
                             const config_setting_t *setting, cop_value *value, cop_error *err)
{
    value->as.model = NULL;
    if (config_setting_type(setting) == CONFIG_TYPE_STRING &&
        config_setting_get_string(setting)[0] == '\0')
        return COP_OK;
    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return cop_refuse_type(reader, option, setting, &cop_model_type, err);
    const config_setting_t *plugin = config_setting_get_member(setting, "plugin");
    if (plugin == NULL || config_setting_type(plugin) != CONFIG_TYPE_STRING)
        return cop_value_refuse(reader, option, setting, err, "lacks plugin = \"...\"");
    if (reader->registry == NULL)
        return COP_OK;
    COP_TRY(cop_component_read(reader->registry, COP_KIND_MODEL, setting, NULL, reader->file,
                               reader->log, reader->model, err));
    value->as.model = *reader->model;
    return COP_OK;
}

static void append_model(const cop_option *option, const cop_value *value, bool is_identity,
                         cop_text *text)
{
    (void)option;
    const cop_component *model = value->as.model;
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

/* A group, but for the empty string of none. */
static bool is_none(const char *def)
{
    return def[0] == '\0';
}

const cop_value_type cop_model_type = {.name = "model",
                                       .wanted = "a group { plugin = \"...\"; }",
                                       COP_FIELD_OF(const cop_model *, model),
                                       .is_made_later = true,
                                       .is_bare = is_none,
                                       .read = read_model,
                                       .append = append_model};
