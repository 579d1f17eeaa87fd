/* diff_studies.c: two studies: their settings, and their stages. */
#include "cli/diff.h"

#include "config/difference.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/artifact_files.h"

#include <string.h>

/* Cells that are named; of more, the others are counted. */
#define MOST_NAMED 4

/* Room for a name or a label. */
#define LABEL 200

typedef struct studies {
    const cop_seen_study *a, *b;
    cop_config_settings a_config, b_config;
    cop_arena *arena; /* owned */
    cop_config_difference settings;
    size_t shared, only_a, only_b; /* stages */
} studies;

static const char *label_of(const cop_config_settings *config, size_t cell)
{
    const char *label = config->cells[cell].label;
    return label != NULL ? label : "the only one";
}

/* Which cells a setting differs in, where it does not in all. */
static void print_pairs(const studies *s, const cop_setting_difference *d, FILE *out)
{
    char label[LABEL];
    if (d->pair_count == s->settings.pair_count)
        return;
    (void)fputs("    in ", out);
    for (size_t i = 0; i < d->pair_count && i < MOST_NAMED; i++)
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "",
                      cop_escape(label_of(&s->a_config, s->settings.pairs[d->pairs[i]].a), label,
                                 sizeof label));
    if (d->pair_count > MOST_NAMED)
        (void)fprintf(out, " and %zu more", d->pair_count - MOST_NAMED);
    (void)fputs("\n", out);
}

static void print_settings(const studies *s, FILE *out)
{
    cop_diff_widths widths = {0};
    const cop_config_difference *d = &s->settings;
    if (d->setting_count == 0) {
        (void)fputs("\nno setting differs\n", out);
        return;
    }
    (void)fprintf(out, "\nsettings that differ (A, B)%s\n",
                  d->is_by_place && d->pair_count > 1
                      ? ", cell by cell in their order, as no label is in both"
                      : "");
    for (size_t i = 0; i < d->setting_count; i++)
        cop_diff_widen(&widths, d->settings[i].path, d->settings[i].a);
    for (size_t i = 0; i < d->setting_count; i++) {
        const cop_setting_difference *one = &d->settings[i];
        cop_diff_print_line(&widths, one->path, one->a, one->b, out);
        print_pairs(s, one, out);
    }
}

static void print_cells(const char *which, const cop_config_settings *config, const size_t *cells,
                        size_t count, FILE *out)
{
    char label[LABEL];
    if (count == 0)
        return;
    (void)fprintf(out, "cells in %s alone: ", which);
    for (size_t i = 0; i < count && i < MOST_NAMED; i++)
        (void)fprintf(out, "%s\"%s\"", i > 0 ? ", " : "",
                      cop_escape(label_of(config, cells[i]), label, sizeof label));
    if (count > MOST_NAMED)
        (void)fprintf(out, " and %zu more", count - MOST_NAMED);
    (void)fputs("\n", out);
}

/* Stages. */

static bool has(const cop_seen_study *study, const cop_artifact_id *id)
{
    return cop_stage_index_find(&study->index, id) != COP_NO_RECORD;
}

static void count_stages(studies *s)
{
    for (size_t i = 0; i < s->a->stages.stage_count; i++) {
        bool is_shared = has(s->b, &s->a->stages.stages[i].id);
        s->shared += is_shared;
        s->only_a += !is_shared;
    }
    for (size_t i = 0; i < s->b->stages.stage_count; i++)
        s->only_b += !has(s->a, &s->b->stages.stages[i].id);
}

/* The stage of B that stands for one of A: of its kind and title. */
static bool find_counterpart(const studies *s, const cop_stage_record *stage, size_t *at)
{
    for (size_t i = 0; i < s->b->stages.stage_count; i++) {
        const cop_stage_record *other = &s->b->stages.stages[i];
        *at = i;
        if (strcmp(other->id.kind, stage->id.kind) == 0 && strcmp(other->title, stage->title) == 0)
            return true;
    }
    return false;
}

/* Why the first stage of A that B has not is another there. */
static cop_status print_first(const studies *s, FILE *out, cop_error *err)
{
    for (size_t i = 0; i < s->a->stages.stage_count; i++) {
        const cop_stage_record *stage = &s->a->stages.stages[i];
        size_t at = 0;
        if (has(s->b, &stage->id))
            continue;
        if (!find_counterpart(s, stage, &at))
            return COP_OK;
        const cop_seen_stage in_a = {.study = s->a, .at = i}, in_b = {.study = s->b, .at = at};
        (void)fputs("\nthe first of them\n", out);
        return cop_diff_print_causes(&in_a, &in_b, out, err);
    }
    return COP_OK;
}

static cop_status read_config(const cop_seen_study *study, cop_arena *arena,
                              cop_config_settings *out, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, study->folder, COP_CONFIG_FILE));
    return cop_config_settings_read(path, arena, out, err);
}

static cop_status compare(studies *s, FILE *out, bool *differs, cop_error *err)
{
    COP_TRY(read_config(s->a, s->arena, &s->a_config, err));
    COP_TRY(read_config(s->b, s->arena, &s->b_config, err));
    COP_TRY(cop_config_compare(&s->a_config, &s->b_config, s->arena, &s->settings, err));
    count_stages(s);
    bool stages_differ = s->only_a > 0 || s->only_b > 0;
    bool settings_differ = s->settings.setting_count > 0 || s->settings.only_a_count > 0 ||
                           s->settings.only_b_count > 0;
    *differs = stages_differ || settings_differ;
    print_settings(s, out);
    print_cells("A", &s->a_config, s->settings.only_a, s->settings.only_a_count, out);
    print_cells("B", &s->b_config, s->settings.only_b, s->settings.only_b_count, out);
    (void)fprintf(out, "\nstages: %zu in both, %zu in A alone, %zu in B alone%s\n", s->shared,
                  s->only_a, s->only_b,
                  !stages_differ && settings_differ ? ": no result differs" : "");
    return stages_differ && !settings_differ ? print_first(s, out, err) : COP_OK;
}

static void print_study(const char *head, const cop_side *side, FILE *out)
{
    char dir[COP_PATH_SIZE];
    (void)fprintf(out, "%s: study \"%s\" in %s\n", head, side->seen.studies[0].record.name,
                  cop_escape(side->seen.dir, dir, sizeof dir));
}

cop_status cop_diff_studies(const cop_side *a, const cop_side *b, FILE *out, bool *differs,
                            cop_error *err)
{
    studies s = {.a = &a->seen.studies[0], .b = &b->seen.studies[0], .arena = cop_arena_new()};
    if (s.arena == NULL)
        return cop_out_of_memory(err);
    print_study("A", a, out);
    print_study("B", b, out);
    cop_status status = compare(&s, out, differs, err);
    cop_arena_free(s.arena);
    return status;
}
