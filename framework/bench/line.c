/* line.c: a result as one line of JSON, and back. */
#include "bench/bench.h"

#include "core/locale.h"
#include "core/memory.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static const char *const precision_names[] = {"f32", "bf16"};

/* Six digits say more than any timing knows; null for a figure that there is none of. */
static bool add_figure(cJSON *line, const char *name, double value)
{
    char text[32];
    (void)cop_snprintf(text, sizeof text, "%.6g", value);
    return cJSON_AddRawToObject(line, name, isfinite(value) ? text : "null") != NULL;
}

cop_status cop_bench_write(const cop_bench_result *r, FILE *out, cop_error *err)
{
    cJSON *line = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(line, "name", r->name) != NULL &&
              cJSON_AddStringToObject(line, "precision", precision_names[r->precision - 1]) &&
              cJSON_AddNumberToObject(line, "threads", r->threads) != NULL &&
              add_figure(line, "median_s", r->median_s) && add_figure(line, "min_s", r->min_s) &&
              add_figure(line, "gflops", r->gflops) && add_figure(line, "peak_mib", r->peak_mib) &&
              add_figure(line, "floor_share", r->floor_share) &&
              add_figure(line, "compile_s", r->compile_s) &&
              cJSON_AddNumberToObject(line, "samples", (double)r->samples) != NULL;
    char *text = ok ? cJSON_PrintUnformatted(line) : NULL;
    cJSON_Delete(line);
    if (text == NULL)
        return cop_out_of_memory(err);
    (void)fprintf(out, "%s\n", text);
    cJSON_free(text);
    return COP_OK;
}

/* A figure that was null, or is not there, is NAN. */
static double figure(const cJSON *line, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(line, name));
}

cop_status cop_bench_read(const char *text, cop_bench_result *out, cop_error *err)
{
    cJSON *line = cJSON_Parse(text);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "name"));
    const char *precision =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "precision"));
    double threads = figure(line, "threads"), samples = figure(line, "samples");
    if (name == NULL || precision == NULL || !(threads >= 1.0 && threads <= 1e6) ||
        !(samples >= 1.0 && samples <= 1e9)) {
        cJSON_Delete(line);
        return cop_fail(err, COP_FAILED, "this is no line of a benchmark: %.80s", text);
    }
    *out = (cop_bench_result){.precision = strcmp(precision, precision_names[1]) == 0
                                               ? COP_PRECISION_BF16
                                               : COP_PRECISION_F32,
                              .threads = (int)threads,
                              .samples = (int64_t)samples,
                              .median_s = figure(line, "median_s"),
                              .min_s = figure(line, "min_s"),
                              .gflops = figure(line, "gflops"),
                              .peak_mib = figure(line, "peak_mib"),
                              .floor_share = figure(line, "floor_share"),
                              .compile_s = figure(line, "compile_s")};
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    cJSON_Delete(line);
    return COP_OK;
}
