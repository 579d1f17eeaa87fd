/* quantity.h: times and sizes as people write them ("90s", "8h", "1.5d"; "500M", "20G"), and for
 * them to read. */
#ifndef COP_CORE_QUANTITY_H
#define COP_CORE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>

/* Reads a time: a number above 0 and a unit, s, m, h or d; false where the text is none. */
bool cop_read_time(const char *text, double *seconds);

/* Reads a size: a number above 0 and a unit, k, M, G or T, of 1000 bytes each further, also with a
 * B behind it, or with an i of 1024; false where the text is none. */
bool cop_read_size(const char *text, double *bytes);

/* Writes seconds as "7.5 s", "12:05" or "3:04:05"; returns `text`. */
const char *cop_time_text(double seconds, char *text, size_t size);

/* Writes bytes as "12 kB", "3.4 MB" or "20 GB"; returns `text`. */
const char *cop_size_text(double bytes, char *text, size_t size);

#endif
