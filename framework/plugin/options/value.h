/* value.h (implemented in plugin/options/types/recipe.c, value.c): one option's value: from a
 * setting or a default's text to a typed value, from there into the options struct and to its
 * canonical text. */
#ifndef COP_PLUGIN_OPTIONS_VALUE_H
#define COP_PLUGIN_OPTIONS_VALUE_H

#include "core/arena.h"
#include "core/text.h"
#include "plugin/component.h"
#include "plugin/options/setting.h"
#include "train/recipe.h"

/* What reading a value needs to know, and where what it makes is kept. */
typedef struct cop_reader {
    const char *what; /* whose option it is, for messages: distiller "idc" */
    const char *file; /* for messages where libconfig knows none */
    /* NULL: models are checked for their form alone and come out NULL. */
    const cop_registry *registry;
    bool is_table; /* a table's own default is read, to see whether it makes sense */
    cop_logger *log;
    cop_arena *arena;        /* strings and lists */
    const char *passed_over; /* a key of a recipe's group that is no field of it; NULL: none */
    cop_component **model;   /* owns the component of a model that is read; NULL without registry */
} cop_reader;

typedef struct cop_list {
    size_t count;
    const void *items;
} cop_list;

typedef struct cop_value {
    union {
        bool b;
        int64_t i;
        double f;
        const char *s;
        int32_t choice;
        cop_duration duration;
        cop_list list;
        uint32_t augment;
        const cop_recipe *recipe;   /* NULL: none */
        const cop_component *model; /* NULL: none */
    } as;
} cop_value;

/* Whether the row's range is one: two zeros are one only where the row says so. */
static inline bool cop_option_has_range(const cop_option *option)
{
    return option->has_range != 0 || option->min != 0.0 || option->max != 0.0;
}

/* Reads and checks a setting as the option's value. COP_INVALID with the setting's place. */
cop_status cop_value_read(const cop_reader *reader, const cop_option *option,
                          const config_setting_t *setting, cop_value *value, cop_error *err);

/* Reads the option's default (option->def is not NULL). */
cop_status cop_value_read_default(const cop_reader *reader, const cop_option *option,
                                  cop_value *value, cop_error *err);

/* Writes the value into its field; for a model, NULL (the instance fills it in). */
void cop_value_store(const cop_option *option, const cop_value *value, void *options);

/* Appends the canonical value in libconfig syntax. A model is its identity when `is_identity`, else
 * a group of its effective values. */
void cop_value_text(const cop_option *option, const cop_value *value, bool is_identity,
                    cop_text *text);

/* Size of the field of an option of this type (its alignment divides it or is 8); 0 for a type that
 * does not exist. */
size_t cop_value_size(cop_option_type type);
size_t cop_value_alignment(cop_option_type type);

/* "int", "duration", … ; "unknown" for a type that does not exist. */
const char *cop_option_type_name(cop_option_type type);

/* A recipe from a name or from a group { recipe = "idc"; lr = 0.02; … }; an empty name is none
 * (name[0] == 0). */
cop_status cop_recipe_read(const cop_reader *reader, const config_setting_t *setting,
                           cop_recipe *recipe, cop_error *err);

/* Appends the recipe as a group with every field, or for an identity without the later ones that
 * have their default; "" for none, which may be NULL. */
void cop_recipe_append(const cop_recipe *recipe, bool is_identity, cop_text *text);

/* Appends the value of one field, whose row is of cop_recipe_field_at. */
void cop_recipe_append_field(const cop_option *row, const cop_recipe *recipe, cop_text *text);

/* Fails at the setting's place: `option "ipc" of distiller "idc" …`. */
cop_status cop_value_refuse(const cop_reader *reader, const cop_option *option,
                            const config_setting_t *setting, cop_error *err, const char *format,
                            ...) COP_PRINTF(5, 6);

/* Appends `; did you mean "x"?` to the message in *err where a name is near the word. */
void cop_suggest(cop_error *err, const char *word, const char *const *names, size_t count);

#endif
