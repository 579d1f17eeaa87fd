/* explain_json.c: an explained program for programs to read. */
#include "cli/explain.h"

#include <cjson/cJSON.h>

static bool add_rates(cJSON *to, int64_t flops, int64_t bytes, double seconds, double whole)
{
    bool ok = cJSON_AddNumberToObject(to, "seconds", seconds) != NULL;
    if (seconds <= 0.0 || whole <= 0.0)
        return ok;
    return ok && cJSON_AddNumberToObject(to, "share", seconds / whole) != NULL &&
           cJSON_AddNumberToObject(to, "gflops", 1e-9 * (double)flops / seconds) != NULL &&
           cJSON_AddNumberToObject(to, "gbytes", 1e-9 * (double)bytes / seconds) != NULL;
}

static bool add_row(cJSON *rows, const cop_description *d, const cop_row *row)
{
    cJSON *to = cJSON_CreateObject();
    if (!cJSON_AddItemToArray(rows, to)) {
        cJSON_Delete(to);
        return false;
    }
    bool ok = cJSON_AddNumberToObject(to, "index", row->index) != NULL &&
              cJSON_AddStringToObject(to, "kind", cop_row_kind_name(row->kind)) != NULL &&
              cJSON_AddStringToObject(to, "operation", row->operation) != NULL &&
              cJSON_AddStringToObject(to, "shapes", row->shapes) != NULL &&
              cJSON_AddStringToObject(to, "layout", row->layout) != NULL &&
              cJSON_AddStringToObject(to, "implementation", row->implementation) != NULL &&
              cJSON_AddNumberToObject(to, "flops", (double)row->flops) != NULL &&
              cJSON_AddNumberToObject(to, "elements", (double)row->elements) != NULL &&
              cJSON_AddNumberToObject(to, "bytes", (double)row->bytes) != NULL;
    if (ok && row->label != NULL)
        ok = cJSON_AddStringToObject(to, "label", row->label) != NULL;
    if (ok && d->runs > 0)
        ok = add_rates(to, row->flops, row->bytes, row->seconds, d->all.seconds);
    return ok;
}

static bool add_total(cJSON *totals, const char *name, const cop_description *d,
                      const cop_row_total *total)
{
    cJSON *to = cJSON_AddObjectToObject(totals, name);
    bool ok = to != NULL && cJSON_AddNumberToObject(to, "count", total->count) != NULL &&
              cJSON_AddNumberToObject(to, "flops", (double)total->flops) != NULL &&
              cJSON_AddNumberToObject(to, "elements", (double)total->elements) != NULL &&
              cJSON_AddNumberToObject(to, "bytes", (double)total->bytes) != NULL;
    return ok && (d->runs == 0 ||
                  add_rates(to, total->flops, total->bytes, total->seconds, d->all.seconds));
}

static bool fill(cJSON *root, const char *program, const char *title, const cop_description *d)
{
    bool ok = cJSON_AddStringToObject(root, "program", program) != NULL &&
              cJSON_AddStringToObject(root, "title", title) != NULL &&
              cJSON_AddStringToObject(root, "inputs", d->inputs) != NULL &&
              cJSON_AddNumberToObject(root, "threads", d->threads) != NULL &&
              cJSON_AddNumberToObject(root, "arena_bytes", (double)d->arena_bytes) != NULL &&
              cJSON_AddNumberToObject(root, "runs", (double)d->runs) != NULL;
    if (ok && d->runs > 0)
        ok = cJSON_AddNumberToObject(root, "copy_seconds", d->copy_seconds) != NULL;
    cJSON *totals = ok ? cJSON_AddObjectToObject(root, "totals") : NULL;
    ok = totals != NULL && add_total(totals, "all", d, &d->all);
    for (int kind = 0; ok && kind < COP_ROW_KIND_COUNT; kind++)
        if (d->of[kind].count > 0)
            ok = add_total(totals, cop_row_kind_name((cop_row_kind)kind), d, &d->of[kind]);
    cJSON *rows = ok ? cJSON_AddArrayToObject(root, "rows") : NULL;
    ok = rows != NULL;
    for (int32_t i = 0; ok && i < d->count; i++)
        ok = add_row(rows, d, &d->rows[i]);
    return ok;
}

cJSON *cop_explain_json(const char *program, const char *title, const cop_description *d)
{
    cJSON *root = cJSON_CreateObject();
    if (root != NULL && fill(root, program, title, d))
        return root;
    cJSON_Delete(root);
    return NULL;
}
