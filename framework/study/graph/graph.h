/* graph.h (implemented in study/graph/, study/opened.c, study/running/done.c): what a
 * study consists of: opened data, models and components, and the stages and tickets laid out from
 * them. Shared by the files of study/. */
#ifndef COP_STUDY_GRAPH_GRAPH_H
#define COP_STUDY_GRAPH_GRAPH_H

#include "exec/inspect/versions.h"
#include "nn/model.h"
#include "study/data/data.h"
#include "study/graph/plan.h"
#include "study/study.h"
#include "train/recipe.h"

/* Part of every identity: raised when the framework's own arithmetic changes results. */
#define COP_NUMERICS_VERSION 3

/* No stage. */
#define COP_NO_STAGE (-1)

/* What is opened. */

/* The opened components of one cell, beside its cop_cell. */
typedef struct cop_opened {
    const cop_cell *cell;
    const cop_loaded_data *data;           /* the study's */
    const cop_loaded_data *copies_data;    /* what copies train on and are measured by */
    const cop_loaded_data **phase_data;    /* what each phase trains on, on real data */
    const cop_loaded_data **analyzer_data; /* what each analyzer looks at */
    cop_model *model;                      /* the study's */
    cop_instance distiller;                /* unused without cell->distill */
    cop_instance *pruners;                 /* one per phase */
    cop_instance *analyzers;
} cop_opened;

/* A model, and what it was made of. */
typedef struct cop_shared_model {
    const cop_component *component;
    cop_task task;
    cop_model *model; /* owned */
} cop_shared_model;

/* Stages. */

/* The weights that a training starts from. */
typedef struct cop_start_point {
    uint64_t init_seed; /* of the initialisation, where base is COP_NO_STAGE */
    int32_t base;       /* the training whose state it is */
    cop_duration at;    /* the snapshot of base; unit 0: its final state */
    bool go_on;         /* schedule and data order go on at base's step (same data and recipe) */
    bool keep_momentum; /* with go_on: base's momentum too; else it starts at zero */
    int32_t carry;      /* the training whose final state gives all but convolution and linear
                           weights; COP_NO_STAGE: nothing is carried over */
} cop_start_point;

typedef struct cop_training_stage {
    const cop_model *model;
    int32_t distil;  /* the synthetic set to train on; COP_NO_STAGE: real data */
    bool own_recipe; /* the synthetic set's own recipe */
    cop_recipe recipe;
    cop_start_point start;
    int32_t mask; /* COP_NO_STAGE: dense */
    uint64_t order_seed, augment_seed;
    cop_duration *snapshots; /* wanted besides the final state; owned; not part of the identity */
    size_t snapshot_count;
} cop_training_stage;

/* Another ticket whose mask an analysis looks at. */
typedef struct cop_other {
    size_t ticket; /* among the study's */
    int32_t mask;
} cop_other;

/* A distiller's, pruner's or analyzer's run, or the making of a control's mask. */
typedef struct cop_work_stage {
    const cop_instance *instance; /* NULL: a control's mask, which the framework makes itself: */
    cop_control control;
    uint64_t seed;
    int64_t steps;
    bool steps_go_on;         /* a longer one could go on from where it ends */
    int32_t *trainings;       /* a stage per request of the plan; owned */
    cop_duration **snapshots; /* what each request wanted, NULL-padded; owned */
    size_t *snapshot_counts;
    size_t training_count;
    /* distillers: what the plan says that the set will be; 0 where it does not */
    int64_t expected_samples; /* decoded */
    cop_recipe expected_recipe;
    double real_images, second_order; /* that it spends; -1: not stated */
    /* pruners and analyzers */
    cop_start_point start;
    int32_t mask;    /* before pruning; the ticket's */
    int32_t trained; /* pruners: this round's training, COP_NO_STAGE if not planned */
    int32_t distil;  /* the synthetic set they see; COP_NO_STAGE: none, real data */
    int64_t round;
    int64_t rounds;           /* 0: the pruner does not look at it */
    cop_mask_promise promise; /* pruners: what the plan says of the mask */
    int32_t *copies;          /* analyzers; COP_NO_STAGE: not wanted; owned */
    size_t copy_count;
    int32_t *dense; /* analyzers; owned; empty unless planned */
    size_t dense_count;
    cop_other *others; /* analyzers; owned; empty unless planned */
    size_t other_count;
    size_t ticket; /* the one that they are others than; among the study's */
} cop_work_stage;

/* given.h: what a file is to the study that takes it for a result. */
typedef struct cop_given cop_given;

typedef struct cop_stage {
    cop_stage_kind kind;
    const cop_given *given; /* the file that has the result; the study's; NULL: it is computed */
    cop_artifact_id id;
    char *identity;           /* the text behind the id */
    char course[33];          /* of a work whose steps go on: the hash of its identity without what
                                 says how many there are; else empty */
    char *title;              /* "train IMP, seed 0, round 2, copy 1" */
    const cop_opened *opened; /* of the cell that asked first */
    const cop_loaded_data *data; /* what it reads: of a training, what it is measured by too */
    double flops;                /* estimate; 0 where unknown */
    double points;            /* training images seen; an estimate until a synthetic set is there */
    char *failure;            /* why there is no result, where a run found that out; owned */
    cop_training_stage train; /* COP_STAGE_TRAIN */
    cop_work_stage work;      /* the others */
} cop_stage;

/* Tickets. */

/* A subnetwork to report on: what the line begins with (round 0: the dense network, or the ticket
 * of a given mask) or what a round of pruning left. */
typedef struct cop_ticket {
    size_t cell, seed;   /* positions in the config */
    int32_t phase;       /* −1 for the dense network, or the ticket that a file's mask makes */
    int64_t round;       /* rounds done since the dense network, over all phases */
    cop_control control; /* what stands beside the ticket of that round; none: the ticket */
    int32_t mask;        /* stage */
    cop_start_point start;
    double points;   /* training images seen while finding the mask */
    int32_t *copies; /* trainings on real data; owned */
    size_t copy_count;
    int32_t *analyses; /* one per analyzer of the cell (COP_NO_STAGE: it does not look at this
                          ticket), or none; owned */
    size_t analysis_count;
} cop_ticket;

/* An analysis that looks at other tickets, and so is added when all of them are laid out. */
typedef struct cop_waiting {
    cop_stage stage; /* owned */
    size_t ticket, analyzer;
    uint32_t wanted; /* cop_other_tickets, joined */
} cop_waiting;

/* A dense network trained on the synthetic set, to tell how good the set is. */
typedef struct cop_distilled_line {
    size_t cell, seed;
    int32_t distil;
    int32_t trained;
} cop_distilled_line;

struct cop_study {
    const cop_config *config;
    cop_logger *log;
    /* Of every model of the study (exec/compiler/cache.h); owned; NULL: none are kept. */
    struct cop_program_cache *programs;
    char isa[COP_ISA_SIZE]; /* the instruction sets that decide results, as identities have them */
    const cop_data_home *home; /* where slow data are kept, while it is opened; NULL: nowhere */
    cop_loaded_data **data;
    size_t data_count;
    cop_opened *opened;       /* one per cell */
    cop_shared_model *models; /* of the cells' tickets: cells that describe the same share one */
    size_t model_count, model_capacity;
    cop_given **given; /* files that were checked; owned */
    size_t given_count, given_capacity;
    cop_stage *stages; /* each after those that it needs */
    size_t stage_count, stage_capacity;
    int32_t *slots; /* stages by the hash of their identity; COP_NO_STAGE: empty */
    size_t slot_count;
    cop_ticket *tickets;
    size_t ticket_count, ticket_capacity;
    cop_waiting *waiting; /* while it is laid out */
    size_t waiting_count, waiting_capacity;
    cop_distilled_line *distilled;
    size_t distilled_count;
    char *unjudged;    /* why the first judge failed that did when the record was written; owned */
    bool ran_through;  /* the last run came to its end, with failed stages or without */
    bool *is_wanted;   /* by stage; owned; NULL: all are (only.c) */
    bool is_budget_up; /* that is why the last run ended */
    cop_run_choice choice;
    cop_study_watcher watcher; /* NULL: none */
    void *watcher_own;
    char *said_warnings; /* warnings.c: a line each, after a first empty one; NULL: none */
    char *said_makers;   /* makers.c: the plugins that were warned of, a line each; NULL: none */
};

/* The files' interfaces. */

/* opened.c: opens and closes a cell's components. */
cop_status cop_open_cell(cop_study *s, const cop_cell *cell, cop_opened *out, cop_error *err);
void cop_close_cell(cop_opened *o);
void cop_free_models(cop_study *s); /* after the cells */

/* owners.c: the i-th of the opened components that may have models of their own: the distiller
 * (unused without one), the pruners, the analyzers; NULL after the last. */
const cop_instance *cop_owner_at(const cop_opened *o, size_t i);

/* identity.c: the identity text of a stage whose other fields are filled; the caller's. */
cop_status cop_stage_identity(const cop_study *s, const cop_stage *stage, char **out,
                              cop_error *err);

/* The same: fills the stage's course. */
cop_status cop_stage_find_course(const cop_study *s, cop_stage *stage, cop_error *err);

/* stages.c: adds a stage with its identity, or finds the equal one (merging wanted snapshots).
 * Takes over what the stage owns. *index is its position. */
cop_status cop_study_add_stage(cop_study *s, cop_stage *stage, int32_t *index, cop_error *err);
void cop_stage_clear(cop_stage *stage);

/* inputs.c: the stages whose results a stage reads, written to `inputs` (NULL: only counted),
 * some perhaps twice. Returns how many. */
size_t cop_stage_inputs(const cop_stage *stage, int32_t *inputs);

/* "distil", "train", "mask", "analyze": of artifacts, in identities and in the plan. */
const char *cop_stage_kind_name(cop_stage_kind kind);

/* running/done.c: whether the stage is published, a training with every snapshot that is wanted of
 * it by now. COP_DAMAGED, with the reason, where something else stands in its place. */
cop_status cop_stage_done(const cop_store *store, const cop_stage *stage, bool *done,
                          cop_error *err);

/* only.c: whether runs are to compute the stage. */
bool cop_study_wants(const cop_study *s, size_t stage);

/* seeds.c: the seed of a source for a replicate, and one derived from it for a variant (copy, other
 * initialisation); variant 0 is the seed itself. */
uint64_t cop_study_seed(const cop_cell *cell, int64_t replicate, cop_seed_source source);
uint64_t cop_derived_seed(uint64_t seed, const char *purpose, uint64_t variant);

/* graph.c: every stage and ticket of one cell and seed. */
cop_status cop_lay_out(cop_study *s, size_t cell, size_t seed, cop_error *err);

/* others.c: keeps an analysis until all tickets are laid out; takes over what the stage owns. */
cop_status cop_study_keep_waiting(cop_study *s, cop_waiting *waiting, cop_error *err);

/* The same: adds those that were kept, with the tickets that they look at. */
cop_status cop_study_add_waiting(cop_study *s, cop_error *err);

/* warnings.c: says what whoever runs the study should know of its config, at the component's place
 * (NULL: the config's), in the name of `what` (NULL: none). `lines` are messages, a line each, of
 * which each is said once for the study: cells and seeds repeat them. */
void cop_study_warn(cop_study *s, const cop_component *at, const char *what, const char *lines);

/* estimate.c: fills flops and points of a training, from what is known before anything ran. */
void cop_estimate_training(const cop_study *s, cop_stage *stage);

/* COP_INVALID where the training's recipe is one that cannot be run, as far as it is known before
 * anything ran. */
cop_status cop_training_check(const cop_study *s, const cop_stage *stage, cop_error *err);

/* estimate.c: COP_INVALID where images of the task cannot be augmented so, as the `kind` ("recipe",
 * "option") of that name wants it. */
cop_status cop_check_augment(const cop_task *task, const char *kind, const char *name,
                             uint32_t flags, cop_error *err);

/* The steps in an epoch and in the whole training, where they are known before anything ran: on
 * real data, and on a distilled set whose size the distiller's plan states. */
bool cop_training_length(const cop_study *s, const cop_stage *stage, int64_t *per_epoch,
                         int64_t *total);

#endif
