/* config.h (implemented in config.c, tables.c): a libconfig file as a typed, validated study.
 *
 *   base    = "other.cfg";   # optional: a config from which this one differs (compose.h)
 *   study   = { name = "cifar10"; seeds = [0, 1]; copies = 2; threads = 2; precision = "f32"; };
 *   seeds   = { init = 7; };                     # optional: pins init, order, augment, distill, …
 *   dataset = { plugin = "cifar10"; path = "data/cifar-10-batches-bin"; };
 *   distill = { plugin = "idc"; ipc = 10; model = { plugin = "convnet"; }; };  # optional
 *   ticket  = { model   = { plugin = "convnet"; depth = 3; };
 *               phases  = ( { pruner = { plugin = "imp"; rate = 0.2; }; rounds = 5;
 *                             data = "distilled"; rewind = "init"; rewind_tensors = "all";
 *                             rewind_momentum = false; noise = "own"; recipe = "sgd";
 *                             dataset = { plugin = "svhn"; }; } );  # optional: rounds on it
 *               retrain = "all"; controls = ["reinit"]; analyze_controls = false;
 *               start = "start.safetensors"; mask = "mask.safetensors";  # optional: from files
 *               copies = ["a.safetensors", "b.safetensors"]; };          # optional: trained ones
 *   train   = { recipe = "idc"; duration = "30ep";     # of the copies, and of rounds on real data
 *               dataset = { plugin = "svhn"; }; };     # optional: what copies train on instead
 *   analyze = ( { plugin = "lmc"; }, { plugin = "hessian"; label = "shifted";  # optional
 *                 dataset = { plugin = "svhn"; }; } );                         # optional
 *   sweep   = ( { path = "ticket.phases.[0].data"; values = ["distilled", "real"];
 *                 labels = ["synthetic", "IMP"]; } );
 *   bench   = { kind = "train"; };               # optional: what `coppice bench` times of it
 */
#ifndef COP_CONFIG_CONFIG_H
#define COP_CONFIG_CONFIG_H

#include "plugin/component.h"
#include "train/recipe.h"

#include <coppice/nn.h>
#include <coppice/program.h>
#include <coppice/work.h>

#include <stdio.h>

/* Where a phase's tickets rewind to. */
typedef enum cop_rewind_point {
    COP_REWIND_INIT = 1, /* initialisation */
    COP_REWIND_STEP = 2, /* a later state of the dense network's training on the phase's data */
    COP_REWIND_NONE = 3  /* not at all: fine-tuning */
} cop_rewind_point;

/* What is set back (the papers' own code resets convolution and linear weights alone). */
typedef enum cop_rewind_tensors {
    COP_REWIND_ALL = 1,    /* weights, biases, norm parameters, running statistics */
    COP_REWIND_WEIGHTS = 2 /* convolution and linear weights; the rest stays as trained */
} cop_rewind_tensors;

typedef enum cop_retrain {
    COP_RETRAIN_ALL = 1,  /* copies of the dense network and of the ticket after every round */
    COP_RETRAIN_LAST = 2, /* of the dense network and of the last ticket of each phase */
    COP_RETRAIN_NONE = 3  /* of none: masks only */
} cop_retrain;

typedef struct cop_phase {
    cop_component *pruner;
    int64_t rounds;
    cop_data_source data;
    cop_rewind_point rewind;
    cop_duration rewind_at; /* for COP_REWIND_STEP */
    char *rewind_file;      /* where that was written; owned */
    int rewind_line;
    cop_rewind_tensors rewind_tensors;
    bool rewind_momentum;   /* go on with the momentum of that state; else a new optimiser's zero */
    bool noise_of_copy;     /* masks are chosen by a training with copy 0's SGD noise */
    cop_component *dataset; /* what its rounds train on; NULL: the study's; with COP_DATA_REAL */
    bool has_recipe; /* else: the synthetic set's own recipe when distilled, `train` when real */
    cop_recipe recipe;
} cop_phase;

/* What a ticket is trained beside, to tell what its mask and its weights each are worth. */
typedef enum cop_control {
    COP_CONTROL_NONE = 0,    /* the ticket itself */
    COP_CONTROL_REINIT = 1,  /* its mask, and weights drawn anew */
    COP_CONTROL_SHUFFLE = 2, /* its start, and its mask's entries permuted within each tensor */
    COP_CONTROL_RANDOM = 3,  /* its start, and a random mask that keeps as many of each tensor; of
                                all rounds from one order of the weights, as a random pruner has */
    COP_CONTROL_COUNT = 4
} cop_control;

/* "reinit", "shuffle", "random"; "" for the ticket itself. */
const char *cop_control_name(cop_control control);

/* The sources of randomness, each with a seed of its own. */
typedef enum cop_seed_source {
    COP_SEED_INIT = 0,
    COP_SEED_ORDER = 1,
    COP_SEED_AUGMENT = 2,
    COP_SEED_DISTILL = 3,
    COP_SEED_PRUNE = 4,
    COP_SEED_ANALYZE = 5,
    COP_SEED_COUNT = 6
} cop_seed_source;

/* What `coppice bench` times. */
typedef enum cop_bench_kind {
    COP_BENCH_TRAIN = 1,    /* a step of training the ticket's model by the recipe of `train` */
    COP_BENCH_EVALUATE = 2, /* a batch of evaluating it */
    COP_BENCH_HESSIAN = 3,  /* a Hessian-vector product of its mean loss over a batch */
    COP_BENCH_DISTIL = 4    /* a step of the distiller */
} cop_bench_kind;

typedef struct cop_bench_case {
    cop_bench_kind kind;
    int64_t batch;  /* samples of an evaluation or a product */
    cop_mode mode;  /* of a product: batch norm on the batch's statistics or on running ones */
    int64_t parts;  /* a step of the distiller is this many of what is timed */
    double seconds; /* at most, apart from the samples that there must be */
} cop_bench_case;

/* What a ticket has from files (safetensors) instead of computing it. */
typedef struct cop_given_files {
    const char *start, *mask; /* "": none */
    cop_string_list copies;   /* of round 0; empty: none */
    cop_option_values *owner; /* of the texts; owned */
} cop_given_files;

/* One cell of the sweep: everything one line of experiments needs, apart from the seed. */
/* Seeds and rounds to which an entry of analyze is limited; owned; none: no limit. */
typedef struct cop_analyze_limits {
    int64_t *seeds, *rounds;
    size_t seed_count, round_count;
} cop_analyze_limits;

typedef struct cop_cell {
    char *label; /* of the sweep's values, joined with ", "; the study's name where nothing is swept
                  */
    cop_component *dataset;
    cop_component *distill; /* NULL: none */
    cop_component *model;   /* ticket.model */
    cop_phase *phases;
    size_t phase_count;
    cop_retrain retrain;
    cop_control controls[COP_CONTROL_COUNT]; /* of each pruned ticket that is trained */
    size_t control_count;
    bool analyze_controls; /* their copies are analysed, too */
    cop_given_files given;
    cop_recipe train;
    cop_component *train_dataset; /* what copies train on and are measured by; NULL: the study's */
    cop_component **analyzers;
    cop_component **analyzer_datasets;   /* what each looks at; NULL: what the copies train on */
    char **analyzer_labels;              /* what the config calls each; NULL: nothing */
    cop_analyze_limits *analyzer_limits; /* which tickets each looks at */
    size_t analyzer_count;
    bool seed_pinned[COP_SEED_COUNT];
    uint64_t seed_pin[COP_SEED_COUNT];
    int threads;
    size_t data_memory;   /* bytes of a dataset's images in memory at once; 0: no limit */
    double stage_seconds; /* that a stage may take in one go; 0: no limit */
    cop_precision precision;
    int64_t copies;
    bool has_bench;
    cop_bench_case bench;
} cop_cell;

typedef struct cop_config {
    char *path;
    char *name;      /* study.name */
    char *effective; /* the whole config with every default spelt out, per cell, to be shown */
    char *resolved;  /* the same as a config of its own: read anywhere, without any override, it
                        means the same study (resolved.h) */
    const cop_registry *registry; /* that it was read with */
    int64_t *seeds;
    size_t seed_count;
    cop_cell *cells; /* of the sweep; at least one */
    size_t cell_count;
    size_t baseline; /* the cell that the others are compared with */
} cop_config;

/* Reads the file with those that it is made of, overrides (--set "path=value", value in libconfig
 * syntax, a bare word counts as a string), expands the sweep, checks everything against the
 * plugins' tables. Nothing is run and no data is read. Every complaint is one line with file:line;
 * COP_UNAVAILABLE for what this build lacks. A sweep value at path "" is a group merged into the
 * root; a group value is merged into the group at its path, but replaces it where its `plugin`
 * differs. Two axes that set the same setting are refused; a sweep value over what an override set
 * is a warning. Names (the study's, labels) are as names.h says. The registry must outlive *out. */
cop_status cop_config_load(const char *path, const char *const *overrides, size_t override_count,
                           const cop_registry *r, cop_logger *log, cop_config **out,
                           cop_error *err);

/* The same for one cell alone, as a study of its own without a sweep. */
typedef struct cop_config_alone {
    const char *cell;             /* its label; NULL: the only one */
    const char *name_ending;      /* of the study's name: "-analyze" */
    const char *const *without;   /* groups that are left out, NULL-terminated */
    const char *const *overrides; /* applied last, over what the cell has */
    size_t override_count;
} cop_config_alone;

/* COP_INVALID where no cell has the label, or several could be meant. */
cop_status cop_config_load_alone(const char *path, const char *const *overrides,
                                 size_t override_count, const cop_config_alone *alone,
                                 const cop_registry *r, cop_logger *log, cop_config **out,
                                 cop_error *err);
void cop_config_free(cop_config *c);

/* The data that the cell's copies train on and are measured by; the cell's. */
cop_component *cop_cell_copies_dataset(const cop_cell *cell);

/* Prints the framework's own groups and their options, as `inspect` prints a plugin's. */
void cop_config_describe(FILE *out);
cop_status cop_config_describe_json(FILE *out, cop_error *err);

#endif
