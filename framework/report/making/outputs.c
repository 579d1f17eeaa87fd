/* outputs.c: the files of a report but for its page: tables, figures, pictures of sets. */
#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "nn/synthetic.h"
#include "report/database/index.h"
#include "report/figures/images.h"
#include "report/making/files.h"
#include "report/making/making.h"
#include "report/renderers/csv.h"
#include "store/artifact_files.h"
#include "store/formats/synthetic_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *path_in(const cop_making *r, const char *name)
{
    return cop_arena_printf(r->results.arena, "%s/%s", r->dir, name);
}

cop_status cop_making_note(cop_making *r, const char *name, cop_error *err)
{
    if (r->file_count == r->file_capacity) {
        size_t capacity = r->file_capacity > 0 ? 2 * r->file_capacity : 64;
        const char **larger = cop_arena_array(r->results.arena, capacity, sizeof *larger);
        if (larger == NULL)
            return cop_out_of_memory(err);
        if (r->file_count > 0)
            memcpy(larger, r->files, r->file_count * sizeof *larger);
        r->files = larger;
        r->file_capacity = capacity;
    }
    if (name == NULL)
        return cop_out_of_memory(err);
    r->files[r->file_count++] = name;
    return COP_OK;
}

/* The next report is to know what was written so far, if this one is cut short. */
static cop_status keep_notes(const cop_making *r, cop_error *err)
{
    return cop_report_files_note(r->dir, r->files, r->file_count, err);
}

cop_status cop_make_report_dirs(cop_making *r, cop_error *err)
{
    static const char *const parts[] = {COP_FIGURE_FOLDER, COP_IMAGE_FOLDER};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const char *path = path_in(r, parts[i]);
        if (path == NULL)
            return cop_out_of_memory(err);
        COP_TRY(cop_make_dirs(path, err));
    }
    return COP_OK;
}

cop_status cop_write_tables(cop_making *r, cop_error *err)
{
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++) {
        const cop_table *table = cop_tables_at(r->sheets, i);
        const char *name = cop_arena_printf(r->results.arena, "%s.csv", cop_table_name(table));
        const char *path = name != NULL ? path_in(r, name) : NULL;
        if (path == NULL)
            return cop_out_of_memory(err);
        COP_TRY(cop_csv_write(table, path, err));
        COP_TRY(cop_making_note(r, name, err));
    }
    return keep_notes(r, err);
}

/* A database of before stays where this one fails, and is then a part of this report. */
static cop_status keep_database(cop_making *r, const char *path, cop_error *err)
{
    cop_say(r->log, COP_LOG_WARNING, "the database is not written: %s%s%s",
            r->database_failure.file, r->database_failure.file[0] != '\0' ? ": " : "",
            r->database_failure.message);
    r->lacks_database = true;
    bool is_ours = r->database_failure.status != COP_INVALID && access(path, F_OK) == 0;
    return is_ours ? cop_making_note(r, COP_DATABASE_FILE, err) : COP_OK;
}

cop_status cop_write_database(cop_making *r, cop_error *err)
{
    const cop_told_study told = {.dir = cop_store_dir(r->results.store),
                                 .record = r->record,
                                 .results = &r->results,
                                 .joined = &r->joined,
                                 .sheets = r->sheets};
    const char *path = path_in(r, COP_DATABASE_FILE);
    if (path == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_report_database(&told, path, r->log, &r->database_failure);
    if (status == COP_UNAVAILABLE)
        return COP_OK;
    if (status != COP_OK)
        return keep_database(r, path, err);
    r->has_database = true;
    COP_TRY(cop_making_note(r, COP_DATABASE_FILE, err));
    return keep_notes(r, err);
}

static cop_status note_figure(cop_making *r, const char *name, const char *suffix, cop_error *err)
{
    return cop_making_note(r, cop_arena_printf(r->results.arena, "figures/%s%s", name, suffix),
                           err);
}

/* Has a figure drawn. That it cannot be is a warning, and said in its place on the page: the data
 * and the script are there. */
static cop_status draw(cop_making *r, size_t i, const char *dir, cop_error *err)
{
    cop_error why = {0};
    const char *name = r->figures.items[i].name;
    if (!r->no_gnuplot && cop_gnuplot(dir, name, COP_PICTURE_SVG, &why) == COP_OK &&
        cop_gnuplot(dir, name, COP_PICTURE_PDF, &why) == COP_OK) {
        COP_TRY(note_figure(r, name, ".svg", err));
        return note_figure(r, name, ".pdf", err);
    }
    r->undrawn[i] = r->no_gnuplot ? "" : cop_arena_strdup(r->results.arena, why.message);
    if (r->undrawn[i] == NULL)
        return cop_out_of_memory(err);
    if (r->no_gnuplot)
        return COP_OK;
    r->no_gnuplot = why.status == COP_UNAVAILABLE;
    if (!r->no_gnuplot && r->failed++ == 0)
        r->first_failure = why;
    cop_say(r->log, COP_LOG_WARNING, "%s%s", r->no_gnuplot ? "figures are not drawn: " : "",
            why.message);
    return COP_OK;
}

cop_status cop_write_figures(cop_making *r, cop_error *err)
{
    const char *dir = path_in(r, "figures");
    if (dir == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->figures.count; i++) {
        const char *name = r->figures.items[i].name;
        COP_TRY(cop_figure_write(&r->figures.items[i], dir, err));
        COP_TRY(note_figure(r, name, ".csv", err));
        COP_TRY(note_figure(r, name, ".gp", err));
    }
    return keep_notes(r, err);
}

/* Drawing takes longest, so that it is here that a report is cut short. */
cop_status cop_draw_figures(cop_making *r, cop_error *err)
{
    const char *dir = path_in(r, "figures");
    r->undrawn = cop_arena_array(r->results.arena, r->figures.count + 1, sizeof *r->undrawn);
    if (dir == NULL || r->undrawn == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->figures.count; i++)
        COP_TRY(draw(r, i, dir, err));
    return keep_notes(r, err);
}

static cop_status add_picture(cop_making *r, const char *path, const char *caption, bool is_on_page,
                              cop_error *err)
{
    if (path == NULL || caption == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_making_note(r, path, err));
    r->pictures[r->picture_count++] = (cop_picture){path, caption, is_on_page};
    return COP_OK;
}

/* Whether no earlier set is of the same cell. */
static bool is_first_of_cell(const cop_record *record, const cop_record_distilled *d)
{
    for (const cop_record_distilled *other = record->distilled; other < d; other++)
        if (other->cell == d->cell)
            return false;
    return true;
}

static cop_status draw_set(cop_making *r, const cop_record_distilled *d, const cop_synthetic *set,
                           cop_error *err)
{
    cop_arena *arena = r->results.arena;
    const char *label = r->results.record.cells[d->cell].label;
    const char *name = cop_arena_printf(arena, "distilled-%.12s", d->set.hash);
    const char *dir = path_in(r, "images");
    bool decoded = false;
    if (name == NULL || dir == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_images_write(set, dir, name, &decoded, err));
    COP_TRY(
        add_picture(r, cop_arena_printf(arena, "images/%s.png", name),
                    cop_arena_printf(arena, "Distilled images of %s, seed %lld: a row per class%s.",
                                     label, (long long)d->seed,
                                     set->is_whitened ? "; whitened, each in its own range" : ""),
                    is_first_of_cell(&r->results.record, d), err));
    if (!decoded)
        return COP_OK;
    return add_picture(r, cop_arena_printf(arena, "images/%s-decoded.png", name),
                       cop_arena_printf(arena, "The same as training sees them, decoded."), false,
                       err);
}

/* Whether an earlier set has these real images beside it: it is of the same data, and as large. */
static bool is_real_drawn(const cop_making *r, const cop_synthetic *real)
{
    for (size_t i = 0; i < r->real_count; i++)
        if (r->reals[i].count == real->count && real->dataset != NULL &&
            strcmp(r->reals[i].dataset, real->dataset) == 0)
            return true;
    return false;
}

static cop_status draw_real(cop_making *r, const cop_artifact_id *id, const cop_synthetic *real,
                            cop_error *err)
{
    cop_arena *arena = r->results.arena;
    const char *name = cop_arena_printf(arena, "real-%.12s", id->hash);
    const char *data = cop_arena_strdup(arena, real->dataset != NULL ? real->dataset : "");
    const char *dir = path_in(r, "images");
    bool decoded = false;
    if (name == NULL || data == NULL || dir == NULL)
        return cop_out_of_memory(err);
    r->reals[r->real_count++] = (cop_real_shown){data, real->count};
    COP_TRY(cop_images_write(real, dir, name, &decoded, err));
    return add_picture(
        r, cop_arena_printf(arena, "images/%s.png", name),
        cop_arena_printf(arena,
                         "Real images of the same classes, for comparison: the "
                         "first of each in the training data, a row per class%s.",
                         real->is_whitened ? "; whitened, each in its own range" : ""),
        true, err);
}

/* The real images beside a set, unless they stand on the page already. Sets of earlier versions
 * have none. */
static cop_status add_real(cop_making *r, const cop_artifact_id *id, cop_error *err)
{
    bool is_there = false;
    const char *path = NULL;
    cop_synthetic real = {0};
    COP_TRY(cop_store_lists(r->results.store, id, COP_REAL_IMAGES_FILE, &is_there, err));
    if (!is_there)
        return COP_OK;
    COP_TRY(cop_results_file(&r->results, id, COP_REAL_IMAGES_FILE, &path, err));
    COP_TRY(cop_synthetic_read(path, &real, err));
    cop_status status = is_real_drawn(r, &real) ? COP_OK : draw_real(r, id, &real, err);
    cop_synthetic_clear(&real);
    return status;
}

/* A set may serve several cells: its pictures are made once. */
static bool is_first_use(const cop_record *record, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (cop_same_artifact(&record->distilled[k].set, &record->distilled[i].set))
            return false;
    }
    return true;
}

cop_status cop_write_images(cop_making *r, cop_error *err)
{
    const cop_record *record = &r->results.record;
    r->pictures =
        cop_arena_array(r->results.arena, 3 * record->distilled_count + 1, sizeof *r->pictures);
    r->reals = cop_arena_array(r->results.arena, record->distilled_count + 1, sizeof *r->reals);
    if (r->pictures == NULL || r->reals == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < record->distilled_count; i++) {
        const cop_artifact_id *id = &record->distilled[i].set;
        if (!is_first_use(record, i) || cop_results_find(&r->results, id) == NULL)
            continue;
        const char *path = NULL;
        cop_synthetic set = {0};
        cop_error why = {0};
        cop_status status = cop_results_file(&r->results, id, COP_SYNTHETIC_FILE, &path, &why);
        if (status == COP_OK)
            status = cop_synthetic_read(path, &set, &why);
        if (status == COP_OK)
            status = draw_set(r, &record->distilled[i], &set, &why);
        if (status == COP_OK)
            status = add_real(r, id, &why);
        cop_synthetic_clear(&set);
        if (status == COP_OK)
            continue;
        if (status != COP_DAMAGED && status != COP_UNAVAILABLE) {
            *err = why;
            return status;
        }
        (void)cop_store_advise(r->results.store, id, status, &why);
        cop_say(r->log, COP_LOG_WARNING, "no picture of a distilled set: %s%s%s", why.file,
                why.file[0] != '\0' ? ": " : "", why.message);
        if (status == COP_DAMAGED && r->results.damaged_count++ == 0)
            r->results.first_damage = why;
    }
    return COP_OK;
}
