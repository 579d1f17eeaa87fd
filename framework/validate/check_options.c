/* check_options.c: does a component come to be, by its defaults and by other values that its table
 * allows? */
#include "validate/checks.h"

#include "core/text.h"
#include "nn/model.h"
#include "plugin/options/setting.h"
#include "validate/ticket.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Components that are drawn. */
#define DRAWS 8

/* Makes an instance and frees it. */
static cop_status make(const cop_subject *s, const cop_component *c, cop_error *err)
{
    cop_kind kind = (cop_kind)s->entry->plugin->kind;
    if (kind == COP_KIND_MODEL) {
        cop_model *model = NULL;
        COP_TRY(cop_checked_model(c, &model, err));
        cop_model_free(model);
        return COP_OK;
    }
    cop_instance instance;
    COP_TRY(
        cop_instance_open(c, kind == COP_KIND_DATASET ? NULL : cop_ticket_task(), &instance, err));
    cop_instance_close(&instance);
    return COP_OK;
}

/* Around the default, so that what is drawn can be made in a moment: at most four times as much. */
static double draw_number(const cop_option *o, cop_stream *draws)
{
    double middle = o->def != NULL ? strtod(o->def, NULL) : 1.0;
    double low = o->min > -4.0 * fabs(middle) - 8.0 ? o->min : -4.0 * fabs(middle) - 8.0;
    double high = o->max < 4.0 * fabs(middle) + 8.0 ? o->max : 4.0 * fabs(middle) + 8.0;
    if (o->has_range == 0 && !(o->min < 0.0) && !(o->max > 0.0))
        low = high = middle;
    if (!(high > low))
        return low;
    return low + (high - low) * (double)cop_stream_uniform(draws);
}

static void draw_option(const cop_option *o, cop_stream *draws, cop_text *members)
{
    if (o->alias_of != NULL || cop_stream_below(draws, 2) == 0)
        return;
    size_t count = 0;
    if (o->type == COP_OPTION_BOOL) {
        cop_text_printf(members, "%s = %s; ", o->name,
                        cop_stream_below(draws, 2) == 0 ? "false" : "true");
    } else if (o->type == COP_OPTION_INT) {
        double value = draw_number(o, draws);
        long long whole = (long long)floor(value);
        whole += (double)whole < o->min;
        cop_text_printf(members, "%s = ", o->name);
        cop_append_int(members, whole);
        cop_text_append(members, "; ");
    } else if (o->type == COP_OPTION_FLOAT) {
        cop_text_printf(members, "%s = ", o->name);
        cop_append_float(members, draw_number(o, draws));
        cop_text_append(members, "; ");
    } else if (o->type == COP_OPTION_ENUM && o->choices != NULL) {
        while (o->choices[count] != NULL)
            count++;
        if (count > 0)
            cop_text_printf(members, "%s = \"%s\"; ", o->name,
                            o->choices[cop_stream_below(draws, count)]);
    }
}

static bool is_set(const cop_subject *s, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < s->set_count; i++)
        if (strncmp(s->sets[i], name, length) == 0 && s->sets[i][length] == '=')
            return true;
    return false;
}

/* The i-th draw; what --set says stands. */
static char *draw_members(const cop_subject *s, const char *given, uint64_t i)
{
    const cop_plugin *plugin = s->entry->plugin;
    cop_stream draws = cop_stream_make(1, "validate", i);
    cop_text members = {0};
    cop_text_append(&members, given);
    for (size_t k = 0; k < plugin->option_count; k++) {
        if (!is_set(s, plugin->options[k].name))
            draw_option(&plugin->options[k], &draws, &members);
    }
    return cop_text_take(&members);
}

/* Values that the table allows one by one may not go together: then the plugin says so. */
static bool check_draw(const cop_subject *s, const char *members)
{
    cop_error err = {0};
    cop_component *c = NULL;
    const cop_plugin *plugin = s->entry->plugin;
    cop_status status =
        cop_subject_component(s->registry, (cop_kind)plugin->kind, plugin->id, members, &c, &err);
    if (status == COP_OK)
        status = make(s, c, &err);
    cop_component_free(c);
    if (status == COP_OK || status == COP_INVALID || status == COP_UNAVAILABLE)
        return true;
    /* Options that do not suit what is in a dataset's file: the host blames the file. */
    if (status == COP_FAILED && plugin->kind == COP_KIND_DATASET)
        return true;
    cop_reporter_finding(s->reporter, "with { %s}: %s", members, err.message);
    return false;
}

static void check_draws(const cop_subject *s, const char *given)
{
    static const cop_check check = {
        "valid options make an instance",
        "every set of options that the table allows makes an instance, or is refused as "
        "COP_INVALID with the reason",
        "option.h: cop_option, and the kind's create"};
    cop_reporter_begin(s->reporter, &check);
    bool ok = true;
    for (uint64_t i = 0; ok && i < DRAWS; i++) {
        char *members = draw_members(s, given, i);
        ok = members == NULL || check_draw(s, members);
        free(members);
    }
    if (ok)
        cop_reporter_ok(s->reporter);
}

void cop_check_options(const cop_subject *s, cop_component **out)
{
    static const cop_check check = {"the defaults make an instance",
                                    "create succeeds with the defaults and what --set says",
                                    "plugin.h: cop_plugin, and the kind's create"};
    cop_error err = {0};
    const cop_plugin *plugin = s->entry->plugin;
    char *given = cop_subject_members(s);
    *out = NULL;
    cop_status status = given != NULL ? cop_subject_component(s->registry, (cop_kind)plugin->kind,
                                                              plugin->id, given, out, &err)
                                      : COP_FAILED;
    if (status != COP_OK) {
        cop_reporter_usage(s->reporter, err.message);
        free(given);
        return;
    }
    cop_reporter_begin(s->reporter, &check);
    status = make(s, *out, &err);
    /* Files that are not here, or images that are too small for it, are no fault of its own. */
    if (status == COP_INVALID)
        status = COP_UNAVAILABLE;
    if (cop_reporter_status(s->reporter, status, &err)) {
        check_draws(s, given);
    } else {
        cop_component_free(*out);
        *out = NULL;
    }
    free(given);
}
