/* child.h: child processes that find something out which this one might not survive. */
#ifndef COP_CORE_CHILD_H
#define COP_CORE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

/* Whether this process has more than this one thread. A child that is forked then has this thread
 * alone, and OpenMP in it waits for the others for ever. */
bool cop_has_threads(void);

/* A pipe, closed on exec, whose ends are none of the descriptors 0 to 2. 0, or -1 with errno. */
int cop_pipe(int ends[2]);

/* What a forked child does first: a crash is expected, so no handler, no core file, nothing on the
 * terminal; and it dies with its parent, whatever it is at. */
void cop_child_begin(pid_t parent);

/* Waits for the child to end, and gives its status as waitpid does; 0 where it is lost. */
int cop_child_wait(pid_t child);

#endif
