/* test_json.c: what is JSON is told from what is not without memory, as cJSON tells it; names of
 * half-written files prove who made them. */
#include "core/damage.h"
#include "core/json.h"
#include "core/unique.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[] = {
    "{}",
    "[]",
    " [1, -2.5e+3, \"a\\\"\\u00e4\\ud83d\\ude00\", true, false, null, {\"a\": [{}]}] \n",
    "0",
    "\"\"",
    "-0.5E-3",
    "",
    " ",
    "{",
    "}",
    "[1,]",
    "{\"a\"}",
    "{\"a\":}",
    "{1: 2}",
    "[1 2]",
    "nul",
    "tru",
    "\"",
    "\"\\x\"",
    "\"\\ud800\"",
    "\"\\udc00\"",
    "\"\\ud800\\u0041\"",
    "{\"a\": 1",
    "[1]]",
    "[1] x",
    "-",
    "[\"a\\\"]"};

static void json_is_valid_where_cjson_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cop_error err = {0};
        cJSON *root = NULL;
        cop_status status = cop_json_parse(texts[i], strlen(texts[i]), &root, &err);
        bool valid = cop_json_is_valid(texts[i], strlen(texts[i]));
        if (status != (valid ? COP_OK : COP_DAMAGED) || (root != NULL) != valid)
            fail_msg("%s: status %d, valid %d", texts[i], (int)status, (int)valid);
        cJSON_Delete(root);
    }
}

static void json_nested_deeper_than_cjson_goes_is_not_valid(void **state)
{
    (void)state;
    static char deep[4 * CJSON_NESTING_LIMIT];
    for (int depth = CJSON_NESTING_LIMIT - 1; depth <= CJSON_NESTING_LIMIT + 1; depth++) {
        size_t size = (size_t)depth;
        memset(deep, '[', size);
        memset(deep + size, ']', size);
        cJSON *root = cJSON_ParseWithLength(deep, 2 * size);
        assert_int_equal(cop_json_is_valid(deep, 2 * size), root != NULL);
        cJSON_Delete(root);
    }
}

static void a_unique_name_proves_itself(void **state)
{
    (void)state;
    char one[64], other[64];
    assert_true(cop_unique_name("study.json", ".tmp-", one, sizeof one));
    assert_true(cop_unique_name("study.json", ".tmp-", other, sizeof other));
    assert_string_not_equal(one, other);
    assert_true(cop_is_unique_name(one, ".tmp-"));
    assert_true(strncmp(one, "study.json.tmp-", 15) == 0);
    assert_false(cop_is_unique_name(one, "-tmp-"));
    for (size_t i = 0; i < strlen(one); i++) {
        char before = one[i];
        one[i] = before == '0' ? '1' : '0';
        assert_false(cop_is_unique_name(one, ".tmp-"));
        one[i] = before;
    }
    assert_false(cop_is_unique_name("study.json.tmp-77-0", ".tmp-"));
    assert_false(cop_is_unique_name("", ".tmp-"));
    errno = 0;
    assert_false(cop_unique_name("study.json", ".tmp-", one, 20));
    assert_int_equal(errno, ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_valid_where_cjson_reads_it),
        cmocka_unit_test(json_nested_deeper_than_cjson_goes_is_not_valid),
        cmocka_unit_test(a_unique_name_proves_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
