/* Entries of a directory are listed, and a listing that breaks off is told from one that ends. */
#include "support.h"

#include "core/folder.h"
#include "core/path.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void entries_are_listed_without_the_directory_itself(void **state)
{
    (void)state;
    char dir[256], path[COP_PATH_SIZE];
    cop_error err = {0};
    cop_status status = COP_OK;
    size_t count = 0;
    make_temp_dir(dir, sizeof dir);
    for (int i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/.hidden-%d", dir, i);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
    DIR *listing = opendir(dir);
    assert_non_null(listing);
    for (const struct dirent *entry; (entry = cop_next_entry(listing, dir, &status, &err)) != NULL;)
        count += strncmp(entry->d_name, ".hidden-", strlen(".hidden-")) == 0;
    assert_ok(status, &err);
    assert_int_equal(count, 3);
    assert_int_equal(closedir(listing), 0);
    remove_tree(dir);
}

static void a_listing_that_breaks_off_is_no_end(void **state)
{
    (void)state;
    char dir[256];
    cop_error err = {0};
    cop_status status = COP_OK;
    make_temp_dir(dir, sizeof dir);
    DIR *listing = opendir(dir);
    assert_non_null(listing);
    assert_int_equal(close(dirfd(listing)), 0);
    assert_null(cop_next_entry(listing, dir, &status, &err));
    assert_refused(status, COP_FAILED, &err, "cannot list");
    assert_non_null(strstr(err.message, dir));
    /* And it stays told. */
    assert_null(cop_next_entry(listing, dir, &status, &err));
    assert_int_equal(status, COP_FAILED);
    (void)closedir(listing);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_listed_without_the_directory_itself),
        cmocka_unit_test(a_listing_that_breaks_off_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
