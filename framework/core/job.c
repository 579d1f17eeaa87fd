/* job.c: the job of this process, by its environment. */
#include "core/job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cop_job_name(char *text, size_t size)
{
    const char *array = getenv("SLURM_ARRAY_JOB_ID"), *task = getenv("SLURM_ARRAY_TASK_ID");
    const char *job = getenv("SLURM_JOB_ID");
    char name[64] = "";
    /* One of an array's tasks has the array's own number: that alone would mean all of them. */
    if (array != NULL && task != NULL)
        (void)snprintf(name, sizeof name, "%s_%s", array, task);
    else if (job != NULL)
        (void)snprintf(name, sizeof name, "%s", job);
    bool is_name = strspn(name, "0123456789_") == strlen(name);
    (void)snprintf(text, size, "%s", is_name ? name : "");
    return text;
}
