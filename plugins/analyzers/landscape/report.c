/* report.c: the tables: the surface, point by point, and the copies in its plane. */
#include "landscape.h"

#include <stdio.h>

/* What the tables say by the data that the loss is over. */
typedef struct words {
    const char *loss, *error; /* columns */
    const char *loss_help, *error_help;
    const char *title;
} words;

static const words words_of[] = {
    [LANDSCAPE_TEST] = {"test_loss", "test_error", "Mean cross-entropy on test data", "Test error",
                        "Test loss"},
    [LANDSCAPE_TRAIN] = {"train_loss", "train_error", "Mean cross-entropy on training data",
                         "Training error", "Training loss"},
    [LANDSCAPE_DISTILLED] = {"distilled_loss", "distilled_error",
                             "Mean cross-entropy on the distilled set",
                             "Error on the distilled set", "Distilled loss"},
};

/* And by the plane. */
typedef struct axes {
    const char *title;
    const char *x_help, *y_help;
} axes;

static const axes axes_of[] = {
    [LANDSCAPE_ORTHONORMAL] = {"on the plane through three copies",
                               "Distance from copy 0 along the line to copy 1",
                               "Distance from that line, towards copy 2"},
    [LANDSCAPE_PUBLISHED] = {"on the published plane of four copies",
                             "Share of (copy 0 - copy 1) / 2 from their middle: 1 is copy 0, -1 "
                             "copy 1",
                             "Share of (copy 3 - copy 2) / 2"},
    [LANDSCAPE_RANDOM] = {"along two random directions",
                          "Share of the first direction, whose filters have the copy's norms",
                          "Share of the second one"},
};

static cop_status surface_table(const landscape_options *o, const landscape_grid *g,
                                const double *surface, cop_tables *out, cop_error *err)
{
    const words *w = &words_of[o->data];
    const axes *a = &axes_of[o->plane];
    const cop_column columns[] = {
        COP_COLUMN_OF(KEY, FLOAT, "x", NULL, a->x_help),
        COP_COLUMN_OF(KEY, FLOAT, "y", NULL, a->y_help),
        COP_COLUMN_OF(VALUE, FLOAT, w->loss, NULL, w->loss_help),
        COP_COLUMN_OF(VALUE, FLOAT, w->error, "fraction", w->error_help),
    };
    char title[96];
    (void)snprintf(title, sizeof title, "%s %s", w->title, a->title);
    const cop_plot plot = {COP_SIZED(cop_plot),
                           .kind = COP_PLOT_HEATMAP,
                           .title = title,
                           .x = "x",
                           .y = "y",
                           .value = w->loss,
                           .equal_axes = o->plane == LANDSCAPE_ORTHONORMAL,
                           .marks = o->plane == LANDSCAPE_RANDOM ? NULL : "landscape_copies"};
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "landscape",
                                 .help = "Loss and error on a plane of networks",
                                 COP_COLUMNS(columns), .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t j = 0; j < g->side * g->side; j++, surface += LANDSCAPE_MEASURES) {
        double at[2];
        landscape_grid_at(g, j, at);
        const cop_table_value cells[] = {{.f = at[0]},
                                         {.f = at[1]},
                                         {.f = surface[LANDSCAPE_LOSS]},
                                         {.f = surface[LANDSCAPE_ERROR]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static cop_plot copies_plot(const landscape_options *o)
{
    if (o->plane == LANDSCAPE_RANDOM)
        return (cop_plot){COP_SIZED(cop_plot), .headlines = words_of[o->data].error};
    return (cop_plot){COP_SIZED(cop_plot), .kind = COP_PLOT_POINTS,
                      .title = "The copies, projected on their plane", .x = "x", .y = "y"};
}

/* Random directions leave from one copy, whose place says nothing: its table is a summary. */
static cop_table_spec copies_spec(const landscape_options *o, cop_column *columns, size_t count,
                                  const cop_plot *plot)
{
    bool is_one = o->plane == LANDSCAPE_RANDOM;
    columns[0].role = is_one ? COP_COLUMN_REPETITION : COP_COLUMN_KEY;
    return (cop_table_spec){COP_SIZED(cop_table_spec),
                            .column_size = (uint32_t)sizeof *columns,
                            .name = is_one ? "landscape_copy" : "landscape_copies",
                            .help = is_one ? "The copy that the directions leave from"
                                           : "The copies by themselves, and their projections",
                            .columns = columns,
                            .column_count = is_one ? 3 : count,
                            .plot = plot};
}

static cop_status copies_table(const landscape_options *o, const landscape_copy *copies,
                               int64_t count, const double *measured, cop_tables *out,
                               cop_error *err)
{
    const words *w = &words_of[o->data];
    const axes *a = &axes_of[o->plane];
    cop_column columns[] = {
        COP_COLUMN_OF(KEY, INT, "copy", NULL, "Number of the copy"),
        COP_COLUMN_OF(VALUE, FLOAT, w->loss, NULL, w->loss_help),
        COP_COLUMN_OF(VALUE, FLOAT, w->error, "fraction", w->error_help),
        COP_COLUMN_OF(VALUE, FLOAT, "x", NULL, a->x_help),
        COP_COLUMN_OF(VALUE, FLOAT, "y", NULL, a->y_help),
        COP_COLUMN_OF(VALUE, FLOAT, "distance", NULL,
                      "Distance of the copy from the plane, over all parameters"),
    };
    const cop_plot plot = copies_plot(o);
    const cop_table_spec spec = copies_spec(o, columns, sizeof columns / sizeof columns[0], &plot);
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t j = 0; j < count; j++, measured += LANDSCAPE_MEASURES) {
        const cop_table_value cells[] = {
            {.i = copies[j].number},          {.f = measured[LANDSCAPE_LOSS]},
            {.f = measured[LANDSCAPE_ERROR]}, {.f = copies[j].at[0]},
            {.f = copies[j].at[1]},           {.f = copies[j].distance}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

cop_status landscape_report(const landscape_options *o, const landscape_grid *g,
                            const landscape_copy *copies, int64_t copy_count,
                            const cop_tensors *bag, cop_tables *out, cop_error *err)
{
    COP_TRY(surface_table(o, g, cop_f64(cop_tensors_find(bag, "surface")), out, err));
    return copies_table(o, copies, copy_count, cop_f64(cop_tensors_find(bag, "copies")), out, err);
}
