/* bench.h (implemented in bench.c, line.c): timing what a config's group `bench` names, in this
 * process. */
#ifndef COP_BENCH_BENCH_H
#define COP_BENCH_BENCH_H

#include "config/config.h"

/* One case, measured. A figure that cannot be had is NAN. */
typedef struct cop_bench_result {
    char name[COP_NAME_SIZE];
    cop_precision precision;
    int threads;
    int64_t samples;
    double median_s, min_s; /* of one step, batch or product */
    double gflops;          /* by the median; of a distiller by the operations that it plans */
    double peak_mib;        /* the process's largest resident memory */
    double floor_share;     /* the convolutions alone, by the median; NAN for a distiller */
    double compile_s;       /* making it, and what its first step took longer than others */
} cop_bench_result;

/* Measures the one cell of `config`: some steps to warm up, then `samples` of them, fewer when
 * bench.seconds have passed. COP_INVALID, with the config's path, where it has no group `bench` or
 * sweeps several cells; COP_UNAVAILABLE for a distiller that wants trainings first. Memory is
 * the process's, so one case a process is what makes sense. */
cop_status cop_bench_run(const cop_config *config, int64_t samples, cop_logger *log,
                         cop_bench_result *out, cop_error *err);

/* The checks of cop_bench_run that need no data. */
cop_status cop_bench_check(const cop_config *config, cop_error *err);

/* One line of JSON, and back. Reading is for lines that were written so: COP_FAILED otherwise. */
cop_status cop_bench_write(const cop_bench_result *r, FILE *out, cop_error *err);
cop_status cop_bench_read(const char *line, cop_bench_result *out, cop_error *err);

#endif
