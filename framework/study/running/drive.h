/* drive.h (implemented in drive.c, result_check.c): running a planned work: begin, every step,
 * finish; with checkpoints, cancelling and progress between steps, and a check of what comes out.
 *
 * Planning comes first (study/graph/plan.h: cop_plan_make), then the host runs the trainings
 * that the plan asks for, fills a cop_work (study/running/work.h), and calls one of these. */
#ifndef COP_STUDY_RUNNING_DRIVE_H
#define COP_STUDY_RUNNING_DRIVE_H

#include "store/artifact.h"
#include "study/graph/plan.h"
#include "study/running/work.h"

#include <coppice/analyzer.h>
#include <coppice/distiller.h>
#include <coppice/pruner.h>

#include <signal.h>

/* How a work is run. What it points at is the caller's. */
typedef struct cop_drive {
    const char *what; /* the component in messages: "pruner 'imp'" */
    void *self;       /* the instance (plugin/component.h) */
    cop_work *work;
    int64_t steps;            /* as planned */
    cop_mask_promise promise; /* pruners: what the plan says of the mask */

    /* Where a checkpoint stands; NULL, or without a bag, to start anew. One that does not fit the
     * bag that `begin` declares is left aside with a warning. */
    const cop_saved *resume;

    /* Called with the bag, what was recorded and the next step to run, every `save_seconds` (0:
     * after each step) and when stopped; the seconds are not filled in. NULL: no checkpoints. Its
     * failure ends the work. */
    cop_status (*save)(void *context, const cop_saved *state, cop_error *err);
    void *context;
    double save_seconds;
    bool saves_end; /* also before finish, when all steps are done */

    /* What was recorded is put here when the work is done, the caller's to clear. NULL: dropped. */
    cop_recorder *recorded;

    /* An analyzer's tensors are put here, the caller's to free; NULL where it made none. NULL:
     * dropped. */
    cop_tensors **result_tensors;

    /* Set where the work itself failed: a callback, or what it made. NULL: nobody asks. */
    bool *own_failure;

    /* Non-zero: stop before the next step, save, and return COP_CANCELLED. NULL: never. */
    const volatile sig_atomic_t *stop;

    /* Steps that may still run, counted down; at 0 as if *stop were raised. NULL: no bound. */
    int64_t *steps_left;
} cop_drive;

/* Each runs the work to its end and checks the result; a failure names the component, the phase or
 * step, and what the callback said. A result that breaks the contract is COP_FAILED. */

/* *out is zeroed first, then has the data's task and normalisation, and is filled on success; free
 * it with cop_synthetic_clear. */
cop_status cop_drive_distiller(const cop_drive *d, const cop_work_ops *ops, cop_synthetic *out,
                               cop_error *err);

/* *mask becomes a new set, owned by the caller; `before` is the mask so far. A layer that loses its
 * last weight is a warning. */
cop_status cop_drive_pruner(const cop_drive *d, const cop_work_ops *ops, const cop_tensors *before,
                            cop_tensors **mask, cop_error *err);

/* *tables becomes a new set, owned by the caller. */
cop_status cop_drive_analyzer(const cop_drive *d, const cop_work_ops *ops, cop_tables **tables,
                              cop_error *err);

/* How many tensors of a mask keep no weight. */
size_t cop_mask_collapsed(const cop_tensors *mask);

/* True when the next step is not to be run; else counts it. Either pointer may be NULL. */
bool cop_run_stops(const volatile sig_atomic_t *stop, int64_t *steps_left);

/* The checks alone. `what` as above. */
cop_status cop_check_synthetic(const char *what, const cop_synthetic *s, const cop_task *task,
                               cop_error *err);
cop_status cop_check_result_tensors(const char *what, const cop_tensors *tensors, cop_error *err);
cop_status cop_check_mask(const char *what, const cop_tensors *mask, const cop_tensors *before,
                          const cop_mask_promise *promise, cop_error *err);

#endif
