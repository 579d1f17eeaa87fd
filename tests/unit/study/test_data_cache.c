/* test_data_cache.c: what was read of a slow dataset is read from the cache afterwards, whatever
 * happened to that meanwhile. */
#include "support.h"

#include "core/log.h"
#include "core/text.h"
#include "plugin/options/setting.h"
#include "study/data/data.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNT = 40, RECORD = 5, PATH = 1024 };

static cop_registry *registry;
static char dir[256];

/* Before each test: a fresh directory with images in it. */
static int begin(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    return unsetenv("COPPICE_TEST_NO_READ");
}

static int end(void **state)
{
    (void)state;
    remove_tree(dir);
    return unsetenv("COPPICE_TEST_NO_READ");
}

static int open_plugins(void **state)
{
    (void)state;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 1, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_plugins(void **state)
{
    (void)state;
    cop_registry_free(registry);
    return 0;
}

static void write_images(int salt)
{
    char path[PATH];
    unsigned char bytes[COUNT * RECORD];
    for (int i = 0; i < COUNT * RECORD; i++)
        bytes[i] = (unsigned char)(i % RECORD == 0 ? i / RECORD % 2 : 7 * i + salt);
    (void)snprintf(path, sizeof path, "%s/images", dir);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, sizeof bytes, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    /* Files that are written within a tick of the clock have one time. */
    const struct timespec times[2] = {{.tv_sec = 1000 + salt}, {.tv_sec = 1000 + salt}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* A dataset, and what was said while it was loaded. */
typedef struct loaded {
    cop_component *component;
    cop_loaded_data *data;
    char said[1000];
} loaded;

static cop_status load_of(const char *plugin, const char *options, const cop_data_home *home,
                          loaded *out, cop_error *err)
{
    cop_text whole = {0};
    config_t config;
    char *said = NULL;
    size_t size = 0;
    *out = (loaded){0};
    cop_text_printf(&whole, "x = { plugin = \"%s\"; path = \"%s/images\"; %s };", plugin, dir,
                    options);
    assert_ok(cop_syntax_parse(whole.data, whole.length, "t.cfg", &config, err), err);
    cop_text_free(&whole);
    const config_setting_t *group = config_setting_get_member(config_root_setting(&config), "x");
    assert_ok(cop_component_read(registry, COP_KIND_DATASET, group, NULL, "t.cfg", NULL,
                                 &out->component, err),
              err);
    config_destroy(&config);
    FILE *stream = open_memstream(&said, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    cop_status status = cop_loaded_data_open(out->component, home, log, &out->data, err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    (void)snprintf(out->said, sizeof out->said, "%s", said);
    free(said);
    return status;
}

static cop_status load(const char *options, bool may_write, loaded *out, cop_error *err)
{
    char out_dir[PATH];
    (void)snprintf(out_dir, sizeof out_dir, "%s/out", dir);
    const cop_data_home home = {.dir = out_dir, .may_write = may_write};
    return load_of("decodes", options, &home, out, err);
}

static void unload(loaded *l)
{
    cop_loaded_data_free(l->data);
    cop_component_free(l->component);
}

/* Loads it and gives its fingerprint. */
static void fingerprint(const char *options, char out[33])
{
    loaded l;
    cop_error err = {0};
    assert_ok(load(options, true, &l, &err), &err);
    assert_string_equal(l.said, "");
    memcpy(out, l.data->fingerprint, 33);
    unload(&l);
}

/* The files in the cache; the path of the last one. */
static int count_cached(char path[PATH])
{
    char folder[PATH / 2];
    int count = 0;
    (void)snprintf(folder, sizeof folder, "%s/out/store/cache", dir);
    DIR *listing = opendir(folder);
    for (struct dirent *e = listing != NULL ? readdir(listing) : NULL; e != NULL;
         e = readdir(listing)) {
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, PATH, "%s/%.300s", folder, e->d_name);
        count++;
    }
    if (listing != NULL)
        (void)closedir(listing);
    return count;
}

static void refuse_to_read(void)
{
    assert_int_equal(setenv("COPPICE_TEST_NO_READ", "1", 1), 0);
}

static void a_second_run_decodes_nothing(void **state)
{
    (void)state;
    char first[33], second[33], path[PATH];
    write_images(1);
    fingerprint("", first);
    assert_int_equal(count_cached(path), 1);
    refuse_to_read();
    fingerprint("", second);
    assert_string_equal(first, second);
}

static void samples_are_those_that_the_plugin_gives(void **state)
{
    (void)state;
    loaded l;
    cop_error err = {0};
    write_images(1);
    for (int run = 0; run < 2; run++) {
        assert_ok(load("", true, &l, &err), &err);
        assert_int_equal(l.data->train.count, COUNT);
        assert_int_equal(l.data->test.count, 2);
        for (int64_t i = 0; i < COUNT; i++) {
            float pixels[4];
            cop_samples_pixels(&l.data->train, i, pixels);
            assert_int_equal(cop_samples_label(&l.data->train, i), i % 2);
            for (int k = 0; k < 4; k++) {
                int byte = (int)((7 * (i * RECORD + 1 + k) + 1) % 256);
                assert_true(pixels[k] == (float)byte / 255.0f);
            }
        }
        unload(&l);
        refuse_to_read();
    }
}

static void what_is_prepared_is_taken_from_it_too(void **state)
{
    (void)state;
    static const char *const options =
        "validation = 8; per_class = 10; subset = 0.5; label_noise = 0.5;";
    char with[33], path[PATH];
    write_images(1);
    fingerprint(options, with);
    assert_int_equal(count_cached(path), 1);
    refuse_to_read();
    char again[33];
    fingerprint(options, again);
    assert_string_equal(with, again);
    /* Another preparation of what was read: the same file. */
    fingerprint("validation = 0.5;", again);
    assert_string_not_equal(with, again);
    fingerprint("validation = 8; zca = 0.1;", again);
    assert_int_equal(count_cached(path), 1);
}

static void a_file_that_changed_is_read_again(void **state)
{
    (void)state;
    char first[33], second[33], path[PATH];
    write_images(1);
    fingerprint("", first);
    write_images(2);
    fingerprint("", second);
    assert_string_not_equal(first, second);
    assert_int_equal(count_cached(path), 2);
}

/* Changes one byte of a file, from behind where `at` is below 0. */
static void change_byte(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void a_damaged_cache_is_made_again(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "holds other images than those of its name", "does not match its checksum",
        "does not match its checksum", "has another size than the images that it is to hold",
        "has another size than the images that it is to hold"};
    char first[33], path[PATH];
    write_images(1);
    fingerprint("", first);
    assert_int_equal(count_cached(path), 1);
    for (int i = 0; i < 5; i++) {
        loaded l;
        cop_error err = {0};
        if (i < 3)
            change_byte(path, i == 0 ? 20 : i == 1 ? 4100 : -1);
        else
            assert_int_equal(truncate(path, i == 3 ? 4200 : 0), 0);
        assert_ok(load("", true, &l, &err), &err);
        if (strstr(l.said, texts[i]) == NULL || strstr(l.said, path) == NULL)
            fail_msg("case %d: %s", i, l.said);
        assert_string_equal(l.data->fingerprint, first);
        unload(&l);
        refuse_to_read(); /* it is whole again */
        char again[33];
        fingerprint("", again);
        assert_string_equal(again, first);
        assert_int_equal(unsetenv("COPPICE_TEST_NO_READ"), 0);
    }
}

static void who_only_looks_writes_nothing(void **state)
{
    (void)state;
    char path[PATH], first[33];
    loaded l;
    cop_error err = {0};
    struct stat info;
    write_images(1);
    assert_ok(load("", false, &l, &err), &err);
    unload(&l);
    (void)snprintf(path, sizeof path, "%s/out", dir);
    assert_int_not_equal(stat(path, &info), 0);
    fingerprint("", first);
    refuse_to_read();
    assert_ok(load("", false, &l, &err), &err);
    assert_string_equal(l.data->fingerprint, first);
    unload(&l);
}

static void a_cache_that_cannot_be_written_is_done_without(void **state)
{
    (void)state;
    char path[PATH], first[33];
    loaded l;
    cop_error err = {0};
    write_images(1);
    fingerprint("", first);
    assert_int_equal(count_cached(path), 1);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/out/store/cache", dir);
    assert_int_equal(rmdir(path), 0);
    FILE *file = fopen(path, "w"); /* in its place */
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_ok(load("", true, &l, &err), &err);
    assert_non_null(strstr(l.said, "what is read is not kept"));
    assert_string_equal(l.data->fingerprint, first);
    unload(&l);
}

static void what_the_plugin_fails_with_is_said_and_leaves_nothing(void **state)
{
    (void)state;
    char path[PATH];
    loaded l;
    cop_error err = {0};
    write_images(1);
    assert_refused(load("stampless = true;", true, &l, &err), COP_FAILED, &err, "/nowhere/at/all");
    assert_string_equal(err.file, "t.cfg");
    unload(&l);
    err = (cop_error){0};
    refuse_to_read();
    assert_refused(load("", true, &l, &err), COP_FAILED, &err, "it was read");
    unload(&l);
    assert_int_equal(count_cached(path), 0);
}

/* Opens data of 1,000 images of a byte each in both splits, which do not tell their files. */
static void load_toy(size_t most, bool may_write, const char *options, loaded *l)
{
    char out_dir[PATH], all[200];
    cop_error err = {0};
    (void)snprintf(out_dir, sizeof out_dir, "%s/out", dir);
    (void)snprintf(all, sizeof all, "size = 1000; %s", options);
    const cop_data_home home = {.dir = out_dir, .may_write = may_write, .most = most};
    assert_ok(load_of("toydata", all, &home, l, &err), &err);
    assert_string_equal(l->said, "");
}

static void data_larger_than_memory_may_hold_are_in_a_file_that_goes(void **state)
{
    (void)state;
    static const char *const prepared[] = {"", "validation = 0.2; subset = 300;"};
    static const size_t read[] = {2000, 1000}; /* held-out images are of the training split */
    for (int i = 0; i < 2; i++) {
        loaded whole, part;
        char path[PATH];
        load_toy(read[i], true, prepared[i], &whole);
        load_toy(read[i] - 1, true, prepared[i], &part);
        assert_null(whole.data->mapping.file.bytes);
        assert_non_null(part.data->mapping.file.bytes);
        assert_int_equal(part.data->mapping.file.most, read[i] - 1);
        assert_string_equal(whole.data->fingerprint, part.data->fingerprint);
        for (int64_t k = 0; k < part.data->train.count; k++) {
            float expected = 0.0f, pixel = 0.0f;
            cop_samples_pixels(&whole.data->train, k, &expected);
            cop_samples_pixels(&part.data->train, k, &pixel);
            assert_true(pixel == expected);
        }
        assert_int_equal(count_cached(path), 0);
        unload(&whole);
        unload(&part);
    }
}

static void who_only_looks_holds_them_all(void **state)
{
    (void)state;
    loaded l;
    load_toy(10, false, "", &l);
    assert_null(l.data->mapping.file.bytes);
    unload(&l);
}

/* Whitened images are floats in memory. */
static void whitening_more_than_memory_may_hold_is_refused(void **state)
{
    (void)state;
    loaded l;
    cop_error err = {0};
    char out_dir[PATH];
    (void)snprintf(out_dir, sizeof out_dir, "%s/out", dir);
    const cop_data_home home = {.dir = out_dir, .may_write = true, .most = 8 * COUNT};
    write_images(1);
    assert_refused(load_of("decodes", "\nzca = 0.1;", &home, &l, &err), COP_INVALID, &err,
                   "zca keeps all 42 images in memory as floats");
    assert_int_equal(err.line, 2);
    unload(&l);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_second_run_decodes_nothing),
        TEST(samples_are_those_that_the_plugin_gives),
        TEST(what_is_prepared_is_taken_from_it_too),
        TEST(a_file_that_changed_is_read_again),
        TEST(a_damaged_cache_is_made_again),
        TEST(who_only_looks_writes_nothing),
        TEST(a_cache_that_cannot_be_written_is_done_without),
        TEST(what_the_plugin_fails_with_is_said_and_leaves_nothing),
        TEST(data_larger_than_memory_may_hold_are_in_a_file_that_goes),
        TEST(who_only_looks_holds_them_all),
        TEST(whitening_more_than_memory_may_hold_is_refused),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
