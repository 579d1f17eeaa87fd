/* movement.h: whether anything came of a time: was an artifact published, a state saved, or a
 * failure kept in an output directory between two looks? Times of files are compared for equality
 * alone, so that no clock can mislead. */
#ifndef COP_STORE_MOVEMENT_H
#define COP_STORE_MOVEMENT_H

#include <coppice/status.h>

/* What was there at a look. */
typedef struct cop_movement {
    uint64_t entries; /* how many */
    uint64_t sum;     /* of what each of them is, in whatever order they are listed */
} cop_movement;

/* Looks at the output directory `dir`. */
cop_status cop_movement_look(const char *dir, cop_movement *out, cop_error *err);
bool cop_movement_is_same(const cop_movement *a, const cop_movement *b);

#endif
