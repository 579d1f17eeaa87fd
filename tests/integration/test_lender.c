/* test_lender.c: what a work borrows is there while its callback runs, read once while there is room,
 * and let go of where there is none. */
#include "study_bench.h"

#include "study/running/lender.h"

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

static void lends_once_and_lets_go(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_error err = {0};
    cop_runner r = {.study = b.study, .store = b.store, .damaged = COP_NO_STAGE};
    cop_lender *roomy = NULL, *narrow = NULL;
    assert_ok(cop_lender_new(&r, analysis_of(&b, 1), (size_t)1 << 30, &roomy, &err), &err);
    assert_ok(cop_lender_new(&r, analysis_of(&b, 1), 0, &narrow, &err), &err);

    cop_work_source from = cop_lender_source(roomy);
    const cop_tensors *first = borrow(&from, COP_INPUT_COPY, 0);
    const cop_tensors *second = borrow(&from, COP_INPUT_COPY, 1);
    size_t bytes = cop_lender_bytes(roomy);
    assert_ptr_not_equal(first, second);
    from.release(from.context, "step");
    assert_int_equal(cop_lender_bytes(roomy), bytes);
    assert_ptr_equal(borrow(&from, COP_INPUT_COPY, 0), first);

    from = cop_lender_source(narrow);
    first = borrow(&from, COP_INPUT_COPY, 0);
    assert_int_equal(cop_tensors_count(first) > 0, 1);
    assert_int_equal(cop_lender_bytes(narrow), bytes / 2);
    (void)borrow(&from, COP_INPUT_COPY, 1);
    assert_int_equal(cop_lender_bytes(narrow), bytes); /* both are borrowed: neither may go */
    from.release(from.context, "step");
    assert_int_equal(cop_lender_bytes(narrow), 0);
    cop_lender_free(roomy);
    cop_lender_free(narrow);
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
        cmocka_unit_test(lends_once_and_lets_go),
        cmocka_unit_test(the_same_training_is_lent_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
