/* csv.h: tables as comma-separated values (RFC 4180: one line of names; fields with a comma, a
 * quote or a line end are quoted). */
#ifndef COP_REPORT_RENDERERS_CSV_H
#define COP_REPORT_RENDERERS_CSV_H

#include "core/text.h"

#include <coppice/table.h>

/* Room for any number that cop_number_text writes. */
#define COP_NUMBER_SIZE 32

/* The shortest decimal that reads back as the same double: "0.1", "64.80000000000001", "inf". NaN
 * is an empty text: nothing is there. Returns `text`. */
const char *cop_number_text(double value, char text[COP_NUMBER_SIZE]);

/* Appends one field. A text that a spreadsheet would take for a formula (it begins with =, +, - or
 * @ and is no number) gets a single quote before it, as spreadsheets write such texts. */
void cop_csv_text(cop_text *line, const char *field);
void cop_csv_number(cop_text *line, double value);

/* The whole table, columns' names first; false when memory is out. */
bool cop_csv_table(cop_text *out, const cop_table *table);

/* The same into a file. */
cop_status cop_csv_write(const cop_table *table, const char *path, cop_error *err);

#endif
