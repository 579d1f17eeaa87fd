/* provenance.c: CPU, instruction set, library versions. */
#include "store/provenance.h"

#include "exec/inspect/versions.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The processor's own name, from the kernel. Read without a stream, whose buffer is allocated:
 * where memory is short, results must not seem to come from another machine. */
static void cpu_name(char *text, size_t size)
{
    static const char key[] = "model name";
    char page[4096];
    (void)snprintf(text, size, "unknown CPU");
    int fd = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = read(fd, page, sizeof page - 1);
    (void)close(fd);
    page[got > 0 ? got : 0] = '\0';
    const char *line = strstr(page, key);
    const char *colon = line != NULL ? strchr(line, ':') : NULL;
    if (colon != NULL && colon[1] == ' ')
        (void)snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
}

void cop_provenance(char *text, size_t size)
{
    char cpu[256], libraries[256];
    cpu_name(cpu, sizeof cpu);
    cop_exec_versions(libraries, sizeof libraries);
    (void)snprintf(text, size, "coppice %s; %s; %s", COPPICE_VERSION, cpu, libraries);
}
