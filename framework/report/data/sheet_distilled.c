/* sheet_distilled.c: distilled sets and what networks that are trained on them reach: one by one,
 * and with the seeds averaged away. */
#include "core/memory.h"
#include "core/table.h"
#include "report/data/sheets.h"

#include <math.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const cop_column set_columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(INT, "seed", NULL, "replicate"),
    COP_COLUMN(TEXT, "distiller", NULL, "the plugin"),
    COP_COLUMN(FLOAT, "stored", "images", "as stored"),
    COP_COLUMN(FLOAT, "decoded", "images", "that training sees"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction",
               "of the dense network trained on the set, on real data"),
    COP_COLUMN(FLOAT, "test_loss", NULL, "likewise"),
    COP_COLUMN(TEXT, "id", NULL, "artifact"),
    COP_COLUMN(FLOAT, "real_images", "images",
               "real images that networks looked at while distilling; empty where not stated"),
    COP_COLUMN(FLOAT, "second_order", NULL,
               "gradients through a gradient while distilling; empty where not stated"),
    COP_COLUMN(FLOAT, "trained_images", "images",
               "that trainings saw which the distiller asked for, such as experts")};

static const cop_column summary_columns[] = {
    COP_COLUMN(TEXT, "cell", NULL, "the sweep's values"),
    COP_COLUMN(TEXT, "distiller", NULL, "the plugin"),
    COP_COLUMN(FLOAT, "stored", "images", "mean over the seeds"),
    COP_COLUMN(FLOAT, "decoded", "images", "mean over the seeds"),
    COP_COLUMN(FLOAT, "test_accuracy", "fraction",
               "of the dense networks trained on the sets, on real data: mean over the seeds"),
    COP_COLUMN(FLOAT, "test_accuracy_std", "fraction", "sample standard deviation over the seeds"),
    COP_COLUMN(FLOAT, "test_loss", NULL, "mean over the seeds"),
    COP_COLUMN(INT, "networks", NULL, "that were trained: one per seed"),
    COP_COLUMN(FLOAT, "collapsed", NULL,
               "of these, no better than guessing; empty where the record does not say how good "
               "that is"),
    COP_COLUMN(FLOAT, "real_images", "images",
               "real images that networks looked at while distilling: mean over the seeds"),
    COP_COLUMN(FLOAT, "second_order", NULL,
               "gradients through a gradient while distilling: mean over the seeds"),
    COP_COLUMN(FLOAT, "trained_images", "images",
               "that trainings saw which the distiller asked for: mean over the seeds")};

/* What is known of a set; NaN where its network, or a training, is not there. */
typedef struct measured {
    const cop_result *set;
    double accuracy, loss, trained_images;
} measured;

static measured measure(const cop_results *r, const cop_record_distilled *d)
{
    const cop_result *trained = d->has_trained ? cop_results_find(r, &d->trained) : NULL;
    double images = 0.0;
    for (size_t i = 0; i < d->training_count; i++) {
        const cop_result *training = cop_results_find(r, &d->trainings[i]);
        images += training != NULL ? training->summary.samples : (double)NAN;
    }
    return (measured){cop_results_find(r, &d->set),
                      trained != NULL ? trained->summary.test_accuracy : (double)NAN,
                      trained != NULL ? trained->summary.test_loss : (double)NAN, images};
}

static cop_status add_set(const cop_results *r, const cop_record_distilled *d, cop_table *table,
                          cop_error *err)
{
    const cop_record_cell *cell = &r->record.cells[d->cell];
    measured m = measure(r, d);
    if (m.set == NULL)
        return COP_OK;
    const cop_table_value cells[] = {{.text = cell->label},
                                     {.i = d->seed},
                                     {.text = cell->distiller},
                                     {.f = m.set->summary.stored},
                                     {.f = m.set->summary.decoded},
                                     {.f = m.accuracy},
                                     {.f = m.loss},
                                     {.text = d->set.hash},
                                     {.f = d->real_images},
                                     {.f = d->second_order},
                                     {.f = m.trained_images}};
    return cop_table_row(table, cells, err);
}

/* The numbers of one cell's sets, each list with room for all sets. */
typedef struct lists {
    double *stored, *decoded, *accuracy, *loss, *real_images, *second_order, *trained_images;
    size_t count;
    double collapsed;
} lists;

static void collect(const cop_results *r, size_t cell, lists *l)
{
    l->count = 0;
    l->collapsed = 0.0;
    for (size_t i = 0; i < r->record.distilled_count; i++) {
        const cop_record_distilled *d = &r->record.distilled[i];
        measured m = measure(r, d);
        if (d->cell != cell || m.set == NULL)
            continue;
        l->stored[l->count] = m.set->summary.stored;
        l->decoded[l->count] = m.set->summary.decoded;
        l->accuracy[l->count] = m.accuracy;
        l->loss[l->count] = m.loss;
        l->real_images[l->count] = d->real_images;
        l->second_order[l->count] = d->second_order;
        l->trained_images[l->count] = m.trained_images;
        l->count++;
        if (!isnan(m.accuracy))
            l->collapsed += cop_is_collapsed(m.accuracy, r->record.cells[cell].chance);
    }
}

static cop_status add_cell(const cop_results *r, size_t cell, lists *l, cop_table *table,
                           cop_error *err)
{
    collect(r, cell, l);
    if (l->count == 0)
        return COP_OK;
    cop_spread accuracy = cop_spread_of(l->accuracy, l->count);
    const cop_table_value cells[] = {{.text = r->record.cells[cell].label},
                                     {.text = r->record.cells[cell].distiller},
                                     {.f = cop_spread_of(l->stored, l->count).mean},
                                     {.f = cop_spread_of(l->decoded, l->count).mean},
                                     {.f = accuracy.mean},
                                     {.f = accuracy.std},
                                     {.f = cop_spread_of(l->loss, l->count).mean},
                                     {.i = (int64_t)accuracy.count},
                                     {.f = l->collapsed},
                                     {.f = cop_spread_of(l->real_images, l->count).mean},
                                     {.f = cop_spread_of(l->second_order, l->count).mean},
                                     {.f = cop_spread_of(l->trained_images, l->count).mean}};
    return cop_table_row(table, cells, err);
}

static cop_status add_summary(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    size_t room = r->record.distilled_count + 1;
    double *numbers = cop_arena_array(r->arena, 7 * room, sizeof *numbers);
    if (numbers == NULL)
        return cop_out_of_memory(err);
    lists l = {numbers,
               numbers + room,
               numbers + 2 * room,
               numbers + 3 * room,
               numbers + 4 * room,
               numbers + 5 * room,
               numbers + 6 * room,
               0,
               0.0};
    cop_table *table =
        cop_tables_put(sheets, "distilled_summary", "Distilled sets, mean over seeds.",
                       summary_columns, COUNT(summary_columns), NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.cell_count; i++)
        COP_TRY(add_cell(r, i, &l, table, err));
    return COP_OK;
}

cop_status cop_sheet_distilled(const cop_results *r, cop_tables *sheets, cop_error *err)
{
    cop_table *table = cop_tables_put(sheets, "distilled", "Every distilled set.", set_columns,
                                      COUNT(set_columns), NULL, err);
    if (table == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < r->record.distilled_count; i++)
        COP_TRY(add_set(r, &r->record.distilled[i], table, err));
    return cop_table_row_count(table) > 0 ? add_summary(r, sheets, err) : COP_OK;
}
