/* shown.h: what people are shown of a column: which are headlines, and in which unit. Files hold
 * shares as fractions, and people are shown percent. */
#ifndef COP_REPORT_DATA_SHOWN_H
#define COP_REPORT_DATA_SHOWN_H

#include <coppice/table.h>

/* True when the table's plot lists the column among its headlines. */
bool cop_is_headline(const cop_table *table, const char *column);

/* A number as a person wants it, by its unit: shares in percent with two decimals, large counts of
 * images with k, M or G, others with four digits; "-" for NaN. Returns `text`. */
const char *cop_display_number(double value, const char *unit, char *text, size_t size);

/* A number of which `deviation` is known, to the deviation's second digit: "0.00271", "0.00084";
 * very small and large ones short, and shares in percent, as above. Returns `text`. */
const char *cop_display_within(double value, double deviation, const char *unit, char *text,
                               size_t size);

/* A duration as a person wants it: "0.3 s", "42 s", "12 min", "3 h 20 min", "2 d 4 h"; "-" for
 * NaN. Returns `text`. */
const char *cop_display_duration(double seconds, char *text, size_t size);

/* The unit that a column is shown in ("" for none), and what its numbers are multiplied by. */
const char *cop_shown_unit(const cop_column *column);
double cop_shown_scale(const cop_column *column);

#endif
