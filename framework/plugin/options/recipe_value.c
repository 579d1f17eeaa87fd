/* recipe_value.c: recipes in a config: a name, or a named recipe with fields of its own. */
#include "plugin/options/value.h"

#include <math.h>
#include <string.h>

/* More, and the training would be refused before it begins. */
#define MOST_EPOCHS 1e7

static const cop_option fields[] = {
    {.name = "duration",
     .help = "length of the training",
     .type = COP_OPTION_DURATION,
     .offset = offsetof(cop_recipe, duration)},
    {.name = "batch",
     .help = "samples per step; a smaller set is one step",
     .type = COP_OPTION_INT,
     .offset = offsetof(cop_recipe, batch),
     .min = 1,
     .max = 1000000,
     .unit = "samples"},
    {.name = "lr",
     .help = "learning rate at the start",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(cop_recipe, lr),
     .min = 0,
     .max = INFINITY},
    {.name = "momentum",
     .help = "of SGD; below 1",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(cop_recipe, momentum),
     .min = 0,
     .max = 1},
    {.name = "weight_decay",
     .help = "added to the gradient, times the weight",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(cop_recipe, weight_decay),
     .min = 0,
     .max = INFINITY},
    {.name = "milestones",
     .help = "when the rate drops: fractions of the training, or durations",
     .type = COP_OPTION_FLOAT_LIST,
     .offset = offsetof(cop_recipe, milestones),
     .min = 0,
     .max = 1},
    {.name = "milestone_factor",
     .help = "of the rate at each milestone",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(cop_recipe, milestone_factor),
     .min = 0,
     .max = INFINITY},
    {.name = "augment",
     .help = "augmentations, a draw per sample",
     .type = COP_OPTION_AUGMENT,
     .offset = offsetof(cop_recipe, augment)},
    {.name = "cutmix",
     .help = "probability of CutMix per batch",
     .type = COP_OPTION_FLOAT,
     .offset = offsetof(cop_recipe, cutmix),
     .min = 0,
     .max = 1},
};
#define FIELD_COUNT (sizeof fields / sizeof fields[0])

const cop_option *cop_recipe_fields(size_t *count)
{
    *count = FIELD_COUNT;
    return fields;
}

static cop_status refuse(const cop_reader *reader, const config_setting_t *setting, cop_error *err,
                         const char *message)
{
    cop_place place = cop_setting_place(setting, reader->file);
    return cop_fail_at(err, COP_INVALID, place.file, place.line, "%s: %s", reader->what, message);
}

static cop_status read_name(const cop_reader *reader, const config_setting_t *setting,
                            cop_recipe *recipe, cop_error *err)
{
    const char *name = config_setting_get_string(setting);
    if (name[0] == '\0') {
        memset(recipe, 0, sizeof *recipe);
        return COP_OK;
    }
    cop_error inner = {0};
    if (cop_recipe_named(name, recipe, &inner) == COP_OK)
        return COP_OK;
    const char *names[64];
    size_t count = 0;
    while (count < 64 && (names[count] = cop_recipe_name(count)) != NULL)
        count++;
    cop_status status = refuse(reader, setting, err, inner.message);
    cop_suggest(err, name, names, count);
    return status;
}

/* A milestone is a number (a fraction of the training) or a duration. */
static cop_status read_milestones(const cop_reader *reader, const cop_option *field,
                                  const config_setting_t *setting, cop_recipe *recipe,
                                  cop_error *err)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST)
        return cop_value_refuse(reader, field, setting, err, "is %s; wanted a list",
                                cop_setting_type_name(setting));
    int count = config_setting_length(setting);
    if (count > COP_MAX_MILESTONES)
        return cop_value_refuse(reader, field, setting, err, "has %d items; wanted at most %d",
                                count, COP_MAX_MILESTONES);
    recipe->milestone_count = count;
    memset(recipe->milestones, 0, sizeof recipe->milestones);
    for (int i = 0; i < count; i++) {
        const config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        cop_option one = *field;
        cop_value value;
        bool is_duration = config_setting_type(item) == CONFIG_TYPE_STRING;
        one.type = is_duration ? COP_OPTION_DURATION : COP_OPTION_FLOAT;
        COP_TRY(cop_value_read(reader, &one, item, &value, err));
        recipe->milestones[i] =
            is_duration ? value.as.duration : (cop_duration){COP_FRACTION, value.as.f};
    }
    return COP_OK;
}

/* What the ranges of the table cannot say. */
static cop_status check_field(const cop_reader *reader, const cop_option *field,
                              const config_setting_t *setting, const cop_recipe *recipe,
                              cop_error *err)
{
    if (recipe->duration.unit == COP_EPOCHS && recipe->duration.value > MOST_EPOCHS)
        return cop_value_refuse(reader, field, setting, err, "is longer than ten million epochs");
    if (recipe->momentum >= 1.0)
        return cop_value_refuse(reader, field, setting, err, "is 1; wanted less than 1");
    return COP_OK;
}

static cop_status read_field(const cop_reader *reader, const config_setting_t *setting,
                             cop_recipe *recipe, cop_error *err)
{
    const char *name = config_setting_name(setting);
    const char *names[FIELD_COUNT + 1] = {"recipe"};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        names[i + 1] = fields[i].name;
        if (strcmp(fields[i].name, name) != 0)
            continue;
        if (fields[i].type == COP_OPTION_FLOAT_LIST)
            return read_milestones(reader, &fields[i], setting, recipe, err);
        cop_value value;
        COP_TRY(cop_value_read(reader, &fields[i], setting, &value, err));
        cop_value_store(&fields[i], &value, recipe);
        COP_TRY(check_field(reader, &fields[i], setting, recipe, err));
        return COP_OK;
    }
    cop_place place = cop_setting_place(setting, reader->file);
    cop_status status = cop_fail_at(err, COP_INVALID, place.file, place.line,
                                    "unknown option \"%.64s\" of %s", name, reader->what);
    cop_suggest(err, name, names, FIELD_COUNT + 1);
    return status;
}

/* In one unit: where a training counted in epochs has its milestones in steps, that is told only by
 * the data. */
static void warn_of_milestones(const cop_reader *reader, const config_setting_t *setting,
                               const cop_recipe *recipe)
{
    cop_place place = cop_setting_place(setting, reader->file);
    const char *unit = recipe->duration.unit == COP_EPOCHS ? "ep" : "it";
    for (int32_t i = 0; i < recipe->milestone_count; i++) {
        const cop_duration *at = &recipe->milestones[i];
        if (at->unit != recipe->duration.unit || at->value < recipe->duration.value)
            continue;
        cop_say(reader->log, COP_LOG_WARNING,
                "%s:%d: %s: the milestone \"%.0f%s\" is never reached: the training ends at "
                "\"%.0f%s\"",
                place.file != NULL ? place.file : "config", place.line, reader->what, at->value,
                unit, recipe->duration.value, unit);
    }
}

cop_status cop_recipe_read(const cop_reader *reader, const config_setting_t *setting,
                           cop_recipe *recipe, cop_error *err)
{
    char what[160];
    (void)snprintf(what, sizeof what, "the recipe of %s", reader->what);
    cop_reader inner = *reader;
    inner.what = what;
    if (config_setting_type(setting) == CONFIG_TYPE_STRING)
        return read_name(&inner, setting, recipe, err);
    if (config_setting_type(setting) != CONFIG_TYPE_GROUP)
        return refuse(&inner, setting, err, "wanted a recipe's name or a group");
    const config_setting_t *name = config_setting_get_member(setting, "recipe");
    if (name == NULL || config_setting_type(name) != CONFIG_TYPE_STRING ||
        config_setting_get_string(name)[0] == '\0')
        return refuse(&inner, setting, err,
                      "a group needs recipe = \"...\", the name it starts from");
    COP_TRY(read_name(&inner, name, recipe, err));
    for (int i = 0; i < config_setting_length(setting); i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        if (member != name)
            COP_TRY(read_field(&inner, member, recipe, err));
    }
    warn_of_milestones(&inner, setting, recipe);
    return COP_OK;
}

static void append_duration(const cop_duration *d, cop_text *text)
{
    if (d->unit == COP_FRACTION)
        cop_append_float(text, d->value);
    else
        cop_text_printf(text, "\"%.0f%s\"", d->value, d->unit == COP_EPOCHS ? "ep" : "it");
}

void cop_recipe_append(const cop_recipe *recipe, cop_text *text)
{
    if (recipe->name[0] == '\0') {
        cop_text_append(text, "\"\"");
        return;
    }
    char augment[96];
    cop_text_printf(text, "{ recipe = \"%s\"; duration = ", recipe->name);
    append_duration(&recipe->duration, text);
    cop_text_append(text, "; batch = ");
    cop_append_int(text, recipe->batch);
    cop_text_append(text, "; lr = ");
    cop_append_float(text, recipe->lr);
    cop_text_append(text, "; momentum = ");
    cop_append_float(text, recipe->momentum);
    cop_text_append(text, "; weight_decay = ");
    cop_append_float(text, recipe->weight_decay);
    cop_text_append(text, "; milestones = (");
    for (int32_t i = 0; i < recipe->milestone_count; i++) {
        cop_text_append(text, i > 0 ? ", " : "");
        append_duration(&recipe->milestones[i], text);
    }
    cop_text_append(text, "); milestone_factor = ");
    cop_append_float(text, recipe->milestone_factor);
    cop_text_printf(text, "; augment = \"%s\"; cutmix = ",
                    cop_augment_text(recipe->augment, augment, sizeof augment));
    cop_append_float(text, recipe->cutmix);
    cop_text_append(text, "; }");
}
