/* test_config_hostile.c: bytes, sizes and damage that no config should have: an answer, never a crash. */
#include "support.h"

#include "config_text.h"
#include "core/file.h"
#include "core/text.h"

#include <stdlib.h>

static void survives_hostile_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        {"a = 1;\nb = \0 2;", 13, "a zero byte"},
        {"\xef\xbb\xbf" BASE, 20, "begins with a byte-order mark"},
        {"\xff\xfe", 2, "byte 0xff is not UTF-8"},
        {"a = \"\xc0\xaf\";", 8, "byte 0xc0 is not UTF-8"},
        {"a = \"\xed\xa0\x80\";", 9, "byte 0xed is not UTF-8"},
        {"a = \"\xf4\x90\x80\x80\";", 10, "byte 0xf4 is not UTF-8"},
        {"a = \"\xe2\x82", 7, "byte 0xe2 is not UTF-8"},
        {"/* @include", 11, ""},
        {"/*", 2, ""},
        {"\"\\", 2, ""},
        {"0x", 2, ""},
        {"-", 1, ""},
        {"}", 1, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_config *c = NULL;
        cop_error err = {0};
        assert_refused(load_bytes(cases[i].bytes, cases[i].size, NULL, &c, &err), COP_INVALID, &err,
                       cases[i].text);
    }
}

static void repeat(cop_text *text, const char *part, size_t times)
{
    for (size_t i = 0; i < times; i++)
        cop_text_append(text, part);
}

static void survives_hostile_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *before, *part;
        size_t times;
        const char *after, *text; /* NULL: fine */
    } cases[] = {
        {"a = ", "{ a = ", 100000 / 8, "", "nested deeper than 64 levels"},
        {"a = ", "(", 100000, "", "nested deeper than 64 levels"},
        {"", "x", 100000, " = 1;", "unknown group \"xxxxx"},
        {BASE "study = { name = \"", "y", 100000, "\"; };", "study.name has 100000 bytes"},
        {BASE "study = { name = \"", "y", 201, "\"; };", "study.name has 201 bytes"},
        {BASE "study = { name = \"", "y", 200, "\"; };", NULL},
        {BASE "sweep = ( { path = \"train.lr\"; values = [1]; labels = [\"", "y", 501, "\"]; } );",
         "label has 501 bytes, wanted at most 500"},
        {BASE "sweep = ( { path = \"train.lr\"; values = [1]; labels = [\"", "y", 500, "\"]; } );",
         NULL},
        {BASE "sweep = ( { path = \"train.lr\"; values = [1]; }, { path = \"study.copies\"; values "
              "= [2]; labels = [\"",
         "y", 498, "\"]; } );", "a cell's label has 501 bytes, wanted at most 500"},
        {BASE "study = { seeds = [0", ",1", 50000, "]; };", "study.seeds has more than 1000 seeds"},
        {BASE "analyze = ( { plugin = \"toyanalyzer\"; ints = [0", ",1", 50000, "]; } );", NULL},
        {BASE "distill = { plugin = \"", "z", 100000, "\"; };", "unknown distiller \"zzz"},
        {BASE "sweep = (", "{ path = \"train.lr\"; values = [1,2,3,4,5,6,7,8,9]; },", 30,
         "{ path = \"train.lr\"; values = [1]; } );", "more than 10000 cells"},
        {BASE "/*", "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv", 2200000, "*/", "larger than"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_text text = {0};
        cop_text_append(&text, cases[i].before);
        repeat(&text, cases[i].part, cases[i].times);
        cop_text_append(&text, cases[i].after);
        assert_false(text.failed);
        cop_config *c = NULL;
        cop_error err = {0};
        cop_status status = load_text(text.data, NULL, &c, &err);
        if (cases[i].text != NULL)
            assert_refused(status, COP_INVALID, &err, cases[i].text);
        else
            assert_ok(status, &err);
        cop_config_free(c);
        cop_text_free(&text);
    }
}

/* Every prefix of a good config, and the config with each byte replaced: an answer, never a crash.
 */
static void survives_damaged_configs(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    cop_error err = {0};
    assert_ok(cop_file_read(CONFIGS "full.cfg", 1 << 20, &text, &size, &err), &err);
    static const char bytes[] = {'{', '"', ')', '9', '\\', '=', ' ', '\0'};
    size_t refused = 0;
    for (size_t i = 0; i < size; i++) {
        cop_config *c = NULL;
        err = (cop_error){0};
        cop_status status = COP_OK;
        if (i % 3 == 0) {
            status = load_bytes(text, i, NULL, &c, &err);
        } else {
            char kept = text[i];
            text[i] = bytes[i % sizeof bytes];
            status = load_bytes(text, size, NULL, &c, &err);
            text[i] = kept;
        }
        assert_true((status == COP_OK) == (c != NULL));
        if (status != COP_OK) {
            assert_int_equal(status, COP_INVALID);
            assert_true(err.message[0] != '\0');
            refused++;
        }
        cop_config_free(c);
    }
    assert_true(refused > size / 2);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_hostile_bytes),
        cmocka_unit_test(survives_hostile_sizes),
        cmocka_unit_test(survives_damaged_configs),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
