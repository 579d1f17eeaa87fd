/* rates.h: what stages that are done took, and what those that are not will take by that. */
#ifndef COP_STUDY_RUNNING_RATES_H
#define COP_STUDY_RUNNING_RATES_H

#include "study/graph/graph.h"

typedef struct cop_rates cop_rates;

/* What a stage takes. */
typedef struct cop_stage_costs {
    double seconds; /* NaN: unknown, as no stage of its kind is done */
    double bytes;   /* of its artifact; the same */
    double memory;  /* the most bytes that its process holds; the same */
} cop_stage_costs;

/* Learns from every stage of the study that is published and was computed on such a machine as this
 * one, with these versions; `done`, unless it is NULL, is told of each stage whether it is
 * published. `store` may be NULL. The caller's. */
cop_status cop_rates_make(const cop_study *s, const cop_store *store, bool *done, cop_rates **out,
                          cop_error *err);
void cop_rates_free(cop_rates *r);

/* Learns from one stage more. False when memory is out. */
bool cop_rates_learn(cop_rates *r, const cop_stage *stage, const cop_stage_costs *took);

/* Learns from a published stage, as its artifact says; what is none teaches nothing. */
cop_status cop_rates_learn_published(cop_rates *r, const cop_store *store, const cop_stage *stage,
                                     cop_error *err);

/* What the stage takes, by those that are alike: of the same kind, plugin and model, in proportion
 * to their floating-point operations where these are known; else of the same kind and plugin; else
 * of the same kind; else seconds by the floating-point operations of any. */
cop_stage_costs cop_rates_guess(const cop_rates *r, const cop_stage *stage);

#endif
