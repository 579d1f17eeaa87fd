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
    int64_t data_memory; /* MiB; 0: no limit */
    double stage_seconds;
    int32_t precision; /* cop_precision − 1 */
    const char *baseline;
} cop_study_options;

typedef struct cop_seed_options {
    int64_t pin[COP_SEED_COUNT]; /* −1: not pinned */
} cop_seed_options;

typedef struct cop_ticket_options {
    int32_t retrain; /* cop_retrain − 1 */
    cop_string_list controls;
    bool analyze_controls;
    const char *start, *mask;
    cop_string_list copies;
} cop_ticket_options;

typedef struct cop_phase_options {
    int64_t rounds;
    int32_t data; /* cop_data_source − 1 */
    const char *rewind;
    int32_t rewind_tensors; /* cop_rewind_tensors − 1 */
    bool rewind_momentum;
    int32_t noise;            /* 0: their own; 1: copy 0's */
    const cop_recipe *recipe; /* NULL: none of its own */
} cop_phase_options;

typedef struct cop_analyze_options {
    const char *label;
    cop_int_list seeds, rounds; /* empty: all */
} cop_analyze_options;

typedef struct cop_axis_options {
    const char *path;
    cop_string_list labels;
    const char *zip, *name;
} cop_axis_options;

typedef struct cop_bench_options {
    int32_t kind; /* cop_bench_kind − 1 */
    int64_t batch;
    int32_t mode; /* cop_mode − 1 */
    int64_t parts;
    double seconds;
} cop_bench_options;

typedef enum cop_section_id {
    COP_SECTION_STUDY = 0,
    COP_SECTION_SEEDS = 1,
    COP_SECTION_TICKET = 2,
    COP_SECTION_PHASE = 3,
    COP_SECTION_TRAIN = 4,
    COP_SECTION_ANALYZE = 5,
    COP_SECTION_SWEEP = 6,
    COP_SECTION_BENCH = 7,
    COP_SECTION_COUNT = 8
} cop_section_id;

typedef struct cop_section {
    const char *name; /* "study" */
    const char *what; /* in messages */
    const char *help;
    const cop_option *options;
    size_t count;
    size_t size; /* of the struct; 0 for the recipe of `train`, which is read apart */
} cop_section;

const cop_section *cop_section_table(cop_section_id id);

#endif
