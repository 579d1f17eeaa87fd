/* test_study_resume.c: a run that was stopped goes on where it was, with the same bits. */
#include "study_bench.h"

#include <limits.h>
#include <signal.h>

static void a_stopped_run_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    bench whole, cut;
    cop_error err = {0};
    static const volatile sig_atomic_t stop = 1;
    bench_open(&whole, base_config, NULL, 0);
    bench_open(&cut, base_config, NULL, 0);
    bench_run(&whole);
    /* A raised flag stops every stage before its first step, with its state saved. */
    assert_int_equal(cop_study_run(cut.study, cut.store, &stop, NULL, &err), COP_CANCELLED);
    bench_run(&cut);
    assert_same_results(&whole, &cut);
    bench_close(&whole);
    bench_close(&cut);
}

/* Puts a checkpoint's step behind the end of its training. */
static size_t spoil_checkpoints(const bench *b)
{
    size_t spoiled = 0;
    for (size_t i = 0; i < b->study->stage_count; i++) {
        const cop_stage *stage = &b->study->stages[i];
        cop_error err = {0};
        cop_saved saved;
        assert_ok(cop_checkpoint_load(b->store, &stage->id, NULL, &saved, &err), &err);
        if (saved.bag == NULL)
            continue;
        saved.step += 1000;
        assert_ok(cop_checkpoint_save(b->store, &stage->id, &saved, &err), &err);
        cop_saved_clear(&saved);
        spoiled++;
    }
    return spoiled;
}

static void a_run_cut_anywhere_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    bench whole;
    bench_open(&whole, resume_config, NULL, 0);
    int64_t total = run_at_most(&whole, INT64_MAX, 1e9, COP_OK);
    assert_true(total > 40);
    for (int64_t cut_at = 1; cut_at < total; cut_at++) {
        /* Every other one with a checkpoint after each step too. */
        double save_seconds = cut_at % 2 == 0 ? 0.0 : 1e9;
        bench cut;
        bench_open(&cut, resume_config, NULL, 0);
        assert_int_equal(run_at_most(&cut, cut_at, save_seconds, COP_CANCELLED), cut_at);
        /* No step is done twice, so this did go on from the checkpoint. */
        assert_int_equal(run_at_most(&cut, INT64_MAX, 1e9, COP_OK), total - cut_at);
        assert_same_results(&whole, &cut);
        bench_close(&cut);
    }
    bench_close(&whole);
}

static void a_checkpoint_past_the_end_starts_over(void **state)
{
    (void)state;
    bench whole, cut;
    bench_open(&whole, resume_config, NULL, 0);
    bench_open(&cut, resume_config, NULL, 0);
    int64_t total = run_at_most(&whole, INT64_MAX, 1e9, COP_OK);
    int64_t distilling = whole.study->stages[0].work.steps;
    (void)run_at_most(&cut, distilling + 2, 1e9, COP_CANCELLED); /* in the first training */
    assert_int_equal(spoil_checkpoints(&cut), 1);
    assert_int_equal(run_at_most(&cut, INT64_MAX, 1e9, COP_OK), total - distilling);
    assert_same_results(&whole, &cut);
    bench_close(&whole);
    bench_close(&cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stopped_run_goes_on_with_the_same_bits),
        cmocka_unit_test(a_run_cut_anywhere_goes_on_with_the_same_bits),
        cmocka_unit_test(a_checkpoint_past_the_end_starts_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
