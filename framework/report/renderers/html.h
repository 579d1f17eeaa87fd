/* html.h: the page that shows a report: plain HTML and CSS in one file, pictures beside it. */
#ifndef COP_REPORT_RENDERERS_HTML_H
#define COP_REPORT_RENDERERS_HTML_H

#include "core/text.h"
#include "report/renderers/terminal.h"

/* Pieces of the page, appended in order. Memory failures show in `page` (core/text.h). */
void cop_html_begin(cop_text *page, const char *title);
void cop_html_heading(cop_text *page, const char *heading);
void cop_html_paragraph(cop_text *page, const char *text);
void cop_html_table(cop_text *page, const cop_display *table);
void cop_html_picture(cop_text *page, const char *path, const char *caption);
void cop_html_link(cop_text *page, const char *path, const char *text);
void cop_html_end(cop_text *page);

#endif
