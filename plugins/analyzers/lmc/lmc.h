/* lmc.h: the numbering of linear mode connectivity's work: which networks, pairs and layers there
 * are, and which evaluation each step is. */
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
    bool layers; /* also lines along which one layer moves alone */
    int64_t layer_alphas;
    int32_t align; /* also lines from a copy to the other one, aligned to it */
} lmc_options;

enum { LMC_INTERPOLATE = 0, LMC_REESTIMATE = 1, LMC_BOTH = 2 };
enum { LMC_PAIRS_ALL = 0, LMC_PAIRS_FIRST = 1 };
enum { LMC_ALIGN_NONE = 0, LMC_ALIGN_WEIGHTS = 1 };

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
 * pair. Behind all of these are, again for each way, the points of each layer that moves alone
 * between two copies of each pair of them: all but the first point, which is the second copy.
 * Last are the lines of pairs whose first network is aligned to the second: the networks for ways
 * to treat the statistics that are wanted for these alone, then the inner points, pair after pair.
 * Aligned or not, the first network is the same function, and one end of the line. */
typedef struct lmc_numbering {
    int64_t copies;     /* of the ticket */
    int64_t dense;      /* of the dense network: as many, or 0 */
    int64_t networks;   /* all of these, and one more with control_init */
    int64_t copy_pairs; /* of two copies */
    int64_t pairs;      /* with the control pairs */
    int64_t inner;      /* values of α between 0 and 1 */
    int64_t mode_count; /* ways to treat the statistics */
    int32_t modes[2];   /* LMC_INTERPOLATE, LMC_REESTIMATE; of aligned lines the first so many: */
    int64_t aligned_modes; /* 0: none are aligned */
    int64_t layers;        /* that move alone; 0 where none is asked for */
    int64_t moved;         /* values of α above 0 at which they are looked at */
    bool all, control, control_init;
} lmc_numbering;

/* One step: a network by itself (pair −1), or an inner point of a pair. */
typedef struct lmc_point {
    int64_t mode;
    int64_t network; /* −1 for a point of a pair */
    int64_t pair, k; /* k-th value of α, 1 … inner; 1 … moved where a layer moves alone */
    int64_t layer;   /* the one that moves alone, from 1; 0: all move */
    bool is_aligned; /* of a line whose first network is aligned */
} lmc_point;

lmc_numbering lmc_numbering_make(const lmc_options *o, int64_t copies, int64_t dense,
                                 const cop_model *model);
int64_t lmc_steps(const lmc_numbering *n);
lmc_point lmc_point_at(const lmc_numbering *n, int64_t step);
int64_t lmc_step_of(const lmc_numbering *n, lmc_point point);

/* The networks W1 and W2 of a pair; α is W1's share. */
void lmc_pair_at(const lmc_numbering *n, int64_t pair, int64_t *first, int64_t *second);

/* "0-1", "0-0" for the control of a copy with itself, "inits" for different initialisations. */
void lmc_pair_name(const lmc_numbering *n, int64_t pair, char *name, size_t size);

/* The last k of a line: inner + 1, or `moved` where a layer moves alone. */
int64_t lmc_last(const lmc_numbering *n, int64_t layer);

/* The k-th value of α of a line, k = 0 … lmc_last; 0 and 1 exactly at the ends. */
double lmc_alpha(const lmc_numbering *n, int64_t layer, int64_t k);

/* "copies", "control" or "control_init"; "aligned", "control_aligned" or "control_init_aligned". */
const char *lmc_pair_kind(const lmc_numbering *n, int64_t pair, bool is_aligned);

/* The tables that verdicts are passed on, and by. */
#define LMC_COPIES  "lmc_copies"
#define LMC_CURVE   "lmc_curve"
#define LMC_BARRIER "lmc_barrier"
#define LMC_ALIGNED "lmc_aligned"
#define LMC_LAYERS  "lmc_layers"

/* How far the networks of a pair are from each other, in the bag's order: as they are, and with the
 * first one aligned. */
enum { LMC_DISTANCE = 0, LMC_ALIGNED_DISTANCE = 1, LMC_DISTANCES = 2 };

/* report.c: makes the tables out of the evaluations [steps, LMC_MEASURES] and, where lines are
 * aligned, the distances [pairs, LMC_DISTANCES]. A network whose test accuracy is not above
 * `chance` has collapsed. */
cop_status lmc_report(const lmc_numbering *n, double chance, const double *curve,
                      const double *distances, cop_tables *out, cop_error *err);

/* The row of a point's evaluation. And the barrier of a measure along the line that a point is on:
 * the maximum over α less the mean of the line's own ends; NaN where something on it is no number.
 */
const double *lmc_row(const lmc_numbering *n, const double *curve, lmc_point point);
double lmc_barrier_of(const lmc_numbering *n, const double *curve, lmc_point line, int measure);

/* "interpolate" or "reestimate". */
const char *lmc_mode_name(const lmc_numbering *n, int64_t mode);

/* layers.c: how many layers a model has: parameters that share the beginning of their names up to
 * the last dot are one, in order of declaration. */
int64_t lmc_layer_count(const cop_model *model);

/* The layer's name: that beginning, of at most COP_NAME_SIZE bytes; layer = 1 … the count. */
void lmc_layer_name(const cop_model *model, int64_t layer, char name[COP_NAME_SIZE]);

/* Whether a parameter or buffer is one of the layer of that name; running statistics go with the
 * norm that they are of. */
bool lmc_is_in_layer(const char *tensor, const char *layer);

/* A table with a row for each layer and pair. */
cop_status lmc_layer_table(const lmc_numbering *n, const cop_model *model, const double *curve,
                           cop_tables *out, cop_error *err);

/* verdict.c: in words, whether each line with a barrier is stable and matching (work.h:
 * cop_work_ops.judge). */
cop_status lmc_judge(const void *options, const cop_tables *tables, const cop_tables *dense,
                     cop_tables *verdicts, cop_error *err);

#endif
