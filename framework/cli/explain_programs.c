/* explain_programs.c: which programs a config stands for, and making each as a run makes it.
 *
 * The images are random: what a program does and how long it takes does not depend on them, and so
 * a dataset has to be there, but need not be read. */
#include "cli/explain.h"
#include "core/memory.h"

#include "exec/inspect/profile.h"
#include "nn/model.h"
#include "study/data/data.h"
#include "train/programs.h"

#include <coppice/random.h>

#include <stdlib.h>
#include <string.h>

struct cop_explain_subject {
    const cop_cell *cell;
    cop_dataset_info info;
    cop_model *model;
    cop_tensors *state; /* the model's initial one; also serves as a tangent */
};

/* A program and what it lives in. */
typedef struct made {
    cop_samples samples; /* one batch */
    float *pixels;
    int32_t *labels;
    cop_trainer *trainer;
    cop_objective *objective;
    cop_program *program; /* of one of them */
} made;

static cop_status open_subject(cop_explain_subject *s, cop_error *err)
{
    if (s->cell->precision == COP_PRECISION_BF16)
        return cop_fail(err, COP_UNAVAILABLE, "precision \"bf16\" is not part of this build");
    COP_TRY(cop_data_describe(s->cell->dataset, &s->info, err));
    COP_TRY(cop_component_model(s->cell->model, &s->info.task, &s->model, err));
    return cop_model_initial_state(s->model, 0, &s->state, err);
}

cop_status cop_explain_open(const cop_cell *cell, cop_explain_subject **out, cop_error *err)
{
    cop_explain_subject *s = calloc(1, sizeof *s);
    if (s == NULL)
        return cop_out_of_memory(err);
    s->cell = cell;
    cop_status status = open_subject(s, err);
    if (status != COP_OK)
        cop_explain_close(s);
    else
        *out = s;
    return status;
}

void cop_explain_close(cop_explain_subject *s)
{
    if (s == NULL)
        return;
    cop_tensors_free(s->state);
    cop_model_free(s->model);
    free(s);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One batch of uniform pixels; every class in turn. */
static cop_status draw_samples(const cop_explain_subject *s, int64_t count, made *m, cop_error *err)
{
    const cop_task *t = &s->info.task;
    size_t values = (size_t)count * (size_t)t->channels * (size_t)t->height * (size_t)t->width;
    m->pixels = calloc(values, sizeof *m->pixels);
    m->labels = calloc((size_t)count, sizeof *m->labels);
    if (m->pixels == NULL || m->labels == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a batch of %lld images",
                        (long long)count);
    cop_stream stream = cop_stream_make(0, "explain", 0);
    for (size_t i = 0; i < values; i++)
        m->pixels[i] = cop_stream_uniform(&stream);
    for (int64_t i = 0; i < count; i++)
        m->labels[i] = (int32_t)(i % t->classes);
    m->samples = (cop_samples){.task = *t,
                               .normalization = s->info.normalization,
                               .count = count,
                               .pixels = m->pixels,
                               .labels = m->labels};
    return COP_OK;
}

static cop_status make_training(cop_explain_subject *s, made *m, cop_error *err)
{
    cop_recipe recipe = s->cell->train;
    cop_recipe_settle(&recipe, s->info.augment);
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec), .model = s->model,
                                   .data = &m->samples, .recipe = &recipe,
                                   .threads = s->cell->threads};
    COP_TRY(cop_trainer_new(&spec, &m->trainer, err));
    m->program = cop_trainer_program(m->trainer);
    return COP_OK;
}

static cop_status run_training(cop_explain_subject *s, made *m, cop_error *err)
{
    COP_TRY(cop_trainer_start(m->trainer, s->state, 0, err));
    return cop_trainer_run(m->trainer, 1, NULL, err);
}

static cop_status make_objective(cop_explain_subject *s, made *m, cop_error *err)
{
    const cop_objective_spec spec = {COP_SIZED(cop_objective_spec), .model = s->model,
                                     .data = &m->samples,           .batch = m->samples.count,
                                     .mode = COP_MODE_EVAL,         .threads = s->cell->threads};
    return cop_objective_new(&spec, &m->objective, err);
}

static cop_status make_evaluation(cop_explain_subject *s, made *m, cop_error *err)
{
    COP_TRY(make_objective(s, m, err));
    return cop_objective_evaluation_program(m->objective, &m->program, err);
}

static cop_status run_evaluation(cop_explain_subject *s, made *m, cop_error *err)
{
    cop_evaluation evaluation = {COP_SIZED(cop_evaluation)};
    return cop_objective_evaluate(m->objective, s->state, &evaluation, err);
}

static cop_status make_product(cop_explain_subject *s, made *m, cop_error *err)
{
    COP_TRY(make_objective(s, m, err));
    return cop_objective_product_program(m->objective, &m->program, err);
}

static cop_status run_product(cop_explain_subject *s, made *m, cop_error *err)
{
    cop_tensors *product = cop_tensors_new(); /* empty: nothing is to be kept */
    if (product == NULL)
        return cop_out_of_memory(err);
    cop_status status =
        cop_objective_hessian_product(m->objective, s->state, s->state, product, err);
    cop_tensors_free(product);
    return status;
}

static int64_t training_batch(const cop_explain_subject *s)
{
    return least(s->cell->train.batch, s->info.count[COP_SPLIT_TRAIN]);
}

static int64_t evaluation_batch(const cop_explain_subject *s)
{
    enum { OBJECTIVE_DEFAULT = 256 };
    return least(OBJECTIVE_DEFAULT, s->info.count[COP_SPLIT_TEST]);
}

/* `run` binds everything and runs once; after it the program may be run by itself. */
typedef struct kind {
    const char *name, *title;
    int64_t (*batch)(const cop_explain_subject *s);
    cop_status (*make)(cop_explain_subject *s, made *m, cop_error *err);
    cop_status (*run)(cop_explain_subject *s, made *m, cop_error *err);
} kind;

static const kind kinds[] = {
    {"train", "training step", training_batch, make_training, run_training},
    {"eval", "evaluation", evaluation_batch, make_evaluation, run_evaluation},
    {"hessian", "Hessian product", training_batch, make_product, run_product}};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

const char *cop_explain_program(size_t i)
{
    return i < KIND_COUNT ? kinds[i].name : NULL;
}

/* The first run warms caches and writes every page of the arena; it is not measured. */
static cop_status measure(cop_explain_subject *s, const kind *k, made *m, int64_t runs,
                          cop_error *err)
{
    COP_TRY(k->run(s, m, err));
    COP_TRY(cop_program_profile(m->program, err));
    for (int64_t i = 0; i < runs; i++)
        COP_TRY(cop_program_run(m->program, err));
    return COP_OK;
}

static cop_status describe(cop_explain_subject *s, const kind *k, int64_t runs, char *title,
                           made *m, cop_description *out, cop_error *err)
{
    COP_TRY(draw_samples(s, k->batch(s), m, err));
    COP_TRY(k->make(s, m, err));
    if (runs > 0)
        COP_TRY(measure(s, k, m, runs, err));
    (void)snprintf(title, COP_EXPLAIN_TITLE, "%s of %s, batch %lld", k->title,
                   cop_component_entry(s->cell->model)->plugin->id, (long long)m->samples.count);
    return cop_describe(m->program, out, err);
}

cop_status cop_explain_describe(cop_explain_subject *s, const char *program, int64_t runs,
                                char *title, cop_description *out, cop_error *err)
{
    size_t k = 0;
    *out = (cop_description){0};
    while (k < KIND_COUNT && strcmp(kinds[k].name, program) != 0)
        k++;
    if (k == KIND_COUNT)
        return cop_fail(err, COP_INVALID, "there is no program '%s'", program);
    made m = {0};
    cop_status status = describe(s, &kinds[k], runs, title, &m, out, err);
    cop_trainer_free(m.trainer);
    cop_objective_free(m.objective);
    free(m.pixels);
    free(m.labels);
    return status;
}
