/* script.h (implemented in script.c, figure.c): a figure's gnuplot script, and what its writers
 * share. */
#ifndef COP_REPORT_FIGURES_SCRIPT_H
#define COP_REPORT_FIGURES_SCRIPT_H

#include "core/text.h"
#include "report/figures/figure.h"

/* Appends the whole script: it draws to NAME.svg, or with `format` set to 'pdf' or 'png' to that,
 * and with `to_output` set to its standard output. */
void cop_script_write(cop_text *script, const cop_figure *f);

/* What numbers are multiplied by when they are drawn: 1 where `scale` is 0. */
double cop_script_scale(double scale);

/* Appends a column of the data (from 1) as it is drawn. */
void cop_script_column(cop_text *script, int column, double scale);

/* What the writers of scripts and of data must agree on (figure.c): whether a point has a place
 * under the figure's axes, and how many of a curve and of a panel have. */
bool cop_point_is_drawn(const cop_figure *f, const cop_point *p);
size_t cop_curve_drawn(const cop_figure *f, const cop_curve *curve);
size_t cop_panel_drawn(const cop_figure *f, const cop_panel *panel);

/* Whether the data have columns for the ends of bars or bands. */
bool cop_figure_has_ends(const cop_figure *f);

/* Whether the figure is drawn from grids: one to a panel, with a value at each place. */
bool cop_figure_is_gridded(const cop_figure *f);

/* The least and the greatest value of all panels' grids, as they are drawn; NaN where there is
 * none. And whether a logarithmic scale shows more of it: one outlier would leave a linear one
 * dark. */
void cop_script_value_range(const cop_figure *f, double *low, double *high);
bool cop_script_is_log_value(double low, double high);

#endif
