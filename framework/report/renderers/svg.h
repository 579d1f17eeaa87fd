/* svg.h: a picture that gnuplot wrote, made fit to stand in a page among others. */
#ifndef COP_REPORT_RENDERERS_SVG_H
#define COP_REPORT_RENDERERS_SVG_H

#include "core/text.h"

/* Appends the file's <svg> element: without what stands before it, its title and description, and
 * the groups that hold nothing; its identifiers, and what refers to them, get `name` and "-" before
 * them. `label`, escaped by the caller, is what a screen reader says. Nothing is appended where
 * there is no such element. */
void cop_svg_append(cop_text *page, const char *svg, const char *name, const char *label);

#endif
