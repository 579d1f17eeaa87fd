/* subject.h (implemented in distilling.c, objective.c, training.c): what a benchmark times, ready
 * to be run step by step. */
#ifndef COP_BENCH_SUBJECT_H
#define COP_BENCH_SUBJECT_H

#include "config/config.h"
#include "study/data/data.h"

/* What a kind of case can do. `self` is what open made; close takes NULL too. */
typedef struct cop_subject_ops {
    cop_status (*open)(const cop_cell *s, const cop_loaded_data *data, cop_logger *log, void **self,
                       cop_error *err);
    cop_status (*step)(void *self, cop_error *err);
    cop_program *(*program)(void *self); /* what a step runs, after the first; NULL: none known */
    double (*flops)(void *self);         /* of a step, after the first; NAN: not known */
    void (*close)(void *self);
} cop_subject_ops;

extern const cop_subject_ops cop_bench_training;
extern const cop_subject_ops cop_bench_evaluation;
extern const cop_subject_ops cop_bench_product;
extern const cop_subject_ops cop_bench_distilling;

/* A model of the component for the data's task, and its initialisation; both the caller's. */
cop_status cop_subject_model(const cop_cell *s, const cop_loaded_data *data, cop_model **model,
                             cop_tensors **state, cop_error *err);

/* Floating-point operations of a run of the program. */
double cop_subject_program_flops(const cop_program *p);

#endif
