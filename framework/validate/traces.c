/* traces.c: what a plugin may not leave behind. */
#include "validate/traces.h"

#include "validate/writes.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static int count_writable(void)
{
    DIR *open_files = opendir("/proc/self/fd");
    int count = 0;
    if (open_files == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(open_files)) != NULL;) {
        int flags = e->d_name[0] != '.' ? fcntl((int)strtol(e->d_name, NULL, 10), F_GETFL) : -1;
        count += flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
    }
    (void)closedir(open_files);
    return count;
}

void cop_trace_take(cop_trace *before)
{
    before->writable = count_writable();
}

/* The name of something in the working directory; false where it is empty. */
static bool find_file(char *name, size_t size)
{
    DIR *here = opendir(".");
    bool found = false;
    if (here == NULL)
        return false;
    for (const struct dirent *e; !found && (e = readdir(here)) != NULL;) {
        found = strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
        if (found)
            (void)snprintf(name, size, "%s", e->d_name);
    }
    (void)closedir(here);
    return found;
}

void cop_trace_check(cop_reporter *r, const cop_trace *before)
{
    static const cop_check check = {"writes no files",
                                    "no file is opened for writing, made, renamed or removed, none "
                                    "is open for writing that was not before, and the working "
                                    "directory stays empty",
                                    "CONTRIBUTING.md: a plugin writes no files by itself"};
    char name[256];
    cop_reporter_begin(r, &check);
    int more = count_writable() - before->writable;
    if (cop_writes_noted() != NULL)
        cop_reporter_finding(r, "%s", cop_writes_noted());
    else if (more > 0)
        cop_reporter_finding(r, "%d more files are open for writing", more);
    else if (find_file(name, sizeof name))
        cop_reporter_finding(r, "it made the file %s", name);
    else
        cop_reporter_ok(r);
}

size_t cop_trace_memory(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
