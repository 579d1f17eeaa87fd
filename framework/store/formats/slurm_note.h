/* slurm_note.h: the file slurm/jobs of a study's folder, which tells what was submitted to Slurm.
 *
 * Lines of a word and a number: "workers", the job that is the array of workers; "tasks", how many
 * there are in it; "report", the last job. */
#ifndef COP_STORE_FORMATS_SLURM_NOTE_H
#define COP_STORE_FORMATS_SLURM_NOTE_H

#include <coppice/status.h>

typedef struct cop_slurm_note {
    int64_t workers, report; /* jobs, above 0 */
    int64_t tasks;           /* above 0 */
} cop_slurm_note;

cop_status cop_slurm_note_write(const cop_slurm_note *note, const char *path, cop_error *err);

/* False, and all 0, where there is no such file, or it is none of ours. */
bool cop_slurm_note_read(const char *path, cop_slurm_note *out);

#endif
