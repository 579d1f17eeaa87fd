/* cases.h: the benchmark cases of a directory, and what one calls them. */
#ifndef COP_CLI_CASES_H
#define COP_CLI_CASES_H

#include <coppice/status.h>

/* Paths of configs. */
typedef struct cop_cases {
    char **paths; /* owned */
    size_t count;
} cop_cases;

/* The cases that the words name: a word with a slash or ending in ".cfg" is a path, any other is
 * NAME for dir/NAME.cfg. No words: every .cfg file of `dir`, by name. COP_INVALID, with the nearest
 * name, for one that is not there, and for a directory without any. Free with cop_cases_clear,
 * whatever the answer. */
cop_status cop_cases_find(const char *dir, const char *const *words, size_t count, cop_cases *out,
                          cop_error *err);
void cop_cases_clear(cop_cases *c);

#endif
