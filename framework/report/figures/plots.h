/* plots.h (implemented in report/figures/): which pictures a report has. */
#ifndef COP_REPORT_FIGURES_PLOTS_H
#define COP_REPORT_FIGURES_PLOTS_H

#include "report/data/table_groups.h"
#include "report/figures/figure.h"

/* A list of figures; all in the arena of the results. */
typedef struct cop_figures {
    cop_figure *items;
    size_t count, capacity;
} cop_figures;

/* All figures that have something to show: accuracy against sparsity, each summary against
 * sparsity, each analyzer's table that asks for a plot, the trainings' history, what works
 * recorded. */
cop_status cop_plots_make(const cop_results *r, const cop_table_groups *groups,
                          const cop_table *tickets, cop_figures *out, cop_error *err);

/* The files behind it. */

/* Adds a figure unless it is empty. */
cop_status cop_figures_add(cop_figures *figures, const cop_figure *f, cop_arena *arena,
                           cop_error *err);

/* plot_sparsity.c: "accuracy"; "training_points", what finding each ticket took; and "<summary>"
 * with a panel for each of its numeric columns; means over seeds (and copies) with their least and
 * greatest, a curve per cell. A column that does not vary is stated in the caption. */
cop_status cop_plot_sparsity(const cop_results *r, const cop_table_groups *groups,
                             const cop_table *tickets, cop_figures *out, cop_error *err);

/* plot_table.c: the figure that an analyzer's table asks for.
 *
 * Lines: a panel per cell, a curve for each of some rounds; or, where a ticket has several curves
 * (y columns, series), a panel for each cell and each of them if they are few, else for each
 * cell and some rounds. Histograms and heat maps: a panel for each cell and some rounds.
 * Points: as lines, every row drawn. Seeds, pairs and copies are averaged where their x agree. */
cop_status cop_plot_table(const cop_results *r, const cop_table_groups *groups, size_t i,
                          cop_figures *out, cop_error *err);

/* plot_surface.c: of a table whose plot asks for it (cop_plot.surface) the first series over x and
 * sparsity, "NAME-surface", a panel per cell, all by one scale; and "NAME-overlay", all cells'
 * curves of one round in one panel: the last that every cell has. */
cop_status cop_plot_surface(const cop_results *r, const cop_table_group *group, cop_figures *out,
                            cop_error *err);

/* plot_history.c: "history", the loss and accuracy of the tickets' trainings by epoch. */
cop_status cop_plot_history(const cop_results *r, cop_figures *out, cop_error *err);

/* plot_series.c: "series-KIND-ID" for each plugin whose works recorded something: a panel for each
 * series, over the steps, and in it a curve for each cell (distillers) or round (in panels of the
 * cell); means over seeds. */
cop_status cop_plot_series(const cop_results *r, cop_figures *out, cop_error *err);

#endif
