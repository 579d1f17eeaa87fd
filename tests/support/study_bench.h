/* study_bench.h: a tiny study in this process, for the tests of laying out, running and resuming. */
#ifndef COP_TEST_STUDY_BENCH_H
#define COP_TEST_STUDY_BENCH_H

#include "store/artifact.h"
#include "support.h"

#include "study/graph/graph.h"

enum { BENCH_PATH = 4096 }; /* room for a path in the directory */

/* A config, its study and a store in a fresh directory. */
typedef struct bench {
    char dir[BENCH_PATH];
    cop_registry *registry;
    cop_config *config;
    cop_study *study;
    cop_store *store;
} bench;

/* Two rounds of pruning on a distilled set, two copies and one analyzer. */
extern const char *const base_config;

/* Every kind of stage with checkpoints of its own: IDC with its networks, trainings that take and
 * go on from a snapshot in the middle of an epoch, and both analyzers. */
extern const char *const resume_config;

/* Reads a config with overrides: everything but the study and the store. */
void bench_load(bench *b, const char *text, const char *const *overrides, size_t count);

/* The study and a fresh store too. */
void bench_open(bench *b, const char *text, const char *const *overrides, size_t count);
void bench_close(bench *b);

/* Runs the whole study. */
void bench_run(bench *b);

/* Runs at most `limit` steps; gives how many were run. */
int64_t run_at_most(const bench *b, int64_t limit, double save_seconds, cop_status wanted);

/* Fails unless every stage of both studies has the same identity and, file for file, the same
 * content. */
void assert_same_results(const bench *a, const bench *b);

/* The ticket of that round in the only setting. */
const cop_ticket *ticket_at(const bench *b, int64_t round);

/* A ticket's mask, and the state that its copies start from; the caller's. */
cop_tensors *mask_of(const bench *b, const cop_ticket *ticket);
cop_tensors *start_of(const bench *b, const cop_ticket *ticket, const cop_tensors *mask);

/* How many stages of that kind there are. */
size_t count_kind(const bench *b, cop_stage_kind kind);

#endif
