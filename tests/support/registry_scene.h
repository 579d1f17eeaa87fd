/* registry_scene.h: for tests of studies that are laid out: the plugins of the build and of
 * tests/fixtures/plugins, and a directory, from open_plugins to close_plugins. */
#ifndef COP_TEST_REGISTRY_SCENE_H
#define COP_TEST_REGISTRY_SCENE_H

#include "support.h"

#include "plugin/loading/registry.h"

#include <limits.h>

static cop_registry *registry;
static char dir[PATH_MAX];

static int open_plugins(void **state)
{
    (void)state;
    make_temp_dir(dir, sizeof dir);
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins",
                          COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 2, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_plugins(void **state)
{
    (void)state;
    cop_registry_free(registry);
    remove_tree(dir);
    return 0;
}

#endif
