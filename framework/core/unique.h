/* unique.h: names for what is written before it is renamed into place.
 *
 * Such a name is unlike any other, also one made by another process, container or machine: it holds
 * a random number. And it proves that this program made it: it ends with a checksum over the number
 * and the name before it. What a killed run left can so be told from anybody else's files. */
#ifndef COP_CORE_UNIQUE_H
#define COP_CORE_UNIQUE_H

#include <coppice/base.h>

/* Of a file that is being written beside the one that it will replace: "study.json.tmp-…". */
#define COP_TEMPORARY_JOINT ".tmp-"

#define COP_UNIQUE_MARK 24 /* digits at the end */

/* Writes "<name><joint><digits>". False with errno set where the system gives no random number, or
 * where the name does not fit. */
bool cop_unique_name(const char *name, const char *joint, char *out, size_t size);

/* Whether the text is a name that cop_unique_name made with that joint. */
bool cop_is_unique_name(const char *text, const char *joint);

#endif
