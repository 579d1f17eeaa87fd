/* option_rows.h (implemented in plugin/): option rows that several plugins share, written once: the
 * same name of a thing means the same in every plugin. The first two arguments are the options
 * struct and the field, by whose name the option is called. */
#ifndef COPPICE_OPTION_ROWS_H
#define COPPICE_OPTION_ROWS_H

#include <coppice/nn.h>
#include <coppice/option.h>
#include <coppice/samples.h>

COP_BEGIN

/* Models. */

/* The names of cop_norm_kind, in its order and NULL-terminated: "none", "batch", "instance",
 * "layer", "group". */
COP_API extern const char *const cop_norm_choices[];

/* The normalisation after each convolution. `first_` is COP_NORM_NONE, or COP_NORM_BATCH for a
 * model that cannot do without: the field (int32_t) then is the cop_norm_kind less `first_`. */
#define COP_OPT_NORM(struct_, field_, first_, def_)                                                \
    COP_OPT_ENUM(struct_, field_, def_, &cop_norm_choices[first_],                                 \
                 "normalisation after each convolution")

/* The groups (int64_t) of COP_NORM_GROUP. */
#define COP_OPT_NORM_GROUPS(struct_, field_, most_)                                                \
    COP_OPT_INT(struct_, field_, "4", 1, most_,                                                    \
                "groups of channels for norm = \"group\"; divides the width",                      \
                .flags = COP_OPTION_ADVANCED, .unit = "groups")

/* For a model's create: refuses (COP_INVALID) a group norm whose groups do not divide the width.
 * [any thread] */
COP_API cop_status cop_check_norm_groups(cop_norm_kind norm, int64_t groups, int64_t width,
                                         cop_error *err);

/* The names of cop_activation, in its order and NULL-terminated. */
COP_API extern const char *const cop_activation_choices[];

/* The nonlinearity: a cop_activation (int32_t). */
#define COP_OPT_ACTIVATION(struct_, field_, def_)                                                  \
    COP_OPT_ENUM(struct_, field_, def_, cop_activation_choices,                                    \
                 "nonlinearity; leaky_relu has slope 0.01")

/* "uniform_fan_in", "kaiming_fan_in", "kaiming_fan_out", NULL-terminated, in the order of
 * cop_initializer_kind from COP_INIT_UNIFORM_FAN_IN on. */
COP_API extern const char *const cop_start_choices[];

/* How the weights of convolutions and linear layers start: the field (int32_t) is a
 * cop_initializer_kind less COP_INIT_UNIFORM_FAN_IN. */
#define COP_OPT_START(struct_, field_, def_)                                                       \
    COP_OPT_ENUM(struct_, field_, def_, cop_start_choices,                                         \
                 "starting weights: U(±1/√fan_in), or He et al.'s normal by fan-in or fan-out",    \
                 .flags = COP_OPTION_ADVANCED)

/* The start that such a field is. [any thread] */
COP_API cop_initializer cop_chosen_start(int32_t chosen);

/* "ones", "uniform01", NULL-terminated. */
COP_API extern const char *const cop_norm_scale_choices[];

/* How the scale of normalisations starts (int32_t): 0 for COP_INIT_CONSTANT with the value 1, 1 for
 * COP_INIT_UNIFORM_01 (open_lth). */
#define COP_OPT_NORM_SCALE(struct_, field_)                                                        \
    COP_OPT_ENUM(struct_, field_, "ones", cop_norm_scale_choices,                                  \
                 "start of the normalisations' scale: 1, or drawn from U(0, 1)")

/* The start that such a field is. [any thread] */
COP_API cop_initializer cop_chosen_norm_scale(int32_t chosen);

/* What residual networks for images of any size begin with: a convolution of 3x3 (small), one of
 * 3x3 and a pooling (mid), or one of 7x7 and a pooling (large). */
typedef enum cop_stem {
    COP_STEM_AUTO = 0, /* by the image's larger side: small up to 64 pixels, mid up to 128 */
    COP_STEM_SMALL = 1,
    COP_STEM_MID = 2,
    COP_STEM_LARGE = 3
} cop_stem;

/* The names of cop_stem, in its order and NULL-terminated. */
COP_API extern const char *const cop_stem_choices[];

/* The stem: a cop_stem (int32_t). What the model's stems are exactly is for the help to say. */
#define COP_OPT_STEM(struct_, field_, help_)                                                       \
    COP_OPT_ENUM(struct_, field_, "auto", cop_stem_choices, help_, .flags = COP_OPTION_ADVANCED)

/* Such a field as what it comes to for images of the task: never COP_STEM_AUTO. [any thread] */
COP_API cop_stem cop_chosen_stem(int32_t chosen, const cop_task *task);

/* Distillers. */

/* The budget (int64_t). */
#define COP_OPT_IPC(struct_, field_)                                                               \
    COP_OPT_INT(struct_, field_, "10", 1, 100000, "Stored images per class", .unit = "images")

/* The network of a method, for which most have the ConvNet of the distillation papers. */
#define COP_OPT_DISTIL_MODEL(struct_, field_, help_)                                               \
    COP_OPT_MODEL(struct_, field_, "{ plugin = \"convnet\"; depth = 3; norm = \"instance\"; }",    \
                  help_)

/* How pixels start: a cop_pixel_start (int32_t; distil.h), in the normalised space. */
#define COP_OPT_PIXEL_START(struct_, field_, def_)                                                 \
    COP_OPT_ENUM(struct_, field_, def_, cop_pixel_start_choices,                                   \
                 "First pixels: noise N(0, 1), or random real images of the class")

/* The batch of cop_classes (int64_t). */
#define COP_OPT_BATCH_REAL(struct_, field_, def_)                                                  \
    COP_OPT_INT(struct_, field_, def_, 1, 100000,                                                  \
                "Real images of the class a match; a class that has fewer gives all",              \
                .unit = "images")

/* The optimiser of the pixels (double, double). */
#define COP_OPT_PIXEL_RATE(struct_, field_, def_)                                                  \
    COP_OPT_FLOAT(struct_, field_, def_, 1e-12, 1e6, "Rate of the pixels")
#define COP_OPT_PIXEL_MOMENTUM(struct_, field_, def_)                                              \
    COP_OPT_FLOAT(struct_, field_, def_, 0, 0.9999, "Momentum of the pixels")

/* The recipe that the finished set is trained by, as it is: `finish` gives it to the set, and
 * nothing else of the work looks at it. */
#define COP_OPT_SET_RECIPE(struct_, field_, def_)                                                  \
    COP_OPT_RECIPE(struct_, field_, def_, "How the set is trained on",                             \
                   .flags = COP_OPTION_SET_RECIPE)

/* Pruners. */

typedef enum cop_scope {
    COP_SCOPE_GLOBAL = 0, /* all layers together */
    COP_SCOPE_LAYER = 1   /* each by itself */
} cop_scope;

/* The names of cop_scope, in its order and NULL-terminated: "global", "layer". */
COP_API extern const char *const cop_scope_choices[];

/* The share of the weights left that a round takes (double). */
#define COP_OPT_RATE(struct_, field_)                                                              \
    COP_OPT_FLOAT(struct_, field_, "0.2", 0, 1,                                                    \
                  "Share of the remaining weights that goes in a "                                 \
                  "round")

/* The share of the weights that is to be gone in the end (double), in place of a rate. */
#define COP_OPT_SPARSITY(struct_, field_, def_, flags_)                                            \
    COP_OPT_FLOAT(struct_, field_, def_, 0, 1,                                                     \
                  "Share of the weights that is gone after the phase's last round, each round "    \
                  "taking its part; 0: each round takes `rate`",                                   \
                  .flags = (flags_))

/* Whether rounds see what earlier ones left (bool). */
#define COP_OPT_ITERATIVE(struct_, field_)                                                         \
    COP_OPT_BOOL(struct_, field_, "false",                                                         \
                 "Score what earlier rounds left; otherwise the whole network each time, so that " \
                 "every round is a single shot to its sparsity")

/* Where the share is taken: a cop_scope (int32_t). */
#define COP_OPT_SCOPE(struct_, field_, def_)                                                       \
    COP_OPT_ENUM(struct_, field_, def_, cop_scope_choices,                                         \
                 "Take the share of all layers together, or of each")

/* Parameters that keep their weights (cop_string_list), for cop_check_listed and
 * cop_name_listed. */
#define COP_OPT_EXCLUDE(struct_, field_)                                                           \
    COP_OPT_STRINGS(                                                                               \
        struct_, field_, "[]",                                                                     \
        "Parameters left alone: names, or their beginnings up to a dot; * and ? stand "            \
        "for any letters and for one")

/* Datasets and analyzers. */

/* The first so many images (int64_t) of what `help_` says, 0 for all there are. */
#define COP_OPT_FIRST_IMAGES(struct_, field_, def_, most_, help_)                                  \
    COP_OPT_INT(struct_, field_, def_, 0, most_, help_ "; 0: all", .unit = "images")

COP_END

#endif
