/* opened.c: the live components of a cell. */
#include "core/memory.h"
#include "study/graph/graph.h"

#include <stdlib.h>
#include <string.h>

/* Stages of all cells share their programs. */
static void share_programs(const cop_study *s, const cop_opened *o)
{
    const cop_instance *owner = NULL;
    cop_model_use_cache(o->model, s->programs);
    for (size_t i = 0; (owner = cop_owner_at(o, i)) != NULL; i++)
        cop_instance_use_cache(owner, s->programs);
}

static bool is_same_model(const cop_shared_model *m, const cop_component *c, const cop_task *task)
{
    return cop_component_entry(m->component) == cop_component_entry(c) &&
           strcmp(cop_component_effective(m->component), cop_component_effective(c)) == 0 &&
           m->task.channels == task->channels && m->task.height == task->height &&
           m->task.width == task->width && m->task.classes == task->classes;
}

/* Makes a model, or finds that of an earlier cell: most sweeps change something else. */
static cop_status share_model(cop_study *s, const cop_component *c, const cop_task *task,
                              cop_model **out, cop_error *err)
{
    for (size_t i = s->model_count; i-- > 0;) { /* that of the last cell first */
        if (is_same_model(&s->models[i], c, task)) {
            *out = s->models[i].model;
            return COP_OK;
        }
    }
    cop_shared_model *grown =
        cop_grow(s->models, &s->model_capacity, s->model_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    s->models = grown;
    COP_TRY(cop_component_model(c, task, out, err));
    s->models[s->model_count++] = (cop_shared_model){c, *task, *out};
    return COP_OK;
}

void cop_free_models(cop_study *s)
{
    for (size_t i = 0; i < s->model_count; i++)
        cop_model_free(s->models[i].model);
    free(s->models);
}

static cop_status load(const cop_study *s, const cop_cell *cell, const cop_component *component,
                       cop_loaded_data **out, cop_error *err)
{
    if (s->home == NULL)
        return cop_loaded_data_open(component, NULL, s->log, out, err);
    cop_data_home home = *s->home;
    home.most = cell->data_memory;
    return cop_loaded_data_open(component, &home, s->log, out, err);
}

/* Loads a dataset, or finds it loaded. */
static cop_status share_data(cop_study *s, const cop_cell *cell, const cop_component *component,
                             const cop_loaded_data **out, cop_error *err)
{
    for (size_t i = 0; i < s->data_count; i++) {
        const char *effective = cop_component_effective(s->data[i]->component);
        if (cop_component_entry(s->data[i]->component) == cop_component_entry(component) &&
            strcmp(effective, cop_component_effective(component)) == 0) {
            *out = s->data[i];
            return COP_OK;
        }
    }
    cop_loaded_data **grown = realloc(s->data, (s->data_count + 1) * sizeof(cop_loaded_data *));
    if (grown == NULL)
        return cop_out_of_memory(err);
    s->data = grown;
    COP_TRY(load(s, cell, component, &s->data[s->data_count], err));
    *out = s->data[s->data_count++];
    return COP_OK;
}

/* `data` are those that its trainings on real data are on. */
static cop_status open_instance(const cop_component *c, const cop_loaded_data *data,
                                cop_instance *out, cop_error *err)
{
    return cop_instance_open_for(c, &data->info.task, data->info.augment, out, err);
}

static cop_status open_all(cop_study *s, const cop_cell *cell, cop_opened *o, cop_error *err)
{
    const cop_task *task = &o->data->info.task;
    COP_TRY(share_model(s, cell->model, task, &o->model, err));
    if (cell->distill != NULL)
        COP_TRY(open_instance(cell->distill, o->data, &o->distiller, err));
    o->pruners = calloc(cell->phase_count + 1, sizeof *o->pruners);
    o->analyzers = calloc(cell->analyzer_count + 1, sizeof *o->analyzers);
    if (o->pruners == NULL || o->analyzers == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < cell->phase_count; i++)
        COP_TRY(open_instance(cell->phases[i].pruner, o->phase_data[i], &o->pruners[i], err));
    for (size_t i = 0; i < cell->analyzer_count; i++)
        COP_TRY(open_instance(cell->analyzers[i], o->copies_data, &o->analyzers[i], err));
    return COP_OK;
}

/* Data in place of the study's are of the same task: the networks are made for that. */
static cop_status check_task(const cop_opened *o, const cop_loaded_data *d, cop_error *err)
{
    const cop_task *wanted = &o->data->info.task, *got = &d->info.task;
    if (wanted->channels == got->channels && wanted->height == got->height &&
        wanted->width == got->width && wanted->classes == got->classes)
        return COP_OK;
    const char *file = NULL;
    int line = 0;
    cop_component_place(d->component, &file, &line);
    return cop_fail_at(
        err, COP_INVALID, file != NULL ? file : "", line,
        "dataset \"%s\" has images of %d x %d x %d in %d classes; wanted %d x %d x %d "
        "in %d, as the study's dataset has",
        cop_component_entry(d->component)->plugin->id, got->channels, got->height, got->width,
        got->classes, wanted->channels, wanted->height, wanted->width, wanted->classes);
}

/* The data of a group that may name its own; `else_` where it does not. */
static cop_status open_data(cop_study *s, const cop_opened *o, const cop_component *own,
                            const cop_loaded_data *else_, const cop_loaded_data **out,
                            cop_error *err)
{
    *out = else_;
    if (own == NULL)
        return COP_OK;
    COP_TRY(share_data(s, o->cell, own, out, err));
    return check_task(o, *out, err);
}

static cop_status open_all_data(cop_study *s, const cop_cell *cell, cop_opened *o, cop_error *err)
{
    o->phase_data = calloc(cell->phase_count + 1, sizeof *o->phase_data);
    o->analyzer_data = calloc(cell->analyzer_count + 1, sizeof *o->analyzer_data);
    if (o->phase_data == NULL || o->analyzer_data == NULL)
        return cop_out_of_memory(err);
    COP_TRY(share_data(s, cell, cell->dataset, &o->data, err));
    COP_TRY(open_data(s, o, cell->train_dataset, o->data, &o->copies_data, err));
    for (size_t i = 0; i < cell->phase_count; i++)
        COP_TRY(open_data(s, o, cell->phases[i].dataset, o->data, &o->phase_data[i], err));
    for (size_t i = 0; i < cell->analyzer_count; i++)
        COP_TRY(
            open_data(s, o, cell->analyzer_datasets[i], o->copies_data, &o->analyzer_data[i], err));
    return COP_OK;
}

cop_status cop_open_cell(cop_study *s, const cop_cell *cell, cop_opened *out, cop_error *err)
{
    memset(out, 0, sizeof *out);
    out->cell = cell;
    if (cell->precision == COP_PRECISION_BF16)
        return cop_fail(err, COP_UNAVAILABLE, "precision \"bf16\" is not part of this build");
    COP_TRY(open_all_data(s, cell, out, err));
    COP_TRY(open_all(s, cell, out, err));
    share_programs(s, out);
    return COP_OK;
}

static void close_instance(cop_instance *instance)
{
    if (instance->component != NULL)
        cop_instance_close(instance);
}

void cop_close_cell(cop_opened *o)
{
    if (o->cell == NULL)
        return;
    for (size_t i = 0; o->pruners != NULL && i < o->cell->phase_count; i++)
        close_instance(&o->pruners[i]);
    for (size_t i = 0; o->analyzers != NULL && i < o->cell->analyzer_count; i++)
        close_instance(&o->analyzers[i]);
    free(o->pruners);
    free(o->analyzers);
    free(o->phase_data);
    free(o->analyzer_data);
    close_instance(&o->distiller);
    memset(o, 0, sizeof *o);
}
