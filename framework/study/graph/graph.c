/* graph.c: from a cell and a seed to stages and tickets.
 *
 * The dense network is ticket 0. Each round of each phase trains the ticket at hand (where
 * the pruner wants it), prunes it, and rewinds: the result is the next ticket. Tickets that are to
 * be validated are then trained S times on real data from their start, and analysed; what stands
 * beside them is laid out in controls.c. */
#include "study/graph/line.h"

#include "study/graph/given.h"

#include "core/memory.h"
#include "core/text.h"
#include "train/recipe_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t cop_line_seed(const cop_line *l, cop_seed_source source)
{
    return cop_study_seed(l->o->cell, l->replicate, source);
}

char *cop_line_title(const cop_line *l, const char *what)
{
    cop_text text = {0};
    cop_text_printf(&text, "%s [%s, seed %lld]", what, l->o->cell->label, (long long)l->replicate);
    return cop_text_take(&text);
}

static cop_position dense_position(const cop_line *l)
{
    return (cop_position){.mask = COP_NO_STAGE,
                          .left = cop_model_prunable_count(l->o->model),
                          .start = {.init_seed = cop_line_seed(l, COP_SEED_INIT),
                                    .base = l->start,
                                    .carry = COP_NO_STAGE}};
}

/* What the line begins with: the dense network, or the ticket of a given mask. */
static cop_position first_position(const cop_line *l)
{
    cop_position at = dense_position(l);
    at.mask = l->mask;
    if (l->mask != COP_NO_STAGE)
        at.left = l->s->stages[l->mask].given->kept;
    return at;
}

/* The SGD noise of a training: data order and augmentation. Each family of trainings has its own,
 * so that a copy never depends on the training that chose its mask, nor on what the set that the
 * mask came from was distilled with. */
typedef struct cop_noise {
    const char *order, *augment; /* names of the family's variants */
    uint64_t variant;
} cop_noise;

static cop_noise noise_of_copy(uint64_t copy)
{
    return (cop_noise){"order variant", "augment variant", copy};
}

/* Variant 0 of a source is the study's seed itself, which is copy 0's. */
static cop_noise noise_of_masks(uint64_t variant)
{
    return (cop_noise){"order of masks", "augment of masks", variant + 1};
}

static cop_noise noise_of_distiller(uint64_t variant)
{
    return (cop_noise){"order of distilling", "augment of distilling", variant + 1};
}

/* A training of the line; the caller fills what differs from a plain one on real data. */
static cop_stage new_training(const cop_line *l, const cop_position *at, cop_noise noise)
{
    cop_stage stage = {.kind = COP_STAGE_TRAIN, .opened = l->o, .data = l->o->data};
    stage.train = (cop_training_stage){
        .model = l->o->model,
        .distil = COP_NO_STAGE,
        .recipe = *l->train,
        .start = at->start,
        .mask = at->mask,
        .order_seed =
            cop_derived_seed(cop_line_seed(l, COP_SEED_ORDER), noise.order, noise.variant),
        .augment_seed =
            cop_derived_seed(cop_line_seed(l, COP_SEED_AUGMENT), noise.augment, noise.variant)};
    return stage;
}

static bool same_recipe(cop_recipe a, cop_recipe b)
{
    char left[4096], right[4096];
    memset(a.name, 0, sizeof a.name); /* the numbers count */
    memset(b.name, 0, sizeof b.name);
    return strcmp(cop_recipe_text(&a, left, sizeof left),
                  cop_recipe_text(&b, right, sizeof right)) == 0;
}

/* A training goes on at the step of the state that it starts from only on the same data with the
 * same recipe; otherwise its own schedule begins at the beginning. */
static void settle_schedule(const cop_line *l, cop_stage *stage)
{
    cop_training_stage *train = &stage->train;
    if (!train->start.go_on)
        return;
    const cop_stage *from = &l->s->stages[train->start.base];
    const cop_training_stage *base = &from->train;
    train->start.go_on = base->model == train->model && base->distil == train->distil &&
                         strcmp(from->data->fingerprint, stage->data->fingerprint) == 0 &&
                         base->own_recipe == train->own_recipe &&
                         (train->own_recipe || same_recipe(base->recipe, train->recipe));
    train->start.keep_momentum = train->start.keep_momentum && train->start.go_on;
}

/* Puts a failure that has no place yet at this one. */
static cop_status place_at(const char *file, int line, cop_status status, cop_error *err)
{
    if (status == COP_OK || err == NULL || err->file[0] != '\0')
        return status;
    (void)snprintf(err->file, sizeof err->file, "%s", file != NULL ? file : "");
    err->line = line;
    return status;
}

static cop_status place_at_component(const cop_component *component, cop_status status,
                                     cop_error *err)
{
    const char *file = NULL;
    int line = 0;
    cop_component_place(component, &file, &line);
    return place_at(file, line, status, err);
}

/* Refuses a state of a training, wanted by `what`, that it will not come to. What is not known yet
 * is checked when the training runs. */
static cop_status check_reached(const cop_line *l, const cop_stage *stage, const char *what,
                                cop_error *err)
{
    int64_t per_epoch = 0, total = 0;
    if (!cop_training_length(l->s, stage, &per_epoch, &total))
        return COP_OK;
    for (size_t i = 0; i < stage->train.snapshot_count; i++) {
        char at[40];
        cop_duration wanted = stage->train.snapshots[i];
        int64_t step = cop_duration_steps(wanted, per_epoch, total);
        if (step > total)
            return cop_fail(err, COP_INVALID,
                            "cell \"%s\": %s \"%s\" is past the end of the training (%lld of "
                            "%lld steps)",
                            l->o->cell->label, what, cop_duration_text(wanted, at, sizeof at),
                            (long long)step, (long long)total);
    }
    return COP_OK;
}

/* `wanted_by` says in messages who wants the stage's snapshots. Takes over what the stage owns. */
static cop_status add_training(cop_line *l, cop_stage *stage, const char *what,
                               const char *wanted_by, int32_t *index, cop_error *err)
{
    settle_schedule(l, stage);
    cop_estimate_training(l->s, stage);
    cop_status status = cop_training_check(l->s, stage, err);
    if (status != COP_OK)
        (void)place_at(l->s->config->path, 0,
                       cop_fail_within(err, "cell \"%s\": %s", l->o->cell->label, what), err);
    else
        status = check_reached(l, stage, wanted_by, err);
    if (status == COP_OK) {
        stage->title = cop_line_title(l, what);
        if (stage->title == NULL)
            status = cop_out_of_memory(err);
    }
    if (status != COP_OK) {
        cop_stage_clear(stage);
        return status;
    }
    return cop_study_add_stage(l->s, stage, index, err);
}

/* The real data of a phase: those that its rounds train on, or that the set was distilled from. */
static const cop_loaded_data *phase_data(const cop_line *l, const cop_phase *p)
{
    return l->o->phase_data[p - l->o->cell->phases];
}

/* Fills the data and recipe of a training that belongs to a phase. */
static void use_stage_data(const cop_line *l, const cop_phase *p, cop_stage *stage)
{
    cop_training_stage *train = &stage->train;
    stage->data = phase_data(l, p);
    if (p->data == COP_DATA_DISTILLED)
        train->distil = l->distil;
    if (p->has_recipe)
        train->recipe = p->recipe;
    else
        train->own_recipe = p->data == COP_DATA_DISTILLED;
}

static cop_status train_copies(cop_line *l, const cop_position *at, const char *what,
                               int32_t *copies, cop_error *err)
{
    for (int64_t c = 0; c < l->o->cell->copies; c++) {
        char text[128];
        (void)snprintf(text, sizeof text, "train %s, copy %lld", what, (long long)c);
        cop_stage stage = new_training(l, at, noise_of_copy((uint64_t)c));
        stage.data = l->o->copies_data;
        COP_TRY(add_training(l, &stage, text, "", &copies[c], err));
    }
    return COP_OK;
}

/* Whether there is a dense network: none is known of copies that were trained under a mask
 * elsewhere, nor of a start whose file lacks the weights that the mask removes. */
static bool has_dense(const cop_line *l)
{
    return l->mask == COP_NO_STAGE || (!l->start_fits && l->o->cell->given.copies.count == 0);
}

static struct cop_plan new_plan(const cop_line *l, cop_kind kind, const cop_loaded_data *data)
{
    return (struct cop_plan){.kind = kind,
                             .model = kind == COP_KIND_DISTILLER ? NULL : l->o->model,
                             .task = data->info.task,
                             .space = cop_samples_space(&data->train),
                             .train_count = data->train.count,
                             .test_count = data->test.count,
                             .class_counts = data->class_counts,
                             .copies = l->o->cell->copies,
                             .lacks_dense = !has_dense(l),
                             .has_distilled = l->distil != COP_NO_STAGE,
                             .weights_left = -1};
}

static void describe(const cop_instance *instance, char *text, size_t size)
{
    const cop_plugin *plugin = cop_component_entry(instance->component)->plugin;
    (void)snprintf(text, size, "%s '%s'", cop_kind_name((cop_kind)plugin->kind), plugin->id);
}

/* Has a component plan; a failure without a place of its own gets the component's. */
static cop_status make_plan(const cop_instance *instance, struct cop_plan *out, cop_error *err)
{
    char what[64];
    describe(instance, what, sizeof what);
    cop_status status = cop_plan_make(what, instance->ops, instance->options, out, err);
    return place_at_component(instance->component, status, err);
}

/* Analyzers look at trainings beside the copies, and number their noise as copies are numbered. */
static cop_noise noise_of_request(const cop_instance *component, uint64_t variant)
{
    switch (cop_component_entry(component->component)->plugin->kind) {
    case COP_KIND_DISTILLER:
        return noise_of_distiller(variant);
    case COP_KIND_PRUNER:
        return noise_of_masks(variant);
    default:
        return noise_of_copy(variant);
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

/* One training that a plan asked for; `data` is what it calls real. */
static cop_status add_request(cop_line *l, const cop_instance *component,
                              const cop_loaded_data *data, const cop_plan_training *r,
                              const cop_position *ticket, int32_t *index, cop_error *err)
{
    const cop_line own = line_of_request(l, component);
    cop_position at = r->start == COP_START_TICKET ? *ticket : dense_position(&own);
    if (r->start == COP_START_INIT) {
        at.start.init_seed = cop_derived_seed(at.start.init_seed, "init variant", r->init);
        /* A given state is variant 0 of the ticket's own model. */
        if (r->init != 0 || r->model != l->o->model)
            at.start.base = COP_NO_STAGE;
    }
    cop_stage stage = new_training(&own, &at, noise_of_request(component, r->noise));
    stage.train.model = r->model;
    stage.data = data;
    if (r->has_recipe)
        stage.train.recipe = r->recipe;
    if (r->data == COP_DATA_DISTILLED) {
        stage.train.distil = l->distil;
        stage.train.own_recipe = !r->has_recipe;
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
    return add_training(l, &stage, text, wanted_by, index, err);
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
    stage->flops = plan->flops;
    work->trainings = calloc(n + 1, sizeof *work->trainings);
    work->snapshots = calloc(n + 1, sizeof *work->snapshots);
    work->snapshot_counts = calloc(n + 1, sizeof *work->snapshot_counts);
    if (work->trainings == NULL || work->snapshots == NULL || work->snapshot_counts == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < n; i++) {
        const cop_plan_training *r = &plan->trainings[i];
        COP_TRY(place_at_component(
            work->instance->component,
            add_request(l, work->instance, real, r, ticket, &work->trainings[i], err), err));
        work->snapshots[i] = calloc(r->snapshot_count + 1, sizeof *work->snapshots[i]);
        work->training_count = i + 1;
        if (work->snapshots[i] == NULL)
            return cop_out_of_memory(err);
        memcpy(work->snapshots[i], r->snapshots, r->snapshot_count * sizeof *r->snapshots);
        work->snapshot_counts[i] = r->snapshot_count;
    }
    return COP_OK;
}

/* Adds a work stage whose plan was made, and frees the plan. */
static cop_status add_work(cop_line *l, struct cop_plan *plan, const cop_position *ticket,
                           cop_stage *stage, const char *what, int32_t *index, cop_error *err)
{
    cop_status status = take_plan(l, plan, ticket, stage, err);
    cop_plan_clear(plan);
    if (status == COP_OK) {
        stage->title = cop_line_title(l, what);
        if (stage->title != NULL)
            return cop_study_add_stage(l->s, stage, index, err);
        status = cop_out_of_memory(err);
    }
    cop_stage_clear(stage);
    return status;
}

static cop_status lay_out_distiller(cop_line *l, cop_error *err)
{
    const cop_instance *instance = &l->o->distiller;
    struct cop_plan plan = new_plan(l, COP_KIND_DISTILLER, l->o->data);
    COP_TRY(make_plan(instance, &plan, err));
    cop_stage stage = {.kind = COP_STAGE_DISTIL, .opened = l->o, .data = l->o->data};
    stage.work.instance = instance;
    stage.work.seed = cop_line_seed(l, COP_SEED_DISTILL);
    const cop_position none = dense_position(l);
    return add_work(l, &plan, &none, &stage, "distil", &l->distil, err);
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
    const cop_position dense = dense_position(l);
    l->own_dense = calloc((size_t)l->o->cell->copies, sizeof *l->own_dense);
    if (l->own_dense == NULL)
        return cop_out_of_memory(err);
    COP_TRY(train_copies(l, &dense, "dense", l->own_dense, err));
    l->dense = l->own_dense;
    l->dense_count = (size_t)l->o->cell->copies;
    return COP_OK;
}

/* Leaves out of an analysis the copies that its plan does not name, where it names some. */
static void keep_needed(cop_work_stage *work, const struct cop_plan *plan)
{
    if (plan->needed_copy_count == 0)
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

static cop_status analyze(cop_line *l, size_t i, const cop_position *at, const cop_ticket *ticket,
                          const char *what, int32_t *index, cop_error *err)
{
    const cop_instance *instance = &l->o->analyzers[i];
    char text[192];
    struct cop_plan plan = new_plan(l, COP_KIND_ANALYZER, l->o->analyzer_data[i]);
    COP_TRY(make_plan(instance, &plan, err));
    cop_status status = plan.need_dense ? need_dense(l, err) : COP_OK;
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
    work->distil = plan.need_synthetic ? l->distil : COP_NO_STAGE;
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
    (void)snprintf(text, sizeof text, "%s of %s",
                   cop_component_entry(instance->component)->plugin->id, what);
    return add_work(l, &plan, at, &stage, text, index, err);
}

/* A stage whose result the file has that `option` of the config names. */
static cop_status add_given(cop_line *l, cop_stage_kind kind, const char *option, const char *path,
                            int32_t *index, cop_error *err)
{
    const cop_given_files *files = &l->o->cell->given;
    const cop_given file = {.option = option,
                            .path = path,
                            .under = kind == COP_STAGE_TRAIN ? files->mask : "",
                            .must_fit = path != files->start,
                            .kind = kind,
                            .model = l->o->model};
    cop_stage stage = {.kind = kind,
                       .opened = l->o,
                       .data = kind == COP_STAGE_TRAIN ? l->o->copies_data : l->o->data};
    COP_TRY(cop_study_open_given(l->s, &file, &stage.given, err));
    l->start_fits = l->start_fits || (path == files->start && stage.given->fits);
    stage.train = (cop_training_stage){.model = l->o->model,
                                       .distil = COP_NO_STAGE,
                                       .start = dense_position(l).start,
                                       .mask = COP_NO_STAGE};
    stage.work.mask = stage.work.trained = stage.work.distil = COP_NO_STAGE;
    stage.work.start = stage.train.start;
    stage.work.promise =
        (cop_mask_promise){.states_left = kind == COP_STAGE_MASK, .left = stage.given->kept};
    char text[128];
    (void)snprintf(text, sizeof text, "take %s from a file", option);
    stage.title = cop_line_title(l, text);
    if (stage.title != NULL)
        return cop_study_add_stage(l->s, &stage, index, err);
    return cop_out_of_memory(err);
}

/* The copies that were trained elsewhere. */
static cop_status take_copies(cop_line *l, int32_t *copies, cop_error *err)
{
    const cop_string_list *files = &l->o->cell->given.copies;
    for (size_t i = 0; i < files->count; i++) {
        COP_TRY(add_given(l, COP_STAGE_TRAIN, "ticket.copies", files->items[i], &copies[i], err));
        for (size_t k = 0; k < i; k++) {
            if (copies[k] == copies[i]) /* no barrier, and that would say nothing */
                return cop_fail_at(err, COP_INVALID, files->items[i], 0,
                                   "ticket.copies: the file is the same as %s; copies are "
                                   "trainings that differ in SGD noise",
                                   files->items[k]);
        }
    }
    return COP_OK;
}

/* What the line has from files before anything else. */
static cop_status take_beginning(cop_line *l, cop_error *err)
{
    const cop_given_files *files = &l->o->cell->given;
    if (files->start[0] != '\0')
        COP_TRY(add_given(l, COP_STAGE_TRAIN, "ticket.start", files->start, &l->start, err));
    if (files->mask[0] != '\0')
        COP_TRY(add_given(l, COP_STAGE_MASK, "ticket.mask", files->mask, &l->mask, err));
    return COP_OK;
}

static cop_ticket *new_ticket(cop_study *s)
{
    cop_ticket *grown =
        cop_grow(s->tickets, &s->ticket_capacity, s->ticket_count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    s->tickets = grown;
    cop_ticket *ticket = &s->tickets[s->ticket_count++];
    memset(ticket, 0, sizeof *ticket);
    return ticket;
}

/* "dense", "round 3", "round 3, reinit". */
static void describe_ticket(const cop_ticket_role *role, bool is_dense, char *text, size_t size)
{
    const char *control = cop_control_name(role->control);
    if (is_dense)
        (void)snprintf(text, size, "dense");
    else
        (void)snprintf(text, size, "round %lld%s%s", (long long)role->round,
                       control[0] != '\0' ? ", " : "", control);
}

/* Trains and analyses a ticket's copies. */
static cop_status validate_ticket(cop_line *l, const cop_position *at, const cop_ticket_role *role,
                                  cop_ticket *ticket, cop_error *err)
{
    const cop_cell *cell = l->o->cell;
    char what[64];
    describe_ticket(role, at->mask == COP_NO_STAGE, what, sizeof what);
    ticket->copies = calloc((size_t)cell->copies, sizeof *ticket->copies);
    ticket->analyses = calloc(cell->analyzer_count + 1, sizeof *ticket->analyses);
    if (ticket->copies == NULL || ticket->analyses == NULL)
        return cop_out_of_memory(err);
    bool are_given = role->phase < 0 && cell->given.copies.count > 0;
    COP_TRY(are_given ? take_copies(l, ticket->copies, err)
                      : train_copies(l, at, what, ticket->copies, err));
    ticket->copy_count = (size_t)cell->copies;
    if (at->mask == COP_NO_STAGE) {
        l->dense = ticket->copies;
        l->dense_count = ticket->copy_count;
    }
    if (!role->analyze)
        return COP_OK;
    for (size_t i = 0; i < cell->analyzer_count; i++)
        COP_TRY(analyze(l, i, at, ticket, what, &ticket->analyses[i], err));
    ticket->analysis_count = cell->analyzer_count;
    return COP_OK;
}

cop_status cop_line_add_ticket(cop_line *l, const cop_position *at, const cop_ticket_role *role,
                               cop_error *err)
{
    cop_ticket *ticket = new_ticket(l->s);
    if (ticket == NULL)
        return cop_out_of_memory(err);
    ticket->cell = l->cell;
    ticket->seed = l->seed;
    ticket->phase = role->phase;
    ticket->round = role->round;
    ticket->control = role->control;
    ticket->mask = at->mask;
    ticket->start = at->start;
    ticket->points = at->points;
    return role->retrain ? validate_ticket(l, at, role, ticket, err) : COP_OK;
}

/* This round's training, if the pruner wants one. */
static cop_status train_round(cop_line *l, const cop_phase *p, const cop_position *at,
                              int64_t round, int32_t *trained, cop_error *err)
{
    cop_stage stage = new_training(l, at, p->noise_of_copy ? noise_of_copy(0) : noise_of_masks(0));
    use_stage_data(l, p, &stage);
    if (at->mask == COP_NO_STAGE && p->rewind == COP_REWIND_STEP) {
        stage.train.snapshots = calloc(1, sizeof *stage.train.snapshots);
        if (stage.train.snapshots == NULL)
            return cop_out_of_memory(err);
        stage.train.snapshots[0] = p->rewind_at;
        stage.train.snapshot_count = 1;
    }
    char text[96];
    (void)snprintf(text, sizeof text, "train %s for round %lld",
                   p->data == COP_DATA_DISTILLED ? "on distilled data" : "on real data",
                   (long long)round);
    cop_status status = add_training(l, &stage, text, "rewind", trained, err);
    return place_at(p->rewind_file, p->rewind_line, status, err);
}

/* The dense network's training on the stage's data: where tickets that rewind to a later step go.
 */
static cop_status rewind_base(cop_line *l, const cop_phase *p, int32_t *base, cop_error *err)
{
    *base = COP_NO_STAGE;
    if (p->rewind != COP_REWIND_STEP)
        return COP_OK;
    const cop_position dense = dense_position(l);
    return train_round(l, p, &dense, 0, base, err);
}

/* The start of the ticket that a round leaves; `before` is where the round itself started. */
static cop_start_point rewound(const cop_line *l, const cop_phase *p, int32_t base, int32_t trained,
                               const cop_start_point *before)
{
    cop_start_point start = dense_position(l).start;
    if (p->rewind == COP_REWIND_NONE) {
        if (trained == COP_NO_STAGE)
            return *before;
        start.base = trained;
        return start;
    }
    if (p->rewind == COP_REWIND_STEP) {
        start.base = base;
        start.at = p->rewind_at;
        start.go_on = true;
        start.keep_momentum = p->rewind_momentum;
    }
    if (p->rewind_tensors == COP_REWIND_WEIGHTS)
        start.carry = trained;
    return start;
}

static cop_status prune_round(cop_line *l, size_t i, int64_t round, int32_t base, cop_position *at,
                              cop_error *err)
{
    const cop_phase *p = &l->o->cell->phases[i];
    const cop_instance *instance = &l->o->pruners[i];
    char text[64];
    struct cop_plan plan = new_plan(l, COP_KIND_PRUNER, phase_data(l, p));
    plan.weights_left = at->left;
    plan.round = round;
    plan.rounds = p->rounds;
    COP_TRY(make_plan(instance, &plan, err));
    bool needs_rounds = plan.need_rounds;
    const cop_mask_promise promise = plan.promise;
    int32_t trained = COP_NO_STAGE;
    if (plan.need_trained) {
        cop_status status = train_round(l, p, at, round + 1, &trained, err);
        if (status != COP_OK) {
            cop_plan_clear(&plan);
            return status;
        }
        at->points += l->s->stages[trained].points;
    }
    cop_stage stage = {.kind = COP_STAGE_MASK, .opened = l->o, .data = phase_data(l, p)};
    stage.work.instance = instance;
    stage.work.seed = cop_line_seed(l, COP_SEED_PRUNE);
    stage.work.start = at->start;
    stage.work.mask = at->mask;
    stage.work.trained = trained;
    stage.work.distil = p->data == COP_DATA_DISTILLED ? l->distil : COP_NO_STAGE;
    stage.work.round = round;
    stage.work.rounds = needs_rounds ? p->rounds : 0;
    stage.work.promise = promise;
    (void)snprintf(text, sizeof text, "prune round %lld", (long long)round + 1);
    COP_TRY(add_work(l, &plan, at, &stage, text, &at->mask, err));
    at->left = promise.states_left ? promise.left : -1;
    at->start = rewound(l, p, base, trained, &at->start);
    return COP_OK;
}

static bool is_retrained(const cop_cell *cell, size_t stage, int64_t round)
{
    if (cell->retrain == COP_RETRAIN_LAST)
        return round + 1 == cell->phases[stage].rounds;
    return cell->retrain == COP_RETRAIN_ALL;
}

static cop_status prune(cop_line *l, cop_error *err)
{
    const cop_cell *cell = l->o->cell;
    cop_position at = first_position(l);
    int64_t done = 0;
    for (size_t i = 0; i < cell->phase_count; i++) {
        int32_t base = COP_NO_STAGE;
        COP_TRY(rewind_base(l, &cell->phases[i], &base, err));
        for (int64_t round = 0; round < cell->phases[i].rounds; round++) {
            COP_TRY(prune_round(l, i, round, base, &at, err));
            done++;
            const cop_ticket_role role = {.phase = (int32_t)i,
                                          .round = done,
                                          .retrain = is_retrained(cell, i, round),
                                          .analyze = true};
            COP_TRY(cop_line_add_ticket(l, &at, &role, err));
            if (role.retrain)
                COP_TRY(cop_line_add_controls(l, &at, &role, err));
        }
    }
    return COP_OK;
}

/* True when some stage of the cell looks at the synthetic set. */
static bool uses_distilled(const cop_cell *cell)
{
    bool uses = cell->phase_count == 0; /* then the set itself is what the study is about */
    for (size_t i = 0; i < cell->phase_count; i++)
        uses = uses || cell->phases[i].data == COP_DATA_DISTILLED;
    return uses;
}

/* The dense network trained on the synthetic set: the test of the set. Where the first round prunes
 * by the set, this is its training too. */
static cop_status add_distilled_line(cop_line *l, cop_error *err)
{
    cop_distilled_line *grown =
        realloc(l->s->distilled, (l->s->distilled_count + 1) * sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    l->s->distilled = grown;
    const cop_position dense = dense_position(l);
    cop_stage stage = new_training(l, &dense, noise_of_masks(0));
    stage.train.distil = l->distil;
    stage.train.own_recipe = true;
    int32_t trained = COP_NO_STAGE;
    COP_TRY(add_training(l, &stage, "train on the distilled set", "", &trained, err));
    l->s->distilled[l->s->distilled_count++] = (cop_distilled_line){
        .cell = l->cell, .seed = l->seed, .distil = l->distil, .trained = trained};
    return COP_OK;
}

static cop_status lay_out_line(cop_line *l, cop_error *err)
{
    const cop_cell *cell = l->o->cell;
    COP_TRY(take_beginning(l, err));
    if (cell->distill != NULL && uses_distilled(cell)) {
        COP_TRY(lay_out_distiller(l, err));
        COP_TRY(add_distilled_line(l, err));
    }
    const cop_position first = first_position(l);
    const cop_ticket_role role = {
        .phase = -1, .retrain = cell->retrain != COP_RETRAIN_NONE, .analyze = true};
    COP_TRY(cop_line_add_ticket(l, &first, &role, err));
    return prune(l, err);
}

cop_status cop_lay_out(cop_study *s, size_t cell, size_t seed, cop_error *err)
{
    cop_line line = {.s = s,
                     .o = &s->opened[cell],
                     .cell = cell,
                     .seed = seed,
                     .replicate = s->config->seeds[seed],
                     .distil = COP_NO_STAGE,
                     .start = COP_NO_STAGE,
                     .mask = COP_NO_STAGE,
                     .train = &s->opened[cell].cell->train};
    cop_status status = lay_out_line(&line, err);
    free(line.own_dense);
    return status;
}
