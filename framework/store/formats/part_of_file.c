/* part_of_file.c: parts of files, for plugins that read formats of their own (coppice/files.h). */
#include <coppice/files.h>

#include "core/file.h"

#include <errno.h>
#include <string.h>

cop_status cop_file_open(const char *path, int *file, int64_t *size, cop_error *err)
{
    if (cop_file_open_regular(path, file, size, NULL) == COP_OK)
        return COP_OK;
    if (errno == EINVAL)
        return cop_fail_at(err, COP_INVALID, path, 0, "is not a regular file");
    return cop_fail_at(err, COP_INVALID, path, 0, "cannot open: %s", strerror(errno));
}

cop_status cop_file_read_at(int file, const char *path, int64_t offset, void *out, size_t size,
                            cop_error *err)
{
    size_t got = 0;
    if (!cop_file_read_part(file, offset, out, size, &got))
        return cop_fail_at(err, COP_FAILED, path, 0, "cannot read: %s", strerror(errno));
    if (got == size)
        return COP_OK;
    return cop_fail_at(err, COP_FAILED, path, 0, "ends at byte %lld, wanted %zu from byte %lld on",
                       (long long)offset + (long long)got, size, (long long)offset);
}
