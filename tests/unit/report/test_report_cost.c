/* Tests of what the report says that finding a ticket took: on results that are made up in memory,
 * against sums that are done by hand. */
#include "report_scene.h"

/* A part of a scene that took its time. */
static cop_artifact_id add(scene *s, const char *kind, double seconds, double samples)
{
    cop_result *result = add_result(s, kind);
    result->seconds = seconds;
    result->summary.samples = samples;
    result->summary.steps = samples / 10.0;
    result->summary.prunable = 8.0;
    result->summary.kept = 4.0;
    return result->id;
}

/* A set for which the distiller had one network trained. */
static void add_set(scene *s, cop_record_distilled *d, int64_t seed)
{
    *d = (cop_record_distilled){.seed = seed, .real_images = 500.0, .second_order = 7.0};
    d->set = add(s, "distil", 16.0, 0.0);
    d->trainings = cop_arena_alloc(s->r.arena, sizeof *d->trainings);
    assert_non_null(d->trainings);
    d->trainings[d->training_count++] = add(s, "train", 32.0, 40.0);
}

static void add_round(scene *s, int64_t seed, int64_t round, double samples,
                      const cop_artifact_id *set)
{
    cop_record_ticket *t = &s->tickets[s->r.record.ticket_count++];
    *t = (cop_record_ticket){.seed = seed,
                             .round = round,
                             .has_mask = true,
                             .knows_data = true,
                             .has_training = true,
                             .has_data = true,
                             .data = *set};
    t->mask = add(s, "mask", 1.0, 0.0);
    t->training = add(s, "train", 4.0, samples);
}

/* Two seeds: each one's rounds 1 and 2 train on one set. */
static void open_searches(scene *s, cop_record_distilled sets[2])
{
    open_scene(s);
    s->r.record.distilled = sets;
    for (int64_t seed = 0; seed < 2; seed++) {
        cop_record_distilled *d = &sets[s->r.record.distilled_count++];
        add_set(s, d, seed);
        add_round(s, seed, 1, 100.0, &d->set);
        add_round(s, seed, 2, seed == 0 ? 200.0 : 400.0, &d->set);
    }
}

static cop_tables *cost_of(const scene *s)
{
    cop_error err = {0};
    cop_tables *sheets = cop_tables_new();
    assert_non_null(sheets);
    assert_ok(cop_sheet_cost(&s->r, sheets, &err), &err);
    return sheets;
}

/* A set costs once, however many rounds train on it; rounds add up. */
static void a_tickets_cost_is_that_of_all_rounds_and_of_the_set_once(void **state)
{
    (void)state;
    scene s;
    cop_record_distilled sets[2];
    open_searches(&s, sets);
    cop_tables *sheets = cost_of(&s);
    assert_int_equal(cop_table_row_count(cop_tables_find(sheets, "cost")), 4);
    assert_true(number(sheets, "cost", 0, "search_images") == 100.0);
    assert_true(number(sheets, "cost", 1, "search_images") == 300.0);
    assert_true(number(sheets, "cost", 1, "search_steps") == 30.0);
    assert_true(number(sheets, "cost", 1, "search_seconds") == 10.0);
    assert_true(number(sheets, "cost", 1, "distil_images") == 540.0);
    assert_true(number(sheets, "cost", 1, "distil_second_order") == 7.0);
    assert_true(number(sheets, "cost", 1, "distil_seconds") == 48.0);
    assert_true(number(sheets, "cost", 1, "images") == 840.0);
    assert_true(number(sheets, "cost", 1, "seconds") == 58.0);
    assert_true(number(sheets, "cost", 3, "search_images") == 500.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

static void seeds_are_averaged(void **state)
{
    (void)state;
    scene s;
    cop_record_distilled sets[2];
    open_searches(&s, sets);
    cop_tables *sheets = cost_of(&s);
    assert_int_equal(cop_table_row_count(cop_tables_find(sheets, "cost_summary")), 2);
    assert_true(number(sheets, "cost_summary", 1, "search_images") == 400.0);
    assert_true(number(sheets, "cost_summary", 1, "images") == 940.0);
    assert_true(number(sheets, "cost_summary", 1, "sparsity") == 0.5);
    assert_true(number(sheets, "cost_summary", 1, "seeds") == 2.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

/* Real data take no distilling; what a distiller does not state is not known, and neither is a sum
 * with it. */
static void what_is_not_stated_is_empty(void **state)
{
    (void)state;
    scene s;
    cop_record_distilled sets[2];
    open_searches(&s, sets);
    sets[0].real_images = (double)NAN;
    s.tickets[2].has_data = s.tickets[3].has_data = false;
    cop_tables *sheets = cost_of(&s);
    assert_true(isnan(number(sheets, "cost", 0, "distil_images")));
    assert_true(isnan(number(sheets, "cost", 0, "images")));
    assert_true(number(sheets, "cost", 0, "seconds") == 53.0);
    assert_true(number(sheets, "cost", 2, "distil_images") == 0.0);
    assert_true(number(sheets, "cost", 3, "images") == 500.0);
    cop_tables_free(sheets);
    close_scene(&s);
}

/* The dense network and controls are no tickets that anybody searched for. */
static void without_a_mask_there_is_no_table(void **state)
{
    (void)state;
    scene s;
    cop_record_distilled sets[2];
    open_searches(&s, sets);
    for (size_t i = 0; i < 4; i++) {
        s.tickets[i].has_mask = i % 2 == 0;
        s.tickets[i].control = "reinit";
    }
    cop_tables *sheets = cost_of(&s);
    assert_null(cop_tables_find(sheets, "cost"));
    assert_null(cop_tables_find(sheets, "cost_summary"));
    cop_tables_free(sheets);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tickets_cost_is_that_of_all_rounds_and_of_the_set_once),
        cmocka_unit_test(seeds_are_averaged),
        cmocka_unit_test(what_is_not_stated_is_empty),
        cmocka_unit_test(without_a_mask_there_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
