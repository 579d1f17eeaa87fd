/* robustness.h: what the files of the analyzer robustness share: its options, the order of its
 * steps, and what they leave in the bag.
 *
 * The bag: "found" F64 [steps, ROBUSTNESS_MEASURES]. */
#ifndef ROBUSTNESS_ROBUSTNESS_H
#define ROBUSTNESS_ROBUSTNESS_H

#include <coppice/plugin.h>

typedef struct robustness_options {
    cop_int_list bits;
    int32_t range;
    cop_string_list corruptions;
    cop_int_list severities;
    int64_t test_size;
    int64_t batch;
} robustness_options;

enum { ROBUSTNESS_TENSOR = 0, ROBUSTNESS_CHANNEL = 1 };

/* What a step finds: of the test images, mean cross-entropy and accuracy; of quantised weights, the
 * share of those other than 0 that became 0. */
enum { ROBUSTNESS_LOSS, ROBUSTNESS_ACCURACY, ROBUSTNESS_ZEROED, ROBUSTNESS_MEASURES };

/* The steps (steps.c): for each copy the network as it is, then with weights of each number of
 * bits, then each corruption at each severity. */
typedef struct robustness_steps {
    int64_t copies, bits, corruptions, severities;
} robustness_steps;

/* One of them. */
typedef struct robustness_step {
    int64_t copy;
    int64_t bits;       /* place in the list; -1: weights as they are */
    int64_t corruption; /* place in the list; -1: images as they are */
    int64_t severity;   /* place in the list */
} robustness_step;

robustness_steps robustness_steps_of(const robustness_options *o, int64_t copies);
int64_t robustness_steps_count(const robustness_steps *s);
robustness_step robustness_step_at(const robustness_steps *s, int64_t i);
int64_t robustness_step_of(const robustness_steps *s, robustness_step step);

/* Refuses what cannot be (COP_INVALID). */
cop_status robustness_check(const robustness_options *o, const cop_plan *plan, cop_error *err);

/* The tables (report.c), from the bag's numbers. */
cop_status robustness_report(const robustness_options *o, const robustness_steps *s,
                             const double *found, cop_tables *out, cop_error *err);

#endif
