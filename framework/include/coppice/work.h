/* work.h (implemented in study/): long work, in steps. Distillers, pruners and analyzers all run as
 *
 *     plan    what upstream trainings are wanted, and how many steps there will be
 *     begin   declare the state (the bag) and its starting values
 *     step i  advance the bag
 *     finish  make the result out of the bag
 *
 * The host loops, checkpoints the bag, cancels and reports between steps. `step` is a pure function
 * of (bag, i, the work's random streams): an instance may keep caches (compiled programs), never
 * results. So a run that was killed goes on bit for bit. */
#ifndef COPPICE_WORK_H
#define COPPICE_WORK_H

#include <coppice/log.h>
#include <coppice/model.h>
#include <coppice/random.h>
#include <coppice/recipe.h>
#include <coppice/samples.h>

COP_BEGIN

/* Plan. */

/* What a plan may look at and what it asks for. */
typedef struct cop_plan cop_plan;

typedef enum cop_data_source {
    COP_DATA_REAL = 1,     /* the dataset's training split */
    COP_DATA_DISTILLED = 2 /* the study's synthetic set (not for distillers) */
} cop_data_source;

typedef enum cop_start {
    COP_START_INIT = 1,  /* a fresh dense initialisation with `init` as variant */
    COP_START_TICKET = 2 /* the ticket at hand: its mask, and the weights that it rewinds to */
} cop_start;

/* A training that the host is to run (or find already done) before `begin`. */
typedef struct cop_training_request {
    const char *label;      /* for messages: "expert"; copied by cop_plan_train */
    const cop_model *model; /* NULL: the study's ticket model */
    cop_data_source data;
    const cop_recipe *recipe; /* NULL: the study's `train` recipe */
    cop_start start;
    uint64_t
        init; /* variant of the initialisation: 0 is the study's own, others independent of it */
    uint64_t noise; /* variant of data order and augmentation. An analyzer's are numbered as the
                       copies are, from 0; a pruner's and a distiller's are independent of every
                       copy's */
    const cop_duration *snapshots; /* states wanted besides the last; EPOCHS or STEPS; copied */
    size_t snapshot_count;
} cop_training_request;

/* How many steps the work has, ≥ 0. Required; the last call counts. */
COP_API void cop_plan_steps(cop_plan *p, int64_t steps);

/* Floating-point operations that all steps will need, for estimates. Optional. */
COP_API void cop_plan_flops(cop_plan *p, double flops);

/* Asks for a training; its place among the requests (0, 1, …) is how the work finds it later. */
COP_API cop_status cop_plan_train(cop_plan *p, const cop_training_request *request, cop_error *err);

/* Pruners: the weights trained by this round are wanted (magnitudes). Without it no training is
 * done and in->trained is NULL (pruning at initialisation). */
COP_API void cop_plan_need_trained(cop_plan *p);

/* Analyzers: the copies of the dense network under the same seeds are wanted too. */
COP_API void cop_plan_need_dense(cop_plan *p);

/* Analyzers: the decoded synthetic set is wanted as in->synthetic (NULL where there is none). */
COP_API void cop_plan_need_synthetic(cop_plan *p);

/* Distillers: what the set will be: for estimates before anything runs, and to refuse there what
 * the finished set would be refused for, such as a recipe of no length. Optional. */
COP_API void cop_plan_expect_set(cop_plan *p, int64_t decoded_samples, const cop_recipe *recipe);

/* The ticket's model (for a distiller: NULL), the task, the number of samples of the training and
 * test splits, and the number of copies trained of each ticket. */
COP_API const cop_model *cop_plan_model(const cop_plan *p);
COP_API const cop_task *cop_plan_task(const cop_plan *p);
COP_API int64_t cop_plan_train_count(const cop_plan *p);
COP_API int64_t cop_plan_test_count(const cop_plan *p);
COP_API int64_t cop_plan_copies(const cop_plan *p);

/* The training samples of one class, for what can be refused before anything runs; -1 where the
 * host does not know. */
COP_API int64_t cop_plan_class_count(const cop_plan *p, int32_t label);

/* Begin, step, finish. */

/* The host's services to a running work. Everything it hands out lives until finish returns. */
typedef struct cop_work cop_work;

COP_API const cop_samples *cop_work_train_data(const cop_work *w); /* real training split */
COP_API const cop_samples *
cop_work_test_data(const cop_work *w); /* analyzers; NULL for distillers and pruners */

/* The stream of this work's own seed for a purpose; index as the work likes (step, probe). */
COP_API cop_stream cop_work_stream(const cop_work *w, const char *purpose, uint64_t index);

/* The work's own seed, for what takes a seed (cop_model_initial_state). */
COP_API uint64_t cop_work_seed(const cop_work *w);

COP_API int cop_work_threads(const cop_work *w);
COP_API cop_logger *cop_work_logger(const cop_work *w);

/* A short text beside the progress bar: "loss 12.3". */
COP_API void cop_work_report(cop_work *w, const char *format, ...) COP_PRINTF(2, 3);

/* The final state (parameters, buffers) of planned training `request`, and its i-th wanted
 * snapshot, which holds what the trainer had then: parameters, buffers, "momentum/NAME" of each
 * parameter, and "step" (trainer.h). */
COP_API const cop_tensors *cop_work_trained(const cop_work *w, size_t request);
COP_API const cop_tensors *cop_work_snapshot(const cop_work *w, size_t request, size_t i);

COP_END

#endif
