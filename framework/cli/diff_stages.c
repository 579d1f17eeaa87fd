/* diff_stages.c: two stages, and what they come from as far as it differs. */
#include "cli/diff.h"

#include "core/memory.h"
#include "core/text.h"
#include "store/stage_difference.h"

#include <string.h>

/* Room for a title. */
#define TITLE 400

/* Pairs of stages that are printed. */
#define MOST_PAIRS 20

static void print_stage(const char *head, const cop_stage_record *stage, FILE *out)
{
    char name[COP_ARTIFACT_NAME_SIZE], title[TITLE];
    (void)fprintf(out, "%s%s: %s\n", head, cop_artifact_text(&stage->id, name),
                  cop_escape(stage->title, title, sizeof title));
}

/* "start, mask": the lines that lead from the first pair to this one. */
static void append_way(const cop_stage_difference *d, size_t pair, cop_text *text)
{
    size_t way[64], length = 0;
    for (; d->pairs[pair].through != NULL && length < sizeof way / sizeof way[0];
         pair = d->pairs[pair].from)
        way[length++] = pair;
    if (d->pairs[pair].through != NULL)
        cop_text_append(text, "..., ");
    while (length-- > 0)
        cop_text_printf(text, "%s%s", d->pairs[way[length]].through, length > 0 ? ", " : "");
}

static bool has_cause(const cop_stage_pair *pair)
{
    for (size_t i = 0; i < pair->line_count; i++)
        if (!pair->lines[i].is_followed)
            return true;
    return false;
}

static void print_lines(const cop_stage_pair *pair, FILE *out)
{
    cop_diff_widths widths = {0};
    for (size_t i = 0; i < pair->line_count; i++)
        if (!pair->lines[i].is_followed)
            cop_diff_widen(&widths, pair->lines[i].name, pair->lines[i].a);
    for (size_t i = 0; i < pair->line_count; i++) {
        const cop_line_difference *line = &pair->lines[i];
        if (!line->is_followed)
            cop_diff_print_line(&widths, line->name, line->a, line->b, out);
    }
}

/* What differs of a pair by itself; of one that the first comes from, with the way to it. */
static cop_status print_pair(const cop_stage_difference *d, size_t i, const cop_seen_study *a,
                             const cop_seen_study *b, FILE *out, cop_error *err)
{
    const cop_stage_pair *pair = &d->pairs[i];
    cop_text way = {0};
    if (pair->through == NULL) {
        (void)fputs("\nwhat differs (A, B)\n", out);
        print_lines(pair, out);
        return COP_OK;
    }
    append_way(d, i, &way);
    cop_status status = way.failed ? cop_out_of_memory(err) : COP_OK;
    if (status == COP_OK) {
        char shown[TITLE];
        (void)fprintf(out, "\nwhat differs in what they come from by: %s (A, B)\n",
                      cop_escape(way.data, shown, sizeof shown));
        print_stage("  A ", &a->stages.stages[pair->a], out);
        print_stage("  B ", &b->stages.stages[pair->b], out);
        print_lines(pair, out);
    }
    cop_text_free(&way);
    return status;
}

/* The lines of a pair that lead on, in a word each. */
static void print_followed(const cop_stage_pair *pair, FILE *out)
{
    size_t count = 0;
    char name[200];
    for (size_t i = 0; i < pair->line_count; i++) {
        if (!pair->lines[i].is_followed)
            continue;
        (void)fprintf(out, "%s%s", count++ > 0 ? ", " : "\nthey come from other stages by: ",
                      cop_escape(pair->lines[i].name, name, sizeof name));
    }
    (void)fputs(count > 0 ? "\n" : "", out);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Whether the same differs in both, the stages that they come from aside. */
static bool is_same_cause(const cop_stage_pair *a, const cop_stage_pair *b)
{
    size_t i = 0, k = 0;
    for (;; i++, k++) {
        while (i < a->line_count && a->lines[i].is_followed)
            i++;
        while (k < b->line_count && b->lines[k].is_followed)
            k++;
        if (i == a->line_count || k == b->line_count)
            return i == a->line_count && k == b->line_count;
        if (!is_same_text(a->lines[i].name, b->lines[k].name) ||
            !is_same_text(a->lines[i].a, b->lines[k].a) ||
            !is_same_text(a->lines[i].b, b->lines[k].b))
            return false;
    }
}

/* The pairs that were printed. */
typedef struct printed {
    size_t pairs[MOST_PAIRS];
    size_t count;
} printed;

static bool is_printed(const cop_stage_difference *d, const printed *p, size_t pair)
{
    for (size_t i = 0; i < p->count; i++)
        if (is_same_cause(&d->pairs[p->pairs[i]], &d->pairs[pair]))
            return true;
    return false;
}

static cop_status print_all(const cop_stage_difference *d, const cop_seen_stage *a,
                            const cop_seen_stage *b, FILE *out, cop_error *err)
{
    printed done = {.count = 0};
    size_t repeated = 0, left_out = 0;
    if (d->count > 0)
        print_followed(&d->pairs[0], out);
    for (size_t i = 0; i < d->count; i++) {
        bool is_news = has_cause(&d->pairs[i]) && !is_printed(d, &done, i);
        repeated += has_cause(&d->pairs[i]) && !is_news;
        if (!is_news)
            continue;
        if (done.count == MOST_PAIRS) {
            left_out++;
            continue;
        }
        COP_TRY(print_pair(d, i, a->study, b->study, out, err));
        done.pairs[done.count++] = i;
    }
    if (repeated > 0)
        (void)fprintf(out, "\nthe same differs in %zu more stage%s that they come from\n", repeated,
                      repeated == 1 ? "" : "s");
    if (left_out > 0)
        (void)fprintf(out, "\n%zu more stages that they come from differ\n", left_out);
    return COP_OK;
}

cop_status cop_diff_print_causes(const cop_seen_stage *a, const cop_seen_stage *b, FILE *out,
                                 cop_error *err)
{
    cop_stage_difference d;
    const cop_stage_place in_a = {.index = &a->study->index, .at = a->at},
                          in_b = {.index = &b->study->index, .at = b->at};
    print_stage("A: ", cop_seen_record(a), out);
    print_stage("B: ", cop_seen_record(b), out);
    cop_status status = cop_stages_compare(&in_a, &in_b, &d, err);
    if (status == COP_OK)
        status = print_all(&d, a, b, out, err);
    cop_stage_difference_clear(&d);
    return status;
}

cop_status cop_diff_stages(const cop_side *a, const cop_side *b, FILE *out, bool *differs,
                           cop_error *err)
{
    *differs = !cop_same_artifact(&cop_seen_record(&a->stage)->id, &cop_seen_record(&b->stage)->id);
    if (*differs)
        return cop_diff_print_causes(&a->stage, &b->stage, out, err);
    print_stage("the same stage: ", cop_seen_record(&a->stage), out);
    return COP_OK;
}
