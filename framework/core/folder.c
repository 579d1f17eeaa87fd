/* folder.c: listing a directory. */
#include "core/folder.h"

#include "core/file.h"

#include <errno.h>
#include <string.h>

const struct dirent *cop_next_entry(DIR *listing, const char *path, cop_status *status,
                                    cop_error *err)
{
    const struct dirent *entry = NULL;
    if (*status != COP_OK)
        return NULL;
    do {
        errno = 0;
        entry = readdir(listing);
    } while (entry != NULL &&
             (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    if (entry == NULL && errno != 0)
        *status = cop_fail_errno(err, "cannot list", path);
    return entry;
}
