/* fake_study.h: a small finished study's output directory, made without running anything.
 *
 * Two cells ("A, \"one\"" with a distiller, "B" without), seeds 3 and 5, the dense network and
 * one round at 50 % of 8 weights, found on the distilled set in the first cell (12 images are
 * decoded from 6, and the distiller recorded two series), two copies each, and one analyzer, "probe", with a table of every
 * kind of plot and a summary. All numbers are exact in binary. */
#ifndef COP_TEST_FAKE_STUDY_H
#define COP_TEST_FAKE_STUDY_H

#include "store/artifact.h"

/* The folder of its record, in the directory: it is called "fake <study>". */
#define FAKE_RECORD "studies/fake <study>"

typedef struct fake_study {
    char dir[256];
    double seconds; /* that every artifact says it took */
} fake_study;

/* Fills `dir` (which exists) with the study; fails the test where that does not work. */
void fake_study_make(const fake_study *f);

/* The artifact of a ticket's part: "mask", "copy0", "copy1", "analysis", "training"; or "set" and
 * "trained" of a cell and seed (round 0). */
cop_artifact_id fake_study_id(const char *part, int cell, int seed, int round);

/* The path of a file of an artifact. */
const char *fake_study_path(const fake_study *f, cop_artifact_id id, const char *file, char *path,
                            size_t size);

#endif
