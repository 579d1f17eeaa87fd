/* judged.c: joining verdicts and tables. */
#include "report/data/judged.h"

#include "core/memory.h"
#include "core/verdict.h"

#include <string.h>

static void free_tables(void *tables)
{
    cop_tables_free(tables);
}

/* The first verdicts of an analyzer; NULL: it passes none. */
static const cop_tables *pattern_of(const cop_record *record, const char *analyzer)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        for (size_t k = 0; k < t->analysis_count; k++) {
            if (t->analyses[k].verdicts != NULL && strcmp(t->analyses[k].analyzer, analyzer) == 0)
                return t->analyses[k].verdicts;
        }
    }
    return NULL;
}

/* The verdicts on an analysis where they fit its tables. */
static const cop_tables *fitting(const cop_record_analysis *analysis, const cop_tables *tables,
                                 cop_logger *log)
{
    cop_error why = {0};
    if (analysis->verdicts == NULL ||
        cop_verdicts_check(tables, analysis->verdicts, &why) == COP_OK)
        return analysis->verdicts;
    cop_say(log, COP_LOG_WARNING, "left out what the record says of %s-%s: %s", analysis->id.kind,
            analysis->id.hash, why.message);
    return NULL;
}

static cop_status join(cop_results *r, const cop_record_analysis *analysis, cop_logger *log,
                       const cop_tables **out, cop_error *err)
{
    const cop_result *result = cop_results_find(r, &analysis->id);
    cop_tables *joined = NULL;
    *out = result != NULL ? result->tables : NULL;
    const cop_tables *pattern = pattern_of(&r->record, analysis->analyzer);
    if (*out == NULL || pattern == NULL)
        return COP_OK;
    COP_TRY(cop_verdicts_join(*out, fitting(analysis, *out, log), pattern, &joined, err));
    *out = joined;
    return cop_arena_own(r->arena, joined, free_tables) ? COP_OK : cop_out_of_memory(err);
}

cop_status cop_judged_make(cop_results *r, cop_logger *log, cop_error *err)
{
    r->judged = cop_arena_array(r->arena, r->record.ticket_count + 1, sizeof *r->judged);
    if (r->judged == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->record.ticket_count; i++) {
        const cop_record_ticket *t = &r->record.tickets[i];
        r->judged[i] = cop_arena_array(r->arena, t->analysis_count + 1, sizeof *r->judged[i]);
        if (r->judged[i] == NULL)
            return cop_out_of_memory(err);
        for (size_t k = 0; k < t->analysis_count; k++)
            COP_TRY(join(r, &t->analyses[k], log, &r->judged[i][k], err));
    }
    return COP_OK;
}

const cop_tables *cop_judged_tables(const cop_results *r, const cop_record_ticket *t, size_t k)
{
    if (r->judged != NULL)
        return r->judged[t - r->record.tickets][k];
    const cop_result *result = cop_results_find(r, &t->analyses[k].id);
    return result != NULL ? result->tables : NULL;
}
