/* work.h: what is behind the public `cop_work`: the host's services to a running work. */
#ifndef COP_STUDY_RUNNING_WORK_H
#define COP_STUDY_RUNNING_WORK_H

#include "core/memory_source.h"
#include "nn/synthetic.h"
#include "study/running/recorder.h"

#include <coppice/plugin.h>
#include <coppice/work.h>

/* What a work can borrow. */
typedef enum cop_work_input {
    COP_INPUT_MASK = 1,
    COP_INPUT_INITIAL,   /* the state that the ticket trains from */
    COP_INPUT_START,     /* a pruner's: the same, not masked */
    COP_INPUT_TRAINED,   /* a pruner's: after this round's training */
    COP_INPUT_COPY,      /* an analyzer's: `index` of the ticket */
    COP_INPUT_DENSE,     /* `index` of the dense network */
    COP_INPUT_REQUESTED, /* the end of planned training `request` */
    COP_INPUT_SNAPSHOT,  /* its snapshot `index` */
    COP_INPUT_OTHER      /* an analyzer's: the mask of other ticket `index` */
} cop_work_input;

/* Where inputs come from. */
typedef struct cop_work_source {
    void *context;

    /* The tensors, which stay the source's: at least until `release`. */
    cop_status (*tensors)(void *context, cop_work_input input, size_t request, size_t index,
                          const cop_tensors **out, cop_error *err);

    /* The decoded synthetic set, the source's, until the work is over; *out is NULL without one. */
    cop_status (*synthetic)(void *context, const cop_samples **out, cop_error *err);

    /* A callback ("step") has returned: what it borrowed may go. */
    void (*release)(void *context, const char *callback);
} cop_work_source;

/* Filled by the host before `begin`; nothing in it is owned but `scores` and the recorder's. */
struct cop_work {
    cop_kind kind;
    const cop_task *task;
    const cop_model *model; /* the ticket's; NULL for a distiller */
    const cop_samples *train;
    const cop_samples *test; /* NULL for distillers and pruners */
    uint64_t seed;           /* the work's own */
    int threads;
    cop_logger *log;                 /* NULL is silent */
    const char *title;               /* of the progress line: "lmc (round 3)" */
    const cop_memory_source *memory; /* of all that the work writes to; NULL: the heap */

    cop_work_source source;            /* without functions: there are no inputs */
    bool has_trained, is_on_distilled; /* pruners: planned; the round's data */
    int64_t round, rounds;
    size_t copy_count, dense_count; /* analyzers */
    const bool *copy_is_dense;      /* by copy; NULL: none is */
    const cop_other_ticket *others; /* analyzers */
    size_t other_count;
    bool wants_synthetic; /* analyzers: planned */
    size_t request_count;
    const size_t *snapshot_counts; /* by request */

    /* While it is driven. */
    cop_status input_status; /* why the last input that failed could not be had; COP_OK: none did */
    cop_tensors *bag;
    cop_tensors *scores; /* pruners: made by cop_work_scores; owned */
    cop_synthetic *set;
    cop_tensors *next_mask;
    cop_tables *tables;
    cop_tensors *result_tensors; /* analyzers */
    char note[128];              /* the work's last report; starts empty */
    bool in_step;                /* of that number: */
    int64_t step;
    cop_recorder recorder;  /* what it recorded; owned by whoever drives it */
    cop_error not_recorded; /* with the first number that could not be: why */
};

/* Step i begins: until the release, numbers are recorded for it. */
void cop_work_enter_step(cop_work *w, int64_t i);

/* The report and the last numbers that were recorded, as far as there is room. Returns `text`. */
const char *cop_work_progress(const cop_work *w, char *text, size_t size);

/* The callback at hand ("step") has returned. */
void cop_work_release(cop_work *w, const char *callback);

#endif
