/* test_holder.c: who holds a study: runs of one config together, of two never. */
#include "support.h"

#include "core/file.h"
#include "store/holder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_out(char *dir, size_t size)
{
    make_temp_dir(dir, size);
}

static void runs_of_one_config_share_a_directory(void **state)
{
    (void)state;
    char dir[256];
    cop_error err = {0};
    cop_holder *first = NULL, *second = NULL;
    make_out(dir, sizeof dir);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.1", NULL, &first, &err), &err);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.1", NULL, &second, &err), &err);
    cop_holder_release(first);
    /* The second still holds it. */
    assert_refused(cop_holder_take(dir, "t", "lr = 0.2", NULL, &first, &err), COP_FAILED, &err,
                   "in use");
    cop_holder_release(second);
    remove_tree(dir);
}

static void a_run_of_another_config_is_refused_and_told_whose_it_is(void **state)
{
    (void)state;
    char dir[256], process[64];
    cop_error err = {0};
    cop_holder *first = NULL, *second = NULL;
    make_out(dir, sizeof dir);
    assert_ok(cop_holder_take(dir, "t\x1b", "lr = 0.1", NULL, &first, &err), &err);
    cop_status status = cop_holder_take(dir, "t", "lr = 0.2", NULL, &second, &err);
    assert_refused(status, COP_FAILED, &err, "is in use by a run with another config");
    assert_refused(status, COP_FAILED, &err, "study \"t\\x1b\"");
    (void)snprintf(process, sizeof process, "process %ld on ", (long)getpid());
    assert_refused(status, COP_FAILED, &err, process);
    assert_null(second);
    cop_holder_release(first);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.2", NULL, &second, &err), &err);
    cop_holder_release(second);
    remove_tree(dir);
}

static void a_run_that_was_killed_holds_nothing(void **state)
{
    (void)state;
    char dir[256];
    cop_error err = {0};
    cop_holder *holder = NULL;
    make_out(dir, sizeof dir);
    pid_t child = fork();
    if (child == 0)
        _exit(cop_holder_take(dir, "t", "lr = 0.1", NULL, &holder, &err) == COP_OK ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.2", NULL, &holder, &err), &err);
    cop_holder_release(holder);
    remove_tree(dir);
}

/* As `cp -al` makes a backup: what this directory writes is not written through its links. */
static void a_linked_copy_of_the_note_stays_as_it_is(void **state)
{
    (void)state;
    char dir[256], note[300], copy[300], *before = NULL, *after = NULL;
    cop_error err = {0};
    cop_holder *holder = NULL;
    make_out(dir, sizeof dir);
    (void)snprintf(note, sizeof note, "%s/run", dir);
    (void)snprintf(copy, sizeof copy, "%s/copy", dir);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.1", NULL, &holder, &err), &err);
    cop_holder_release(holder);
    assert_int_equal(link(note, copy), 0);
    assert_ok(cop_file_read(copy, 4096, &before, NULL, &err), &err);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.2", NULL, &holder, &err), &err);
    assert_ok(cop_file_read(copy, 4096, &after, NULL, &err), &err);
    assert_string_equal(before, after);
    cop_holder_release(holder);
    free(before);
    free(after);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_one_config_share_a_directory),
        cmocka_unit_test(a_run_of_another_config_is_refused_and_told_whose_it_is),
        cmocka_unit_test(a_run_that_was_killed_holds_nothing),
        cmocka_unit_test(a_linked_copy_of_the_note_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
