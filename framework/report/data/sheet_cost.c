/* sheet_cost.c: what it took to find each ticket, distillation included. */
#include "core/memory.h"
#include "core/table.h"
#include "report/data/sheets.h"

#include <math.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* What is measured; in this order behind the columns that say whose it is. */
typedef enum measure {
    SEARCH_IMAGES,
    SEARCH_STEPS,
    SEARCH_SECONDS,
    DISTIL_IMAGES,
    DISTIL_SECOND_ORDER,
    DISTIL_SECONDS,
    ALL_IMAGES,
    ALL_SECONDS,
    MEASURES
} measure;

#define MEASURED                                                                                   \
    COP_COLUMN(FLOAT, "search_images", "images",                                                   \
               "seen by the trainings whose weights were pruned on the way, as decoded"),          \
        COP_COLUMN(FLOAT, "search_steps", NULL, "optimiser steps of these trainings"),             \
        COP_COLUMN(FLOAT, "search_seconds", "s", "spent on them, and on making the masks"),        \
        COP_COLUMN(FLOAT, "distil_images", "images",                                               \
                   "real images that distilling the sets on the way looked at, trainings that it " \
                   "asked for included; empty where the distiller does not state it"),             \
        COP_COLUMN(FLOAT, "distil_second_order", NULL,                                             \
                   "gradients through a gradient while distilling; likewise"),                     \
        COP_COLUMN(FLOAT, "distil_seconds", "s", "spent on distilling, these trainings included"), \
        COP_COLUMN(FLOAT, "images", "images", "of search and distilling"),                         \
        COP_COLUMN(FLOAT, "seconds", "s", "of search and distilling")

static const cop_column cost_columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase that left this ticket"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far, over all phases"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "share of the prunable weights that is removed"),
    MEASURED};

static const cop_column summary_columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase that left these tickets"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far, over all phases"),
    COP_COLUMN(FLOAT, "sparsity", "fraction", "mean over the seeds, as all that follows"),
    MEASURED,
    COP_COLUMN(INT, "seeds", NULL, "tickets of which this is the mean")};

enum { COST_KEYS = COUNT(cost_columns) - MEASURES };

static double seconds_of(const cop_results *r, const cop_artifact_id *id)
{
    const cop_result *result = cop_results_find(r, id);
    return result != NULL ? result->seconds : (double)NAN;
}

/* Adds what one round of pruning took. */
static void add_round(const cop_results *r, const cop_record_ticket *t, double *sums)
{
    sums[SEARCH_SECONDS] += seconds_of(r, &t->mask);
    if (!t->has_training)
        return;
    const cop_result *training = cop_results_find(r, &t->training);
    sums[SEARCH_IMAGES] += training != NULL ? training->summary.samples : (double)NAN;
    sums[SEARCH_STEPS] += training != NULL ? training->summary.steps : (double)NAN;
    sums[SEARCH_SECONDS] += training != NULL ? training->seconds : (double)NAN;
}

/* Adds what a set took. */
static void add_set(const cop_results *r, const cop_artifact_id *set, double *sums)
{
    const cop_record_distilled *d = NULL;
    for (size_t i = 0; d == NULL && i < r->record.distilled_count; i++)
        if (cop_same_artifact(&r->record.distilled[i].set, set))
            d = &r->record.distilled[i];
    sums[DISTIL_SECONDS] += seconds_of(r, set);
    sums[DISTIL_IMAGES] += d != NULL ? d->real_images : (double)NAN;
    sums[DISTIL_SECOND_ORDER] += d != NULL ? d->second_order : (double)NAN;
    for (size_t i = 0; d != NULL && i < d->training_count; i++) {
        const cop_result *training = cop_results_find(r, &d->trainings[i]);
        sums[DISTIL_IMAGES] += training != NULL ? training->summary.samples : (double)NAN;
        sums[DISTIL_SECONDS] += training != NULL ? training->seconds : (double)NAN;
    }
}

static bool is_on_way(const cop_record_ticket *other, const cop_record_ticket *t)
{
    return other->cell == t->cell && other->seed == t->seed && other->round <= t->round &&
           other->has_mask && other->control == NULL;
}

/* Whether a round before `i` on the way to `t` trained on the same set. */
static bool is_set_counted(const cop_record *record, const cop_record_ticket *t, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_on_way(&record->tickets[k], t) && record->tickets[k].has_data &&
            cop_same_artifact(&record->tickets[k].data, &record->tickets[i].data))
            return true;
    return false;
}

static void measure_ticket(const cop_results *r, const cop_record_ticket *t, double *sums)
{
    const cop_record *record = &r->record;
    memset(sums, 0, MEASURES * sizeof *sums);
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (!is_on_way(&record->tickets[i], t))
            continue;
        add_round(r, &record->tickets[i], sums);
        if (record->tickets[i].has_data && !is_set_counted(record, t, i))
            add_set(r, &record->tickets[i].data, sums);
    }
    sums[ALL_IMAGES] = sums[SEARCH_IMAGES] + sums[DISTIL_IMAGES];
    sums[ALL_SECONDS] = sums[SEARCH_SECONDS] + sums[DISTIL_SECONDS];
}

static bool is_counted(const cop_record_ticket *t)
{
    return t->has_mask && t->control == NULL;
}

static cop_status add_ticket(const cop_results *r, const cop_record_ticket *t, cop_table *table,
                             cop_error *err)
{
    double sums[MEASURES];
    cop_table_value cells[COST_KEYS + MEASURES] = {{.text = r->record.cells[t->cell].label},
                                                   {.i = t->seed},
                                                   {.i = t->phase},
                                                   {.i = t->round},
                                                   {.f = cop_ticket_sparsity(r, t)}};
    measure_ticket(r, t, sums);
    for (size_t i = 0; i < MEASURES; i++)
        cells[COST_KEYS + i].f = sums[i];
    return cop_table_row(table, cells, err);
}

/* The means of the tickets on the line of number `first`, its first. */
static cop_status add_line(const cop_results *r, size_t first, cop_table *table, cop_error *err)
{
    const cop_record *record = &r->record;
    const cop_record_ticket *line = &record->tickets[first];
    double sums[MEASURES], totals[MEASURES] = {0}, sparsity = 0.0;
    int64_t count = 0;
    for (size_t i = first; i < record->ticket_count; i++) {
        if (!cop_same_line(&record->tickets[i], line))
            continue;
        measure_ticket(r, &record->tickets[i], sums);
        for (size_t k = 0; k < MEASURES; k++)
            totals[k] += sums[k];
        sparsity += cop_ticket_sparsity(r, &record->tickets[i]);
        count++;
    }
    cop_table_value cells[COUNT(summary_columns)] = {{.text = record->cells[line->cell].label},
                                                     {.i = line->phase},
                                                     {.i = line->round},
                                                     {.f = sparsity / (double)count}};
    for (size_t k = 0; k < MEASURES; k++)
        cells[COST_KEYS - 1 + k].f = totals[k] / (double)count;
    cells[COST_KEYS - 1 + MEASURES].i = count;
    return cop_table_row(table, cells, err);
}

static bool begins_line(const cop_record *record, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (cop_same_line(&record->tickets[k], &record->tickets[i]))
            return false;
    return true;
}

cop_status cop_sheet_cost(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    const cop_record *record = &r->record;
    size_t tickets = 0;
    for (size_t i = 0; i < record->ticket_count; i++)
        tickets += is_counted(&record->tickets[i]);
    if (tickets == 0)
        return COP_OK;
    cop_table *cost =
        cop_tables_put(sheets, "cost", "What it took to find each ticket, distillation included.",
                       cost_columns, COUNT(cost_columns), NULL, err);
    cop_table *summary = cost != NULL
                             ? cop_tables_put(sheets, "cost_summary",
                                              "What it took to find tickets, mean over "
                                              "seeds.",
                                              summary_columns, COUNT(summary_columns), NULL, err)
                             : NULL;
    if (summary == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < record->ticket_count; i++) {
        if (!is_counted(&record->tickets[i]))
            continue;
        COP_TRY(add_ticket(r, &record->tickets[i], cost, err));
        if (begins_line(record, i))
            COP_TRY(add_line(r, i, summary, err));
    }
    return COP_OK;
}
