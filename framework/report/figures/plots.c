/* plots.c: which pictures a report has. */
#include "report/figures/plots.h"

#include "core/memory.h"

#include <string.h>

cop_status cop_figures_add(cop_figures *figures, const cop_figure *f, cop_arena *arena,
                           cop_error *err)
{
    if (cop_figure_is_empty(f))
        return COP_OK;
    if (figures->count == figures->capacity) {
        size_t capacity = figures->capacity > 0 ? 2 * figures->capacity : 8;
        cop_figure *larger = cop_arena_array(arena, capacity, sizeof *larger);
        if (larger == NULL)
            return cop_out_of_memory(err);
        if (figures->count > 0)
            memcpy(larger, figures->items, figures->count * sizeof *larger);
        figures->items = larger;
        figures->capacity = capacity;
    }
    figures->items[figures->count++] = *f;
    return COP_OK;
}

cop_status cop_plots_make(const cop_results *r, const cop_table_groups *groups,
                          const cop_table *tickets, cop_figures *out, cop_error *err)
{
    *out = (cop_figures){0};
    COP_TRY(cop_plot_sparsity(r, groups, tickets, out, err));
    for (size_t i = 0; i < groups->count; i++) {
        COP_TRY(cop_plot_surface(r, &groups->items[i], out, err));
        COP_TRY(cop_plot_table(r, groups, i, out, err));
    }
    COP_TRY(cop_plot_history(r, out, err));
    return cop_plot_series(r, out, err);
}
