/* page_tickets.c: what a row of the table of tickets opens to: its seeds with their masks, copies
 * and analyses, each a link to the stage that made it. */
#include "report/data/sheets.h"
#include "report/page/page.h"
#include "report/renderers/html.h"

#include <math.h>

void cop_page_stage_link(const cop_making *m, const cop_artifact_id *id, const char *text,
                         cop_text *page)
{
    const cop_result *result = cop_results_find(&m->results, id);
    size_t place = result != NULL ? cop_page_place_of(m, result) : 0;
    char name[8];
    if (result == NULL) {
        cop_html_text(page, text);
        cop_text_append(page, " (not there)");
        return;
    }
    cop_text_printf(page, "<a href=\"#s-%.12s\">", id->hash);
    cop_html_text(page, text);
    cop_text_append(page, "</a>");
    if (place > 0)
        cop_text_printf(page, " <span class=\"place\">%s</span>", cop_page_place(place, name));
}

/* The first ticket of a line of the summary, which lists lines in order of their first tickets. */
static const cop_record_ticket *line_at(const cop_record *record, size_t row)
{
    for (size_t i = 0; i < record->ticket_count; i++) {
        bool first = true;
        for (size_t k = 0; first && k < i; k++)
            first = !cop_same_line(&record->tickets[k], &record->tickets[i]);
        if (first && row-- == 0)
            return &record->tickets[i];
    }
    return NULL;
}

static void add_copies(const cop_making *m, const cop_record_ticket *t, cop_text *page)
{
    for (size_t k = 0; k < t->copy_count; k++) {
        const cop_result *copy = cop_results_find(&m->results, &t->copies[k]);
        char text[64];
        if (copy != NULL && !isnan(copy->summary.test_accuracy))
            (void)snprintf(text, sizeof text, "%.2f %%", 100.0 * copy->summary.test_accuracy);
        else
            (void)snprintf(text, sizeof text, "copy %zu", k);
        cop_text_append(page, k > 0 ? ", " : "");
        cop_page_stage_link(m, &t->copies[k], text, page);
    }
}

static void add_analyses(const cop_making *m, const cop_record_ticket *t, cop_text *page)
{
    for (size_t k = 0; k < t->analysis_count; k++) {
        const cop_record_analysis *a = &t->analyses[k];
        cop_text_append(page, k > 0 ? ", " : "");
        cop_page_stage_link(m, &a->id, a->analyzer, page);
        if (a->label[0] != '\0') {
            cop_text_append(page, " (");
            cop_html_text(page, a->label);
            cop_text_append(page, ")");
        }
    }
}

static void add_seed(const cop_making *m, const cop_record_ticket *t, cop_text *page)
{
    const char *failure = cop_ticket_failure(&m->results, t);
    cop_text_printf(page, "<tr><td class=\"number\">%lld</td><td>", (long long)t->seed);
    if (t->has_mask)
        cop_page_stage_link(m, &t->mask, "mask", page);
    if (t->has_training) {
        cop_text_append(page, t->has_mask ? " of " : "");
        cop_page_stage_link(m, &t->training, "training", page);
    }
    cop_text_append(page, "</td><td>");
    add_copies(m, t, page);
    cop_text_append(page, "</td><td>");
    add_analyses(m, t, page);
    if (failure != NULL && failure[0] != '\0') {
        cop_text_append(page, " failed: ");
        cop_html_text(page, failure);
    }
    cop_text_append(page, "</td></tr>\n");
}

void cop_page_ticket(const void *own, size_t row, cop_text *page)
{
    const cop_making *m = own;
    const cop_record *record = &m->results.record;
    const cop_record_ticket *line = line_at(record, row);
    if (line == NULL)
        return;
    cop_text_append(page, "<table><thead><tr><th class=\"number\">seed</th><th>found by</th>"
                          "<th>test accuracy of the copies</th><th>analyses</th></tr></thead>\n");
    for (size_t i = 0; i < record->ticket_count; i++)
        if (cop_same_line(&record->tickets[i], line))
            add_seed(m, &record->tickets[i], page);
    cop_text_append(page, "</table>\n");
}
