/* process.h: one worker process, with the pipes that it is heard by. */
#ifndef COP_STUDY_EXECUTORS_PROCESS_H
#define COP_STUDY_EXECUTORS_PROCESS_H

#include "study/executors/lines.h"

#include <coppice/status.h>

#include <stdbool.h>
#include <sys/types.h>

typedef struct cop_process {
    pid_t id;            /* 0: none runs */
    cop_lines said, log; /* its standard output, and its standard error */
} cop_process;

/* Of no process. */
#define COP_NO_PROCESS ((cop_process){.said.file = -1, .log.file = -1})

/* Starts the command (as execv takes it, argv[0] a path) in a process group of its own; it is sent
 * SIGTERM when this process ends, however that ends. */
cop_status cop_process_start(const char *const *argv, cop_process *out, cop_error *err);

/* "SIGKILL", or the last words that it said, or "exit status 1". */
void cop_process_describe_end(int status, const char *last, char *text, size_t size);

#endif
