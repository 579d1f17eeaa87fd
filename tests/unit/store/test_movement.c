/* Tests of whether anything came of a time: what is saved, published or failed is told, and nothing
 * else is. */
#include "support.h"

#include "core/file.h"
#include "store/artifact.h"
#include "store/failures.h"
#include "store/lease.h"
#include "store/movement.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const cop_artifact_id stage = {"train", "00112233445566778899aabbccddeeff"};

typedef struct scene {
    char dir[256], saved[400];
    cop_store *store;
} scene;

static void open_scene(scene *s)
{
    cop_error err = {0};
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->saved, sizeof s->saved, "%s/work/%s-%s.checkpoint.safetensors", s->dir,
                   stage.kind, stage.hash);
    assert_ok(cop_store_open(s->dir, &s->store, &err), &err);
}

static void close_scene(scene *s)
{
    cop_store_close(s->store);
    remove_tree(s->dir);
}

static bool has_moved(const scene *s, cop_movement *last)
{
    cop_movement now;
    cop_error err = {0};
    assert_ok(cop_movement_look(s->dir, &now, &err), &err);
    bool has = !cop_movement_is_same(last, &now);
    *last = now;
    return has;
}

static void save(const scene *s, const char *text)
{
    cop_error err = {0};
    assert_ok(cop_file_write(s->saved, text, strlen(text), &err), &err);
}

static void what_is_saved_or_published_or_failed_is_movement(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    char path[400];
    cop_movement last = {0};
    open_scene(&s);
    assert_false(has_moved(&s, &last));
    save(&s, "one");
    assert_true(has_moved(&s, &last));
    assert_false(has_moved(&s, &last));
    save(&s, "three");
    assert_true(has_moved(&s, &last));
    assert_ok(cop_failure_keep(s.store, &stage, COP_FAILURE_MAYBE, "why", &err), &err);
    assert_true(has_moved(&s, &last));
    (void)snprintf(path, sizeof path, "%s/store/%s-%s", s.dir, stage.kind, stage.hash);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_true(has_moved(&s, &last));
    assert_false(has_moved(&s, &last));
    close_scene(&s);
}

/* A clock that was set back writes an older time. */
static void the_same_bytes_saved_again_are_movement_whatever_the_clock_says(void **state)
{
    (void)state;
    scene s;
    cop_movement last = {0};
    open_scene(&s);
    save(&s, "one");
    (void)has_moved(&s, &last);
    const struct timespec earlier[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, s.saved, earlier, 0), 0);
    assert_true(has_moved(&s, &last));
    close_scene(&s);
}

static void who_works_and_what_is_half_written_is_none(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    char path[400];
    cop_lease *lease = NULL;
    cop_movement last = {0};
    open_scene(&s);
    (void)has_moved(&s, &last);
    assert_ok(cop_lease_take(s.store, &stage, NULL, &lease, &err), &err);
    (void)snprintf(path, sizeof path, "%s/store/draft-x", s.dir);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_false(has_moved(&s, &last));
    cop_lease_release(lease);
    assert_false(has_moved(&s, &last));
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_or_published_or_failed_is_movement),
        cmocka_unit_test(the_same_bytes_saved_again_are_movement_whatever_the_clock_says),
        cmocka_unit_test(who_works_and_what_is_half_written_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
