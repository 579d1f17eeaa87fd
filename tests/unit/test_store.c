/* test_store.c: artifacts are whole or absent, files come back bit for bit, damage is named. */
#include "support.h"

#include "core/file.h"
#include "store/artifact.h"
#include "store/safetensors.h"
#include "store/synthetic.h"
#include "store/tables.h"
#include "train/recipe_text.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    f->id = cop_artifact_name("train", "identity of the test");
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

/* --- artifacts
 * ------------------------------------------------------------------------------------- */

static void test_names_follow_kind_and_text(void **state)
{
    (void)state;
    cop_artifact_id a = cop_artifact_name("train", "x"), b = cop_artifact_name("train", "x");
    cop_artifact_id other_text = cop_artifact_name("train", "y");
    cop_artifact_id other_kind = cop_artifact_name("mask", "x");
    assert_string_equal(a.hash, b.hash);
    assert_string_not_equal(a.hash, other_text.hash);
    assert_string_not_equal(a.hash, other_kind.hash);
    assert_int_equal(strlen(a.hash), 32);
}

static void test_published_artifact_reads_back(void **state)
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

static void test_abandoned_draft_leaves_nothing(void **state)
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
    char path[PATH + 16];
    (void)snprintf(path, sizeof path, "%s/work", f->dir);
    DIR *listing = opendir(path);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0)
            fail_msg("left behind: %s", entry->d_name);
    }
    assert_int_equal(closedir(listing), 0);
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

static void test_publishing_again_keeps_the_whole_one(void **state)
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

static void test_a_draft_keeps_the_good_files_of_a_prefix(void **state)
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

static void test_publishing_over_a_file_fails_with_the_reason(void **state)
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

static void test_two_processes_publish_the_same_artifact(void **state)
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

static void test_changed_file_is_refused_by_name(void **state)
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
                   COP_FAILED, &err, "is damaged");
    assert_refused(cop_store_verify(f->store, &f->id, &err), COP_FAILED, &err, "is damaged");
    assert_refused(cop_store_read_tensors(f->store, &f->id, "other", &set, &err), COP_FAILED, &err,
                   "is not a file of this artifact");
}

static void test_broken_manifest_is_no_artifact(void **state)
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
        assert_false(cop_store_has(f->store, &f->id));
    }
}

/* --- what killed runs leave
 * -------------------------------------------------------------------------------- */

/* Made in a store's directory, and whether it goes when nobody uses the directory. */
static const struct {
    const char *dir, *file; /* a dir without a file is empty */
    bool stale;
} debris[] = {
    {"work/draft-train-0123.77", "state.safetensors.tmp-77-0", true},
    {"work/draft-mask-4567.77", NULL, true},
    {"work/old-train-0123.77", "state.safetensors", true},
    {"work", "train-0123.checkpoint.safetensors.tmp-77-12", true},
    {"work", "train-0123.checkpoint.safetensors", false},
    {".", "study.json.tmp-77-0", true},
    {".", "config.txt.tmp-77-0", true},
    {".", "study.json.tmp-", false},
    {".", "thesis.tex.tmp-77-0", false},
    {"report", "tickets.csv.tmp-77-0", true},
    {"report", "tickets.csv", false},
    {"report", "tickets.csv.tmp-77-0.csv", false},
};

#define DEBRIS (sizeof debris / sizeof debris[0])

static void debris_path(const fixture *f, size_t i, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s%s%s", f->dir, debris[i].dir,
                   debris[i].file != NULL ? "/" : "", debris[i].file != NULL ? debris[i].file : "");
}

static void leave_debris(const fixture *f)
{
    for (size_t i = 0; i < DEBRIS; i++) {
        cop_error err = {0};
        char path[PATH + 64];
        (void)snprintf(path, sizeof path, "%s/%s", f->dir, debris[i].dir);
        assert_ok(cop_make_dirs(path, &err), &err);
        debris_path(f, i, path, sizeof path);
        if (debris[i].file != NULL)
            write_bytes(path, "x", 1);
    }
}

static void assert_debris(const fixture *f, bool swept)
{
    for (size_t i = 0; i < DEBRIS; i++) {
        char path[PATH + 64];
        debris_path(f, i, path, sizeof path);
        if ((access(path, F_OK) == 0) == (swept && debris[i].stale))
            fail_msg("%s %s", path, swept && debris[i].stale ? "is still there" : "is gone");
    }
}

static void test_leftovers_go_when_nobody_uses_the_directory(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_store *other = NULL;
    leave_debris(f);
    /* The fixture's store is open: all of it may be in use. */
    assert_ok(cop_store_open(f->dir, &other, &err), &err);
    assert_debris(f, false);
    cop_store_close(f->store);
    f->store = NULL;
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_debris(f, false); /* the other one is still open */
    cop_store_close(f->store);
    cop_store_close(other);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_debris(f, true);
}

/* --- checkpoints
 * ---------------------------------------------------------------------------------------- */

static void checkpoint_file(const fixture *f, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/work/train-%s.checkpoint.safetensors", f->dir, f->id.hash);
}

static void test_checkpoint_comes_back_and_goes(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors(), *back = NULL;
    int64_t step = 0;
    double seconds = 0.0;
    assert_false(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds));
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 123, 4.5, &err), &err);
    assert_true(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds));
    assert_int_equal(step, 123);
    assert_true(seconds == 4.5);
    assert_memory_equal(cop_tensors_find(back, "a")->data, cop_tensors_find(set, "a")->data, 24);
    cop_tensors_free(back);
    cop_checkpoint_remove(f->store, &f->id);
    assert_false(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds));
    cop_tensors_free(set);
}

static void test_truncated_checkpoint_counts_as_absent(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors(), *back = NULL;
    int64_t step = 0;
    double seconds = 0.0;
    char path[PATH + 128];
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 1, 1.0, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(truncate(path, 40), 0);
    assert_false(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds));
    cop_tensors_free(set);
}

/* A bit may flip where it means nothing (the padding of the header); then all must be as it was. */
static void test_flipped_bit_in_a_checkpoint_changes_nothing_silently(void **state)
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
        cop_tensors *back = NULL;
        int64_t step = 0;
        double seconds = 0.0;
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        write_bytes(path, data, size);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        if (!cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds)) {
            assert_null(back);
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

static void test_checkpoint_of_no_step_counts_as_absent(void **state)
{
    fixture *f = *state;
    static const int64_t steps[] = {-1, INT64_MIN};
    cop_tensors *set = some_tensors(), *back = NULL;
    int64_t step = 0;
    double seconds = 0.0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        cop_error err = {0};
        assert_ok(cop_checkpoint_save(f->store, &f->id, set, steps[i], 1.0, &err), &err);
        assert_false(cop_checkpoint_load(f->store, &f->id, NULL, &back, &step, &seconds));
        assert_null(back);
    }
    cop_tensors_free(set);
}

/* --- tables
 * ------------------------------------------------------------------------------------------------
 */

static void test_tables_come_back_bit_for_bit(void **state)
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
        const cop_cell row[] = {{.i = integers[i]}, {.f = values[i]}, {.text = "a, \"b\"\n"}};
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
        double value = cop_table_cell(read, i, 1).f;
        assert_true(cop_table_cell(read, i, 0).i == integers[i]);
        assert_true(isnan(values[i]) ? isnan(value) : memcmp(&value, &values[i], 8) == 0);
        assert_string_equal(cop_table_cell(read, i, 2).text, "a, \"b\"\n");
    }
    cop_tables_free(tables);
    cop_tables_free(back);
}

static void test_other_json_is_no_table(void **state)
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
        assert_refused(cop_tables_read(path, &tables, &err), COP_FAILED, &err,
                       "is not a file of tables");
    }
}

/* --- distilled sets
 * ------------------------------------------------------------------------------------------ */

static void test_distilled_set_comes_back_whole(void **state)
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
static void test_a_set_with_values_out_of_range_is_refused(void **state)
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
        assert_refused(cop_synthetic_read(path, &back, &err), COP_FAILED, &err, cases[i].text);
        assert_string_equal(err.file, path);
        cop_synthetic_clear(&s);
    }
}

static void test_other_tensors_are_no_distilled_set(void **state)
{
    fixture *f = *state;
    cop_error err = {0};
    cop_synthetic back;
    cop_tensors *set = some_tensors();
    char path[PATH + 32];
    (void)snprintf(path, sizeof path, "%s/set.safetensors", f->dir);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_refused(cop_synthetic_read(path, &back, &err), COP_FAILED, &err,
                   "is not a distilled set");
    cop_tensors_free(set);
}

static void test_recipe_text_reads_back(void **state)
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_follow_kind_and_text),
        WITH_STORE(test_published_artifact_reads_back),
        WITH_STORE(test_abandoned_draft_leaves_nothing),
        cmocka_unit_test(test_publishing_again_keeps_the_whole_one),
        WITH_STORE(test_a_draft_keeps_the_good_files_of_a_prefix),
        WITH_STORE(test_publishing_over_a_file_fails_with_the_reason),
        WITH_STORE(test_two_processes_publish_the_same_artifact),
        WITH_STORE(test_changed_file_is_refused_by_name),
        WITH_STORE(test_broken_manifest_is_no_artifact),
        WITH_STORE(test_leftovers_go_when_nobody_uses_the_directory),
        WITH_STORE(test_checkpoint_comes_back_and_goes),
        WITH_STORE(test_truncated_checkpoint_counts_as_absent),
        WITH_STORE(test_flipped_bit_in_a_checkpoint_changes_nothing_silently),
        WITH_STORE(test_checkpoint_of_no_step_counts_as_absent),
        WITH_STORE(test_tables_come_back_bit_for_bit),
        WITH_STORE(test_other_json_is_no_table),
        WITH_STORE(test_distilled_set_comes_back_whole),
        WITH_STORE(test_a_set_with_values_out_of_range_is_refused),
        WITH_STORE(test_other_tensors_are_no_distilled_set),
        cmocka_unit_test(test_recipe_text_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
