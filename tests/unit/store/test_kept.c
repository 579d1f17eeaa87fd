/* test_kept.c: the last bags of finished works are found by their course, the longest first, and
 * come back as they were or count as damaged. */
#include "failing_readdir.h"
#include "store_fixture.h"

#include "core/damage.h"
#include "core/file.h"
#include "store/artifact_files.h"
#include "store/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char course[] = "00112233445566778899aabbccddeeff";

/* Publishes a work of that many steps, with its last bag unless its checkpoint is of another step.
 */
static cop_artifact_id publish_work(const store_fixture *f, const char *kind, const char *of,
                                    int64_t steps, int64_t at)
{
    cop_error err = {0};
    char identity[64];
    cop_draft *draft = NULL;
    (void)snprintf(identity, sizeof identity, "%s of %d steps, course %s", kind, (int)steps, of);
    cop_artifact_id id = name_of(kind, identity);
    cop_saved state = {.bag = some_tensors(), .series = some_tensors(), .step = at, .seconds = 2.5};
    assert_ok(cop_checkpoint_save(f->store, &id, &state, &err), &err);
    cop_saved_clear(&state);
    assert_ok(cop_draft_open(f->store, &id, &draft, &err), &err);
    assert_ok(cop_draft_keep_bag(draft, of, steps, &err), &err);
    assert_ok(cop_draft_publish(draft, identity, 7.5, &err), &err);
    cop_checkpoint_remove(f->store, &id);
    return id;
}

static size_t look(const store_fixture *f, int64_t most, cop_kept **kept)
{
    cop_error err = {0};
    size_t count = 0;
    assert_ok(cop_store_kept(f->store, COP_ARTIFACT_SET, course, most, kept, &count, &err), &err);
    return count;
}

static void a_store_that_cannot_be_listed_is_no_empty_one(void **state)
{
    const store_fixture *f = *state;
    cop_kept *kept = NULL;
    size_t count = 0;
    cop_error err = {0};
    entries_left = 0;
    cop_status status = cop_store_kept(f->store, COP_ARTIFACT_SET, course, 9, &kept, &count, &err);
    entries_left = -1;
    assert_refused(status, COP_FAILED, &err, "cannot list");
    assert_null(kept);
}

static void bags_of_a_course_are_found_the_longest_first(void **state)
{
    const store_fixture *f = *state;
    cop_kept *kept = NULL;
    assert_int_equal(look(f, 100, &kept), 0);
    assert_null(kept);
    cop_artifact_id ten = publish_work(f, COP_ARTIFACT_SET, course, 10, 10);
    (void)publish_work(f, COP_ARTIFACT_SET, course, 40, 40);
    cop_artifact_id thirty = publish_work(f, COP_ARTIFACT_SET, course, 30, 30);
    (void)publish_work(f, COP_ARTIFACT_SET, course, 20, 19);
    (void)publish_work(f, COP_ARTIFACT_MASK, course, 25, 25);
    (void)publish_work(f, COP_ARTIFACT_SET, "another", 25, 25);
    assert_int_equal(look(f, 39, &kept), 2);
    assert_true(cop_same_artifact(&kept[0].id, &thirty));
    assert_int_equal(kept[0].steps, 30);
    assert_true(cop_same_artifact(&kept[1].id, &ten));
    assert_int_equal(kept[1].steps, 10);
    free(kept);
}

static void a_bag_comes_back_as_it_was(void **state)
{
    const store_fixture *f = *state;
    cop_error err = {0};
    cop_kept *kept = NULL;
    cop_tensors *bag = some_tensors();
    cop_saved back;
    (void)publish_work(f, COP_ARTIFACT_SET, course, 10, 10);
    assert_int_equal(look(f, 10, &kept), 1);
    assert_ok(cop_kept_read(f->store, &kept[0], &back, &err), &err);
    assert_int_equal(back.step, 10);
    assert_true(back.seconds == 7.5);
    const cop_tensors *const both[] = {back.bag, back.series}; /* what was recorded goes on, too */
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(both[i]);
        assert_int_equal(cop_tensors_count(both[i]), cop_tensors_count(bag));
        assert_memory_equal(cop_tensors_find(both[i], "a")->data, cop_tensors_find(bag, "a")->data,
                            24);
    }
    cop_saved_clear(&back);
    cop_tensors_free(bag);
    free(kept);
}

static void a_truncated_bag_is_damaged(void **state)
{
    const store_fixture *f = *state;
    cop_error err = {0};
    cop_kept *kept = NULL;
    cop_saved back;
    char path[STORE_PATH + 128];
    cop_artifact_id id = publish_work(f, COP_ARTIFACT_SET, course, 10, 10);
    cop_store_path(f->store, &id, COP_BAG_FILE, path, sizeof path);
    write_bytes(path, "short", 5);
    assert_int_equal(look(f, 10, &kept), 1);
    assert_refused(cop_kept_read(f->store, &kept[0], &back, &err), COP_DAMAGED, &err,
                   "is damaged: 5 bytes");
    assert_null(back.bag);
    free(kept);
}

/* Two runs of one work publish the same bits, however long each took. */
static void the_file_does_not_depend_on_the_time_it_took(void **state)
{
    const store_fixture *f = *state;
    cop_error err = {0};
    bool kept = false;
    char *text[2] = {NULL, NULL}, path[STORE_PATH + 32];
    size_t size[2] = {0, 0};
    cop_saved saved = {.bag = some_tensors(), .step = 3};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/kept-%d", f->dir, i);
        saved.seconds = 1.0 + i;
        assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
        assert_ok(cop_checkpoint_keep(f->store, &f->id, 3, path, &kept, &err), &err);
        assert_true(kept);
        assert_ok(cop_file_read_regular(path, SIZE_MAX, &text[i], &size[i], &err), &err);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(text[0], text[1], size[0]);
    assert_ok(cop_checkpoint_keep(f->store, &f->id, 4, path, &kept, &err), &err);
    assert_false(kept);
    free(text[0]);
    free(text[1]);
    cop_saved_clear(&saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_store_that_cannot_be_listed_is_no_empty_one),
        WITH_STORE(bags_of_a_course_are_found_the_longest_first),
        WITH_STORE(a_bag_comes_back_as_it_was),
        WITH_STORE(a_truncated_bag_is_damaged),
        WITH_STORE(the_file_does_not_depend_on_the_time_it_took),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
