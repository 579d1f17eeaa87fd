/* verdicts.c: judging finished analyses. */
#include "study/running/verdicts.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/path.h"
#include "store/artifact_files.h"
#include "store/formats/tables_json.h"
#include "study/running/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Judging one ticket's analyses after another's: the dense network's tables are at hand while the
 * tickets are of one cell and seed. */
typedef struct judging {
    const cop_study *study;
    const cop_store *store;
    cop_tables **dense; /* by analyzer; NULL where they are not there */
    size_t dense_count;
    const cop_ticket *ticket; /* the dense network whose tables they are; NULL: none yet */
} judging;

/* The tables of an analysis that is there and sound, the caller's; else *out is NULL. */
static cop_status read_tables(const judging *j, const cop_stage *stage, cop_tables **out,
                              cop_error *err)
{
    bool is_there = false;
    char path[COP_PATH_SIZE];
    cop_error why = {0};
    *out = NULL;
    cop_status status = cop_store_find(j->store, &stage->id, &is_there, &why);
    if (status == COP_OK && is_there)
        status = cop_store_check_file(j->store, &stage->id, COP_TABLES_FILE, &why);
    if (status == COP_OK && is_there) {
        cop_store_path(j->store, &stage->id, COP_TABLES_FILE, path, sizeof path);
        status = cop_tables_read(path, out, &why);
    }
    if (status == COP_DAMAGED)
        return COP_OK;
    if (status != COP_OK && err != NULL)
        *err = why;
    return status;
}

static const cop_work_ops *ops_of(const judging *j, const cop_ticket *t, size_t i)
{
    return j->study->opened[t->cell].analyzers[i].ops;
}

/* The dense network of a ticket's cell and seed; NULL where the study reports on none. */
static const cop_ticket *dense_of(const cop_study *s, const cop_ticket *t)
{
    for (size_t i = 0; i < s->ticket_count; i++) {
        const cop_ticket *other = &s->tickets[i];
        if (other->phase < 0 && other->mask == COP_NO_STAGE && other->cell == t->cell &&
            other->seed == t->seed)
            return other;
    }
    return NULL;
}

static void judging_clear(judging *j)
{
    for (size_t i = 0; j->dense != NULL && i < j->dense_count; i++)
        cop_tables_free(j->dense[i]);
    free(j->dense);
    j->dense = NULL;
    j->dense_count = 0;
    j->ticket = NULL;
}

/* Reads the dense network's tables, unless they are at hand. */
static cop_status take_dense(judging *j, const cop_ticket *t, cop_error *err)
{
    if (j->ticket != NULL && j->ticket->cell == t->cell && j->ticket->seed == t->seed)
        return COP_OK;
    judging_clear(j);
    const cop_ticket *dense = dense_of(j->study, t);
    if (dense == NULL)
        return COP_OK;
    j->dense = calloc(dense->analysis_count + 1, sizeof *j->dense);
    if (j->dense == NULL)
        return cop_out_of_memory(err);
    j->dense_count = dense->analysis_count;
    for (size_t i = 0; i < j->dense_count; i++) {
        if (dense->analyses[i] != COP_NO_STAGE && ops_of(j, dense, i)->judge != NULL)
            COP_TRY(read_tables(j, &j->study->stages[dense->analyses[i]], &j->dense[i], err));
    }
    j->ticket = dense;
    return COP_OK;
}

/* The verdict on a ticket's analysis by the cell's `i`-th analyzer. */
static cop_status judge_analysis(judging *j, const cop_ticket *ticket, size_t i, cop_verdict *out,
                                 cop_error *err)
{
    if (ticket->analyses[i] == COP_NO_STAGE)
        return COP_OK;
    const cop_stage *stage = &j->study->stages[ticket->analyses[i]];
    const cop_instance *analyzer = &j->study->opened[ticket->cell].analyzers[i];
    cop_tables *tables = NULL;
    cop_error why = {0};
    char what[96];
    if (ops_of(j, ticket, i)->judge == NULL)
        return COP_OK;
    COP_TRY(take_dense(j, ticket, err));
    COP_TRY(read_tables(j, stage, &tables, err));
    if (tables == NULL)
        return COP_OK;
    (void)snprintf(what, sizeof what, "analyzer '%s'",
                   cop_component_entry(analyzer->component)->plugin->id);
    const cop_tables *dense = i < j->dense_count ? j->dense[i] : NULL;
    cop_status status = cop_judge_tables(what, analyzer->ops, analyzer->options, tables,
                                         j->ticket == ticket ? tables : dense, &out->tables, &why);
    cop_tables_free(tables);
    if (status == COP_OK)
        return COP_OK;
    (void)cop_fail_within(&why, "%s", stage->title);
    out->reason = strdup(why.message);
    return out->reason != NULL ? COP_OK : cop_out_of_memory(err);
}

static size_t count_analyses(const cop_study *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->ticket_count; i++)
        count += s->tickets[i].analysis_count;
    return count;
}

static cop_status judge_all(judging *j, cop_verdict *out, cop_error *err)
{
    for (size_t i = 0; i < j->study->ticket_count; i++) {
        const cop_ticket *ticket = &j->study->tickets[i];
        for (size_t k = 0; k < ticket->analysis_count; k++)
            COP_TRY(judge_analysis(j, ticket, k, out++, err));
    }
    return COP_OK;
}

cop_status cop_judge_study(const cop_study *s, const cop_store *store, cop_verdict **out,
                           cop_error *err)
{
    judging j = {.study = s, .store = store};
    cop_verdict *verdicts = calloc(count_analyses(s) + 1, sizeof *verdicts);
    *out = NULL;
    if (verdicts == NULL)
        return cop_out_of_memory(err);
    cop_status status = judge_all(&j, verdicts, err);
    judging_clear(&j);
    if (status != COP_OK) {
        cop_verdicts_free(s, verdicts);
        return status;
    }
    *out = verdicts;
    return COP_OK;
}

void cop_verdicts_free(const cop_study *s, cop_verdict *verdicts)
{
    for (size_t i = 0; verdicts != NULL && i < count_analyses(s); i++) {
        cop_tables_free(verdicts[i].tables);
        free(verdicts[i].reason);
    }
    free(verdicts);
}

const char *cop_verdicts_failure(const cop_study *s, const cop_verdict *verdicts)
{
    for (size_t i = 0; i < count_analyses(s); i++) {
        if (verdicts[i].reason != NULL)
            return verdicts[i].reason;
    }
    return NULL;
}
