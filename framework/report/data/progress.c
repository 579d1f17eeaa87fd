/* progress.c: sums over the stages, and means over those that are alike. */
#include "report/data/progress.h"

#include "core/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Estimates. */

/* Stages are alike where their keys are the same; each level takes more for alike. */
enum { LEVELS = 3 };

/* Kinds of artifacts (store/formats/artifact_id.h). */
enum { KINDS = 4 };

typedef struct keyed {
    const char *key;
    size_t stage;
} keyed;

static int by_key(const void *left, const void *right)
{
    const keyed *a = left, *b = right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : (a->stage > b->stage) - (a->stage < b->stage);
}

/* The parts of a title, "what [cell, seed 0]": how long `what` is, and where the cell is. */
typedef struct title_parts {
    size_t what, cell_length;
    const char *cell;
} title_parts;

static title_parts take_apart(const char *title)
{
    static const char seed[] = ", seed ";
    title_parts parts = {.what = strlen(title), .cell = ""};
    const char *open = strstr(title, " ["), *last = NULL;
    for (const char *at = open; at != NULL && (at = strstr(at, seed)) != NULL; at++)
        last = at;
    if (last == NULL)
        return parts;
    parts.what = (size_t)(open - title);
    parts.cell = open + 2;
    parts.cell_length = last > parts.cell ? (size_t)(last - parts.cell) : 0;
    return parts;
}

/* Appends what is done, each of its numbers as a 0. */
static void append_unnumbered(char **to, const char *what, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool is_digit = isdigit((unsigned char)what[i]);
        if (is_digit && i > 0 && isdigit((unsigned char)what[i - 1]))
            continue;
        *(*to)++ = is_digit ? '0' : what[i];
    }
}

/* Kind, what is done, cell: as many of them as the level wants. */
static const char *key_of(const cop_stage_record *stage, int level, cop_arena *arena)
{
    title_parts parts = take_apart(stage->title);
    size_t kind = strlen(stage->id.kind);
    char *key = cop_arena_alloc(arena, kind + strlen(stage->title) + 3), *to = key;
    if (key == NULL)
        return NULL;
    memcpy(to, stage->id.kind, kind);
    to += kind;
    *to++ = '\n';
    if (level < 2)
        append_unnumbered(&to, stage->title, parts.what);
    *to++ = '\n';
    if (level < 1)
        memcpy(to, parts.cell, parts.cell_length);
    return key; /* the arena's bytes are zeros */
}

/* Fills in what is not known yet of those from `first` to `end`, which are alike. */
static void estimate_alike(const keyed *first, const keyed *end, const cop_stage_look *looks,
                           double *estimates)
{
    double seconds = 0.0;
    size_t done = 0;
    for (const keyed *k = first; k < end; k++) {
        if (looks[k->stage].state == COP_STATE_DONE) {
            seconds += looks[k->stage].seconds;
            done++;
        }
    }
    for (const keyed *k = first; done > 0 && k < end; k++)
        if (isnan(estimates[k->stage]))
            estimates[k->stage] = seconds / (double)done;
}

static cop_status estimate_level(const cop_stage_records *records, const cop_stage_look *looks,
                                 int level, cop_arena *arena, double *estimates, cop_error *err)
{
    size_t count = records->stage_count;
    keyed *items = cop_arena_array(arena, count + 1, sizeof *items);
    if (items == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++) {
        items[i] = (keyed){.key = key_of(&records->stages[i], level, arena), .stage = i};
        if (items[i].key == NULL)
            return cop_out_of_memory(err);
    }
    qsort(items, count, sizeof *items, by_key);
    for (size_t i = 0, end = 0; i < count; i = end) {
        for (end = i + 1; end < count && strcmp(items[end].key, items[i].key) == 0;)
            end++;
        estimate_alike(items + i, items + end, looks, estimates);
    }
    return COP_OK;
}

/* What each stage takes; NaN: unknown. */
static cop_status estimate(const cop_stage_records *records, const cop_stage_look *looks,
                           cop_arena *arena, double **out, cop_error *err)
{
    *out = cop_arena_array(arena, records->stage_count + 1, sizeof **out);
    if (*out == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < records->stage_count; i++)
        (*out)[i] = looks[i].seconds;
    for (int level = 0; level < LEVELS; level++)
        COP_TRY(estimate_level(records, looks, level, arena, *out, err));
    return COP_OK;
}

/* Sums. */

static void count(cop_progress_part *part, const cop_stage_look *look, double estimated)
{
    bool is_open = look->state != COP_STATE_DONE;
    part->total++;
    part->states[look->state]++;
    part->saved += is_open && look->state != COP_STATE_RUNNING && look->is_saved;
    part->damaged += look->damage != NULL;
    if (!is_open) {
        part->seconds += look->seconds;
        return;
    }
    part->unknown += isnan(estimated) ? 1 : 0;
    if (isnan(estimated))
        return;
    double spent = look->saved_seconds > 0.0 ? fmin(look->saved_seconds, estimated) : 0.0;
    part->spent += spent;
    part->remaining += estimated - spent;
}

static cop_progress_part *part_of(cop_study_progress *p, const char *kind)
{
    for (size_t i = 0; i < p->part_count; i++)
        if (strcmp(p->parts[i].kind, kind) == 0)
            return &p->parts[i];
    p->parts[p->part_count] = (cop_progress_part){.kind = kind};
    return &p->parts[p->part_count++];
}

/* Of no work at all everything is done. */
static void find_share(cop_study_progress *p)
{
    const cop_progress_part *all = &p->all;
    double done = all->seconds + all->spent, whole = done + all->remaining;
    p->is_of_seconds = all->unknown == 0 && whole > 0.0;
    if (p->is_of_seconds)
        p->share = done / whole;
    else
        p->share = all->total > 0 ? (double)all->states[COP_STATE_DONE] / (double)all->total : 1.0;
}

cop_status cop_study_progress_make(const cop_stage_records *records, const cop_stage_look *looks,
                                   cop_arena *arena, cop_study_progress *out, cop_error *err)
{
    double *estimates = NULL;
    *out = (cop_study_progress){.all = {.kind = "all"}};
    out->parts = cop_arena_array(arena, KINDS, sizeof *out->parts);
    if (out->parts == NULL)
        return cop_out_of_memory(err);
    COP_TRY(estimate(records, looks, arena, &estimates, err));
    for (size_t i = 0; i < records->stage_count; i++) {
        count(part_of(out, records->stages[i].id.kind), &looks[i], estimates[i]);
        count(&out->all, &looks[i], estimates[i]);
    }
    find_share(out);
    return COP_OK;
}
