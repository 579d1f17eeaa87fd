/* config_text.c: see config_text.h. */
#include "config_text.h"

#include "support.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cop_registry *registry;
static char dir[PATH_MAX];

int open_fixtures(void **state)
{
    (void)state;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    make_temp_dir(dir, sizeof dir);
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 1, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

int close_fixtures(void **state)
{
    (void)state;
    cop_registry_free(registry);
    remove_tree(dir);
    return 0;
}

cop_status load_file(const char *path, const char *override, cop_config **out, cop_error *err)
{
    return cop_config_load(path, &override, override != NULL ? 1 : 0, registry, NULL, out, err);
}

cop_status load_bytes(const char *bytes, size_t size, const char *override, cop_config **out,
                      cop_error *err)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
    FILE *file = fopen(path, "wb"); /* cop_file_write would wait for the disk */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return load_file(path, override, out, err);
}

cop_status load_text(const char *text, const char *override, cop_config **out, cop_error *err)
{
    return load_bytes(text, strlen(text), override, out, err);
}

cop_registry *fixture_registry(void)
{
    return registry;
}

const char *fixture_dir(void)
{
    return dir;
}
