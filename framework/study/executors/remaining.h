/* remaining.h: how many stages of a run are done, and how long the others will take. */
#ifndef COP_STUDY_EXECUTORS_REMAINING_H
#define COP_STUDY_EXECUTORS_REMAINING_H

#include "study/running/rates.h"

typedef struct cop_remaining cop_remaining;

/* Looks at what is published by now. `jobs` stages are computed at a time. The caller's. */
cop_status cop_remaining_make(const cop_study *s, const cop_store *store, size_t jobs,
                              cop_remaining **out, cop_error *err);
void cop_remaining_free(cop_remaining *r);

/* A stage has ended: published, and then learnt from, or failed. */
void cop_remaining_ended(cop_remaining *r, const cop_stage *stage);

/* How many are done. */
size_t cop_remaining_done(const cop_remaining *r);

/* "12 of 124 stages done, about 5:10 left": what is known of it; the object's, until the next
 * call. */
const char *cop_remaining_text(cop_remaining *r);

#endif
