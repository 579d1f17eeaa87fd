/* source.h: the text of a config file with the files that it includes in their places, and whose
 * each line is.
 *
 * @include "FILE" on a line of its own is what it is in libconfig, with two differences: FILE is
 * relative to the file that includes it, where libconfig 1.5 knows one directory for all, and a
 * file that cannot be read is an error of the line that names it, where libconfig 1.5 ends the
 * process. So it is done here, alike for every version of libconfig. */
#ifndef COP_CONFIG_SOURCE_H
#define COP_CONFIG_SOURCE_H

#include "config/files.h"

/* Lines of the text that come from consecutive lines of one file. */
typedef struct cop_source_span {
    int line;        /* of the text: the first of them */
    cop_place place; /* where that is written */
} cop_source_span;

typedef struct cop_source {
    cop_text text;
    cop_source_span *spans; /* in the order of the text */
    size_t count, room;
    int line; /* on which the text ends */
} cop_source;

/* Fills the empty *out (cop_source_free, also after a failure). */
cop_status cop_source_read(cop_config_files *files, cop_config_file *file, cop_source *out,
                           cop_error *err);
void cop_source_free(cop_source *source);

/* Where the line of the text, from 1 on, was written. */
cop_place cop_source_place(const cop_source *source, int line);

#endif
