/* How long the rest of a study takes, in words. */
#include "cli/status.h"
#include "support.h"

static void the_rest_is_told_as_far_as_it_is_known(void **state)
{
    (void)state;
    char text[256];
    cop_progress_part part = {.kind = "all", .total = 10, .remaining = 120.0};
    part.states[COP_STATE_DONE] = 4;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text), "2 min remain");
    part.states[COP_STATE_RUNNING] = 1;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text), "2 min remain");
    part.states[COP_STATE_RUNNING] = 2;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text),
                        "2 min (60 s with 2 at a time) remain");
    part.unknown = 1;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text),
                        "2 min (60 s with 2 at a time) remain, and what is unknown of 1 stage");
    part.unknown = 6;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text), "what remains is unknown");
    part.states[COP_STATE_DONE] = 10;
    assert_string_equal(cop_standing_rest(&part, text, sizeof text), "nothing remains");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_rest_is_told_as_far_as_it_is_known)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
