/* preparation.c: the keys that the framework gives every dataset's group. */
#include "plugin/preparation.h"

#include "core/memory.h"
#include "core/text.h"
#include "plugin/component.h"
#include "plugin/options/setting.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cop_option rows[COP_PREPARATION_KEYS] = {
    COP_OPT_FLOAT(cop_preparation, validation, "0", 0, INFINITY,
                  "Training images held out, evenly by class, as the test split, in place of the "
                  "data's own: below 1 a share, else a number; 0: none"),
    COP_OPT_INT(cop_preparation, per_class, "0", 0, 1000000000,
                "Training images kept of each class, drawn at random; 0: all", .unit = "images"),
    COP_OPT_FLOAT(cop_preparation, subset, "0", 0, INFINITY,
                  "Training images kept, evenly by class: below 1 a share, else a number; 0: all"),
    COP_OPT_FLOAT(cop_preparation, label_noise, "0", 0, 1,
                  "Share of the training labels that are replaced by one of the other classes"),
    COP_OPT_FLOAT(cop_preparation, zca, "0", 0, 1000,
                  "Whiten the pixels in [0, 1] instead of normalising them (ZCA, as fitted to the "
                  "training images), with this added to the variances; 0: do not; MTT: 0.1"),
    COP_OPT_INT(cop_preparation, split_seed, "0", 0, INFINITY,
                "Of the draws of these: another seed, another division"),
};

const cop_option *cop_preparation_options(size_t *count)
{
    *count = COP_PREPARATION_KEYS;
    return rows;
}

bool cop_option_is_reserved(cop_kind kind, const char *name)
{
    if (strcmp(name, "plugin") == 0)
        return true;
    if (kind == COP_KIND_ANALYZER && (strcmp(name, "dataset") == 0 || strcmp(name, "label") == 0 ||
                                      strcmp(name, "seeds") == 0 || strcmp(name, "rounds") == 0))
        return true;
    for (size_t i = 0; kind == COP_KIND_DATASET && i < COP_PREPARATION_KEYS; i++)
        if (strcmp(rows[i].name, name) == 0)
            return true;
    return false;
}

const char **cop_names_beside(const char *const *more, const cop_option *table, size_t count)
{
    size_t given = 0;
    while (more != NULL && more[given] != NULL)
        given++;
    const char **all = calloc(given + count + 2, sizeof *all);
    if (all == NULL)
        return NULL;
    all[0] = "plugin";
    for (size_t i = 0; i < given; i++)
        all[1 + i] = more[i];
    for (size_t i = 0; i < count; i++)
        all[1 + given + i] = table[i].name;
    return all;
}

static cop_status keep_places(const config_setting_t *group, const char *file, cop_prepared *out,
                              cop_error *err)
{
    for (size_t i = 0; i < COP_PREPARATION_KEYS; i++) {
        const config_setting_t *member = config_setting_get_member(group, rows[i].name);
        if (member == NULL)
            continue;
        cop_place place = cop_setting_place(member, file);
        out->places[i].line = place.line;
        out->places[i].file = strdup(place.file != NULL ? place.file : "");
        if (out->places[i].file == NULL)
            return cop_out_of_memory(err);
    }
    return COP_OK;
}

bool cop_prepared_place(const cop_prepared *p, const char *key, const char **file, int *line)
{
    for (size_t i = 0; i < COP_PREPARATION_KEYS; i++) {
        if (strcmp(rows[i].name, key) == 0 && p->places[i].file != NULL) {
            *file = p->places[i].file;
            *line = p->places[i].line;
            return true;
        }
    }
    return false;
}

/* The lines of the first text that are not those of the second, line by line: nothing is said of
 * what is the default, so that texts of data that are not prepared stay as they were. */
static cop_status keep_lines(const char *lines, const char *defaults, cop_prepared *out,
                             cop_error *err)
{
    if (strcmp(lines, defaults) == 0)
        return COP_OK;
    cop_text text = {0};
    while (*lines != '\0') {
        size_t length = strcspn(lines, "\n") + 1, other = strcspn(defaults, "\n") + 1;
        if (length != other || memcmp(lines, defaults, length) != 0)
            cop_text_append_bytes(&text, lines, length);
        lines += length;
        defaults += other;
    }
    out->lines = cop_text_take(&text);
    return out->lines != NULL ? COP_OK : cop_out_of_memory(err);
}

/* Above 1 it is a number of images, which ranges cannot say. */
static cop_status check_amount(const cop_plugin *plugin, const cop_prepared *p, const char *key,
                               double value, cop_error *err)
{
    if (value < 1.0 || (value == floor(value) && value <= 1e15))
        return COP_OK;
    const char *file = NULL;
    int line = 0;
    (void)cop_prepared_place(p, key, &file, &line);
    return cop_fail_at(
        err, COP_INVALID, file, line,
        "option \"%s\" of dataset \"%s\" is %.15g; wanted a share below 1, or a whole "
        "number of images",
        key, plugin->id, value);
}

/* Reads the group (NULL: the defaults), and hands out what it says, line by line. */
static cop_status read_keys(const config_setting_t *group, const char *const *skip,
                            const char *what, const char *file, cop_preparation *values,
                            cop_option_values **texts, cop_error *err)
{
    return cop_options_read(rows, COP_PREPARATION_KEYS, group, skip, what, file, NULL, NULL, values,
                            texts, err);
}

cop_status cop_prepared_read(const cop_plugin *plugin, const config_setting_t *group,
                             const char *const *skip, const char *file, cop_prepared *out,
                             cop_error *err)
{
    char what[COP_NAME_SIZE + 16];
    cop_preparation unused = {0};
    cop_option_values *given = NULL, *defaults = NULL;
    const char **others = cop_names_beside(skip, plugin->options, plugin->option_count);
    *out = (cop_prepared){.lines = NULL};
    if (others == NULL)
        return cop_out_of_memory(err);
    (void)snprintf(what, sizeof what, "dataset \"%s\"", plugin->id);
    cop_status status = read_keys(group, others, what, file, &out->values, &given, err);
    free(others);
    if (status == COP_OK)
        status = read_keys(NULL, NULL, what, file, &unused, &defaults, err);
    if (status == COP_OK)
        status = keep_lines(cop_option_values_effective(given),
                            cop_option_values_effective(defaults), out, err);
    cop_option_values_free(given);
    cop_option_values_free(defaults);
    COP_TRY(status);
    COP_TRY(keep_places(group, file, out, err));
    COP_TRY(check_amount(plugin, out, "validation", out->values.validation, err));
    return check_amount(plugin, out, "subset", out->values.subset, err);
}

void cop_prepared_clear(cop_prepared *p)
{
    free(p->lines);
    for (size_t i = 0; i < COP_PREPARATION_KEYS; i++)
        free(p->places[i].file);
    *p = (cop_prepared){.lines = NULL};
}
