/* test_option_paths.c: options that are paths: what they are relative to, and what identifies them. */
#include "support.h"

#include "core/file.h"
#include "core/text.h"
#include "failing_readdir.h"
#include "plugin/component.h"
#include "plugin/options/setting.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct path_options {
    const char *path;
} path_options;

/* Reads a path that a config of this name writes, or `--set` (is_set); the caller's values. */
static cop_status try_path(const char *file, const char *written, bool is_set, uint32_t flags,
                           path_options *out, cop_option_values **values, cop_error *failure)
{
    const cop_option row =
        COP_OPT_PATH(path_options, path, "data/set", "where it lies", .flags = flags);
    static const cop_place set = {"--set path", 0};
    config_t config;
    cop_error err = {0};
    cop_text text = {0};
    cop_text_append(&text, "\n");
    if (written != NULL)
        cop_text_printf(&text, "path = \"%s\";", written);
    assert_ok(cop_syntax_parse(text.data, text.length, file, &config, &err), &err);
    config_setting_t *group = config_root_setting(&config);
    if (is_set)
        cop_setting_set_place(config_setting_get_member(group, "path"), &set);
    assert_ok(cop_options_check(&row, 1, sizeof *out, &err), &err);
    cop_status status =
        cop_options_read(&row, 1, group, NULL, "it", file, NULL, NULL, out, values, failure);
    cop_text_free(&text);
    config_destroy(&config);
    return status;
}

static cop_option_values *read_path(const char *file, const char *written, bool is_set,
                                    uint32_t flags, path_options *out)
{
    cop_error err = {0};
    cop_option_values *values = NULL;
    assert_ok(try_path(file, written, is_set, flags, out, &values, &err), &err);
    return values;
}

static void a_path_is_relative_to_the_file_that_names_it(void **state)
{
    (void)state;
    static const struct {
        const char *file, *written;
        bool is_set;
        const char *wanted;
    } cases[] = {
        {"studies/t.cfg", "data/x", false, "studies/data/x"},
        {"/studies/t.cfg", "../x", false, "/studies/../x"},
        {"/t.cfg", "x", false, "/x"},
        {"t.cfg", "data/x", false, "data/x"},
        {"studies/t.cfg", "/data/x", false, "/data/x"},
        {"studies/t.cfg", "", false, ""},
        {"studies/t.cfg", "data/x", true, "data/x"},
        {"studies/t.cfg", NULL, false, "data/set"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        path_options o = {0};
        cop_option_values *values = read_path(cases[i].file, cases[i].written, cases[i].is_set,
                                              COP_OPTION_EXECUTION_ONLY, &o);
        assert_string_equal(o.path, cases[i].wanted);
        cop_option_values_free(values);
    }
}

/* A resolved config is kept in another directory: what it says has to lead to the same there. */
static void an_effective_path_begins_at_the_root(void **state)
{
    (void)state;
    path_options o = {0};
    char here[PATH_MAX], wanted[PATH_MAX + 64];
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(wanted, sizeof wanted, "path = \"%s/studies/data/x\"\n", here);
    cop_option_values *values =
        read_path("studies/t.cfg", "data/x", false, COP_OPTION_EXECUTION_ONLY, &o);
    assert_string_equal(cop_option_values_effective(values), wanted);
    cop_option_values_free(values);
    values = read_path("studies/t.cfg", "/data/x", false, COP_OPTION_EXECUTION_ONLY, &o);
    assert_string_equal(cop_option_values_effective(values), "path = \"/data/x\"\n");
    assert_string_equal(cop_option_values_identity(values), "{ }");
    cop_option_values_free(values);
}

/* The identity of a path that `--set` names; the caller's. */
static char *path_identity(const char *path)
{
    path_options o = {0};
    cop_option_values *values = read_path("t.cfg", path, true, 0, &o);
    char *identity = strdup(cop_option_values_identity(values));
    cop_option_values_free(values);
    assert_non_null(identity);
    return identity;
}

static void assert_same_path(const char *a, const char *b, bool is_same)
{
    char *left = path_identity(a), *right = path_identity(b);
    if ((strcmp(left, right) == 0) != is_same)
        fail_msg("%s: %s\n%s: %s", a, left, b, right);
    free(left);
    free(right);
}

static void a_path_is_identified_by_what_it_leads_to(void **state)
{
    (void)state;
    char dir[PATH_MAX - 64], path[6][PATH_MAX];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    static const char *const names[] = {"one/a", "one/b", "two/a", "two/b", "three/a", "four/a/b"};
    static const char *const texts[] = {"first", "second", "first", "second", "first", "first"};
    for (size_t i = 0; i < 6; i++) {
        (void)snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
        char *slash = strrchr(path[i], '/');
        *slash = '\0';
        assert_ok(cop_make_dirs(path[i], &err), &err);
        *slash = '/';
        assert_ok(cop_file_write(path[i], texts[i], strlen(texts[i]), &err), &err);
    }
    assert_same_path(path[0], path[2], true);
    assert_same_path(path[0], path[1], false);
    char one[PATH_MAX], two[PATH_MAX], three[PATH_MAX], none[PATH_MAX];
    (void)snprintf(one, sizeof one, "%s/one", dir);
    (void)snprintf(two, sizeof two, "%s/two", dir);
    (void)snprintf(three, sizeof three, "%s/three", dir);
    (void)snprintf(none, sizeof none, "%s/none", dir);
    assert_same_path(one, two, true);
    assert_same_path(one, three, false);
    assert_same_path(three, path[4], false);
    assert_ok(cop_file_write(path[3], "other", 5, &err), &err);
    assert_same_path(one, two, false);
    cop_error refusal = {0};
    path_options o = {0};
    cop_option_values *values = NULL;
    assert_int_equal(try_path("t.cfg", none, true, 0, &o, &values, &refusal), COP_INVALID);
    assert_null(values);
    assert_non_null(strstr(refusal.message, "/none\", which cannot be read"));
    remove_tree(dir);
}

/* The part of a directory that could be read is another directory. */
static void a_directory_that_cannot_be_read_to_its_end_is_not_identified(void **state)
{
    (void)state;
    char dir[PATH_MAX - 64], path[PATH_MAX];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/a", dir);
    assert_ok(cop_file_write(path, "first", 5, &err), &err);
    for (int entries = 0; entries < 4; entries++) {
        path_options o = {0};
        cop_option_values *values = NULL;
        entries_left = entries;
        cop_status status = try_path("t.cfg", dir, true, 0, &o, &values, &err);
        entries_left = -1;
        assert_refused(status, COP_INVALID, &err, "which cannot be read");
    }
    remove_tree(dir);
}

typedef struct paths_options {
    cop_string_list paths;
} paths_options;

static void each_path_of_a_list_is_one_as_a_path_by_itself_is(void **state)
{
    (void)state;
    static const cop_option rows[2] = {COP_OPT_PATHS(paths_options, paths, "[]", "where they lie"),
                                       COP_OPT_PATHS(paths_options, paths, "[]", "where they lie",
                                                     .flags = COP_OPTION_EXECUTION_ONLY)};
    static const char text[] = "\npaths = [\"a\", \"/b\"];";
    config_t config;
    cop_error err = {0};
    cop_option_values *values = NULL;
    paths_options o = {0};
    assert_ok(cop_options_check(rows, 1, sizeof o, &err), &err);
    assert_ok(cop_syntax_parse(text, sizeof text - 1, "x/t.cfg", &config, &err), &err);
    const config_setting_t *root = config_root_setting(&config);
    assert_ok(
        cop_options_read(&rows[1], 1, root, NULL, "it", "x/t.cfg", NULL, NULL, &o, &values, &err),
        &err);
    assert_int_equal(o.paths.count, 2);
    assert_string_equal(o.paths.items[0], "x/a");
    assert_string_equal(o.paths.items[1], "/b");
    assert_non_null(strstr(cop_option_values_effective(values), "/x/a\", \"/b\")"));
    cop_option_values_free(values);
    values = NULL;
    assert_refused(
        cop_options_read(&rows[0], 1, root, NULL, "it", "x/t.cfg", NULL, NULL, &o, &values, &err),
        COP_INVALID, &err, "\"paths\" of it is \"x/a\", which cannot be read");
    config_destroy(&config);
}

static void a_list_of_paths_is_identified_by_what_they_lead_to(void **state)
{
    (void)state;
    static const cop_option row = COP_OPT_PATHS(paths_options, paths, "[]", "where they lie");
    static const char text[] = "\npaths = [\"b\", \"a\"];";
    char dir[PATH_MAX - 64], path[PATH_MAX], file[PATH_MAX], texts[3][200];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(file, sizeof file, "%s/t.cfg", dir);
    /* a: first, b: second; then the other way round; then both first. */
    static const char *const contents[3][2] = {
        {"first", "second"}, {"second", "first"}, {"first", "first"}};
    for (size_t i = 0; i < 3; i++) {
        config_t config;
        cop_option_values *values = NULL;
        paths_options o = {0};
        for (int k = 0; k < 2; k++) {
            (void)snprintf(path, sizeof path, "%s/%c", dir, "ab"[k]);
            assert_ok(cop_file_write(path, contents[i][k], strlen(contents[i][k]), &err), &err);
        }
        assert_ok(cop_syntax_parse(text, sizeof text - 1, file, &config, &err), &err);
        assert_ok(cop_options_read(&row, 1, config_root_setting(&config), NULL, "it", file, NULL,
                                   NULL, &o, &values, &err),
                  &err);
        (void)snprintf(texts[i], sizeof texts[i], "%s", cop_option_values_identity(values));
        assert_null(strstr(texts[i], dir));
        cop_option_values_free(values);
        config_destroy(&config);
    }
    assert_string_not_equal(texts[0], texts[1]); /* the order counts */
    assert_string_not_equal(texts[0], texts[2]);
    assert_string_not_equal(texts[1], texts[2]);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_relative_to_the_file_that_names_it),
        cmocka_unit_test(an_effective_path_begins_at_the_root),
        cmocka_unit_test(a_path_is_identified_by_what_it_leads_to),
        cmocka_unit_test(a_directory_that_cannot_be_read_to_its_end_is_not_identified),
        cmocka_unit_test(each_path_of_a_list_is_one_as_a_path_by_itself_is),
        cmocka_unit_test(a_list_of_paths_is_identified_by_what_they_lead_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
