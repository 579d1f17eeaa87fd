/* select.h (implemented in distil/): what distillers that select share: they take real images of
 * each class, chosen by where these lie in the feature space of a network (herding, k-center,
 * k-means). New about one of them is its chooser, and it is as long as that: its options begin with
 * cop_select_options, and its callbacks are those below. plugins/distillers/herding shows it. */
#ifndef COPPICE_SELECT_H
#define COPPICE_SELECT_H

#include <coppice/model.h>
#include <coppice/option_rows.h>
#include <coppice/synthetic.h>
#include <coppice/work.h>

COP_BEGIN

/* The images of one class in the feature space. The host fills it; it may grow. */
typedef struct cop_class_features {
    uint32_t size; /* COP_SIZED(cop_class_features), by the host's header */
    uint32_t reserved;
    int64_t count, width;  /* images, and features of each */
    const float *features; /* [count, width], images in the order of the data */
} cop_class_features;

/* Chooses `wanted` different images of the class, 1 ≤ wanted ≤ count: chosen[k] in [0, count).
 * `options` are those of cop_select_spec; the stream is this class's own. [the caller's thread] */
typedef cop_status (*cop_chooser)(const void *options, const cop_class_features *of, int64_t wanted,
                                  cop_stream *stream, int64_t *chosen, cop_error *err);

typedef struct cop_select_spec {
    uint32_t size; /* COP_SIZED(cop_select_spec) */
    const cop_model *model;
    const cop_tensors *state; /* of the model, whose features count: its embedding, evaluated */
    const cop_samples *data;
    int64_t per_class; /* images to choose */
    cop_chooser choose;
    const void *options; /* handed to the chooser */
    uint64_t seed;       /* the work's own */
    int threads;         /* 0: what the process runs with */
} cop_select_spec;

/* Chooses from one class: `chosen` [per_class] become numbers of samples of the data. It depends on
 * the spec and the label alone. COP_INVALID for a class that has fewer images; COP_FAILED where
 * memory is out, a feature is not finite, or the chooser takes an image twice or one that is none.
 * [one thread per model] */
COP_API cop_status cop_select_class(const cop_select_spec *spec, int32_t label, int64_t *chosen,
                                    cop_error *err);

/* Makes the finished set of chosen samples, `chosen` [classes, per_class]: allocates it
 * (cop_synthetic_by_class), writes the pixels and says their space. Its recipe stays the caller's
 * to fill. [one thread per set] */
COP_API cop_status cop_selected_set(cop_synthetic *set, const cop_samples *data,
                                    const int64_t *chosen, int64_t per_class, cop_error *err);

/* A whole distiller, but for its chooser. */

/* Its options: a distiller's own options struct begins with it, or is it. It is handed over at the
 * head of a plugin's own struct, and so of a size that stays. */
typedef struct cop_select_options {
    int64_t ipc;                /* images of each class; COP_OPT_IPC */
    const cop_model *model;     /* in whose features is chosen */
    const cop_recipe *training; /* of that network on the real images, before */
    const cop_recipe *recipe;   /* to train on the chosen images */
    uint64_t reserved[4];       /* no row: 0 */
} cop_select_options;

/* The rows of the last three. `help_` says what the network is for. */
#define COP_OPTS_SELECT(help_)                                                                     \
    COP_OPT_DISTIL_MODEL(cop_select_options, model, help_),                                        \
        COP_OPT_RECIPE(cop_select_options, training, "idc-real",                                   \
                       "How that network is trained on the real images before"),                   \
        COP_OPT_SET_RECIPE(cop_select_options, recipe, "idc")

/* The four callbacks below are for cop_work_ops without `create`, with options that begin with a
 * cop_select_options. */

/* The `plan`: a step for each class, the training of the network, which all who want the same
 * share, and the set. Errors: those of cop_plan_need_images and cop_plan_train. [any thread] */
COP_API cop_status cop_select_plan(const void *options, cop_plan *plan, cop_error *err);

/* The `begin`: the bag is "chosen", I64 [classes, ipc], the samples that were chosen of each class.
 * [the callback's thread] */
COP_API cop_status cop_select_begin(void *options, cop_work *work, cop_error *err);

/* What the `step` comes to: chooses from class `label` by `choose`, which is handed the options.
 * Errors: those of cop_select_class. [the callback's thread] */
COP_API cop_status cop_select_step(const void *options, cop_chooser choose, cop_work *work,
                                   int64_t label, cop_error *err);

/* The `finish`: the set of the chosen images. Errors: those of cop_selected_set. [the callback's
 * thread] */
COP_API cop_status cop_select_finish(void *options, cop_work *work, cop_error *err);

/* Σ (a[i] − b[i])² in double precision, in an order that depends on n alone. [any thread] */
COP_API double cop_squared_distance(const float *a, const float *b, int64_t n);

COP_END

#endif
