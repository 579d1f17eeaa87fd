/* option.h: a component's options as data.
 *
 * A plugin lists its options in a table; the host parses the config, checks types and ranges, fills
 * defaults, and writes finished values into the plugin's own options struct at the given offsets.
 * `coppice inspect` prints the same table. A plugin never sees config text, and a default is stated
 * once.
 *
 * A path is a STRING that the plugin opens: a relative one is then relative to the working
 * directory of the command, not to the config that names it. Its text is in identities unless it is
 * COP_OPTION_EXECUTION_ONLY, as where data lie should be: their content is identified anyway. */
#ifndef COPPICE_OPTION_H
#define COPPICE_OPTION_H

#include <coppice/recipe.h>

COP_BEGIN

/* What an option is, and the C type of its field in the options struct. */
typedef enum cop_option_type {
    COP_OPTION_BOOL = 1,        /* bool */
    COP_OPTION_INT = 2,         /* int64_t */
    COP_OPTION_FLOAT = 3,       /* double; an integer in the config is accepted */
    COP_OPTION_STRING = 4,      /* const char * (never NULL; "" when the default is empty) */
    COP_OPTION_ENUM = 5,        /* int32_t: index into `choices` */
    COP_OPTION_DURATION = 6,    /* cop_duration: "160ep", "500it" */
    COP_OPTION_INT_LIST = 7,    /* cop_int_list */
    COP_OPTION_FLOAT_LIST = 8,  /* cop_float_list */
    COP_OPTION_STRING_LIST = 9, /* cop_string_list */
    COP_OPTION_AUGMENT = 10,    /* uint32_t of cop_augment_flag: "color_crop_cutout" */
    COP_OPTION_RECIPE = 11,     /* cop_recipe: a name, or a group { recipe = "idc"; lr = 0.02; } */
    COP_OPTION_MODEL = 12 /* const cop_model *: a group { plugin = "convnet"; … }, created for the
                             study's dataset before the component itself */
} cop_option_type;

typedef struct cop_int_list {
    size_t count;
    const int64_t *items;
} cop_int_list;

typedef struct cop_float_list {
    size_t count;
    const double *items;
} cop_float_list;

typedef struct cop_string_list {
    size_t count;
    const char *const *items;
} cop_string_list;

typedef enum cop_option_flag {
    COP_OPTION_REQUIRED = 1 << 0,
    COP_OPTION_ADVANCED = 1 << 1, /* for experts; inspect lists it last */
    COP_OPTION_EXECUTION_ONLY =
        1 << 2, /* cannot change results (a path, a cache): not part of identities */
    COP_OPTION_DEPRECATED =
        1 << 3 /* an old name of the option `alias_of`; accepted with a warning */
} cop_option_flag;

typedef struct cop_option {
    const char *name;
    const char *help; /* one line */
    cop_option_type type;
    uint32_t flags;
    size_t offset;   /* of the field in the options struct; unused for an alias */
    const char *def; /* the default as a config would write it: 10, 0.2, true, "mix", [1, 2],
                        { plugin = "convnet"; }; strings with or without quotes. NULL only
                        when required or an alias. An empty default of a RECIPE or MODEL means
                        none: a recipe with an empty name, a NULL model. Models and datasets have
                        no MODEL options */
    double min, max; /* allowed range of a number or of a list's items, ends included; both 0: any.
                        One end alone: .min = 0, .max = INFINITY, or .min = -INFINITY, .max = 0 */
    const char *const *choices; /* ENUM: the names, NULL-terminated */
    const char *unit;           /* "images", "pixels"; NULL for none */
    const char *alias_of;
} cop_option;

COP_END

#endif
