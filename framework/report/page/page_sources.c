/* page_sources.c: where results come from: the places that computed them, the study's resolved
 * config, its plugins with what to cite, and every stage. */
#include "core/file.h"
#include "report/page/page.h"
#include "report/renderers/html.h"
#include "store/artifact_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* More stages than this would make a page that no browser opens gladly. */
#define MOST_STAGES ((size_t)3000)

#define MOST_CONFIG ((size_t)16 << 20)

const char *cop_page_place(size_t place, char text[8])
{
    if (place < 26)
        (void)snprintf(text, 8, "%c", 'A' + (int)place);
    else
        (void)snprintf(text, 8, "Z%zu", (place - 25) % 10000);
    return text;
}

size_t cop_page_place_of(const cop_making *m, const cop_result *result)
{
    for (size_t i = 0; i < m->place_count; i++)
        if (strcmp(m->places[i], result->provenance) == 0)
            return i;
    return m->place_count;
}

static void add_places(const cop_making *m, cop_text *page)
{
    double seconds = 0.0;
    for (size_t i = 0; i < m->results.found_count; i++)
        seconds += m->results.found[i].seconds;
    cop_text_append(page, "<ul>\n");
    for (size_t i = 0; i < m->place_count; i++) {
        char name[8];
        cop_text_printf(page, "<li><span class=\"place\">%s</span> ", cop_page_place(i, name));
        cop_html_text(page, m->places[i]);
        cop_text_append(page, "</li>\n");
    }
    cop_text_append(page, "</ul>\n");
    cop_text_printf(page, "<p>%zu artifacts, %.1f hours of computing.</p>\n",
                    m->results.found_count, seconds / 3600.0);
}

static void add_date(const cop_making *m, cop_text *page)
{
    char made[64] = "";
    struct tm parts;
    time_t now = time(NULL);
    (void)m;
    if (gmtime_r(&now, &parts) != NULL && strftime(made, sizeof made, "%Y-%m-%d %H:%M", &parts) > 0)
        cop_text_printf(page, "<p>This page was made on %s UTC by coppice %s.</p>\n", made,
                        COPPICE_VERSION);
}

static void add_config(const cop_making *m, cop_text *page)
{
    const char *path = cop_arena_printf(m->results.arena, "%s/" COP_CONFIG_FILE, m->record);
    char *text = NULL;
    page->failed = page->failed || path == NULL;
    if (path == NULL || cop_file_read_regular(path, MOST_CONFIG, &text, NULL, NULL) != COP_OK)
        return;
    cop_html_fold(page, "config", "The study's config, every setting spelt out");
    cop_html_verbatim(page, text);
    cop_html_unfold(page);
    free(text);
}

/* The four digits of a year in a citation; "" where there are none. */
static void find_year(const char *citation, char year[5])
{
    year[0] = '\0';
    for (const char *c = citation; strlen(c) >= 4; c++) {
        bool is_year = (c[0] == '1' && c[1] == '9') || (c[0] == '2' && c[1] == '0');
        if (is_year && strspn(c, "0123456789") == 4 &&
            (c == citation || strspn(c - 1, "0123456789") == 0))
            (void)snprintf(year, 5, "%.4s", c);
    }
}

static void add_citation(const cop_record_plugin *p, cop_text *entries)
{
    char year[5];
    find_year(p->citation, year);
    cop_text_printf(entries, "@misc{coppice-%s-%s,\n  note = {", p->kind, p->id);
    for (const char *c = p->citation; *c != '\0'; c++) {
        if (strchr("&%$#_{}", *c) != NULL)
            cop_text_append(entries, "\\");
        cop_text_append_bytes(entries, c, 1);
    }
    cop_text_append(entries, "}");
    if (year[0] != '\0')
        cop_text_printf(entries, ",\n  year = {%s}", year);
    cop_text_append(entries, "\n}\n");
}

static void add_plugins(const cop_making *m, cop_text *page)
{
    const cop_record *record = &m->results.record;
    cop_text entries = {0};
    if (record->plugin_count == 0)
        return;
    cop_html_fold(page, "plugins", "Plugins of the study, and what to cite");
    cop_text_append(page, "<ul>\n");
    for (size_t i = 0; i < record->plugin_count; i++) {
        const cop_record_plugin *p = &record->plugins[i];
        cop_text_append(page, "<li>");
        cop_html_text(page, p->kind);
        cop_text_append(page, " <strong>");
        cop_html_text(page, p->id);
        cop_text_append(page, "</strong> ");
        cop_html_text(page, p->version);
        cop_text_append(page, ": ");
        cop_html_text(page, p->summary);
        cop_text_append(page, "</li>\n");
        if (p->citation[0] != '\0')
            add_citation(p, &entries);
    }
    cop_text_append(page, "</ul>\n");
    if (entries.length > 0)
        cop_html_verbatim(page, entries.data != NULL ? entries.data : "");
    page->failed = page->failed || entries.failed;
    cop_text_free(&entries);
    cop_html_unfold(page);
}

static const cop_stage_record *stage_of(const cop_making *m, const cop_artifact_id *id)
{
    for (size_t i = 0; i < m->stages.stage_count; i++)
        if (cop_same_artifact(&m->stages.stages[i].id, id))
            return &m->stages.stages[i];
    return NULL;
}

static void add_inputs(const cop_making *m, const cop_stage_record *stage, cop_text *page)
{
    if (stage->input_count == 0)
        return;
    cop_text_append(page, "<p>From ");
    for (size_t i = 0; i < stage->input_count; i++) {
        const cop_stage_record *input = stage_of(m, &stage->inputs[i]);
        cop_text_append(page, i > 0 ? ", " : "");
        cop_page_stage_link(m, &stage->inputs[i],
                            input != NULL ? input->title : stage->inputs[i].hash, page);
    }
    cop_text_append(page, ".</p>\n");
}

static void add_stage(const cop_making *m, const cop_result *result, cop_text *page)
{
    const cop_stage_record *stage = stage_of(m, &result->id);
    char id[32], name[8];
    (void)snprintf(id, sizeof id, "s-%.12s", result->id.hash);
    cop_html_fold(page, id, stage != NULL ? stage->title : result->id.hash);
    cop_text_printf(page, "<p><code>%s</code>, %.1f s, place ", result->id.hash, result->seconds);
    cop_text_printf(page, "<span class=\"place\">%s</span></p>\n",
                    cop_page_place(cop_page_place_of(m, result), name));
    if (stage != NULL) {
        add_inputs(m, stage, page);
        cop_html_verbatim(page, stage->identity);
    }
    cop_html_unfold(page);
}

static void add_stages(const cop_making *m, cop_text *page)
{
    const cop_results *r = &m->results;
    char heading[128];
    (void)snprintf(heading, sizeof heading, "All %zu stages: what each was, and took",
                   r->found_count);
    if (r->found_count > MOST_STAGES) {
        cop_html_paragraph(page, "There are too many stages to list: costs.csv has their seconds "
                                 "and places, stages.json what they are.");
        return;
    }
    cop_html_fold(page, "stages", heading);
    for (size_t i = 0; i < r->found_count; i++)
        add_stage(m, &r->found[i], page);
    cop_html_unfold(page);
}

void cop_page_sources(const cop_making *m, cop_text *page)
{
    cop_html_heading(page, "sources", "Where this comes from");
    add_date(m, page);
    add_places(m, page);
    add_config(m, page);
    add_plugins(m, page);
    add_stages(m, page);
}
