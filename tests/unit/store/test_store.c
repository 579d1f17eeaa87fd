/* test_store.c: artifacts are whole or absent, files come back bit for bit, damage is named. */
#include "support.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/log.h"
#include "core/path.h"
#include "core/unique.h"
#include "store/artifact.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"
#include "store/formats/tables_json.h"
#include "train/recipe_text.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH 4096

typedef struct fixture {
    char dir[PATH];
    cop_store *store;
    cop_artifact_id id;
} fixture;

static int open_fixture(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    cop_error err = {0};
    assert_non_null(f);
    make_temp_dir(f->dir, sizeof f->dir);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_ok(cop_artifact_name("train", "identity of the test", &f->id, &err), &err);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    cop_store_close(f->store);
    remove_tree(f->dir);
    free(f);
    return 0;
}

static cop_tensors *some_tensors(void)
{
    cop_error err = {0};
    cop_tensor *a = NULL, *n = NULL;
    cop_tensors *set = cop_tensors_new();
    assert_non_null(set);
    assert_ok(cop_tensors_add(set, "a", COP_F32, cop_shape2(2, 3), &a, &err), &err);
    assert_ok(cop_tensors_add(set, "n", COP_I64, cop_shape1(1), &n, &err), &err);
    for (int i = 0; i < 6; i++)
        cop_f32(a)[i] = 1.0f / (float)(i + 3);
    cop_i64(n)[0] = INT64_C(1) << 60;
    return set;
}

static void publish(fixture *f)
{
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[PATH];
    cop_tensors *set = some_tensors();
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "state.safetensors", path, sizeof path);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_false(cop_store_has(f->store, &f->id));
    assert_ok(cop_draft_publish(draft, "identity of the test", 1.5, &err), &err);
    cop_tensors_free(set);
}

static void write_bytes(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static cop_artifact_id name_of(const char *kind, const char *identity)
{
    cop_artifact_id id;
    cop_error err = {0};
    assert_ok(cop_artifact_name(kind, identity, &id, &err), &err);
    return id;
}

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
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = NULL, *wanted = some_tensors();
    double seconds = 0.0;
    char provenance[512];
    publish(f);
    assert_true(cop_store_has(f->store, &f->id));
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
    fixture *f = *state;
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[PATH];
    assert_ok(cop_draft_open(f->store, &f->id, &draft, &err), &err);
    cop_draft_path(draft, "x", path, sizeof path);
    cop_draft_abandon(draft);
    assert_false(cop_store_has(f->store, &f->id));
    assert_int_equal(access(path, F_OK), -1);
}

/* Publishes a draft of one text file beside another, both with the given content. */
static cop_status publish_text(const fixture *f, const char *extra, const char *content,
                               cop_error *err)
{
    static const char *const state_file = "state";
    cop_draft *draft = NULL;
    COP_TRY(cop_draft_open(f->store, &f->id, &draft, err));
    for (int i = 0; i < (extra != NULL ? 2 : 1); i++) {
        char path[PATH];
        cop_draft_path(draft, i == 0 ? state_file : extra, path, sizeof path);
        cop_status status = cop_file_write(path, content, strlen(content), err);
        if (status != COP_OK) {
            cop_draft_abandon(draft);
            return status;
        }
    }
    return cop_draft_publish(draft, "identity of the test", 2.0, err);
}

static void assert_content(const fixture *f, const char *file, const char *wanted)
{
    cop_error err = {0};
    char path[PATH], *text = NULL;
    assert_ok(cop_store_check_file(f->store, &f->id, file, &err), &err);
    cop_store_path(f->store, &f->id, file, path, sizeof path);
    assert_ok(cop_file_read(path, 100, &text, NULL, &err), &err);
    assert_string_equal(text, wanted);
    free(text);
}

/* Nothing of a draft, a replaced artifact or a half-written file is left. */
static void assert_no_leftovers(const fixture *f)
{
    static const char *const folders[] = {"work", "store"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH + 16];
        (void)snprintf(path, sizeof path, "%s/%s", f->dir, folders[i]);
        DIR *listing = opendir(path);
        assert_non_null(listing);
        for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
            if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0 &&
                strcmp(entry->d_name, "coppice-store") != 0 &&
                strncmp(entry->d_name, "train-", 6) != 0)
                fail_msg("left behind: %s", entry->d_name);
        }
        assert_int_equal(closedir(listing), 0);
    }
}

static void damage_nothing(const fixture *f)
{
    (void)f;
}

static void damage_file(const fixture *f)
{
    char path[PATH];
    cop_store_path(f->store, &f->id, "state", path, sizeof path);
    write_bytes(path, "xxx", 3);
}

static void damage_manifest(const fixture *f)
{
    char path[PATH];
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    write_bytes(path, "{", 1);
}

static void remove_file(const fixture *f)
{
    char path[PATH];
    cop_store_path(f->store, &f->id, "state", path, sizeof path);
    assert_int_equal(unlink(path), 0);
}

/* What stands there, what a second draft brings, and whose content is there afterwards. */
static const struct {
    const char *name;
    void (*damage)(const fixture *f);
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
        fixture *f = NULL;
        cop_error err = {0};
        assert_int_equal(open_fixture((void **)&f), 0);
        print_message("%s\n", again_cases[i].name);
        assert_ok(publish_text(f, again_cases[i].extra_before, "old", &err), &err);
        again_cases[i].damage(f);
        assert_ok(publish_text(f, again_cases[i].extra, "new", &err), &err);
        assert_content(f, "state", again_cases[i].wanted);
        assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
        assert_no_leftovers(f);
        (void)close_fixture((void **)&f);
    }
}

static void a_draft_keeps_the_good_files_of_a_prefix(void **state)
{
    fixture *f = *state;
    static const char *const names[] = {"keep-a", "keep-b", "keep-damaged", "other"};
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[PATH];
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
    fixture *f = *state;
    cop_error err = {0};
    char path[PATH];
    cop_store_path(f->store, &f->id, "", path, sizeof path);
    write_bytes(path, "x", 1);
    assert_refused(publish_text(f, NULL, "new", &err), COP_FAILED, &err, strerror(ENOTDIR));
    assert_false(cop_store_has(f->store, &f->id));
    assert_no_leftovers(f);
}

/* Publishes over and over; every draft has a file that the other process's lack. */
static int publish_in_a_loop(const fixture *f, const char *extra)
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
    fixture *f = *state;
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

static void a_changed_file_is_refused_by_name(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = NULL;
    char path[PATH];
    publish(f);
    cop_store_path(f->store, &f->id, "state.safetensors", path, sizeof path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -1, SEEK_END), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_refused(cop_store_read_tensors(f->store, &f->id, "state.safetensors", &set, &err),
                   COP_DAMAGED, &err, "is damaged");
    assert_null(strstr(err.message, "run again")); /* a run that reads it mends it itself */
    (void)cop_store_advise(f->store, &f->id, COP_DAMAGED, &err);
    assert_non_null(strstr(err.message, "; delete "));
    assert_refused(cop_store_verify(f->store, &f->id, &err), COP_DAMAGED, &err, "is damaged");
    assert_refused(cop_store_read_tensors(f->store, &f->id, "other", &set, &err), COP_FAILED, &err,
                   "is not a file of this artifact");
}

static void a_broken_manifest_is_no_artifact(void **state)
{
    fixture *f = *state;
    static const char *const broken[] = {"",
                                         "{",
                                         "[]",
                                         "{\"kind\":\"train\"}",
                                         "{\"kind\":1,\"identity\":\"\",\"seconds\":0,"
                                         "\"provenance\":\"\",\"files\":{}}",
                                         "{\"kind\":\"\",\"identity\":\"\",\"seconds\":0,"
                                         "\"provenance\":\"\",\"files\":{\"../x\":\"\"}}"};
    char path[PATH];
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(broken[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        bool there = true;
        assert_int_equal(cop_store_find(f->store, &f->id, &there, NULL), COP_DAMAGED);
        assert_false(there);
        assert_false(cop_store_has(f->store, &f->id));
    }
}

/* An artifact proves what it is. */

static void publish_as(fixture *f, const cop_artifact_id *id, const char *identity)
{
    cop_artifact_id own = f->id;
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[PATH];
    f->id = *id;
    assert_ok(cop_draft_open(f->store, id, &draft, &err), &err);
    cop_draft_path(draft, "state", path, sizeof path);
    write_bytes(path, identity, strlen(identity));
    assert_ok(cop_draft_publish(draft, identity, 1.0, &err), &err);
    f->id = own;
}

static void assert_broken(const fixture *f, const char *text)
{
    cop_error err = {0};
    bool there = true;
    assert_refused(cop_store_find(f->store, &f->id, &there, &err), COP_DAMAGED, &err, text);
    assert_false(there);
    assert_false(cop_store_has(f->store, &f->id));
}

static void an_artifact_under_anothers_name_is_refused(void **state)
{
    fixture *f = *state;
    static const char *const kinds[] = {"train", "mask"};
    for (size_t i = 0; i < 2; i++) {
        cop_artifact_id other = name_of(kinds[i], i == 0 ? "another" : "identity of the test");
        cop_error err = {0};
        char from[PATH], to[PATH];
        publish_as(f, &other, i == 0 ? "another" : "identity of the test");
        cop_store_path(f->store, &other, "", from, sizeof from);
        cop_store_path(f->store, &f->id, "", to, sizeof to);
        remove_tree(to);
        assert_int_equal(rename(from, to), 0);
        assert_broken(f, "is not this artifact but ");
        assert_refused(cop_store_check_file(f->store, &f->id, "state", &err), COP_DAMAGED, &err,
                       "is not this artifact but ");
        assert_refused(cop_store_verify(f->store, &f->id, &err), COP_DAMAGED, &err,
                       "is not this artifact but ");
    }
}

static void a_manifest_of_which_a_bit_flipped_is_refused(void **state)
{
    fixture *f = *state;
    char path[PATH], *data = NULL;
    size_t size = 0;
    cop_error err = {0};
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, &size, &err), &err);
    /* Where the checksum itself loses its name the text is one of an earlier version. */
    size_t seal = (size_t)(strstr(data, ",\n\t\"checksum\"") - data);
    for (size_t i = 0; i < 8 * seal; i += 5) {
        bool there = true;
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        write_bytes(path, data, size);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        if (cop_store_find(f->store, &f->id, &there, NULL) != COP_DAMAGED || there)
            fail_msg("bit %zu passed", i);
    }
    write_bytes(path, data, size);
    assert_true(cop_store_has(f->store, &f->id));
    free(data);
}

/* As earlier versions wrote it: without a checksum and sizes. */
static void a_manifest_without_a_checksum_is_read(void **state)
{
    fixture *f = *state;
    char path[PATH], *data = NULL;
    cop_error err = {0};
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, NULL, &err), &err);
    (void)strcpy(strstr(data, ",\n\t\"sizes\""), "\n}");
    write_bytes(path, data, strlen(data));
    free(data);
    assert_true(cop_store_has(f->store, &f->id));
    assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
}

static void a_listed_file_must_be_there_with_its_content(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    assert_ok(publish_text(f, "more", "text", &err), &err);
    char path[PATH];
    cop_store_path(f->store, &f->id, "more", path, sizeof path);
    write_bytes(path, "longer", 6);
    assert_broken(f, "is damaged: 6 bytes, recorded 4");
    write_bytes(path, "tex!", 4);
    assert_broken(f, "is damaged: checksum ");
    assert_int_equal(unlink(path), 0);
    assert_broken(f, "is missing");
}

static void what_stands_in_the_way_is_set_aside_whole(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    char aside[PATH], path[PATH + 16], *text = NULL;
    assert_ok(publish_text(f, NULL, "precious", &err), &err);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_broken(f, "has no artifact.json");
    assert_ok(cop_store_set_aside(f->store, &f->id, aside, sizeof aside, &err), &err);
    assert_non_null(strstr(aside, "/store/broken-train-"));
    (void)snprintf(path, sizeof path, "%s/state", aside);
    assert_ok(cop_file_read(path, 100, &text, NULL, &err), &err);
    assert_string_equal(text, "precious");
    free(text);
    assert_ok(cop_store_set_aside(f->store, &f->id, aside, sizeof aside, &err), &err);
    assert_string_equal(aside, "");
    assert_ok(publish_text(f, NULL, "new", &err), &err);
    /* The next run does not clear it away. */
    cop_store_close(f->store);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_int_equal(access(path, F_OK), 0);
}

/* As two processes of one id do, in two containers: nothing but chance tells them apart. */
static void two_drafts_of_one_artifact_do_not_meet(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_store *other = NULL;
    cop_draft *ours = NULL, *theirs = NULL;
    char mine[PATH], their[PATH];
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
    fixture *f = *state;
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
    fixture f = {.store = NULL};
    char elsewhere[] = "/dev/shm/coppice-test-XXXXXX", link[PATH + 16];
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

/* Files of others in the places where we write, some under names that we once used. */
static const char *const theirs[] = {
    "work/draft-thesis",
    "work/draft-train-0123456789abcdef0123456789abcdef.77",
    "work/old-notes",
    "work/data.tmp-77-0",
    "work/train-0123456789abcdef0123456789abcdef.checkpoint.safetensors",
    "store/draft-thesis",
    "store/draft-train-0123456789abcdef0123456789abcdef-0123456789abcdef01234567",
    "store/old-train-0123456789abcdef0123456789abcdef-0123456789abcdef01234567",
    "store/notes.txt",
    "study.json.tmp-77-0",
    "study.json.tmp-0123456789abcdef01234567",
    "thesis.tex.tmp-77-0",
    "report/tickets.csv",
    "report/tickets.csv.tmp-77-0",
    "report/figures/a.png.tmp-77-0",
};

#define THEIRS (sizeof theirs / sizeof theirs[0])

static const char *path_of(const char *dir, const char *file, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", dir, file);
    return path;
}

static void leave_theirs(const char *dir)
{
    static const char *const folders[] = {"work", "store", "report/figures", "report/images"};
    char path[PATH + 128];
    cop_error err = {0};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_ok(cop_make_dirs(path_of(dir, folders[i], path, sizeof path), &err), &err);
    for (size_t i = 0; i < THEIRS; i++)
        write_bytes(path_of(dir, theirs[i], path, sizeof path), "x", 1);
}

static void assert_theirs(const char *dir)
{
    char path[PATH + 128];
    for (size_t i = 0; i < THEIRS; i++) {
        if (access(path_of(dir, theirs[i], path, sizeof path), F_OK) != 0)
            fail_msg("%s is gone", theirs[i]);
    }
}

/* Where a run writes files that it then renames; and one place where it does not. */
static const char *const half_written[] = {"study.json",
                                           "config.txt",
                                           "work/train-0123.checkpoint.safetensors",
                                           "store/x",
                                           "report/tickets.csv",
                                           "report/figures/a.png",
                                           "report/images/b.png",
                                           "thesis.tex"};

#define HALF_WRITTEN (sizeof half_written / sizeof half_written[0])

/* What a process leaves that is killed with files and a draft open. */
static void be_killed(const fixture *f)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cop_error err = {0};
        cop_draft *draft = NULL;
        char path[PATH + 128];
        bool ok = cop_draft_open(f->store, &f->id, &draft, &err) == COP_OK;
        cop_draft_path(draft, "state", path, sizeof path);
        ok = ok && cop_file_write(path, "x", 1, &err) == COP_OK;
        for (size_t i = 0; ok && i < HALF_WRITTEN; i++) {
            cop_writer *writer = NULL;
            ok = cop_writer_open(path_of(f->dir, half_written[i], path, sizeof path), &writer,
                                 &err) == COP_OK;
        }
        _exit(ok ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* How many names in a folder of `dir` a run made to rename them later. */
static size_t count_ours(const char *dir, const char *folder)
{
    char path[PATH + 128];
    size_t count = 0;
    DIR *listing = opendir(path_of(dir, folder, path, sizeof path));
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count +=
            cop_is_unique_name(entry->d_name, ".tmp-") || cop_is_unique_name(entry->d_name, "-");
    assert_int_equal(closedir(listing), 0);
    return count;
}

static void assert_swept(const char *dir, bool swept)
{
    static const struct {
        const char *folder;
        size_t before, after;
    } counts[] = {{".", 3, 1},      {"work", 1, 0},           {"store", 2, 0},
                  {"report", 1, 0}, {"report/figures", 1, 0}, {"report/images", 1, 0}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t wanted = swept ? counts[i].after : counts[i].before;
        size_t count = count_ours(dir, counts[i].folder);
        if (count != wanted)
            fail_msg("%s: %zu, wanted %zu", counts[i].folder, count, wanted);
    }
    assert_theirs(dir);
}

static void what_killed_runs_left_goes_when_nobody_uses_the_directory(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_store *other = NULL;
    leave_theirs(f->dir);
    be_killed(f);
    /* The fixture's store is open: all of it may be in use. */
    assert_ok(cop_store_open(f->dir, &other, &err), &err);
    assert_swept(f->dir, false);
    cop_store_close(f->store);
    f->store = NULL;
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_swept(f->dir, false); /* the other one is still open */
    cop_store_close(f->store);
    cop_store_close(other);
    f->store = NULL;
    assert_ok(cop_store_open_to_read(f->dir, &f->store, &err), &err);
    assert_swept(f->dir, false); /* who reads does not tidy up */
    cop_store_close(f->store);
    f->store = NULL;
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_swept(f->dir, true);
}

static void a_reader_keeps_a_run_from_tidying_up(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_store *reader = NULL;
    leave_theirs(f->dir);
    be_killed(f);
    assert_ok(cop_store_open_to_read(f->dir, &reader, &err), &err);
    cop_store_close(f->store);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_swept(f->dir, false);
    cop_store_close(reader);
}

static size_t entries_in(const char *dir)
{
    size_t count = 0;
    DIR *listing = opendir(dir);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(listing), 0);
    return count;
}

static void opening_to_read_makes_nothing(void **state)
{
    (void)state;
    char dir[PATH];
    cop_error err = {0};
    fixture f = {.store = NULL};
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_store_open_to_read(dir, &f.store, &err), &err);
    assert_false(cop_store_has(f.store, &(cop_artifact_id){.kind = "train", .hash = "0"}));
    cop_store_close(f.store);
    assert_int_equal(rmdir(dir), 0);                              /* still empty */
    assert_ok(cop_store_open_to_read(dir, &f.store, &err), &err); /* not even there */
    cop_store_close(f.store);
}

static void a_directory_where_others_have_our_names_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"study.json",
                                        "config.txt",
                                        "report/tickets.csv",
                                        "report/index.html",
                                        "report/trainings.csv",
                                        "report/lmc_barrier.csv",
                                        "report/notes.txt",
                                        "report",
                                        "store/coppice-store",
                                        "store",
                                        "work",
                                        "work/lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char dir[PATH], path[PATH + 128];
        cop_error err = {0};
        cop_store *store = NULL;
        make_temp_dir(dir, sizeof dir);
        (void)snprintf(path, sizeof path, "%s/%.*s", dir, (int)strcspn(names[i], "/"), names[i]);
        if (strchr(names[i], '/') != NULL)
            assert_ok(cop_make_dirs(path, &err), &err);
        write_bytes(path_of(dir, names[i], path, sizeof path), "{\"theirs\": 1}", 13);
        assert_refused(cop_store_check(dir, &err), COP_INVALID, &err, "is there and not ours");
        assert_refused(cop_store_open(dir, &store, &err), COP_INVALID, &err,
                       "is there and not ours");
        assert_true(strncmp(err.file, path, strlen(err.file)) == 0);
        assert_int_equal(entries_in(dir), 1); /* nothing was made */
        remove_tree(dir);
    }
}

static void a_directory_with_other_files_is_used_and_they_stay(void **state)
{
    (void)state;
    fixture f = {.store = NULL};
    cop_error err = {0};
    char path[PATH + 128];
    make_temp_dir(f.dir, sizeof f.dir);
    leave_theirs(f.dir);
    remove_tree(path_of(f.dir, "report", path, sizeof path));
    assert_int_equal(mkdir(path, 0777), 0); /* an empty one is in nobody's way */
    for (int i = 0; i < 2; i++) {
        assert_ok(cop_store_check(f.dir, &err), &err);
        assert_ok(cop_store_open(f.dir, &f.store, &err), &err);
        cop_store_close(f.store);
    }
    for (size_t i = 0; i < THEIRS; i++) {
        bool in_report = strncmp(theirs[i], "report/", 7) == 0;
        path_of(f.dir, theirs[i], path, sizeof path);
        assert_int_equal(access(path, F_OK), in_report ? -1 : 0);
    }
    remove_tree(f.dir);
}

static void a_pipe_in_the_place_of_the_record_is_refused(void **state)
{
    fixture *f = *state;
    char path[PATH + 128];
    cop_error err = {0};
    assert_int_equal(mkfifo(path_of(f->dir, "study.json", path, sizeof path), 0666), 0);
    assert_refused(cop_store_check(f->dir, &err), COP_INVALID, &err, "is there and not ours");
}

#define STARTERS 8

/* Opens the store as soon as the pipe's other end is closed; never returns. */
static void open_at_the_start(const char *dir, int gate)
{
    cop_store *store = NULL;
    cop_error err = {0};
    char byte;
    bool ok = read(gate, &byte, 1) == 0 && cop_store_open(dir, &store, &err) == COP_OK;
    if (ok)
        cop_store_close(store);
    else
        (void)fprintf(stderr, "%s: %s\n", err.file, err.message);
    _exit(ok ? 0 : 1);
}

static void runs_that_start_at_once_all_get_a_fresh_directory(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        char dir[PATH], path[PATH + 128];
        int gate[2];
        pid_t children[STARTERS];
        make_temp_dir(dir, sizeof dir);
        assert_int_equal(pipe(gate), 0);
        for (size_t i = 0; i < STARTERS; i++) {
            children[i] = fork();
            assert_true(children[i] >= 0);
            if (children[i] == 0) {
                (void)close(gate[1]);
                open_at_the_start(dir, gate[0]);
            }
        }
        assert_int_equal(close(gate[0]), 0);
        assert_int_equal(close(gate[1]), 0);
        bool good = true;
        for (size_t i = 0; i < STARTERS; i++) {
            int result = -1;
            assert_int_equal(waitpid(children[i], &result, 0), children[i]);
            good = good && result == 0;
        }
        assert_true(good);
        assert_int_equal(access(path_of(dir, "store/coppice-store", path, sizeof path), F_OK), 0);
        assert_int_equal(entries_in(path_of(dir, "store", path, sizeof path)), 1);
        remove_tree(dir);
    }
}

/* A store of an earlier version: known by an artifact, or by the study's record. */
static void a_store_without_a_mark_is_adopted(void **state)
{
    (void)state;
    static const char *const records[] = {
        "{",
        "{\"name\": \"t\", \"seeds\": [0], \"cells\": [], \"tickets\": []}",
        "{\"name\": \"t\", \"seeds\": [0], \"settings\": [], \"tickets\": []}",
    };
    for (int i = 0; i < 3; i++) {
        fixture *f = NULL;
        cop_error err = {0};
        char path[PATH + 128];
        assert_int_equal(open_fixture((void **)&f), 0);
        if (i == 0)
            publish(f);
        cop_store_close(f->store);
        f->store = NULL;
        leave_theirs(f->dir);
        path_of(f->dir, "study.json", path, sizeof path);
        write_bytes(path, records[i], strlen(records[i]));
        write_bytes(path_of(f->dir, "config.txt", path, sizeof path), "x", 1);
        path_of(f->dir, "store/coppice-store", path, sizeof path);
        assert_int_equal(unlink(path), 0);
        assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
        assert_int_equal(access(path, F_OK), 0);
        assert_int_equal(cop_store_has(f->store, &f->id), i == 0);
        assert_theirs(f->dir);
        (void)close_fixture((void **)&f);
    }
}

static void checkpoint_file(const fixture *f, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/work/train-%s.checkpoint.safetensors", f->dir, f->id.hash);
}

/* The checkpoint of the fixture's artifact, NULL for none; the caller's. */
static cop_tensors *load_checkpoint(const fixture *f, int64_t *step, double *seconds)
{
    cop_error err = {0};
    cop_tensors *back = NULL;
    assert_ok(cop_checkpoint_load(f->store, &f->id, NULL, &back, step, seconds, &err), &err);
    return back;
}

static void assert_no_checkpoint(const fixture *f)
{
    int64_t step = 0;
    double seconds = 0.0;
    assert_null(load_checkpoint(f, &step, &seconds));
}

static void a_checkpoint_comes_back_and_goes(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    int64_t step = 0;
    double seconds = 0.0;
    assert_no_checkpoint(f);
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 123, 4.5, &err), &err);
    cop_tensors *back = load_checkpoint(f, &step, &seconds);
    assert_non_null(back);
    assert_int_equal(step, 123);
    assert_true(seconds == 4.5);
    assert_memory_equal(cop_tensors_find(back, "a")->data, cop_tensors_find(set, "a")->data, 24);
    cop_tensors_free(back);
    cop_checkpoint_remove(f->store, &f->id);
    assert_no_checkpoint(f);
    cop_tensors_free(set);
}

static void a_truncated_checkpoint_counts_as_absent(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    char path[PATH + 128];
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 1, 1.0, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(truncate(path, 40), 0);
    assert_no_checkpoint(f);
    cop_tensors_free(set);
}

/* A bit may flip where it means nothing (the padding of the header); then all must be as it was. */
static void a_flipped_bit_in_a_checkpoint_changes_nothing_silently(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    char path[PATH + 128], *data = NULL;
    size_t size = 0, refused = 0;
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 123, 4.5, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, &size, &err), &err);
    for (size_t i = 0; i < 8 * size; i += 3) {
        int64_t step = 0;
        double seconds = 0.0;
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        write_bytes(path, data, size);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        cop_tensors *back = load_checkpoint(f, &step, &seconds);
        if (back == NULL) {
            refused++;
            continue;
        }
        assert_int_equal(step, 123);
        assert_true(seconds == 4.5);
        assert_int_equal(cop_tensors_count(back), 2);
        assert_memory_equal(cop_tensors_find(back, "a")->data, cop_tensors_find(set, "a")->data,
                            24);
        assert_memory_equal(cop_tensors_find(back, "n")->data, cop_tensors_find(set, "n")->data, 8);
        cop_tensors_free(back);
    }
    assert_true(refused * 3 > 8 * size - 8 * 16); /* but for some spaces */
    free(data);
    cop_tensors_free(set);
}

static void a_checkpoint_of_no_step_counts_as_absent(void **state)
{
    fixture *f = *state;
    static const int64_t steps[] = {-1, INT64_MIN};
    cop_tensors *set = some_tensors();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        cop_error err = {0};
        assert_ok(cop_checkpoint_save(f->store, &f->id, set, steps[i], 1.0, &err), &err);
        assert_no_checkpoint(f);
    }
    cop_tensors_free(set);
}

static void another_stages_checkpoint_is_never_resumed(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors(), *back = NULL;
    cop_artifact_id other = name_of("train", "another one");
    char from[PATH + 128], to[PATH + 128], *said = NULL;
    size_t size = 0;
    int64_t step = 0;
    double seconds = 0.0;
    assert_ok(cop_checkpoint_save(f->store, &other, set, 5, 1.0, &err), &err);
    checkpoint_file(f, to, sizeof to);
    (void)snprintf(from, sizeof from, "%s/work/train-%s.checkpoint.safetensors", f->dir,
                   other.hash);
    assert_int_equal(rename(from, to), 0);
    FILE *stream = open_memstream(&said, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_INFO, false);
    assert_ok(cop_checkpoint_load(f->store, &f->id, log, &back, &step, &seconds, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    assert_null(back);
    assert_non_null(strstr(said, "starting over, checkpoint of another stage, train-"));
    free(said);
    cop_tensors_free(set);
}

/* A link to itself stands for a disk that does not read: the file may be good. */
static void a_checkpoint_that_cannot_be_read_stops_the_run_and_stays(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *back = NULL;
    char path[PATH + 128];
    int64_t step = 0;
    double seconds = 0.0;
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(symlink(path, path), 0);
    assert_refused(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds, &err),
                   COP_FAILED, &err, strerror(ELOOP));
    assert_non_null(strstr(err.message, "to start this stage over, delete the file"));
    assert_true(strncmp(err.file, path, strlen(err.file)) == 0 && err.file[0] != '\0');
    assert_null(back);
    assert_int_equal(unlink(path), 0); /* was left there */
}

static void tables_come_back_bit_for_bit(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    static const cop_column columns[] = {{"n", COP_COLUMN_INT, NULL, "count"},
                                         {"x", COP_COLUMN_FLOAT, "%", NULL},
                                         {"t", COP_COLUMN_TEXT, NULL, "words"}};
    static const cop_plot plot = {
        .kind = COP_PLOT_LINES, .title = "T", .x = "n", .y = "x", .log_y = true};
    const double values[] = {0.1, -0.0, 1e-310, INFINITY, NAN};
    char path[PATH + 32];
    cop_tables *tables = cop_tables_new(), *back = NULL;
    cop_table *table = cop_tables_add(tables, "some", "help", columns, 3, &plot, &err);
    assert_non_null(table);
    const int64_t integers[] = {INT64_MAX, INT64_MIN, 9007199254740993, -1, 0};
    for (int i = 0; i < 5; i++) {
        const cop_table_value row[] = {
            {.i = integers[i]}, {.f = values[i]}, {.text = "a, \"b\"\n"}};
        assert_ok(cop_table_row(table, row, &err), &err);
    }
    (void)snprintf(path, sizeof path, "%s/tables.json", f->dir);
    assert_ok(cop_tables_write(tables, path, &err), &err);
    assert_ok(cop_tables_read(path, &back, &err), &err);
    const cop_table *read = cop_tables_at(back, 0);
    assert_int_equal(cop_table_row_count(read), 5);
    assert_string_equal(cop_table_plot(read)->y, "x");
    assert_true(cop_table_plot(read)->log_y);
    for (size_t i = 0; i < 5; i++) {
        double value = cop_table_at(read, i, 1).f;
        assert_true(cop_table_at(read, i, 0).i == integers[i]);
        assert_true(isnan(values[i]) ? isnan(value) : memcmp(&value, &values[i], 8) == 0);
        assert_string_equal(cop_table_at(read, i, 2).text, "a, \"b\"\n");
    }
    cop_tables_free(tables);
    cop_tables_free(back);
}

static void other_json_is_no_table(void **state)
{
    fixture *f = *state;
    static const char *const broken[] = {
        "",
        "{}",
        "[{}]",
        "[{\"name\":\"x\",\"columns\":[]}]",
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":9}]}]",
        ("[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],"
         "\"rows\":[[\"1\",\"2\"]]}]"),
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],\"rows\":[[\"1.5\"]]}]",
        ("[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":1}],"
         "\"rows\":[[\"9223372036854775808\"]]}]"),
        "[{\"name\":\"x\",\"columns\":[{\"name\":\"a\",\"type\":2}],\"rows\":[[\"1,5\"]]}]"};
    char path[PATH + 32];
    (void)snprintf(path, sizeof path, "%s/tables.json", f->dir);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        cop_error err = {0};
        cop_tables *tables = NULL;
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(broken[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_refused(cop_tables_read(path, &tables, &err), COP_DAMAGED, &err,
                       "is not a file of tables");
    }
}

static void a_distilled_set_comes_back_whole(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    char path[PATH + 32], left[768], right[768];
    cop_synthetic s = {.task = {3, 4, 5, 2}, .decode = COP_DECODE_SINGLE, .factor = 2}, back;
    assert_ok(cop_recipe_named("idc", &s.recipe, &err), &err);
    for (int c = 0; c < 3; c++) {
        s.normalization.mean[c] = 0.1f * (float)(c + 1);
        s.normalization.std[c] = 1.0f / 3.0f;
    }
    assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
    for (int i = 0; i < 2 * 60; i++)
        s.pixels[i] = (float)i / 119.0f;
    s.labels[0] = 1.0f;
    s.labels[3] = 1.0f;
    (void)snprintf(path, sizeof path, "%s/set.safetensors", f->dir);
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_int_equal(back.count, 2);
    assert_int_equal(back.decode, COP_DECODE_SINGLE);
    assert_int_equal(back.factor, 2);
    assert_memory_equal(&back.task, &s.task, sizeof s.task);
    assert_memory_equal(back.pixels, s.pixels, 120 * sizeof(float));
    assert_memory_equal(back.labels, s.labels, 4 * sizeof(float));
    assert_memory_equal(back.normalization.std, s.normalization.std, 3 * sizeof(float));
    assert_string_equal(cop_recipe_text(&back.recipe, right, sizeof right),
                        cop_recipe_text(&s.recipe, left, sizeof left));
    cop_synthetic_clear(&s);
    cop_synthetic_clear(&back);
}

/* A set that something else put in the place of a stored one. */
static void a_set_with_values_out_of_range_is_refused(void **state)
{
    fixture *f = *state;
    static const struct {
        float pixel, label;
        const char *text;
    } cases[] = {{2.0f, 1.0f, "image 1 has a pixel that is 2, wanted 0 to 1"},
                 {NAN, 1.0f, "image 1 has a pixel that is nan"},
                 {0.5f, NAN, "image 1 has a label of nan, wanted 0 to 1"},
                 {0.5f, 0.5f, "the labels of image 1 sum to 0.5"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        char path[PATH + 32];
        cop_synthetic s = {.task = {1, 2, 2, 2}, .factor = 1}, back;
        s.normalization.std[0] = 1.0f;
        assert_ok(cop_recipe_named("idc", &s.recipe, &err), &err);
        assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
        s.labels[0] = 1.0f;
        s.pixels[7] = cases[i].pixel;
        s.labels[3] = cases[i].label;
        (void)snprintf(path, sizeof path, "%s/flawed.safetensors", f->dir);
        assert_ok(cop_synthetic_write(&s, path, &err), &err);
        assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err, cases[i].text);
        assert_string_equal(err.file, path);
        cop_synthetic_clear(&s);
    }
}

static void other_tensors_are_no_distilled_set(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_synthetic back;
    cop_tensors *set = some_tensors();
    char path[PATH + 32];
    (void)snprintf(path, sizeof path, "%s/set.safetensors", f->dir);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err,
                   "is not a distilled set");
    cop_tensors_free(set);
}

static void the_text_of_a_recipe_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; cop_recipe_name(i) != NULL; i++) {
        cop_error err = {0};
        cop_recipe recipe, back;
        char text[768], again[768];
        assert_ok(cop_recipe_named(cop_recipe_name(i), &recipe, &err), &err);
        assert_true(cop_recipe_from_text(cop_recipe_text(&recipe, text, sizeof text), &back));
        assert_string_equal(cop_recipe_text(&back, again, sizeof again), text);
        text[strlen(text) - 1] = '\0';
        strcat(text, "x");
        assert_false(cop_recipe_from_text(text, &back));
    }
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

static void refuses_a_directory_whose_path_leaves_no_room_for_artifacts(void **state)
{
    (void)state;
    char dir[COP_OUT_SIZE + 1];
    cop_error err = {0};
    cop_store *store = NULL;
    memset(dir, 'd', sizeof dir);
    dir[COP_OUT_SIZE] = '\0';
    assert_refused(cop_store_open(dir, &store, &err), COP_INVALID, &err, "path is too long");
    assert_refused(cop_store_open_to_read(dir, &store, &err), COP_INVALID, &err,
                   "path is too long");
    assert_refused(cop_store_check(dir, &err), COP_INVALID, &err, "path is too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_follow_kind_and_text),
        cmocka_unit_test(refuses_a_directory_whose_path_leaves_no_room_for_artifacts),
        WITH_STORE(a_published_artifact_reads_back),
        WITH_STORE(an_abandoned_draft_leaves_nothing),
        cmocka_unit_test(publishing_again_keeps_the_whole_one),
        WITH_STORE(a_draft_keeps_the_good_files_of_a_prefix),
        WITH_STORE(publishing_over_a_file_fails_with_the_reason),
        WITH_STORE(two_processes_publish_the_same_artifact),
        WITH_STORE(a_changed_file_is_refused_by_name),
        WITH_STORE(a_broken_manifest_is_no_artifact),
        WITH_STORE(an_artifact_under_anothers_name_is_refused),
        WITH_STORE(a_manifest_of_which_a_bit_flipped_is_refused),
        WITH_STORE(a_manifest_without_a_checksum_is_read),
        WITH_STORE(a_listed_file_must_be_there_with_its_content),
        WITH_STORE(what_stands_in_the_way_is_set_aside_whole),
        WITH_STORE(two_drafts_of_one_artifact_do_not_meet),
        WITH_STORE(a_draft_of_another_identity_is_not_published),
        cmocka_unit_test(the_store_may_be_a_link_to_another_file_system),
        WITH_STORE(what_killed_runs_left_goes_when_nobody_uses_the_directory),
        WITH_STORE(a_reader_keeps_a_run_from_tidying_up),
        cmocka_unit_test(opening_to_read_makes_nothing),
        cmocka_unit_test(a_directory_where_others_have_our_names_is_refused),
        cmocka_unit_test(a_directory_with_other_files_is_used_and_they_stay),
        WITH_STORE(a_pipe_in_the_place_of_the_record_is_refused),
        cmocka_unit_test(runs_that_start_at_once_all_get_a_fresh_directory),
        cmocka_unit_test(a_store_without_a_mark_is_adopted),
        WITH_STORE(a_checkpoint_comes_back_and_goes),
        WITH_STORE(a_truncated_checkpoint_counts_as_absent),
        WITH_STORE(a_flipped_bit_in_a_checkpoint_changes_nothing_silently),
        WITH_STORE(a_checkpoint_of_no_step_counts_as_absent),
        WITH_STORE(another_stages_checkpoint_is_never_resumed),
        WITH_STORE(a_checkpoint_that_cannot_be_read_stops_the_run_and_stays),
        WITH_STORE(tables_come_back_bit_for_bit),
        WITH_STORE(other_json_is_no_table),
        WITH_STORE(a_distilled_set_comes_back_whole),
        WITH_STORE(a_set_with_values_out_of_range_is_refused),
        WITH_STORE(other_tensors_are_no_distilled_set),
        cmocka_unit_test(the_text_of_a_recipe_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
