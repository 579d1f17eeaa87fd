/* trial.h: running a work in a study in small (ticket.h), as often as the checks like, each time
 * with an instance of its own. */
#ifndef COP_VALIDATE_TRIAL_H
#define COP_VALIDATE_TRIAL_H

#include "study/running/drive.h"
#include "validate/checks.h"
#include "validate/ticket.h"

/* A work of more steps is not run to its end but for so many: whether its result is sound is then
 * not known, but that its steps repeat is. */
#define COP_TRIAL_MOST_STEPS 16
#define COP_TRIAL_SOME_STEPS 4

/* What is run. */
typedef struct cop_trial {
    const cop_subject *s;
    cop_reporter *r;
    cop_instance instance;
    cop_ticket ticket;
    cop_plan plan;
    char what[96];
    bool is_cut; /* stopped after COP_TRIAL_SOME_STEPS */
} cop_trial;

/* What a run came to. `middle` is the caller's. */
typedef struct cop_trial_outcome {
    cop_status status;
    cop_error err;
    cop_status as_planned; /* pruners: whether the mask is what plan says of it */
    cop_error differs;
    cop_digest result, tensors, last_bag, recorded; /* tensors: an analyzer's */
    cop_tables *tables;                             /* an analyzer's; owned */
    int64_t wanted; /* the step whose state to keep, and what is kept */
    cop_saved middle;
} cop_trial_outcome;

/* The steps of one run. */
int64_t cop_trial_steps(const cop_trial *b);

/* One run with an instance of its own, from a kept bag or anew, for `steps` steps at most. The plan
 * is there. */
void cop_trial_run(cop_trial *b, const cop_trial_outcome *from, int64_t steps,
                   cop_trial_outcome *o);

/* A digest of tables as they are written to a file. */
cop_status cop_trial_tables_digest(const cop_trial *b, const cop_tables *tables, cop_digest *out,
                                   cop_error *err);

#endif
