/* distil.h (implemented in distil/): the distillers' workshop: what distillers that match
 * synthetic images to real ones share. Each part can be used without the others:
 *
 *     tiles         several images in one stored one
 *     cop_classes   the real images of each class, in batches
 *     cop_pixels    the synthetic images and their optimiser, in the bag
 *     cop_network   a network and its training, in the bag
 *     cop_match     real and synthetic images of a class in; the matching loss and its gradient
 *                   with respect to the pixels out
 *     cop_condense  all of these, in the loop of a network that trains on the synthetic images;
 *                   cop_condense_work is a whole distiller of it
 *
 * So a step of most of them reads: for each class, cop_match_class and cop_pixels_step; then
 * cop_network_run. plugins/distillers/idc shows all of it, plugins/distillers/dm the least.
 *
 * Handles are made in `begin` and freed in `destroy`. They keep compiled programs and scratch
 * memory, and no results: these stand in the bag, which outlives them, so a restored bag is all
 * that a resume takes. A handle is used by one thread at a time. What a spec points at must
 * outlive the handle; the spec itself need not. A spec begins with its size (COP_SIZED), and a
 * member of 0 is the default that its comment states.
 *
 * Synthetic images of a class stand together, class by class: image k of class c of the set is
 * number c · per_class + k. */
#ifndef COPPICE_DISTIL_H
#define COPPICE_DISTIL_H

#include <coppice/model.h>
#include <coppice/option_rows.h>
#include <coppice/synthetic.h>
#include <coppice/work.h>

COP_BEGIN

/* Tiles (Kim et al. 2022). */

/* Where tile t = 0 … factor − 1 begins along a side of `side` pixels, and how many it has: the
 * first side mod factor tiles are one pixel longer. 1 ≤ factor ≤ side. [any thread] */
COP_API void cop_tile_span(int64_t side, int64_t factor, int64_t t, int64_t *first,
                           int64_t *length);

/* Shrinks an image by nearest neighbour into tile number `tile` = row · factor + column of a stored
 * one; both [C, H, W] of the task, not overlapping. [any thread] */
COP_API void cop_tile_put(const cop_task *task, int64_t factor, int64_t tile, const float *image,
                          float *stored);

/* Writes `count` stored images [count, C, H, W], with pixels in [0, 1], each made of factor²
 * samples: tile t of image k is sample index[t · count + k]. Factor 1: the samples as they are.
 * COP_FAILED when memory is out. [any thread] */
COP_API cop_status cop_tiles_compose(const cop_samples *data, const int64_t *index, int64_t count,
                                     int64_t factor, float *stored, cop_error *err);

/* Allocates a set of per_class · classes images of its task, all pixels 0, with the hard labels of
 * images that stand class by class. COP_FAILED when memory is out. [any thread] */
COP_API cop_status cop_synthetic_by_class(cop_synthetic *set, int64_t per_class, cop_error *err);

/* Real images of each class, in batches: a permutation of the class is walked in whole batches, and
 * drawn anew when no whole batch is left, as the class loaders of Kim et al.'s code do. */

typedef struct cop_classes cop_classes;

typedef struct cop_classes_spec {
    uint32_t size; /* COP_SIZED(cop_classes_spec) */
    const cop_samples *data;
    int64_t batch; /* images; a class that has fewer gives all of them */
    uint64_t seed; /* of the permutations: the work's own (cop_work_seed) */
} cop_classes_spec;

/* Sorts the samples by class. COP_INVALID, naming it, for a class without any; COP_FAILED when
 * memory is out. Owned by the caller. */
COP_API cop_status cop_classes_new(const cop_classes_spec *spec, cop_classes **out, cop_error *err);

/* Frees the handle and the lists that it gave; NULL is fine. */
COP_API void cop_classes_free(cop_classes *c);

/* The samples of a class as indices, in the data's order, and how many there are; the handle's. */
COP_API const int64_t *cop_classes_members(const cop_classes *c, int32_t label);

/* How many samples the class has. */
COP_API int64_t cop_classes_count(const cop_classes *c, int32_t label);

/* Images that a batch of the class has: `batch`, or all of a smaller class. */
COP_API int64_t cop_classes_batch_size(const cop_classes *c, int32_t label);

/* The class's batch number `visit` ≥ 0: cop_classes_batch_size indices, the handle's until the next
 * call for this class. It depends on the seed, the class and the visit alone. */
COP_API const int64_t *cop_classes_batch(cop_classes *c, int32_t label, int64_t visit);

/* Synthetic images and their optimiser, SGD with momentum: v ← momentum·v + g, p ← p − lr·v. */

typedef struct cop_pixels cop_pixels;

typedef struct cop_pixels_spec {
    uint32_t size;           /* COP_SIZED(cop_pixels_spec) */
    const char *prefix;      /* of the names in the bag; NULL: none */
    const cop_samples *data; /* the real ones: task, normalisation, and pixels to start from */
    int64_t per_class;       /* stored images of each class, ≥ 1 */
    cop_pixel_space space;   /* 0: COP_PIXELS_UNIT, which cop_pixels_clamp holds them to */
} cop_pixels_spec;

/* Adds F32 "<prefix>pixels" and "<prefix>velocity", both [classes · per_class, C, H, W] and
 * zero, to the bag. Owned by the caller. COP_INVALID: unit pixels of data that are not
 * (cop_samples_space). COP_FAILED: names that the bag has already, memory. */
COP_API cop_status cop_pixels_new(const cop_pixels_spec *spec, cop_tensors *bag, cop_pixels **out,
                                  cop_error *err);

/* Frees the handle; what stands in the bag stays. NULL is fine. */
COP_API void cop_pixels_free(cop_pixels *p);

/* Where the pixels of a class stand in the bag, [per_class, C, H, W]; class 0's are the first of
 * all. */
COP_API float *cop_pixels_of(const cop_pixels *p, int32_t label);

/* How many stored images there are of each class. */
COP_API int64_t cop_pixels_per_class(const cop_pixels *p);

/* How many stored images there are in all. */
COP_API int64_t cop_pixels_count(const cop_pixels *p);

/* Floats of the stored images of one class: images, channels, height and width multiplied. */
COP_API int64_t cop_pixels_class_size(const cop_pixels *p);

/* Starts a class from real images, per_class · factor² samples composed as cop_tiles_compose does.
 * COP_FAILED when memory is out. */
COP_API cop_status cop_pixels_start_real(cop_pixels *p, int32_t label, const int64_t *index,
                                         int64_t factor, cop_error *err);

/* Starts a class from noise: clamp(N(0, 1)/4 + ½) in the unit space (Kim et al. 2022), N(0, 1) in
 * the normalised one (Zhao et al. 2021). */
COP_API void cop_pixels_start_noise(cop_pixels *p, int32_t label, cop_stream *stream);

/* How the pixels of every class start, in the order of cop_pixel_start_choices. */
typedef enum cop_pixel_start {
    COP_PIXELS_FROM_NOISE = 0, /* cop_pixels_start_noise */
    COP_PIXELS_FROM_REAL = 1   /* real images of the class, drawn at random, each once */
} cop_pixel_start;

/* "noise", "real", NULL: the choices of an option that is a cop_pixel_start. */
COP_API extern const char *const cop_pixel_start_choices[];

/* Starts every class, each by a draw of its own from the seed. COP_INVALID, naming it, for a class
 * that has fewer real images than it is to start from; COP_FAILED when memory is out. */
COP_API cop_status cop_pixels_start(cop_pixels *p, cop_pixel_start start,
                                    const cop_classes *classes, uint64_t seed, cop_error *err);

/* One step of the optimiser for all pixels. `gradient` is that of one class, shaped as its pixels,
 * and 0 elsewhere: the other classes move by what is left of their momentum (Kim et al. 2022). */
COP_API void cop_pixels_step(cop_pixels *p, int32_t label, const float *gradient, double lr,
                             double momentum);

/* The same with a gradient for every pixel, shaped as all of them. */
COP_API void cop_pixels_step_all(cop_pixels *p, const float *gradient, double lr, double momentum);

/* Memory for such a gradient, shaped as all pixels: the handle's, and nobody else writes to it. */
COP_API float *cop_pixels_gradient(cop_pixels *p);

/* COP_FAILED, naming the image, where a pixel is not finite or, in the normalised space, beyond
 * what a finished set may have (COP_SYNTHETIC_MOST_NORMALISED): hours earlier than there. */
COP_API cop_status cop_pixels_check(const cop_pixels *p, cop_error *err);

/* Holds unit pixels to [0, 1]; normalised ones are left as they are. */
COP_API void cop_pixels_clamp(cop_pixels *p);

/* The stored images with hard labels, as samples: a live view, which shows the pixels as they are
 * when a batch is taken. The handle's. */
COP_API const cop_samples *cop_pixels_samples(const cop_pixels *p);

/* Makes the finished set: allocates it (cop_synthetic_by_class), writes the pixels and says their
 * space; unit pixels are held to [0, 1], normalised ones kept as they are. Its decoding, factor and
 * recipe stay the caller's to fill. */
COP_API cop_status cop_pixels_finish(const cop_pixels *p, cop_synthetic *set, cop_error *err);

/* A network in the bag, trained by SGD at a constant rate. A fresh start keeps the place in the
 * data, so one loader serves a sequence of networks (Kim et al. 2022). */

typedef struct cop_network cop_network;

typedef struct cop_network_spec {
    uint32_t size;      /* COP_SIZED(cop_network_spec) */
    const char *prefix; /* of the names in the bag, short enough for the model's; NULL: "net/" */
    const cop_model *model;
    const cop_samples *data; /* what it is trained on; read anew by each step */
    int64_t batch;           /* samples of a step */
    double lr, momentum, weight_decay;
    uint32_t augment; /* cop_augment_flag, a draw for each sample */
    double cutmix;    /* probability of CutMix for each batch */
    uint64_t seed;    /* of data order and augmentation: the work's own */
    int threads;      /* 0: what the process runs with */
    int reserved;     /* 0 */

    /* How augmentation is drawn, a cop_draw_kind: 0, each of them for each sample; COP_DRAW_ONE for
     * DSA. Since 2.1. */
    uint64_t draws;
} cop_network_spec;

/* Compiles its training and adds the state (trainer.h) to the bag under the prefix, all zero: reset
 * it before use. Owned by the caller. COP_FAILED: names, memory, data of another task. */
COP_API cop_status cop_network_new(const cop_network_spec *spec, cop_tensors *bag,
                                   cop_network **out, cop_error *err);

/* Frees the handle; what stands in the bag stays. NULL is fine. */
COP_API void cop_network_free(cop_network *n);

/* Parameters and buffers under the model's names, momentum and "step": the bag's own data, live, so
 * that programs may be bound to them. The handle's. */
COP_API const cop_tensors *cop_network_state(const cop_network *n);

/* A fresh start: the initialisation of this seed, and no momentum. */
COP_API cop_status cop_network_reset(cop_network *n, uint64_t seed, cop_error *err);

/* Trains for `steps` batches, or on whole batches until `images` have been seen, an epoch's
 * worth at most (the last batch of an epoch may be smaller). *loss, which may be NULL, becomes
 * the mean over the samples, 0 where there are none. COP_FAILED where a loss is not finite. */
COP_API cop_status cop_network_run(cop_network *n, int64_t steps, double *loss, cop_error *err);
COP_API cop_status cop_network_run_images(cop_network *n, int64_t images, double *loss,
                                          cop_error *err);

/* Matching: with f the quantity that is matched, the loss of a class is
 *
 *     Σ distance(f(synthetic images), f(real images))
 *
 * where the real side is a constant. */

typedef enum cop_match_kind {
    /* The gradient of the mean cross-entropy in each matched parameter (Zhao et al. 2021). The
     * pixel gradient is a second derivative. */
    COP_MATCH_GRADIENTS = 1,

    /* The mean over the batch of the classifier's input, flattened to [1, D] (Zhao and Bilen
     * 2023). */
    COP_MATCH_FEATURES = 2
} cop_match_kind;

/* How far two tensors are apart. Rows are the slices along the first axis: a filter's weights, one
 * element of a bias, all of the mean features. */
typedef enum cop_distance {
    COP_DISTANCE_MSE = 1,     /* sum of squares */
    COP_DISTANCE_L1 = 2,      /* sum of absolute values */
    COP_DISTANCE_L1_MEAN = 3, /* sum over rows of a row's mean absolute value */
    COP_DISTANCE_L2 = 4,      /* Euclidean norm */
    COP_DISTANCE_COS = 5      /* sum over rows of 1 − ⟨a, b⟩/(‖a‖·‖b‖ + 1e-6) */
} cop_distance;

/* The distance of two nodes of one shape, rank ≥ 1, as a scalar node; its derivative is finite
 * everywhere. COP_NO_NODE where either is. */
COP_API cop_node cop_distance_node(cop_graph *g, cop_distance distance, cop_node a, cop_node b);

/* A parameter's role as a bit of a set of them. */
#define COP_ROLE_BIT(role) (1u << (role))

/* What augmentation a class's two batches get. Images of a batch share a draw. */
typedef enum cop_match_draws {
    COP_DRAWS_SHARED = 1,        /* one draw for both batches (Kim et al. 2022) */
    COP_DRAWS_ONE_OPERATION = 2, /* the same, of one operation alone, drawn uniformly (DSA: Zhao and
                                    Bilen 2021) */
    COP_DRAWS_APART = 3          /* a draw for each batch */
} cop_match_draws;

typedef struct cop_match cop_match;

typedef struct cop_match_spec {
    uint32_t size; /* COP_SIZED(cop_match_spec) */
    cop_match_kind kind;
    cop_distance distance;
    uint32_t roles; /* GRADIENTS: COP_ROLE_BIT of those matched; 0: convolution weights */
    const cop_model *model;
    cop_mode mode;           /* 0: COP_MODE_TRAIN; dropout layers drop nothing */
    const cop_samples *data; /* the real ones */
    cop_classes *classes;    /* their batches */
    const cop_pixels *pixels;
    cop_decode decode;     /* 0: as stored */
    int64_t factor;        /* of the decoding; 0: 1 */
    int64_t most;          /* decoded images matched at most, a random subset where there are more;
                            the bound of COP_DECODE_BOUND; 0: all, and there its own */
    uint32_t augment;      /* cop_augment_flag */
    cop_match_draws draws; /* 0: COP_DRAWS_SHARED */
    uint64_t seed;         /* of augmentation and subsets: the work's own */
    int threads;           /* 0: what the process runs with */
} cop_match_spec;

/* Compiles a program for each size of a real batch. Owned by the caller; uses the classes'
 * handle at every match. COP_INVALID where the model has no parameter to match; COP_FAILED
 * otherwise. */
COP_API cop_status cop_match_new(const cop_match_spec *spec, cop_match **out, cop_error *err);

/* Frees the handle and its programs; NULL is fine. */
COP_API void cop_match_free(cop_match *m);

/* Whether the model has a parameter whose role is in the set: for a plan to refuse what
 * cop_match_new would. [any thread] */
COP_API bool cop_match_has_role(const cop_model *model, uint32_t roles);

/* Reads parameters and buffers, by the model's names, from this state at every later match; it must
 * stay in place. COP_FAILED where it lacks one. */
COP_API cop_status cop_match_bind(cop_match *m, const cop_tensors *state, cop_error *err);

/* Matches a class on its batch number `visit` ≥ 0. *loss is the matching loss; *gradient, shaped as
 * the class's pixels, is the handle's until its next match. Augmentation and subset depend on the
 * seed, the class and the visit alone. COP_FAILED when the loss is not finite. */
COP_API cop_status cop_match_class(cop_match *m, int32_t label, int64_t visit, double *loss,
                                   const float **gradient, cop_error *err);

/* Matches every class on its batch number `visit` ≥ 0. The gradient of the sum of their losses goes
 * to cop_pixels_gradient(pixels), where cop_pixels_step_all reads it; `pixels` are those of the
 * spec. *loss is the mean over the classes. COP_FAILED as above. */
COP_API cop_status cop_match_all(cop_match *m, cop_pixels *pixels, int64_t visit, double *loss,
                                 cop_error *err);

/* Condensing: gradient matching in the loop of a network that trains on the synthetic images
 * themselves (Zhao et al. 2021). For each of a sequence of fresh networks there are `outer` rounds:
 * every class is matched in it, by 1 − cosine over the rows of its convolution and linear weights;
 * one step of all pixels; then `inner` epochs of the network on the pixels as they are, though not
 * after its last round, which no match would see. Pixels are normalised ones. */

typedef struct cop_condense cop_condense;

typedef struct cop_condense_spec {
    uint32_t size; /* COP_SIZED(cop_condense_spec) */
    const cop_model *model;
    const cop_samples *data; /* the real ones */
    int64_t per_class;       /* stored images of each class */
    cop_pixel_start start;
    int64_t outer, inner;
    int64_t batch_real;  /* real images of a match; a class that has fewer gives all */
    int64_t batch_train; /* synthetic images of a step of the network */
    double lr, momentum; /* of the pixels */
    double net_lr;       /* of the network, which has no momentum and no weight decay */
    uint32_t augment;    /* cop_augment_flag: one operation of these at a time, shared by the two
                             batches of a match, drawn anew for each batch of the network's training
                             (DSA: Zhao and Bilen 2021) */
    uint64_t seed;       /* the work's own */
    int threads;         /* 0: what the process runs with */
} cop_condense_spec;

/* Fills in `outer` and `inner` where they are 0, with what Zhao et al.'s code takes at this budget:
 * 1 and 1 for 1 image per class, 10 and 50 for 10, 50 and 10 for 50, and between these for 20, 30
 * and 40. COP_INVALID at any other budget. [any thread] */
COP_API cop_status cop_condense_rhythm(int64_t per_class, int64_t *outer, int64_t *inner,
                                       cop_error *err);

/* Adds pixels ("pixels", "velocity") and network ("net/…") to the bag and starts the pixels. Owned
 * by the caller. Errors: those of cop_pixels_new, cop_pixels_start, cop_network_new and
 * cop_match_new. */
COP_API cop_status cop_condense_new(const cop_condense_spec *spec, cop_tensors *bag,
                                    cop_condense **out, cop_error *err);

/* Frees the handle; what stands in the bag stays. NULL is fine. */
COP_API void cop_condense_free(cop_condense *c);

/* Round i = 0, 1, … of all, which depends on the bag, the seed and i alone. *loss is the matching
 * loss, its mean over the classes, before the step. */
COP_API cop_status cop_condense_round(cop_condense *c, int64_t i, double *loss, cop_error *err);

/* As cop_pixels_finish. */
COP_API cop_status cop_condense_finish(const cop_condense *c, cop_synthetic *set, cop_error *err);

/* A whole distiller that condenses. */

/* Its options: a distiller's own options struct begins with it, or is it. It is handed over at the
 * head of a plugin's own struct, and so of a size that stays. */
typedef struct cop_condense_options {
    int64_t ipc, iterations;     /* stored images of each class; networks, one after the other */
    int64_t outer, inner;        /* both as cop_condense_rhythm has them */
    int64_t batch_real;          /* real images of a match */
    int64_t net_batch;           /* synthetic images of a step of the network */
    double lr, momentum, net_lr; /* of the pixels; of the network */
    int32_t start;               /* cop_pixel_start */
    uint32_t augment;            /* cop_augment_flag; no row: 0, none */
    const cop_model *model;      /* whose gradients are matched */
    const cop_recipe *recipe;    /* to train on the set */
    uint64_t reserved[4];        /* no row: 0 */
} cop_condense_options;

/* The rows of all but `augment`, which has its place between the two. `start_` and `recipe_` are
 * defaults, the others are Zhao et al.'s (2021). */
#define COP_OPTS_CONDENSE(start_, recipe_)                                                         \
    COP_OPT_IPC(cop_condense_options, ipc),                                                        \
        COP_OPT_PIXEL_START(cop_condense_options, start, start_),                                  \
        COP_OPT_DISTIL_MODEL(cop_condense_options, model,                                          \
                             "The network whose gradients are matched"),                           \
        COP_OPT_SET_RECIPE(cop_condense_options, recipe, recipe_),                                 \
        COP_OPT_INT(cop_condense_options, iterations, "1000", 1, 10000000,                         \
                    "Networks, one after the other; each starts anew",                             \
                    .flags = COP_OPTION_LENGTH),                                                   \
        COP_OPT_INT(cop_condense_options, outer, "0", 0, 1000000,                                  \
                    "Rounds in a network: a match of every class and a step of the pixels; 0: as " \
                    "published for this budget (1, 10, 50 images per class: 1, 10, 50)"),          \
        COP_OPT_INT(cop_condense_options, inner, "0", 0, 1000000,                                  \
                    "Epochs of the network on the synthetic images after each round but its "      \
                    "last; 0: as published for this budget (1, 10, 50 images per class: 1, 50, "   \
                    "10)"),                                                                        \
        COP_OPT_BATCH_REAL(cop_condense_options, batch_real, "256")
#define COP_OPTS_CONDENSE_RATES                                                                    \
    COP_OPT_PIXEL_RATE(cop_condense_options, lr, "0.1"),                                           \
        COP_OPT_PIXEL_MOMENTUM(cop_condense_options, momentum, "0.5"),                             \
        COP_OPT_FLOAT(cop_condense_options, net_lr, "0.01", 1e-12, 1e3,                            \
                      "Rate of the network, which has no momentum and no weight decay"),           \
        COP_OPT_INT(cop_condense_options, net_batch, "256", 1, 100000,                             \
                    "Batch of the network's training", .unit = "images")

/* The ops of a distiller whose options begin with a cop_condense_options: a step is a round, of
 * which "matching loss" is recorded. It is refused where cop_condense_rhythm has no numbers, and
 * where a class has fewer images than pixels start from. */
COP_API extern const cop_work_ops cop_condense_work;

COP_END

#endif
