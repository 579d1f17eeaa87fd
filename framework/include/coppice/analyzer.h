/* analyzer.h: the analyzer kind: (ticket, its trained copies, data) → tables. */
#ifndef COPPICE_ANALYZER_H
#define COPPICE_ANALYZER_H

#include <coppice/objective.h>
#include <coppice/table.h>
#include <coppice/work.h>

COP_BEGIN

#define COP_ANALYZER_INTERFACE 1

/* What is analysed. The host owns everything; it lives until finish returns. */
typedef struct cop_analyzer_input {
    const cop_model *model;
    const cop_tensors *initial; /* the state that the copies were trained from (masked) */
    const cop_tensors *mask;    /* F32, 0 or 1; all ones for the dense network */
    const cop_tensors *const
        *copies; /* states trained on real data that differ in SGD noise alone */
    size_t copy_count;
    const cop_tensors *const *dense; /* copies of the dense network; NULL unless planned */
    size_t dense_count;
    const cop_samples *synthetic; /* the decoded set; NULL unless planned and there is one */
} cop_analyzer_input;

/* All required. Called in this order by one thread. */
typedef struct cop_analyzer_ops {
    size_t size; /* sizeof(cop_analyzer_ops) */
    cop_status (*create)(const void *options, const cop_task *task, void **self, cop_error *err);
    void (*destroy)(void *self);
    cop_status (*plan)(void *self, cop_plan *plan, cop_error *err);
    cop_status (*begin)(void *self, const cop_analyzer_input *in, cop_work *work, cop_tensors *bag,
                        cop_error *err);
    cop_status (*step)(void *self, const cop_analyzer_input *in, cop_work *work, cop_tensors *bag,
                       int64_t i, cop_error *err);
    cop_status (*finish)(void *self, const cop_analyzer_input *in, cop_work *work, cop_tensors *bag,
                         cop_tables *out, cop_error *err);
} cop_analyzer_ops;

COP_END

#endif
