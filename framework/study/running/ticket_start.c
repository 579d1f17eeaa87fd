/* ticket_start.c: what a ticket's training starts from, for those who take it elsewhere. */
#include "core/memory.h"
#include "study/running/runner.h"
#include "train/forward.h"

#include <string.h>

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

/* A snapshot also has the optimiser's state. */
static cop_status take_declared(const cop_model *model, const cop_tensors *from, cop_tensors *to,
                                cop_error *err)
{
    for (size_t i = 0; i < cop_declared_count(model); i++) {
        const cop_parameter *p = cop_declared_at(model, i);
        cop_tensor *tensor = NULL, *copy = NULL;
        COP_TRY(cop_find_declared(from, "state", p, &tensor, err));
        COP_TRY(cop_tensors_add(to, p->name, COP_F32, p->shape, &copy, err));
        memcpy(copy->data, tensor->data, (size_t)cop_shape_count(p->shape) * sizeof(float));
    }
    return COP_OK;
}

static cop_status load(cop_runner *r, const cop_ticket *t, cop_tensors *to, cop_error *err)
{
    const cop_opened *o = &r->study->opened[t->cell];
    cop_tensors *mask = NULL, *state = NULL;
    COP_TRY(cop_load_mask(r, o, t->mask, &mask, err));
    cop_status status = cop_load_start(r, &t->start, o->model, mask, &state, err);
    if (status == COP_OK)
        status = take_declared(o->model, state, to, err);
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
    cop_tensors *state = cop_tensors_new();
    if (state == NULL)
        return cop_out_of_memory(err);
    cop_status status = load(&r, ticket, state, err);
    if (status == COP_OK)
        *out = state;
    else
        cop_tensors_free(state);
    return r.damaged != COP_NO_STAGE
               ? cop_store_advise(store, &s->stages[r.damaged].id, status, err)
               : status;
}
