/* line.h (implemented in study/graph/graph.c, trainings.c, works.c, controls.c): what is being laid
 * out for one cell and seed, shared by the files that do it. */
#ifndef COP_STUDY_GRAPH_LINE_H
#define COP_STUDY_GRAPH_LINE_H

#include "study/graph/graph.h"

typedef struct cop_line {
    cop_study *s;
    const cop_opened *o;
    size_t cell, seed;
    int64_t replicate; /* the seed's value */
    int32_t distil;    /* of this line; COP_NO_STAGE without */
    const cop_recipe *train;
    bool start_fits; /* the given start lacks what the given mask removes */
    int32_t start;   /* the given state that the network starts from; COP_NO_STAGE: a seed's */
    int32_t mask;    /* the given mask that the line begins with; COP_NO_STAGE: it is dense */
    int32_t *dense;  /* copies of the dense network; NULL: not laid out */
    size_t dense_count;
    int32_t *own_dense; /* the same where no ticket has them; freed with the line */
} cop_line;

/* A ticket's start and mask while the rounds go on. */
typedef struct cop_position {
    int32_t mask;
    cop_start_point start;
    double points;
    int64_t left; /* prunable weights that the mask keeps; -1: not known before it is made */
} cop_position;

/* Which ticket of the line it is, and what becomes of it. */
typedef struct cop_ticket_role {
    int32_t phase; /* −1: the dense network */
    int64_t round;
    cop_control control;
    bool retrain, analyze; /* its copies are trained; and analysed */
} cop_ticket_role;

/* The line's seed of a source. */
uint64_t cop_line_seed(const cop_line *l, cop_seed_source source);

/* "what [cell, seed]", the caller's; NULL: no memory. */
char *cop_line_title(const cop_line *l, const char *what);

/* Where the dense network starts. */
cop_position cop_line_dense(const cop_line *l);

/* Reports on a ticket, and has its copies trained and analysed as the role says. */
cop_status cop_line_add_ticket(cop_line *l, const cop_position *at, const cop_ticket_role *role,
                               cop_error *err);

/* The SGD noise of a training: data order and augmentation. Each family of trainings has its own,
 * so that a copy never depends on the training that chose its mask, nor on what the set that the
 * mask came from was distilled with. */
typedef struct cop_noise {
    const char *order, *augment; /* names of the family's variants */
    uint64_t variant;
} cop_noise;

/* trainings.c. */
cop_noise cop_noise_of_copy(uint64_t copy);

/* Variant 0 of a source is the study's seed itself, which is copy 0's: these are other ones. */
cop_noise cop_noise_of_masks(uint64_t variant);
cop_noise cop_noise_of_distiller(uint64_t variant);

/* A training of the line; the caller fills what differs from a plain one on real data. */
cop_stage cop_line_new_training(const cop_line *l, const cop_position *at, cop_noise noise);

/* The real data of a phase: those that its rounds train on, or that the set was distilled from. */
const cop_loaded_data *cop_line_phase_data(const cop_line *l, const cop_phase *p);

/* Has the training be on the line's set, by the recipe that its distiller's options give, or else
 * by that which comes with the set. */
void cop_line_use_set(const cop_line *l, cop_training_stage *train);

/* Fills the data and recipe of a training that belongs to a phase. */
void cop_line_use_phase(const cop_line *l, const cop_phase *p, cop_stage *stage);

/* Adds the training, called `what`; `wanted_by` says in messages who wants the stage's snapshots.
 * Takes over what the stage owns. COP_INVALID where it cannot run or never comes to a snapshot. */
cop_status cop_line_add_training(cop_line *l, cop_stage *stage, const char *what,
                                 const char *wanted_by, int32_t *index, cop_error *err);

/* Adds the trainings of the cell's copies of what starts at `at`. */
cop_status cop_line_train_copies(cop_line *l, const cop_position *at, const char *what,
                                 int32_t *copies, cop_error *err);

/* works.c. What a component of this kind is told when it plans. */
struct cop_plan cop_line_new_plan(const cop_line *l, cop_kind kind, const cop_loaded_data *data);

/* Has a component plan, and says what it warns of; a failure without a place of its own gets the
 * component's. */
cop_status cop_line_make_plan(cop_line *l, const cop_instance *instance, struct cop_plan *out,
                              cop_error *err);

/* Adds a work stage whose plan was made, and the trainings that it asks for; frees the plan. */
cop_status cop_line_add_work(cop_line *l, struct cop_plan *plan, const cop_position *ticket,
                             cop_stage *stage, const char *what, int32_t *index, cop_error *err);

/* Adds the distillation; its stage is the line's `distil`. */
cop_status cop_line_add_distiller(cop_line *l, cop_error *err);

/* Adds the analysis of a ticket's copies by the cell's analyzer i. */
cop_status cop_line_analyze(cop_line *l, size_t i, const cop_position *at, const cop_ticket *ticket,
                            const char *what, int32_t *index, cop_error *err);

/* controls.c: the cell's controls of a ticket that is trained, as tickets of their own. COP_INVALID
 * where one cannot be made. */
cop_status cop_line_add_controls(cop_line *l, const cop_position *at, const cop_ticket_role *ticket,
                                 cop_error *err);

/* Warns where the cell wants controls and the line, which is laid out, has none. */
void cop_line_warn_of_controls(const cop_line *l);

#endif
