/* varied.h: printing in what the cells of a config differ. */
#ifndef COP_CLI_VARIED_H
#define COP_CLI_VARIED_H

#include "config/varied.h"

/* Prints the cells by number, and a row per setting with the value of each; where that is wider
 * than `width` columns, the values with the numbers of the cells that have them. Nothing for one
 * cell. */
void cop_varied_print(const cop_config *config, const cop_varied_settings *d, size_t width,
                      FILE *out);

#endif
