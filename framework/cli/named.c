/* named.c: what a config names beside plugins: training recipes and augmentations. */
#include "cli/named.h"

#include "core/json.h"
#include "core/memory.h"
#include "core/text.h"
#include "plugin/options/value.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *one, *all, *help;
    const char *(*name)(size_t i);
    const char *(*summary)(size_t i);
} kinds[] = {[COP_NAMED_RECIPE] = {"recipe", "recipes",
                                   "train.recipe = \"NAME\", any field overridden", cop_recipe_name,
                                   cop_recipe_summary},
             [COP_NAMED_AUGMENTATION] = {"augmentation", "augmentations",
                                         "train.augment = \"NAME_NAME\": joined by _, \"none\", or "
                                         "\"default\": those that suit the data",
                                         cop_augment_name, cop_augment_summary}};

cop_named_kind cop_named_parse(const char *word)
{
    for (int k = COP_NAMED_RECIPE; k <= COP_NAMED_AUGMENTATION; k++) {
        if (strcmp(word, kinds[k].one) == 0 || strcmp(word, kinds[k].all) == 0)
            return (cop_named_kind)k;
    }
    return (cop_named_kind)0;
}

const char *cop_named_kind_name(cop_named_kind kind)
{
    return kinds[kind].one;
}

void cop_named_list(cop_named_kind kind, FILE *out)
{
    (void)fprintf(out, "%s (%s)\n", kinds[kind].all, kinds[kind].help);
    for (size_t i = 0; kinds[kind].name(i) != NULL; i++)
        (void)fprintf(out, "  %-16s %s\n", kinds[kind].name(i), kinds[kind].summary(i));
}

bool cop_named_find(const char *word, cop_named_kind *kind, size_t *i)
{
    for (int k = COP_NAMED_RECIPE; k <= COP_NAMED_AUGMENTATION; k++) {
        size_t length = strlen(kinds[k].one);
        bool has_kind = strncmp(word, kinds[k].one, length) == 0 && word[length] == ':';
        for (*i = 0; kinds[k].name(*i) != NULL; ++*i) {
            *kind = (cop_named_kind)k;
            if (strcmp(has_kind ? word + length + 1 : word, kinds[k].name(*i)) == 0)
                return true;
        }
    }
    return false;
}

/* Gives each field of a recipe to `print`; false when that or memory fails. */
static bool each_field(cop_named_kind kind, size_t i,
                       bool (*print)(void *to, const char *name, const char *value), void *to)
{
    const cop_recipe *recipe =
        kind == COP_NAMED_RECIPE ? cop_recipe_named(cop_recipe_name(i), NULL) : NULL;
    const cop_recipe_field *field = NULL;
    bool ok = true;
    for (size_t k = 0; recipe != NULL && ok && (field = cop_recipe_field_at(k)) != NULL; k++) {
        cop_text value = {0};
        cop_recipe_append_field(&field->row, recipe, &value);
        ok = !value.failed && print(to, field->row.name, value.data);
        cop_text_free(&value);
    }
    return ok;
}

static bool add_to_json(void *object, const char *name, const char *value)
{
    /* Lists but for their brackets, numbers and texts are written as in JSON. */
    char *raw = strdup(value);
    for (char *c = raw; c != NULL && *c != '\0'; c++)
        *c = *c == '(' ? '[' : *c == ')' ? ']' : *c;
    bool ok = raw != NULL && cJSON_AddRawToObject(object, name, raw) != NULL;
    free(raw);
    return ok;
}

static bool print_line(void *out, const char *name, const char *value)
{
    return fprintf(out, "  %-18s %s\n", name, value) >= 0;
}

static bool fill(cJSON *object, cop_named_kind kind, size_t i)
{
    return cJSON_AddStringToObject(object, "name", kinds[kind].name(i)) != NULL &&
           cJSON_AddStringToObject(object, "summary", kinds[kind].summary(i)) != NULL &&
           each_field(kind, i, add_to_json, object);
}

cop_status cop_named_list_json(cop_named_kind kind, FILE *out, cop_error *err)
{
    cJSON *root = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(root, kinds[kind].all);
    bool ok = list != NULL;
    for (size_t i = 0; ok && kinds[kind].name(i) != NULL; i++) {
        cJSON *object = cJSON_CreateObject();
        ok = cJSON_AddItemToArray(list, object) && fill(object, kind, i);
    }
    return cop_json_print(root, ok, out, err);
}

cop_status cop_named_describe(cop_named_kind kind, size_t i, bool json, FILE *out, cop_error *err)
{
    if (json) {
        cJSON *root = cJSON_CreateObject();
        bool ok = cJSON_AddStringToObject(root, "kind", kinds[kind].one) != NULL;
        return cop_json_print(root, ok && fill(root, kind, i), out, err);
    }
    (void)fprintf(out, "%s %s\n", kinds[kind].one, kinds[kind].name(i));
    (void)print_line(out, "summary", kinds[kind].summary(i));
    (void)print_line(out, "use", kinds[kind].help);
    if (kind == COP_NAMED_RECIPE)
        (void)fputs("\nfields\n", out);
    return each_field(kind, i, print_line, out) ? COP_OK : cop_out_of_memory(err);
}
