/* line.h (implemented in study/graph/graph.c, controls.c): what is being laid out for one cell and
 * seed, shared by the files that do it. */
#ifndef COP_STUDY_GRAPH_LINE_H
#define COP_STUDY_GRAPH_LINE_H

#include "study/graph/graph.h"

typedef struct cop_line {
    cop_study *s;
    const cop_opened *o;
    size_t cell, seed;
    int64_t replicate; /* the seed's value */
    int32_t distil;    /* of this line; COP_NO_STAGE without */
    const cop_recipe *train;
    bool start_fits; /* the given start lacks what the given mask removes */
    int32_t start;   /* the given state that the network starts from; COP_NO_STAGE: a seed's */
    int32_t mask;    /* the given mask that the line begins with; COP_NO_STAGE: it is dense */
    int32_t *dense;  /* copies of the dense network; NULL: not laid out */
    size_t dense_count;
    int32_t *own_dense; /* the same where no ticket has them; freed with the line */
} cop_line;

/* A ticket's start and mask while the rounds go on. */
typedef struct cop_position {
    int32_t mask;
    cop_start_point start;
    double points;
    int64_t left; /* prunable weights that the mask keeps; -1: not known before it is made */
} cop_position;

/* Which ticket of the line it is, and what becomes of it. */
typedef struct cop_ticket_role {
    int32_t phase; /* −1: the dense network */
    int64_t round;
    cop_control control;
    bool retrain, analyze; /* its copies are trained; and analysed */
} cop_ticket_role;

/* The line's seed of a source. */
uint64_t cop_line_seed(const cop_line *l, cop_seed_source source);

/* "what [cell, seed]", the caller's; NULL: no memory. */
char *cop_line_title(const cop_line *l, const char *what);

/* Reports on a ticket, and has its copies trained and analysed as the role says. */
cop_status cop_line_add_ticket(cop_line *l, const cop_position *at, const cop_ticket_role *role,
                               cop_error *err);

/* controls.c: the cell's controls of a ticket that is trained, as tickets of their own. COP_INVALID
 * where one cannot be made. */
cop_status cop_line_add_controls(cop_line *l, const cop_position *at, const cop_ticket_role *ticket,
                                 cop_error *err);

#endif
