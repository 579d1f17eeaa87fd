/* memory_peak.c: what Linux says of memory, in /proc and /sys. */
#include "core/memory_peak.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT 8192

/* Reads without a stream, whose buffer is allocated: memory may be short. */
static bool read_text(const char *path, char *text)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, TEXT - 1);
    (void)close(file);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* The number behind a key at the beginning of a line; 0: it is not there. */
static int64_t number_behind(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at != NULL && (at == text || at[-1] == '\n') ? strtoll(at + strlen(key), NULL, 10) : 0;
}

int64_t cop_memory_peak(void)
{
    char text[TEXT];
    return read_text("/proc/self/status", text) ? 1024 * number_behind(text, "VmHWM:") : 0;
}

void cop_memory_forget_peak(void)
{
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t written = write(file, "5", 1);
    (void)written;
    (void)close(file);
}

/* The limit of the group `path` and of those that it is in. */
static int64_t least_limit(char *path, int64_t least)
{
    for (;;) {
        char file[TEXT + 64], text[TEXT];
        (void)snprintf(file, sizeof file, "/sys/fs/cgroup%s/memory.max", path);
        int64_t limit = read_text(file, text) ? strtoll(text, NULL, 10) : 0; /* "max" is 0 */
        if (limit > 0 && (least == 0 || limit < least))
            least = limit;
        char *last = strrchr(path, '/');
        if (last == NULL || path[0] == '\0')
            return least;
        *last = '\0';
    }
}

int64_t cop_memory_there_is(void)
{
    char text[TEXT];
    int64_t bytes = read_text("/proc/meminfo", text) ? 1024 * number_behind(text, "MemTotal:") : 0;
    if (!read_text("/proc/self/cgroup", text) || strncmp(text, "0::", 3) != 0)
        return bytes;
    text[strcspn(text, "\n")] = '\0';
    return least_limit(text + 3, bytes);
}
