/* names.h: what a study, a value of a sweep, a cell and an analyzer may be called. Names are said
 * to terminals, are columns and cells of tables, and one is a directory: so they are text of one
 * line, short enough to be kept whole everywhere, and nothing that a spreadsheet would compute. */
#ifndef COP_CONFIG_NAMES_H
#define COP_CONFIG_NAMES_H

#include "plugin/options/setting.h"

#define COP_MAX_STUDY_NAME 200 /* bytes */
#define COP_MAX_LABEL      500 /* bytes, of a cell: its values' labels with ", " between them */
#define COP_MAX_INSTANCE   60  /* bytes, of an entry of analyze */

/* COP_INVALID at the place (file may be NULL) unless the name is UTF-8 without control characters
 * (C1 too), has at most so many bytes, and begins with none of = + - @, numbers excepted. `what`
 * begins the message: "study.name". */
cop_status cop_name_check(const char *what, const char *name, size_t most, cop_place place,
                          cop_error *err);

#endif
