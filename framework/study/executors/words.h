/* words.h: what a worker writes to its standard output, a line each, and the run reads:
 *
 *   begun train-<hash>        it computes that stage from now on
 *   at 30 120 loss 1.234      so far, of so many steps, and how it goes (only with --progress)
 *   ended train-<hash>        it is published, or its failure is kept
 *   left train-<hash>         neither, and the worker ends: not for the stage's sake
 */
#ifndef COP_STUDY_EXECUTORS_WORDS_H
#define COP_STUDY_EXECUTORS_WORDS_H

#include "store/formats/artifact_id.h"

#include <stdio.h>

typedef enum cop_worker_word {
    COP_WORD_NONE = 0, /* no such line */
    COP_WORD_BEGUN = 1,
    COP_WORD_AT = 2,
    COP_WORD_ENDED = 3,
    COP_WORD_LEFT = 4
} cop_worker_word;

typedef struct cop_worker_line {
    cop_worker_word word;
    cop_artifact_id stage; /* of all others */
    int64_t done, total;   /* of at */
    const char *detail;    /* of at: within the line */
} cop_worker_line;

/* Writes a line at once, the first one any word but `at`; `out` may be NULL. */
void cop_worker_say(FILE *out, cop_worker_word word, const cop_artifact_id *stage);
void cop_worker_say_at(FILE *out, int64_t done, int64_t total, const char *detail);

/* Takes a line apart. */
cop_worker_line cop_worker_read(const char *line);

#endif
