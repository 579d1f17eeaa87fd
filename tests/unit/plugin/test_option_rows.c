/* test_option_rows.c: what a chosen value of a row that plugins share means. */
#include "nn/task.h"
#include "support.h"

#include <coppice/option_rows.h>

#include <string.h>

/* By their names, which are what a config says. */
static void starts_are_those_of_their_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        cop_initializer_kind kind;
    } starts[] = {{"uniform_fan_in", COP_INIT_UNIFORM_FAN_IN},
                  {"kaiming_fan_in", COP_INIT_KAIMING_FAN_IN},
                  {"kaiming_fan_out", COP_INIT_KAIMING_FAN_OUT}};
    for (int32_t i = 0; i < 3; i++) {
        assert_string_equal(cop_start_choices[i], starts[i].name);
        assert_int_equal(cop_chosen_start(i).kind, starts[i].kind);
        assert_int_equal(cop_chosen_start(i).fan, 0);
    }
    assert_string_equal(cop_norm_scale_choices[0], "ones");
    assert_int_equal(cop_chosen_norm_scale(0).kind, COP_INIT_CONSTANT);
    assert_true(cop_chosen_norm_scale(0).value == 1.0);
    assert_string_equal(cop_norm_scale_choices[1], "uniform01");
    assert_int_equal(cop_chosen_norm_scale(1).kind, COP_INIT_UNIFORM_01);
}

static void a_stem_goes_by_the_larger_side_unless_it_is_chosen(void **state)
{
    (void)state;
    static const struct {
        int32_t height, width;
        cop_stem stem;
    } sizes[] = {{32, 32, COP_STEM_SMALL}, {64, 64, COP_STEM_SMALL},  {65, 8, COP_STEM_MID},
                 {8, 128, COP_STEM_MID},   {129, 64, COP_STEM_LARGE}, {224, 224, COP_STEM_LARGE}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const cop_task task = {
            .channels = 3, .height = sizes[i].height, .width = sizes[i].width, .classes = 10};
        assert_int_equal(cop_chosen_stem(COP_STEM_AUTO, &task), sizes[i].stem);
        for (int32_t chosen = COP_STEM_SMALL; chosen <= COP_STEM_LARGE; chosen++)
            assert_int_equal(cop_chosen_stem(chosen, &task), chosen);
    }
    assert_string_equal(cop_stem_choices[COP_STEM_AUTO], "auto");
    assert_string_equal(cop_stem_choices[COP_STEM_LARGE], "large");
    assert_null(cop_stem_choices[COP_STEM_LARGE + 1]);
}

static void groups_that_do_not_divide_the_width_are_refused(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_ok(cop_check_norm_groups(COP_NORM_GROUP, 4, 32, &err), &err);
    assert_ok(cop_check_norm_groups(COP_NORM_BATCH, 5, 32, &err), &err);
    assert_refused(cop_check_norm_groups(COP_NORM_GROUP, 5, 32, &err), COP_INVALID, &err,
                   "width 32 does not divide into 5 groups");
    assert_refused(cop_check_norm_groups(COP_NORM_GROUP, 0, 32, &err), COP_INVALID, &err,
                   "into 0 groups");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_are_those_of_their_names),
        cmocka_unit_test(a_stem_goes_by_the_larger_side_unless_it_is_chosen),
        cmocka_unit_test(groups_that_do_not_divide_the_width_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
