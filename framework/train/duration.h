/* duration.h: durations as text, exact to the last bit. */
#ifndef COP_TRAIN_DURATION_H
#define COP_TRAIN_DURATION_H

#include <coppice/recipe.h>

/* "1000ep", "500it", "0.5" (a fraction). Returns `text`; 40 bytes always suffice. */
const char *cop_duration_text(cop_duration d, char *text, size_t size);

/* Reads that text; false where it is anything else. */
bool cop_duration_from_text(const char *text, cop_duration *out);

/* Reads what a config may say: "160ep" or "500it", whole and of at most 12 digits. */
bool cop_duration_parse(const char *text, cop_duration *out);

#endif
