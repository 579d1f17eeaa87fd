/* Reads configs of studies (config/config.h), with the plugins of tests/fixtures, and as the
 * settings of one that is resolved (config/settings.h). */
#include "fuzz.h"

#include "config/config.h"
#include "config/difference.h"

#include <stdlib.h>

static cop_registry *registry;

static void close_registry(void)
{
    cop_registry_free(registry);
}

static void open_registry(void)
{
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"};
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    FUZZ_REQUIRE(cop_registry_search(dirs, 1, NULL, &registry, NULL) == COP_OK);
    FUZZ_REQUIRE(atexit(close_registry) == 0);
}

/* Whatever the settings are, they do not differ from themselves. */
static void read_settings(const char *path)
{
    cop_config_settings settings;
    cop_config_difference difference;
    cop_arena *arena = cop_arena_new();
    FUZZ_REQUIRE(arena != NULL);
    if (cop_config_settings_read(path, arena, &settings, NULL) == COP_OK) {
        FUZZ_REQUIRE(cop_config_compare(&settings, &settings, arena, &difference, NULL) == COP_OK);
        FUZZ_REQUIRE(difference.setting_count == 0 && difference.only_a_count == 0);
    }
    cop_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_config *config = NULL;
    cop_error err = {0};
    if (registry == NULL)
        open_registry();
    const char *path = fuzz_file(data, size);
    read_settings(path);
    cop_status status = cop_config_load(path, NULL, 0, registry, NULL, &config, &err);
    if (status == COP_OK)
        fuzz_accept();
    else
        FUZZ_REQUIRE(err.message[0] != '\0'); /* a refusal says why */
    cop_config_free(config);
    return 0;
}
