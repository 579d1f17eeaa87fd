/* slurm.h (implemented in slurm_script.c, slurm_submit.c, slurm_queue.c): a study that is laid out,
 * computed by jobs of Slurm: an array of workers, which pull its stages (pull.h), and a last job
 * that makes the report once all of them have ended. What is asked of the cluster is a file system
 * that its machines share. */
#ifndef COP_STUDY_EXECUTORS_SLURM_H
#define COP_STUDY_EXECUTORS_SLURM_H

#include "core/arena.h"
#include "store/formats/slurm_note.h"

#include <coppice/log.h>

/* In a study's folder: the scripts, a log per job, and what was submitted. */
#define COP_SLURM_FOLDER "slurm"
#define COP_SLURM_NOTE   COP_SLURM_FOLDER "/jobs"

/* Before its time limit Slurm sends SIGUSR1 to a worker, so many seconds. */
#define COP_SLURM_GRACE 60

/* What is submitted. Paths are absolute: jobs start elsewhere. */
typedef struct cop_slurm_plan {
    const char *program; /* coppice */
    const char *dir;     /* the output directory */
    const char *folder;  /* the study's, in it */
    const char *study;
    size_t workers;
    int threads; /* of a worker */
    bool is_quiet;
    const char *const *only; /* labels of the cells that are computed; none: all are */
    size_t only_count;
    const char *disk_budget, *memory; /* as the command line has them; NULL: none */
    const char *const *options; /* of sbatch, by the user, for all jobs; ours come before them */
    size_t option_count;
} cop_slurm_plan;

/* COP_INVALID for a word that is no option of sbatch, or one that decides what coppice decides. */
cop_status cop_slurm_check_options(const char *const *options, size_t count, cop_error *err);

/* COP_UNAVAILABLE where there is no sbatch. */
cop_status cop_slurm_check_here(cop_error *err);

/* Writes the scripts, submits both jobs and notes that. COP_FAILED with the words of sbatch where
 * it refuses: then no job, script or note is left. */
cop_status cop_slurm_submit(const cop_slurm_plan *plan, cop_slurm_note *out, cop_error *err);

/* The text of a script; NULL without memory. The caller's. */
char *cop_slurm_worker_script(const cop_slurm_plan *plan);
char *cop_slurm_report_script(const cop_slurm_plan *plan);

/* A job that is in Slurm's queue, or a task of one. Texts are the arena's. */
typedef struct cop_slurm_task {
    const char *job;    /* "12_0" */
    const char *state;  /* "running": Slurm's word in small letters */
    const char *nodes;  /* where it runs; "" */
    const char *reason; /* why it does not; "" */
    bool is_report;     /* the last job */
} cop_slurm_task;

typedef struct cop_slurm_queue {
    bool is_noted; /* the study was submitted */
    cop_slurm_note note;
    bool is_told;    /* Slurm was asked, and answered */
    const char *why; /* where it was not: why */
    cop_slurm_task *tasks;
    size_t count;
} cop_slurm_queue;

/* What Slurm says of the jobs that were submitted for the study in that folder. That Slurm is not
 * here, or does not answer, is no failure. */
cop_status cop_slurm_look(const char *folder, cop_arena *arena, cop_slurm_queue *out,
                          cop_error *err);

/* Has the job that this process is in, or the task of an array, put back into the queue, from
 * where it starts again. COP_FAILED where this is no job, or Slurm refuses. */
cop_status cop_slurm_requeue(cop_error *err);

#endif
