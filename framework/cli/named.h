/* named.h: what a config names beside plugins: training recipes and augmentations. */
#ifndef COP_CLI_NAMED_H
#define COP_CLI_NAMED_H

#include <coppice/status.h>

#include <stdio.h>

typedef enum cop_named_kind { COP_NAMED_RECIPE = 1, COP_NAMED_AUGMENTATION = 2 } cop_named_kind;

/* "recipes" or "recipe", "augmentations" or "augmentation"; 0 for anything else. */
cop_named_kind cop_named_parse(const char *word);

/* "recipe", "augmentation". */
const char *cop_named_kind_name(cop_named_kind kind);

/* Prints the names of a kind, a line each; the second as one JSON object. */
void cop_named_list(cop_named_kind kind, FILE *out);
cop_status cop_named_list_json(cop_named_kind kind, FILE *out, cop_error *err);

/* Whether a word of the command line names one ("sgd", "recipe:sgd"); prints all that there is to
 * say of it, if so. */
bool cop_named_find(const char *word, cop_named_kind *kind, size_t *i);
cop_status cop_named_describe(cop_named_kind kind, size_t i, bool json, FILE *out, cop_error *err);

#endif
