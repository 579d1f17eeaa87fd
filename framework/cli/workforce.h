/* workforce.h: how the command line says that a study is run: by how many workers, and until when.
 */
#ifndef COP_CLI_WORKFORCE_H
#define COP_CLI_WORKFORCE_H

#include "cli/command.h"
#include "core/path.h"
#include "study/study.h"

typedef struct cop_workforce {
    int64_t jobs; /* that were asked for; 1 where none were */
    cop_run_limits limits;
    double memory; /* bytes */
    char program[COP_PATH_SIZE];
    const char **argv; /* of a worker; owned; the words are others' */
} cop_workforce;

/* Reads --jobs, --memory, --time-budget and --disk-budget, before any file: what they say of the
 * time counts from here. Clear it whatever the answer. */
cop_status cop_workforce_read(const cop_call *call, cop_workforce *out, cop_error *err);
void cop_workforce_clear(cop_workforce *w);

/* Chooses for the study, which is in the output directory `dir`: in this process where one job is
 * enough and nothing limits or watches over it, or with --progress, as a worker has it; else by
 * workers. Leaves out what --only does not name. The study must not outlive the workforce. */
cop_status cop_workforce_choose(const cop_call *call, cop_workforce *w, const cop_config *config,
                                const char *dir, cop_study *study, cop_error *err);

#endif
