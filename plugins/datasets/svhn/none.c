/* none.c: no .mat files, where libmatio was not there. */
#include "mat.h"

#ifndef SVHN_HAS_MATIO

cop_status mat_open(const char *path, mat_file *out, cop_error *err)
{
    *out = (mat_file){0};
    return cop_fail_at(err, COP_UNAVAILABLE, path, 0,
                       "cannot be read: this plugin was built without libmatio (Debian: "
                       "libmatio-dev); build again with it");
}

void mat_close(mat_file *file)
{
    (void)file;
}

cop_status mat_read(const mat_file *file, int64_t first, int64_t count, uint8_t *pixels,
                    cop_error *err)
{
    (void)file;
    (void)first;
    (void)count;
    (void)pixels;
    return cop_fail(err, COP_UNAVAILABLE, "built without libmatio");
}

#endif
