/* page_figures.c: figures and pictures on the page. */
#include "core/file.h"
#include "report/page/page.h"
#include "report/renderers/html.h"

#include <stdio.h>
#include <stdlib.h>

/* A picture within the page is at most this large. */
#define MOST_BYTES ((size_t)64 << 20)

/* Where a figure stands among the papers' own: surfaces and lines over each other, planes, pictures
 * of sets, accuracy and its cost, histograms, and then all others. */
typedef enum rank { FIRST = 0, PLANES, PICTURES, ACCURACY, HISTOGRAMS, OTHERS, RANKS } rank;

static rank rank_of(const cop_figure *f)
{
    switch (f->part) {
    case COP_PART_LINE:
        return FIRST;
    case COP_PART_ACCURACY:
        return ACCURACY;
    case COP_PART_OTHER:
        break;
    }
    return f->kind == COP_FIGURE_HEATMAP     ? PLANES
           : f->kind == COP_FIGURE_HISTOGRAM ? HISTOGRAMS
                                             : OTHERS;
}

/* The file within the report's folder; NULL where it cannot be read. The caller's (free). */
static char *content(const cop_making *m, const char *name, size_t *size)
{
    char *data = NULL;
    const char *path = cop_arena_printf(m->results.arena, "%s/%s", m->dir, name);
    if (path == NULL || cop_file_read_regular(path, MOST_BYTES, &data, size, NULL) != COP_OK)
        return NULL;
    return data;
}

static void add_undrawn(const cop_making *m, size_t i, cop_text *page)
{
    const cop_figure *f = &m->figures.items[i];
    cop_text line = {0};
    cop_text_printf(&line,
                    "%s: not drawn%s%s; the data are in figures/%s.csv, the script is beside it.",
                    f->title, m->undrawn[i][0] != '\0' ? ": " : "", m->undrawn[i], f->name);
    cop_html_warning(page, line.data != NULL ? line.data : "");
    page->failed = page->failed || line.failed;
    cop_text_free(&line);
}

/* A figure in its place, or why it is not there. */
static void add_figure(const cop_making *m, size_t i, cop_text *page)
{
    const cop_figure *f = &m->figures.items[i];
    bool has_shades = f->kind == COP_FIGURE_HEATMAP || f->kind == COP_FIGURE_SURFACE;
    if (m->undrawn[i] != NULL) {
        add_undrawn(m, i, page);
        return;
    }
    const char *name = cop_arena_printf(m->results.arena, "figures/%s.svg", f->name);
    const char *lost = cop_figure_lost(f, m->results.arena);
    const char *caption = lost != NULL ? cop_arena_printf(m->results.arena, "%s%s%s", f->caption,
                                                          lost[0] != '\0' ? " " : "", lost)
                                       : NULL;
    size_t size = 0;
    char *svg = name != NULL ? content(m, name, &size) : NULL;
    page->failed = page->failed || name == NULL || caption == NULL;
    if (svg != NULL && caption != NULL)
        cop_html_figure(page, f->name, svg, f->title, caption, !has_shades);
    else
        cop_html_warning(page, "A figure was drawn and cannot be read again; it is in figures/.");
    free(svg);
}

static void add_pictures(const cop_making *m, cop_text *page)
{
    cop_text_append(page, "<div class=\"pictures\">\n");
    for (size_t i = 0; i < m->picture_count; i++) {
        size_t size = 0;
        if (!m->pictures[i].is_on_page)
            continue;
        char *png = content(m, m->pictures[i].path, &size);
        if (png != NULL)
            cop_html_image(page, (const unsigned char *)png, size, m->pictures[i].caption);
        else
            cop_html_warning(page,
                             "A picture was made and cannot be read again; it is in images/.");
        free(png);
    }
    cop_text_append(page, "</div>\n");
}

void cop_page_figures(const cop_making *m, cop_text *page)
{
    if (m->figures.count + m->picture_count > 0)
        cop_html_heading(page, "figures", "Figures");
    for (int r = 0; r < RANKS; r++) {
        for (size_t i = 0; i < m->figures.count; i++)
            if ((int)rank_of(&m->figures.items[i]) == r)
                add_figure(m, i, page);
        if (r == PICTURES)
            add_pictures(m, page);
    }
}
