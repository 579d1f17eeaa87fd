/* ticket_start.c: what a ticket's training starts from, for those who take it elsewhere. */
#include "nn/declared.h"
#include "study/running/runner.h"

static const cop_ticket *find_ticket(const cop_study *s, const cop_ticket_name *name)
{
    for (size_t i = 0; i < s->ticket_count; i++) {
        const cop_ticket *t = &s->tickets[i];
        if (t->cell == name->cell && s->config->seeds[t->seed] == name->seed &&
            t->round == name->round)
            return t;
    }
    return NULL;
}

static bool is_stage(const cop_study *s, int32_t stage, const cop_artifact_id *id)
{
    return stage != COP_NO_STAGE && cop_same_artifact(&s->stages[stage].id, id);
}

/* Whether the study has the ticket as the record has it: by its copy, in whose identity all is that
 * it starts from, or its mask. */
static bool is_same_ticket(const cop_study *s, const cop_ticket *t, const cop_ticket_name *name)
{
    if (name->copy != NULL)
        return t->copy_count > 0 && is_stage(s, t->copies[0], name->copy);
    return name->mask == NULL ? t->mask == COP_NO_STAGE : is_stage(s, t->mask, name->mask);
}

/* A snapshot also has the optimiser's state, which is left out. */
static cop_status load(cop_runner *r, const cop_ticket *t, cop_tensors **out, cop_error *err)
{
    const cop_opened *o = &r->study->opened[t->cell];
    cop_tensors *mask = NULL, *state = NULL;
    COP_TRY(cop_load_mask(r, o, t->mask, &mask, err));
    cop_status status = cop_load_start(r, &t->start, o->model, mask, &state, err);
    if (status == COP_OK)
        status = cop_declared_clone(o->model, state, out, err);
    cop_tensors_free(state);
    cop_tensors_free(mask);
    return status;
}

cop_status cop_study_ticket_start(cop_study *s, cop_store *store, const cop_ticket_name *name,
                                  cop_tensors **out, cop_error *err)
{
    const cop_ticket *ticket = find_ticket(s, name);
    if (ticket == NULL || !is_same_ticket(s, ticket, name))
        return cop_fail(err, COP_FAILED,
                        "this process lays out another ticket than the one recorded: a plugin, a "
                        "file or the instruction set differs; run the study again");
    cop_runner r = {.study = s, .store = store, .damaged = COP_NO_STAGE};
    cop_status status = load(&r, ticket, out, err);
    return r.damaged != COP_NO_STAGE
               ? cop_store_advise(store, &s->stages[r.damaged].id, status, err)
               : status;
}
