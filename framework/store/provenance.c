/* provenance.c: CPU, instruction set, library versions. */
#include "store/provenance.h"

#include "exec/versions.h"

#include <stdio.h>
#include <string.h>

/* The processor's own name, from the kernel. */
static void cpu_name(char *text, size_t size)
{
    (void)snprintf(text, size, "unknown CPU");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL)
        return;
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || colon == NULL)
            continue;
        (void)snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    (void)fclose(file);
}

void cop_provenance(char *text, size_t size)
{
    char cpu[256], libraries[256];
    cpu_name(cpu, sizeof cpu);
    cop_exec_versions(libraries, sizeof libraries);
    (void)snprintf(text, size, "coppice %s; %s; %s", COPPICE_VERSION, cpu, libraries);
}
