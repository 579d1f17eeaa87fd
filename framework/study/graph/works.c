/* works.c: what components plan (a distillation, a mask, an analysis) as stages of a line, with the
 * trainings that a plan asks for. */
#include "study/graph/line.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether there is a dense network: none is known of copies that were trained under a mask
 * elsewhere, nor of a start whose file lacks the weights that the mask removes. */
static bool has_dense(const cop_line *l)
{
    return l->mask == COP_NO_STAGE || (!l->start_fits && l->o->cell->given.copies.count == 0);
}

struct cop_plan cop_line_new_plan(const cop_line *l, cop_kind kind, const cop_loaded_data *data)
{
    return (struct cop_plan){.kind = kind,
                             .model = kind == COP_KIND_DISTILLER ? NULL : l->o->model,
                             .task = data->info.task,
                             .space = cop_samples_space(&data->train),
                             .train_count = data->train.count,
                             .test_count = data->test.count,
                             .class_counts = data->class_counts,
                             .class_names = data->info.class_names,
                             .copies = l->o->cell->copies,
                             .lacks_dense = !has_dense(l),
                             .has_distilled = l->o->cell->distill != NULL,
                             .weights_left = -1};
}

static void describe(const cop_instance *instance, char *text, size_t size)
{
    const cop_plugin *plugin = cop_component_entry(instance->component)->plugin;
    (void)snprintf(text, size, "%s '%s'", cop_kind_name((cop_kind)plugin->kind), plugin->id);
}

/* Whatever a work does with an option that names augmentations, it does to images of the task. */
static cop_status check_augments(const cop_instance *instance, const cop_task *task, cop_error *err)
{
    const cop_plugin *plugin = cop_component_entry(instance->component)->plugin;
    for (size_t i = 0; i < plugin->option_count; i++) {
        const cop_option *row = &plugin->options[i];
        uint32_t flags = 0;
        if (row->type != COP_OPTION_AUGMENT)
            continue;
        memcpy(&flags, (const char *)instance->options + row->offset, sizeof flags);
        COP_TRY(cop_check_augment(task, "option", row->name, flags, err));
    }
    return COP_OK;
}

cop_status cop_line_make_plan(cop_line *l, const cop_instance *instance, struct cop_plan *out,
                              cop_error *err)
{
    char what[64];
    describe(instance, what, sizeof what);
    out->component = instance->component;
    cop_status status = check_augments(instance, &out->task, err);
    if (status != COP_OK)
        (void)cop_fail_within(err, "%s", what);
    else
        status = cop_plan_make(what, instance->ops, instance->options, out, err);
    if (status == COP_OK && out->warnings != NULL)
        cop_study_warn(l->s, instance->component, what, out->warnings);
    return cop_place_at_component(instance->component, status, err);
}

/* Analyzers look at trainings beside the copies, and number their noise as copies are numbered. */
static cop_noise noise_of_request(const cop_instance *component, uint64_t variant)
{
    switch (cop_component_entry(component->component)->plugin->kind) {
    case COP_KIND_DISTILLER:
        return cop_noise_of_distiller(variant);
    case COP_KIND_PRUNER:
        return cop_noise_of_masks(variant);
    default:
        return cop_noise_of_copy(variant);
    }
}

/* The line with the seeds of a request: what a distiller has trained is part of the distillation,
 * and stays the same under every seed of the study where seeds.distill pins that. */
static cop_line line_of_request(const cop_line *l, const cop_instance *component)
{
    cop_line own = *l;
    if (cop_component_entry(component->component)->plugin->kind == COP_KIND_DISTILLER)
        own.replicate = (int64_t)cop_line_seed(l, COP_SEED_DISTILL);
    return own;
}

/* Where a training that a plan asked for starts; `before` are those asked for before it. */
static cop_position position_of_request(const cop_line *own, const cop_plan_training *r,
                                        const cop_position *ticket, const int32_t *before)
{
    cop_position at = r->start == COP_START_TICKET ? *ticket : cop_line_dense(own);
    if (r->start == COP_START_INIT) {
        at.start.init_seed = cop_derived_seed(at.start.init_seed, "init variant", r->init);
        /* A given state is variant 0 of the ticket's own model. */
        if (r->init != 0 || r->model != own->o->model)
            at.start.base = COP_NO_STAGE;
    }
    if (r->start == COP_START_TRAINING) {
        at.mask = own->s->stages[before[r->from]].train.mask;
        at.start = (cop_start_point){.base = before[r->from],
                                     .at = r->at,
                                     .go_on = true,
                                     .keep_momentum = r->keep_momentum,
                                     .carry = COP_NO_STAGE};
    }
    return at;
}

/* One training that a plan asked for; `data` is what it calls real. */
static cop_status add_request(cop_line *l, const cop_instance *component,
                              const cop_loaded_data *data, const cop_plan_training *r,
                              const cop_position *ticket, const int32_t *before, int32_t *index,
                              cop_error *err)
{
    const cop_line own = line_of_request(l, component);
    const cop_position at = position_of_request(&own, r, ticket, before);
    cop_stage stage = cop_line_new_training(&own, &at, noise_of_request(component, r->noise));
    stage.train.model = r->model;
    stage.data = data;
    if (r->data == COP_DATA_DISTILLED)
        cop_line_use_set(l, &stage.train);
    if (r->has_recipe) {
        stage.train.recipe = r->recipe;
        stage.train.own_recipe = false;
    }
    if (r->snapshot_count > 0) {
        stage.train.snapshots = calloc(r->snapshot_count, sizeof *stage.train.snapshots);
        if (stage.train.snapshots == NULL)
            return cop_out_of_memory(err);
        memcpy(stage.train.snapshots, r->snapshots, r->snapshot_count * sizeof *r->snapshots);
        stage.train.snapshot_count = r->snapshot_count;
    }
    char text[128], wanted_by[192], name[64];
    describe(component, name, sizeof name);
    (void)snprintf(text, sizeof text, "train %s", r->label);
    (void)snprintf(wanted_by, sizeof wanted_by, "%s: training '%s': snapshot", name, r->label);
    return cop_line_add_training(l, &stage, text, wanted_by, index, err);
}

/* Whether the plan looks at the synthetic set, or wants trainings on it. */
static bool wants_set(const struct cop_plan *plan)
{
    bool wants = plan->kind == COP_KIND_ANALYZER && plan->need_synthetic;
    for (size_t i = 0; i < plan->training_count; i++)
        wants = wants || plan->trainings[i].data == COP_DATA_DISTILLED;
    return wants;
}

/* Where no round trains on the set that the cell describes, it is distilled for the first plan that
 * wants it. */
static cop_status need_set(cop_line *l, const struct cop_plan *plan, cop_error *err)
{
    if (l->distil != COP_NO_STAGE || l->o->cell->distill == NULL || !wants_set(plan))
        return COP_OK;
    return cop_line_add_distiller(l, err);
}

/* Copies into the stage what the plan states and asks for. */
static cop_status take_plan(cop_line *l, const struct cop_plan *plan, const cop_position *ticket,
                            cop_stage *stage, cop_error *err)
{
    cop_work_stage *work = &stage->work;
    size_t n = plan->training_count;
    /* An analyzer compares with copies, whatever it looks at them with. */
    const cop_loaded_data *real =
        stage->kind == COP_STAGE_ANALYZE ? l->o->copies_data : stage->data;
    work->steps = plan->steps;
    work->steps_go_on = plan->steps_go_on && plan->steps > 0;
    work->expected_samples = plan->expected_samples;
    work->expected_recipe = plan->expected_recipe;
    work->real_images = plan->real_images;
    work->second_order = plan->second_order;
    stage->flops = plan->flops;
    if (plan->kind != COP_KIND_DISTILLER)
        COP_TRY(need_set(l, plan, err));
    if (plan->kind == COP_KIND_ANALYZER && plan->need_synthetic)
        work->distil = l->distil;
    work->trainings = calloc(n + 1, sizeof *work->trainings);
    work->snapshots = calloc(n + 1, sizeof *work->snapshots);
    work->snapshot_counts = calloc(n + 1, sizeof *work->snapshot_counts);
    if (work->trainings == NULL || work->snapshots == NULL || work->snapshot_counts == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < n; i++) {
        const cop_plan_training *r = &plan->trainings[i];
        COP_TRY(cop_place_at_component(work->instance->component,
                                       add_request(l, work->instance, real, r, ticket,
                                                   work->trainings, &work->trainings[i], err),
                                       err));
        work->snapshots[i] = calloc(r->snapshot_count + 1, sizeof *work->snapshots[i]);
        work->training_count = i + 1;
        if (work->snapshots[i] == NULL)
            return cop_out_of_memory(err);
        memcpy(work->snapshots[i], r->snapshots, r->snapshot_count * sizeof *r->snapshots);
        work->snapshot_counts[i] = r->snapshot_count;
    }
    return COP_OK;
}

/* Fills the stage from its plan, which it frees, with the trainings that it asks for; clears the
 * stage where that fails. */
static cop_status fill_work(cop_line *l, struct cop_plan *plan, const cop_position *ticket,
                            cop_stage *stage, const char *what, cop_error *err)
{
    cop_status status = take_plan(l, plan, ticket, stage, err);
    cop_plan_clear(plan);
    if (status == COP_OK) {
        stage->title = cop_line_title(l, what);
        status = stage->title != NULL ? COP_OK : cop_out_of_memory(err);
    }
    if (status != COP_OK)
        cop_stage_clear(stage);
    return status;
}

cop_status cop_line_add_work(cop_line *l, struct cop_plan *plan, const cop_position *ticket,
                             cop_stage *stage, const char *what, int32_t *index, cop_error *err)
{
    COP_TRY(fill_work(l, plan, ticket, stage, what, err));
    return cop_study_add_stage(l->s, stage, index, err);
}

cop_status cop_line_add_distiller(cop_line *l, cop_error *err)
{
    const cop_instance *instance = &l->o->distiller;
    struct cop_plan plan = cop_line_new_plan(l, COP_KIND_DISTILLER, l->o->data);
    COP_TRY(cop_line_make_plan(l, instance, &plan, err));
    cop_stage stage = {.kind = COP_STAGE_DISTIL, .opened = l->o, .data = l->o->data};
    stage.work.instance = instance;
    stage.work.seed = cop_line_seed(l, COP_SEED_DISTILL);
    const cop_position none = cop_line_dense(l);
    return cop_line_add_work(l, &plan, &none, &stage, "distil", &l->distil, err);
}

static int32_t *copy_indices(const int32_t *from, size_t count)
{
    int32_t *to = calloc(count + 1, sizeof *to);
    if (to != NULL && count > 0)
        memcpy(to, from, count * sizeof *to);
    return to;
}

/* Where the line begins with a mask, the dense network is trained for the first analyzer that asks
 * for it. */
static cop_status need_dense(cop_line *l, cop_error *err)
{
    if (l->dense != NULL || !has_dense(l))
        return COP_OK;
    const cop_position dense = cop_line_dense(l);
    l->own_dense = calloc((size_t)l->o->cell->copies, sizeof *l->own_dense);
    if (l->own_dense == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_line_train_copies(l, &dense, "dense", l->own_dense, err));
    l->dense = l->own_dense;
    l->dense_count = (size_t)l->o->cell->copies;
    return COP_OK;
}

/* Leaves out of an analysis the copies that its plan does not name, where it names some. */
static void keep_needed(cop_work_stage *work, const struct cop_plan *plan)
{
    if (plan->needed_copy_count == 0 && !plan->need_no_copy)
        return;
    size_t last = 0;
    for (size_t i = 0; i < work->copy_count; i++) {
        bool is_needed = false;
        for (size_t k = 0; k < plan->needed_copy_count; k++)
            is_needed = is_needed || plan->needed_copies[k] == (int64_t)i;
        if (is_needed)
            last = i + 1;
        else
            work->copies[i] = COP_NO_STAGE;
    }
    work->copy_count = last;
}

/* Copies from files do not tell what they were trained from: a training "from the ticket" would be
 * of another network than theirs. */
static cop_status check_start(const cop_line *l, const struct cop_plan *plan,
                              const cop_ticket *ticket, cop_error *err)
{
    if (ticket->phase >= 0 || l->start != COP_NO_STAGE || l->o->cell->given.copies.count == 0)
        return COP_OK;
    for (size_t i = 0; i < plan->training_count; i++)
        if (plan->trainings[i].start == COP_START_TICKET)
            return cop_fail(err, COP_INVALID,
                            "training '%s' starts where the ticket does, and its copies are from "
                            "files: ticket.start says where that is",
                            plan->trainings[i].label);
    return COP_OK;
}

cop_status cop_line_analyze(cop_line *l, size_t i, const cop_position *at, const cop_ticket *ticket,
                            const char *what, int32_t *index, cop_error *err)
{
    const cop_instance *instance = &l->o->analyzers[i];
    char text[192];
    struct cop_plan plan = cop_line_new_plan(l, COP_KIND_ANALYZER, l->o->analyzer_data[i]);
    plan.weights_left = at->left;
    COP_TRY(cop_line_make_plan(l, instance, &plan, err));
    cop_status status =
        cop_place_at_component(instance->component, check_start(l, &plan, ticket, err), err);
    if (status == COP_OK && plan.need_dense)
        status = need_dense(l, err);
    if (status != COP_OK) {
        cop_plan_clear(&plan);
        return status;
    }
    cop_stage stage = {.kind = COP_STAGE_ANALYZE, .opened = l->o, .data = l->o->analyzer_data[i]};
    cop_work_stage *work = &stage.work;
    work->instance = instance;
    work->seed = cop_line_seed(l, COP_SEED_ANALYZE);
    work->start = at->start;
    work->mask = at->mask;
    work->trained = COP_NO_STAGE;
    work->distil = COP_NO_STAGE; /* unless the plan wants it */
    work->copies = copy_indices(ticket->copies, ticket->copy_count);
    work->copy_count = ticket->copy_count;
    if (work->copies != NULL)
        keep_needed(work, &plan);
    work->dense_count = plan.need_dense ? l->dense_count : 0;
    work->dense = copy_indices(l->dense, work->dense_count);
    if (work->copies == NULL || work->dense == NULL) {
        cop_plan_clear(&plan);
        cop_stage_clear(&stage);
        return cop_out_of_memory(err);
    }
    const char *label = l->o->cell->analyzer_labels[i];
    (void)snprintf(text, sizeof text, "%s%s%s%s of %s",
                   cop_component_entry(instance->component)->plugin->id, label != NULL ? " (" : "",
                   label != NULL ? label : "", label != NULL ? ")" : "", what);
    uint32_t wanted = plan.needed_masks;
    if (wanted == 0)
        return cop_line_add_work(l, &plan, at, &stage, text, index, err);
    *index = COP_NO_STAGE;
    COP_TRY(fill_work(l, &plan, at, &stage, text, err));
    cop_waiting waiting = {.stage = stage,
                           .ticket = (size_t)(ticket - l->s->tickets),
                           .analyzer = i,
                           .wanted = wanted};
    return cop_study_keep_waiting(l->s, &waiting, err);
}
