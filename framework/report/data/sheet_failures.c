/* sheet_failures.c: why results are missing that a run could not make. */
#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"
#include "report/data/sheets.h"

#include <stdlib.h>
#include <string.h>

static const cop_column columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(INT, "phase", NULL, "pruning phase; -1: the dense network, or a distilled set"),
    COP_COLUMN(INT, "round", NULL, "rounds of pruning so far"),
    COP_COLUMN(TEXT, "reason", NULL, "the stage that failed, and why")};

static void add_text(const char *reason, cop_text *text)
{
    if (text->data == NULL || strstr(text->data, reason) == NULL)
        cop_text_printf(text, "%s%s", text->length > 0 ? "; " : "", reason);
}

/* Appends the reason for which an artifact is missing, unless it is there or the reason is told. */
static void add_reason(const cop_results *r, const cop_artifact_id *id, cop_text *text)
{
    const cop_record *record = &r->record;
    for (size_t i = 0; i < record->failure_count; i++) {
        const cop_record_failure *failure = &record->failures[i];
        if (cop_same_artifact(&failure->stage, id) && cop_results_find(r, id) == NULL)
            add_text(failure->reason, text);
    }
}

/* The text as the arena's; NULL when memory is out. */
static const char *keep(cop_text *text, cop_arena *arena)
{
    char *taken = cop_text_take(text);
    const char *copy = taken != NULL ? cop_arena_strdup(arena, taken) : NULL;
    free(taken);
    return copy;
}

const char *cop_ticket_failure(const cop_results *r, const cop_record_ticket *t)
{
    cop_text text = {0};
    if (t->has_training)
        add_reason(r, &t->training, &text);
    if (t->has_mask)
        add_reason(r, &t->mask, &text);
    for (size_t i = 0; i < t->copy_count; i++)
        add_reason(r, &t->copies[i], &text);
    for (size_t i = 0; i < t->analysis_count; i++) {
        add_reason(r, &t->analyses[i].id, &text);
        if (t->analyses[i].unjudged != NULL)
            add_text(t->analyses[i].unjudged, &text);
    }
    return keep(&text, r->arena);
}

static const char *set_failure(const cop_results *r, const cop_record_distilled *d)
{
    cop_text text = {0};
    add_reason(r, &d->set, &text);
    if (d->has_trained)
        add_reason(r, &d->trained, &text);
    return keep(&text, r->arena);
}

static cop_status add_row(const cop_results *r, size_t cell, int64_t seed, int64_t phase,
                          int64_t round, const char *reason, cop_table *table, cop_error *err)
{
    if (reason == NULL)
        return cop_out_of_memory(err);
    if (reason[0] == '\0')
        return COP_OK;
    const cop_table_value cells[] = {{.text = r->record.cells[cell].label},
                                     {.i = seed},
                                     {.i = phase},
                                     {.i = round},
                                     {.text = reason}};
    return cop_table_row(table, cells, err);
}

static bool is_unjudged(const cop_record *record)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++) {
            if (t->analyses[k].unjudged != NULL)
                return true;
        }
    }
    return false;
}

cop_status cop_sheet_failures(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    const cop_record *record = &r->record;
    if (record->failure_count == 0 && !is_unjudged(record))
        return COP_OK;
    cop_table *table = cop_tables_put(sheets, "failures", "What failed, and why.", columns,
                                      sizeof columns / sizeof columns[0], NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < record->distilled_count; i++) {
        const cop_record_distilled *d = &record->distilled[i];
        COP_TRY(add_row(r, d->cell, d->seed, -1, 0, set_failure(r, d), table, err));
    }
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        COP_TRY(
            add_row(r, t->cell, t->seed, t->phase, t->round, cop_ticket_failure(r, t), table, err));
    }
    return COP_OK;
}
