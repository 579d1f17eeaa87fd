/* listing.h: a program as a table for people: a line per instruction, then totals. */
#ifndef COP_EXEC_INSPECT_LISTING_H
#define COP_EXEC_INSPECT_LISTING_H

#include "core/text.h"
#include "exec/inspect/describe.h"

/* Appends the listing under a line with `title` (NULL: the program's inputs alone). Columns of
 * times are there where the program was measured. */
void cop_listing_append(const cop_description *d, const char *title, cop_text *text);

/* Describes and lists at once; the caller frees *text. */
cop_status cop_listing_of(const cop_program *p, const char *title, char **text, cop_error *err);

#endif
