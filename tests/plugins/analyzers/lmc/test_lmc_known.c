/* The lmc analyzer on lines whose losses are known: between two minima, across a bowl, and those that
 * PyTorch has computed (tools/fixtures/make_line_fixtures.py). */
#include "given.h"
#include "models.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "wells_net.h"

#include "plugins/analyzers/lmc/lmc.h"

#include <stdlib.h>
#include <string.h>

static const lmc_options defaults = {.alphas = 11, .batch = 7, .layer_alphas = 5};

/* The tables of two copies, there being no dense network; the training and the test images are the
 * same. */
static cop_tables *analyze(const cop_model *model, const cop_samples *data,
                           const cop_tensors *first, const cop_tensors *second)
{
    cop_error err = {0};
    const cop_work_ops *ops = coppice_plugin.ops;
    const cop_tensors *copies[] = {first, second};
    const bool is_dense[2] = {false};
    void *self = NULL;
    cop_tables *tables = NULL;
    cop_plan plan = {.kind = COP_KIND_ANALYZER,
                     .model = model,
                     .copies = 2,
                     .train_count = data->count,
                     .test_count = data->count,
                     .lacks_dense = true};
    assert_ok(ops->create(&defaults, cop_model_task(model), &self, &err), &err);
    assert_ok(cop_plan_make("analyzer 'lmc'", ops, &defaults, &plan, &err), &err);
    given inputs = {.copies = copies};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = model,
                     .train = data,
                     .test = data,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = 2,
                     .copy_is_dense = is_dense};
    cop_drive d = {.what = "analyzer 'lmc'", .self = self, .work = &work, .steps = plan.steps};
    assert_ok(cop_drive_analyzer(&d, ops, &tables, &err), &err);
    ops->destroy(self);
    cop_plan_clear(&plan);
    return tables;
}

static double value_of(const cop_tables *tables, const char *name, size_t row, const char *column)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++) {
        const cop_table *t = cop_tables_at(tables, i);
        for (size_t c = 0; strcmp(cop_table_name(t), name) == 0 && c < cop_table_column_count(t);
             c++)
            if (strcmp(cop_table_column(t, c)->name, column) == 0)
                return cop_table_at(t, row, c).f;
    }
    fail_msg("no column %s in a table %s", column, name);
    return 0.0;
}

/* A state of the wells, of which one class alone has a weight, for the first feature. */
static cop_tensors *wells_state(const cop_model *model, int label, float weight)
{
    cop_error err = {0};
    cop_tensors *made = NULL;
    assert_ok(cop_model_initial_state(model, 1, &made, &err), &err);
    cop_f32(cop_tensors_at(made, 0))[label * WELLS_FEATURES] = weight;
    return made;
}

/* Of one image, whose first feature alone is there: 1. */
static cop_tables *cross_wells(int label_of_weight, float weight)
{
    const float pixels[WELLS_FEATURES] = {1.0f};
    const int32_t label = 0;
    const cop_samples data = {.task = wells_task,
                              .normalization = {.std = {1.0f}},
                              .count = 1,
                              .pixels = pixels,
                              .labels = &label};
    cop_model *model = wells_model();
    cop_tensors *first = wells_state(model, label_of_weight, weight);
    cop_tensors *second = wells_state(model, label_of_weight, -weight);
    cop_tables *tables = analyze(model, &data, first, second);
    cop_tensors_free(first);
    cop_tensors_free(second);
    cop_model_free(model);
    return tables;
}

static double well(double t)
{
    return t * t - 0.5 * t * t * t * t;
}

/* With weight t for its own class the loss is ln(2 + e^z) − z, z = t² − t⁴/2: minima at ±1, and a
 * hill of height ln 3 − ln(2 + √e) + 1/2 between them. */
static void two_minima_have_the_barrier_between_them(void **state)
{
    (void)state;
    cop_tables *tables = cross_wells(0, 1.0f);
    for (size_t k = 0; k <= 10; k++) {
        double z = well(2.0 * (double)k / 10.0 - 1.0);
        double wanted = log(2.0 + exp(z)) - z;
        assert_true(fabs(value_of(tables, "lmc_curve", k, "test_loss") - wanted) < 1e-6);
        assert_true(fabs(value_of(tables, "lmc_curve", k, "train_loss") - wanted) < 1e-6);
    }
    const double wanted = log(3.0) - log(2.0 + exp(0.5)) + 0.5;
    assert_true(wanted > 0.3);
    assert_true(fabs(value_of(tables, "lmc_barrier", 0, "test_loss_barrier") - wanted) < 1e-6);
    assert_true(fabs(value_of(tables, "lmc_barrier", 0, "train_loss_barrier") - wanted) < 1e-6);
    assert_true(value_of(tables, "lmc_barrier", 0, "first_test_error") == 0.0);
    cop_tables_free(tables);
}

/* With weight t for another class it is ln(2 + e^z): a bowl for t from −1/2 to 1/2. Its walls are
 * equally high, and there is nothing between them. */
static void opposite_walls_of_a_bowl_have_no_barrier(void **state)
{
    (void)state;
    cop_tables *tables = cross_wells(1, 0.5f);
    for (size_t k = 0; k <= 10; k++) {
        double wanted = log(2.0 + exp(well((double)k / 10.0 - 0.5)));
        assert_true(fabs(value_of(tables, "lmc_curve", k, "test_loss") - wanted) < 1e-6);
    }
    assert_true(value_of(tables, "lmc_curve", 0, "test_loss") >
                value_of(tables, "lmc_curve", 5, "test_loss") + 0.05);
    assert_true(value_of(tables, "lmc_barrier", 0, "train_loss_barrier") == 0.0);
    assert_true(value_of(tables, "lmc_barrier", 0, "test_loss_barrier") == 0.0);
    cop_tables_free(tables);
}

static void fill_from(cop_tensors *set, const cop_tensors *fixture, const char *prefix)
{
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        cop_tensor *to = cop_tensors_at(set, i);
        const cop_tensor *from = fixture_tensor(fixture, prefix, to->name);
        assert_true(cop_shape_equal(to->shape, from->shape));
        memcpy(to->data, from->data, sizeof(float) * (size_t)cop_shape_count(to->shape));
    }
}

static void losses_along_a_line_are_those_of_torch(void **state)
{
    (void)state;
    static const cop_task task = {.channels = 1, .height = 3, .width = 3, .classes = 3};
    enum { IMAGES = 24 };
    cop_error err = {0};
    cop_tensors *fixture = read_fixture("torch/line.safetensors"), *first = NULL, *second = NULL;
    test_model net = open_model("mlp", "hidden=6 activation=tanh", &task);
    assert_ok(cop_model_initial_state(net.model, 1, &first, &err), &err);
    assert_ok(cop_model_initial_state(net.model, 1, &second, &err), &err);
    fill_from(first, fixture, "first.");
    fill_from(second, fixture, "second.");
    int32_t labels[IMAGES];
    for (int i = 0; i < IMAGES; i++)
        labels[i] = (int32_t)cop_f32(fixture_tensor(fixture, "", "labels"))[i];
    const cop_samples data = {.task = task,
                              .normalization = cop_normalization_none(),
                              .count = IMAGES,
                              .pixels = cop_f32(fixture_tensor(fixture, "", "images")),
                              .labels = labels,
                              .space = COP_PIXELS_NORMALISED};
    double *losses = fixture_values(fixture, "", "losses");
    double *errors = fixture_values(fixture, "", "errors"), peak = 0.0;
    cop_tables *tables = analyze(net.model, &data, first, second);
    for (size_t k = 0; k <= 10; k++) {
        double loss = value_of(tables, "lmc_curve", k, "test_loss");
        if (!(fabs(loss - losses[k]) < 1e-6 * (1.0 + losses[k])))
            fail_msg("alpha %zu/10: %.9g, by PyTorch %.9g", k, loss, losses[k]);
        assert_true(fabs(value_of(tables, "lmc_curve", k, "test_error") - errors[k]) < 1e-9);
        peak = fmax(peak, losses[k]);
    }
    double wanted = peak - 0.5 * (losses[0] + losses[10]);
    assert_true(wanted > 0.1);
    assert_true(fabs(value_of(tables, "lmc_barrier", 0, "test_loss_barrier") - wanted) < 1e-5);
    cop_tables_free(tables);
    cop_tensors_free(first);
    cop_tensors_free(second);
    cop_tensors_free(fixture);
    free(losses);
    free(errors);
    close_model(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_minima_have_the_barrier_between_them),
        cmocka_unit_test(opposite_walls_of_a_bowl_have_no_barrier),
        cmocka_unit_test(losses_along_a_line_are_those_of_torch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
