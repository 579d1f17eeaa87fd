/* distance.c: how far the copies of a ticket are from each other and from where they started: the
 * Euclidean distance, and the angle between the ways from the start. Over all parameters, removed
 * weights being 0 in all of them; running statistics are no part of it. */
#include <coppice/plugin.h>

#include <math.h>
#include <stdio.h>

typedef struct distance_options {
    bool layerwise;
} distance_options;

static const double degrees = 57.295779513082320877;

/* Sums over parameters of two networks and their common start. */
typedef struct sums {
    double apart;         /* Σ (a − b)² */
    double first, second; /* Σ (a − s)², Σ (b − s)² */
    double product;       /* Σ (a − s)(b − s) */
    double start;         /* Σ s² */
} sums;

static void add_values(const float *a, const float *b, const float *s, int64_t count, sums *out)
{
    for (int64_t i = 0; i < count; i++) {
        double from = (double)s[i], x = (double)a[i] - from, y = (double)b[i] - from;
        out->apart += (x - y) * (x - y);
        out->first += x * x;
        out->second += y * y;
        out->product += x * y;
        out->start += from * from;
    }
}

/* One parameter, or with p = -1 all of them. COP_FAILED where a state lacks one. */
static cop_status add_up(const cop_model *model, int64_t p, const cop_tensors *const states[3],
                         sums *out, cop_error *err)
{
    *out = (sums){0};
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_parameter *parameter = cop_model_parameter(model, i);
        const cop_tensor *t[3];
        if (p >= 0 && (size_t)p != i)
            continue;
        for (int k = 0; k < 3; k++) {
            t[k] = cop_tensors_find(states[k], parameter->name);
            if (t[k] == NULL)
                return cop_fail(err, COP_FAILED, "a state has no \"%s\"", parameter->name);
        }
        add_values(cop_f32(t[0]), cop_f32(t[1]), cop_f32(t[2]), cop_shape_count(t[0]->shape), out);
    }
    return COP_OK;
}

/* Between the ways from the start; NaN where one of both has not moved. */
static double angle(const sums *s)
{
    double lengths = sqrt(s->first) * sqrt(s->second);
    if (!(lengths > 0.0))
        return NAN;
    return degrees * acos(fmax(-1.0, fmin(1.0, s->product / lengths)));
}

static cop_status plan_distance(const void *given, cop_plan *plan, cop_error *err)
{
    (void)given;
    return cop_plan_copies(plan) > 0
               ? COP_OK
               : cop_fail(err, COP_INVALID,
                          "there are no trained copies to look at (study.copies, "
                          "ticket.retrain)");
}

static const cop_column initial_columns[] = {
    COP_COLUMN_OF(REPETITION, INT, "copy", NULL, "Number of the trained copy"),
    COP_COLUMN_OF(VALUE, FLOAT, "from_start", NULL, "Distance from where it started"),
    COP_COLUMN_OF(VALUE, FLOAT, "from_start_relative", NULL, "The same by the start's own length"),
};

static const cop_plot initial_plot = {COP_SIZED(cop_plot), .headlines = "from_start"};

static cop_status tell_start(cop_work *work, cop_error *err)
{
    const cop_table_spec spec = {COP_SIZED(cop_table_spec), .name = "distance_start",
                                 .help = "How far each copy is from where it started",
                                 COP_COLUMNS(initial_columns), .plot = &initial_plot};
    cop_table *table = NULL;
    COP_TRY(cop_tables_add(cop_work_tables(work), &spec, &table, err));
    for (size_t i = 0; i < cop_work_copy_count(work); i++) {
        const cop_tensors *states[3];
        sums s;
        COP_TRY(cop_work_copy(work, i, &states[0], err));
        COP_TRY(cop_work_initial(work, &states[2], err));
        states[1] = states[0];
        COP_TRY(add_up(cop_work_model(work), -1, states, &s, err));
        const cop_table_value cells[] = {{.i = (int64_t)i},
                                         {.f = sqrt(s.first)},
                                         {.f = s.start > 0.0 ? sqrt(s.first / s.start) : NAN}};
        COP_TRY(cop_table_row(table, cells, err));
    }
    return COP_OK;
}

static const cop_column pair_columns[] = {
    COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL, "The two copies"),
    COP_COLUMN_OF(VALUE, FLOAT, "apart", NULL, "Distance between the copies"),
    COP_COLUMN_OF(VALUE, FLOAT, "angle", "degrees", "Between their ways from the start"),
};

static const cop_plot pair_plot = {COP_SIZED(cop_plot), .headlines = "apart,angle"};

static const cop_column layer_columns[] = {
    COP_COLUMN_OF(KEY, INT, "depth", NULL, "Which parameter it is, from the input on, from 1"),
    COP_COLUMN_OF(KEY, TEXT, "layer", NULL, "The parameter"),
    COP_COLUMN_OF(REPETITION, TEXT, "pair", NULL, "The two copies"),
    COP_COLUMN_OF(VALUE, FLOAT, "apart", NULL, "Distance between the copies"),
    COP_COLUMN_OF(VALUE, FLOAT, "angle", "degrees", "Between their ways from the start"),
};

static const cop_plot layer_plot = {COP_SIZED(cop_plot), .kind = COP_PLOT_LINES,
                                    .title = "Distance between copies by parameter", .x = "layer",
                                    .y = "apart"};

/* A pair's rows: of all parameters together to `all`, of each to `layers` (NULL: not wanted). */
static cop_status tell_pair(cop_work *work, size_t first, size_t second, cop_table *all,
                            cop_table *layers, cop_error *err)
{
    const cop_model *model = cop_work_model(work);
    const cop_tensors *states[3];
    char pair[48];
    sums s;
    (void)snprintf(pair, sizeof pair, "%zu-%zu", first, second);
    COP_TRY(cop_work_copy(work, first, &states[0], err));
    COP_TRY(cop_work_copy(work, second, &states[1], err));
    COP_TRY(cop_work_initial(work, &states[2], err));
    COP_TRY(add_up(model, -1, states, &s, err));
    const cop_table_value whole[] = {{.text = pair}, {.f = sqrt(s.apart)}, {.f = angle(&s)}};
    COP_TRY(cop_table_row(all, whole, err));
    for (size_t i = 0; layers != NULL && i < cop_model_parameter_count(model); i++) {
        COP_TRY(add_up(model, (int64_t)i, states, &s, err));
        const cop_table_value cells[] = {{.i = (int64_t)i + 1},
                                         {.text = cop_model_parameter(model, i)->name},
                                         {.text = pair},
                                         {.f = sqrt(s.apart)},
                                         {.f = angle(&s)}};
        COP_TRY(cop_table_row(layers, cells, err));
    }
    return COP_OK;
}

static cop_status tell_pairs(const distance_options *o, cop_work *work, cop_error *err)
{
    const cop_table_spec pairs = {COP_SIZED(cop_table_spec), .name = "distance_pair",
                                  .help = "How far copies are from each other",
                                  COP_COLUMNS(pair_columns), .plot = &pair_plot};
    const cop_table_spec by_layer = {COP_SIZED(cop_table_spec), .name = "distance_layer",
                                     .help = "How far copies are from each other, by parameter",
                                     COP_COLUMNS(layer_columns), .plot = &layer_plot};
    cop_table *all = NULL, *layers = NULL;
    size_t count = cop_work_copy_count(work);
    if (count < 2)
        return COP_OK;
    COP_TRY(cop_tables_add(cop_work_tables(work), &pairs, &all, err));
    if (o->layerwise)
        COP_TRY(cop_tables_add(cop_work_tables(work), &by_layer, &layers, err));
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            COP_TRY(tell_pair(work, i, k, all, layers, err));
    return COP_OK;
}

static cop_status finish_distance(void *state, cop_work *work, cop_error *err)
{
    COP_TRY(tell_start(work, err));
    return tell_pairs(state, work, err);
}

static const cop_option option_table[] = {
    COP_OPT_BOOL(distance_options, layerwise, "true", "Also a table by parameter"),
};

COP_PLUGIN(
    ANALYZER, .id = "distance", .version = "1.0.1", .results_version = "2",
    .summary = "How far copies are from each other and from where they started",
    .author = "The Coppice authors", .licence = "MIT", COP_OPTIONS(distance_options, option_table),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .plan = plan_distance,
                                 .finish = finish_distance},
    .defaults = "chosen here.",
    .departures = "distances are over all parameters, and angles are between the ways from the "
                  "start, not between the weights themselves.");
