/* test_resolved.c: a resolved config means what the config meant that it was made of, anywhere. */
#include "support.h"

#include "config/config.h"
#include "core/file.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cop_registry *registry;
static char dir[PATH_MAX];

static int open_plugins(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    cop_error err = {0};
    return cop_registry_search(NULL, 0, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_plugins(void **state)
{
    (void)state;
    cop_registry_free(registry);
    remove_tree(dir);
    return 0;
}

static void write_config(const char *name, const char *text, char *path, size_t size)
{
    cop_error err = {0};
    (void)snprintf(path, size, "%s/%s", dir, name);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

/* Writes the resolved text elsewhere, reads it from the root, and compares cell by cell. */
static void assert_means_the_same(const cop_config *config, const char *of)
{
    char path[PATH_MAX + 64], here[PATH_MAX];
    cop_error err = {0};
    cop_config *again = NULL;
    write_config("resolved.cfg", config->resolved, path, sizeof path);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir("/"), 0);
    cop_status status = cop_config_load(path, NULL, 0, registry, NULL, &again, &err);
    assert_int_equal(chdir(here), 0);
    if (status != COP_OK)
        fail_msg("%s: %s:%d: %s\n%s", of, err.file, err.line, err.message, config->resolved);
    assert_string_equal(again->name, config->name);
    assert_int_equal(again->cell_count, config->cell_count);
    for (size_t i = 0; i < config->cell_count; i++) {
        assert_string_equal(again->cells[i].label, config->cells[i].label);
        assert_string_equal(cop_component_identity(again->cells[i].model),
                            cop_component_identity(config->cells[i].model));
    }
    assert_string_equal(again->resolved, config->resolved);
    const char *lines = strchr(config->effective, '\n'), *other = strchr(again->effective, '\n');
    if (strstr(config->effective, "name = \"\";") == NULL)
        assert_string_equal(other, lines);
    cop_config_free(again);
}

static void every_config_that_comes_along_is_resolved_to_the_same_study(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        COPPICE_TEST_SOURCE_DIR "/configs/*.cfg", COPPICE_TEST_SOURCE_DIR "/configs/*/*.cfg",
        COPPICE_TEST_SOURCE_DIR "/tests/fixtures/configs/every-stage.cfg"};
    size_t count = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        glob_t found;
        assert_int_equal(glob(patterns[i], 0, NULL, &found), 0);
        for (size_t k = 0; k < found.gl_pathc; k++) {
            cop_error err = {0};
            cop_config *config = NULL;
            assert_ok(cop_config_load(found.gl_pathv[k], NULL, 0, registry, NULL, &config, &err),
                      &err);
            assert_means_the_same(config, found.gl_pathv[k]);
            cop_config_free(config);
            count++;
        }
        globfree(&found);
    }
    assert_true(count > 8);
}

static const char base[] = "study   = { seeds = (0, 9007199254740993L); threads = 1; };\n"
                           "dataset = { plugin = \"cifar10\"; path = \"data\"; };\n"
                           "ticket  = { model = { plugin = \"convnet\"; };\n"
                           "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.1; }; "
                           "rewind = \"3it\"; } ); };\n"
                           "train   = { recipe = \"sgd\"; lr = 0.1; };\n";

static void overrides_sweeps_and_relative_paths_are_in_it(void **state)
{
    (void)state;
    static const char *const sweeps[] = {
        "",
        "sweep = ( { path = \"train.lr\"; values = [0.3]; labels = [\"only \\\"one\\\"\"]; } );",
        "sweep = ( { path = \"study.threads\"; values = [1, 2]; },\n"
        "          { path = \"ticket.phases.[0].rounds\"; values = [1, 2, 3]; } );",
        "sweep = ( { path = \"distill\"; values = ( { plugin = \"random\"; ipc = 1; },\n"
        "                                        { plugin = \"idc\"; ipc = 2; } ); } );"};
    static const char *const overrides[] = {"train.momentum=0.7", "study.threads=3"};
    for (size_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
        char text[2048], path[PATH_MAX + 64], data[PATH_MAX + 64];
        cop_error err = {0};
        cop_config *config = NULL;
        (void)snprintf(text, sizeof text, "%s%s\n%s", base,
                       i == 3 ? "distill = { plugin = \"idc\"; };" : "", sweeps[i]);
        write_config("my study.cfg", text, path, sizeof path);
        assert_ok(cop_config_load(path, overrides, 2, registry, NULL, &config, &err), &err);
        assert_means_the_same(config, sweeps[i]);
        (void)snprintf(data, sizeof data, "path = \"%s/data\"", dir);
        assert_non_null(strstr(config->resolved, data));
        assert_non_null(strstr(config->resolved, "name = \"my study\""));
        assert_non_null(strstr(config->resolved, "momentum = 0.7"));
        cop_config_free(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_config_that_comes_along_is_resolved_to_the_same_study),
        cmocka_unit_test(overrides_sweeps_and_relative_paths_are_in_it),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
