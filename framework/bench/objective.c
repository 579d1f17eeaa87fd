/* objective.c: an evaluation, and a Hessian-vector product, of one batch of training samples. */
#include "bench/subject.h"
#include "core/memory.h"

#include "nn/model.h"
#include "train/programs.h"

#include <coppice/random.h>

#include <stdlib.h>

typedef struct subject {
    cop_model *model;
    cop_tensors *state;
    cop_tensors *v, *product; /* of a product; else NULL */
    cop_objective *objective;
} subject;

static void close_subject(void *self)
{
    subject *s = self;
    if (s == NULL)
        return;
    cop_objective_free(s->objective);
    cop_tensors_free(s->product);
    cop_tensors_free(s->v);
    cop_tensors_free(s->state);
    cop_model_free(s->model);
    free(s);
}

static cop_status make(subject *s, const cop_cell *cell, const cop_loaded_data *data, cop_mode mode,
                       cop_error *err)
{
    int64_t batch = cell->bench.batch;
    if (data->train.count < batch)
        return cop_fail(err, COP_INVALID, "bench: a batch of %lld wants more than %lld samples",
                        (long long)batch, (long long)data->train.count);
    COP_TRY(cop_subject_model(cell, data, &s->model, &s->state, err));
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec),
                                     .model = s->model,
                                     .data = &data->train,
                                     .count = batch,
                                     .batch = batch,
                                     .mode = mode,
                                     .threads = cell->threads};
    return cop_objective_new(&spec, &s->objective, err);
}

/* A direction for every parameter, and room for the product. */
static cop_status add_direction(subject *s, cop_error *err)
{
    cop_stream stream = cop_stream_make(0, "bench direction", 0);
    s->v = cop_tensors_new();
    s->product = cop_tensors_new();
    if (s->v == NULL || s->product == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cop_model_parameter_count(s->model); i++) {
        const cop_parameter *p = cop_model_parameter(s->model, i);
        cop_tensor *v = NULL;
        COP_TRY(cop_tensors_add(s->v, p->name, COP_F32, p->shape, &v, err));
        COP_TRY(cop_tensors_add(s->product, p->name, COP_F32, p->shape, NULL, err));
        for (int64_t k = 0; k < cop_shape_count(p->shape); k++)
            cop_f32(v)[k] = cop_stream_normal(&stream);
    }
    return COP_OK;
}

static cop_status open_subject(const cop_cell *cell, const cop_loaded_data *data, cop_logger *log,
                               void **self, cop_error *err)
{
    (void)log;
    bool is_product = cell->bench.kind == COP_BENCH_HESSIAN;
    subject *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(s, cell, data, is_product ? cell->bench.mode : COP_MODE_EVAL, err);
    if (status == COP_OK && is_product)
        status = add_direction(s, err);
    if (status != COP_OK)
        close_subject(s);
    else
        *self = s;
    return status;
}

static cop_status evaluate(void *self, cop_error *err)
{
    subject *s = self;
    cop_evaluation unused = {COP_SIZED(cop_evaluation)};
    return cop_objective_evaluate(s->objective, s->state, &unused, err);
}

static cop_status multiply(void *self, cop_error *err)
{
    subject *s = self;
    return cop_objective_hessian_product(s->objective, s->state, s->v, s->product, err);
}

static cop_program *program(void *self)
{
    subject *s = self;
    return cop_objective_program(s->objective);
}

static double flops(void *self)
{
    return cop_subject_program_flops(program(self));
}

const cop_subject_ops cop_bench_evaluation = {open_subject, evaluate, program, flops,
                                              close_subject};
const cop_subject_ops cop_bench_product = {open_subject, multiply, program, flops, close_subject};
