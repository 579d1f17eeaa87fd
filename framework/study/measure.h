/* measure.h: how fast this machine trains a network of a study, tried for a second. */
#ifndef COP_STUDY_MEASURE_H
#define COP_STUDY_MEASURE_H

#include "study/graph/graph.h"

typedef struct cop_measured {
    double step_seconds; /* of one step of each job */
    double memory;       /* the most bytes that one of the jobs held */
} cop_measured;

/* Trains the stage's network on real data, from its first weights, in `jobs` child processes at
 * once, each with `threads` threads. The means over the children. COP_UNAVAILABLE where this
 * process has threads already, a child of which could not compute; COP_FAILED where a child did
 * not. */
cop_status cop_measure_training(const cop_stage *stage, int jobs, int threads, cop_measured *out,
                                cop_error *err);

#endif
