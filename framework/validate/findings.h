/* findings.h (implemented in findings.c): what the checks found, and its way from the child that
 * runs them to the parent that prints them: a line of JSON each. */
#ifndef COP_VALIDATE_FINDINGS_H
#define COP_VALIDATE_FINDINGS_H

#include <coppice/status.h>

#include <stdio.h>

/* A check: what it is called, what the contract promises, and where it says so. */
typedef struct cop_check {
    const char *name;     /* "plan is pure" */
    const char *expected; /* "two calls give the same plan" */
    const char *contract; /* "work.h: plan" */
} cop_check;

/* How a check came out. BEGUN is no answer: the next word is on the way. */
typedef enum cop_verdict {
    COP_VERDICT_BEGUN = 1,
    COP_VERDICT_OK,
    COP_VERDICT_FINDING,
    COP_VERDICT_SKIPPED,
    COP_VERDICT_USAGE, /* what was asked for cannot be: no check */
    COP_VERDICT_DONE   /* all checks were run */
} cop_verdict;

/* A check and how it came out, in memory of its own. */
typedef struct cop_finding {
    cop_verdict verdict;
    char name[96], expected[256], contract[96];
    char happened[768];
} cop_finding;

/* Where a child writes. */
typedef struct cop_reporter {
    int pipe_end;
    const cop_check *check; /* the one at hand */
} cop_reporter;

/* Says that a check begins, so that it is known whose a crash is. */
void cop_reporter_begin(cop_reporter *r, const cop_check *check);

/* Says how the check at hand came out. */
void cop_reporter_ok(cop_reporter *r);
void cop_reporter_finding(cop_reporter *r, const char *format, ...) COP_PRINTF(2, 3);
void cop_reporter_skip(cop_reporter *r, const char *format, ...) COP_PRINTF(2, 3);

/* Says that no check can be run for what the user asked, or that there are no more. */
void cop_reporter_usage(cop_reporter *r, const char *message);
void cop_reporter_done(cop_reporter *r);

/* As the functions above, for a status: OK, or a finding with the message; what is not available
 * here is skipped. Returns whether it was OK. */
bool cop_reporter_status(cop_reporter *r, cop_status status, const cop_error *err);

/* Reads one line; false where it is none of these. */
bool cop_finding_read(const char *line, cop_finding *out);

/* Prints findings for people, a line each, or as one JSON object. */
void cop_finding_print(const cop_finding *f, FILE *out);
cop_status cop_findings_print_json(const char *path, const cop_finding *findings, size_t count,
                                   FILE *out, cop_error *err);

#endif
