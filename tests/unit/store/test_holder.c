/* test_holder.c: who holds a study: runs of one config together, of two never. */
#include "support.h"

#include "core/file.h"
#include "store/holder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
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

static void assert_holding(const char *dir, cop_holding wanted)
{
    cop_held held;
    cop_holder_look(dir, &held);
    assert_int_equal(held.holding, wanted);
}

static size_t count_entries(const char *dir)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return (size_t)count;
}

static void who_holds_it_is_seen_from_outside(void **state)
{
    (void)state;
    char dir[256], process[24];
    cop_error err = {0};
    cop_holder *holder = NULL;
    cop_held held;
    cop_run_who who;
    make_out(dir, sizeof dir);
    size_t before = count_entries(dir);
    assert_holding(dir, COP_HELD_BY_NONE);
    assert_int_equal(count_entries(dir), before); /* looking makes no file */
    assert_ok(cop_holder_take(dir, "t", "lr = 0.1", NULL, &holder, &err), &err);
    cop_holder_look(dir, &held);
    assert_int_equal(held.holding, COP_HELD);
    assert_true(cop_run_note_who(&held.note, &who));
    (void)snprintf(process, sizeof process, "%ld", (long)getpid());
    assert_string_equal(who.process, process);
    cop_holder_release(holder);
    assert_holding(dir, COP_HELD_BY_NONE);
    /* Nobody who looks stands in the way of the next. */
    assert_ok(cop_holder_take(dir, "t", "lr = 0.2", NULL, &holder, &err), &err);
    cop_holder_release(holder);
    remove_tree(dir);
}

/* As where a run is just about to take the folder, and stays at it. */
static void a_guard_that_is_kept_leaves_it_unknown(void **state)
{
    (void)state;
    char dir[256], path[300];
    cop_error err = {0};
    cop_holder *holder = NULL;
    make_out(dir, sizeof dir);
    assert_ok(cop_holder_take(dir, "t", "lr = 0.1", NULL, &holder, &err), &err);
    cop_holder_release(holder);
    (void)snprintf(path, sizeof path, "%s/run.guard", dir);
    int guard = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(guard, LOCK_EX), 0);
    assert_holding(dir, COP_HELD_UNKNOWN);
    (void)close(guard);
    assert_holding(dir, COP_HELD_BY_NONE);
    remove_tree(dir);
}

/* A study may be called as it likes; the last words are the note's own. */
static void the_words_of_a_note_are_taken_apart(void **state)
{
    (void)state;
    cop_run_note note = {.hash = ""};
    cop_run_who who;
    cop_run_note_say(&note, "x\", process 7 on y, since z", 41, "host.on.net",
                     "2026-01-02 03:04:05");
    assert_true(cop_run_note_who(&note, &who));
    assert_string_equal(who.process, "41");
    assert_string_equal(who.host, "host.on.net");
    assert_string_equal(who.since, "2026-01-02 03:04:05");
    static const char *const others[] = {"",
                                         ", since ",
                                         "study \"t\", process x1 on h, since s",
                                         "study \"t\", process 1 on , since s",
                                         "process 1 on h",
                                         "study \"t\", process 1, since s on h"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        (void)snprintf(note.who, sizeof note.who, "%s", others[i]);
        assert_false(cop_run_note_who(&note, &who));
        assert_string_equal(who.host, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_of_one_config_share_a_directory),
        cmocka_unit_test(a_run_of_another_config_is_refused_and_told_whose_it_is),
        cmocka_unit_test(a_run_that_was_killed_holds_nothing),
        cmocka_unit_test(a_linked_copy_of_the_note_stays_as_it_is),
        cmocka_unit_test(who_holds_it_is_seen_from_outside),
        cmocka_unit_test(a_guard_that_is_kept_leaves_it_unknown),
        cmocka_unit_test(the_words_of_a_note_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
