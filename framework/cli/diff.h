/* diff.h (implemented in cli/): two studies, or two stages, as `coppice diff` compares them. */
#ifndef COP_CLI_DIFF_H
#define COP_CLI_DIFF_H

#include "cli/seen.h"

#include <stdio.h>

/* What a word of the command line means. */
typedef struct cop_side {
    const char *word;
    cop_seen seen;        /* one study; or those of which one has the stage */
    bool is_stage;        /* the word means: */
    cop_seen_stage stage; /* this; else the study */
} cop_side;

/* diff_side.c: DIR, with the study of that name or its only one (NULL); DIR/studies/FOLDER;
 * DIR/STAGE or DIR/store/STAGE. Clear *out whatever the answer. */
cop_status cop_side_open(const char *word, const char *study, cop_side *out, cop_error *err);
void cop_side_clear(cop_side *side);

/* diff_stages.c, diff_studies.c: prints what differs; *differs: something does. */
cop_status cop_diff_stages(const cop_side *a, const cop_side *b, FILE *out, bool *differs,
                           cop_error *err);
cop_status cop_diff_studies(const cop_side *a, const cop_side *b, FILE *out, bool *differs,
                            cop_error *err);

/* diff_stages.c: what two stages that are not the same differ in, and what those differ in that
 * they come from. */
cop_status cop_diff_print_causes(const cop_seen_stage *a, const cop_seen_stage *b, FILE *out,
                                 cop_error *err);

/* diff.c: one line of values that differ, under "name  A  B"; NULL: it has none. */
typedef struct cop_diff_widths {
    int name, a;
} cop_diff_widths;

/* Makes the columns wide enough for these, as far as that is of use. */
void cop_diff_widen(cop_diff_widths *widths, const char *name, const char *a);
void cop_diff_print_line(const cop_diff_widths *widths, const char *name, const char *a,
                         const char *b, FILE *out);

#endif
