/* lines.h: a pipe from another process, cut into lines. */
#ifndef COP_STUDY_EXECUTORS_LINES_H
#define COP_STUDY_EXECUTORS_LINES_H

#include <stddef.h>

#define COP_LINES_SIZE 2048

typedef struct cop_lines {
    int file; /* -1: it has ended */
    char line[COP_LINES_SIZE];
    size_t length;
} cop_lines;

/* Reads what is there, waiting where nothing is, and hands each line that it completes to `hear`;
 * longer ones are cut, empty ones left out, and a part of one waits for the rest. At the end of the
 * pipe the file is closed. `hear` returns 0 to go on; what else it returns is returned. */
typedef int (*cop_lines_hear)(void *own, const char *line);
int cop_lines_read(cop_lines *s, cop_lines_hear hear, void *own);

/* Closes it, where it has not ended. */
void cop_lines_close(cop_lines *s);

#endif
