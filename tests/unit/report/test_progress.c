/* test_progress.c: sums over stages, and what the rest is estimated at. Expected numbers are by
 * hand. */
#include "support.h"

#include "report/data/progress.h"
#include "report/data/shown.h"

#include <math.h>
#include <string.h>

typedef struct scene {
    cop_stage_record stages[8];
    cop_stage_look looks[8];
    cop_stage_records records;
    cop_arena *arena;
    cop_study_progress progress;
} scene;

static void make(scene *s)
{
    memset(s, 0, sizeof *s);
    s->arena = cop_arena_new();
    assert_non_null(s->arena);
    s->records.stages = s->stages;
}

static void add(scene *s, const char *kind, const char *title, cop_stage_state state,
                double seconds)
{
    size_t i = s->records.stage_count++;
    s->stages[i].title = title;
    (void)strcpy(s->stages[i].id.kind, kind);
    s->looks[i] = (cop_stage_look){.state = state,
                                   .seconds = state == COP_STATE_DONE ? seconds : (double)NAN,
                                   .saved_step = -1,
                                   .saved_seconds = (double)NAN};
}

static void sum(scene *s)
{
    cop_error err = {0};
    assert_ok(cop_study_progress_make(&s->records, s->looks, s->arena, &s->progress, &err), &err);
}

static void clear(scene *s)
{
    cop_arena_free(s->arena);
}

static void assert_near(double got, double wanted)
{
    assert_true(fabs(got - wanted) <= 1e-9 * (1.0 + fabs(wanted)));
}

/* Rounds, seeds and copies are alike within a cell; then titles in other cells; then the kind. */
static void stages_take_what_those_took_that_are_most_like_them(void **state)
{
    scene s;
    (void)state;
    make(&s);
    add(&s, "train", "train round 9, copy 0 [a 1, seed 0]", COP_STATE_DONE, 10.0);
    add(&s, "train", "train round 9, copy 1 [a 1, seed 0]", COP_STATE_DONE, 20.0);
    add(&s, "train", "train on a set [a 1, seed 0]", COP_STATE_DONE, 3.0);
    add(&s, "train", "train round 10, copy 0 [a 1, seed 12]", COP_STATE_READY, 0.0); /* 15 */
    add(&s, "train", "train on a set [a 2, seed 0]", COP_STATE_WAITING, 0.0);        /* 3 */
    add(&s, "train", "train round 3, copy 0 [a 2, seed 0]", COP_STATE_WAITING, 0.0); /* 15 */
    add(&s, "train", "other [b, seed 0]", COP_STATE_FAILED, 0.0);                    /* 11 */
    sum(&s);
    assert_int_equal(s.progress.part_count, 1);
    assert_int_equal(s.progress.all.unknown, 0);
    assert_near(s.progress.all.seconds, 33.0);
    assert_near(s.progress.all.remaining, 15.0 + 3.0 + 15.0 + 11.0);
    assert_true(s.progress.is_of_seconds);
    assert_near(s.progress.share, 33.0 / 77.0);
    clear(&s);
}

/* Two cells differ in cost, as where epochs are swept: each goes by its own. */
static void a_cell_goes_by_its_own_stages_where_it_has_some(void **state)
{
    scene s;
    (void)state;
    make(&s);
    add(&s, "train", "train round 1, copy 0 [1ep, seed 0]", COP_STATE_DONE, 1.0);
    add(&s, "train", "train round 1, copy 0 [9ep, seed 0]", COP_STATE_DONE, 9.0);
    add(&s, "train", "train round 2, copy 0 [9ep, seed 0]", COP_STATE_READY, 0.0);
    sum(&s);
    assert_near(s.progress.all.remaining, 9.0);
    clear(&s);
}

static void a_kind_of_which_nothing_is_done_is_unknown(void **state)
{
    scene s;
    (void)state;
    make(&s);
    add(&s, "train", "t", COP_STATE_DONE, 2.0);
    add(&s, "train", "u", COP_STATE_RUNNING, 0.0);
    add(&s, "mask", "m", COP_STATE_WAITING, 0.0);
    add(&s, "mask", "n", COP_STATE_WAITING, 0.0);
    sum(&s);
    assert_int_equal(s.progress.part_count, 2);
    assert_string_equal(s.progress.parts[1].kind, "mask");
    assert_int_equal(s.progress.parts[1].unknown, 2);
    assert_int_equal(s.progress.parts[0].states[COP_STATE_RUNNING], 1);
    assert_near(s.progress.all.remaining, 2.0);
    assert_false(s.progress.is_of_seconds);
    assert_near(s.progress.share, 0.25);
    clear(&s);
}

static void what_is_saved_need_not_be_done_again(void **state)
{
    scene s;
    (void)state;
    make(&s);
    add(&s, "train", "t [c, seed 0]", COP_STATE_DONE, 10.0);
    add(&s, "train", "t [c, seed 1]", COP_STATE_RUNNING, 0.0);
    add(&s, "train", "t [c, seed 2]", COP_STATE_READY, 0.0);
    s.looks[1].is_saved = s.looks[2].is_saved = true;
    s.looks[1].saved_seconds = 4.0;
    s.looks[2].saved_seconds = 40.0; /* slower than the others: no less than nothing remains */
    sum(&s);
    assert_near(s.progress.all.remaining, 6.0);
    assert_near(s.progress.share, 24.0 / 30.0);
    assert_int_equal(s.progress.all.saved, 1);
    clear(&s);
}

static void nothing_to_do_is_all_done(void **state)
{
    scene s;
    (void)state;
    make(&s);
    sum(&s);
    assert_near(s.progress.share, 1.0);
    assert_int_equal(s.progress.part_count, 0);
    clear(&s);
}

static void durations_are_told_as_people_do(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {{0.0, "0 s"},       {0.0314, "0.031 s"},   {7.0, "7 s"},
                 {42.4, "42 s"},     {99.4, "99 s"},        {100.0, "2 min"},
                 {720.0, "12 min"},  {3600.0, "1 h"},       {12000.0, "3 h 20 min"},
                 {172800.0, "2 d"},  {187200.0, "2 d 4 h"}, {3599.0, "1 h"},
                 {(double)NAN, "-"}, {172799.0, "2 d"}};
    char text[64];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(cop_display_duration(cases[i].seconds, text, sizeof text),
                            cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stages_take_what_those_took_that_are_most_like_them),
        cmocka_unit_test(a_cell_goes_by_its_own_stages_where_it_has_some),
        cmocka_unit_test(a_kind_of_which_nothing_is_done_is_unknown),
        cmocka_unit_test(what_is_saved_need_not_be_done_again),
        cmocka_unit_test(nothing_to_do_is_all_done),
        cmocka_unit_test(durations_are_told_as_people_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
