/* test_checkpoint.c: a checkpoint comes back as it was, or counts as absent. */
#include "store_fixture.h"

#include "core/file.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void checkpoint_file(const store_fixture *f, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/work/train-%s.checkpoint.safetensors", f->dir, f->id.hash);
}

/* The checkpoint of the fixture's artifact, NULL for none; the caller's. */
static cop_tensors *load_checkpoint(const store_fixture *f, int64_t *step, double *seconds)
{
    cop_error err = {0};
    cop_tensors *back = NULL;
    assert_ok(cop_checkpoint_load(f->store, &f->id, NULL, &back, step, seconds, &err), &err);
    return back;
}

static void assert_no_checkpoint(const store_fixture *f)
{
    int64_t step = 0;
    double seconds = 0.0;
    assert_null(load_checkpoint(f, &step, &seconds));
}

static void a_checkpoint_comes_back_and_goes(void **state)
{
    store_fixture *f = *state;
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
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    char path[STORE_PATH + 128];
    assert_ok(cop_checkpoint_save(f->store, &f->id, set, 1, 1.0, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(truncate(path, 40), 0);
    assert_no_checkpoint(f);
    cop_tensors_free(set);
}

/* A bit may flip where it means nothing (the padding of the header); then all must be as it was. */
static void a_flipped_bit_in_a_checkpoint_changes_nothing_silently(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors();
    char path[STORE_PATH + 128], *data = NULL;
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
    store_fixture *f = *state;
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
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = some_tensors(), *back = NULL;
    cop_artifact_id other = name_of("train", "another one");
    char from[STORE_PATH + 128], to[STORE_PATH + 128], *said = NULL;
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
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *back = NULL;
    char path[STORE_PATH + 128];
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_checkpoint_comes_back_and_goes),
        WITH_STORE(a_truncated_checkpoint_counts_as_absent),
        WITH_STORE(a_flipped_bit_in_a_checkpoint_changes_nothing_silently),
        WITH_STORE(a_checkpoint_of_no_step_counts_as_absent),
        WITH_STORE(another_stages_checkpoint_is_never_resumed),
        WITH_STORE(a_checkpoint_that_cannot_be_read_stops_the_run_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
