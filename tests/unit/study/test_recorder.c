/* test_recorder.c: series that a work records stay short, in a way that depends on what is recorded
 * alone, and come back from a checkpoint as they were. */
#include "recorded.h"
#include "support.h"

#include "core/damage.h"
#include "study/running/recorder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = COP_RECORDER_KEPT };

/* Records the values step/2 of steps first, first + every, … below `end`. */
static void record(cop_recorder *r, const char *name, int64_t first, int64_t end, int64_t every)
{
    cop_error err = {0};
    for (int64_t i = first; i < end; i += every)
        assert_ok(cop_recorder_add(r, name, i, (double)i / 2.0, &err), &err);
}

static cop_series series_of(const cop_recorder *r, const char *name)
{
    cop_series all[COP_SERIES_MOST];
    size_t count = cop_recorder_series(r, all);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return all[i];
    }
    fail_msg("no series '%s'", name);
    return (cop_series){0};
}

static void assert_same(const cop_recorder *a, const cop_recorder *b)
{
    cop_series x[COP_SERIES_MOST], y[COP_SERIES_MOST];
    size_t count = cop_recorder_series(a, x);
    assert_int_equal(cop_recorder_series(b, y), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(x[i].name, y[i].name);
        assert_int_equal(x[i].count, y[i].count);
        assert_memory_equal(x[i].points, y[i].points, x[i].count * sizeof x[i].points[0]);
    }
}

static void keeps_every_number_as_long_as_there_is_room(void **state)
{
    (void)state;
    cop_recorder r = {0};
    record(&r, "loss", 0, KEPT, 1);
    cop_series s = series_of(&r, "loss");
    assert_int_equal(s.count, KEPT);
    for (int64_t i = 0; i < KEPT; i++) {
        assert_int_equal(s.points[i].step, i);
        assert_true(s.points[i].value == (double)i / 2.0);
    }
    cop_recorder_clear(&r);
}

/* After n numbers those are kept whose place is a multiple of the least power of two with which
 * they are few enough, and the last. */
static void keeps_numbers_evenly_and_the_last_one(void **state)
{
    (void)state;
    static const struct {
        int64_t numbers, stride, count;
    } cases[] = {{1, 1, 1},
                 {KEPT, 1, KEPT},
                 {KEPT + 1, 2, KEPT / 2 + 1},
                 {KEPT + 2, 2, KEPT / 2 + 2}, /* the last one stands between two to keep */
                 {2 * KEPT, 2, KEPT + 1},
                 {2 * KEPT + 1, 4, KEPT / 2 + 1},
                 {100 * KEPT, 128, 100 * KEPT / 128 + 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_recorder r = {0};
        record(&r, "loss", 0, cases[i].numbers, 1);
        cop_series s = series_of(&r, "loss");
        assert_int_equal(s.count, cases[i].count);
        for (int64_t k = 0; k + 1 < cases[i].count; k++)
            assert_int_equal(s.points[k].step, k * cases[i].stride);
        assert_int_equal(s.points[s.count - 1].step, cases[i].numbers - 1);
        assert_true(last_recorded(&r, "loss") == (double)(cases[i].numbers - 1) / 2.0);
        cop_recorder_clear(&r);
    }
}

/* Counted are the numbers, not the steps: of those that are recorded at odd steps alone, none would
 * be left at even multiples. */
static void thins_by_numbers_and_not_by_steps(void **state)
{
    (void)state;
    cop_recorder r = {0};
    record(&r, "rare", 99, 100 * (KEPT + 1), 100);
    cop_series s = series_of(&r, "rare");
    assert_int_equal(s.count, KEPT / 2 + 1);
    assert_int_equal(s.points[0].step, 99);
    assert_int_equal(s.points[1].step, 299);
    assert_int_equal(s.points[KEPT / 2].step, 100 * KEPT + 99);
    cop_recorder_clear(&r);
}

static void goes_on_from_what_was_saved_as_if_never_stopped(void **state)
{
    (void)state;
    static const int64_t cuts[] = {0,        1,        2,        KEPT - 1,     KEPT,
                                   KEPT + 1, KEPT + 2, 2 * KEPT, 2 * KEPT + 1, 5 * KEPT + 3};
    enum { END = 6 * KEPT };
    cop_recorder whole = {0};
    cop_error err = {0};
    record(&whole, "loss", 0, END, 1);
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        cop_recorder before = {0}, after = {0};
        cop_tensors *saved = NULL;
        record(&before, "loss", 0, cuts[i], 1);
        assert_ok(cop_recorder_save(&before, &saved, &err), &err);
        assert_int_equal(saved != NULL, cuts[i] > 0);
        assert_ok(cop_recorder_load(&after, saved, cuts[i], &err), &err);
        assert_same(&before, &after);
        record(&after, "loss", cuts[i], END, 1);
        assert_same(&after, &whole);
        cop_tensors_free(saved);
        cop_recorder_clear(&before);
        cop_recorder_clear(&after);
    }
    cop_recorder_clear(&whole);
}

static void a_second_number_in_a_step_takes_the_place_of_the_first(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_recorder once = {0}, twice = {0};
    for (int64_t i = 0; i < KEPT + 3; i++) {
        assert_ok(cop_recorder_add(&once, "loss", i, (double)i, &err), &err);
        assert_ok(cop_recorder_add(&twice, "loss", i, -1.0, &err), &err);
        assert_ok(cop_recorder_add(&twice, "loss", i, (double)i, &err), &err);
    }
    assert_same(&once, &twice);
    cop_recorder_clear(&once);
    cop_recorder_clear(&twice);
}

static void values_that_are_not_finite_are_kept(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_recorder r = {0};
    const double values[] = {(double)INFINITY, -(double)INFINITY, -(double)NAN};
    const double none = (double)NAN;
    for (int64_t i = 0; i < 3; i++)
        assert_ok(cop_recorder_add(&r, "loss", i, values[i], &err), &err);
    cop_series s = series_of(&r, "loss");
    assert_true(s.points[0].value == values[0]);
    assert_true(s.points[1].value == values[1]);
    assert_memory_equal(&s.points[2].value, &none, sizeof none);
    cop_recorder_clear(&r);
}

static void names_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"loss", "matching loss", "\xce\xbb = 2 (%)",
                                       "0123456789012345678901234567890123456789"};
    static const char *const bad[] = {
        "",     " loss",     "loss ",
        "a,b",  "\"a\"",     "a\nb",
        "\xff", "a\xc2\x85", "01234567890123456789012345678901234567890"};
    cop_error err = {0};
    cop_recorder r = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_ok(cop_recorder_add(&r, good[i], 0, 1.0, &err), &err);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(cop_recorder_add(&r, bad[i], 0, 1.0, &err), COP_INVALID, &err,
                       "cannot name a series");
    assert_int_equal(r.count, sizeof good / sizeof good[0]);
    cop_recorder_clear(&r);
}

static void a_work_has_at_most_sixteen_series(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_recorder r = {0};
    char name[16];
    for (int i = 0; i < COP_SERIES_MOST; i++) {
        (void)snprintf(name, sizeof name, "s%d", i);
        assert_ok(cop_recorder_add(&r, name, 0, 1.0, &err), &err);
    }
    assert_refused(cop_recorder_add(&r, "s16", 0, 1.0, &err), COP_INVALID, &err,
                   "\"s16\" is one series too many: 16 at most");
    assert_ok(cop_recorder_add(&r, "s15", 1, 2.0, &err), &err);
    cop_recorder_clear(&r);
}

/* Changes one thing of what was saved after four numbers. */
static void spoil(cop_tensors *saved, int how)
{
    cop_error err = {0};
    int64_t *steps = cop_i64(cop_tensors_at(saved, 0));
    switch (how) {
    case 1:
        steps[0] = 5; /* as if there had been another number */
        break;
    case 2:
        steps[0] = 0;
        break;
    case 3:
        steps[2] = steps[1];
        break;
    case 4:
        steps[1] = -1;
        break;
    case 5:
        steps[4] = 4; /* which is to come yet */
        break;
    case 6:
        assert_ok(cop_tensors_add(saved, "more", COP_F64, cop_shape1(4), NULL, &err), &err);
        break;
    case 7:
        (void)strcpy(cop_tensors_at(saved, 1)->name, "values/other");
        break;
    case 8:
        (void)strcpy(cop_tensors_at(saved, 0)->name, "steps/a,b");
        (void)strcpy(cop_tensors_at(saved, 1)->name, "values/a,b");
        break;
    default:
        break;
    }
}

static void what_no_recorder_saved_is_refused(void **state)
{
    (void)state;
    for (int how = 0; how <= 8; how++) {
        cop_error err = {0};
        cop_recorder r = {0}, back = {0};
        cop_tensors *saved = NULL;
        record(&r, "loss", 0, 4, 1);
        assert_ok(cop_recorder_save(&r, &saved, &err), &err);
        spoil(saved, how);
        cop_status status = cop_recorder_load(&back, saved, 4, &err);
        if (status != (how == 0 ? COP_OK : COP_DAMAGED))
            fail_msg("change %d gave status %d", how, (int)status);
        assert_int_equal(back.count, how == 0);
        cop_recorder_clear(&back);
        cop_recorder_clear(&r);
        cop_tensors_free(saved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_every_number_as_long_as_there_is_room),
        cmocka_unit_test(keeps_numbers_evenly_and_the_last_one),
        cmocka_unit_test(thins_by_numbers_and_not_by_steps),
        cmocka_unit_test(goes_on_from_what_was_saved_as_if_never_stopped),
        cmocka_unit_test(a_second_number_in_a_step_takes_the_place_of_the_first),
        cmocka_unit_test(values_that_are_not_finite_are_kept),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(a_work_has_at_most_sixteen_series),
        cmocka_unit_test(what_no_recorder_saved_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
