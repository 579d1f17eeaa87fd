/* open.c: dlopen, the descriptor, its check. */
#include "plugin/loading/open.h"

#include "core/text.h"
#include "plugin/loading/elf.h"
#include "plugin/loading/registry.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* Whether dlopen failed for lack of memory. No status comes with its words; and where a file cannot
 * be mapped they do not say why: memory, or a file system that lets nothing be executed. */
static bool is_memory(const char *path, const char *reason)
{
    struct statvfs info;
    if (strstr(reason, "failed to map segment") != NULL)
        return statvfs(path, &info) != 0 || (info.f_flag & ST_NOEXEC) == 0;
    return strstr(reason, strerror(ENOMEM)) != NULL || strstr(reason, "out of memory") != NULL;
}

/* Whether the machine failed in another way: its disk, or the number of open files. */
static bool is_machine(const char *reason)
{
    static const int errors[] = {EIO, EMFILE, ENFILE, ESTALE, ENXIO, ENODEV, ETIMEDOUT};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strstr(reason, strerror(errors[i])) != NULL)
            return true;
    return false;
}

/* dlerror's words on one line; they name the file. */
static cop_status refuse(const char *path, cop_error *err)
{
    const char *reason = dlerror();
    char shown[700];
    if (reason == NULL)
        reason = "cannot be opened";
    (void)cop_escape(reason, shown, sizeof shown);
    if (is_memory(path, reason))
        return cop_fail(err, COP_FAILED, "out of memory: %s", shown);
    return cop_fail(err, is_machine(reason) ? COP_FAILED : COP_INVALID, "%s", shown);
}

/* The symbol must be as large as the fields that vouch for the rest, or reading them is reading
 * past it. An object without symbol sizes passes. */
static cop_status check_symbol(const void *symbol, cop_error *err)
{
    Dl_info info;
    void *extra = NULL;
    if (dladdr1(symbol, &info, &extra, RTLD_DL_SYMENT) == 0 || extra == NULL)
        return COP_OK;
    size_t size = (size_t)((const ElfW(Sym) *)extra)->st_size;
    if (size != 0 && size < offsetof(cop_plugin, id))
        return cop_fail(err, COP_INVALID, "symbol %s is %zu bytes; wanted a descriptor of %zu",
                        COP_PLUGIN_SYMBOL, size, sizeof(cop_plugin));
    return COP_OK;
}

cop_status cop_plugin_open(const char *path, const cop_plugin **plugin, cop_error *err)
{
    COP_TRY(cop_plugin_check_file(path, err));
    (void)dlerror();
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL)
        return refuse(path, err);
    const void *symbol = dlsym(object, COP_PLUGIN_SYMBOL);
    if (symbol == NULL)
        return cop_fail(err, COP_INVALID, "has no symbol %s: not a plugin", COP_PLUGIN_SYMBOL);
    COP_TRY(check_symbol(symbol, err));
    COP_TRY(cop_plugin_check(symbol, err));
    *plugin = symbol;
    return COP_OK;
}
