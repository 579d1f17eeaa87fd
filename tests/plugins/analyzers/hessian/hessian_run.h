/* hessian_run.h: the Hessian analyzer at work on what a test has, and reading its tables. */
#ifndef TEST_HESSIAN_RUN_H
#define TEST_HESSIAN_RUN_H

#include "given.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "support.h"

#include "plugins/analyzers/hessian/hessian.h"

#include <string.h>

/* What the analyzer is given; the test's. */
typedef struct hessian_subject {
    const cop_model *model;
    const cop_tensors *mask, *copy;
    const cop_samples *data;
    bool is_blind; /* the plan is not told what the mask keeps */
} hessian_subject;

/* What is in the tables and tensors, and in the bag after the last step. */
typedef struct outcome {
    cop_tables *tables;
    cop_tensors *tensors; /* NULL: none */
    cop_tensors *bag;
} outcome;

static inline void release(outcome *out)
{
    cop_tables_free(out->tables);
    cop_tensors_free(out->tensors);
    cop_tensors_free(out->bag);
}

static inline cop_status keep_bag(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    outcome *out = context;
    cop_tensors_free(out->bag);
    out->bag = cop_tensors_clone(state->bag);
    return COP_OK;
}

static inline cop_plan plan_of(const hessian_subject *s, const hessian_options *o)
{
    cop_error err = {0};
    cop_plan plan = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .copies = 1,
                     .train_count = s->data->count,
                     .weights_left = s->is_blind ? -1 : cop_mask_count(s->mask)};
    assert_ok(cop_plan_make("analyzer 'hessian'", coppice_plugin.ops, o, &plan, &err), &err);
    return plan;
}

/* Goes at most so many steps, by an instance of its own, from step `first` with the bag in `out`
 * where that is not 0. */
static inline cop_status go_steps(const hessian_subject *s, const hessian_options *o, uint64_t seed,
                                  int64_t first, int64_t count, outcome *out, cop_error *err)
{
    const cop_work_ops *ops = coppice_plugin.ops;
    const cop_tensors *copies[] = {s->copy};
    void *self = NULL;
    cop_plan plan = plan_of(s, o);
    cop_tensors *begun = out->bag;
    out->bag = NULL;
    assert_ok(ops->create(o, cop_model_task(s->model), &self, err), err);
    given inputs = {.mask = s->mask, .copies = copies};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = s->model,
                     .train = s->data,
                     .seed = seed,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = 1};
    const cop_saved from = {.bag = begun, .step = first};
    cop_drive d = {.what = "analyzer 'hessian'",
                   .self = self,
                   .work = &work,
                   .steps = plan.steps,
                   .resume = first > 0 ? &from : NULL,
                   .save = keep_bag,
                   .save_seconds = 1e9,
                   .saves_end = true,
                   .result_tensors = &out->tensors,
                   .steps_left = &count,
                   .context = out};
    cop_status status = cop_drive_analyzer(&d, ops, &out->tables, err);
    ops->destroy(self);
    cop_plan_clear(&plan);
    cop_tensors_free(begun);
    return status;
}

static inline outcome analyze(const hessian_subject *s, hessian_options o, uint64_t seed)
{
    cop_error err = {0};
    outcome out = {0};
    assert_ok(go_steps(s, &o, seed, 0, INT64_MAX, &out, &err), &err);
    return out;
}

static inline const cop_table *find_table(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++) {
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    }
    return NULL;
}

static inline const cop_table *table_of(const outcome *out, const char *name)
{
    const cop_table *table = find_table(out->tables, name);
    if (table == NULL)
        fail_msg("no table %s", name);
    return table;
}

static inline size_t rows_of(const outcome *out, const char *table)
{
    return cop_table_row_count(table_of(out, table));
}

static inline double value_of(const outcome *out, const char *name, size_t row, const char *column)
{
    const cop_table *t = table_of(out, name);
    for (size_t i = 0; i < cop_table_column_count(t); i++) {
        if (strcmp(cop_table_column(t, i)->name, column) == 0) {
            cop_table_value c = cop_table_at(t, row, i);
            return cop_table_column(t, i)->type == COP_COLUMN_INT ? (double)c.i : c.f;
        }
    }
    fail_msg("no column %s", column);
    return 0.0;
}

/* Bit for bit, NaN included; texts by what they say. */
static inline void assert_same_tables(const cop_tables *a, const cop_tables *b)
{
    assert_int_equal(cop_tables_count(a), cop_tables_count(b));
    for (size_t i = 0; i < cop_tables_count(a); i++) {
        const cop_table *s = cop_tables_at(a, i), *t = cop_tables_at(b, i);
        assert_int_equal(cop_table_row_count(s), cop_table_row_count(t));
        for (size_t row = 0; row < cop_table_row_count(s); row++) {
            for (size_t c = 0; c < cop_table_column_count(s); c++) {
                cop_table_value x = cop_table_at(s, row, c), y = cop_table_at(t, row, c);
                if (cop_table_column(s, c)->type == COP_COLUMN_TEXT)
                    assert_string_equal(x.text, y.text);
                else
                    assert_memory_equal(&x, &y, sizeof x);
            }
        }
    }
}

#endif
