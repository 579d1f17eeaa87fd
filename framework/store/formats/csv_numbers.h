/* csv_numbers.h: what the readers of CSV files of numbers share. */
#ifndef COP_STORE_FORMATS_CSV_NUMBERS_H
#define COP_STORE_FORMATS_CSV_NUMBERS_H

#include <coppice/base.h>

/* How many lines the text has; one that does not end is not counted. */
size_t cop_csv_count_lines(const char *text);

/* The number that a text begins with, as C has it; *text is moved behind it. False where it begins
 * with none: white space is none. */
bool cop_csv_read_number(char **text, double *value);

#endif
