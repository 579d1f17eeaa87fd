/* page.c: what is on the page of a report, in order: the answer, the figures, the tables, and where
 * all of it comes from. */
#include "report/page/page.h"

#include "core/file.h"
#include "core/memory.h"
#include "core/table.h"
#include "report/renderers/html.h"
#include "store/artifact_files.h"

#include <stdlib.h>

static void add_warnings(const cop_making *r, cop_text *page)
{
    if (r->results.absent_count > 0)
        cop_html_warning(page,
                         "The study is not finished, or a part of it is damaged: some results "
                         "are not shown.");
    if (r->place_count > 1)
        cop_html_warning(page, "The results were computed in different places, or by different "
                               "versions, and may differ by that alone. Results of another place "
                               "than the first bear its letter; the places are listed at the end.");
}

static void add_answers(const cop_making *r, cop_text *page)
{
    cop_text_append(page, "<p class=\"question\">");
    cop_html_text(page, r->answers.question);
    cop_text_append(page, "</p>\n");
    add_warnings(r, page);
    if (r->answers.count == 0)
        return;
    cop_text_append(page, "<dl class=\"answers\">\n");
    for (size_t i = 0; i < r->answers.count; i++) {
        cop_text_append(page, "<dt>");
        cop_html_text(page, r->answers.items[i].cell);
        cop_text_append(page, "</dt><dd>");
        cop_html_text(page, r->answers.items[i].text);
        cop_text_append(page, "</dd>\n");
    }
    cop_text_append(page, "</dl>\n<p class=\"caveat\">");
    cop_html_text(page, r->answers.caveat);
    cop_text_append(page, "</p>\n");
}

static void add_files(const cop_making *r, cop_text *page)
{
    cop_html_heading(page, "files", "Files beside this page");
    cop_text_append(page, "<ul>\n");
    for (size_t i = 0; i < cop_tables_count(r->sheets); i++) {
        const cop_table *table = cop_tables_at(r->sheets, i);
        char path[160];
        (void)snprintf(path, sizeof path, "%s.csv", cop_table_name(table));
        cop_html_link(page, path, cop_table_help(table));
    }
    if (r->has_database)
        cop_html_link(page, COP_DATABASE_FILE, "All of it as an SQLite database.");
    cop_text_append(page, "</ul>\n");
}

static void add_table(cop_text *page, const char *name, const char *heading,
                      const cop_display *table)
{
    if (table->row_count == 0)
        return;
    cop_html_heading(page, name, heading);
    cop_html_table(page, name, table, NULL, NULL);
}

static void add_tickets(const cop_making *r, const cop_views *v, cop_text *page)
{
    if (v->tickets.row_count == 0)
        return;
    cop_html_heading(page, "tickets", "Tickets");
    cop_html_table(page, "tickets", &v->tickets, cop_page_ticket, r);
}

static void add_comparisons(const cop_making *r, const cop_display *table, cop_text *page)
{
    const cop_record *record = &r->results.record;
    cop_text heading = {0};
    cop_text_printf(&heading, "Compared with %s", record->cells[record->baseline].label);
    add_table(page, "comparisons", heading.data != NULL ? heading.data : "", table);
    if (table->row_count > 0)
        cop_html_paragraph(page, "Mean difference over matched seeds, cell less baseline, with its "
                                 "95 % confidence interval (Student's t), Cohen's d of the "
                                 "differences, and the p-value of the paired t-test, corrected for "
                                 "the number of cells (Holm). Seeds under which a copy collapsed "
                                 "are left out.");
    page->failed = page->failed || heading.failed;
    cop_text_free(&heading);
}

static void add_intervals(const cop_display *table, cop_text *page)
{
    add_table(page, "intervals", "How sure what is between copies is", table);
    if (table->row_count > 0)
        cop_html_paragraph(page,
                           "Mean over pairs of copies with its 95 % confidence interval: with "
                           "several seeds Student's t over their means; with one over its "
                           "copies, by the jackknife that leaves out one copy at a time, as "
                           "pairs share copies: another seed may lie outside. One pair has "
                           "none.");
}

static void add_cost(const cop_display *table, cop_text *page)
{
    add_table(page, "cost", "What finding tickets took", table);
    if (table->row_count > 0)
        cop_html_paragraph(page,
                           "Mean over seeds, by the end of each round. Images are those that "
                           "networks saw: in the trainings that were pruned on the way, and while "
                           "distilling. Seconds are those of the places that computed them; "
                           "training the copies is not among them.");
}

static void add_all(const cop_making *r, const cop_views *v, cop_text *page)
{
    cop_html_begin(page, r->results.record.name);
    add_answers(r, page);
    cop_page_figures(r, page);
    add_tickets(r, v, page);
    add_comparisons(r, &v->comparisons, page);
    add_intervals(&v->intervals, page);
    add_table(page, "failures", "Failed", &v->failures);
    add_table(page, "controls", "Controls", &v->controls);
    add_cost(&v->cost, page);
    add_table(page, "sets", "Distilled sets, mean over seeds", &v->sets);
    add_table(page, "distilled", "Distilled sets", &v->distilled);
    cop_page_sources(r, page);
    add_files(r, page);
    cop_html_end(page);
}

cop_status cop_page_write(const cop_making *r, const cop_views *views, cop_error *err)
{
    cop_text page = {0};
    add_all(r, views, &page);
    size_t length = page.length;
    char *text = cop_text_take(&page);
    const char *path = cop_arena_printf(r->results.arena, "%s/index.html", r->dir);
    cop_status status = text != NULL && path != NULL ? cop_file_write(path, text, length, err)
                                                     : cop_out_of_memory(err);
    free(text);
    return status;
}
