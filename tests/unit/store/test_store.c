/* test_store.c: artifacts are whole or absent, whoever else publishes the same. */
#include "store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void names_follow_kind_and_text(void **state)
{
    (void)state;
    cop_artifact_id a = name_of("train", "x"), b = name_of("train", "x");
    assert_string_equal(a.hash, b.hash);
    assert_string_not_equal(a.hash, name_of("train", "y").hash);
    assert_string_not_equal(a.hash, name_of("mask", "x").hash);
    assert_int_equal(strlen(a.hash), 32);
}

static void a_published_artifact_reads_back(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = NULL, *wanted = some_tensors();
    double seconds = 0.0;
    char provenance[512];
    publish(f);
    assert_true(store_has(f->store, &f->id));
    assert_ok(cop_store_read_tensors(f->store, &f->id, "state.safetensors", &set, &err), &err);
    assert_memory_equal(cop_tensors_find(set, "a")->data, cop_tensors_find(wanted, "a")->data, 24);
    assert_memory_equal(cop_tensors_find(set, "n")->data, cop_tensors_find(wanted, "n")->data, 8);
    assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
    assert_ok(cop_store_cost(f->store, &f->id, &seconds, provenance, sizeof provenance, &err),
              &err);
    assert_true(seconds == 1.5);
    assert_non_null(strstr(provenance, "oneDNN"));
    cop_tensors_free(set);
    cop_tensors_free(wanted);
}

static void an_abandoned_draft_leaves_nothing(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[STORE_PATH];
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "x", path, sizeof path);
    cop_draft_abandon(draft);
    assert_false(store_has(f->store, &f->id));
    assert_int_equal(access(path, F_OK), -1);
}

static void damage_nothing(const store_fixture *f)
{
    (void)f;
}

static void damage_file(const store_fixture *f)
{
    char path[STORE_PATH];
    cop_store_path(f->store, &f->id, "state", path, sizeof path);
    write_bytes(path, "xxx", 3);
}

static void damage_manifest(const store_fixture *f)
{
    char path[STORE_PATH];
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    write_bytes(path, "{", 1);
}

static void remove_file(const store_fixture *f)
{
    char path[STORE_PATH];
    cop_store_path(f->store, &f->id, "state", path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

/* What stands there, what a second draft brings, and whose content is there afterwards. */
static const struct {
    const char *name;
    void (*damage)(const store_fixture *f);
    const char *extra_before, *extra, *wanted;
} again_cases[] = {
    {"whole", damage_nothing, NULL, NULL, "old"},
    {"whole, with more files", damage_nothing, "more", NULL, "old"},
    {"whole, with fewer files", damage_nothing, NULL, "more", "new"},
    {"a file changed", damage_file, NULL, NULL, "new"},
    {"a file gone", remove_file, NULL, NULL, "new"},
    {"no manifest", damage_manifest, NULL, NULL, "new"},
};

static void publishing_again_keeps_the_whole_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof again_cases / sizeof again_cases[0]; i++) {
        store_fixture *f = NULL;
        cop_error err = {0};
        assert_int_equal(open_store_fixture((void **)&f), 0);
        print_message("%s\n", again_cases[i].name);
        assert_ok(publish_text(f, again_cases[i].extra_before, "old", &err), &err);
        again_cases[i].damage(f);
        assert_ok(publish_text(f, again_cases[i].extra, "new", &err), &err);
        assert_content(f, "state", again_cases[i].wanted);
        assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
        assert_no_leftovers(f);
        (void)close_store_fixture((void **)&f);
    }
}

static void a_draft_keeps_the_good_files_of_a_prefix(void **state)
{
    store_fixture *f = *state;
    static const char *const names[] = {"keep-a", "keep-b", "keep-damaged", "other"};
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[STORE_PATH];
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    assert_ok(cop_draft_keep(draft, "keep-", &err), &err); /* nothing there yet */
    for (size_t i = 0; i < 4; i++) {
        cop_draft_path(draft, names[i], path, sizeof path);
        write_bytes(path, "old", 3);
    }
    assert_ok(cop_draft_publish(draft, "identity of the test", 1.0, &err), &err);
    cop_store_path(f->store, &f->id, "keep-damaged", path, sizeof path);
    write_bytes(path, "bad", 3);
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "keep-b", path, sizeof path);
    write_bytes(path, "new", 3);
    assert_ok(cop_draft_keep(draft, "keep-", &err), &err);
    assert_ok(cop_draft_publish(draft, "identity of the test", 1.0, &err), &err);
    assert_content(f, "keep-a", "old");
    assert_content(f, "keep-b", "new");
    for (size_t i = 2; i < 4; i++) {
        cop_store_path(f->store, &f->id, names[i], path, sizeof path);
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void publishing_over_a_file_fails_with_the_reason(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH];
    cop_store_path(f->store, &f->id, "", path, sizeof path);
    write_bytes(path, "x", 1);
    assert_refused(publish_text(f, NULL, "new", &err), COP_FAILED, &err, strerror(ENOTDIR));
    assert_false(store_has(f->store, &f->id));
    assert_no_leftovers(f);
}

/* Publishes over and over; every draft has a file that the other process's lack. */
static int publish_in_a_loop(const store_fixture *f, const char *extra)
{
    for (int i = 0; i < 100; i++) {
        cop_error err = {0};
        if (publish_text(f, i % 4 == 0 ? NULL : extra, "same", &err) != COP_OK) {
            (void)fprintf(stderr, "publish %d: %s\n", i, err.message);
            return 1;
        }
    }
    return 0;
}

static void two_processes_publish_the_same_artifact(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(publish_in_a_loop(f, "a"));
    int ours = publish_in_a_loop(f, "b");
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(ours, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
    assert_content(f, "state", "same");
    assert_no_leftovers(f);
}

/* As two processes of one id do, in two containers: nothing but chance tells them apart. */
static void two_drafts_of_one_artifact_do_not_meet(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_store *other = NULL;
    cop_draft *ours = NULL, *theirs = NULL;
    char mine[STORE_PATH], their[STORE_PATH];
    assert_ok(cop_store_open(f->dir, &other, &err), &err);
    assert_ok(cop_draft_open(f->store, &f->id, &ours, &err), &err);
    cop_draft_path(ours, "state", mine, sizeof mine);
    write_bytes(mine, "same", 4);
    assert_ok(cop_draft_open(other, &f->id, &theirs, &err), &err);
    cop_draft_path(theirs, "state", their, sizeof their);
    write_bytes(their, "same", 4);
    assert_string_not_equal(mine, their);
    assert_ok(cop_draft_publish(ours, "identity of the test", 1.0, &err), &err);
    assert_ok(cop_draft_publish(theirs, "identity of the test", 1.0, &err), &err);
    assert_content(f, "state", "same");
    assert_no_leftovers(f);
    cop_store_close(other);
}

static void a_draft_of_another_identity_is_not_published(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_draft *draft = NULL;
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    assert_refused(cop_draft_publish(draft, "something else", 1.0, &err), COP_FAILED, &err,
                   "its identity is that of train-");
    cop_artifact_id nameless = {.kind = "train"};
    assert_ok(cop_draft_open(f->store, &nameless, &draft, &err), &err);
    assert_refused(cop_draft_publish(draft, "something else", 1.0, &err), COP_FAILED, &err,
                   "cannot publish train-: ");
    assert_no_leftovers(f);
}

/* /dev/shm is memory: another file system than that of the temporary directory, where it is one. */
static void the_store_may_be_a_link_to_another_file_system(void **state)
{
    (void)state;
    cop_error err = {0};
    store_fixture f = {.store = NULL};
    char elsewhere[] = "/dev/shm/coppice-test-XXXXXX", link[STORE_PATH + 16];
    make_temp_dir(f.dir, sizeof f.dir);
    if (mkdtemp(elsewhere) == NULL) {
        remove_tree(f.dir);
        skip();
    }
    (void)snprintf(link, sizeof link, "%s/store", f.dir);
    assert_int_equal(symlink(elsewhere, link), 0);
    assert_ok(cop_store_open(f.dir, &f.store, &err), &err);
    assert_ok(cop_artifact_name("train", "identity of the test", &f.id, &err), &err);
    assert_ok(publish_text(&f, NULL, "old", &err), &err);
    damage_file(&f);
    assert_ok(publish_text(&f, "more", "new", &err), &err);
    assert_content(&f, "state", "new");
    assert_no_leftovers(&f);
    cop_store_close(f.store);
    remove_tree(f.dir);
    remove_tree(elsewhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_kind_and_text),
        WITH_STORE(a_published_artifact_reads_back),
        WITH_STORE(an_abandoned_draft_leaves_nothing),
        cmocka_unit_test(publishing_again_keeps_the_whole_one),
        WITH_STORE(a_draft_keeps_the_good_files_of_a_prefix),
        WITH_STORE(publishing_over_a_file_fails_with_the_reason),
        WITH_STORE(two_processes_publish_the_same_artifact),
        WITH_STORE(two_drafts_of_one_artifact_do_not_meet),
        WITH_STORE(a_draft_of_another_identity_is_not_published),
        cmocka_unit_test(the_store_may_be_a_link_to_another_file_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
