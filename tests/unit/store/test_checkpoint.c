/* test_checkpoint.c: a checkpoint comes back as it was, or counts as absent. */
#include "store_fixture.h"

#include "core/damage.h"
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

/* Some state; the caller's. */
static cop_saved some_state(int64_t step, double seconds)
{
    return (cop_saved){.bag = some_tensors(), .step = step, .seconds = seconds};
}

/* The checkpoint of the fixture's artifact, without a bag for none; the caller's. */
static cop_saved load_checkpoint(const store_fixture *f)
{
    cop_error err = {0};
    cop_saved back;
    assert_ok(cop_checkpoint_load(f->store, &f->id, NULL, &back, &err), &err);
    return back;
}

static void assert_no_checkpoint(const store_fixture *f)
{
    cop_saved back = load_checkpoint(f);
    assert_null(back.bag);
    assert_null(back.series);
}

static void assert_same_tensors(const cop_tensors *a, const cop_tensors *b)
{
    assert_int_equal(cop_tensors_count(a), cop_tensors_count(b));
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *x = cop_tensors_at(a, i), *y = cop_tensors_at(b, i);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->dtype, y->dtype);
        assert_true(cop_shape_equal(x->shape, y->shape));
        assert_memory_equal(x->data, y->data,
                            (size_t)cop_shape_count(x->shape) * cop_dtype_size(x->dtype));
        assert_ptr_equal(cop_tensors_find(b, x->name), y);
    }
}

static void a_checkpoint_comes_back_and_goes(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_saved saved = some_state(123, 4.5);
    assert_no_checkpoint(f);
    assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
    cop_saved back = load_checkpoint(f);
    assert_non_null(back.bag);
    assert_null(back.series);
    assert_int_equal(back.step, 123);
    assert_true(back.seconds == 4.5);
    assert_same_tensors(saved.bag, back.bag);
    cop_saved_clear(&back);
    cop_checkpoint_remove(f->store, &f->id);
    assert_no_checkpoint(f);
    cop_saved_clear(&saved);
}

/* Whatever the bag's tensors are called. */
static void what_was_recorded_comes_back_apart_from_the_bag(void **state)
{
    store_fixture *f = *state;
    static const char *const names[] = {NULL, "series/a", "series//a", "series/", "series"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cop_error err = {0};
        cop_saved saved = some_state(2, 1.0);
        saved.series = some_tensors();
        for (size_t k = 1; k <= i; k++)
            assert_ok(cop_tensors_add(saved.bag, names[k], COP_F32, cop_shape1(3), NULL, &err),
                      &err);
        assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
        cop_saved back = load_checkpoint(f);
        assert_non_null(back.series);
        assert_same_tensors(saved.bag, back.bag);
        assert_same_tensors(saved.series, back.series);
        assert_null(cop_tensors_find(back.bag, "series/n"));
        cop_saved_clear(&back);
        cop_saved_clear(&saved);
    }
}

static void a_truncated_checkpoint_counts_as_absent(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_saved saved = some_state(1, 1.0);
    char path[STORE_PATH + 128];
    assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(truncate(path, 40), 0);
    assert_no_checkpoint(f);
    cop_saved_clear(&saved);
}

/* A bit may flip where it means nothing (the padding of the header); then all must be as it was. */
static void a_flipped_bit_in_a_checkpoint_changes_nothing_silently(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_saved saved = some_state(123, 4.5);
    saved.series = some_tensors();
    char path[STORE_PATH + 128], *data = NULL;
    size_t size = 0, refused = 0;
    assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, &size, &err), &err);
    for (size_t i = 0; i < 8 * size; i += 3) {
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        write_bytes(path, data, size);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        cop_saved back = load_checkpoint(f);
        if (back.bag == NULL) {
            refused++;
            continue;
        }
        assert_int_equal(back.step, 123);
        assert_true(back.seconds == 4.5);
        assert_same_tensors(saved.bag, back.bag);
        assert_non_null(back.series);
        assert_same_tensors(saved.series, back.series);
        cop_saved_clear(&back);
    }
    assert_true(refused * 3 > 8 * size - 8 * 16); /* but for some spaces */
    free(data);
    cop_saved_clear(&saved);
}

static void a_checkpoint_of_no_step_counts_as_absent(void **state)
{
    store_fixture *f = *state;
    static const int64_t steps[] = {-1, INT64_MIN};
    cop_saved saved = some_state(0, 1.0);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        cop_error err = {0};
        saved.step = steps[i];
        assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
        assert_no_checkpoint(f);
    }
    cop_saved_clear(&saved);
}

static void another_stages_checkpoint_is_never_resumed(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_saved saved = some_state(5, 1.0), back;
    cop_artifact_id other = name_of("train", "another one");
    char from[STORE_PATH + 128], to[STORE_PATH + 128], *said = NULL;
    size_t size = 0;
    assert_ok(cop_checkpoint_save(f->store, &other, &saved, &err), &err);
    checkpoint_file(f, to, sizeof to);
    (void)snprintf(from, sizeof from, "%s/work/train-%s.checkpoint.safetensors", f->dir,
                   other.hash);
    assert_int_equal(rename(from, to), 0);
    FILE *stream = open_memstream(&said, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_INFO, false);
    assert_ok(cop_checkpoint_load(f->store, &f->id, log, &back, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    assert_null(back.bag);
    assert_non_null(strstr(said, "starting over, checkpoint of another stage, train-"));
    free(said);
    cop_saved_clear(&saved);
}

/* A link to itself stands for a disk that does not read: the file may be good. */
static void a_checkpoint_that_cannot_be_read_stops_the_run_and_stays(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_saved back;
    char path[STORE_PATH + 128];
    checkpoint_file(f, path, sizeof path);
    assert_int_equal(symlink(path, path), 0);
    assert_refused(cop_checkpoint_load(f->store, &f->id, NULL, &back, &err), COP_FAILED, &err,
                   strerror(ELOOP));
    assert_non_null(strstr(err.message, "to start this stage over, delete the file"));
    assert_true(strncmp(err.file, path, strlen(err.file)) == 0 && err.file[0] != '\0');
    assert_null(back.bag);
    assert_int_equal(unlink(path), 0); /* was left there */
}

static void a_glance_tells_how_far_it_is_and_whose(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH + 100], owner[COP_ARTIFACT_NAME_SIZE], self[COP_ARTIFACT_NAME_SIZE];
    cop_saved saved = some_state(321, 6.5);
    int64_t step = 0;
    double seconds = 0.0;
    assert_ok(cop_checkpoint_save(f->store, &f->id, &saved, &err), &err);
    checkpoint_file(f, path, sizeof path);
    assert_ok(cop_checkpoint_glance(path, owner, &step, &seconds, &err), &err);
    assert_int_equal(step, 321);
    assert_true(seconds == 6.5);
    assert_string_equal(owner, cop_artifact_text(&f->id, self));
    write_bytes(path, "x", 1);
    assert_refused(cop_checkpoint_glance(path, owner, &step, &seconds, &err), COP_DAMAGED, &err,
                   "is not a safetensors file");
    cop_saved_clear(&saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_checkpoint_comes_back_and_goes),
        WITH_STORE(what_was_recorded_comes_back_apart_from_the_bag),
        WITH_STORE(a_truncated_checkpoint_counts_as_absent),
        WITH_STORE(a_flipped_bit_in_a_checkpoint_changes_nothing_silently),
        WITH_STORE(a_checkpoint_of_no_step_counts_as_absent),
        WITH_STORE(another_stages_checkpoint_is_never_resumed),
        WITH_STORE(a_glance_tells_how_far_it_is_and_whose),
        WITH_STORE(a_checkpoint_that_cannot_be_read_stops_the_run_and_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
