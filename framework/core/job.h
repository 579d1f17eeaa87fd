/* job.h: what a scheduler calls the job that this process is in. */
#ifndef COP_CORE_JOB_H
#define COP_CORE_JOB_H

#include <coppice/base.h>

/* "12", or "12_0" for a task of an array, as Slurm has it; "" where the process is in no job.
 * Returns `text`. */
const char *cop_job_name(char *text, size_t size);

#endif
