/* surface.h: the part of a script that draws surfaces (figure.h: COP_FIGURE_SURFACE). */
#ifndef COP_REPORT_FIGURES_SURFACE_H
#define COP_REPORT_FIGURES_SURFACE_H

#include "core/text.h"
#include "report/figures/figure.h"

/* Sets the view, and one height and colour scale for all panels. */
void cop_surface_scale(cop_text *script, const cop_figure *f);

/* Draws a panel. `index` is the number of its grid among those of the data. */
void cop_surface_panel(cop_text *script, const cop_figure *f, const cop_panel *panel, size_t index);

#endif
