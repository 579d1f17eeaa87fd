/* page.h (implemented in report/page/): the page of a report, from its answer to its sources.
 *
 *   page.c           what is on it, in order
 *   page_figures.c   figures and pictures
 *   page_tickets.c   what a row of the table of tickets opens to
 *   page_sources.c   where results come from: places, stages, config, citations
 */
#ifndef COP_REPORT_PAGE_PAGE_H
#define COP_REPORT_PAGE_PAGE_H

#include "core/text.h"
#include "report/making/making.h"

/* Writes DIR/index.html of the report, whose figures and images are in its folder already. */
cop_status cop_page_write(const cop_making *m, const cop_views *views, cop_error *err);

/* The parts; memory failures show in `page`. */

/* Figures in the order of the papers, the pictures of distilled sets among them. */
void cop_page_figures(const cop_making *m, cop_text *page);

/* What a row of the view "tickets" opens to (cop_html_detail): `own` is the cop_making. */
void cop_page_ticket(const void *own, size_t row, cop_text *page);

/* A link to the stage that made an artifact, called `text`; marked where it comes from another
 * place than most. */
void cop_page_stage_link(const cop_making *m, const cop_artifact_id *id, const char *text,
                         cop_text *page);

/* Where results come from. */
void cop_page_sources(const cop_making *m, cop_text *page);

/* The name of a place: "A" for the first. */
const char *cop_page_place(size_t place, char text[8]);

/* Which place made a result; place_count where none is known. */
size_t cop_page_place_of(const cop_making *m, const cop_result *result);

#endif
