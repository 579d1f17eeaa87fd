/* Structs that grow: what one side lacks is 0 or left, and a size that was forgotten is told. */
#include "core/sized.h"
#include "support.h"

#include <coppice/program.h>

/* A struct as its first version had it, and as it stands now. */
typedef struct old_spec {
    uint32_t size;
    int32_t count;
    double rate;
} old_spec;

typedef struct new_spec {
    uint32_t size;
    int32_t count;
    double rate;
    double added;
} new_spec;

#define LEAST COP_LEAST(new_spec, rate)

static void what_an_older_caller_lacks_is_zero(void **state)
{
    (void)state;
    const struct {
        old_spec spec;
        double after; /* must not be read */
    } given = {{COP_SIZED(old_spec), .count = 3, .rate = 0.5}, 7.0};
    new_spec own = {.added = 9.0};
    cop_error err = {0};
    assert_ok(cop_sized_take("a spec", &given.spec, LEAST, &own, sizeof own, &err), &err);
    assert_int_equal(own.size, sizeof own);
    assert_int_equal(own.count, 3);
    assert_true(own.rate == 0.5 && own.added == 0.0);
}

static void what_a_newer_caller_has_more_is_left(void **state)
{
    (void)state;
    const new_spec given = {COP_SIZED(new_spec), .count = 3, .rate = 0.5, .added = 9.0};
    struct {
        old_spec spec;
        double after; /* must not be written */
    } own = {.after = 7.0};
    cop_error err = {0};
    assert_ok(cop_sized_take("a spec", &given, LEAST, &own.spec, sizeof own.spec, &err), &err);
    assert_int_equal(own.spec.size, sizeof own.spec);
    assert_true(own.spec.rate == 0.5 && own.after == 7.0);
}

static void a_result_is_written_as_far_as_the_caller_knows_it(void **state)
{
    (void)state;
    const new_spec found = {.count = 3, .rate = 0.5, .added = 9.0};
    struct {
        old_spec spec;
        double after;
    } theirs = {{COP_SIZED(old_spec)}, 7.0};
    cop_error err = {0};
    assert_ok(cop_sized_give("a result", &found, sizeof found, LEAST, &theirs.spec, &err), &err);
    assert_int_equal(theirs.spec.size, sizeof theirs.spec);
    assert_int_equal(theirs.spec.count, 3);
    assert_true(theirs.spec.rate == 0.5 && theirs.after == 7.0);
}

static void a_forgotten_size_is_told(void **state)
{
    (void)state;
    const new_spec nothing = {.count = 3}, little = {.size = 8, .count = 3};
    new_spec own = {0};
    cop_error err = {0};
    assert_refused(cop_sized_take("a spec", &nothing, LEAST, &own, sizeof own, &err), COP_INVALID,
                   &err, "a spec says that it is 0 bytes, wanted 16 or more: COP_SIZED");
    assert_refused(cop_sized_take("a spec", &little, LEAST, &own, sizeof own, &err), COP_INVALID,
                   &err, "8 bytes");
    assert_refused(cop_sized_give("a result", &little, sizeof little, LEAST, &own, &err),
                   COP_INVALID, &err, "0 bytes");
    cop_graph *g = cop_graph_new();
    cop_node one = cop_constant(g, cop_shape1(2), 1.0);
    const cop_compile_options options = {.threads = 1};
    cop_program *program = NULL;
    assert_refused(cop_compile(g, &one, 1, &options, &program, &err), COP_INVALID, &err,
                   "COP_SIZED");
    assert_ok(cop_compile(g, &one, 1, NULL, &program, &err), &err);
    cop_program_cost cost = {0};
    assert_refused(cop_program_costs(program, &cost, &err), COP_INVALID, &err, "COP_SIZED");
    cop_program_free(program);
    cop_graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_older_caller_lacks_is_zero),
        cmocka_unit_test(what_a_newer_caller_has_more_is_left),
        cmocka_unit_test(a_result_is_written_as_far_as_the_caller_knows_it),
        cmocka_unit_test(a_forgotten_size_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
