/* writes.h (implemented in writes.c): which files a plugin opens for writing, makes, renames or
 * removes, wherever they are. The kernel stops each such call in its way: it is refused, as far as
 * it is the plugin's, and noted. */
#ifndef COP_VALIDATE_WRITES_H
#define COP_VALIDATE_WRITES_H

#include <stdbool.h>

/* From now until the process ends, in all threads and child processes. False where the system
 * cannot do that: then nothing is noted. Called while there is one thread. */
bool cop_writes_watch(void);

/* What the host writes itself, between true and false, is none of the plugin's. */
void cop_writes_by_host(bool is_host);

/* The first that was noted: "finish: openat notes.txt"; NULL: none. */
const char *cop_writes_noted(void);

#endif
