/* limits.h: what ends a run before it is done, however far it is. */
#ifndef COP_STUDY_EXECUTORS_LIMITS_H
#define COP_STUDY_EXECUTORS_LIMITS_H

#include "study/graph/graph.h"

/* The budgets of a run, watched. */
typedef struct cop_budget {
    const cop_run_limits *limits;
    const char *dir; /* the output directory */
    double counted;  /* when its bytes were counted, and how long that took */
    double took;
    double bytes;
} cop_budget;

/* Whether a budget is used up: then `text` says which. Bytes are counted where `has_grown`, or what
 * was counted is old, yet so that counting takes a small part of the time. */
bool cop_budget_is_up(cop_budget *b, bool has_grown, char *text, size_t size);

#endif
