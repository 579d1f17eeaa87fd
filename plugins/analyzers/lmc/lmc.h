/* lmc.h: the numbering of linear mode connectivity's work: which networks and pairs there are, and
 * which evaluation each step is. */
#ifndef LMC_LMC_H
#define LMC_LMC_H

#include <coppice/plugin.h>

typedef struct lmc_options {
    int64_t alphas;
    int32_t statistics;
    int32_t pairs;
    int64_t train_size, test_size;
    int64_t reestimate_size, batch;
    double stable_threshold, matching_threshold; /* %; read by lmc_judge alone */
    bool control, control_init;
} lmc_options;

enum { LMC_INTERPOLATE = 0, LMC_REESTIMATE = 1, LMC_BOTH = 2 };
enum { LMC_PAIRS_ALL = 0, LMC_PAIRS_FIRST = 1 };

/* What an evaluation yields, in the bag's order; errors are fractions. */
enum {
    LMC_TRAIN_LOSS = 0,
    LMC_TRAIN_ERROR = 1,
    LMC_TEST_LOSS = 2,
    LMC_TEST_ERROR = 3,
    LMC_MEASURES = 4
};

/* Networks are numbered: the ticket's copies, then as many copies of the dense network or none,
 * where there is no dense network, then the dense network from another initialisation. Steps, for
 * each way to treat the statistics, are the networks themselves, then the inner points of each
 * pair. */
typedef struct lmc_numbering {
    int64_t copies;     /* of the ticket */
    int64_t dense;      /* of the dense network: as many, or 0 */
    int64_t networks;   /* all of these, and one more with control_init */
    int64_t copy_pairs; /* of two copies */
    int64_t pairs;      /* with the control pairs */
    int64_t inner;      /* values of α between 0 and 1 */
    int64_t mode_count; /* ways to treat the statistics */
    int32_t modes[2];   /* LMC_INTERPOLATE, LMC_REESTIMATE */
    bool all, control, control_init;
} lmc_numbering;

/* One step: a network by itself (pair −1), or an inner point of a pair. */
typedef struct lmc_point {
    int64_t mode;
    int64_t network; /* −1 for a point of a pair */
    int64_t pair, k; /* k-th value of α, 1 … inner */
} lmc_point;

lmc_numbering lmc_numbering_make(const lmc_options *o, int64_t copies, int64_t dense,
                                 bool has_buffers);
int64_t lmc_steps(const lmc_numbering *n);
lmc_point lmc_point_at(const lmc_numbering *n, int64_t step);
int64_t lmc_step_of(const lmc_numbering *n, lmc_point point);

/* The networks W1 and W2 of a pair; α is W1's share. */
void lmc_pair_at(const lmc_numbering *n, int64_t pair, int64_t *first, int64_t *second);

/* "0-1", "0-0" for the control of a copy with itself, "inits" for different initialisations. */
void lmc_pair_name(const lmc_numbering *n, int64_t pair, char *name, size_t size);

/* The k-th of `inner + 2` values of α, k = 0 … inner + 1; 0 and 1 exactly at the ends. */
double lmc_alpha(const lmc_numbering *n, int64_t k);

/* "copies", "control" or "control_init". */
const char *lmc_pair_kind(const lmc_numbering *n, int64_t pair);

/* The tables that verdicts are passed on, and by. */
#define LMC_COPIES  "lmc_copies"
#define LMC_CURVE   "lmc_curve"
#define LMC_BARRIER "lmc_barrier"

/* Makes the tables out of the evaluations [steps, LMC_MEASURES]. A network whose test accuracy is
 * not above `chance` has collapsed. */
cop_status lmc_report(const lmc_numbering *n, double chance, const double *curve, cop_tables *out,
                      cop_error *err);

/* verdict.c: in words, whether each line with a barrier is stable and matching (work.h:
 * cop_work_ops.judge). */
cop_status lmc_judge(const void *options, const cop_tables *tables, const cop_tables *dense,
                     cop_tables *verdicts, cop_error *err);

#endif
