/* html.h: the page that shows a report: one file, which needs no other and no network. Figures are
 * SVG within it, images are data; what sorts, filters, copies and opens does so by the small script
 * page.js, and is all there without it.
 *
 * Pieces are appended in order. Memory failures show in `page` (core/text.h). Every text is the
 * caller's and is escaped. */
#ifndef COP_REPORT_RENDERERS_HTML_H
#define COP_REPORT_RENDERERS_HTML_H

#include "core/text.h"
#include "report/renderers/terminal.h"

void cop_html_begin(cop_text *page, const char *title);
void cop_html_end(cop_text *page);

/* A text by itself, its special characters escaped. */
void cop_html_text(cop_text *page, const char *text);

/* A heading; `id` is where links lead, "" for none. */
void cop_html_heading(cop_text *page, const char *id, const char *heading);
void cop_html_paragraph(cop_text *page, const char *text);

/* A paragraph that stands out: something is missing, or of several places. */
void cop_html_warning(cop_text *page, const char *text);

/* What is folded away until it is asked for. */
void cop_html_fold(cop_text *page, const char *id, const char *summary);
void cop_html_unfold(cop_text *page);

/* A text as it is, in columns. */
void cop_html_verbatim(cop_text *page, const char *text);

/* Writes what a row of a table opens to: pieces of HTML. */
typedef void (*cop_html_detail)(const void *own, size_t row, cop_text *page);

/* A table that sorts, filters, and copies as CSV and LaTeX. `name` is its file's; `detail` may be
 * NULL. */
void cop_html_table(cop_text *page, const char *name, const cop_display *table,
                    cop_html_detail detail, const void *own);

/* A figure: `svg` is a whole file as gnuplot writes it, whose identifiers get `name` before them,
 * so that many stand in one page. Its colours are inverted on dark screens where `is_inverted`. */
void cop_html_figure(cop_text *page, const char *name, const char *svg, const char *title,
                     const char *caption, bool is_inverted);

/* An image, the bytes of a PNG. */
void cop_html_image(cop_text *page, const unsigned char *png, size_t size, const char *caption);

/* A line of a list: a file, and what it holds. */
void cop_html_link(cop_text *page, const char *path, const char *text);

#endif
