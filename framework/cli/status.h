/* status.h (implemented in cli/): what `coppice status` says of one study, and the forms in which
 * it says that. */
#ifndef COP_CLI_STATUS_H
#define COP_CLI_STATUS_H

#include "cli/seen.h"
#include "report/data/progress.h"
#include "study/executors/slurm.h"

#include <stdio.h>

typedef struct cop_standing {
    const cop_seen_study *study; /* looked at */
    cop_study_progress progress;
    cop_slurm_queue slurm; /* its jobs, where it was submitted */
} cop_standing;

/* Whether a run holds the study, and which, in words: "held by process 7 on vm, since 2026-01-02
 * 03:04:05". Returns `text`. */
const char *cop_standing_holder(const cop_held *held, char *text, size_t size);

/* status_slurm.c: what Slurm says of its jobs, in words: "workers 12: 2 running, 1 pending
 * (Resources); report 13: pending (Dependency)". Empty where it was not submitted, or is done and
 * gone. Returns `text`. */
const char *cop_standing_slurm(const cop_standing *s, char *text, size_t size);

/* How long the rest will take, in words: "7 min remain". Returns `text`. */
const char *cop_standing_rest(const cop_progress_part *part, char *text, size_t size);

/* status_text.c: lines that each begin with the study's name; or a table, as wide as a terminal of
 * so many columns. */
void cop_standing_print_lines(const cop_standing *s, FILE *out);
cop_status cop_standing_print_table(const cop_standing *s, size_t width, cop_arena *arena,
                                    FILE *out, cop_error *err);

/* status_json.c: all of them as one object. */
cop_status cop_standings_print_json(const char *dir, const cop_standing *standings, size_t count,
                                    FILE *out, cop_error *err);

#endif
