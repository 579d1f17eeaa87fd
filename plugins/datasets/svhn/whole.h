/* whole.h: whether a .mat file is whole, which libmatio does not tell: what it cannot decompress it
 * leaves as it was. */
#ifndef SVHN_WHOLE_H
#define SVHN_WHOLE_H

#include <coppice/status.h>

/* Goes through a file of MATLAB 5's format: variables one after the other up to its end, the
 * compressed ones with the checksum that they end with. What is something else is refused; the
 * message names the file. */
cop_status mat_check_whole(const char *path, cop_error *err);

#endif
