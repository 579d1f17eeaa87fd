/* others.c: analyses that look at other tickets of the study: they wait until all are laid out. */
#include "study/graph/graph.h"

#include "core/memory.h"

#include <stdlib.h>

cop_status cop_study_keep_waiting(cop_study *s, cop_waiting *waiting, cop_error *err)
{
    cop_waiting *grown =
        cop_grow(s->waiting, &s->waiting_capacity, s->waiting_count + 1, sizeof *grown);
    if (grown == NULL) {
        cop_stage_clear(&waiting->stage);
        return cop_out_of_memory(err);
    }
    s->waiting = grown;
    s->waiting[s->waiting_count++] = *waiting;
    return COP_OK;
}

/* Whether an analysis of the one looks at the other. */
static bool is_wanted(const cop_study *s, size_t own, size_t other, uint32_t wanted)
{
    const cop_ticket *a = &s->tickets[own], *b = &s->tickets[other];
    if (own == other || b->mask == COP_NO_STAGE || b->control != COP_CONTROL_NONE ||
        s->opened[a->cell].model != s->opened[b->cell].model)
        return false;
    bool is_of_line = a->cell == b->cell && a->seed == b->seed;
    return (wanted & COP_TICKETS_OF_STUDY) != 0 ||
           ((wanted & COP_TICKETS_OF_LINE) != 0 && is_of_line) ||
           ((wanted & COP_TICKETS_OF_ROUND) != 0 && !is_of_line && a->round == b->round);
}

static cop_status find_others(const cop_study *s, cop_waiting *w, cop_error *err)
{
    cop_work_stage *work = &w->stage.work;
    size_t count = 0;
    for (size_t i = 0; i < s->ticket_count; i++)
        count += is_wanted(s, w->ticket, i, w->wanted) ? 1 : 0;
    work->ticket = w->ticket;
    work->others = calloc(count + 1, sizeof *work->others);
    if (work->others == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < s->ticket_count; i++)
        if (is_wanted(s, w->ticket, i, w->wanted))
            work->others[work->other_count++] =
                (cop_other){.ticket = i, .mask = s->tickets[i].mask};
    return COP_OK;
}

cop_status cop_study_add_waiting(cop_study *s, cop_error *err)
{
    for (size_t i = 0; i < s->waiting_count; i++) {
        cop_waiting *w = &s->waiting[i];
        int32_t *index = &s->tickets[w->ticket].analyses[w->analyzer];
        COP_TRY(find_others(s, w, err));
        COP_TRY(cop_study_add_stage(s, &w->stage, index, err));
    }
    s->waiting_count = 0;
    return COP_OK;
}
