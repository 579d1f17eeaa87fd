/* subject.c: making components out of what the command line says. */
#include "validate/checks.h"

#include "core/memory.h"
#include "core/text.h"
#include "nn/task.h"
#include "plugin/options/setting.h"
#include "validate/ticket.h"

#include <stdlib.h>
#include <string.h>

cop_status cop_subject_component(const cop_registry *r, cop_kind kind, const char *id,
                                 const char *members, cop_component **out, cop_error *err)
{
    cop_text text = {0};
    config_t config;
    cop_text_printf(&text, "it = { plugin = \"%s\"; %s };", id, members);
    if (text.failed)
        return cop_out_of_memory(err);
    cop_status status = cop_syntax_parse(text.data, text.length, NULL, &config, err);
    cop_text_free(&text);
    COP_TRY(status);
    status = cop_component_read(r, kind, config_lookup(&config, "it"), NULL, NULL, NULL, out, err);
    config_destroy(&config);
    return status;
}

cop_status cop_subject_check_set(const char *set, cop_error *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    config_t config;
    config_setting_t *value = NULL;
    size_t name = strspn(set, letters);
    char shown[200];
    (void)cop_escape(set, shown, sizeof shown);
    if (name == 0 || set[name] != '=')
        return cop_fail(err, COP_INVALID, "--set \"%s\": wanted NAME=VALUE", shown);
    if (cop_syntax_parse_value(set + name + 1, &config, &value, err) != COP_OK)
        return cop_fail_within(err, "--set \"%s\"", shown);
    config_destroy(&config);
    return COP_OK;
}

/* A bare word is a string, as it is for --set elsewhere. The newline ends a comment in the text. */
static void append_value(const char *text, cop_text *to)
{
    config_t config;
    config_setting_t *value = NULL;
    cop_error unused = {0};
    if (cop_syntax_parse_value(text, &config, &value, &unused) != COP_OK) {
        to->failed = true; /* without memory: what is wrong with a value was told before */
        return;
    }
    if (config_setting_type(value) == CONFIG_TYPE_STRING)
        cop_append_string(to, config_setting_get_string(value));
    else
        cop_text_append(to, text);
    cop_text_append(to, "\n; ");
    config_destroy(&config);
}

/* Appends what --set asks for, apart from the options that `leaves_out` names. */
static void append_sets(const cop_subject *s, bool (*leaves_out)(const cop_plugin *, const char *),
                        cop_text *text)
{
    for (size_t i = 0; i < s->set_count; i++) {
        char name[COP_NAME_SIZE];
        const char *equals = strchr(s->sets[i], '=');
        if (equals == NULL)
            continue; /* refused before */
        (void)snprintf(name, sizeof name, "%.*s", (int)(equals - s->sets[i]), s->sets[i]);
        if (leaves_out != NULL && leaves_out(s->entry->plugin, name))
            continue;
        cop_text_printf(text, "%.*s = ", (int)(equals - s->sets[i]), s->sets[i]);
        append_value(equals + 1, text);
    }
}

char *cop_subject_members(const cop_subject *s)
{
    cop_text text = {0};
    cop_text_append(&text, "");
    append_sets(s, NULL, &text);
    return cop_text_take(&text);
}

cop_status cop_checked_model(const cop_component *c, cop_model **out, cop_error *err)
{
    /* As large as those that the networks of the first digits were made for. */
    static const cop_task larger = {.channels = 1, .height = 28, .width = 28, .classes = 3};
    cop_error unused = {0};
    cop_status status = cop_component_model(c, cop_ticket_task(), out, err);
    if (status == COP_INVALID && cop_component_model(c, &larger, out, &unused) == COP_OK)
        return COP_OK;
    return status;
}

/* Whether an option is the number of steps, and one that can be doubled. */
static bool is_length(const cop_option *o)
{
    return (o->flags & (uint32_t)COP_OPTION_LENGTH) != 0 && o->type == COP_OPTION_INT &&
           o->alias_of == NULL;
}

static bool names_length(const cop_plugin *plugin, const char *name)
{
    for (size_t i = 0; i < plugin->option_count; i++)
        if (is_length(&plugin->options[i]) && strcmp(plugin->options[i].name, name) == 0)
            return true;
    return false;
}

char *cop_subject_longer(const cop_subject *s, const void *options, bool *is_longer)
{
    const cop_plugin *plugin = s->entry->plugin;
    cop_text text = {0};
    cop_text_append(&text, "");
    append_sets(s, names_length, &text);
    *is_longer = false;
    for (size_t i = 0; i < plugin->option_count; i++) {
        const cop_option *o = &plugin->options[i];
        int64_t value = 0;
        if (!is_length(o))
            continue;
        memcpy(&value, (const char *)options + o->offset, sizeof value);
        bool fits = value > 0 && value <= INT64_MAX / 2 &&
                    ((o->has_range == 0 && o->min == 0.0 && o->max == 0.0) ||
                     2.0 * (double)value <= o->max);
        *is_longer = *is_longer || fits;
        cop_text_printf(&text, "%s = %lldL; ", o->name, (long long)(fits ? 2 * value : value));
    }
    return cop_text_take(&text);
}
