/* test_study_folders.c: the folder of a study's record: one per name, whatever the name. */
#include "support.h"

#include "core/file.h"
#include "core/path.h"
#include "store/study_folders.h"

#include <stdio.h>
#include <string.h>

static void a_name_that_can_be_a_folders_is_kept(void **state)
{
    (void)state;
    static const char *const names[] = {"tiny", "cifar10, ResNet-18", "a.b", "läuft", "x-12ab"};
    char folder[COP_STUDY_FOLDER_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_string_equal(cop_study_folder(names[i], folder), names[i]);
}

static void any_other_name_gets_a_hash_and_two_never_share_a_folder(void **state)
{
    (void)state;
    char lengthy[3][210];
    for (int i = 0; i < 3; i++) {
        memset(lengthy[i], 'x', 200);
        lengthy[i][200] = '\0';
        lengthy[i][150] = (char)('a' + i);
    }
    char first[COP_STUDY_FOLDER_SIZE], again[COP_STUDY_FOLDER_SIZE];
    (void)cop_study_folder("a/b", first);
    const char *const names[] = {"a/b",      "a_b", "a\nb", "a\xc2\x85\x62", "../a",     "..",
                                 ".",        ".a",  "_a",   "a\xff",         lengthy[0], lengthy[1],
                                 lengthy[2], "",    first};
    enum { NAMES = sizeof names / sizeof names[0] };
    char folders[NAMES][COP_STUDY_FOLDER_SIZE];
    for (size_t i = 0; i < NAMES; i++) {
        (void)cop_study_folder(names[i], folders[i]);
        assert_string_equal(cop_study_folder(names[i], again), folders[i]);
        assert_null(strchr(folders[i], '/'));
        assert_null(strchr(folders[i], '\n'));
        assert_true(folders[i][0] != '.' && folders[i][0] != '\0');
        assert_true(strlen(folders[i]) < 100);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(folders[i], folders[k]);
    }
    assert_int_equal(strncmp(folders[0], "a_b-", 4), 0);
    assert_string_equal(folders[1], "a_b");
}

static void make_record(const char *dir, const char *study, const char *text)
{
    char path[COP_PATH_SIZE], file[COP_PATH_SIZE];
    cop_error err = {0};
    assert_ok(cop_study_folder_make(dir, study, path, sizeof path, &err), &err);
    (void)cop_path_join(file, sizeof file, NULL, path, "study.json");
    assert_ok(cop_file_write(file, text, strlen(text), &err), &err);
}

static void a_record_is_chosen_by_name_where_there_are_several(void **state)
{
    (void)state;
    char dir[256], path[COP_PATH_SIZE], wanted[300];
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    assert_refused(cop_study_folder_choose(dir, NULL, path, sizeof path, &err), COP_FAILED, &err,
                   "holds no run (no studies/*/study.json)");
    make_record(dir, "one", "{\"name\": \"one\", \"cells\": [], \"tickets\": []}");
    assert_ok(cop_study_folder_choose(dir, NULL, path, sizeof path, &err), &err);
    (void)snprintf(wanted, sizeof wanted, "%s/studies/one", dir);
    assert_string_equal(path, wanted);
    make_record(dir, "two\n", "damaged");
    assert_refused(cop_study_folder_choose(dir, NULL, path, sizeof path, &err), COP_INVALID, &err,
                   "holds 2 studies; choose one with --study: \"one\", \"two_-");
    assert_ok(cop_study_folder_choose(dir, "two\n", path, sizeof path, &err), &err);
    assert_non_null(strstr(path, "/studies/two_-"));
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_can_be_a_folders_is_kept),
        cmocka_unit_test(any_other_name_gets_a_hash_and_two_never_share_a_folder),
        cmocka_unit_test(a_record_is_chosen_by_name_where_there_are_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
