/* folder.h: what is in a directory. */
#ifndef COP_CORE_FOLDER_H
#define COP_CORE_FOLDER_H

#include <coppice/status.h>

#include <dirent.h>

/* The next entry of a listing, "." and ".." left out; NULL at its end, where *status is not COP_OK
 * when it is called, and where no more can be read: that is no end, and *status tells, naming
 * `path`. */
const struct dirent *cop_next_entry(DIR *listing, const char *path, cop_status *status,
                                    cop_error *err);

#endif
