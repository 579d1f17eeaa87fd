/* check_json.h: what `coppice check --json` prints. */
#ifndef COP_CLI_CHECK_JSON_H
#define COP_CLI_CHECK_JSON_H

#include "config/varied.h"
#include "study/estimates.h"

/* What is known of a config. */
typedef struct cop_checked {
    const cop_config *config;
    const cop_varied_settings *varied;
    const cop_study *study;         /* NULL: it cannot be laid out, and `missing` says why */
    const cop_store *store;         /* may be NULL */
    const cop_estimates *estimates; /* with study */
    const cop_error *missing;
} cop_checked;

cop_status cop_check_print_json(const cop_checked *checked, FILE *out, cop_error *err);

#endif
