/* controls.c: what stands beside a ticket, to tell what its mask and its weights are worth: the
 * same mask with other first weights, its mask shuffled within layers, a random mask with as many
 * weights of each layer. Each is a ticket of its own, trained as the ticket is. */
#include "study/graph/line.h"

#include "core/memory.h"

#include <stdio.h>

/* Weights that were drawn anew, the same ones in each round: no training of the study has them. */
static cop_start_point drawn_anew(const cop_line *l)
{
    return (cop_start_point){
        .init_seed = cop_derived_seed(cop_line_seed(l, COP_SEED_INIT), "init of controls", 1),
        .base = COP_NO_STAGE,
        .carry = COP_NO_STAGE};
}

/* Shuffles differ from round to round; random masks are all drawn from one order of the weights. */
static uint64_t seed_of_mask(const cop_line *l, cop_control control, int64_t round)
{
    uint64_t seed = cop_line_seed(l, COP_SEED_PRUNE);
    return control == COP_CONTROL_SHUFFLE ? cop_derived_seed(seed, "shuffled mask", (uint64_t)round)
                                          : cop_derived_seed(seed, "random mask", 1);
}

/* A stage that makes a mask of the ticket's. */
static cop_status add_mask(cop_line *l, const cop_position *ticket, const cop_ticket_role *role,
                           cop_position *at, cop_error *err)
{
    char what[64];
    cop_stage stage = {.kind = COP_STAGE_MASK, .opened = l->o, .data = l->o->data};
    stage.work =
        (cop_work_stage){.control = role->control,
                         .seed = seed_of_mask(l, role->control, role->round),
                         .start = {.base = COP_NO_STAGE, .carry = COP_NO_STAGE},
                         .mask = ticket->mask,
                         .trained = COP_NO_STAGE,
                         .distil = COP_NO_STAGE,
                         .promise = {.states_left = ticket->left >= 0, .left = ticket->left}};
    (void)snprintf(what, sizeof what, "mask of round %lld, %s", (long long)role->round,
                   cop_control_name(role->control));
    stage.title = cop_line_title(l, what);
    if (stage.title == NULL)
        return cop_out_of_memory(err);
    return cop_study_add_stage(l->s, &stage, &at->mask, err);
}

/* Another mask needs the weights that the ticket's removed: a masked training left zeros there. */
static cop_status check_start(const cop_line *l, const cop_position *ticket,
                              const cop_ticket_role *role, cop_error *err)
{
    int32_t base = ticket->start.base;
    if (base == COP_NO_STAGE || l->s->stages[base].train.mask == COP_NO_STAGE)
        return COP_OK;
    return cop_fail_at(
        err, COP_INVALID, l->s->config->path, 0,
        "cell \"%s\": ticket.controls: \"%s\" moves the mask to weights that round "
        "%lld does not have any more: its start is what a pruned network was trained "
        "to (rewind = \"none\"); \"reinit\" can be had there",
        l->o->cell->label, cop_control_name(role->control), (long long)role->round);
}

cop_status cop_line_add_controls(cop_line *l, const cop_position *ticket,
                                 const cop_ticket_role *role, cop_error *err)
{
    const cop_cell *cell = l->o->cell;
    for (size_t i = 0; i < cell->control_count; i++) {
        cop_position at = *ticket;
        cop_ticket_role own = *role;
        own.control = cell->controls[i];
        own.analyze = cell->analyze_controls;
        if (own.control == COP_CONTROL_REINIT) {
            at.start = drawn_anew(l);
        } else {
            COP_TRY(check_start(l, ticket, &own, err));
            COP_TRY(add_mask(l, ticket, &own, &at, err));
        }
        COP_TRY(cop_line_add_ticket(l, &at, &own, err));
    }
    return COP_OK;
}

void cop_line_warn_of_controls(const cop_line *l)
{
    const cop_cell *cell = l->o->cell;
    for (size_t i = 0; i < l->s->ticket_count; i++) {
        const cop_ticket *t = &l->s->tickets[i];
        if (t->cell == l->cell && t->seed == l->seed && t->control != COP_CONTROL_NONE)
            return;
    }
    if (cell->control_count > 0)
        cop_study_warn(l->s, NULL, NULL,
                       cell->retrain == COP_RETRAIN_NONE
                           ? "ticket.controls: there are none, as ticket.retrain = \"none\" trains "
                             "no copies"
                           : "ticket.controls: there are none, as they stand beside tickets that a "
                             "phase has pruned, and no phase prunes any");
}
