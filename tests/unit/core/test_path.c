/* test_path.c: paths are put together whole or not at all. */
#include "core/path.h"
#include "support.h"

#include <errno.h>
#include <string.h>

static void a_path_is_a_directory_and_a_name(void **state)
{
    (void)state;
    char path[COP_PATH_SIZE];
    cop_error err = {0};
    assert_ok(cop_path_join(path, sizeof path, &err, "out", "store/%s-%d", "mask", 3), &err);
    assert_string_equal(path, "out/store/mask-3");
    assert_ok(cop_path_join(path, sizeof path, &err, "out", "%s", ""), &err);
    assert_string_equal(path, "out/");
}

static void refuses_a_path_that_does_not_fit_and_leaves_no_part_of_it(void **state)
{
    (void)state;
    char path[8] = "before";
    cop_error err = {0};
    assert_ok(cop_path_join(path, sizeof path, &err, "abc", "%s", "def"), &err);
    assert_string_equal(path, "abc/def");
    static const struct {
        const char *dir, *name;
    } cases[] = {{"abc", "defg"}, {"abcd", "def"}, {"abcdefg", "h"}, {"abcdefgh", "i"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memcpy(path, "before", sizeof "before");
        errno = 0;
        assert_refused(cop_path_join(path, sizeof path, &err, cases[i].dir, "%s", cases[i].name),
                       COP_FAILED, &err, "the path of a file in it is longer than 7 bytes");
        assert_string_equal(path, "");
        assert_int_equal(errno, ENAMETOOLONG);
    }
}

static void an_output_directory_leaves_room_for_what_is_put_in_it(void **state)
{
    (void)state;
    char dir[COP_OUT_SIZE + 1];
    cop_error err = {0};
    memset(dir, 'd', sizeof dir);
    dir[COP_OUT_SIZE] = '\0';
    assert_refused(cop_path_check_out(dir, &err), COP_INVALID, &err, "path is too long");
    assert_ok(cop_path_check_out(dir + 1, &err), &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_a_directory_and_a_name),
        cmocka_unit_test(refuses_a_path_that_does_not_fit_and_leaves_no_part_of_it),
        cmocka_unit_test(an_output_directory_leaves_room_for_what_is_put_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
