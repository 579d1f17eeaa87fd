/* candidates.h: words that may stand where a shell asks to complete one. */
#ifndef COP_CLI_CANDIDATES_H
#define COP_CLI_CANDIDATES_H

#include "config/config.h"

#include <stdio.h>

typedef struct cop_candidates {
    FILE *out;
    const char *begin; /* of the word that is to be completed */
    size_t cut;        /* so much of it the shell has set aside: not printed */
} cop_candidates;

/* Prints the word with what stands behind it, a line, where it begins so. */
void cop_candidate(const cop_candidates *c, const char *word, const char *behind);

/* Prints the paths of all settings of the config, defaults as well, each once, with "=" behind. */
void cop_candidate_settings(const cop_candidates *c, const cop_config *config);

#endif
