/* locks.c: what the mount of a file system says of its locks. */
#include "core/locks.h"

#include "core/file.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A machine may have thousands of mounts. */
#define MOUNTS_LIMIT (16u << 20)

/* Options by which locks stay on the machine that takes them. */
static const char *const local_options[] = {"nolock",     "local_lock=all", "local_lock=flock",
                                            "localflock", "noflock",        "nobrl"};

static bool is_local(const char *option, size_t length)
{
    for (size_t i = 0; i < sizeof local_options / sizeof local_options[0]; i++)
        if (strlen(local_options[i]) == length && strncmp(option, local_options[i], length) == 0)
            return true;
    return false;
}

/* Whether a list "rw,vers=3,nolock" has such an option; it ends with the line. */
static bool has_local_option(const char *list, const char *end)
{
    while (list < end) {
        size_t length = strcspn(list, ", \n");
        if (is_local(list, length))
            return true;
        list += length + 1;
    }
    return false;
}

bool cop_mounts_share_locks(const char *mounts, unsigned major, unsigned minor)
{
    bool shared = true;
    for (const char *line = mounts; *line != '\0';) {
        unsigned id = 0, parent = 0, own_major = 0, own_minor = 0;
        const char *end = line + strcspn(line, "\n");
        const char *kind = strstr(line, " - "); /* behind it: type, source, the system's options */
        if (sscanf(line, "%u %u %u:%u ", &id, &parent, &own_major, &own_minor) == 4 &&
            own_major == major && own_minor == minor && kind != NULL && kind < end)
            shared = !has_local_option(kind + 3, end);
        line = end + (*end == '\n');
    }
    return shared;
}

cop_status cop_locks_are_shared(const char *dir, bool *shared, cop_error *err)
{
    char *mounts = NULL, shown[100];
    struct stat info;
    const char *said = getenv("COPPICE_LOCKS");
    *shared = said == NULL || strcmp(said, "local") != 0;
    if (said != NULL && said[0] != '\0') {
        if (strcmp(said, "local") == 0 || strcmp(said, "shared") == 0)
            return COP_OK;
        return cop_fail(err, COP_INVALID, "COPPICE_LOCKS is \"%s\", wanted shared or local",
                        cop_escape(said, shown, sizeof shown));
    }
    if (stat(dir, &info) != 0 ||
        cop_file_read("/proc/self/mountinfo", MOUNTS_LIMIT, &mounts, NULL, NULL) != COP_OK)
        return COP_OK;
    *shared = cop_mounts_share_locks(mounts, major(info.st_dev), minor(info.st_dev));
    free(mounts);
    return COP_OK;
}
