/* types.h (implemented in plugin/options/types/): the table of option types. A type is one row:
 * what it is called, the C field that it fills, and how it is read, checked and printed. A new type
 * is a file that defines a row, and its line in types.c. */
#ifndef COP_PLUGIN_OPTIONS_TYPES_TYPES_H
#define COP_PLUGIN_OPTIONS_TYPES_TYPES_H

#include "plugin/options/value.h"

typedef struct cop_value_type {
    const char *name;                 /* for people and JSON: "int list" */
    const char *wanted;               /* in messages: "a list of integers" */
    size_t size, alignment;           /* of the field in the options struct */
    size_t offset;                    /* of what goes into it, in cop_value */
    bool has_choices;                 /* a row of it has choices, and needs them */
    bool is_made_later;               /* the field stays NULL until an instance is made */
    cop_option_type item;             /* of a list; 0: no list */
    bool (*is_bare)(const char *def); /* the default is a string whose quotes may be left out;
                                         NULL: never */

    /* Reads and checks a setting. COP_INVALID with the setting's place. */
    cop_status (*read)(const cop_reader *reader, const cop_option *option,
                       const config_setting_t *setting, cop_value *value, cop_error *err);

    /* Appends the value in libconfig syntax: as it is read back or, for identities, what of it can
     * change results. */
    void (*append)(const cop_option *option, const cop_value *value, bool is_identity,
                   cop_text *text);
} cop_value_type;

/* What a row says of the field that it fills with the member of cop_value. */
#define COP_FIELD_OF(c_type, member)                                                               \
    .size = sizeof(c_type), .alignment = _Alignof(c_type), .offset = offsetof(cop_value, as.member)

/* The row of a type; NULL for one that does not exist. */
const cop_value_type *cop_value_type_of(cop_option_type type);

/* numbers.c, lists.c, texts.c, path.c, recipe.c, model.c */
extern const cop_value_type cop_bool_type, cop_int_type, cop_float_type;
extern const cop_value_type cop_int_list_type, cop_float_list_type, cop_string_list_type;
extern const cop_value_type cop_string_type, cop_enum_type, cop_duration_type, cop_augment_type;
extern const cop_value_type cop_path_type, cop_path_list_type, cop_recipe_type, cop_model_type;

/* ranges.c: reads "0..4, 7" as 0, 1, 2, 3, 4, 7 into the arena. COP_INVALID, saying what is wrong,
 * where the text is no list of integers and ranges, or means more than COP_MOST_OF_RANGES. */
#define COP_MOST_OF_RANGES 10000
cop_status cop_ranges_read(const char *text, cop_arena *arena, cop_int_list *out, cop_error *err);

/* numbers.c: COP_INVALID at the setting's place where the number is not in the option's range. */
cop_status cop_check_int(const cop_reader *reader, const cop_option *option,
                         const config_setting_t *setting, int64_t number, cop_error *err);

/* `is a float; wanted an integer`, at the setting's place. */
cop_status cop_refuse_type(const cop_reader *reader, const cop_option *option,
                           const config_setting_t *setting, const cop_value_type *wanted,
                           cop_error *err);

/* For types whose defaults are strings: whether the default is one without quotes. */
bool cop_is_unquoted(const char *def);

#endif
