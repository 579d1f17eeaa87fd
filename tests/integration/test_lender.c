/* test_lender.c: what a work borrows is there while its callback runs, read once while there is room,
 * and let go of where there is none. */
#include "study_bench.h"

#include "store/artifact_files.h"
#include "study/running/lender.h"

#include <unistd.h>

/* The analysis of the ticket of that round. */
static const cop_stage *analysis_of(const bench *b, int64_t round)
{
    return &b->study->stages[ticket_at(b, round)->analyses[0]];
}

static const cop_tensors *borrow(cop_work_source *from, cop_work_input input, size_t index)
{
    const cop_tensors *out = NULL;
    cop_error err = {0};
    assert_ok(from->tensors(from->context, input, 0, index, &out, &err), &err);
    assert_non_null(out);
    return out;
}

/* Takes what all stages of a kind made away, so that none can be read once more. */
static void hide(const bench *b, cop_stage_kind kind, const char *file)
{
    for (size_t i = 0; i < b->study->stage_count; i++) {
        char path[BENCH_PATH];
        if (b->study->stages[i].kind != kind)
            continue;
        cop_store_path(b->store, &b->study->stages[i].id, file, path, sizeof path);
        assert_int_equal(unlink(path), 0);
    }
}

static void hide_states(const bench *b)
{
    hide(b, COP_STAGE_TRAIN, COP_STATE_FILE);
}

static void keeps_what_there_is_room_for(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_error err = {0};
    cop_runner r = {.study = b.study, .store = b.store, .damaged = COP_NO_STAGE};
    cop_lender *l = NULL;
    assert_ok(cop_lender_new(&r, analysis_of(&b, 1), (size_t)1 << 30, &l, &err), &err);
    cop_work_source from = cop_lender_source(l);
    const cop_tensors *first = borrow(&from, COP_INPUT_COPY, 0);
    assert_ptr_not_equal(first, borrow(&from, COP_INPUT_COPY, 1));
    from.release(from.context, "step");
    hide_states(&b);
    assert_ptr_equal(borrow(&from, COP_INPUT_COPY, 0), first);
    cop_lender_free(l);
    bench_close(&b);
}

static void lets_go_of_what_nobody_borrows_where_there_is_no_room(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_error err = {0};
    cop_runner r = {.study = b.study, .store = b.store, .damaged = COP_NO_STAGE};
    cop_lender *l = NULL;
    assert_ok(cop_lender_new(&r, analysis_of(&b, 1), 0, &l, &err), &err);
    cop_work_source from = cop_lender_source(l);
    const cop_tensors *first = borrow(&from, COP_INPUT_COPY, 0), *again = NULL;
    assert_int_equal(cop_tensors_count(first) > 0, 1);
    const cop_tensors *second = borrow(&from, COP_INPUT_COPY, 1);
    hide_states(&b);
    assert_ptr_equal(borrow(&from, COP_INPUT_COPY, 0), first);  /* both are borrowed: neither may */
    assert_ptr_equal(borrow(&from, COP_INPUT_COPY, 1), second); /* go */
    from.release(from.context, "step");
    assert_int_not_equal(from.tensors(from.context, COP_INPUT_COPY, 0, 0, &again, &err), COP_OK);
    cop_lender_free(l);
    bench_close(&b);
}

/* There may be any number of other tickets: one's mask goes when the next is asked for, and the
 * ticket's own stays. */
static void one_mask_of_another_ticket_is_lent_at_a_time(void **state)
{
    (void)state;
    bench b;
    const char *overrides[] = {"analyze=({ plugin = \"mask\"; others = \"line\"; })"};
    bench_open(&b, base_config, overrides, 1);
    bench_run(&b);
    cop_error err = {0};
    cop_runner r = {.study = b.study, .store = b.store, .damaged = COP_NO_STAGE};
    cop_lender *l = NULL;
    const cop_stage *stage = analysis_of(&b, 0);
    assert_int_equal(stage->work.other_count, 2);
    assert_ok(cop_lender_new(&r, stage, 0, &l, &err), &err);
    cop_work_source from = cop_lender_source(l);
    const cop_tensors *own = borrow(&from, COP_INPUT_MASK, 0), *again = NULL;
    (void)borrow(&from, COP_INPUT_OTHER, 0);
    const cop_tensors *second = borrow(&from, COP_INPUT_OTHER, 1);
    hide(&b, COP_STAGE_MASK, COP_MASK_FILE);
    assert_ptr_equal(borrow(&from, COP_INPUT_OTHER, 1), second);
    assert_int_not_equal(from.tensors(from.context, COP_INPUT_OTHER, 0, 0, &again, &err), COP_OK);
    assert_ptr_equal(borrow(&from, COP_INPUT_MASK, 0), own);
    cop_lender_free(l);
    bench_close(&b);
}

/* Of the dense network the copies of the ticket are those of the dense network: one reading. */
static void the_same_training_is_lent_as_one(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_error err = {0};
    cop_runner r = {.study = b.study, .store = b.store, .damaged = COP_NO_STAGE};
    cop_lender *l = NULL;
    assert_ok(cop_lender_new(&r, analysis_of(&b, 0), (size_t)1 << 30, &l, &err), &err);
    cop_work_source from = cop_lender_source(l);
    assert_ptr_equal(borrow(&from, COP_INPUT_COPY, 1), borrow(&from, COP_INPUT_DENSE, 1));
    cop_lender_free(l);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_there_is_room_for),
        cmocka_unit_test(lets_go_of_what_nobody_borrows_where_there_is_no_room),
        cmocka_unit_test(one_mask_of_another_ticket_is_lent_at_a_time),
        cmocka_unit_test(the_same_training_is_lent_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
