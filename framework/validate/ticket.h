/* ticket.h (implemented in ticket.c): a study in small for a work to run in: data of 3 classes that
 * can be told apart, a small network, a mask, and states as short trainings leave them. */
#ifndef COP_VALIDATE_TICKET_H
#define COP_VALIDATE_TICKET_H

#include "core/hash.h"
#include "plugin/component.h"
#include "study/graph/plan.h"
#include "study/running/work.h"
#include "validate/guards.h"

#define COP_TICKET_COPIES 4
#define COP_TICKET_ROUNDS 3

/* What is lent. Owned by the ticket. */
typedef struct cop_ticket {
    cop_component *component; /* of the model */
    cop_model *model;
    cop_samples *train, *test;
    cop_tensors *mask, *initial, *trained;
    cop_tensors *start; /* `initial` before it was masked */
    cop_tensors *copies[COP_TICKET_COPIES], *dense[COP_TICKET_COPIES];
    /* By request: states while training, the last of them the end. */
    cop_tensors ***requested;
    size_t *snapshot_counts;
    size_t *stand_in; /* by request: whose states it is lent */
    size_t request_count;
    cop_guards *guards; /* of what works write to; the caller's */
} cop_ticket;

/* The images and classes of it. */
const cop_task *cop_ticket_task(void);

/* Makes everything but what a plan asks for; to be cleared whatever the answer. */
cop_status cop_ticket_make(const cop_registry *r, cop_ticket *out, cop_error *err);
void cop_ticket_clear(cop_ticket *t);

/* Trains what the plan asks for. */
cop_status cop_ticket_request(cop_ticket *t, const cop_plan *plan, cop_error *err);

/* Lends it to a work. */
cop_work_source cop_ticket_source(cop_ticket *t);

/* A digest of all that is lent, and of one set of tensors. */
cop_status cop_ticket_digest(const cop_ticket *t, cop_digest *out, cop_error *err);
cop_digest cop_tensors_digest(const cop_tensors *set);

#endif
