/* stage_difference.h: why two recorded stages are not the same one: which lines of their identities
 * differ, and where such a line is another stage, why that is another. */
#ifndef COP_STORE_STAGE_DIFFERENCE_H
#define COP_STORE_STAGE_DIFFERENCE_H

#include "store/identity_lines.h"
#include "store/stage_index.h"

/* A stage among the records of its study. */
typedef struct cop_stage_place {
    const cop_stage_index *index;
    size_t at;
} cop_stage_place;

/* A line that differs. */
typedef struct cop_line_difference {
    const char *name;
    const char *a, *b; /* NULL: it has no such line */
    bool is_followed;  /* both are stages that are compared in turn */
} cop_line_difference;

/* Two stages that are not the same. */
typedef struct cop_stage_pair {
    size_t a, b;         /* among the records of either study */
    size_t from;         /* the pair that reads them; of the first pair itself */
    const char *through; /* the line by which it does; NULL for the first */
    cop_line_difference *lines;
    size_t line_count, line_capacity;
} cop_stage_pair;

typedef struct cop_stage_difference {
    cop_stage_pair *pairs; /* the nearest first; a stage of A is in one of them */
    size_t count, capacity;
    cop_arena *arena; /* owned */
} cop_stage_difference;

/* Compares two stages and what they come from, as far as that differs. No pairs: they are the same.
 * Clear *out whatever the answer. */
cop_status cop_stages_compare(const cop_stage_place *a, const cop_stage_place *b,
                              cop_stage_difference *out, cop_error *err);
void cop_stage_difference_clear(cop_stage_difference *difference);

#endif
