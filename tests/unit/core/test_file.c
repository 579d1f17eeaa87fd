/* test_file.c: reading whole files, replacing them atomically, making directories. */
#include "core/file.h"
#include "support.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[256];

static const char *in_directory(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int set_up(void **state)
{
    (void)state;
    make_temp_dir(directory, sizeof directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_tree(directory);
    return 0;
}

static int entries(void)
{
    int count = 0;
    DIR *listing = opendir(directory);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        count += entry->d_name[0] != '.';
    (void)closedir(listing);
    return count;
}

static void check_content(const char *path, const char *wanted)
{
    cop_error err = {0};
    char *data = NULL;
    size_t size = 0;
    assert_ok(cop_file_read(path, 1000, &data, &size, &err), &err);
    assert_int_equal(size, strlen(wanted));
    assert_string_equal(data, wanted);
    free(data);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 4095, 4096, 4097, 1000000};
    char *bytes = malloc(1000000);
    assert_non_null(bytes);
    for (size_t i = 0; i < 1000000; i++)
        bytes[i] = (char)(i * 31);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        cop_error err = {0};
        char *data = NULL;
        size_t size = 0;
        assert_ok(cop_file_write(in_directory("f"), bytes, sizes[i], &err), &err);
        assert_ok(cop_file_read(in_directory("f"), sizes[i], &data, &size, &err), &err);
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(data, bytes, size);
        assert_int_equal(data[size], 0);
        free(data);
    }
    assert_int_equal(entries(), 1);
    free(bytes);
}

static void files_of_unknown_size_are_read(void **state)
{
    (void)state;
    cop_error err = {0};
    char *data = NULL;
    assert_ok(cop_file_read("/proc/self/status", 1000000, &data, NULL, &err), &err);
    assert_non_null(strstr(data, "VmPeak"));
    free(data);
}

static void reading_refuses_with_path_and_reason(void **state)
{
    (void)state;
    cop_error err = {0};
    char *data = NULL;
    assert_refused(cop_file_read(in_directory("no\nfile"), 10, &data, NULL, &err), COP_FAILED, &err,
                   "/no\\nfile: No such file or directory");
    assert_refused(cop_file_read(directory, 10, &data, NULL, &err), COP_FAILED, &err,
                   "Is a directory");
    assert_ok(cop_file_write(in_directory("eleven"), "eleven bytes", 11, &err), &err);
    assert_refused(cop_file_read(in_directory("eleven"), 10, &data, NULL, &err), COP_FAILED, &err,
                   "/eleven: it is larger than 10 bytes");
    assert_refused(cop_file_read("/dev/zero", 100000, &data, NULL, &err), COP_FAILED, &err,
                   "/dev/zero: it is larger than 100000 bytes");
    assert_null(data);
}

static void until_commit_the_old_file_stands(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_writer *writer = NULL;
    assert_ok(cop_file_write(in_directory("f"), "old", 3, &err), &err);
    assert_ok(cop_writer_open(in_directory("f"), &writer, &err), &err);
    assert_ok(cop_writer_write(writer, "new", 3, &err), &err);
    check_content(in_directory("f"), "old");
    cop_writer_discard(writer);
    check_content(in_directory("f"), "old");
    assert_int_equal(entries(), 1);
    assert_ok(cop_writer_open(in_directory("f"), &writer, &err), &err);
    assert_ok(cop_writer_write(writer, "ne", 2, &err), &err);
    assert_ok(cop_writer_write(writer, "wer", 3, &err), &err);
    assert_ok(cop_writer_commit(writer, &err), &err);
    check_content(in_directory("f"), "newer");
    assert_int_equal(entries(), 1);
    cop_writer_discard(NULL);
}

static void two_writers_of_one_file_do_not_mix(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_writer *first = NULL;
    cop_writer *second = NULL;
    assert_ok(cop_writer_open(in_directory("f"), &first, &err), &err);
    assert_ok(cop_writer_open(in_directory("f"), &second, &err), &err);
    assert_ok(cop_writer_write(first, "first", 5, &err), &err);
    assert_ok(cop_writer_write(second, "second", 6, &err), &err);
    assert_ok(cop_writer_commit(second, &err), &err);
    assert_ok(cop_writer_commit(first, &err), &err);
    check_content(in_directory("f"), "first");
    assert_int_equal(entries(), 1);
}

static void new_files_obey_the_umask(void **state)
{
    (void)state;
    cop_error err = {0};
    struct stat info;
    mode_t before = umask(027);
    assert_ok(cop_file_write(in_directory("f"), "x", 1, &err), &err);
    (void)umask(before);
    assert_int_equal(stat(in_directory("f"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

/* A size limit stands for the full disk: both make write() fall short, then fail. */
static void a_full_disk_keeps_the_old_file(void **state)
{
    (void)state;
    cop_error err = {0};
    static char bytes[100000];
    struct rlimit before;
    assert_ok(cop_file_write(in_directory("f"), "old", 3, &err), &err);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 50000, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    cop_status status = cop_file_write(in_directory("f"), bytes, sizeof bytes, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_refused(status, COP_FAILED, &err, "/f: File too large");
    check_content(in_directory("f"), "old");
    assert_int_equal(entries(), 1);
}

static void writing_refuses_with_path_and_reason(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_refused(cop_file_write(in_directory("absent/f"), "x", 1, &err), COP_FAILED, &err,
                   "/absent/f: No such file or directory");
    assert_ok(cop_make_dirs(in_directory("taken"), &err), &err);
    assert_refused(cop_file_write(in_directory("taken"), "x", 1, &err), COP_FAILED, &err,
                   "/taken: Is a directory");
    assert_int_equal(entries(), 1);
}

static void directories_are_made_with_those_above(void **state)
{
    (void)state;
    cop_error err = {0};
    struct stat info;
    static const char *const paths[] = {"a/b/c", "a/b/c", "a", "d//e/", "f/./g"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_ok(cop_make_dirs(in_directory(paths[i]), &err), &err);
        assert_int_equal(stat(in_directory(paths[i]), &info), 0);
        assert_true(S_ISDIR(info.st_mode));
    }
    assert_ok(cop_make_dirs("/", &err), &err);
    assert_ok(cop_make_dirs(".", &err), &err);
    assert_refused(cop_make_dirs("", &err), COP_FAILED, &err, "No such file or directory");
    assert_ok(cop_file_write(in_directory("file"), "x", 1, &err), &err);
    assert_refused(cop_make_dirs(in_directory("file/x"), &err), COP_FAILED, &err,
                   "/file/x: Not a directory");
    assert_refused(cop_make_dirs(in_directory("file"), &err), COP_FAILED, &err,
                   "/file: Not a directory");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(files_of_unknown_size_are_read),
        TEST(reading_refuses_with_path_and_reason),
        TEST(until_commit_the_old_file_stands),
        TEST(two_writers_of_one_file_do_not_mix),
        TEST(new_files_obey_the_umask),
        TEST(a_full_disk_keeps_the_old_file),
        TEST(writing_refuses_with_path_and_reason),
        TEST(directories_are_made_with_those_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
