/* report.c: making the report of a study. */
#include "report/report.h"

#include "core/memory.h"
#include "report/data/sheets.h"
#include "report/making/files.h"
#include "report/making/making.h"
#include "report/page/page.h"
#include "store/artifact_files.h"

/* What is missing, what is mixed. */

static void tell_missing(const cop_making *r)
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

static void tell_mixed(const cop_making *r)
{
    if (r->place_count > 1)
        cop_say(r->log, COP_LOG_WARNING,
                "the results were computed in different places (costs.csv): \"%s\" and \"%s\"",
                r->places[0], r->places[1]);
}

/* Where results were computed, each place once. */
static cop_status list_places(cop_making *r, cop_error *err)
{
    const cop_results *results = &r->results;
    r->places = cop_arena_array(results->arena, results->found_count + 1, sizeof *r->places);
    if (r->places == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < results->found_count; i++)
        if (cop_page_place_of(r, &results->found[i]) == r->place_count)
            r->places[r->place_count++] = results->found[i].provenance;
    return COP_OK;
}

/* What the study's graph says of the stages: of one that is not there, or not whole, the page names
 * artifacts alone. */
static void read_stages(cop_making *r)
{
    const char *path = cop_arena_printf(r->results.arena, "%s/" COP_STAGES_FILE, r->record);
    if (path == NULL || cop_stages_read(path, r->results.arena, &r->stages, NULL) != COP_OK)
        r->stages = (cop_stage_records){0};
}

static cop_status compute(cop_making *r, cop_error *err)
{
    COP_TRY(cop_table_groups_make(&r->results, &r->groups, err));
    COP_TRY(cop_ticket_joined(&r->results, &r->groups, &r->joined, err));
    COP_TRY(cop_sheets_make(&r->results, &r->groups, r->sheets, err));
    COP_TRY(cop_answers_make(&r->results, &r->joined, r->sheets, &r->answers, err));
    read_stages(r);
    return cop_plots_make(&r->results, &r->groups, cop_tables_find(r->sheets, "tickets"),
                          &r->figures, err);
}

static cop_status write_files(cop_making *r, const cop_views *page, cop_error *err)
{
    COP_TRY(cop_make_report_dirs(r, err));
    COP_TRY(cop_write_tables(r, err));
    COP_TRY(cop_write_database(r, err));
    COP_TRY(cop_write_figures(r, err));
    COP_TRY(cop_draw_figures(r, err));
    COP_TRY(cop_write_images(r, err));
    COP_TRY(cop_page_write(r, page, err));
    COP_TRY(cop_making_note(r, "index.html", err));
    return cop_report_files_settle(r->dir, r->files, r->file_count, r->log, err);
}

static cop_status print(const cop_making *r, const cop_report_print *to, const cop_views *views,
                        bool is_written, cop_error *err)
{
    if (to == NULL)
        return COP_OK;
    if (to->form == COP_REPORT_JSON)
        return cop_print_json(r, to->out, err);
    if (to->form == COP_REPORT_CSV)
        return cop_print_csv(r, to->out, err);
    cop_print_views(r, views, to->width, to->out);
    if (is_written)
        cop_print_files(r, to->out);
    return COP_OK;
}

/* What the report lacks, all else being written. */
static cop_status lacking(const cop_making *r, cop_error *err)
{
    if (r->results.damaged_count > 0) {
        *err = r->results.first_damage;
        err->status = COP_FAILED;
        if (r->results.damaged_count == 1)
            return cop_fail_within(err, "the report lacks a damaged artifact");
        return cop_fail_within(err, "the report lacks %zu damaged artifacts; the first",
                               r->results.damaged_count);
    }
    if (r->lacks_database) {
        *err = r->database_failure;
        err->status = COP_FAILED;
        return cop_fail_within(err, "the report lacks its database");
    }
    if (r->failed == 0)
        return COP_OK;
    *err = r->first_failure;
    err->status = COP_FAILED;
    if (r->failed == 1)
        return cop_fail_within(err, "the report lacks a figure");
    return cop_fail_within(err, "the report lacks %zu figures; the first", r->failed);
}

/* The tables are printed even where no file can be written. */
static cop_status make(cop_making *r, const char *dir, const cop_report_print *to, cop_error *err)
{
    cop_views page, terminal;
    COP_TRY(cop_results_read(dir, r->record, r->log, &r->results, err));
    tell_missing(r);
    COP_TRY(list_places(r, err));
    tell_mixed(r);
    r->dir = cop_arena_printf(r->results.arena, "%s/" COP_REPORT_FOLDER, r->record);
    r->sheets = cop_tables_new();
    if (r->dir == NULL || r->sheets == NULL)
        return cop_out_of_memory(err);
    COP_TRY(compute(r, err));
    COP_TRY(cop_views_make(r, false, &page, err));
    COP_TRY(cop_views_make(r, true, &terminal, err));
    cop_error unwritten = {0};
    bool is_written = write_files(r, &page, &unwritten) == COP_OK;
    COP_TRY(print(r, to, &terminal, is_written, err));
    if (is_written)
        return lacking(r, err);
    *err = unwritten;
    return cop_fail_within(err, "the report could not be written");
}

cop_status cop_report(const char *dir, const char *record, const cop_report_print *to,
                      cop_logger *log, cop_error *err)
{
    cop_making r = {.record = record, .log = log};
    cop_error own = {0};
    cop_status status = make(&r, dir, to, &own);
    if (status != COP_OK && err != NULL)
        *err = own;
    cop_tables_free(r.sheets);
    cop_results_clear(&r.results);
    return status;
}
