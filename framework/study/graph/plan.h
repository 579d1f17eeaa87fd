/* plan.h (implemented in plan.c, plan_pruning.c): what is behind the public `cop_plan`: the facts
 * that the host shows to a work before it runs, and what the work asks for. */
#ifndef COP_STUDY_GRAPH_PLAN_H
#define COP_STUDY_GRAPH_PLAN_H

#include "nn/task.h"
#include "train/recipe.h"

#include <coppice/plugin.h>
#include <coppice/work.h>

/* A requested training with everything it points at copied, apart from the model, which is the
 * host's or an option of the component and outlives the plan. */
typedef struct cop_plan_training {
    char *label;
    const cop_model *model; /* never NULL: the ticket's model where the request left it out */
    cop_data_source data;
    bool has_recipe; /* else the study's `train` recipe */
    cop_recipe recipe;
    cop_start start;
    uint64_t init, noise;
    cop_duration *snapshots;
    size_t snapshot_count;
    /* COP_START_TRAINING: the request before it that it goes on from, at its snapshot. */
    size_t from;
    cop_duration at;
    bool keep_momentum;
} cop_plan_training;

/* What a pruner's plan says of the mask that it will make. */
typedef struct cop_mask_promise {
    bool states_left; /* it keeps exactly so many: */
    int64_t left;
    bool regrows; /* it may bring removed weights back */
} cop_mask_promise;

/* The host fills the first block, the work (through coppice/work.h) the second. */
struct cop_plan {
    cop_kind kind; /* COP_KIND_DISTILLER, _PRUNER or _ANALYZER */
    /* Whose plan it is, as the config has it (plugin/component.h); NULL: not known. */
    const struct cop_component *component;
    const cop_model *model; /* the ticket's; NULL for a distiller */
    cop_task task;
    cop_pixel_space space; /* of the training samples; 0: COP_PIXELS_UNIT */
    int64_t train_count, test_count;
    const int64_t *class_counts;    /* training samples by class; NULL: not known */
    const char *const *class_names; /* NULL: there are none */
    int64_t copies;
    bool lacks_dense;   /* there is no dense network, whoever asks for it */
    bool has_distilled; /* the study has a synthetic set to train on */

    /* What the mask before a round, or an analysed ticket's, keeps; -1: not known. */
    int64_t weights_left;
    int64_t round, rounds; /* within the phase */

    int64_t steps; /* 0 until stated */
    bool steps_go_on;
    double flops;
    bool need_trained, need_rounds, need_dense, need_synthetic;
    cop_mask_promise promise; /* pruners */
    int64_t *needed_copies;   /* those that were named; owned */
    size_t needed_copy_count, needed_copy_capacity;
    bool need_no_copy;
    uint32_t needed_masks;    /* cop_other_tickets, joined */
    int64_t expected_samples; /* of a distiller's decoded set; 0 where it did not say */
    cop_recipe expected_recipe;
    double real_images, second_order; /* a distiller's, as cop_plan_spend says; -1: not stated */
    char *warnings;                   /* a line each; owned; NULL: none */
    cop_plan_training *trainings;     /* in the order of the requests; owned */
    size_t training_count, training_capacity;
};

/* Frees what the plan owns and resets it. */
void cop_plan_clear(struct cop_plan *p);

/* What options of a pruner come to; it points into them. */
cop_prune_amount cop_prune_amount_of(const cop_prune_options *options);

/* Has a component plan, by its callback on a reset plan, and checks that there is a step where it
 * states some, and that a set which it states can be trained on. `options` are the component's.
 * `what` names it in messages ("pruner 'imp'"). On failure the plan is cleared. */
cop_status cop_plan_make(const char *what, const cop_work_ops *ops, const void *options,
                         struct cop_plan *p, cop_error *err);

#endif
