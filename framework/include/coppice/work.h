/* work.h (implemented in study/): long work, in steps: the one interface of distillers, pruners and
 * analyzers.
 *
 *     plan     what upstream trainings are wanted, and how many steps there will be; before
 *              anything runs, and as often as the host likes
 *     create   an instance of its own for each piece of work
 *     begin    declares the state (the bag) and its starting values
 *     step i   advances the bag
 *     finish   makes the result out of the bag
 *     destroy
 *     judge    analyzers: says what the finished tables amount to; no part of the work
 *
 * The host loops, checkpoints the bag, cancels and reports between steps. A step is a pure function
 * of (bag, i, the work's random streams): an instance may keep caches (compiled programs), never
 * results. So a run that was killed goes on bit for bit. */
#ifndef COPPICE_WORK_H
#define COPPICE_WORK_H

#include <coppice/log.h>
#include <coppice/model.h>
#include <coppice/random.h>
#include <coppice/recipe.h>
#include <coppice/samples.h>
#include <coppice/synthetic.h>
#include <coppice/table.h>

COP_BEGIN

/* What a plan may look at and what it asks for. */
typedef struct cop_plan cop_plan;

/* The host's services to a running work. */
typedef struct cop_work cop_work;

/* What a distiller, pruner or analyzer implements. Every callback but `finish` is optional.
 *
 * `plan` and `judge` are called by any thread, with no instance there. An instance is called by one
 * thread, in the order create, begin, step, finish, destroy. */
typedef struct cop_work_ops {
    size_t size; /* sizeof(cop_work_ops) */

    /* Makes the instance of one piece of work. `options` is the filled options struct, a copy that
     * is this instance's alone and outlives it; `task` is what images and classes there are. On
     * failure nothing is left behind. Without it the instance is the options themselves. */
    cop_status (*create)(const void *options, const cop_task *task, void **self, cop_error *err);

    /* Frees what create and begin made. Called once, after a successful create, whatever came after
     * it. Without it there is nothing to free. */
    void (*destroy)(void *self);

    /* States what the work needs and refuses what cannot work. Pure: what it says depends on its
     * arguments alone, and it may be called often and never be followed by anything. Without it
     * there are no steps and nothing is wanted. */
    cop_status (*plan)(const void *options, cop_plan *plan, cop_error *err);

    /* Adds the work's whole state to the empty bag (cop_work_bag), with its starting values. After
     * a resume the host then overwrites the values, so names and shapes must not depend on chance.
     * Without it the bag stays empty. */
    cop_status (*begin)(void *self, cop_work *work, cop_error *err);

    /* Step i = 0, 1, … or from where a checkpoint stands, after begin. Required where the plan
     * states steps. */
    cop_status (*step)(void *self, cop_work *work, int64_t i, cop_error *err);

    /* Makes the result: a distiller fills cop_work_set, a pruner cop_work_next_mask, an analyzer
     * cop_work_tables and, where it has them, cop_work_result_tensors. Required. */
    cop_status (*finish)(void *self, cop_work *work, cop_error *err);

    /* Analyzers: passes verdicts on a finished analysis. Pure and quick: no instance is there, and
     * it is called whenever a study's record is written, by any thread; what it says is kept in
     * that record, and reports show it. It alone reads options with COP_OPTION_JUDGEMENT, so that
     * another threshold is another verdict on the same results and computes none of them anew.
     *
     * `tables` are what finish filled; `dense` those of the same analyzer on the dense network of
     * the same cell and seed (`tables` themselves where the ticket is that network), NULL where
     * they are not there. Both stay as they are. To `verdicts`, which is empty, it adds tables,
     * each called like one of `tables` and of as many rows: what its columns say is joined to that
     * table row by row, behind its own columns, as FLOAT where they are INT. Their names differ
     * from those of the table, their role is VALUE, ERROR or none, and of the plot the headlines
     * alone count; NULL there means all of them. What breaks this is COP_FAILED for the study, as
     * is a failure: the results stand, without a verdict. Without it there are no verdicts. */
    cop_status (*judge)(const void *options, const cop_tables *tables, const cop_tables *dense,
                        cop_tables *verdicts, cop_error *err);
} cop_work_ops;

/* Planning. */

typedef enum cop_data_source {
    COP_DATA_REAL = 1,     /* the dataset's training split */
    COP_DATA_DISTILLED = 2 /* the study's synthetic set (not for distillers) */
} cop_data_source;

typedef enum cop_start {
    COP_START_INIT = 1,    /* a fresh dense initialisation with `init` as variant */
    COP_START_TICKET = 2,  /* the ticket at hand: its mask, and the weights that it rewinds to */
    COP_START_TRAINING = 3 /* what an earlier request had at a snapshot: `from` and `at` */
} cop_start;

/* A training that the host is to run (or find already done) before `begin`. */
typedef struct cop_training_request {
    uint32_t size;          /* COP_SIZED(cop_training_request) */
    const char *label;      /* for messages: "expert"; copied by cop_plan_train */
    const cop_model *model; /* NULL: the study's ticket model */
    cop_data_source data;
    const cop_recipe *recipe; /* NULL: the study's `train` recipe; copied */
    cop_start start;

    /* Variant of the initialisation: 0 is the study's own, others are independent of it. */
    uint64_t init;

    /* Variant of data order and augmentation. An analyzer's are numbered as the copies are, from 0;
     * a pruner's and a distiller's are independent of every copy's. */
    uint64_t noise;

    /* States wanted besides the last: in EPOCHS or STEPS; copied. */
    const cop_duration *snapshots;
    size_t snapshot_count;

    /* With COP_START_TRAINING: the request whose snapshot `at` this training starts from, under the
     * same mask; `model` is NULL or that request's, and `at` one of the snapshots that it wants. On
     * the same data by the same recipe the schedule goes on at that step, and so does the order of
     * the data (that of this training's own noise); else both begin at the beginning. */
    size_t from;
    cop_duration at;
    bool keep_momentum; /* where the schedule goes on: the optimiser's state too, not a new one */
} cop_training_request;

/* How many steps the work has, ≥ 0; 0 where it is not called. The last call counts. */
COP_API void cop_plan_steps(cop_plan *p, int64_t steps);

/* A step, and the bag after it, do not depend on how many steps there are: the host keeps the final
 * bag, and a work that differs in options with COP_OPTION_LENGTH alone, and has more steps, goes on
 * from there. What is kept is the bag before finish. */
COP_API void cop_plan_steps_go_on(cop_plan *p);

/* Floating-point operations that all steps will need, for estimates. Optional. */
COP_API void cop_plan_flops(cop_plan *p, double flops);

/* Asks for a training; its place among the requests (0, 1, …) is how the work finds it later.
 * Errors: COP_INVALID for a request that cannot be met in this study, COP_FAILED for a wrong
 * one. */
COP_API cop_status cop_plan_train(cop_plan *p, const cop_training_request *request, cop_error *err);

/* Pruners: the weights trained by this round are wanted (magnitudes). Without it no training is
 * done and cop_work_trained fails (pruning at initialisation). */
COP_API void cop_plan_need_trained(cop_plan *p);

/* Pruners: how many rounds the phase has matters (a schedule over all of them). Without it
 * cop_work_rounds is 0, and a round of a longer phase is the same round. */
COP_API void cop_plan_need_rounds(cop_plan *p);

/* Pruners and analyzers: the prunable weights that the mask so far, or the ticket's, keeps: all of
 * them for the dense network; -1 where the host does not know, as a round before did not say how
 * many it leaves. A running work finds out by cop_work_mask, whatever its plan was told: a number
 * of steps that follows from it is one for -1 as well, which may be more than are of use. */
COP_API int64_t cop_plan_weights_left(const cop_plan *p);

/* Pruners: the round within its phase that is planned, from 0. */
COP_API int64_t cop_plan_round(const cop_plan *p);

/* Pruners: how many rounds the phase has. Asking makes the number matter, as cop_plan_need_rounds
 * does. */
COP_API int64_t cop_plan_rounds(cop_plan *p);

/* Pruners: this round leaves exactly so many prunable weights, from 0 to what there is before it
 * (to all prunable ones where it regrows weights). The host refuses a mask that keeps another
 * number, and a later round then knows how many there are. Optional. */
COP_API void cop_plan_leave(cop_plan *p, int64_t weights);

/* Pruners: the next mask may keep weights that the mask so far has removed (dynamic sparse
 * training). Without it the host refuses a mask that does. */
COP_API void cop_plan_regrows(cop_plan *p);

/* Analyzers: copy i of the ticket is wanted, and of those that are not named so none: the analysis
 * stays as it is when there are more. Without it all copies are wanted. Errors: COP_INVALID where
 * there is no such copy. */
COP_API cop_status cop_plan_need_copy(cop_plan *p, int64_t i, cop_error *err);

/* Analyzers: no copy is wanted: the analysis depends on none. */
COP_API void cop_plan_need_no_copy(cop_plan *p);

/* Which other tickets of the study an analysis looks at. */
typedef enum cop_other_tickets {
    COP_TICKETS_OF_LINE = 1,  /* the other rounds of the same cell under the same seed */
    COP_TICKETS_OF_ROUND = 2, /* the same round of other cells, and under other seeds */
    COP_TICKETS_OF_STUDY = 4  /* all of them */
} cop_other_tickets;

/* Analyzers: the masks of these tickets are wanted too, of as many kinds of cop_other_tickets as
 * are joined by |: of those that pruning found for a network of the same parameters; the dense
 * network and controls are none of them. */
COP_API void cop_plan_need_masks(cop_plan *p, uint32_t of);

/* Analyzers: the copies of the dense network under the same seeds are wanted too. */
COP_API void cop_plan_need_dense(cop_plan *p);

/* Analyzers: the decoded synthetic set is wanted, where there is one (cop_work_synthetic). */
COP_API void cop_plan_need_synthetic(cop_plan *p);

/* Distillers: what the set will be: for estimates before anything runs, and to refuse there what
 * the finished set would be refused for, such as a recipe of no length. Optional. */
COP_API void cop_plan_expect_set(cop_plan *p, int64_t decoded_samples, const cop_recipe *recipe);

/* Distillers: what all steps and `finish` together will spend: real images that networks look at
 * (one that is looked at twice counts twice; trainings that the plan asks for count by
 * themselves), and products of second order, each a gradient through a gradient. Reports show both
 * beside what sets reach. Optional; a negative number is not stated. */
COP_API void cop_plan_spend(cop_plan *p, double real_images, double second_order);

/* Says of the config what whoever runs it should know before, and what is no reason to refuse it:
 * cop_plan_warn(plan, "lr = %g is meant for whitened data", lr). `check` and `run` show each
 * message once, with the place of the work's group; of a plan that is refused nothing is shown. A
 * message is one line of at most 500 bytes; control characters are made visible. The text is
 * copied. */
COP_API void cop_plan_warn(cop_plan *p, const char *format, ...) COP_PRINTF(2, 3);

/* Whether the config states the option of this work, be it with the value of its default: for what
 * has no say beside another option. False where the host does not know, and for a name that is
 * none. Nothing that a work computes may depend on it: identities hold values alone. */
COP_API bool cop_plan_states(const cop_plan *p, const char *option);

/* The ticket's model; NULL for a distiller, whose model is an option of its own. */
COP_API const cop_model *cop_plan_model(const cop_plan *p);

/* What images and classes there are. */
COP_API const cop_task *cop_plan_task(const cop_plan *p);

/* What the training samples are made of: COP_PIXELS_NORMALISED where they are whitened, which a
 * method of pixels in [0, 1] refuses. [any thread] */
COP_API cop_pixel_space cop_plan_space(const cop_plan *p);

/* How many samples the training split has. */
COP_API int64_t cop_plan_train_count(const cop_plan *p);

/* How many samples the test split has. */
COP_API int64_t cop_plan_test_count(const cop_plan *p);

/* Copies that are trained of each ticket. */
COP_API int64_t cop_plan_copies(const cop_plan *p);

/* Copies of the dense network that one who asks for them gets (cop_plan_need_dense): as many as of
 * the ticket; none where the ticket's mask comes from a file, and its copies or what they start
 * from do, too, without the weights that the mask removes. */
COP_API int64_t cop_plan_dense_copies(const cop_plan *p);

/* Analyzers and pruners: whether the study distils a set (cop_plan_need_synthetic). */
COP_API bool cop_plan_has_set(const cop_plan *p);

/* The training samples of one class, for what can be refused before anything runs; -1 where the
 * host does not know. */
COP_API int64_t cop_plan_class_count(const cop_plan *p, int32_t label);

/* What the data call the class; NULL where they have no names. For what can be refused before
 * anything runs: no result may depend on it. */
COP_API const char *cop_plan_class_name(const cop_plan *p, int32_t label);

/* Refuses, naming it, a class that has fewer than `wanted` training images: COP_INVALID. A class of
 * which the host does not know how many there are is accepted. */
COP_API cop_status cop_plan_need_images(const cop_plan *p, int64_t wanted, cop_error *err);

/* Running: what every work has. */

/* The bag: the work's whole state, which the host owns and checkpoints. It grows in begin alone. */
COP_API cop_tensors *cop_work_bag(cop_work *w);

/* The real training split, until destroy. */
COP_API const cop_samples *cop_work_train_data(const cop_work *w);

/* Analyzers: the test split, until destroy; NULL for distillers and pruners. */
COP_API const cop_samples *cop_work_test_data(const cop_work *w);

/* What images and classes there are. */
COP_API const cop_task *cop_work_task(const cop_work *w);

/* The ticket's model; NULL for a distiller. */
COP_API const cop_model *cop_work_model(const cop_work *w);

/* The stream of this work's own seed for a purpose; index as the work likes (step, probe). */
COP_API cop_stream cop_work_stream(const cop_work *w, const char *purpose, uint64_t index);

/* The work's own seed, for what takes a seed (cop_model_initial_state). */
COP_API uint64_t cop_work_seed(const cop_work *w);

/* How many threads the work computes with. */
COP_API int cop_work_threads(const cop_work *w);

/* Where it says things (log.h). */
COP_API cop_logger *cop_work_logger(const cop_work *w);

/* Records a number worth watching for the step that is running: cop_work_record(work, "matching
 * loss", loss). The last one is shown beside the progress bar; all of them, or evenly some two
 * thousand where there are more, are kept with the result (series.csv, over the step) and drawn by
 * the report. Checkpoints hold them: they need no place in the bag, and nothing reads them back.
 *
 * A second number of the same name in one step takes the place of the first. A value that is not
 * finite is kept as such, and left out of figures. A name has 1 to 40 bytes of UTF-8 without
 * control characters, commas and quotation marks, and no space at either end; a work has at most 16
 * names. What cannot be recorded, as the name is none or no step is running (in begin, in finish),
 * is refused: the host fails the work when the callback returns. [the callback's thread] */
COP_API void cop_work_record(cop_work *w, const char *name, double value);

/* A short text beside the progress bar, for what is no number to keep: "loading". */
COP_API void cop_work_report(cop_work *w, const char *format, ...) COP_PRINTF(2, 3);

/* Inputs. They are loaded when they are asked for, which can fail, and borrowed until the callback
 * returns: ask again in the next one. What was asked for before is often still there. */

/* Pruners and analyzers: the mask so far (F32, 0 or 1, a tensor per prunable parameter; all ones
 * for the dense network). */
COP_API cop_status cop_work_mask(cop_work *w, const cop_tensors **out, cop_error *err);

/* Pruners and analyzers: the state that the ticket trains from, masked. */
COP_API cop_status cop_work_initial(cop_work *w, const cop_tensors **out, cop_error *err);

/* Pruners: the same state before the mask is applied: what a ticket of the whole network would
 * train from. Where that is what a masked training left (rewind = "none"), removed weights are 0 in
 * it, too. */
COP_API cop_status cop_work_start(cop_work *w, const cop_tensors **out, cop_error *err);

/* Pruners: the state after this round's training. COP_FAILED unless it was planned. */
COP_API cop_status cop_work_trained(cop_work *w, const cop_tensors **out, cop_error *err);

/* Pruners: what this round trains on, real or decoded synthetic samples; until destroy. */
COP_API cop_status cop_work_round_data(cop_work *w, const cop_samples **out, cop_error *err);

/* Pruners: this round within its phase, from 0. */
COP_API int64_t cop_work_round(const cop_work *w);

/* Pruners: how many rounds the phase has; 0 unless planned (cop_plan_need_rounds). */
COP_API int64_t cop_work_rounds(const cop_work *w);

/* Analyzers: how many copies of the ticket were trained on real data, which differ in SGD noise
 * alone (where the plan names copies: up to the last of those). */
COP_API size_t cop_work_copy_count(const cop_work *w);

/* Analyzers: the final state of copy i. COP_FAILED for one that the plan did not name. */
COP_API cop_status cop_work_copy(cop_work *w, size_t i, const cop_tensors **out, cop_error *err);

/* Analyzers: how many copies of the dense network there are; none unless planned, and there are
 * some (cop_plan_dense_copies). */
COP_API size_t cop_work_dense_count(const cop_work *w);

/* Analyzers: the final state of copy i of the dense network. */
COP_API cop_status cop_work_dense(cop_work *w, size_t i, const cop_tensors **out, cop_error *err);

/* Analyzers: whether copy i of the ticket and of the dense network are one training, as they are
 * where nothing is pruned yet. */
COP_API bool cop_work_copy_is_dense(const cop_work *w, size_t i);

/* Which one another ticket is; {COP_SIZED(cop_other_ticket)} before it is asked for. */
typedef struct cop_other_ticket {
    uint32_t size;    /* COP_SIZED */
    int32_t phase;    /* that left it, from 0 */
    const char *cell; /* its label; lives as long as the work */
    int64_t seed;     /* the study's seed that it was found under */
    int64_t round;    /* rounds done since the dense network, over all phases */
    bool is_of_line;  /* of this ticket's own cell and seed */
    bool is_of_cell;  /* of this ticket's own cell */
    bool is_of_seed;  /* found under the same seed as this ticket */
    uint8_t reserved[5];
} cop_other_ticket;

/* Analyzers: how many other tickets there are; none unless planned (cop_plan_need_masks). */
COP_API size_t cop_work_other_count(const cop_work *w);

/* Analyzers: which one it is: in the order of the study's cells, seeds and rounds. COP_FAILED where
 * there is no i-th, COP_INVALID where its size is missing. */
COP_API cop_status cop_work_other(const cop_work *w, size_t i, cop_other_ticket *out,
                                  cop_error *err);

/* Analyzers: the mask of other ticket i, as cop_work_mask has the ticket's own; borrowed until that
 * of another one is asked for. */
COP_API cop_status cop_work_other_mask(cop_work *w, size_t i, const cop_tensors **out,
                                       cop_error *err);

/* Analyzers: the decoded synthetic set; *out is NULL where there is none or it was not planned.
 * Until destroy. */
COP_API cop_status cop_work_synthetic(cop_work *w, const cop_samples **out, cop_error *err);

/* The final state (parameters, buffers) of planned training `request`. */
COP_API cop_status cop_work_requested(cop_work *w, size_t request, const cop_tensors **out,
                                      cop_error *err);

/* Its i-th wanted snapshot, which holds what the trainer had then: parameters, buffers,
 * "momentum/NAME" of each parameter, and "step" (trainer.h). */
COP_API cop_status cop_work_snapshot(cop_work *w, size_t request, size_t i, const cop_tensors **out,
                                     cop_error *err);

/* Results: each the host's, to be filled by finish; NULL for works of another kind. */

/* Distillers: the set, for which see synthetic.h. Its task and normalisation are the data's. */
COP_API cop_synthetic *cop_work_set(cop_work *w);

/* Pruners: the next mask, which holds a copy of the mask so far. The host refuses one that is not 0
 * or 1, that brings a removed weight back (unless planned: cop_plan_regrows), or that does not keep
 * as many weights as planned (cop_plan_leave). */
COP_API cop_tensors *cop_work_next_mask(cop_work *w);

/* Analyzers: an empty set of tables (table.h). */
COP_API cop_tables *cop_work_tables(cop_work *w);

/* Analyzers: an empty set of tensors, for results that are too many numbers for a table, such as
 * one for each weight: called like the parameter that they belong to, and shaped like it, any
 * dtype; NaN stands for what is not known. They are published beside the tables where there are
 * any, and `coppice export` writes them to a safetensors file; judge is not shown them. The host
 * refuses a name that is not UTF-8 without control characters, and "__metadata__", which is none in
 * such a file. */
COP_API cop_tensors *cop_work_result_tensors(cop_work *w);

COP_END

#endif
