/* Reads configs of studies (config/config.h), with the plugins of tests/fixtures. */
#include "fuzz.h"

#include "config/config.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_config *config = NULL;
    cop_error err = {0};
    if (registry == NULL)
        open_registry();
    cop_status status =
        cop_config_load(fuzz_file(data, size), NULL, 0, registry, NULL, &config, &err);
    if (status == COP_OK)
        fuzz_accept();
    else
        FUZZ_REQUIRE(err.message[0] != '\0'); /* a refusal says why */
    cop_config_free(config);
    return 0;
}
