/* The distance analyzer on states whose distances and angles are known. */
#include "given.h"
#include "linear_net.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include <coppice/plugin.h>

#include <math.h>
#include <string.h>

enum { COPIES = 3, COORDINATES = LINEAR_WEIGHTS + LINEAR_CLASSES };

/* The options, as distance.c has them. */
typedef struct distance_options {
    bool layerwise;
} distance_options;

/* A state of the linear network: `value` everywhere, and one coordinate of the weights moved. */
static cop_tensors *state_of(const cop_model *model, float value, int coordinate, float by)
{
    cop_error err = {0};
    cop_tensors *state = NULL;
    assert_ok(cop_model_initial_state(model, 1, &state, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        const cop_tensor *t = cop_tensors_at(state, i);
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++)
            cop_f32(t)[k] = value;
    }
    cop_f32(cop_tensors_find(state, cop_model_parameter(model, 0)->name))[coordinate] += by;
    return state;
}

/* Copies that have gone 3 along coordinate 0, 4 along coordinate 1, and -2 along coordinate 0. */
static cop_tables *analyze(bool layerwise, size_t copies)
{
    cop_error err = {0};
    cop_model *model = linear_model();
    cop_tensors *states[] = {state_of(model, 0.5f, 0, 0.0f), state_of(model, 0.5f, 0, 3.0f),
                             state_of(model, 0.5f, 1, 4.0f), state_of(model, 0.5f, 0, -2.0f)};
    const cop_tensors *const lent[] = {states[1], states[2], states[3]};
    cop_tables *tables = NULL;
    const cop_work_ops *ops = coppice_plugin.ops;
    distance_options o = {layerwise};
    given inputs = {.initial = states[0], .copies = lent};
    cop_work work = {.kind = COP_KIND_ANALYZER,
                     .model = model,
                     .threads = 1,
                     .source = given_source(&inputs),
                     .copy_count = copies};
    cop_drive d = {.what = "analyzer 'distance'", .self = &o, .work = &work};
    assert_ok(cop_drive_analyzer(&d, ops, &tables, &err), &err);
    for (int i = 0; i < 4; i++)
        cop_tensors_free(states[i]);
    cop_model_free(model);
    return tables;
}

static const cop_table *table_of(const cop_tables *tables, const char *name)
{
    for (size_t i = 0; i < cop_tables_count(tables); i++)
        if (strcmp(cop_table_name(cop_tables_at(tables, i)), name) == 0)
            return cop_tables_at(tables, i);
    return NULL;
}

static void ways_from_the_start_are_measured(void **state)
{
    (void)state;
    static const double lengths[] = {3.0, 4.0, 2.0};
    cop_tables *tables = analyze(false, COPIES);
    const cop_table *t = table_of(tables, "distance_start");
    assert_int_equal(cop_table_row_count(t), COPIES);
    for (size_t i = 0; i < COPIES; i++) {
        assert_int_equal(cop_table_at(t, i, 0).i, i);
        assert_true(fabs(cop_table_at(t, i, 1).f - lengths[i]) <= 1e-12);
        assert_true(fabs(cop_table_at(t, i, 2).f - (lengths[i] / (0.5 * sqrt(COORDINATES)))) <=
                    1e-12);
    }
    cop_tables_free(tables);
}

static void pairs_have_a_distance_and_an_angle(void **state)
{
    (void)state;
    static const struct {
        const char *pair;
        double apart, angle;
    } wanted[] = {{"0-1", 5.0, 90.0}, {"0-2", 5.0, 180.0}, {"1-2", 4.47213595499957939, 90.0}};
    cop_tables *tables = analyze(false, COPIES);
    const cop_table *t = table_of(tables, "distance_pair");
    assert_int_equal(cop_table_row_count(t), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(cop_table_at(t, i, 0).text, wanted[i].pair);
        assert_true(fabs(cop_table_at(t, i, 1).f - wanted[i].apart) <= 1e-12);
        assert_true(fabs(cop_table_at(t, i, 2).f - wanted[i].angle) <= 1e-9);
    }
    assert_null(table_of(tables, "distance_layer"));
    cop_tables_free(tables);
}

/* What has not moved has no direction. */
static void each_parameter_has_its_own(void **state)
{
    (void)state;
    cop_tables *tables = analyze(true, COPIES);
    const cop_table *t = table_of(tables, "distance_layer");
    assert_int_equal(cop_table_row_count(t), 6);
    assert_true(fabs(cop_table_at(t, 0, 3).f - 5.0) <= 1e-12);
    assert_true(cop_table_at(t, 1, 3).f == 0.0);
    assert_true(isnan(cop_table_at(t, 1, 4).f));
    cop_tables_free(tables);
}

static void one_copy_makes_no_pair(void **state)
{
    (void)state;
    cop_tables *tables = analyze(true, 1);
    assert_null(table_of(tables, "distance_pair"));
    assert_int_equal(cop_table_row_count(table_of(tables, "distance_start")), 1);
    cop_tables_free(tables);
}

static void without_copies_there_is_nothing_to_measure(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_model *model = linear_model();
    distance_options o = {true};
    cop_plan plan = {.kind = COP_KIND_ANALYZER, .model = model, .copies = 0};
    assert_refused(cop_plan_make("analyzer 'distance'", coppice_plugin.ops, &o, &plan, &err),
                   COP_INVALID, &err, "no trained copies");
    cop_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_from_the_start_are_measured),
        cmocka_unit_test(pairs_have_a_distance_and_an_angle),
        cmocka_unit_test(each_parameter_has_its_own),
        cmocka_unit_test(one_copy_makes_no_pair),
        cmocka_unit_test(without_copies_there_is_nothing_to_measure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
