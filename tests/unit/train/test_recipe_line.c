/* test_recipe_line.c: a recipe as one line, as distilled sets' files have it, is the same recipe. */
#include "support.h"

#include "train/recipe_text.h"

static void a_line_is_the_recipe_that_it_was_written_from(void **state)
{
    (void)state;
    char text[768], again[768];
    cop_error err = {0};
    const char *name = NULL;
    for (size_t i = 0; (name = cop_recipe_name(i)) != NULL; i++) {
        (void)cop_recipe_text(cop_recipe_named(name, &err), text, sizeof text);
        cop_recipe *read = cop_recipe_from_line(text, &err);
        assert_non_null(read);
        assert_string_equal(cop_recipe_base(read), name);
        assert_string_equal(cop_recipe_text(read, again, sizeof again), text);
        cop_recipe_free(read);
    }
}

static void another_line_is_none(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "idc", "name=idc", "name=idc duration=3"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cop_error err = {0};
        assert_null(cop_recipe_from_line(lines[i], &err));
        assert_refused(err.status, COP_INVALID, &err, "is no recipe");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_the_recipe_that_it_was_written_from),
        cmocka_unit_test(another_line_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
