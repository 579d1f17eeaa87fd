/* record.c: a study's record made ready to be shown. */
#include "report/data/record.h"

#include "core/damage.h"
#include "core/memory.h"
#include "core/text.h"
#include "store/artifact_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Letters of a brief label, and room for one. */
#define BRIEF      32
#define BRIEF_SIZE (4 * BRIEF + 16)

/* Replaces a text by one that fits a line; NULL stays. False when memory is out. */
static bool make_line(cop_arena *arena, const char **text)
{
    char line[512];
    if (*text == NULL)
        return true;
    *text = cop_arena_strdup(arena, cop_escape(*text, line, sizeof line));
    return *text != NULL;
}

static bool make_lines_of_cell(cop_arena *arena, cop_record_cell *cell)
{
    bool ok = make_line(arena, &cell->label) && make_line(arena, &cell->distiller);
    for (size_t i = 0; ok && i < cell->analyzer_count; i++)
        ok = make_line(arena, &cell->analyzers[i]);
    return ok;
}

static bool make_lines_of_ticket(cop_arena *arena, cop_record_ticket *t)
{
    bool ok = make_line(arena, &t->control);
    for (size_t i = 0; ok && i < t->analysis_count; i++)
        ok = make_line(arena, &t->analyses[i].analyzer) &&
             make_line(arena, &t->analyses[i].label) && make_line(arena, &t->analyses[i].unjudged);
    return ok;
}

static bool make_lines(cop_arena *arena, cop_record *record)
{
    bool ok = make_line(arena, &record->name);
    for (size_t i = 0; ok && i < record->cell_count; i++)
        ok = make_lines_of_cell(arena, &record->cells[i]);
    for (size_t i = 0; ok && i < record->ticket_count; i++)
        ok = make_lines_of_ticket(arena, &record->tickets[i]);
    for (size_t i = 0; ok && i < record->failure_count; i++)
        ok = make_line(arena, &record->failures[i].reason);
    for (size_t i = 0; ok && i < record->plugin_count; i++) {
        cop_record_plugin *p = &record->plugins[i];
        ok = make_line(arena, &p->kind) && make_line(arena, &p->id) &&
             make_line(arena, &p->version) && make_line(arena, &p->summary) &&
             make_line(arena, &p->citation);
    }
    return ok;
}

cop_status cop_record_open(const char *dir, cop_arena *arena, cop_record *out, cop_error *err)
{
    const char *path = cop_arena_printf(arena, "%s/%s", dir, COP_STUDY_FILE);
    if (path == NULL)
        return cop_out_of_memory(err);
    struct stat info;
    if (stat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return cop_fail_at(err, COP_FAILED, dir, 0, "holds no run (no %s)", COP_STUDY_FILE);
    cop_error why = {0};
    cop_status status = cop_record_read(path, arena, out, &why);
    if (status == COP_DAMAGED)
        return cop_fail_at(err, COP_FAILED, path, 0, "%s; run the study again to make it anew",
                           why.message);
    if (status != COP_OK && err != NULL)
        *err = why;
    COP_TRY(status);
    return make_lines(arena, out) ? COP_OK : cop_out_of_memory(err);
}

/* The label of a cell, or its beginning and its end, and its number where that is another's too. */
static const char *brief_label(const cop_record *record, const char *const *briefs, size_t i,
                               cop_arena *arena)
{
    char text[BRIEF_SIZE];
    const char *label = record->cells[i].label;
    const char *brief = cop_arena_strdup(arena, cop_shorten(label, BRIEF, text));
    for (size_t k = 0; brief != NULL && k < i; k++) {
        if (strcmp(briefs[k], brief) != 0)
            continue;
        (void)cop_shorten(label, BRIEF - 8, text);
        return cop_arena_printf(arena, "%s (%zu)", text, i + 1);
    }
    return brief;
}

const char **cop_brief_labels(const cop_record *record, cop_arena *arena)
{
    const char **briefs = cop_arena_array(arena, record->cell_count + 1, sizeof *briefs);
    for (size_t i = 0; briefs != NULL && i < record->cell_count; i++) {
        briefs[i] = brief_label(record, briefs, i, arena);
        if (briefs[i] == NULL)
            return NULL;
    }
    return briefs;
}

bool cop_same_control(const cop_record_ticket *a, const cop_record_ticket *b)
{
    return a->control == NULL || b->control == NULL ? a->control == b->control
                                                    : strcmp(a->control, b->control) == 0;
}

bool cop_same_line(const cop_record_ticket *a, const cop_record_ticket *b)
{
    return a->cell == b->cell && a->phase == b->phase && a->round == b->round &&
           cop_same_control(a, b);
}
