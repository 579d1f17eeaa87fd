/* export_ticket.h: a ticket as a safetensors file: a trained copy, what it starts from, its mask,
 * or what an analysis found. */
#ifndef COP_CLI_EXPORT_TICKET_H
#define COP_CLI_EXPORT_TICKET_H

#include "cli/command.h"
#include "report/data/results.h"

typedef enum cop_ticket_part {
    COP_TICKET_COPY = 1,    /* the final state of a trained copy, under the mask */
    COP_TICKET_INITIAL = 2, /* the state that its training starts from, under the mask */
    COP_TICKET_MASK = 3,    /* 0 and 1 (F32) for each prunable weight, under its name */
    COP_TICKET_ANALYSIS = 4 /* the tensors among an analysis's results */
} cop_ticket_part;

/* Writes the part of the ticket to the call's --to, with all that another program needs to know of
 * it as metadata. `item` is a copy that there is, for COP_TICKET_COPY, or the place of an analysis,
 * for COP_TICKET_ANALYSIS. COP_TICKET_INITIAL lays the study out anew, from what the run wrote down
 * in `dir`. */
cop_status cop_export_ticket(const cop_call *call, const char *dir, const cop_results *results,
                             const cop_record_ticket *ticket, cop_ticket_part part, int64_t item,
                             cop_error *err);

#endif
