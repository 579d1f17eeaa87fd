/* test_shipped_configs.c: the configs of published settings can be laid out, as `coppice check`
 * does, and each is in the list of configs/README.md. Those on CIFAR-10, which is not in the tree,
 * see images of its size that are drawn. */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "study/study.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAPER COPPICE_TEST_SOURCE_DIR "/configs/paper"

static char *read_whole(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    cop_error err = {0};
    assert_ok(cop_file_read(path, 1 << 20, &text, &size, &err), &err);
    char *whole = realloc(text, size + 1);
    assert_non_null(whole);
    whole[size] = '\0';
    return whole;
}

/* What it says while it is laid out; the caller's. */
static char *lay_out(const cop_registry *r, const char *path, const char *dir)
{
    static const char *const drawn[] = {
        "dataset={ plugin = \"shapes\"; train_size = 1000; test_size = 50; }"};
    char *said = NULL;
    size_t size = 0;
    cop_config *config = NULL;
    cop_study *study = NULL;
    cop_error err = {0};
    FILE *stream = open_memstream(&said, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    cop_status status = cop_config_load(path, drawn, 1, r, log, &config, &err);
    if (status == COP_OK)
        status = cop_study_new(config, dir, false, log, &study, &err);
    if (status != COP_OK)
        fail_msg("%s: %s:%d: %s", path, err.file, err.line, err.message);
    cop_study_free(study);
    cop_config_free(config);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    return said;
}

static void published_settings_can_be_laid_out_and_are_listed(void **state)
{
    (void)state;
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    char dir[256];
    cop_error err = {0};
    cop_registry *r = NULL;
    int laid_out = 0;
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_registry_search(dirs, 1, NULL, &r, &err), &err);
    char *list = read_whole(COPPICE_TEST_SOURCE_DIR "/configs/README.md");
    DIR *folder = opendir(PAPER);
    assert_non_null(folder);
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char path[600], link[300];
        if (strstr(entry->d_name, ".cfg") == NULL)
            continue;
        (void)snprintf(link, sizeof link, "(paper/%s)", entry->d_name);
        if (strstr(list, link) == NULL)
            fail_msg("configs/README.md does not list %s", entry->d_name);
        (void)snprintf(path, sizeof path, PAPER "/%s", entry->d_name);
        char *text = read_whole(path);
        if (strstr(text, "plugin = \"cifar10\"") != NULL) {
            char *said = lay_out(r, path, dir);
            bool is_whitened = strstr(text, "zca = 0.1") != NULL; /* and the drawn images are not */
            if (said[0] != '\0' && !is_whitened)
                fail_msg("%s says: %s", entry->d_name, said);
            free(said);
            laid_out++;
        }
        free(text);
    }
    assert_true(laid_out >= 13);
    assert_int_equal(closedir(folder), 0);
    free(list);
    cop_registry_free(r);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_settings_can_be_laid_out_and_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
