/* answers.c: from the sheets to sentences. */
#include "report/data/answers.h"

#include "core/memory.h"
#include "core/table.h"
#include "core/text.h"
#include "report/data/sheets.h"
#include "report/data/shown.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Results that a sentence names, besides accuracy. */
#define MOST_RESULTS 3

/* Above this p-value a difference may be chance. */
#define MOST_CHANCE 0.05

/* What the functions here share. */
typedef struct speaker {
    const cop_results *r;
    const cop_joined_list *joined;
    const cop_table *summary, *comparisons, *intervals; /* the latter two NULL: there is none */
    size_t *rows; /* of the summary: one cell's tickets, as it lists them */
    size_t row_count;
} speaker;

static size_t column_of(const cop_table *table, const char *name)
{
    return (size_t)cop_table_find_column(table, name);
}

static double number_at(const speaker *s, size_t row, const char *column)
{
    return cop_table_number(s->summary, row, column_of(s->summary, column));
}

static double sparsity_at(const speaker *s, size_t row)
{
    return number_at(s, row, "sparsity");
}

/* The rows of a cell's own tickets. */
static void find_rows(speaker *s, const char *cell)
{
    s->row_count = 0;
    for (size_t i = 0; i < cop_table_row_count(s->summary); i++) {
        const char *control = cop_table_at(s->summary, i, column_of(s->summary, "control")).text;
        const char *label = cop_table_at(s->summary, i, column_of(s->summary, "cell")).text;
        if (control[0] == '\0' && strcmp(label, cell) == 0)
            s->rows[s->row_count++] = i;
    }
}

/* Phrases are joined by semicolons, but for the first behind a colon. */
static void begin_phrase(cop_text *text)
{
    if (text->length == 0)
        return;
    cop_text_append(text, text->data[text->length - 1] == ':' ? " " : "; ");
}

static void add_percent(cop_text *text, double share)
{
    cop_text_printf(text, "%.1f %%", 100.0 * share);
}

/* A tally as a sentence has it: "stable (9 of 9)" of "stable 9/9"; others as they are. */
static void add_tally(cop_text *text, const char *tally)
{
    const char *space = strrchr(tally, ' '), *slash = strchr(tally, '/');
    if (space == NULL || slash == NULL || slash < space || strchr(tally, ',') != NULL)
        cop_text_append(text, tally);
    else
        cop_text_printf(text, "%.*s (%.*s of %s)", (int)(space - tally), tally,
                        (int)(slash - space - 1), space + 1, slash + 1);
}

/* "stable (9 of 9) from 36.0 % sparsity on", for what all seeds and pairs say at the highest
 * sparsity and do from there on; where they differ there, what each says. */
static void phrase_verdict(const speaker *s, const cop_joined *j, cop_text *text)
{
    size_t column = column_of(s->summary, j->as.name), first = s->row_count - 1;
    const char *last = cop_table_at(s->summary, s->rows[first], column).text;
    if (last[0] == '\0')
        return;
    while (first > 0 &&
           strcmp(cop_table_at(s->summary, s->rows[first - 1], column).text, last) == 0)
        first--;
    add_tally(text, last);
    if (s->row_count == 1)
        return;
    if (first == 0) {
        cop_text_append(text, " at every sparsity");
        return;
    }
    bool holds_on = first + 1 < s->row_count;
    cop_text_append(text, holds_on ? " from " : " at ");
    add_percent(text, sparsity_at(s, s->rows[first]));
    cop_text_append(text, holds_on ? " sparsity on" : " sparsity");
}

/* Whether a phrase stands in the text already, whole: "stable" is not said by "unstable". */
static bool is_said(const cop_text *text, const char *phrase)
{
    size_t length = strlen(phrase);
    for (const char *at = text->data; at != NULL && *at != '\0';) {
        if (strncmp(at, phrase, length) == 0 && (at[length] == '\0' || at[length] == ';'))
            return true;
        at = strstr(at, "; ");
        at = at != NULL ? at + 2 : NULL;
    }
    return false;
}

/* Two verdicts may say the same, such as that all networks collapsed: once is enough. */
static void say_verdict(const speaker *s, const cop_joined *j, cop_text *text)
{
    cop_text phrase = {0};
    phrase_verdict(s, j, &phrase);
    if (phrase.length > 0 && !is_said(text, phrase.data)) {
        begin_phrase(text);
        cop_text_append(text, phrase.data);
    }
    text->failed = text->failed || phrase.failed;
    cop_text_free(&phrase);
}

/* The row of the comparisons, or of the intervals, that is about a result at a row of the summary;
 * NULL-like −1. */
static int64_t find_result(const speaker *s, const cop_table *t, size_t row, const char *result)
{
    const char *cell = cop_table_at(s->summary, row, column_of(s->summary, "cell")).text;
    for (size_t i = 0; t != NULL && i < cop_table_row_count(t); i++) {
        if (strcmp(cop_table_at(t, i, column_of(t, "cell")).text, cell) == 0 &&
            strcmp(cop_table_at(t, i, column_of(t, "result")).text, result) == 0 &&
            (double)cop_table_at(t, i, column_of(t, "round")).i == number_at(s, row, "round"))
            return (int64_t)i;
    }
    return -1;
}

/* A number of a column as people are shown it, to the digits that `deviation` leaves sense in;
 * with a sign where `is_signed`. */
static void add_number(cop_text *text, double value, double deviation, const cop_column *column,
                       bool is_signed)
{
    char shown[64];
    (void)cop_display_within(value, deviation, column->unit, shown, sizeof shown);
    cop_text_append(text, is_signed && value > 0.0 ? "+" : "");
    cop_text_append(text, shown);
}

/* " [0.62, 1.04]", nothing where there is none. */
static void add_interval(cop_text *text, double low, double high, const cop_column *column,
                         bool is_signed)
{
    double digits = 0.5 * (high - low);
    if (isnan(low))
        return;
    cop_text_append(text, " [");
    add_number(text, low, digits, column, is_signed);
    cop_text_append(text, ", ");
    add_number(text, high, digits, column, is_signed);
    cop_text_append(text, "]");
}

static double comparison(const speaker *s, int64_t row, const char *column)
{
    return cop_table_number(s->comparisons, (size_t)row, column_of(s->comparisons, column));
}

/* " (+0.21 points [-0.62, +1.04] against IMP, p = 0.5)"; the baseline is named once per cell. */
static void say_difference(const speaker *s, size_t row, const cop_column *column, bool *is_named,
                           cop_text *text)
{
    int64_t at = find_result(s, s->comparisons, row, column->name);
    double difference = at >= 0 ? comparison(s, at, "difference") : (double)NAN;
    if (isnan(difference))
        return;
    double low = comparison(s, at, "low"), high = comparison(s, at, "high");
    double chance = comparison(s, at, "p_holm");
    double digits = isnan(low) ? fabs(difference) : 0.5 * (high - low);
    cop_text_append(text, " (");
    add_number(text, difference, digits, column, true);
    cop_text_append(text, strcmp(cop_shown_unit(column), "%") == 0 ? " points" : "");
    add_interval(text, low, high, column, true);
    if (!*is_named)
        cop_text_printf(text, " against %s", s->r->briefs[s->r->record.baseline]);
    *is_named = true;
    if (chance < 0.001)
        cop_text_append(text, ", p < 0.001");
    else if (!isnan(chance))
        cop_text_printf(text, ", p = %.2g", chance);
    cop_text_append(text, ")");
}

/* The interval of a mean over pairs of copies. */
static void say_interval(const speaker *s, size_t row, const cop_column *column, cop_text *text)
{
    int64_t at = find_result(s, s->intervals, row, column->name);
    if (at >= 0)
        add_interval(text,
                     cop_table_number(s->intervals, (size_t)at, column_of(s->intervals, "low")),
                     cop_table_number(s->intervals, (size_t)at, column_of(s->intervals, "high")),
                     column, false);
}

/* "test error barrier 0.94 ± 0.40 % [0.51, 1.37]", of the tickets of one row, over seeds. */
static void say_result(const speaker *s, size_t row, const cop_column *column, const char *name,
                       const char *deviation, bool *is_named, cop_text *text)
{
    double mean = number_at(s, row, column->name), sd = number_at(s, row, deviation);
    const char *unit = cop_shown_unit(column);
    if (isnan(mean))
        return;
    begin_phrase(text);
    cop_text_printf(text, "%s ", name);
    add_number(text, mean, isnan(sd) ? 0.0 : sd, column, false);
    if (!isnan(sd)) {
        cop_text_append(text, " ± ");
        add_number(text, sd, sd, column, false);
    }
    cop_text_printf(text, "%s%s", unit[0] != '\0' ? " " : "", unit);
    say_interval(s, row, column, text);
    say_difference(s, row, column, is_named, text);
}

static bool is_word(const cop_joined *j)
{
    return j->as.type == COP_COLUMN_TEXT;
}

/* Results are named beside the verdicts that rest on them; where none passes any, the first
 * analyzer's. */
static bool is_told(const speaker *s, const cop_joined *j)
{
    bool any = false, own = false;
    const cop_table_group *first = NULL;
    for (size_t i = 0; i < s->joined->count; i++) {
        const cop_joined *other = &s->joined->items[i];
        bool judges = other->is_headline && is_word(other);
        any = any || judges;
        own = own || (judges && other->group == j->group && other->key == j->key);
        if (first == NULL && other->is_headline)
            first = other->group;
    }
    return j->is_headline && !is_word(j) && (any ? own : j->group == first);
}

/* A result as a sentence names it; the arena's, NULL when memory is out. */
static char *shown_name(const cop_joined *j, cop_arena *arena)
{
    char *name = cop_arena_strdup(arena, cop_table_column(j->group->first, j->column)->name);
    for (char *c = name; c != NULL && *c != '\0'; c++)
        *c = *c == '_' ? ' ' : *c;
    return name;
}

static void say_results(const speaker *s, size_t row, bool *is_named, cop_text *text,
                        cop_arena *arena)
{
    size_t count = 0;
    for (size_t i = 0; i < s->joined->count && count < MOST_RESULTS; i++) {
        const cop_joined *j = &s->joined->items[i];
        if (!is_told(s, j))
            continue;
        char *name = shown_name(j, arena);
        const char *deviation = cop_arena_printf(arena, "%s_std", j->as.name);
        text->failed = text->failed || name == NULL || deviation == NULL;
        if (text->failed)
            return;
        say_result(s, row, &j->as, name, deviation, is_named, text);
        count++;
    }
}

/* Differences from the baseline at the cell's other rounds that are beyond chance, of one result:
 * ", test error barrier -5.8 points at 36.0 %, -2.2 points at 59.0 %". Counts what was compared. */
static size_t say_beyond_chance(const speaker *s, const cop_column *column, const char *name,
                                cop_text *text)
{
    size_t compared = 0, said = 0;
    const char *unit = strcmp(cop_shown_unit(column), "%") == 0 ? " points" : "";
    for (size_t i = 0; i + 1 < s->row_count; i++) {
        int64_t at = find_result(s, s->comparisons, s->rows[i], column->name);
        double chance = at >= 0 ? comparison(s, at, "p_holm") : (double)NAN;
        compared += isnan(chance) ? 0 : 1;
        if (!(chance < MOST_CHANCE))
            continue;
        cop_text_append(text, text->length > 0 ? ", " : "");
        if (said++ == 0)
            cop_text_printf(text, "%s ", name);
        add_number(text, comparison(s, at, "difference"),
                   0.5 * (comparison(s, at, "high") - comparison(s, at, "low")), column, true);
        cop_text_printf(text, "%s at ", unit);
        add_percent(text, sparsity_at(s, s->rows[i]));
    }
    return compared;
}

/* What the other rounds say beside the last, where a cell has several and is compared. */
static void say_elsewhere(const speaker *s, const cop_column *accuracy, cop_text *text)
{
    cop_text found = {0};
    size_t compared = 0, count = 0;
    const char *baseline = s->r->briefs[s->r->record.baseline];
    for (size_t i = 0; i < s->joined->count && count < MOST_RESULTS; i++) {
        const cop_joined *j = &s->joined->items[i];
        if (!is_told(s, j))
            continue;
        char *name = shown_name(j, s->r->arena);
        text->failed = text->failed || name == NULL;
        compared += name != NULL ? say_beyond_chance(s, &j->as, name, &found) : 0;
        count++;
    }
    compared += say_beyond_chance(s, accuracy, "test accuracy", &found);
    if (found.length > 0) {
        begin_phrase(text);
        cop_text_printf(text, "at other sparsities against %s, each with p < 0.05: %s", baseline,
                        found.data);
    } else if (compared > 0) {
        begin_phrase(text);
        cop_text_printf(text, "no difference from %s with p < 0.05 at other sparsities", baseline);
    }
    text->failed = text->failed || found.failed;
    cop_text_free(&found);
}

/* What intervals of one seed rest on, or why there is none: what the first result says of it. */
static const char *basis_of(const speaker *s, size_t row)
{
    for (size_t i = 0; i < s->joined->count; i++) {
        const cop_joined *j = &s->joined->items[i];
        int64_t at = is_told(s, j) ? find_result(s, s->intervals, row, j->as.name) : -1;
        if (at >= 0)
            return cop_table_at(s->intervals, (size_t)at, column_of(s->intervals, "basis")).text;
    }
    return "one seed, so no interval";
}

/* How many seeds there are, and what one does not tell. */
static void say_count(const speaker *s, size_t row, cop_text *text)
{
    double seeds = number_at(s, row, "seeds"), collapsed = number_at(s, row, "collapsed");
    begin_phrase(text);
    if (seeds == 1.0)
        cop_text_append(text, basis_of(s, row));
    else
        cop_text_printf(text, "n = %.0f seeds", seeds);
    if (collapsed > 0.0)
        cop_text_printf(text, "; %.0f of %.0f networks collapsed", collapsed,
                        number_at(s, row, "networks"));
}

static void say_cell(const speaker *s, cop_text *text)
{
    size_t row = s->rows[s->row_count - 1];
    const cop_column *accuracy =
        cop_table_column(s->summary, column_of(s->summary, "test_accuracy"));
    if (!(number_at(s, row, "seeds") > 0.0))
        return;
    for (size_t i = 0; i < s->joined->count; i++)
        if (s->joined->items[i].is_headline && is_word(&s->joined->items[i]))
            say_verdict(s, &s->joined->items[i], text);
    begin_phrase(text);
    cop_text_append(text, "at ");
    add_percent(text, sparsity_at(s, row));
    cop_text_append(text, " sparsity:");
    bool is_named = false;
    say_results(s, row, &is_named, text, s->r->arena);
    say_result(s, row, accuracy, "test accuracy", "test_accuracy_std", &is_named, text);
    say_elsewhere(s, accuracy, text);
    say_count(s, row, text);
}

/* "A set of IDC trains a network to 44.1 ± 0.3 %", where there is nothing but sets. */
static void say_set(const cop_table *sets, size_t row, cop_text *text)
{
    size_t column = column_of(sets, "test_accuracy");
    double mean = cop_table_number(sets, row, column);
    double sd = cop_table_number(sets, row, column_of(sets, "test_accuracy_std"));
    int64_t networks = cop_table_at(sets, row, column_of(sets, "networks")).i;
    const cop_column *accuracy = cop_table_column(sets, column);
    if (isnan(mean))
        return;
    cop_text_append(text, "a network trained on the set reaches a test accuracy of ");
    add_number(text, mean, 0.0, accuracy, false);
    if (!isnan(sd)) {
        cop_text_append(text, " ± ");
        add_number(text, sd, 0.0, accuracy, false);
    }
    if (networks == 1)
        cop_text_append(text, " %; one seed, so no interval");
    else
        cop_text_printf(text, " %%; n = %lld seeds", (long long)networks);
}

static cop_status add_answer(cop_answers *out, const char *cell, cop_text *text, cop_arena *arena,
                             cop_error *err)
{
    if (text->length == 0 && !text->failed)
        return COP_OK;
    char *taken = cop_text_take(text);
    const char *kept = taken != NULL ? cop_arena_strdup(arena, taken) : NULL;
    free(taken);
    if (kept == NULL)
        return cop_out_of_memory(err);
    out->items[out->count++] = (cop_answer){cell, kept};
    return COP_OK;
}

static cop_status say_cells(speaker *s, cop_answers *out, cop_error *err)
{
    const cop_record *record = &s->r->record;
    for (size_t i = 0; i < record->cell_count; i++) {
        cop_text text = {0};
        find_rows(s, record->cells[i].label);
        if (s->row_count > 0)
            say_cell(s, &text);
        COP_TRY(add_answer(out, record->cells[i].label, &text, s->r->arena, err));
    }
    return COP_OK;
}

static cop_status say_sets(const cop_results *r, const cop_table *sets, cop_answers *out,
                           cop_error *err)
{
    for (size_t i = 0; sets != NULL && i < cop_table_row_count(sets); i++) {
        cop_text text = {0};
        say_set(sets, i, &text);
        COP_TRY(add_answer(out, cop_table_at(sets, i, column_of(sets, "cell")).text, &text,
                           r->arena, err));
    }
    return COP_OK;
}

/* What is compared with what. */
static const char *question(const cop_results *r)
{
    const cop_record *record = &r->record;
    cop_text text = {0};
    cop_text_printf(&text, "%zu cell%s", record->cell_count, record->cell_count == 1 ? "" : "s");
    for (size_t i = 0; i < record->cell_count && record->cell_count <= 8; i++)
        cop_text_printf(&text, "%s%s", i == 0 ? " (" : ", ", record->cells[i].label);
    cop_text_append(&text, record->cell_count <= 8 ? ")" : "");
    cop_text_printf(&text, ", %zu seed%s", record->seed_count, record->seed_count == 1 ? "" : "s");
    if (record->cell_count > 1)
        cop_text_printf(&text, "; compared with %s", record->cells[record->baseline].label);
    char *taken = cop_text_take(&text);
    const char *kept = taken != NULL ? cop_arena_strdup(r->arena, taken) : NULL;
    free(taken);
    return kept;
}

static bool has_interval(const cop_table *intervals)
{
    for (size_t i = 0; intervals != NULL && i < cop_table_row_count(intervals); i++)
        if (!isnan(cop_table_number(intervals, i, column_of(intervals, "low"))))
            return true;
    return false;
}

cop_status cop_answers_make(const cop_results *r, const cop_joined_list *joined,
                            const cop_tables *sheets, cop_answers *out, cop_error *err)
{
    static const char several[] =
        "± is the sample standard deviation over seeds (of accuracy: over seeds and copies). "
        "Brackets hold 95 % confidence intervals (Student's t): of a mean between copies over "
        "seeds, of a mean difference over matched seeds; p is of the paired t-test, corrected for "
        "the number of cells (Holm).";
    static const char one[] = "With one seed nobody knows what is chance between seeds, and no "
                              "difference is more than an observation.";
    static const char one_of_copies[] =
        "With one seed nobody knows what is chance between seeds, and no difference is more than "
        "an observation. Brackets hold 95 % confidence intervals over the copies of that seed "
        "alone, by the jackknife that leaves out one copy at a time, as pairs share copies: of how "
        "another seed would differ they say nothing.";
    const cop_table *summary = cop_tables_find(sheets, "summary");
    size_t rows = cop_table_row_count(summary) + r->record.ticket_count + 1;
    speaker s = {.r = r,
                 .joined = joined,
                 .summary = summary,
                 .comparisons = cop_tables_find(sheets, "comparisons"),
                 .intervals = cop_tables_find(sheets, "intervals"),
                 .rows = cop_arena_array(r->arena, rows, sizeof *s.rows)};
    const cop_table *sets = cop_tables_find(sheets, "distilled_summary");
    size_t most = r->record.cell_count + (sets != NULL ? cop_table_row_count(sets) : 0) + 1;
    *out = (cop_answers){.question = question(r),
                         .items = cop_arena_array(r->arena, most, sizeof *out->items),
                         .caveat = r->record.seed_count > 1    ? several
                                   : has_interval(s.intervals) ? one_of_copies
                                                               : one};
    if (s.rows == NULL || out->question == NULL || out->items == NULL)
        return cop_out_of_memory(err);
    COP_TRY(say_cells(&s, out, err));
    return out->count > 0 ? COP_OK : say_sets(r, sets, out, err);
}
