/* curves.c: from rows of many repetitions to the curve to draw. */
#include "report/figures/curves.h"

#include "core/memory.h"

#include <math.h>

static size_t length_of(const cop_sample_point *rows, size_t count, size_t repetition)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += rows[i].repetition == repetition;
    return length;
}

/* The rows sorted by repetition, so that each one's lie together; stable. */
static cop_sample_point *sort_rows(const cop_sample_point *rows, size_t count, size_t *repetitions,
                                   cop_arena *arena)
{
    size_t most = 0, next = 0;
    for (size_t i = 0; i < count; i++)
        most = rows[i].repetition >= most ? rows[i].repetition + 1 : most;
    cop_sample_point *sorted = cop_arena_array(arena, count + 1, sizeof *sorted);
    *repetitions = 0;
    for (size_t k = 0; sorted != NULL && k < most; k++) {
        size_t before = next;
        for (size_t i = 0; i < count; i++) {
            if (rows[i].repetition == k) {
                sorted[next] = rows[i];
                sorted[next++].repetition = *repetitions;
            }
        }
        *repetitions += next > before;
    }
    return sorted;
}

/* True when each repetition has the first one's x. */
static bool same_x(const cop_sample_point *rows, size_t count, size_t length)
{
    if (length == 0 || count % length != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].repetition != i / length || rows[i].point.x != rows[i % length].point.x)
            return false;
    }
    return true;
}

/* Running sums of what is a number. */
static void add(double value, double *sum, size_t *count)
{
    if (isnan(value))
        return;
    *sum += value;
    ++*count;
}

static cop_point mean_point(const cop_sample_point *rows, size_t repetitions, size_t length,
                            size_t n)
{
    double y = 0.0, half = 0.0, value = 0.0, squares = 0.0;
    size_t ys = 0, halves = 0, values = 0, deviations = 0;
    for (size_t k = 0; k < repetitions; k++) {
        const cop_point *p = &rows[k * length + n].point;
        add(p->y, &y, &ys);
        add(p->high - p->y, &half, &halves);
        add(p->value, &value, &values);
    }
    y = ys > 0 ? y / (double)ys : (double)NAN;
    half = halves > 0 ? half / (double)halves : (double)NAN;
    value = values > 0 ? value / (double)values : (double)NAN;
    for (size_t k = 0; k < repetitions; k++) {
        double off = rows[k * length + n].point.y - y;
        add(off * off, &squares, &deviations);
    }
    if (halves == 0 && deviations > 1)
        half = sqrt(squares / (double)(deviations - 1));
    return (cop_point){
        .x = rows[n].point.x, .y = y, .low = y - half, .high = y + half, .value = value};
}

cop_status cop_curve_average(const cop_sample_point *rows, size_t count, cop_arena *arena,
                             cop_curve *out, cop_repetitions *over, cop_error *err)
{
    size_t repetitions = 0;
    const cop_sample_point *sorted = sort_rows(rows, count, &repetitions, arena);
    size_t length = sorted != NULL ? length_of(sorted, count, 0) : 0;
    out->points = cop_arena_array(arena, length + 1, sizeof *out->points);
    if (sorted == NULL || out->points == NULL)
        return cop_out_of_memory(err);
    bool same = same_x(sorted, count, length);
    over->differs = over->differs || (!same && count > 0);
    over->most = repetitions > over->most ? repetitions : over->most;
    for (size_t n = 0; n < length; n++)
        out->points[n] = same ? mean_point(sorted, repetitions, length, n) : sorted[n].point;
    out->count = length;
    return COP_OK;
}

/* The n-th line of a cell: the first ticket of each phase and round, without the controls. */
static const cop_record_ticket *line_at(const cop_record *record, size_t cell, size_t n)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        bool first = t->cell == cell && t->control == NULL;
        for (size_t k = 0; first && k < i; k++)
            first = !cop_same_line(&record->tickets[k], t);
        if (first && n-- == 0)
            return t;
    }
    return NULL;
}

size_t cop_choose_rounds(const cop_record *record, size_t cell, size_t limit,
                         const cop_record_ticket **out)
{
    size_t lines = 0;
    while (line_at(record, cell, lines) != NULL)
        lines++;
    size_t chosen = lines < limit ? lines : limit;
    for (size_t i = 0; i < chosen; i++) {
        size_t last = chosen > 1 ? chosen - 1 : 1;
        out[i] = line_at(record, cell, (i * (lines - 1) + last / 2) / last);
    }
    return chosen;
}

const char *cop_round_label(const cop_results *r, const cop_record_ticket *t)
{
    if (!t->has_mask)
        return cop_arena_strdup(r->arena, "dense");
    double sparsity = cop_ticket_sparsity(r, t);
    if (isnan(sparsity))
        return cop_arena_printf(r->arena, "round %lld", (long long)t->round);
    return cop_arena_printf(r->arena, "round %lld, %.1f %% sparse", (long long)t->round,
                            100.0 * sparsity);
}

const char *cop_round_short_label(const cop_results *r, const cop_record_ticket *t)
{
    double sparsity = cop_ticket_sparsity(r, t);
    if (!t->has_mask || isnan(sparsity))
        return cop_round_label(r, t);
    return cop_arena_printf(r->arena, "%.1f %%", 100.0 * sparsity);
}
