/* work.h: what is behind the public `cop_work`: the host's services to a running work. */
#ifndef COP_STUDY_RUNNING_WORK_H
#define COP_STUDY_RUNNING_WORK_H

#include <coppice/work.h>

/* What became of a planned training. Everything is the host's. */
typedef struct cop_work_training {
    const cop_tensors *final;            /* parameters and buffers at the end */
    const cop_tensors *const *snapshots; /* in the order in which they were wanted */
    size_t snapshot_count;
} cop_work_training;

/* Filled by the host before `begin`; nothing in it is owned. */
struct cop_work {
    const cop_samples *train;
    const cop_samples *test; /* NULL for distillers and pruners */
    uint64_t seed;           /* the work's own */
    int threads;
    cop_logger *log;                    /* NULL is silent */
    const char *title;                  /* of the progress line: "lmc (round 3)" */
    const cop_work_training *trainings; /* by request */
    size_t training_count;

    char note[128]; /* the work's last report; starts empty */
};

#endif
