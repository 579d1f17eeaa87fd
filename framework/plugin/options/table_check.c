/* table_check.c: is an option table one that the host can read configs with? */
#include "plugin/options/types/types.h"

#include "core/memory.h"

#include <math.h>
#include <string.h>

#define MAX_OPTIONS 1000
#define KNOWN_FLAGS                                                                                \
    ((uint32_t)COP_OPTION_REQUIRED | (uint32_t)COP_OPTION_ADVANCED |                               \
     (uint32_t)COP_OPTION_EXECUTION_ONLY | (uint32_t)COP_OPTION_JUDGEMENT |                        \
     (uint32_t)COP_OPTION_LENGTH | (uint32_t)COP_OPTION_ADDED | (uint32_t)COP_OPTION_SET_RECIPE)

static cop_status refuse(const cop_option *option, cop_error *err, const char *reason)
{
    char shown[80];
    return cop_fail(err, COP_INVALID, "option \"%s\" %s",
                    cop_escape(option->name, shown, sizeof shown), reason);
}

static bool is_word(const char *text)
{
    if (text[0] < 'a' || text[0] > 'z')
        return false;
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static cop_status check_name(const cop_option *table, size_t i, cop_error *err)
{
    const cop_option *option = &table[i];
    if (option->name == NULL || option->name[0] == '\0')
        return cop_fail(err, COP_INVALID, "option %zu has no name", i);
    if (!is_word(option->name) || strlen(option->name) >= COP_NAME_SIZE)
        return refuse(option, err, "is not a lower-case word ([a-z][a-z0-9_]*)");
    if (strcmp(option->name, "plugin") == 0)
        return refuse(option, err, "has a name that the host reserves");
    for (size_t k = 0; k < i; k++)
        if (strcmp(table[k].name, option->name) == 0)
            return refuse(option, err, "is there twice");
    return COP_OK;
}

static const cop_option *find(const cop_option *table, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].name != NULL && strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static cop_status check_alias(const cop_option *table, size_t count, const cop_option *option,
                              cop_error *err)
{
    const cop_option *target = find(table, count, option->alias_of);
    if (target == NULL || target->alias_of != NULL)
        return refuse(option, err, "is an alias of an option that is not in the table");
    return COP_OK;
}

static cop_status check_field(const cop_option *table, size_t i, size_t options_size,
                              cop_error *err)
{
    const cop_option *option = &table[i];
    size_t size = cop_value_size(option->type);
    if (size > options_size || option->offset > options_size - size)
        return refuse(option, err, "has its field outside the options struct");
    if (option->offset % cop_value_alignment(option->type) != 0)
        return refuse(option, err, "has a field that is not aligned for its type");
    for (size_t k = 0; k < i; k++) {
        const cop_option *other = &table[k];
        if (other->alias_of == NULL &&
            option->offset < other->offset + cop_value_size(other->type) &&
            other->offset < option->offset + size)
            return cop_fail(err, COP_INVALID, "options \"%s\" and \"%s\" share a field",
                            other->name, option->name);
    }
    return COP_OK;
}

static cop_status check_choices(const cop_option *option, cop_error *err)
{
    if (!cop_value_type_of(option->type)->has_choices)
        return option->choices == NULL ? COP_OK
                                       : refuse(option, err, "has choices but is not an enum");
    if (option->choices == NULL || option->choices[0] == NULL)
        return refuse(option, err, "is an enum without choices");
    for (size_t i = 0; option->choices[i] != NULL; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(option->choices[i], option->choices[k]) == 0)
                return refuse(option, err, "has a choice twice");
    return COP_OK;
}

static cop_status check_default(const cop_option *option, cop_error *err)
{
    bool is_required = (option->flags & COP_OPTION_REQUIRED) != 0;
    if (is_required)
        return option->def == NULL ? COP_OK : refuse(option, err, "is required, yet has a default");
    if (option->def == NULL)
        return refuse(option, err, "has no default and is not required");
    cop_reader reader = {.what = "the table", .is_table = true, .arena = cop_arena_new()};
    if (reader.arena == NULL)
        return cop_out_of_memory(err);
    cop_value value;
    cop_status status = cop_value_read_default(&reader, option, &value, err);
    cop_arena_free(reader.arena);
    return status;
}

/* The recipe that a set is trained by: a recipe, and one. */
static cop_status check_set_recipe(const cop_option *table, size_t i, cop_error *err)
{
    const uint32_t flag = COP_OPTION_SET_RECIPE;
    if ((table[i].flags & flag) == 0)
        return COP_OK;
    if (table[i].type != COP_OPTION_RECIPE || table[i].def == NULL || table[i].def[0] == '\0')
        return refuse(&table[i], err,
                      "is what a set is trained by, which is a recipe with a default");
    for (size_t k = 0; k < i; k++)
        if ((table[k].flags & flag) != 0)
            return refuse(&table[i], err, "is a second recipe that the set is trained by");
    return COP_OK;
}

static cop_status check_option(const cop_option *table, size_t count, size_t i, size_t options_size,
                               cop_error *err)
{
    const cop_option *option = &table[i];
    COP_TRY(check_name(table, i, err));
    if (option->help == NULL || option->help[0] == '\0')
        return refuse(option, err, "has no help");
    if ((option->flags & ~KNOWN_FLAGS) != 0)
        return refuse(option, err, "has flags that this host does not know");
    if ((option->flags & (uint32_t)COP_OPTION_LENGTH) != 0 &&
        (option->flags & ((uint32_t)COP_OPTION_EXECUTION_ONLY | (uint32_t)COP_OPTION_JUDGEMENT)) !=
            0)
        return refuse(option, err, "says how many steps there are, which changes results");
    COP_TRY(check_set_recipe(table, i, err));
    if (option->alias_of != NULL)
        return check_alias(table, count, option, err);
    if (cop_value_size(option->type) == 0)
        return refuse(option, err, "has a type that this host does not know");
    if (isnan(option->min) || isnan(option->max) || option->min > option->max)
        return refuse(option, err, "has a range whose minimum is above its maximum");
    COP_TRY(check_field(table, i, options_size, err));
    COP_TRY(check_choices(option, err));
    return check_default(option, err);
}

cop_status cop_options_check_count(const cop_option *table, size_t count, cop_error *err)
{
    if (count > MAX_OPTIONS)
        return cop_fail(err, COP_INVALID, "%zu options; wanted at most %d", count, MAX_OPTIONS);
    if (count > 0 && table == NULL)
        return cop_fail(err, COP_INVALID, "the option table is NULL; wanted %zu options", count);
    return COP_OK;
}

cop_status cop_options_check(const cop_option *table, size_t count, size_t options_size,
                             cop_error *err)
{
    COP_TRY(cop_options_check_count(table, count, err));
    for (size_t i = 0; i < count; i++)
        COP_TRY(check_option(table, count, i, options_size, err));
    return COP_OK;
}
