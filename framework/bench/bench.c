/* bench.c: warming up, taking samples, and what they come to.
 *
 * The floor is measured between the samples, step by step, so that whatever else the machine does
 * meets both alike. */
#include "bench/bench.h"

#include "bench/subject.h"
#include "core/clock.h"
#include "core/locale.h"
#include "core/memory.h"
#include "exec/program/convolutions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Steps that are always run before the first sample, and how long further ones go on: caches, page
 * faults and clocks settle in that time. */
#define WARM_STEPS   1
#define WARM_SECONDS 0.5

#define FEWEST_SAMPLES 3

typedef struct measuring {
    const char *name;
    const cop_subject_ops *ops;
    void *self;
    cop_logger *log;
    int64_t wanted, taken;
    double seconds;
    double first; /* seconds: making it, and its first step */
    double *steps, *floors;
    bool has_floor;
} measuring;

static const cop_subject_ops *ops_of(cop_bench_kind kind)
{
    switch (kind) {
    case COP_BENCH_TRAIN:
        return &cop_bench_training;
    case COP_BENCH_EVALUATE:
        return &cop_bench_evaluation;
    case COP_BENCH_HESSIAN:
        return &cop_bench_product;
    case COP_BENCH_DISTIL:
        break;
    }
    return &cop_bench_distilling;
}

static cop_status take(measuring *m, cop_error *err)
{
    double start = cop_now();
    COP_TRY(m->ops->step(m->self, err));
    double end = cop_now();
    m->steps[m->taken] = end - start;
    cop_program *program = m->ops->program(m->self);
    cop_program_cost cost = {COP_SIZED(cop_program_cost)};
    m->has_floor =
        program != NULL && cop_program_costs(program, &cost, NULL) == COP_OK && cost.conv_flops > 0;
    if (m->has_floor) {
        COP_TRY(cop_program_run_convolutions(program, err));
        m->floors[m->taken] = cop_now() - end;
    }
    m->taken++;
    return COP_OK;
}

static cop_status warm_up(measuring *m, double opened, cop_error *err)
{
    COP_TRY(m->ops->step(m->self, err));
    double start = cop_now();
    m->first = start - opened;
    for (int i = 0; i < WARM_STEPS || cop_now() - start < WARM_SECONDS; i++)
        COP_TRY(m->ops->step(m->self, err));
    return COP_OK;
}

static cop_status measure(measuring *m, cop_error *err)
{
    double start = cop_now();
    while (m->taken < m->wanted && (m->taken < FEWEST_SAMPLES || cop_now() - start < m->seconds)) {
        cop_progress(m->log, m->name, m->taken, m->wanted, "%s", "");
        COP_TRY(take(m, err));
    }
    cop_progress(m->log, m->name, m->wanted, m->wanted, "%s", "");
    return COP_OK;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* Sorts the values. */
static double median(double *values, int64_t count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

/* The high-water mark of this program's own memory. getrusage's figure would carry that of whoever
 * started it. NAN where /proc does not tell. */
static double peak_mib(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];
    double kib = NAN;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kib = cop_strtod(line + 6, NULL);
    if (file != NULL)
        (void)fclose(file);
    return kib / 1024.0;
}

static void conclude(measuring *m, const cop_cell *s, cop_bench_result *out)
{
    double parts = s->bench.kind == COP_BENCH_DISTIL ? (double)s->bench.parts : 1.0;
    double step = median(m->steps, m->taken);
    (void)snprintf(out->name, sizeof out->name, "%s", m->name);
    out->precision = s->precision;
    out->threads = s->threads;
    out->samples = m->taken;
    out->median_s = step / parts;
    out->min_s = m->steps[0] / parts;
    out->gflops = m->ops->flops(m->self) / step * 1e-9;
    out->floor_share = m->has_floor ? median(m->floors, m->taken) / step : NAN;
    out->compile_s = m->first > step ? m->first - step : 0.0;
    out->peak_mib = peak_mib();
}

static cop_status run_subject(measuring *m, const cop_cell *s, const cop_loaded_data *data,
                              cop_bench_result *out, cop_error *err)
{
    double opened = cop_now();
    COP_TRY(m->ops->open(s, data, m->log, &m->self, err));
    COP_TRY(warm_up(m, opened, err));
    COP_TRY(measure(m, err));
    conclude(m, s, out);
    return COP_OK;
}

static cop_status run(measuring *m, const cop_cell *s, cop_bench_result *out, cop_error *err)
{
    cop_loaded_data *data = NULL;
    m->steps = calloc((size_t)m->wanted, sizeof *m->steps);
    m->floors = calloc((size_t)m->wanted, sizeof *m->floors);
    if (m->steps == NULL || m->floors == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_loaded_data_open(s->dataset, NULL, m->log, &data, err));
    cop_status status = run_subject(m, s, data, out, err);
    m->ops->close(m->self);
    cop_loaded_data_free(data);
    return status;
}

cop_status cop_bench_check(const cop_config *config, cop_error *err)
{
    if (!config->cells[0].has_bench)
        return cop_fail_at(err, COP_INVALID, config->path, 0,
                           "no benchmark: it lacks bench = { kind = \"...\"; }");
    if (config->cell_count != 1)
        return cop_fail_at(err, COP_INVALID, config->path, 0,
                           "a benchmark is of one cell, the config sweeps %zu", config->cell_count);
    return COP_OK;
}

cop_status cop_bench_run(const cop_config *config, int64_t samples, cop_logger *log,
                         cop_bench_result *out, cop_error *err)
{
    COP_TRY(cop_bench_check(config, err));
    const cop_cell *s = &config->cells[0];
    measuring m = {.name = config->name,
                   .ops = ops_of(s->bench.kind),
                   .log = log,
                   .wanted = samples > 0 ? samples : 1,
                   .seconds = s->bench.seconds};
    cop_status status = run(&m, s, out, err);
    free(m.steps);
    free(m.floors);
    return status;
}
