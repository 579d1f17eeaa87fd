/* test_text.c: growing text, nearest names, escapes, UTF-8. */
#include "core/text.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static void a_text_grows(void **state)
{
    (void)state;
    cop_text text = {0};
    for (int i = 0; i < 1000; i++) {
        cop_text_append(&text, "ab");
        cop_text_printf(&text, "%03d", i);
        cop_text_append_bytes(&text, "cde", 1);
    }
    assert_int_equal(text.length, 6000);
    char *taken = cop_text_take(&text);
    assert_null(text.data);
    assert_int_equal(strlen(taken), 6000);
    assert_memory_equal(taken, "ab000cab001c", 12);
    assert_string_equal(taken + 5994, "ab999c");
    free(taken);
    taken = cop_text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    cop_text_append(&text, "dropped");
    cop_text_free(&text);
    assert_int_equal(text.length, 0);
}

static void a_failed_text_stays_failed(void **state)
{
    (void)state;
    cop_text text = {0};
    cop_text_append(&text, "kept");
    cop_text_append_bytes(&text, "", SIZE_MAX - 3);
    assert_true(text.failed);
    cop_text_append(&text, "more");
    assert_int_equal(text.length, 4);
    assert_null(cop_text_take(&text));
    assert_false(text.failed);
}

static void the_nearest_name_is_suggested(void **state)
{
    (void)state;
    static const char *const names[] = {"rate",  "rounds", "rewind", "learning_rate",
                                        "width", "depth",  "norm",   "ipc"};
    const struct {
        const char *word;
        const char *wanted; /* NULL: nothing is near */
    } cases[] = {
        {"rate", "rate"},     {"raet", "rate"},
        {"Rate", "rate"},     {"RATE", "rate"},
        {"rat", "rate"},      {"ratee", "rate"},
        {"depht", "depth"},   {"learnig_rate", "learning_rate"},
        {"ip", "ipc"},        {"learning-ratio", "learning_rate"},
        {"rewnid", "rewind"}, {"round", "rounds"},
        {"", NULL},           {"x", NULL},
        {"momentum", NULL},   {"abc", NULL},
        {"widen", NULL},      {"xyzzy", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = cop_nearest(cases[i].word, names, sizeof names / sizeof names[0]);
        if (cases[i].wanted == NULL && got != NULL)
            fail_msg("%s suggests %s", cases[i].word, got);
        if (cases[i].wanted != NULL && (got == NULL || strcmp(got, cases[i].wanted) != 0))
            fail_msg("%s suggests %s", cases[i].word, got != NULL ? got : "nothing");
    }
    assert_null(cop_nearest("rate", names, 0));
    char endless[300];
    memset(endless, 'r', sizeof endless);
    endless[299] = '\0';
    assert_null(cop_nearest(endless, names, sizeof names / sizeof names[0]));
}

static void escapes_keep_one_visible_line(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t size;
        const char *wanted;
    } cases[] = {
        {"plain", 32, "plain"},
        {"", 32, ""},
        {"a\nb\tc\r", 32, "a\\nb\\tc\\r"},
        {"\033[31mred\x7f\a", 32, "\\x1b[31mred\\x7f\\a"},
        {"w\xc3\xa4hle …", 32, "w\xc3\xa4hle …"},
        {"\xc2\x9b"
         "2J",
         32, "\\u009b2J"},
        {"truncated", 10, "truncated"},
        {"truncated", 9, "trunc..."},
        {"\n\n\n\n", 8, "\\n\\n..."},
        {"äää", 6, "ä..."},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"\xff\xfe", 8, "\xff\xfe"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[33];
        memset(out, '#', sizeof out);
        assert_string_equal(cop_escape(cases[i].text, out, cases[i].size), cases[i].wanted);
        assert_int_equal(out[cases[i].size], '#');
    }
}

static void only_well_formed_utf8_passes(void **state)
{
    (void)state;
    static const char *const good[] = {"", "a", "ä", "…", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {
        "\x80",     "\xc3",      "\xc0\xaf",         "\xe0\x80\xaf",     "\xed\xa0\x80",
        "\xe2\x80", "\xff",      "\xf0\x80\x80\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80",
        "\xc3(",    "a\xe2\x80z"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(cop_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (cop_is_utf8(bad[i], strlen(bad[i])))
            fail_msg("case %zu passes", i);
    }
    assert_true(cop_is_utf8("a\0b", 3));
}

static void controls_are_told_from_letters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"", 0},         {"\x01", 1},     {"\x1f", 1},     {" ", 0},
                 {"~", 0},        {"\x7f", 1},     {"\xc2\x80", 2}, {"\xc2\x9f", 2},
                 {"\xc2\xa0", 0}, {"\xc3\x80", 0}, {"\xc2", 0},     {"\x80", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(cop_control_length(cases[i].text), cases[i].length);
}

static void long_texts_are_shortened_in_their_middle(void **state)
{
    (void)state;
    char out[4 * 9 + 1];
    assert_string_equal(cop_shorten("", 9, out), "");
    assert_string_equal(cop_shorten("123456789", 9, out), "123456789");
    assert_string_equal(cop_shorten("0123456789", 9, out), "0123\xe2\x80\xa6"
                                                           "6789");
    /* By letters, not by bytes. */
    assert_string_equal(cop_shorten("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", 4, out),
                        "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f");
    assert_string_equal(cop_shorten("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!", 3, out),
                        "\xc3\xa4\xe2\x80\xa6!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_texts_are_shortened_in_their_middle),
        cmocka_unit_test(a_text_grows),
        cmocka_unit_test(a_failed_text_stays_failed),
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(escapes_keep_one_visible_line),
        cmocka_unit_test(only_well_formed_utf8_passes),
        cmocka_unit_test(controls_are_told_from_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
