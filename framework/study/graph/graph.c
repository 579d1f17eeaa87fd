/* graph.c: from a cell and a seed to stages and tickets.
 *
 * The dense network is ticket 0. Each round of each phase trains the ticket at hand (where
 * the pruner wants it), prunes it, and rewinds: the result is the next ticket. Tickets that are to
 * be validated are then trained S times on real data from their start, and analysed; what stands
 * beside them is laid out in controls.c. Trainings are made in trainings.c, planned work in
 * works.c. */
#include "study/graph/line.h"

#include "study/graph/given.h"

#include "core/memory.h"
#include "core/text.h"

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

cop_position cop_line_dense(const cop_line *l)
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
    cop_position at = cop_line_dense(l);
    at.mask = l->mask;
    if (l->mask != COP_NO_STAGE)
        at.left = l->s->stages[l->mask].given->kept;
    return at;
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
                                       .start = cop_line_dense(l).start,
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

static bool is_listed(const int64_t *numbers, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return count == 0;
}

/* Whether an analyzer looks at tickets of that seed and round. */
static bool looks_at(const cop_analyze_limits *limits, int64_t seed, int64_t round)
{
    return is_listed(limits->seeds, limits->seed_count, seed) &&
           is_listed(limits->rounds, limits->round_count, round);
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
                      : cop_line_train_copies(l, at, what, ticket->copies, err));
    ticket->copy_count = (size_t)cell->copies;
    if (at->mask == COP_NO_STAGE) {
        l->dense = ticket->copies;
        l->dense_count = ticket->copy_count;
    }
    if (!role->analyze)
        return COP_OK;
    for (size_t i = 0; i < cell->analyzer_count; i++) {
        ticket->analyses[i] = COP_NO_STAGE;
        if (looks_at(&cell->analyzer_limits[i], l->s->config->seeds[ticket->seed], role->round))
            COP_TRY(cop_line_analyze(l, i, at, ticket, what, &ticket->analyses[i], err));
    }
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
    cop_stage stage = cop_line_new_training(
        l, at, p->noise_of_copy ? cop_noise_of_copy(0) : cop_noise_of_masks(0));
    cop_line_use_phase(l, p, &stage);
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
    cop_status status = cop_line_add_training(l, &stage, text, "rewind", trained, err);
    return cop_place_at(p->rewind_file, p->rewind_line, status, err);
}

/* The dense network's training on the stage's data: where tickets that rewind to a later step go.
 */
static cop_status rewind_base(cop_line *l, const cop_phase *p, int32_t *base, cop_error *err)
{
    *base = COP_NO_STAGE;
    if (p->rewind != COP_REWIND_STEP)
        return COP_OK;
    const cop_position dense = cop_line_dense(l);
    return train_round(l, p, &dense, 0, base, err);
}

/* The start of the ticket that a round leaves; `before` is where the round itself started. */
static cop_start_point rewound(const cop_line *l, const cop_phase *p, int32_t base, int32_t trained,
                               const cop_start_point *before)
{
    cop_start_point start = cop_line_dense(l).start;
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
    struct cop_plan plan = cop_line_new_plan(l, COP_KIND_PRUNER, cop_line_phase_data(l, p));
    plan.weights_left = at->left;
    plan.round = round;
    plan.rounds = p->rounds;
    COP_TRY(cop_line_make_plan(l, instance, &plan, err));
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
    cop_stage stage = {.kind = COP_STAGE_MASK, .opened = l->o, .data = cop_line_phase_data(l, p)};
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
    COP_TRY(cop_line_add_work(l, &plan, at, &stage, text, &at->mask, err));
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
    const cop_position dense = cop_line_dense(l);
    cop_stage stage = cop_line_new_training(l, &dense, cop_noise_of_masks(0));
    cop_line_use_set(l, &stage.train);
    int32_t trained = COP_NO_STAGE;
    COP_TRY(cop_line_add_training(l, &stage, "train on the distilled set", "", &trained, err));
    l->s->distilled[l->s->distilled_count++] = (cop_distilled_line){
        .cell = l->cell, .seed = l->seed, .distil = l->distil, .trained = trained};
    return COP_OK;
}

static cop_status lay_out_line(cop_line *l, cop_error *err)
{
    const cop_cell *cell = l->o->cell;
    COP_TRY(take_beginning(l, err));
    if (cell->distill != NULL && uses_distilled(cell)) {
        COP_TRY(cop_line_add_distiller(l, err));
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
    if (status == COP_OK)
        cop_line_warn_of_controls(&line);
    free(line.own_dense);
    return status;
}
