/* How much memory this process has held, and how much there is. */
#include "core/memory_peak.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* More than what a test program or a sanitizer happens to hold in between. */
#define BYTES ((size_t)256 << 20)

static void touch(void)
{
    char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    memset(bytes, 1, BYTES);
    assert_int_equal(bytes[BYTES / 2], 1);
    free(bytes);
}

static void the_most_is_remembered_until_it_is_forgotten(void **state)
{
    (void)state;
    int64_t before = cop_memory_peak();
    if (before == 0)
        skip(); /* the system does not say */
    touch();
    int64_t peak = cop_memory_peak();
    assert_true(peak >= before + (int64_t)BYTES / 2);
    cop_memory_forget_peak();
    if (cop_memory_peak() >= peak)
        skip(); /* it cannot be reset here, or a sanitizer keeps what is freed */
    touch();
    assert_true(cop_memory_peak() >= (int64_t)BYTES / 2);
}

static void there_is_more_than_this_process_holds(void **state)
{
    (void)state;
    if (cop_memory_there_is() == 0)
        skip();
    assert_true(cop_memory_there_is() > cop_memory_peak());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_is_remembered_until_it_is_forgotten),
        cmocka_unit_test(there_is_more_than_this_process_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
