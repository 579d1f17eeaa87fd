/* Times and sizes: what people may write, and what they are told. */
#include "core/quantity.h"
#include "support.h"

static void times_have_a_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } good[] = {{"90s", 90.0}, {"45m", 2700.0}, {"8h", 28800.0}, {"1.5d", 129600.0}, {"0.5s", 0.5}};
    static const char *const bad[] = {"",    "8",    "h",    "-8h", "0h",  "8H",    "8 h",
                                      "8hh", "infs", "0x8s", "+8h", " 8h", "1e999s"};
    double seconds = 0.0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(cop_read_time(good[i].text, &seconds));
        assert_true(seconds == good[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(cop_read_time(bad[i], &seconds));
}

static void sizes_are_of_1000_or_with_an_i_of_1024(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double bytes;
    } good[] = {{"500M", 5e8},  {"20G", 2e10},          {"1.5TB", 1.5e12}, {"3k", 3000.0},
                {"3K", 3000.0}, {"2GiB", 2147483648.0}, {"1Ki", 1024.0},   {"10kB", 10000.0}};
    static const char *const bad[] = {"",      "20",   "G",    "0G",   "-1G",
                                      "20GBB", "20Gb", "20 G", "20iB", "1P"};
    double bytes = 0.0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(cop_read_size(good[i].text, &bytes));
        assert_true(bytes == good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(cop_read_size(bad[i], &bytes));
}

static void both_are_written_short(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(cop_time_text(7.51, text, sizeof text), "7.5 s");
    assert_string_equal(cop_time_text(59.4, text, sizeof text), "59 s");
    assert_string_equal(cop_time_text(725.0, text, sizeof text), "12:05");
    assert_string_equal(cop_time_text(11045.0, text, sizeof text), "3:04:05");
    assert_string_equal(cop_size_text(12.0, text, sizeof text), "12 bytes");
    assert_string_equal(cop_size_text(999.6, text, sizeof text), "1 kB");
    assert_string_equal(cop_size_text(3.42e6, text, sizeof text), "3.42 MB");
    assert_string_equal(cop_size_text(2e13, text, sizeof text), "20 TB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_a_unit),
        cmocka_unit_test(sizes_are_of_1000_or_with_an_i_of_1024),
        cmocka_unit_test(both_are_written_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
