/* fuzz.c: files in memory for the fuzz targets. */
#include "fuzz.h"

#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char folder[64], copies[2][96];
static bool accepted;

void fuzz_require(bool kept, const char *promise, const char *file, int line)
{
    if (kept)
        return;
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
    abort();
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[40];
    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(fd >= 0 && ftruncate(fd, 0) == 0);
    FUZZ_REQUIRE(pwrite(fd, data, size, 0) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static void remove_folder(void)
{
    for (int i = 0; i < 2; i++)
        (void)unlink(copies[i]);
    (void)rmdir(folder);
}

/* Where files are in memory, if the machine has such a place: writers wait for the disk. */
const char *fuzz_folder(void)
{
    if (folder[0] != '\0')
        return folder;
    (void)snprintf(folder, sizeof folder, "%s/coppice-fuzz-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    FUZZ_REQUIRE(mkdtemp(folder) != NULL);
    for (int i = 0; i < 2; i++)
        (void)snprintf(copies[i], sizeof copies[i], "%s/copy%d", folder, i);
    FUZZ_REQUIRE(atexit(remove_folder) == 0);
    return folder;
}

const char *fuzz_copy(int n)
{
    (void)fuzz_folder();
    return copies[n];
}

void fuzz_require_same_copies(void)
{
    char *data[2] = {NULL, NULL};
    size_t size[2] = {0, 0};
    for (int i = 0; i < 2; i++)
        FUZZ_REQUIRE(cop_file_read(copies[i], SIZE_MAX - 1, &data[i], &size[i], NULL) == COP_OK);
    FUZZ_REQUIRE(size[0] == size[1] && memcmp(data[0], data[1], size[0]) == 0);
    free(data[0]);
    free(data[1]);
}

void fuzz_accept(void)
{
    accepted = true;
}

bool fuzz_was_accepted(void)
{
    bool was = accepted;
    accepted = false;
    return was;
}
