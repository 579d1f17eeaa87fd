/* report.c: making the report of a study. */
#include "report/report.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/memory.h"
#include "core/text.h"
#include "nn/synthetic.h"
#include "report/data/sheets.h"
#include "report/figures/images.h"
#include "report/figures/plots.h"
#include "report/files.h"
#include "report/renderers/csv.h"
#include "report/renderers/html.h"
#include "report/renderers/terminal.h"
#include "store/artifact_files.h"
#include "store/formats/synthetic_file.h"

#include <stdlib.h>
#include <string.h>

/* Lines of the terminal's tables; what does not fit is in the CSV files. */
#define LINE_WIDTH 150

/* A picture of the page. */
typedef struct picture {
    const char *path; /* from the report's directory */
    const char *caption;
} picture;

/* What the functions here share. */
typedef struct report {
    const char *dir; /* the folder that it is written to; the arena's */
    cop_results results;
    cop_table_groups groups;
    cop_tables *sheets; /* owned */
    cop_figures figures;
    const char **undrawn; /* why a figure has no picture; NULL: it has */
    bool no_gnuplot;
    picture *pictures; /* grids of images */
    size_t picture_count;
    const char **files; /* that were written, from the report's directory */
    size_t file_count, file_capacity;
    cop_logger *log;
} report;

static const char *path_in(const report *r, const char *name)
{
    return cop_arena_printf(r->results.arena, "%s/%s", r->dir, name);
}

/* What is missing, what is mixed. */

static void tell_missing(const report *r)
{
    const cop_results *results = &r->results;
    size_t missing = results->absent_count - results->damaged_count;
    if (missing == 0)
        return;
    size_t unfinished = 0;
    for (size_t i = 0; i < results->record.ticket_count; i++) {
        const cop_record_ticket *t = &results->record.tickets[i];
        bool whole = !t->has_mask || cop_results_find(results, &t->mask) != NULL;
        for (size_t k = 0; k < t->copy_count; k++)
            whole = whole && cop_results_find(results, &t->copies[k]) != NULL;
        for (size_t k = 0; k < t->analysis_count; k++)
            whole = whole && cop_results_find(results, &t->analyses[k].id) != NULL;
        unfinished += !whole;
    }
    cop_say(r->log, COP_LOG_WARNING,
            "the study is not finished: %zu of its artifacts are not there, %zu of %zu tickets are "
            "incomplete; the report shows the rest",
            missing, unfinished, results->record.ticket_count);
}

static void tell_mixed(const report *r)
{
    const cop_results *results = &r->results;
    for (size_t i = 1; i < results->found_count; i++) {
        if (strcmp(results->found[0].provenance, results->found[i].provenance) == 0)
            continue;
        cop_say(r->log, COP_LOG_WARNING,
                "the results were computed in different places (costs.csv): \"%s\" and \"%s\"",
                results->found[0].provenance, results->found[i].provenance);
        return;
    }
}

/* Notes a file as written. */
static cop_status note_file(report *r, const char *name, cop_error *err)
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
static cop_status keep_notes(const report *r, cop_error *err)
{
    return cop_report_files_note(r->dir, r->files, r->file_count, err);
}

static cop_status make_dirs(report *r, cop_error *err)
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

static cop_status write_tables(report *r, cop_error *err)
{
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++) {
        const cop_table *table = cop_tables_at(r->sheets, i);
        const char *name = cop_arena_printf(r->results.arena, "%s.csv", cop_table_name(table));
        const char *path = name != NULL ? path_in(r, name) : NULL;
        if (path == NULL)
            return cop_out_of_memory(err);
        COP_TRY(cop_csv_write(table, path, err));
        COP_TRY(note_file(r, name, err));
    }
    return keep_notes(r, err);
}

static cop_status note_figure(report *r, const char *name, const char *suffix, cop_error *err)
{
    return note_file(r, cop_arena_printf(r->results.arena, "figures/%s%s", name, suffix), err);
}

/* Has a figure drawn. That it cannot be is a warning, and said in its place on the page: the data
 * and the script are there. */
static cop_status draw(report *r, size_t i, const char *dir, cop_error *err)
{
    cop_error why = {0};
    const char *name = r->figures.items[i].name;
    if (!r->no_gnuplot && cop_gnuplot(dir, name, &why) == COP_OK)
        return note_figure(r, name, ".png", err);
    r->undrawn[i] = r->no_gnuplot ? "" : cop_arena_strdup(r->results.arena, why.message);
    if (r->undrawn[i] == NULL)
        return cop_out_of_memory(err);
    if (r->no_gnuplot)
        return COP_OK;
    r->no_gnuplot = why.status == COP_UNAVAILABLE;
    cop_say(r->log, COP_LOG_WARNING, "%s%s", r->no_gnuplot ? "figures are not drawn: " : "",
            why.message);
    return COP_OK;
}

static cop_status write_figures(report *r, cop_error *err)
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
static cop_status draw_figures(report *r, cop_error *err)
{
    const char *dir = path_in(r, "figures");
    r->undrawn = cop_arena_array(r->results.arena, r->figures.count + 1, sizeof *r->undrawn);
    if (dir == NULL || r->undrawn == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->figures.count; i++)
        COP_TRY(draw(r, i, dir, err));
    return keep_notes(r, err);
}

static cop_status add_picture(report *r, const char *path, const char *caption, cop_error *err)
{
    if (path == NULL || caption == NULL)
        return cop_out_of_memory(err);
    COP_TRY(note_file(r, path, err));
    r->pictures[r->picture_count++] = (picture){path, caption};
    return COP_OK;
}

static cop_status draw_set(report *r, const cop_record_distilled *d, const cop_synthetic *set,
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
                    cop_arena_printf(arena, "Distilled images of %s, seed %lld: a row per class%s",
                                     label, (long long)d->seed,
                                     set->is_whitened ? "; whitened, each in its own range" : ""),
                    err));
    if (!decoded)
        return COP_OK;
    return add_picture(r, cop_arena_printf(arena, "images/%s-decoded.png", name),
                       cop_arena_printf(arena, "The same as training sees them, decoded."), err);
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

static cop_status write_images(report *r, cop_error *err)
{
    const cop_record *record = &r->results.record;
    r->pictures =
        cop_arena_array(r->results.arena, 2 * record->distilled_count + 1, sizeof *r->pictures);
    if (r->pictures == NULL)
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

/* Whether a column of the summary has nothing above zero to show. */
static bool is_all_zero(const cop_table *table, const char *column)
{
    size_t c = (size_t)cop_table_find_column(table, column);
    for (size_t i = 0; i < cop_table_row_count(table); i++) {
        if (cop_table_number(table, i, c) > 0.0)
            return false;
    }
    return true;
}

static bool are_equal(const cop_table *table, const char *left, const char *right)
{
    size_t a = (size_t)cop_table_find_column(table, left);
    size_t b = (size_t)cop_table_find_column(table, right);
    for (size_t i = 0; i < cop_table_row_count(table); i++) {
        if (cop_table_number(table, i, a) != cop_table_number(table, i, b))
            return false;
    }
    return true;
}

/* Columns of the summary that say nothing in this study, NULL-terminated; NULL: no memory. */
static const char *const *dull_columns(const report *r, const cop_table *summary)
{
    const char **names = cop_arena_array(r->results.arena, 7, sizeof *names);
    size_t count = 0;
    bool one_phase = true, has_controls = false;
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < r->results.record.ticket_count; i++)
        one_phase = one_phase && r->results.record.tickets[i].phase <= 0;
    for (size_t i = 0; i < r->results.record.ticket_count; i++)
        has_controls = has_controls || r->results.record.tickets[i].control != NULL;
    names[count++] = "seeds";
    if (one_phase)
        names[count++] = "phase";
    if (is_all_zero(summary, "collapsed"))
        names[count++] = "collapsed";
    if (!has_controls)
        names[count++] = "control";
    if (is_all_zero(summary, "collapsed_layers"))
        names[count++] = "collapsed_layers";
    if (are_equal(summary, "training_points_stored", "training_points_decoded"))
        names[count++] = "training_points_decoded";
    return names;
}

/* The summary's columns that say which ticket it is, and those of controls that are judged;
 * *controls: how many of the latter. NULL: no memory. */
static const char *const *control_columns(const report *r, size_t *controls, cop_error *err)
{
    static const char *const keys[] = {"cell", "phase", "round", "sparsity"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    cop_joined_list joined;
    *controls = 0;
    if (cop_ticket_joined(&r->results, &r->groups, &joined, err) != COP_OK)
        return NULL;
    const char **names =
        cop_arena_array(r->results.arena, KEYS + 2 * joined.count + 1, sizeof *names);
    size_t count = 0;
    if (names == NULL) {
        (void)cop_out_of_memory(err);
        return NULL;
    }
    for (; count < KEYS; count++)
        names[count] = keys[count];
    for (size_t i = 0; i < joined.count; i++) {
        const cop_joined *j = &joined.items[i];
        if (!j->is_control || !j->is_main)
            continue;
        names[count++] = j->as.name;
        ++*controls;
    }
    return names;
}

/* Long labels and what is shown for them on a terminal, by pairs; NULL: no memory. */
static const char *const *brief_labels(const report *r)
{
    const cop_record *record = &r->results.record;
    const char **pairs =
        cop_arena_array(r->results.arena, 2 * record->cell_count + 1, sizeof *pairs);
    for (size_t i = 0; pairs != NULL && i < record->cell_count; i++) {
        pairs[2 * i] = record->cells[i].label;
        pairs[2 * i + 1] = r->results.briefs[i];
    }
    return pairs;
}

/* What people are shown: the same for the page, which has room, and for the terminal. */
typedef struct views {
    cop_display tickets, comparisons, failures, controls, sets, distilled;
} views;

/* Whether there is nothing to say of tickets: none was pruned, and no copy is trained. */
static bool is_on_sets_alone(const cop_record *record)
{
    for (size_t i = 0; i < record->ticket_count; i++)
        if (record->tickets[i].copy_count > 0 || record->tickets[i].has_mask)
            return false;
    return record->distilled_count > 0;
}

/* The means over seeds, where there are several. */
static cop_status make_sets(const report *r, const cop_display_choice *choice, cop_display *out,
                            cop_error *err)
{
    const cop_table *sets = cop_tables_find(r->sheets, "distilled_summary");
    *out = (cop_display){0};
    return sets != NULL && r->results.record.seed_count > 1
               ? cop_display_make(sets, choice, r->results.arena, out, err)
               : COP_OK;
}

/* Each cell beside the baseline, where there are several seeds: of one nobody knows what is chance.
 */
static cop_status make_comparisons(const report *r, const cop_display_choice *choice,
                                   cop_display *out, cop_error *err)
{
    static const char *const shown[] = {"cell", "round",  "sparsity",   "result",
                                        "unit", "seeds",  "difference", "low",
                                        "high", "effect", "p_holm",     NULL};
    const cop_table *comparisons = cop_tables_find(r->sheets, "comparisons");
    cop_display_choice own = *choice;
    own.only = shown;
    own.skip = NULL;
    *out = (cop_display){0};
    return comparisons != NULL && r->results.record.seed_count > 1
               ? cop_display_make(comparisons, &own, r->results.arena, out, err)
               : COP_OK;
}

static cop_status make_views(const report *r, bool is_brief, views *out, cop_error *err)
{
    static const char *const ids[] = {"id", NULL};
    cop_arena *arena = r->results.arena;
    const cop_table *summary = cop_tables_find(r->sheets, "summary");
    const char **prefixes = cop_arena_array(arena, r->groups.count + 1, sizeof *prefixes);
    size_t controls = 0;
    cop_display_choice choice = {.skip = dull_columns(r, summary),
                                 .headlines_only = true,
                                 .prefixes = prefixes,
                                 .instead = is_brief ? brief_labels(r) : NULL};
    if (prefixes == NULL || choice.skip == NULL || (is_brief && choice.instead == NULL))
        return cop_out_of_memory(err);
    for (size_t i = 0; i < r->groups.count; i++)
        prefixes[i] = r->groups.items[i].name;
    COP_TRY(cop_display_make(summary, &choice, arena, &out->tickets, err));
    choice.headlines_only = false;
    choice.only = control_columns(r, &controls, err);
    if (choice.only == NULL)
        return COP_FAILED;
    COP_TRY(cop_display_make(summary, &choice, arena, &out->controls, err));
    if (controls == 0)
        out->controls.row_count = 0;
    COP_TRY(make_comparisons(r, &choice, &out->comparisons, err));
    choice.only = NULL;
    choice.skip = ids;
    const cop_table *failures = cop_tables_find(r->sheets, "failures");
    out->failures = (cop_display){0};
    if (failures != NULL)
        COP_TRY(cop_display_make(failures, &choice, arena, &out->failures, err));
    if (is_on_sets_alone(&r->results.record))
        out->tickets.row_count = 0;
    COP_TRY(make_sets(r, &choice, &out->sets, err));
    return cop_display_make(cop_tables_find(r->sheets, "distilled"), &choice, arena,
                            &out->distilled, err);
}

/* A figure in its place, or why it is not there. */
static void add_figure(const report *r, size_t i, cop_text *page)
{
    const cop_figure *f = &r->figures.items[i];
    char path[160];
    (void)snprintf(path, sizeof path, "figures/%s.png", f->name);
    cop_html_heading(page, f->title);
    if (r->undrawn[i] == NULL) {
        cop_html_picture(page, path, f->caption);
        return;
    }
    cop_text line = {0};
    cop_text_printf(&line,
                    "Not drawn%s%s; the data are in figures/%s.csv, the script is beside it.",
                    r->undrawn[i][0] != '\0' ? ": " : "", r->undrawn[i], f->name);
    cop_html_paragraph(page, line.data != NULL ? line.data : "");
    page->failed = page->failed || line.failed;
    cop_text_free(&line);
}

static void add_pictures(const report *r, cop_text *page)
{
    for (size_t i = 0; i < r->figures.count; i++)
        add_figure(r, i, page);
    if (r->picture_count > 0)
        cop_html_heading(page, "Distilled images");
    for (size_t i = 0; i < r->picture_count; i++)
        cop_html_picture(page, r->pictures[i].path, r->pictures[i].caption);
}

static void add_files(const report *r, cop_text *page)
{
    cop_html_heading(page, "Tables");
    cop_text_append(page, "<ul>\n");
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++) {
        const cop_table *table = cop_tables_at(r->sheets, i);
        char path[160];
        (void)snprintf(path, sizeof path, "%s.csv", cop_table_name(table));
        cop_html_link(page, path, cop_table_help(table));
    }
    cop_text_append(page, "</ul>\n");
}

static void add_table(cop_text *page, const char *heading, const cop_display *table)
{
    if (table->row_count == 0)
        return;
    cop_html_heading(page, heading);
    cop_html_table(page, table);
}

static void add_comparisons(const report *r, cop_text *page, const cop_display *table)
{
    const cop_record *record = &r->results.record;
    cop_text heading = {0};
    cop_text_printf(&heading, "Compared with %s", record->cells[record->baseline].label);
    add_table(page, heading.data != NULL ? heading.data : "", table);
    if (table->row_count > 0)
        cop_html_paragraph(page, "Mean difference over matched seeds, cell less baseline, with its "
                                 "95 % confidence interval (Student's t), Cohen's d of the "
                                 "differences, and the p-value of the paired t-test, corrected for "
                                 "the number of cells (Holm). Seeds under which a copy collapsed "
                                 "are left out.");
    page->failed = page->failed || heading.failed;
    cop_text_free(&heading);
}

static cop_status write_page(report *r, const views *v, cop_error *err)
{
    cop_text page = {0};
    cop_html_begin(&page, r->results.record.name);
    if (r->results.absent_count > 0)
        cop_html_paragraph(&page, "The study is not finished, or a part of it is damaged: some "
                                  "results are not shown.");
    add_table(&page, "Tickets", &v->tickets);
    add_comparisons(r, &page, &v->comparisons);
    add_table(&page, "Failed", &v->failures);
    add_table(&page, "Controls", &v->controls);
    add_table(&page, "Distilled sets, mean over seeds", &v->sets);
    add_table(&page, "Distilled sets", &v->distilled);
    add_pictures(r, &page);
    add_files(r, &page);
    cop_html_end(&page);
    size_t length = page.length;
    char *text = cop_text_take(&page);
    const char *path = path_in(r, "index.html");
    cop_status status = text != NULL && path != NULL ? cop_file_write(path, text, length, err)
                                                     : cop_out_of_memory(err);
    free(text);
    return status == COP_OK ? note_file(r, "index.html", err) : status;
}

static void print_table(const char *heading, const cop_display *table, size_t width, FILE *out)
{
    if (table->row_count == 0)
        return;
    (void)fprintf(out, "\n%s", heading);
    cop_display_print(table, width, out);
}

static void print_files(const report *r, FILE *out)
{
    size_t undrawn = 0;
    (void)fprintf(out, "\ntables:");
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++)
        (void)fprintf(out, " %s.csv", cop_table_name(cop_tables_at(r->sheets, i)));
    (void)fprintf(out, "\nfigures:");
    for (size_t i = 0; i < r->figures.count; i++) {
        if (r->undrawn[i] == NULL)
            (void)fprintf(out, " %s.png", r->figures.items[i].name);
        undrawn += r->undrawn[i] != NULL;
    }
    if (undrawn > 0)
        (void)fprintf(out, "\nfigures (data and scripts only):");
    for (size_t i = 0; undrawn > 0 && i < r->figures.count; i++) {
        if (r->undrawn[i] != NULL)
            (void)fprintf(out, " %s.gp", r->figures.items[i].name);
    }
    char shown[2048];
    (void)fprintf(out, "\nreport: %s/index.html\n", cop_escape(r->dir, shown, sizeof shown));
}

static void print(const views *v, FILE *out)
{
    if (v->tickets.row_count > 0)
        cop_display_print(&v->tickets, LINE_WIDTH, out);
    print_table("failed:\n", &v->failures, 0, out); /* a reason is a whole line */
    print_table("controls:\n", &v->controls, LINE_WIDTH, out);
    print_table("", v->sets.row_count > 0 ? &v->sets : &v->distilled, LINE_WIDTH, out);
}

static cop_status compute(report *r, cop_error *err)
{
    COP_TRY(cop_table_groups_make(&r->results, &r->groups, err));
    COP_TRY(cop_sheets_make(&r->results, &r->groups, r->sheets, err));
    return cop_plots_make(&r->results, &r->groups, cop_tables_find(r->sheets, "tickets"),
                          &r->figures, err);
}

static cop_status write_files(report *r, const views *page, cop_error *err)
{
    COP_TRY(make_dirs(r, err));
    COP_TRY(write_tables(r, err));
    COP_TRY(write_figures(r, err));
    COP_TRY(draw_figures(r, err));
    COP_TRY(write_images(r, err));
    COP_TRY(write_page(r, page, err));
    return cop_report_files_settle(r->dir, r->files, r->file_count, r->log, err);
}

/* The table of tickets is printed even where no file can be written. */
static cop_status make(report *r, const char *dir, const char *record, FILE *out, cop_error *err)
{
    views page, terminal;
    COP_TRY(cop_results_read(dir, record, r->log, &r->results, err));
    tell_missing(r);
    tell_mixed(r);
    r->dir = cop_arena_printf(r->results.arena, "%s/" COP_REPORT_FOLDER, record);
    r->sheets = cop_tables_new();
    if (r->dir == NULL || r->sheets == NULL)
        return cop_out_of_memory(err);
    COP_TRY(compute(r, err));
    COP_TRY(make_views(r, false, &page, err));
    COP_TRY(make_views(r, true, &terminal, err));
    cop_status written = write_files(r, &page, err);
    if (out != NULL)
        print(&terminal, out);
    if (written != COP_OK)
        return cop_fail_within(err, "the report could not be written");
    if (out != NULL)
        print_files(r, out);
    if (r->results.damaged_count == 0)
        return COP_OK;
    *err = r->results.first_damage;
    err->status = COP_FAILED;
    if (r->results.damaged_count == 1)
        return cop_fail_within(err, "the report lacks a damaged artifact");
    return cop_fail_within(err, "the report lacks %zu damaged artifacts; the first",
                           r->results.damaged_count);
}

cop_status cop_report(const char *dir, const char *record, FILE *out, cop_logger *log,
                      cop_error *err)
{
    report r = {.log = log};
    cop_error own = {0};
    cop_status status = make(&r, dir, record, out, &own);
    if (status != COP_OK && err != NULL)
        *err = own;
    cop_tables_free(r.sheets);
    cop_results_clear(&r.results);
    return status;
}
