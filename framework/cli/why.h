/* why.h (implemented in cli/): the parts of what `coppice why` says of a stage. */
#ifndef COP_CLI_WHY_H
#define COP_CLI_WHY_H

#include "cli/seen.h"

#include <stdio.h>

/* Titles and the like are cut to this. */
#define COP_WHY_LINE 600

/* why_made.c: whether it is published, when it was computed, how long that took, on what and by
 * which plugins. COP_FAILED where its manifest cannot be read; a damaged one is said. */
cop_status cop_why_made(const cop_seen *seen, const cop_seen_stage *stage, FILE *out,
                        cop_error *err);

/* why_inputs.c: what it reads, a line each with its state; or with `all` what that reads in turn,
 * each stage once. */
cop_status cop_why_inputs(const cop_seen_stage *stage, bool all, FILE *out, cop_error *err);

/* why_uses.c: which tickets and distilled sets of all studies have it for what, and which need it
 * for one of theirs; without `all` some of the latter. */
cop_status cop_why_uses(const cop_seen *seen, const cop_artifact_id *id, bool all, FILE *out,
                        cop_error *err);

#endif
