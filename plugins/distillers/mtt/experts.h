/* experts.h: trainings on the real data, whose states after each epoch are what is matched. */
#ifndef MTT_EXPERTS_H
#define MTT_EXPERTS_H

#include "options.h"

/* Asks for them, with a state of each epoch that a segment may begin or end at. */
cop_status mtt_plan_experts(const mtt_options *o, cop_plan *plan, cop_error *err);

/* Draws the segment of step i, and writes its first state to `first` and its last to `last`: all
 * parameters of the model, one after the other. The host lends the states and may forget them when
 * the callback returns, so memory does not depend on how many experts there are. */
cop_status mtt_load_segment(const mtt_options *o, cop_work *work, int64_t i, float *first,
                            float *last, cop_error *err);

#endif
