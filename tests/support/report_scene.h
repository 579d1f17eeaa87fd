/* report_scene.h: for tests of what a report makes of results: a study of one cell, made up in
 * memory. */
#ifndef COP_TEST_REPORT_SCENE_H
#define COP_TEST_REPORT_SCENE_H

#include "core/table.h"
#include "support.h"

#include "report/data/sheets.h"
#include "report/figures/plots.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_SCENE_MOST = 8 };

/* A study of one cell: results with room, and the tables of its analyses. */
typedef struct scene {
    cop_results r;
    cop_record_cell cell;
    const char *brief;
    cop_record_ticket tickets[REPORT_SCENE_MOST];
    cop_record_analysis analyses[REPORT_SCENE_MOST];
    cop_result found[2 * REPORT_SCENE_MOST];
} scene;

static inline void open_scene(scene *s)
{
    memset(s, 0, sizeof *s);
    s->cell = (cop_record_cell){.label = "A", .chance = (double)NAN};
    s->r.arena = cop_arena_new();
    assert_non_null(s->r.arena);
    s->r.found = s->found;
    cop_error err = {0};
    assert_ok(cop_name_table_make(2 * REPORT_SCENE_MOST, s->r.arena, &s->r.known, &err), &err);
    s->brief = "A";
    s->r.briefs = &s->brief;
    s->r.record =
        (cop_record){.name = "made up", .cells = &s->cell, .cell_count = 1, .tickets = s->tickets};
}

static inline void close_scene(scene *s)
{
    for (size_t i = 0; i < s->r.found_count; i++)
        cop_tables_free(s->found[i].tables);
    cop_arena_free(s->r.arena);
}

static inline cop_result *add_result(scene *s, const char *kind)
{
    char identity[32];
    (void)snprintf(identity, sizeof identity, "%zu", s->r.found_count);
    cop_result *result = &s->found[s->r.found_count++];
    cop_error err = {0};
    *result = (cop_result){.provenance = ""};
    assert_ok(cop_artifact_name(kind, identity, &result->id, &err), &err);
    cop_name_table_put(&s->r.known, &result->id, (size_t)(result - s->found));
    return result;
}

static inline cop_record_ticket *add_ticket(scene *s, int64_t round)
{
    cop_record_ticket *t = &s->tickets[s->r.record.ticket_count++];
    *t = (cop_record_ticket){
        .phase = round - 1, .round = round, .has_mask = round > 0, .points = (double)NAN};
    if (round == 0)
        return t;
    cop_result *mask = add_result(s, "mask");
    mask->summary.prunable = 8.0;
    mask->summary.kept = 8.0 / pow(2.0, (double)round);
    t->mask = mask->id;
    return t;
}

/* Gives a ticket an analysis by `analyzer`, whose tables are returned. */
static inline cop_tables *add_analysis(scene *s, cop_record_ticket *t, const char *analyzer,
                                       const char *label)
{
    cop_result *result = add_result(s, "analyze");
    result->tables = cop_tables_new();
    assert_non_null(result->tables);
    if (t->analyses == NULL)
        t->analyses = s->analyses;
    t->analyses[t->analysis_count++] =
        (cop_record_analysis){.analyzer = analyzer, .label = label, .id = result->id};
    return result->tables;
}

/* The sheets of a report. */
static inline cop_tables *make_sheets(const scene *s, cop_table_groups *groups)
{
    cop_error err = {0};
    cop_tables *sheets = cop_tables_new();
    assert_non_null(sheets);
    assert_ok(cop_table_groups_make(&s->r, groups, &err), &err);
    assert_ok(cop_sheets_make(&s->r, groups, sheets, &err), &err);
    return sheets;
}

static inline double number(const cop_tables *sheets, const char *sheet, size_t row,
                            const char *column)
{
    const cop_table *table = cop_tables_find(sheets, sheet);
    assert_non_null(table);
    int c = cop_table_find_column(table, column);
    if (c < 0)
        fail_msg("%s has no column %s", sheet, column);
    return cop_table_number(table, row, (size_t)c);
}

static inline bool has_column(const cop_tables *sheets, const char *sheet, const char *column)
{
    return cop_table_find_column(cop_tables_find(sheets, sheet), column) >= 0;
}

static inline const cop_figure *find_figure(const cop_figures *figures, const char *name)
{
    for (size_t i = 0; i < figures->count; i++) {
        if (strcmp(figures->items[i].name, name) == 0)
            return &figures->items[i];
    }
    fail_msg("there is no figure %s", name);
    return NULL;
}

#endif
