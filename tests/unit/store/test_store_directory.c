/* test_store_directory.c: whose an output directory is, what of it goes, and what stays. */
#include "failing_readdir.h"
#include "store_fixture.h"

#include "core/file.h"
#include "core/path.h"
#include "core/unique.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
    "report/tickets.csv.tmp-77-0",
    "studies/t/report/tickets.csv",
    "studies/t/report/tickets.csv.tmp-77-0",
    "studies/t/report/figures/a.png.tmp-77-0",
};

#define THEIRS (sizeof theirs / sizeof theirs[0])

static const char *path_of(const char *dir, const char *file, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", dir, file);
    return path;
}

static void leave_theirs(const char *dir)
{
    static const char *const folders[] = {"work", "store", "report", "studies/t/report/figures",
                                          "studies/t/report/images"};
    char path[STORE_PATH + 128];
    cop_error err = {0};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_ok(cop_make_dirs(path_of(dir, folders[i], path, sizeof path), &err), &err);
    for (size_t i = 0; i < THEIRS; i++)
        write_bytes(path_of(dir, theirs[i], path, sizeof path), "x", 1);
}

static void assert_theirs(const char *dir)
{
    char path[STORE_PATH + 128];
    for (size_t i = 0; i < THEIRS; i++) {
        if (access(path_of(dir, theirs[i], path, sizeof path), F_OK) != 0)
            fail_msg("%s is gone", theirs[i]);
    }
}

/* Where a run writes files that it then renames; and one place where it does not. */
static const char *const half_written[] = {"studies/t/study.json",
                                           "studies/t/config.cfg",
                                           "work/train-0123.checkpoint.safetensors",
                                           "store/x",
                                           "studies/t/report/tickets.csv",
                                           "studies/t/report/figures/a.png",
                                           "studies/t/report/images/b.png",
                                           "results.sqlite",
                                           "thesis.tex"};

#define HALF_WRITTEN (sizeof half_written / sizeof half_written[0])

/* What a process leaves that is killed with files and a draft open. */
static void be_killed(const store_fixture *f)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cop_error err = {0};
        cop_draft *draft = NULL;
        char path[STORE_PATH + 128];
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
    char path[STORE_PATH + 128];
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
    } counts[] = {{".", 2, 1},
                  {"work", 1, 0},
                  {"store", 2, 0},
                  {"studies/t", 2, 0},
                  {"studies/t/report", 1, 0},
                  {"studies/t/report/figures", 1, 0},
                  {"studies/t/report/images", 1, 0}};
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
    store_fixture *f = *state;
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
    f->store = NULL;
    assert_ok(cop_store_open_to_read(f->dir, &f->store, &err), &err);
    cop_store_close(other);
    assert_swept(f->dir, false); /* somebody reads, */
    cop_store_close(f->store);
    assert_swept(f->dir, false); /* and does not tidy up */
    f->store = NULL;
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_swept(f->dir, true);
}

/* A worker of this run was killed, and nothing comes after it. */
static void what_was_left_meanwhile_goes_at_the_end(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char claim[STORE_PATH + 128];
    leave_theirs(f->dir);
    be_killed(f);
    assert_ok(cop_file_write(path_of(f->dir, "work/memory-host-1.claim", claim, sizeof claim), "1",
                             1, &err),
              &err);
    assert_swept(f->dir, false);
    cop_store_close(f->store);
    f->store = NULL;
    assert_swept(f->dir, true);
    assert_int_not_equal(access(claim, F_OK), 0);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
}

static void a_reader_keeps_a_run_from_tidying_up(void **state)
{
    store_fixture *f = *state;
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
    char dir[STORE_PATH];
    cop_error err = {0};
    store_fixture f = {.store = NULL};
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_store_open_to_read(dir, &f.store, &err), &err);
    assert_false(store_has(f.store, &(cop_artifact_id){.kind = "train", .hash = "0"}));
    cop_store_close(f.store);
    assert_int_equal(rmdir(dir), 0);                              /* still empty */
    assert_ok(cop_store_open_to_read(dir, &f.store, &err), &err); /* not even there */
    cop_store_close(f.store);
}

static void a_directory_where_others_have_our_names_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"studies/notes.txt",
                                        "studies/t/study.json",
                                        "studies",
                                        "store/coppice-store",
                                        "store",
                                        "work",
                                        "work/lock"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char dir[STORE_PATH], path[STORE_PATH + 128];
        cop_error err = {0};
        cop_store *store = NULL;
        make_temp_dir(dir, sizeof dir);
        const char *slash = strrchr(names[i], '/');
        (void)snprintf(path, sizeof path, "%s/%.*s", dir,
                       slash != NULL ? (int)(slash - names[i]) : 0, names[i]);
        if (slash != NULL)
            assert_ok(cop_make_dirs(path, &err), &err);
        write_bytes(path_of(dir, names[i], path, sizeof path), "{\"theirs\": 1}", 13);
        assert_refused(cop_store_check(dir, &err), COP_INVALID, &err, "is there and not ours");
        assert_refused(cop_store_open(dir, &store, &err), COP_INVALID, &err,
                       "is there and not ours");
        (void)path_of(dir, names[i], path, sizeof path);
        assert_true(strncmp(err.file, path, strlen(err.file)) == 0);
        assert_int_equal(entries_in(dir), 1); /* nothing was made */
        remove_tree(dir);
    }
}

static void a_directory_with_other_files_is_used_and_they_stay(void **state)
{
    (void)state;
    store_fixture f = {.store = NULL};
    cop_error err = {0};
    char path[STORE_PATH + 128];
    make_temp_dir(f.dir, sizeof f.dir);
    leave_theirs(f.dir);
    remove_tree(path_of(f.dir, "studies", path, sizeof path));
    assert_int_equal(mkdir(path, 0777), 0); /* an empty one is in nobody's way */
    for (int i = 0; i < 2; i++) {
        assert_ok(cop_store_check(f.dir, &err), &err);
        assert_ok(cop_store_open(f.dir, &f.store, &err), &err);
        cop_store_close(f.store);
    }
    for (size_t i = 0; i < THEIRS; i++) {
        bool in_studies = strncmp(theirs[i], "studies/", 8) == 0;
        path_of(f.dir, theirs[i], path, sizeof path);
        assert_int_equal(access(path, F_OK), in_studies ? -1 : 0);
    }
    remove_tree(f.dir);
}

/* What cannot be listed is not free. */
static void a_directory_that_cannot_be_listed_is_not_taken_for_a_free_one(void **state)
{
    (void)state;
    static const char *const folders[] = {"studies/theirs", "store"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char dir[STORE_PATH], path[STORE_PATH + 128];
        cop_error err = {0};
        cop_store *store = NULL;
        make_temp_dir(dir, sizeof dir);
        assert_ok(cop_make_dirs(path_of(dir, folders[i], path, sizeof path), &err), &err);
        entries_left = 0;
        cop_status status = cop_store_open(dir, &store, &err);
        entries_left = -1;
        assert_refused(status, COP_FAILED, &err, "cannot list");
        assert_null(store);
        remove_tree(dir);
    }
}

static void a_pipe_in_the_place_of_the_records_is_refused(void **state)
{
    store_fixture *f = *state;
    char path[STORE_PATH + 128];
    cop_error err = {0};
    assert_int_equal(rmdir(path_of(f->dir, "studies", path, sizeof path)), 0);
    assert_int_equal(mkfifo(path, 0666), 0);
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
        char dir[STORE_PATH], path[STORE_PATH + 128];
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
    static const char *const files[] = {"study.json", "study.json", "study.json",
                                        "studies/t/study.json"};
    static const char *const records[] = {
        "{",
        "{\"name\": \"t\", \"seeds\": [0], \"cells\": [], \"tickets\": []}",
        "{\"name\": \"t\", \"seeds\": [0], \"settings\": [], \"tickets\": []}",
        "{\"name\": \"t\", \"seeds\": [0], \"cells\": [], \"tickets\": []}",
    };
    for (int i = 0; i < 4; i++) {
        store_fixture *f = NULL;
        cop_error err = {0};
        char path[STORE_PATH + 128];
        assert_int_equal(open_store_fixture((void **)&f), 0);
        if (i == 0)
            publish(f);
        cop_store_close(f->store);
        f->store = NULL;
        leave_theirs(f->dir);
        path_of(f->dir, files[i], path, sizeof path);
        write_bytes(path, records[i], strlen(records[i]));
        write_bytes(path_of(f->dir, "config.txt", path, sizeof path), "x", 1);
        path_of(f->dir, "store/coppice-store", path, sizeof path);
        assert_int_equal(unlink(path), 0);
        assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
        assert_int_equal(access(path, F_OK), 0);
        assert_int_equal(store_has(f->store, &f->id), i == 0);
        assert_theirs(f->dir);
        (void)close_store_fixture((void **)&f);
    }
}

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
        WITH_STORE(what_killed_runs_left_goes_when_nobody_uses_the_directory),
        WITH_STORE(what_was_left_meanwhile_goes_at_the_end),
        WITH_STORE(a_reader_keeps_a_run_from_tidying_up),
        cmocka_unit_test(opening_to_read_makes_nothing),
        cmocka_unit_test(a_directory_where_others_have_our_names_is_refused),
        cmocka_unit_test(a_directory_with_other_files_is_used_and_they_stay),
        WITH_STORE(a_directory_that_cannot_be_listed_is_not_taken_for_a_free_one),
        WITH_STORE(a_pipe_in_the_place_of_the_records_is_refused),
        cmocka_unit_test(runs_that_start_at_once_all_get_a_fresh_directory),
        cmocka_unit_test(a_store_without_a_mark_is_adopted),
        cmocka_unit_test(refuses_a_directory_whose_path_leaves_no_room_for_artifacts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
