/* tables.h: the framework's own config groups, as option tables: read, checked and described as
 * plugins' options are. */
#ifndef COP_CONFIG_TABLES_H
#define COP_CONFIG_TABLES_H

#include "config/config.h"

typedef struct cop_study_options {
    const char *name;
    cop_int_list seeds;
    int64_t copies;
    int64_t threads;
    int32_t precision; /* cop_precision − 1 */
} cop_study_options;

typedef struct cop_seed_options {
    int64_t pin[COP_SEED_COUNT]; /* −1: not pinned */
} cop_seed_options;

typedef struct cop_ticket_options {
    int32_t retrain; /* cop_retrain − 1 */
} cop_ticket_options;

typedef struct cop_stage_options {
    int64_t rounds;
    int32_t data; /* cop_data_source − 1 */
    const char *rewind;
    int32_t rewind_tensors; /* cop_rewind_tensors − 1 */
    bool rewind_momentum;
    int32_t noise; /* 0: their own; 1: copy 0's */
    cop_recipe recipe;
} cop_stage_options;

typedef struct cop_axis_options {
    const char *path;
    cop_string_list labels;
} cop_axis_options;

typedef struct cop_bench_options {
    int32_t kind; /* cop_bench_kind − 1 */
    int64_t batch;
    int32_t mode; /* cop_mode − 1 */
    int64_t parts;
    double seconds;
} cop_bench_options;

typedef enum cop_group_id {
    COP_GROUP_STUDY = 0,
    COP_GROUP_SEEDS = 1,
    COP_GROUP_TICKET = 2,
    COP_GROUP_STAGE = 3,
    COP_GROUP_TRAIN = 4,
    COP_GROUP_SWEEP = 5,
    COP_GROUP_BENCH = 6,
    COP_GROUP_COUNT = 7
} cop_group_id;

typedef struct cop_group {
    const char *name; /* "study" */
    const char *what; /* in messages */
    const char *help;
    const cop_option *options;
    size_t count;
    size_t size; /* of the struct; 0 for the recipe of `train`, which is read apart */
} cop_group;

const cop_group *cop_group_table(cop_group_id id);

#endif
