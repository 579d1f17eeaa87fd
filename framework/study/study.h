/* study.h (implemented in study.c, outline.c, study/graph/, study/executors/, study/running/): the
 * graph of stages that a config means, and running it.
 *
 *   dataset → distil → [train → mask → rewind]… → train copies → analyze
 *
 * Every stage has an identity made of what can change its result; equal stages of different
 * cells are one stage. */
#ifndef COP_STUDY_STUDY_H
#define COP_STUDY_STUDY_H

#include "config/config.h"
#include "store/artifact.h"
#include "store/formats/stages_json.h"

#include <signal.h>

/* What it consists of. */

typedef enum cop_stage_kind {
    COP_STAGE_DISTIL = 1,
    COP_STAGE_TRAIN = 2,
    COP_STAGE_MASK = 3,
    COP_STAGE_ANALYZE = 4
} cop_stage_kind;

typedef struct cop_study cop_study;

/* Loads the datasets, opens the components, and lays out every stage of every cell and seed. What
 * is read of slow datasets is kept in the store under `dir` (data/data.h), or with !may_write only
 * taken from there; nothing else is made there. dir NULL: it is kept nowhere. */
cop_status cop_study_new(const cop_config *config, const char *dir, bool may_write, cop_logger *log,
                         cop_study **out, cop_error *err);
void cop_study_free(cop_study *s);

/* What the study consists of: its resolved config and the name of every stage, in which the data
 * and the plugins are. The caller's; NULL when memory is out. */
char *cop_study_outline_text(const cop_study *s);

/* outline.c: prints the stages that a run would compute as was chosen, in order, a line each with
 * its name, and how many there are; and how many are not tried, as trainings diverged. */
cop_status cop_study_print_plan(const cop_study *s, const cop_store *store, FILE *out,
                                cop_error *err);

/* What ends a run before it is done; 0: no such limit. */
typedef struct cop_run_limits {
    double seconds; /* that the run may take, from `began` on, by cop_now() */
    double began;
    double bytes; /* that the output directory may hold */
} cop_run_limits;

/* How a study is run. */
typedef struct cop_run_choice {
    size_t jobs; /* worker processes at a time; 0: this process alone */
    /* With workers: the command of one, as execv takes it (argv[0] a path): it calls
     * cop_study_work. Outlives the study. */
    const char *const *worker;
    /* Trainings that diverged in an earlier run are tried again. */
    bool retries_failed;
    /* Bytes that all processes on this machine that compute stages of the output directory may hold
     * together, by what stages like theirs took; 0: not looked at. */
    double memory;
    /* Only workers can be held to them, and to the seconds that a stage may take in one go
     * (cop_cell): it fails then, and the next run goes on from its checkpoint. */
    cop_run_limits limits;
} cop_run_choice;

/* Without this call: in this process, and what diverged is not tried again. */
void cop_study_choose(cop_study *s, const cop_run_choice *choice);

/* Leaves out of runs from here on what none of the cells with these labels needs. COP_INVALID
 * naming a label that no cell has. */
cop_status cop_study_only(cop_study *s, const char *const *labels, size_t count, cop_error *err);

/* Runs what is missing, in order, as was chosen. Processes that run the same study in the same
 * directory divide the stages between them. *stop becoming non-zero (a signal) saves a checkpoint
 * and returns COP_CANCELLED. Afterwards every ticket's artifacts are published and the study's
 * record lists them.
 *
 * A stage that fails by itself (it diverged, its plugin failed) costs what depends on it alone: the
 * rest runs, the record holds the reasons, and the answer is COP_FAILED with cop_study_failed
 * true. Another run tries it again, but not a network that diverged, as it would once more, unless
 * that was chosen. Any other failure (disk, memory) ends the run; a worker that dies costs its
 * stage alone, which the next run tries again. Where a budget is used up, what is under way is
 * saved, and the answer is COP_FAILED with cop_study_failed true as well.
 *
 * While a stage runs its state is saved every 30 seconds, or every COPPICE_SAVE_SECONDS of the
 * environment (0: after every step; COP_INVALID where it is no such number). */
cop_status cop_study_run(cop_study *s, cop_store *store, const volatile sig_atomic_t *stop,
                         cop_logger *log, cop_error *err);

/* What a worker tells of its way. */
typedef struct cop_work_choice {
    FILE *out;           /* "begun NAME" and "ended NAME" of each stage; may be NULL */
    bool tells_progress; /* there as well, and not on the log (study/executors/words.h) */
} cop_work_choice;

/* What a worker does: compares the study with what is written down of it (COP_FAILED naming the
 * first line of a stage that differs, wanted and got), and computes its stages, beside others,
 * until none is left (study/executors/pull.h): in this process, or by workers of its own where
 * cop_study_choose says so. What failed is no failure of the worker's: the store keeps why; nor is
 * a budget that is used up. */
cop_status cop_study_work(cop_study *s, cop_store *store, const cop_stage_records *records,
                          const volatile sig_atomic_t *stop, const cop_work_choice *choice,
                          cop_logger *log, cop_error *err);

/* What a run does when others are to compute: says how much there is to do, forgets failures as was
 * chosen, and writes down the study's graph and its record, from which workers can lay it out.
 * *left is how many stages have no result, and have not failed for good. */
cop_status cop_study_begin(cop_study *s, cop_store *store, cop_logger *log, size_t *left,
                           cop_error *err);

/* What is to be done when others have computed, of the study that `records` describe: judges what
 * there is, and writes the record with it and with what failed, of which the answer is that of
 * cop_study_run. *left is how many stages are neither published nor failed. */
cop_status cop_study_end(cop_study *s, cop_store *store, const cop_stage_records *records,
                         cop_logger *log, size_t *left, cop_error *err);

/* Has `watcher` called after each stage that a run computes, by which time the record has verdicts
 * on what there is: it may make a report of it. */
typedef void (*cop_study_watcher)(void *own);
void cop_study_watch(cop_study *s, cop_study_watcher watcher, void *own);

/* Runs one stage alone: that of the record `recorded` among `records`, which is compared with what
 * this study lays out, line by line: COP_FAILED naming the first that differs, wanted and got. Its
 * inputs must be published; COP_FAILED names one that is not. It goes on from a checkpoint, saves,
 * stops and publishes as in a run. *was_there: it was published already, and nothing was done. */
cop_status cop_study_run_alone(cop_study *s, cop_store *store, const cop_stage_records *records,
                               size_t recorded, const volatile sig_atomic_t *stop, cop_logger *log,
                               bool *was_there, cop_error *err);

/* A ticket, as a study's record names it. */
typedef struct cop_ticket_name {
    size_t cell;                        /* position in the config */
    int64_t seed, round;                /* their values */
    const cop_artifact_id *mask, *copy; /* its mask and its first copy; NULL: it has none */
} cop_ticket_name;

/* The state that the ticket's training starts from: parameters and buffers under its mask; the
 * caller's. What it goes back to must be published. COP_FAILED where this study's ticket is another
 * one than the record's. */
cop_status cop_study_ticket_start(cop_study *s, cop_store *store, const cop_ticket_name *name,
                                  cop_tensors **out, cop_error *err);

/* True when the last run ended with stages that failed by themselves, or as a budget was used up,
 * so that there is something to report. */
bool cop_study_failed(const cop_study *s);

#endif
