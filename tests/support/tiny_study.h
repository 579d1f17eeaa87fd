/* tiny_study.h: a study called "tiny" in a directory of its own, for tests that go by the real
 * command from a config to the tables of a report. */
#ifndef COP_TEST_TINY_STUDY_H
#define COP_TEST_TINY_STUDY_H

#include "command.h"

/* Of a config: a network of some hundred weights, and one round that removes half of them. */
#define TINY_TICKET                                                                                \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"random\"; rate = 0.5; }; rounds = 1; } ); "    \
    "};\n"

/* The directory, and paths in it: of the config, of the output, and of a file to export to, which
 * is not there yet. */
typedef struct tiny_study {
    char dir[256], config[300], out[300], to[300];
} tiny_study;

/* Makes the directory with the config in it; remove_tree(dir) removes it. */
void tiny_study_make(tiny_study *t, const char *config);

/* Runs the command with these words, without a gnuplot on its PATH; it is to end with that status.
 */
void tiny_study_run(const tiny_study *t, const char *const *words, int wanted);

/* Fails unless all that the last command said on stderr is one line with this text in it. */
void tiny_study_said(const tiny_study *t, const char *text);

/* The command refuses these words, and says this in one line. */
void tiny_study_refuses(const tiny_study *t, const char *const *words, const char *text);

/* What is written in a table of the report, row from 0, into `cell`, which it gives: "" where there
 * is no such row. Fails where there is no such column. Cells before it are without commas. */
const char *tiny_study_cell(const tiny_study *t, const char *table, int row, const char *column,
                            char *cell, size_t size);

/* The same as a number; fails where it is none. */
double tiny_study_number(const tiny_study *t, const char *table, int row, const char *column);

#endif
