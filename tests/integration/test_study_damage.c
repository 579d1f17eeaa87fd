/* test_study_damage.c: what is not what it should be is named, set aside and computed again. */
#include "study_bench.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/log.h"
#include "study/running/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The first stage is made without complaint and never reads back. */
static size_t first_runs;
static cop_status run_in_vain(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    if (stage == &r->study->stages[0]) {
        first_runs++;
        return COP_OK;
    }
    r->damaged = 0;
    return cop_fail(err, COP_DAMAGED, "is no set");
}

static void what_cannot_be_read_back_is_made_again_once(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    bench_open(&b, base_config, NULL, 0);
    cop_runner r = {.study = b.study, .store = b.store};
    first_runs = 0;
    cop_status status = cop_run_whole(&r, &b.study->stages[1], run_in_vain, &err);
    assert_refused(status, COP_FAILED, &err, "was just made and cannot be read back: is no set");
    assert_int_equal(first_runs, 1);
    bench_close(&b);
}

static void a_damaged_artifact_is_named(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char path[BENCH_PATH];
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    const cop_stage *copy = &b.study->stages[ticket_at(&b, 1)->copies[0]];
    cop_store_path(b.store, &copy->id, "state.safetensors", path, sizeof path);
    assert_int_equal(truncate(path, 100), 0);
    cop_runner r = {.study = b.study, .store = b.store};
    cop_tensors *none = NULL;
    cop_status status = cop_load_final(&r, ticket_at(&b, 1)->copies[0], &none, &err);
    assert_refused(status, COP_DAMAGED, &err, "is damaged");
    assert_string_equal(err.file, path);
    assert_int_equal(r.damaged, ticket_at(&b, 1)->copies[0]);
    bench_close(&b);
}

/* Runs the study again; gives what was said. The caller's, to free. */
static char *run_and_listen(const bench *b)
{
    cop_error err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    assert_non_null(log);
    assert_ok(cop_study_run(b->study, b->store, NULL, log, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void folder_of(const bench *b, const cop_stage *stage, char *path)
{
    cop_store_path(b->store, &stage->id, "", path, BENCH_PATH);
}

static void exchange_two_trainings(const bench *b)
{
    char one[BENCH_PATH], other[BENCH_PATH], between[BENCH_PATH + 16];
    folder_of(b, &b->study->stages[ticket_at(b, 1)->copies[0]], one);
    folder_of(b, &b->study->stages[ticket_at(b, 1)->copies[1]], other);
    (void)snprintf(between, sizeof between, "%s/between", b->dir);
    assert_int_equal(rename(one, between), 0);
    assert_int_equal(rename(other, one), 0);
    assert_int_equal(rename(between, other), 0);
}

static void write_into(const bench *b, int32_t stage, const char *file, const char *text)
{
    char path[BENCH_PATH];
    cop_error err = {0};
    cop_store_path(b->store, &b->study->stages[stage].id, file, path, sizeof path);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

static void break_the_manifest(const bench *b)
{
    write_into(b, ticket_at(b, 1)->mask, "artifact.json", "{\"kind\": \"mask\"");
}

static void cut_a_table(const bench *b)
{
    write_into(b, ticket_at(b, 1)->analyses[0], "tables.json", "[]");
}

static void lose_a_file(const bench *b)
{
    char path[BENCH_PATH];
    cop_store_path(b->store, &b->study->stages[ticket_at(b, 0)->copies[0]].id, "history.csv", path,
                   sizeof path);
    assert_int_equal(unlink(path), 0);
}

static void put_a_file_in_a_folders_place(const bench *b)
{
    char path[BENCH_PATH];
    cop_error err = {0};
    folder_of(b, &b->study->stages[ticket_at(b, 1)->mask], path);
    remove_tree(path);
    assert_ok(cop_file_write(path, "x", 1, &err), &err);
}

static const struct {
    void (*harm)(const bench *b);
    const char *said;
    int again; /* stages that are computed again */
} harms[] = {
    {exchange_two_trainings, "is not this artifact but train-", 2},
    {break_the_manifest, "artifact.json: is not JSON, or was cut short", 1},
    {cut_a_table, "tables.json: is damaged: 2 bytes, recorded ", 1},
    {lose_a_file, "history.csv: is missing", 1},
    {put_a_file_in_a_folders_place, "is not a directory", 1},
};

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void a_run_sets_aside_what_is_not_its_own_and_computes_it_again(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rounds=1", "dataset.train_size=80",
                                            "dataset.test_size=40"};
    bench whole, b;
    bench_open(&whole, base_config, overrides, 3);
    bench_run(&whole);
    bench_open(&b, base_config, overrides, 3);
    bench_run(&b);
    for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++) {
        harms[i].harm(&b);
        char *said = run_and_listen(&b);
        if (occurrences(said, harms[i].said) != harms[i].again ||
            occurrences(said, " is computed again: ") != harms[i].again ||
            occurrences(said, "; set aside as ") != harms[i].again ||
            occurrences(said, "\n") != harms[i].again)
            fail_msg("harm %zu: %s", i, said);
        free(said);
        assert_same_results(&whole, &b);
        said = run_and_listen(&b);
        assert_string_equal(said, "");
        free(said);
    }
    bench_close(&b);
    bench_close(&whole);
}

/* A flipped bit in a large file, which is only looked at when a stage reads it. */
static void damage_that_a_stage_finds_is_computed_again_first(void **state)
{
    (void)state;
    /* A network large enough for its state not to be a small file. */
    static const char *const overrides[] = {
        "ticket.phases.[0].rounds=1", "dataset.train_size=80", "dataset.test_size=40",
        "train.duration=\"1ep\"", "ticket.model={ plugin = \"convnet\"; depth = 1; width = 110; }"};
    bench whole, b;
    bench_open(&whole, base_config, overrides, 5);
    bench_run(&whole);
    bench_open(&b, base_config, overrides, 5);
    bench_run(&b);
    char path[BENCH_PATH];
    const cop_stage *copy = &b.study->stages[ticket_at(&b, 1)->copies[0]];
    cop_store_path(b.store, &copy->id, "state.safetensors", path, sizeof path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_true(ftell(file) > 1 << 20);
    assert_int_equal(fseek(file, -100, SEEK_END), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -100, SEEK_END), 0);
    assert_true(fputc(byte ^ 1, file) != EOF);
    assert_int_equal(fclose(file), 0);
    folder_of(&b, &b.study->stages[ticket_at(&b, 1)->analyses[0]], path);
    remove_tree(path);
    char *said = run_and_listen(&b);
    if (strstr(said, copy->title) == NULL || strstr(said, " is computed again: ") == NULL ||
        strstr(said, "is damaged: checksum ") == NULL || occurrences(said, "\n") != 1)
        fail_msg("%s", said);
    free(said);
    assert_same_results(&whole, &b);
    bench_close(&b);
    bench_close(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_damaged_artifact_is_named),
        cmocka_unit_test(what_cannot_be_read_back_is_made_again_once),
        cmocka_unit_test(a_run_sets_aside_what_is_not_its_own_and_computes_it_again),
        cmocka_unit_test(damage_that_a_stage_finds_is_computed_again_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
