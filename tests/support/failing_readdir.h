/* failing_readdir.h: a readdir that stands before the C library's and fails when it is told to. For
 * one source of a test: whatever is linked to it calls this one. */
#ifndef COP_TEST_FAILING_READDIR_H
#define COP_TEST_FAILING_READDIR_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* Entries that can still be read; then it fails with EIO. Below 0: as many as there are. */
static int entries_left = -1;

struct dirent *readdir(DIR *directory)
{
    static struct dirent *(*real)(DIR *);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "readdir");
        memcpy(&real, &found, sizeof real);
    }
    if (entries_left == 0) {
        errno = EIO;
        return NULL;
    }
    entries_left -= entries_left > 0;
    return real(directory);
}

#endif
