/* Tests of leases where other machines' locks are not seen: a holder that counts is left alone, one
 * that stands still is lost, whatever clocks say. The other machine is a file that the test writes. */
#include "support.h"

#include "core/file.h"
#include "core/unique.h"
#include "store/lease.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const cop_artifact_id stage = {"train", "00112233445566778899aabbccddeeff"};

typedef struct scene {
    char dir[256], path[400];
    cop_store *store;
} scene;

static void open_scene(scene *s, const char *seconds)
{
    cop_error err = {0};
    assert_int_equal(setenv("COPPICE_LOCKS", "local", 1), 0);
    assert_int_equal(setenv("COPPICE_LEASE_SECONDS", seconds, 1), 0);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->path, sizeof s->path, "%s/work/%s-%s.lease", s->dir, stage.kind, stage.hash);
    assert_ok(cop_store_open(s->dir, &s->store, &err), &err);
}

static void close_scene(scene *s)
{
    cop_store_close(s->store);
    remove_tree(s->dir);
}

/* What another machine's holder writes. Its clock may be any. */
static void write_other(const scene *s, int count, time_t when)
{
    char text[100];
    cop_error err = {0};
    const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
    (void)snprintf(text, sizeof text, "process 1 on elsewhere, job 7_0\n%020d\n", count);
    assert_ok(cop_file_write(s->path, text, strlen(text), &err), &err);
    assert_int_equal(utimensat(AT_FDCWD, s->path, times, 0), 0);
}

static bool take(const scene *s, cop_heartbeat_watch *watch)
{
    cop_lease *lease = NULL;
    cop_error err = {0};
    assert_ok(cop_lease_take(s->store, &stage, watch, &lease, &err), &err);
    bool got = lease != NULL;
    cop_lease_release(lease);
    return got;
}

static void a_holder_elsewhere_that_counts_is_left_alone(void **state)
{
    (void)state;
    scene s;
    cop_heartbeat_watch watch = {0};
    char who[200];
    open_scene(&s, "0.4");
    for (int i = 0; i < 12; i++) {
        write_other(&s, i, i % 2 == 0 ? 1000 : 4000000000);
        assert_false(take(&s, &watch));
        (void)usleep(100000);
    }
    assert_string_equal(cop_lease_holder(s.dir, &stage, who, sizeof who),
                        "process 1 on elsewhere, job 7_0");
    close_scene(&s);
}

static void one_that_stands_still_is_lost(void **state)
{
    (void)state;
    scene s;
    cop_heartbeat_watch watch = {0};
    bool got = false;
    int looks = 0;
    open_scene(&s, "0.4");
    write_other(&s, 5, 4000000000);
    for (; looks < 600 && !got; looks++) {
        got = take(&s, &watch);
        (void)usleep(20000);
    }
    assert_true(got);
    assert_true(looks > 15); /* not before its time */
    assert_int_not_equal(access(s.path, F_OK), 0);
    close_scene(&s);
}

static void who_remembers_nothing_leaves_it_alone(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, "0.01");
    write_other(&s, 5, 1000);
    for (int i = 0; i < 5; i++) {
        assert_false(take(&s, NULL));
        (void)usleep(20000);
    }
    close_scene(&s);
}

static void a_holder_counts(void **state)
{
    (void)state;
    scene s;
    cop_lease *lease = NULL;
    cop_error err = {0};
    char *first = NULL, *last = NULL, who[200], wanted[100];
    open_scene(&s, "0.2");
    assert_ok(cop_lease_take(s.store, &stage, NULL, &lease, &err), &err);
    (void)usleep(40000);
    assert_ok(cop_file_read(s.path, 1000, &first, NULL, &err), &err);
    (void)usleep(400000);
    assert_ok(cop_file_read(s.path, 1000, &last, NULL, &err), &err);
    assert_string_not_equal(first, last);
    (void)snprintf(wanted, sizeof wanted, "process %ld on ", (long)getpid());
    assert_memory_equal(last, wanted, strlen(wanted));
    assert_memory_equal(cop_lease_holder(s.dir, &stage, who, sizeof who), wanted, strlen(wanted));
    cop_heartbeat_watch watch = {0};
    assert_false(take(&s, &watch));
    cop_lease_release(lease);
    assert_true(take(&s, &watch));
    free(first);
    free(last);
    close_scene(&s);
}

/* On one machine locks tell: there is nothing to wait for. */
static void one_that_died_here_is_followed_at_once(void **state)
{
    (void)state;
    scene s;
    open_scene(&s, "1000");
    pid_t child = fork();
    if (child == 0) {
        cop_lease *lease = NULL;
        bool got = cop_lease_take(s.store, &stage, NULL, &lease, NULL) == COP_OK && lease != NULL;
        for (int i = 0; i < 200; i++) { /* until it has said who it is */
            struct stat info;
            if (stat(s.path, &info) == 0 && info.st_size > 0)
                break;
            (void)usleep(10000);
        }
        _exit(got ? 7 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_int_equal(access(s.path, F_OK), 0);
    cop_heartbeat_watch watch = {0};
    assert_true(take(&s, &watch));
    close_scene(&s);
}

/* Another machine may be at work on what looks like a killed run's. */
static void nothing_is_swept(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    char name[200], path[500];
    open_scene(&s, "60");
    assert_true(cop_unique_name("x.json", COP_TEMPORARY_JOINT, name, sizeof name));
    (void)snprintf(path, sizeof path, "%s/work/%s", s.dir, name);
    assert_ok(cop_file_write(path, "x", 1, &err), &err);
    cop_store_close(s.store);
    assert_ok(cop_store_open(s.dir, &s.store, &err), &err);
    assert_int_equal(access(path, F_OK), 0);
    cop_store_close(s.store);
    assert_int_equal(setenv("COPPICE_LOCKS", "shared", 1), 0);
    assert_ok(cop_store_open(s.dir, &s.store, &err), &err);
    assert_int_not_equal(access(path, F_OK), 0);
    close_scene(&s);
}

static void a_wrong_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "-1", "soon", "1e9", "nan"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        scene s;
        cop_lease *lease = NULL;
        cop_error err = {0};
        open_scene(&s, wrong[i]);
        assert_int_equal(cop_lease_take(s.store, &stage, NULL, &lease, &err), COP_INVALID);
        assert_null(lease);
        assert_non_null(strstr(err.message, "COPPICE_LEASE_SECONDS is \""));
        assert_int_not_equal(access(s.path, F_OK), 0);
        close_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_holder_elsewhere_that_counts_is_left_alone),
        cmocka_unit_test(one_that_stands_still_is_lost),
        cmocka_unit_test(who_remembers_nothing_leaves_it_alone),
        cmocka_unit_test(a_holder_counts),
        cmocka_unit_test(one_that_died_here_is_followed_at_once),
        cmocka_unit_test(nothing_is_swept),
        cmocka_unit_test(a_wrong_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
