/* test_part_of_file.c: what plugins open is a regular file, and what they read of it is whole. */
#include "store_fixture.h"

#include <coppice/files.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void refuse(const char *path, const char *text)
{
    int file = -1;
    int64_t size = -1;
    cop_error err = {0};
    assert_refused(cop_file_open(path, &file, &size, &err), COP_INVALID, &err, text);
    assert_string_equal(err.file, path);
    assert_int_equal(file, -1);
}

static void only_a_regular_file_is_opened(void **state)
{
    const store_fixture *f = *state;
    char path[STORE_PATH + 32];
    (void)snprintf(path, sizeof path, "%s/x", f->dir);
    refuse(path, "cannot open: No such file");
    assert_int_equal(mkfifo(path, 0600), 0); /* opening one waits for its writer */
    refuse(path, "is not a regular file");
    refuse(f->dir, "is not a regular file");
    refuse("/dev/zero", "is not a regular file");
}

static void a_part_is_read_as_a_whole_or_not_at_all(void **state)
{
    const store_fixture *f = *state;
    char path[STORE_PATH + 32], out[8] = "";
    int file = -1;
    int64_t size = 0;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/x", f->dir);
    write_bytes(path, "0123456789", 10);
    assert_ok(cop_file_open(path, &file, &size, &err), &err);
    assert_int_equal(size, 10);
    for (int i = 0; i < 2; i++) { /* the position does not move */
        assert_ok(cop_file_read_at(file, path, 3, out, 4, &err), &err);
        assert_memory_equal(out, "3456", 4);
    }
    assert_ok(cop_file_read_at(file, path, 10, out, 0, &err), &err);
    assert_refused(cop_file_read_at(file, path, 7, out, 4, &err), COP_FAILED, &err,
                   "ends at byte 10, wanted 4 from byte 7 on");
    assert_string_equal(err.file, path);
    assert_refused(cop_file_read_at(file, path, 70, out, 4, &err), COP_FAILED, &err, "ends at");
    assert_refused(cop_file_read_at(file, path, -1, out, 4, &err), COP_FAILED, &err,
                   "cannot read: Invalid argument");
    assert_int_equal(close(file), 0);
    assert_refused(cop_file_read_at(file, path, 0, out, 1, &err), COP_FAILED, &err,
                   "cannot read: Bad file descriptor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(only_a_regular_file_is_opened),
        WITH_STORE(a_part_is_read_as_a_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
