/* heatmap.h: the part of a script that draws a heat map (figure.h: COP_FIGURE_HEATMAP). */
#ifndef COP_REPORT_FIGURES_HEATMAP_H
#define COP_REPORT_FIGURES_HEATMAP_H

#include "core/text.h"
#include "report/figures/figure.h"

/* Sets the colour scale of all panels, and the levels of the contours that are drawn in each. */
void cop_heatmap_scale(cop_text *script, const cop_figure *f);

/* Draws a panel: its grid, its contours and its marks. `index` is the number of its grid among
 * those of the data. */
void cop_heatmap_panel(cop_text *script, const cop_figure *f, const cop_panel *panel, size_t index);

#endif
