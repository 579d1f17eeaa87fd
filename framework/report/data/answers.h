/* answers.h: what a study found, in words: what its report begins with. */
#ifndef COP_REPORT_DATA_ANSWERS_H
#define COP_REPORT_DATA_ANSWERS_H

#include "report/data/joined.h"

/* A cell, and what is said of it: verdicts with the sparsity from which on they hold, and at the
 * highest sparsity the results that they rest on, accuracy, and differences from the baseline with
 * their intervals. */
typedef struct cop_answer {
    const char *cell;
    const char *text;
} cop_answer;

typedef struct cop_answers {
    const char *question; /* what is compared, over how many seeds */
    cop_answer *items;    /* of the cells that there is something to say of */
    size_t count;
    const char *caveat; /* what the numbers do not tell; "" for nothing */
} cop_answers;

/* Made from the sheets (sheets.h); all in the arena of `r`. */
cop_status cop_answers_make(const cop_results *r, const cop_joined_list *joined,
                            const cop_tables *sheets, cop_answers *out, cop_error *err);

#endif
