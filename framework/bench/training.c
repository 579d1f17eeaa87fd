/* training.c: a step of the training loop: loading, augmentation, gradient, optimiser. */
#include "bench/subject.h"
#include "core/memory.h"

#include "nn/model.h"
#include "train/programs.h"

#include <math.h>
#include <stdlib.h>

typedef struct training {
    cop_model *model;
    cop_tensors *state;
    cop_trainer *trainer;
} training;

cop_status cop_subject_model(const cop_cell *s, const cop_loaded_data *data, cop_model **model,
                             cop_tensors **state, cop_error *err)
{
    COP_TRY(cop_component_model(s->model, &data->info.task, model, err));
    return cop_model_initial_state(*model, 0, state, err);
}

double cop_subject_program_flops(const cop_program *p)
{
    cop_program_cost cost = {COP_SIZED(cop_program_cost)};
    bool known = p != NULL && cop_program_costs(p, &cost, NULL) == COP_OK;
    return known ? (double)cost.flops : NAN;
}

static void close_training(void *self)
{
    training *t = self;
    if (t == NULL)
        return;
    cop_trainer_free(t->trainer);
    cop_tensors_free(t->state);
    cop_model_free(t->model);
    free(t);
}

static cop_status make(training *t, const cop_cell *s, const cop_loaded_data *data, cop_error *err)
{
    cop_recipe recipe = s->train;
    cop_recipe_settle(&recipe, data->info.augment);
    COP_TRY(cop_subject_model(s, data, &t->model, &t->state, err));
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec), .model = t->model,
                                   .data = &data->train, .recipe = &recipe, .threads = s->threads};
    COP_TRY(cop_trainer_new(&spec, &t->trainer, err));
    return cop_trainer_start(t->trainer, t->state, 0, err);
}

static cop_status open_training(const cop_cell *s, const cop_loaded_data *data, cop_logger *log,
                                void **self, cop_error *err)
{
    (void)log;
    /* Steps of another size would come between those that are timed. */
    if (data->train.count % s->train.batch != 0)
        return cop_fail(err, COP_INVALID,
                        "bench: %lld training samples are no whole number of batches of %lld",
                        (long long)data->train.count, (long long)s->train.batch);
    training *t = calloc(1, sizeof *t);
    if (t == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(t, s, data, err);
    if (status != COP_OK)
        close_training(t);
    else
        *self = t;
    return status;
}

static cop_status step(void *self, cop_error *err)
{
    training *t = self;
    return cop_trainer_run(t->trainer, 1, NULL, err);
}

static cop_program *program(void *self)
{
    training *t = self;
    return cop_trainer_program(t->trainer);
}

static double flops(void *self)
{
    return cop_subject_program_flops(program(self));
}

const cop_subject_ops cop_bench_training = {open_training, step, program, flops, close_training};
