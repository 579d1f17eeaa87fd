/* home.c: where this program's own plugins and configs are. */
#include "plugin/home.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Whether a file, by its resolved path, lies in the tree that this library was built in. */
static bool is_in_build_tree(const char *path)
{
    char tree[PATH_MAX];
    if (realpath(COPPICE_BUILD_DIR, tree) == NULL)
        return false;
    size_t length = strlen(tree);
    return strncmp(path, tree, length) == 0 && path[length] == '/';
}

/* The resolved path of the shared library that this code is in. A program that has the code within
 * itself is found through /proc, since its name here is only what it was called by. */
static bool find_library(char *path)
{
    Dl_info info;
    static const char here = 0;
    return dladdr(&here, &info) != 0 && info.dli_fname != NULL &&
           realpath(info.dli_fname, path) != NULL;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Where something is: in the build tree, beside the installed library, or where it was configured.
 */
typedef struct places {
    const char *built, *beside, *configured;
} places;

static bool find_home(const places *p, char *dir, size_t size)
{
    char program[PATH_MAX], library[PATH_MAX];
    bool has_library = find_library(library);
    if ((realpath("/proc/self/exe", program) != NULL && is_in_build_tree(program)) ||
        (has_library && is_in_build_tree(library)))
        return (size_t)snprintf(dir, size, "%s", p->built) < size;
    if (has_library) {
        *strrchr(library, '/') = '\0';
        if ((size_t)snprintf(dir, size, "%s/%s", library, p->beside) < size && is_directory(dir))
            return true;
    }
    return (size_t)snprintf(dir, size, "%s", p->configured) < size;
}

bool cop_plugin_home(char *dir, size_t size)
{
    static const places plugins = {COPPICE_BUILD_DIR "/plugins", "coppice/plugins",
                                   COPPICE_INSTALL_PLUGIN_DIR};
    return find_home(&plugins, dir, size);
}

bool cop_config_home(char *dir, size_t size)
{
    static const places configs = {COPPICE_SOURCE_DIR "/configs", COPPICE_LIB_TO_CONFIGS,
                                   COPPICE_INSTALL_CONFIG_DIR};
    return find_home(&configs, dir, size);
}
