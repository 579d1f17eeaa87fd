/* path.c: how long a path may be, and putting one together. */
#include "core/path.h"

#include "core/locale.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(COP_PATH_SIZE >= PATH_MAX, "a path that the system gives must fit");

cop_status cop_path_join(char *path, size_t size, cop_error *err, const char *dir,
                         const char *format, ...)
{
    size_t head = strlen(dir) + 1;
    int length = -1;
    if (head < size) {
        (void)snprintf(path, size, "%s/", dir);
        va_list arguments;
        va_start(arguments, format);
        length = cop_vsnprintf(path + head, size - head, format, arguments);
        va_end(arguments);
    }
    if (length >= 0 && (size_t)length < size - head)
        return COP_OK;
    path[0] = '\0';
    errno = ENAMETOOLONG;
    return cop_fail(err, COP_FAILED, "%.80s…: the path of a file in it is longer than %zu bytes",
                    dir, size - 1);
}

cop_status cop_path_check_out(const char *dir, cop_error *err)
{
    return strlen(dir) < COP_OUT_SIZE
               ? COP_OK
               : cop_fail(err, COP_INVALID, "the output directory's path is too long");
}
