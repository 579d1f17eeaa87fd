/* status_text.c: how far a study is, for people and for lines of a shell. */
#include "cli/status.h"

#include "core/memory.h"
#include "core/text.h"
#include "report/data/shown.h"
#include "report/renderers/terminal.h"

#include <math.h>
#include <string.h>

/* Stages of one state that a terminal shows. */
#define MOST_SHOWN 12

/* Room for a title or a reason on one line. */
#define LINE 600

const char *cop_standing_holder(const cop_held *held, char *text, size_t size)
{
    cop_run_who who;
    char process[2 * sizeof who.process], host[2 * sizeof who.host], since[2 * sizeof who.since];
    if (held->holding == COP_HELD_BY_NONE)
        (void)snprintf(text, size, "no run holds it");
    else if (held->holding == COP_HELD_UNKNOWN)
        (void)snprintf(text, size, "whether a run holds it cannot be told here");
    else if (!cop_run_note_who(&held->note, &who))
        (void)snprintf(text, size, "held by a run that does not say whose it is");
    else
        (void)snprintf(text, size, "held by process %s on %s, since %s",
                       cop_escape(who.process, process, sizeof process),
                       cop_escape(who.host, host, sizeof host),
                       cop_escape(who.since, since, sizeof since));
    return text;
}

const char *cop_standing_rest(const cop_progress_part *part, char *text, size_t size)
{
    char time[192], divided[64];
    size_t open = part->total - part->states[COP_STATE_DONE];
    size_t at_once = part->states[COP_STATE_RUNNING];
    (void)cop_display_duration(part->remaining, time, sizeof time);
    if (at_once > 1) {
        size_t length = strlen(time);
        (void)snprintf(
            time + length, sizeof time - length, " (%s with %zu at a time)",
            cop_display_duration(part->remaining / (double)at_once, divided, sizeof divided),
            at_once);
    }
    if (open == 0)
        (void)snprintf(text, size, "nothing remains");
    else if (part->unknown == open)
        (void)snprintf(text, size, "what remains is unknown");
    else if (part->unknown > 0)
        (void)snprintf(text, size, "%s remain, and what is unknown of %zu stage%s", time,
                       part->unknown, part->unknown == 1 ? "" : "s");
    else
        (void)snprintf(text, size, "%s remain", time);
    return text;
}

/* A reason without the title that it begins with, where the stage failed by itself. */
static const char *without_title(const char *reason, const char *title)
{
    size_t length = strlen(title);
    return strncmp(reason, title, length) == 0 && strncmp(reason + length, ": ", 2) == 0
               ? reason + length + 2
               : reason;
}

/* What one stage is, behind its state: "train-<hash> \"title\": step 12 after 3 s". */
static void print_stage(const cop_standing *s, size_t i, FILE *out)
{
    char name[COP_ARTIFACT_NAME_SIZE], title[LINE], time[64], ago[64];
    const cop_stage_record *stage = &s->study->stages.stages[i];
    const cop_stage_look *look = &s->study->looks[i];
    (void)fprintf(out, "%s \"%s\"", cop_artifact_text(&stage->id, name),
                  cop_escape(stage->title, title, sizeof title));
    if (look->state == COP_STATE_FAILED)
        (void)fprintf(out, ": %s", without_title(look->reason, title));
    else if (look->is_saved && look->saved_step >= 0)
        (void)fprintf(out, ": step %lld after %s, saved %s ago", (long long)look->saved_step,
                      cop_display_duration(look->saved_seconds, time, sizeof time),
                      cop_display_duration(fmax(0.0, look->saved_ago), ago, sizeof ago));
    if (look->holder != NULL)
        (void)fprintf(out, "; %s", look->holder);
    if (look->damage != NULL)
        (void)fprintf(out, ": what stands there is damaged: %s", look->damage);
    (void)fputs("\n", out);
}

/* The lists of stages below the numbers. */
typedef bool (*listed)(const cop_stage_look *look);

static bool is_running(const cop_stage_look *look)
{
    return look->state == COP_STATE_RUNNING;
}

static bool is_failed(const cop_stage_look *look)
{
    return look->state == COP_STATE_FAILED && !look->is_inherited;
}

/* How many failed as they need one that did. */
static size_t count_inherited(const cop_standing *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->study->stages.stage_count; i++)
        count += s->study->looks[i].is_inherited;
    return count;
}

static void print_inherited(const cop_standing *s, const char *head, FILE *out)
{
    size_t count = count_inherited(s);
    if (count > 0)
        (void)fprintf(out, "%s%zu more that need%s a result of these\n", head, count,
                      count == 1 ? "s" : "");
}

static bool is_saved(const cop_stage_look *look)
{
    return look->is_saved && look->state != COP_STATE_DONE && look->state != COP_STATE_RUNNING &&
           look->state != COP_STATE_FAILED;
}

static bool is_damaged(const cop_stage_look *look)
{
    return look->damage != NULL && look->state != COP_STATE_FAILED &&
           look->state != COP_STATE_RUNNING && !is_saved(look);
}

static const struct {
    const char *word;
    listed test;
} lists[] = {
    {"running", is_running}, {"failed", is_failed}, {"saved", is_saved}, {"damaged", is_damaged}};
enum { LISTS = sizeof lists / sizeof lists[0] };

/* Of a run that holds the study and shows in no stage: it may not have saved yet. */
static const char *hint(const cop_standing *s)
{
    bool is_out_of_sight =
        s->study->held.holding == COP_HELD && s->progress.all.states[COP_STATE_RUNNING] == 0;
    return is_out_of_sight ? "; its stage shows once its state is saved" : "";
}

/* Lines. */

static void print_states(const cop_progress_part *part, FILE *out)
{
    (void)fprintf(out, "%zu of %zu", part->states[COP_STATE_DONE], part->total);
    for (int state = 0; state < COP_STATE_COUNT; state++) {
        if (state == COP_STATE_DONE)
            (void)fprintf(out, " done");
        else
            (void)fprintf(out, ", %zu %s", part->states[state],
                          cop_stage_state_name((cop_stage_state)state));
    }
}

/* Seconds per stage, of those that are done; NaN where there are none. */
static double mean_of(const cop_progress_part *part)
{
    size_t done = part->states[COP_STATE_DONE];
    return done > 0 ? part->seconds / (double)done : (double)NAN;
}

static void print_kind(const cop_standing *s, const cop_progress_part *part, FILE *out)
{
    char rest[128], time[64];
    double mean = mean_of(part);
    (void)fprintf(out, "%s: %s: ", s->study->record.name, part->kind);
    print_states(part, out);
    if (!isnan(mean))
        (void)fprintf(out, "; %s each", cop_display_duration(mean, time, sizeof time));
    if (mean > 0.0)
        (void)fprintf(out, ", %.*f per hour", 3600.0 / mean < 100.0 ? 2 : 0, 3600.0 / mean);
    (void)fprintf(out, "; %s\n", cop_standing_rest(part, rest, sizeof rest));
}

void cop_standing_print_lines(const cop_standing *s, FILE *out)
{
    char text[1024];
    const char *name = s->study->record.name;
    const cop_study_progress *p = &s->progress;
    (void)fprintf(out, "%s: stages: ", name);
    print_states(&p->all, out);
    (void)fprintf(out, "\n%s: work: %.1f %% of the %s done; %s\n", name, 100.0 * p->share,
                  p->is_of_seconds ? "seconds" : "stages",
                  cop_standing_rest(&p->all, text, sizeof text));
    (void)fprintf(out, "%s: run: %s%s\n", name,
                  cop_standing_holder(&s->study->held, text, sizeof text), hint(s));
    if (cop_standing_slurm(s, text, sizeof text)[0] != '\0')
        (void)fprintf(out, "%s: slurm: %s\n", name, text);
    for (size_t i = 0; i < p->part_count; i++)
        print_kind(s, &p->parts[i], out);
    for (size_t k = 0; k < LISTS; k++) {
        for (size_t i = 0; i < s->study->stages.stage_count; i++) {
            if (!lists[k].test(&s->study->looks[i]))
                continue;
            (void)fprintf(out, "%s: %s: ", name, lists[k].word);
            print_stage(s, i, out);
        }
    }
    if (count_inherited(s) > 0) {
        (void)fprintf(out, "%s: failed: ", name);
        print_inherited(s, "", out);
    }
}

/* The table. */

enum { COLUMNS = 10 };

/* On a narrower terminal the last column is left out. */
#define WIDE_ENOUGH 92

static const struct {
    const char *header;
    bool is_number;
} table_columns[COLUMNS] = {
    {"kind", false}, {"stages", true},  {"done", true}, {"running", true},   {"failed", true},
    {"ready", true}, {"waiting", true}, {"each", true}, {"remaining", true}, {"per hour", true}};

static bool fill_row(const cop_progress_part *part, cop_arena *arena, size_t columns,
                     const char **cells)
{
    char each[64], rest[64];
    double mean = mean_of(part);
    size_t c = 0, open = part->total - part->states[COP_STATE_DONE];
    bool is_unknown = open > 0 && part->unknown == open;
    (void)cop_display_duration(part->remaining, rest, sizeof rest);
    cells[c++] = part->kind;
    cells[c++] = cop_arena_printf(arena, "%zu", part->total);
    for (int state = 0; state < COP_STATE_COUNT; state++)
        cells[c++] = cop_arena_printf(arena, "%zu", part->states[state]);
    cells[c++] = cop_arena_strdup(arena, cop_display_duration(mean, each, sizeof each));
    cells[c++] = is_unknown ? "unknown"
                            : cop_arena_printf(arena, "%s%s", part->unknown > 0 ? "> " : "", rest);
    if (c < columns)
        cells[c] = mean > 0.0 ? cop_arena_printf(arena, "%.*f", 3600.0 / mean < 100.0 ? 2 : 0,
                                                 3600.0 / mean)
                              : "-";
    for (size_t i = 0; i < columns; i++)
        if (cells[i] == NULL)
            return false;
    return true;
}

static cop_status make_display(const cop_study_progress *p, size_t columns, cop_arena *arena,
                               cop_display *out, cop_error *err)
{
    bool has_all = p->part_count > 1;
    *out = (cop_display){.column_count = columns, .row_count = p->part_count + has_all};
    out->headers = cop_arena_array(arena, columns, sizeof *out->headers);
    out->is_number = cop_arena_array(arena, columns, sizeof *out->is_number);
    out->cells = cop_arena_array(arena, out->row_count * columns + 1, sizeof *out->cells);
    bool ok = out->headers != NULL && out->is_number != NULL && out->cells != NULL;
    for (size_t c = 0; ok && c < columns; c++) {
        out->headers[c] = table_columns[c].header;
        out->is_number[c] = table_columns[c].is_number;
    }
    for (size_t i = 0; ok && i < p->part_count; i++)
        ok = fill_row(&p->parts[i], arena, columns, out->cells + i * columns);
    if (ok && has_all)
        ok = fill_row(&p->all, arena, columns, out->cells + p->part_count * columns);
    return ok ? COP_OK : cop_out_of_memory(err);
}

static void print_list(const cop_standing *s, const char *word, listed test, FILE *out)
{
    size_t count = 0;
    for (size_t i = 0; i < s->study->stages.stage_count; i++) {
        if (!test(&s->study->looks[i]))
            continue;
        if (count == 0)
            (void)fprintf(out, "\n%s\n", word);
        if (count++ >= MOST_SHOWN)
            continue;
        (void)fputs("  ", out);
        print_stage(s, i, out);
    }
    if (count > MOST_SHOWN)
        (void)fprintf(out, "  and %zu more (--json lists all)\n", count - MOST_SHOWN);
    if (test == is_failed)
        print_inherited(s, "  ", out);
}

cop_status cop_standing_print_table(const cop_standing *s, size_t width, cop_arena *arena,
                                    FILE *out, cop_error *err)
{
    char text[1024];
    cop_display display;
    const cop_study_progress *p = &s->progress;
    COP_TRY(make_display(p, width < WIDE_ENOUGH ? COLUMNS - 1 : COLUMNS, arena, &display, err));
    (void)fprintf(out, "study \"%s\": %.1f %% of the %s done, %s\n\n", s->study->record.name,
                  100.0 * p->share, p->is_of_seconds ? "work is" : "stages are",
                  cop_standing_rest(&p->all, text, sizeof text));
    cop_display_print(&display, 0, out);
    (void)fprintf(out, "\n%s%s\n", cop_standing_holder(&s->study->held, text, sizeof text),
                  hint(s));
    if (cop_standing_slurm(s, text, sizeof text)[0] != '\0')
        (void)fprintf(out, "in Slurm: %s\n", text);
    for (size_t k = 0; k < LISTS; k++)
        print_list(s, lists[k].word, lists[k].test, out);
    return COP_OK;
}
