/* option.h: a component's options as data.
 *
 * A plugin lists its options in a table; the host parses the config, checks types and ranges, fills
 * defaults, and writes finished values into the plugin's own options struct at the given offsets.
 * `coppice inspect` prints the same table. A plugin never sees config text, and a default is stated
 * once. The macros below make a row of one line each and check at compile time that the field has
 * the C type of the option:
 *
 *     static const cop_option rows[] = {
 *         COP_OPT_FLOAT(my_options, rate, "0.2", 0, 1, "Share of the weights that goes"),
 *         COP_OPT_INT(my_options, size, "0", 0, INFINITY, "Images; 0: all", .unit = "images"),
 *     };
 *
 * Rows that several plugins share are in option_rows.h. Implemented in plugin/options. */
#ifndef COPPICE_OPTION_H
#define COPPICE_OPTION_H

#include <coppice/recipe.h>

#include <math.h>

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

    /* const cop_recipe *: a name, or a group { recipe = "idc"; lr = 0.02; } */
    COP_OPTION_RECIPE = 11,

    /* const cop_model *: a group { plugin = "convnet"; … }, created for the study's dataset before
     * the component itself. */
    COP_OPTION_MODEL = 12,

    /* const char *: a file or directory. A relative one is relative to the directory of the config
     * that names it, one of `--set` and a default to the working directory; the field has it so
     * resolved. In identities is a hash of what it leads to, never its text; one that cannot be
     * read is refused. Where a data set's fingerprint says what it leads to, it need not be read
     * twice: COP_OPTION_EXECUTION_ONLY. */
    COP_OPTION_PATH = 13,

    /* cop_string_list: files or directories, each of them as COP_OPTION_PATH has one. */
    COP_OPTION_PATH_LIST = 14
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

    /* Cannot change results (a cache, a limit): not part of identities. */
    COP_OPTION_EXECUTION_ONLY = 1 << 2,

    /* An analyzer's, read in `judge` alone (work.h) and never when results are made: not part of
     * identities either. */
    COP_OPTION_JUDGEMENT = 1 << 3,

    /* Says how many steps a work has and nothing else: works that differ in such options alone are
     * shorter and longer ones of the same (cop_plan_steps_go_on in work.h). Part of identities. */
    COP_OPTION_LENGTH = 1 << 4,

    /* Came to the plugin after results were made without it, and means with its default what was
     * done then: left out of identities where it has that value, so that those results are still
     * found. Its default never changes. */
    COP_OPTION_ADDED = 1 << 5,

    /* A distiller's recipe that its set is to be trained by, as it is, and that changes nothing of
     * the set (COP_OPT_SET_RECIPE): not part of the distillation's identity, but of that of every
     * training on the set. So one set serves several recipes; its file has the default, and the
     * cell's when it is exported. At most one row has it: a RECIPE with a default. */
    COP_OPTION_SET_RECIPE = 1 << 6
} cop_option_flag;

/* One row. The host reads rows by the size that the plugin was built with; members that a plugin's
 * row lacks are 0. */
typedef struct cop_option {
    const char *name;
    cop_option_type type;

    /* Whether min and max are read even where both are 0: the macros always say so. */
    uint32_t has_range;

    size_t offset; /* of the field in the options struct; unused for an alias */

    /* The default as a config would write it: 10, 0.2, true, "mix", [1, 2], { plugin = "convnet";
     * }; strings with or without quotes. NULL only when required or an alias. An empty default of a
     * RECIPE or MODEL means none: a NULL pointer. Models and datasets
     * have no MODEL options. */
    const char *def;

    /* The allowed range of a number or of a list's items, ends included; -INFINITY and INFINITY
     * leave an end open. Without has_range, two zeros mean any. */
    double min, max;

    const char *const *choices; /* ENUM: the names, NULL-terminated */
    const char *help;           /* one line */
    uint32_t flags;             /* of cop_option_flag */
    const char *unit;           /* "images", "pixels"; NULL for none */

    /* An old name of the option that this names: accepted with a warning; NULL: no alias. */
    const char *alias_of;
} cop_option;

/* The offset of a field, after a check that its C type is the one that the option's type fills. */
#ifdef __cplusplus
#define COP_OPTION_FIELD(struct_, field_, c_type_)                                                 \
    (offsetof(struct_, field_) + 0 * sizeof(static_cast<c_type_ struct_::*>(&struct_::field_)))
#else
#define COP_OPTION_FIELD(struct_, field_, c_type_)                                                 \
    (offsetof(struct_, field_) +                                                                   \
     0 * sizeof(struct {                                                                           \
         int unused;                                                                               \
         _Static_assert(_Generic(&((struct_ *)0)->field_, c_type_ * : 1, default : 0),             \
                        "the field of option \"" #field_ "\" is to be a " #c_type_);               \
     }))
#endif

/* A row of any type; the option is called as its field is. What follows the range is the help,
 * then, in this order, .flags, .unit as designated initialisers. */
#define COP_OPTION_ROW(struct_, field_, type_, c_type_, def_, min_, max_, choices_, ...)           \
    {                                                                                              \
        .name = #field_, .type = (type_), .has_range = 1,                                          \
        .offset = COP_OPTION_FIELD(struct_, field_, c_type_), .def = (def_), .min = (min_),        \
        .max = (max_), .choices = (choices_), .help = __VA_ARGS__                                  \
    }
#define COP_OPTION_ANY(struct_, field_, type_, c_type_, def_, ...)                                 \
    COP_OPTION_ROW(struct_, field_, type_, c_type_, def_, -INFINITY, INFINITY, NULL, __VA_ARGS__)

/* The rows: struct, field, default as text (NULL with .flags = COP_OPTION_REQUIRED), range or
 * choices where the type has them, help, then .flags, .unit. */
#define COP_OPT_BOOL(struct_, field_, def_, ...)                                                   \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_BOOL, bool, def_, __VA_ARGS__)
#define COP_OPT_INT(struct_, field_, def_, min_, max_, ...)                                        \
    COP_OPTION_ROW(struct_, field_, COP_OPTION_INT, int64_t, def_, min_, max_, NULL, __VA_ARGS__)
#define COP_OPT_FLOAT(struct_, field_, def_, min_, max_, ...)                                      \
    COP_OPTION_ROW(struct_, field_, COP_OPTION_FLOAT, double, def_, min_, max_, NULL, __VA_ARGS__)
#define COP_OPT_STRING(struct_, field_, def_, ...)                                                 \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_STRING, const char *, def_, __VA_ARGS__)
#define COP_OPT_PATH(struct_, field_, def_, ...)                                                   \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_PATH, const char *, def_, __VA_ARGS__)
#define COP_OPT_PATHS(struct_, field_, def_, ...)                                                  \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_PATH_LIST, cop_string_list, def_, __VA_ARGS__)
#define COP_OPT_ENUM(struct_, field_, def_, choices_, ...)                                         \
    COP_OPTION_ROW(struct_, field_, COP_OPTION_ENUM, int32_t, def_, -INFINITY, INFINITY, choices_, \
                   __VA_ARGS__)
#define COP_OPT_DURATION(struct_, field_, def_, ...)                                               \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_DURATION, cop_duration, def_, __VA_ARGS__)
#define COP_OPT_INT_LIST(struct_, field_, def_, min_, max_, ...)                                   \
    COP_OPTION_ROW(struct_, field_, COP_OPTION_INT_LIST, cop_int_list, def_, min_, max_, NULL,     \
                   __VA_ARGS__)
#define COP_OPT_FLOAT_LIST(struct_, field_, def_, min_, max_, ...)                                 \
    COP_OPTION_ROW(struct_, field_, COP_OPTION_FLOAT_LIST, cop_float_list, def_, min_, max_, NULL, \
                   __VA_ARGS__)
#define COP_OPT_STRINGS(struct_, field_, def_, ...)                                                \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_STRING_LIST, cop_string_list, def_, __VA_ARGS__)
#define COP_OPT_AUGMENT(struct_, field_, def_, ...)                                                \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_AUGMENT, uint32_t, def_, __VA_ARGS__)
#define COP_OPT_RECIPE(struct_, field_, def_, ...)                                                 \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_RECIPE, const cop_recipe *, def_, __VA_ARGS__)
#define COP_OPT_MODEL(struct_, field_, def_, ...)                                                  \
    COP_OPTION_ANY(struct_, field_, COP_OPTION_MODEL, const cop_model *, def_, __VA_ARGS__)

/* An old name (a string) of the option `of_` (a string): read as if that stood there, with a
 * warning. */
#define COP_OPT_ALIAS(name_, of_, help_)                                                           \
    {                                                                                              \
        .name = (name_), .help = (help_), .alias_of = (of_)                                        \
    }

COP_END

#endif
