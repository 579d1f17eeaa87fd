/* home.c: where this program's own plugins and configs are. */
#include "plugin/loading/home.h"

#include "core/path.h"

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

/* Where something is: in the build tree; in one that was moved, from its own top; beside the
 * installed library; or where it was configured. */
typedef struct places {
    const char *built, *moved, *beside, *configured;
} places;

/* The top of a build tree that is not where it was built: the directory of the library, or of the
 * program, with CMake's cache in it. */
static bool find_moved_tree(const char *file, char *top)
{
    char cache[PATH_MAX];
    struct stat info;
    (void)snprintf(top, PATH_MAX, "%s", file);
    *strrchr(top, '/') = '\0';
    return cop_path_join(cache, sizeof cache, NULL, top, "CMakeCache.txt") == COP_OK &&
           stat(cache, &info) == 0;
}

/* `dir` becomes top/name, if there is such a directory. */
static bool find_within(const char *top, const char *name, char *dir, size_t size)
{
    return cop_path_join(dir, size, NULL, top, "%s", name) == COP_OK && is_directory(dir);
}

static bool find_home(const places *p, char *dir, size_t size)
{
    char program[PATH_MAX], library[PATH_MAX], top[PATH_MAX];
    bool has_program = realpath("/proc/self/exe", program) != NULL;
    bool has_library = find_library(library);
    if ((has_program && is_in_build_tree(program)) || (has_library && is_in_build_tree(library)))
        return (size_t)snprintf(dir, size, "%s", p->built) < size;
    if (has_library && find_moved_tree(library, top) && find_within(top, p->moved, dir, size))
        return true;
    if (has_program && find_moved_tree(program, top) && find_within(top, p->moved, dir, size))
        return true;
    if (has_library) {
        *strrchr(library, '/') = '\0';
        if (find_within(library, p->beside, dir, size))
            return true;
    }
    return (size_t)snprintf(dir, size, "%s", p->configured) < size;
}

bool cop_plugin_home(char *dir, size_t size)
{
    static const places plugins = {COPPICE_BUILD_DIR "/plugins", "plugins", "coppice/plugins",
                                   COPPICE_INSTALL_PLUGIN_DIR};
    return find_home(&plugins, dir, size);
}

bool cop_config_home(char *dir, size_t size)
{
    static const places configs = {COPPICE_SOURCE_DIR "/configs", COPPICE_BUILD_TO_CONFIGS,
                                   COPPICE_LIB_TO_CONFIGS, COPPICE_INSTALL_CONFIG_DIR};
    return find_home(&configs, dir, size);
}
