/* runner.h (implemented in study/running/, study/executors/run.c): running one stage. One
 * function per kind of stage, each of which resumes from the stage's checkpoint where there is one,
 * saves one now and then and when told to stop, and publishes the artifact. */
#ifndef COP_STUDY_RUNNING_RUNNER_H
#define COP_STUDY_RUNNING_RUNNER_H

#include "store/artifact.h"
#include "study/graph/graph.h"
#include "study/running/work.h"

typedef struct cop_runner {
    cop_study *study;
    cop_store *store;
    const volatile sig_atomic_t *stop; /* may be NULL */
    cop_logger *log;
    double memory;       /* bytes that the processes on this machine that compute stages of the
                            output directory may hold together; 0: not looked at */
    double save_seconds; /* between checkpoints; 0: after every step */
    bool own_failure;    /* set where a stage fails by itself (it diverged, its plugin failed): what
                            does not depend on it can still run. Else the run itself cannot go on:
                            disk, memory, an interrupt */
    int64_t *steps_left; /* of trainings and works, counted down; at 0 as if *stop were raised, so
                            that a test can stop wherever it wants; NULL: no bound */
    int32_t damaged;     /* the stage whose artifact a COP_DAMAGED is about; COP_NO_STAGE: none */
    const cop_stage *failed; /* with own_failure: which stage it was */
} cop_runner;

/* Runs what is missing, as cop_study_run says. Failed stages keep their reason in `failure`. */
cop_status cop_run_stages(cop_runner *r, cop_error *err);

/* one.c: runs the stage, whose inputs are there, with the threads that its identity names, by the
 * function of its kind below. */
cop_status cop_run_stage_now(cop_runner *r, const cop_stage *stage, cop_error *err);

/* one.c: how often to save (COPPICE_SAVE_SECONDS); COP_INVALID where that is no number. */
cop_status cop_save_seconds(double *seconds, cop_error *err);

cop_status cop_run_training(cop_runner *r, const cop_stage *stage, cop_error *err);
cop_status cop_run_given(cop_runner *r, const cop_stage *stage, cop_error *err);
cop_status cop_run_distiller(cop_runner *r, const cop_stage *stage, cop_error *err);
cop_status cop_run_pruner(cop_runner *r, const cop_stage *stage, cop_error *err);
cop_status cop_run_analyzer(cop_runner *r, const cop_stage *stage, cop_error *err);

/* done.c: what is there, and computing anew what only seemed to be. */

/* As cop_stage_done; but what stands in the artifact's place and is not it is set aside, with a
 * warning that says why, and *done is then false. That takes the stage's lease for a moment: where
 * another process has it, *done is false and nothing is set aside. */
cop_status cop_stage_ready(cop_runner *r, const cop_stage *stage, bool *done, cop_error *err);

/* The same by a process that has the lease. */
cop_status cop_stage_ready_leased(cop_runner *r, const cop_stage *stage, bool *done,
                                  cop_error *err);

/* Runs a stage, whose lease this process has, by `run`. Where it finds an earlier one's artifact
 * damaged, that one is set aside with a warning and run again first, with its own lease, unless
 * another process has made it anew by then; once: what cannot be read back when it was just made is
 * COP_FAILED. `err` is not NULL. */
typedef cop_status (*cop_run_stage)(cop_runner *r, const cop_stage *stage, cop_error *err);
cop_status cop_run_whole(cop_runner *r, const cop_stage *stage, cop_run_stage run, cop_error *err);

/* loading.c: what stages read from earlier ones; results are the caller's. COP_DAMAGED, and which
 * stage it is in r->damaged, where what was published is not what is there. */

/* The state that a training from `start` begins with (parameters, buffers; of a snapshot also
 * momentum and step), masked. */
cop_status cop_load_start(cop_runner *r, const cop_start_point *start, const cop_model *model,
                          const cop_tensors *mask, cop_tensors **state, cop_error *err);

/* A mask stage's mask, or one of ones for COP_NO_STAGE. */
cop_status cop_load_mask(cop_runner *r, const cop_opened *o, int32_t mask, cop_tensors **out,
                         cop_error *err);

/* The final state of a training, or its snapshot. */
cop_status cop_load_final(cop_runner *r, int32_t training, cop_tensors **out, cop_error *err);
cop_status cop_load_snapshot(cop_runner *r, int32_t training, cop_duration at, cop_tensors **out,
                             cop_error *err);

/* A distil stage's set. Clear with cop_synthetic_clear. */
cop_status cop_load_synthetic(cop_runner *r, int32_t distil, cop_synthetic *out, cop_error *err);

/* File name of a training's snapshot: "snapshot-500it.safetensors". Returns `text`. */
const char *cop_snapshot_file(cop_duration at, char *text, size_t size);

#endif
