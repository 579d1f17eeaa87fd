/* why_uses.c: what a stage is for, by the studies' records. */
#include "cli/why.h"

#include "core/memory.h"

#include <stdlib.h>

/* Tickets that need the stage for one of theirs, and distilled sets, of which so many are told. */
#define MOST_TOLD 6

typedef struct uses {
    const cop_seen_study *study;
    const cop_artifact_id *id;
    bool *needs; /* by position among the records: the stage, and what comes from it */
    FILE *out;
    bool all;
    size_t direct, indirect;
} uses;

/* Inputs stand before what reads them. */
static void mark_needing(uses *u)
{
    const cop_stage_records *records = &u->study->stages;
    for (size_t i = 0; i < records->stage_count; i++) {
        const cop_stage_record *stage = &records->stages[i];
        u->needs[i] = cop_same_artifact(&stage->id, u->id);
        for (size_t k = 0; k < stage->input_count && !u->needs[i]; k++) {
            size_t at = cop_stage_index_find(&u->study->index, &stage->inputs[k]);
            u->needs[i] = at < i && u->needs[at];
        }
    }
}

static bool does_need(const uses *u, const cop_artifact_id *id)
{
    size_t at = cop_stage_index_find(&u->study->index, id);
    return at != COP_NO_RECORD && u->needs[at];
}

/* Tickets. */

static void print_ticket(const uses *u, const cop_record_ticket *t)
{
    const cop_record *record = &u->study->record;
    (void)fprintf(u->out, "  study \"%s\", cell \"%s\", seed %lld, round %lld", record->name,
                  record->cells[t->cell].label, (long long)t->seed, (long long)t->round);
    if (t->control != NULL)
        (void)fprintf(u->out, ", control %s", t->control);
    (void)fputs(": ", u->out);
}

static bool is(const uses *u, bool has, const cop_artifact_id *id)
{
    return has && cop_same_artifact(id, u->id);
}

/* Prints the parts of the ticket that the stage is; false where it is none. */
static bool print_parts(uses *u, const cop_record_ticket *t)
{
    size_t before = u->direct;
    const char *const roles[] = {"its mask", "the training whose weights were pruned to its mask",
                                 "the distilled set that it was found on"};
    const bool are[] = {is(u, t->has_mask, &t->mask), is(u, t->has_training, &t->training),
                        is(u, t->has_data, &t->data)};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        if (!are[i])
            continue;
        print_ticket(u, t);
        (void)fprintf(u->out, "%s\n", roles[i]);
        u->direct++;
    }
    for (size_t i = 0; i < t->copy_count; i++) {
        if (!is(u, true, &t->copies[i]))
            continue;
        print_ticket(u, t);
        (void)fprintf(u->out, "its copy %zu\n", i);
        u->direct++;
    }
    for (size_t i = 0; i < t->analysis_count; i++) {
        if (!is(u, true, &t->analyses[i].id))
            continue;
        print_ticket(u, t);
        (void)fprintf(u->out, "its analysis by %s%s%s\n", t->analyses[i].analyzer,
                      t->analyses[i].label[0] != '\0' ? ", " : "", t->analyses[i].label);
        u->direct++;
    }
    return u->direct > before;
}

static bool ticket_needs(const uses *u, const cop_record_ticket *t)
{
    bool needs = t->has_mask && does_need(u, &t->mask);
    for (size_t i = 0; i < t->copy_count && !needs; i++)
        needs = does_need(u, &t->copies[i]);
    for (size_t i = 0; i < t->analysis_count && !needs; i++)
        needs = does_need(u, &t->analyses[i].id);
    return needs;
}

static void print_tickets(uses *u)
{
    const cop_record *record = &u->study->record;
    for (size_t i = 0; i < record->ticket_count; i++) {
        const cop_record_ticket *t = &record->tickets[i];
        if (print_parts(u, t) || !ticket_needs(u, t))
            continue;
        if (u->indirect++ >= MOST_TOLD && !u->all)
            continue;
        print_ticket(u, t);
        (void)fputs("one of its stages comes from it\n", u->out);
    }
    if (u->indirect > MOST_TOLD && !u->all)
        (void)fprintf(u->out, "  study \"%s\": stages of %zu more tickets come from it (--all)\n",
                      record->name, u->indirect - MOST_TOLD);
}

/* Distilled sets. */

static void print_distilled(uses *u)
{
    const cop_record *record = &u->study->record;
    for (size_t i = 0; i < record->distilled_count; i++) {
        const cop_record_distilled *d = &record->distilled[i];
        const char *role = is(u, true, &d->set)                 ? "the distilled set"
                           : is(u, d->has_trained, &d->trained) ? "the network trained on its set"
                                                                : NULL;
        for (size_t k = 0; role == NULL && k < d->training_count; k++)
            if (is(u, true, &d->trainings[k]))
                role = "a training that its distiller asked for";
        if (role == NULL)
            continue;
        (void)fprintf(u->out, "  study \"%s\", cell \"%s\", seed %lld: %s\n", record->name,
                      record->cells[d->cell].label, (long long)d->seed, role);
        u->direct++;
    }
}

static cop_status print_study(uses *u, cop_error *err)
{
    u->indirect = 0;
    u->needs = calloc(u->study->stages.stage_count + 1, sizeof *u->needs);
    if (u->needs == NULL)
        return cop_out_of_memory(err);
    mark_needing(u);
    print_distilled(u);
    print_tickets(u);
    u->direct += u->indirect;
    free(u->needs);
    return COP_OK;
}

cop_status cop_why_uses(const cop_seen *seen, const cop_artifact_id *id, bool all, FILE *out,
                        cop_error *err)
{
    uses u = {.id = id, .out = out, .all = all};
    (void)fputs("\nwhat it is for\n", out);
    for (size_t i = 0; i < seen->count; i++) {
        u.study = &seen->studies[i];
        COP_TRY(print_study(&u, err));
    }
    if (u.direct == 0)
        (void)fputs("  no ticket or distilled set of a record needs it\n", out);
    return COP_OK;
}
