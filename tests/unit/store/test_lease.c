/* Tests of leases, and of the failures that are kept beside checkpoints: one process at a time has
 * the lease of a stage, whatever becomes of it, and reasons are read as they were written. */
#include "support.h"

#include "core/file.h"
#include "store/failures.h"
#include "store/lease.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const cop_artifact_id stage = {"train", "00112233445566778899aabbccddeeff"};
static const cop_artifact_id other = {"mask", "00112233445566778899aabbccddeeff"};

typedef struct scene {
    char dir[256];
    cop_store *store;
} scene;

static scene open_scene(void)
{
    scene s;
    cop_error err = {0};
    make_temp_dir(s.dir, sizeof s.dir);
    assert_ok(cop_store_open(s.dir, &s.store, &err), &err);
    return s;
}

static void close_scene(scene *s)
{
    cop_store_close(s->store);
    remove_tree(s->dir);
}

static bool is_free(const scene *s, const cop_artifact_id *id)
{
    cop_lease *lease = NULL;
    cop_error err = {0};
    assert_ok(cop_lease_take(s->store, id, NULL, &lease, &err), &err);
    bool got = lease != NULL;
    cop_lease_release(lease);
    return got;
}

static void one_at_a_time_has_a_lease(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_lease *lease = NULL;
    cop_error err = {0};
    char who[200], wanted[40];
    assert_string_equal(cop_lease_holder(s.dir, &stage, who, sizeof who), "");
    assert_ok(cop_lease_take(s.store, &stage, NULL, &lease, &err), &err);
    assert_non_null(lease);
    (void)snprintf(wanted, sizeof wanted, "process %ld on ", (long)getpid());
    assert_int_equal(
        strncmp(cop_lease_holder(s.dir, &stage, who, sizeof who), wanted, strlen(wanted)), 0);
    assert_false(is_free(&s, &stage));
    assert_true(is_free(&s, &other));
    cop_lease_release(lease);
    assert_true(is_free(&s, &stage));
    assert_string_equal(cop_lease_holder(s.dir, &stage, who, sizeof who), "");
    close_scene(&s);
}

/* The system lets go for it; nothing that it left keeps others out. */
static void a_process_that_dies_lets_go(void **state)
{
    (void)state;
    scene s = open_scene();
    int ready[2], die[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(die), 0);
    pid_t child = fork();
    if (child == 0) {
        cop_lease *lease = NULL;
        (void)close(die[1]);
        bool got = cop_lease_take(s.store, &stage, NULL, &lease, NULL) == COP_OK && lease != NULL;
        (void)!write(ready[1], got ? "y" : "n", 1);
        (void)!read(die[0], &byte, 1);
        _exit(0);
    }
    (void)close(die[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_false(is_free(&s, &stage));
    (void)close(die[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(is_free(&s, &stage));
    (void)close(ready[0]);
    (void)close(ready[1]);
    close_scene(&s);
}

/* It leaves a file, which a later run clears away when it finds the stage published. */
static void what_a_killed_process_left_is_forgotten(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_error err = {0};
    char path[512];
    (void)snprintf(path, sizeof path, "%s/work/%s-%s.lease", s.dir, stage.kind, stage.hash);
    assert_ok(cop_file_write(path, "process 1 on host", 17, &err), &err);
    cop_lease_forget(s.store, &stage);
    assert_int_not_equal(access(path, F_OK), 0);
    cop_lease_forget(s.store, &stage);
    close_scene(&s);
}

static void a_failure_is_kept_until_it_is_forgotten(void **state)
{
    (void)state;
    scene s = open_scene();
    cop_error err = {0};
    char reason[COP_FAILURE_SIZE], longest[2 * COP_FAILURE_SIZE];
    assert_int_equal(cop_failure_read(s.dir, &stage, reason), COP_FAILURE_NONE);
    assert_ok(cop_failure_keep(s.store, &stage, COP_FAILURE_SURE, "it\ndiverged", &err), &err);
    assert_int_equal(cop_failure_read(s.dir, &stage, reason), COP_FAILURE_SURE);
    assert_string_equal(reason, "it diverged");
    assert_int_equal(cop_failure_read(s.dir, &other, reason), COP_FAILURE_NONE);
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_ok(cop_failure_keep(s.store, &stage, COP_FAILURE_MAYBE, longest, &err), &err);
    assert_int_equal(cop_failure_read(s.dir, &stage, reason), COP_FAILURE_MAYBE);
    assert_int_equal(strlen(reason), COP_FAILURE_SIZE - 1);
    cop_failure_forget(s.store, &stage);
    cop_failure_forget(s.store, &stage);
    assert_int_equal(cop_failure_read(s.dir, &stage, reason), COP_FAILURE_NONE);
    close_scene(&s);
}

/* A file that is no such note says nothing: the stage is computed. */
static void a_strange_file_is_no_failure(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "sure", "surely\nx\n", "\nsure\n", "maybe"};
    scene s = open_scene();
    cop_error err = {0};
    char path[512], reason[COP_FAILURE_SIZE];
    (void)snprintf(path, sizeof path, "%s/work/%s-%s.failed", s.dir, stage.kind, stage.hash);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_ok(cop_file_write(path, texts[i], strlen(texts[i]), &err), &err);
        cop_failure_kind kind = cop_failure_read(s.dir, &stage, reason);
        assert_true(kind == COP_FAILURE_NONE || reason[0] == '\0');
    }
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_at_a_time_has_a_lease),
        cmocka_unit_test(a_process_that_dies_lets_go),
        cmocka_unit_test(what_a_killed_process_left_is_forgotten),
        cmocka_unit_test(a_failure_is_kept_until_it_is_forgotten),
        cmocka_unit_test(a_strange_file_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
