/* subject.c: making components out of what the command line says. */
#include "validate/checks.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/setting.h"

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

/* A bare word is a string, as it is for --set elsewhere. */
static void append_value(const char *value, cop_text *text)
{
    cop_text trial = {0};
    config_t config;
    cop_error unused = {0};
    cop_text_printf(&trial, "v = %s;", value);
    if (!trial.failed &&
        cop_syntax_parse(trial.data, trial.length, NULL, &config, &unused) == COP_OK) {
        config_destroy(&config);
        cop_text_append(text, value);
    } else {
        cop_append_string(text, value);
    }
    cop_text_free(&trial);
}

char *cop_subject_members(const cop_subject *s)
{
    cop_text text = {0};
    cop_text_append(&text, "");
    for (size_t i = 0; i < s->set_count; i++) {
        const char *equals = strchr(s->sets[i], '=');
        if (equals == NULL)
            continue; /* refused before */
        cop_text_printf(&text, "%.*s = ", (int)(equals - s->sets[i]), s->sets[i]);
        append_value(equals + 1, &text);
        cop_text_append(&text, "; ");
    }
    return cop_text_take(&text);
}
