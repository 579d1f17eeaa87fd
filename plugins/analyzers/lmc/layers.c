/* layers.c: a model's layers, and the table of what happens when one of them moves alone (Chatterji
 * et al. 2020, Adilova et al. 2024). */
#include "lmc.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a name up to its last dot; all of a name without one. */
static size_t prefix_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL ? (size_t)(dot - name) : strlen(name);
}

/* Whether no parameter before the i-th is of its layer. */
static bool begins_layer(const cop_model *model, size_t i)
{
    const char *name = cop_model_parameter(model, i)->name;
    for (size_t k = 0; k < i; k++) {
        const char *earlier = cop_model_parameter(model, k)->name;
        if (prefix_of(earlier) == prefix_of(name) && strncmp(earlier, name, prefix_of(name)) == 0)
            return false;
    }
    return true;
}

int64_t lmc_layer_count(const cop_model *model)
{
    int64_t count = 0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++)
        count += begins_layer(model, i);
    return count;
}

void lmc_layer_name(const cop_model *model, int64_t layer, char name[COP_NAME_SIZE])
{
    int64_t at = 0;
    name[0] = '\0';
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const char *own = cop_model_parameter(model, i)->name;
        at += begins_layer(model, i);
        if (at < layer)
            continue;
        (void)snprintf(name, COP_NAME_SIZE, "%.*s", (int)prefix_of(own), own);
        return;
    }
}

bool lmc_is_in_layer(const char *tensor, const char *layer)
{
    size_t length = strlen(layer);
    return prefix_of(tensor) == length && strncmp(tensor, layer, length) == 0;
}

static const cop_column columns[] = {
    COP_COLUMN_OF(KEY, TEXT, "layer", NULL,
                  "Parameters that share the beginning of their names, in order of declaration"),
    COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL,
                  "The two copies: this layer moves from the second to the first, the others stay "
                  "the second's"),
    COP_COLUMN_OF(KEY, TEXT, "statistics", NULL, "Running statistics on the line"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_loss_barrier", NULL,
                  "max over alpha of the loss, less the mean of this line's two ends"),
    COP_COLUMN_OF(VALUE, FLOAT, "train_error_barrier", "fraction",
                  "The same of the training error"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_loss_barrier", NULL, "The same of the test loss"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_error_barrier", "fraction", "The same of the test error"),
    COP_COLUMN_OF(VALUE, FLOAT, "test_error", "fraction",
                  "Of the second copy with this layer of the first (alpha = 1)"),
};

static const cop_plot plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES,
                              .title = "Error barrier of single layers", .x = "layer",
                              .y = "test_error_barrier"};

cop_status lmc_layer_table(const lmc_numbering *n, const cop_model *model, const double *curve,
                           cop_tables *out, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = LMC_LAYERS,
                                 .help = "Barriers between trained copies where one layer moves",
                                 COP_COLUMNS(columns), .plot = &plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(out, &spec, &table, err));
    for (int64_t i = 0; i < n->mode_count * n->copy_pairs * n->layers; i++) {
        char name[COP_NAME_SIZE], pair[48];
        lmc_point line = {.mode = i / (n->copy_pairs * n->layers),
                          .network = -1,
                          .pair = i / n->layers % n->copy_pairs,
                          .k = n->moved,
                          .layer = i % n->layers + 1};
        lmc_layer_name(model, line.layer, name);
        lmc_pair_name(n, line.pair, pair, sizeof pair);
        cop_table_value cells[] = {{.text = name},
                                   {.text = pair},
                                   {.text = lmc_mode_name(n, line.mode)},
                                   {.f = lmc_barrier_of(n, curve, line, LMC_TRAIN_LOSS)},
                                   {.f = lmc_barrier_of(n, curve, line, LMC_TRAIN_ERROR)},
                                   {.f = lmc_barrier_of(n, curve, line, LMC_TEST_LOSS)},
                                   {.f = lmc_barrier_of(n, curve, line, LMC_TEST_ERROR)},
                                   {.f = lmc_row(n, curve, line)[LMC_TEST_ERROR]}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}
