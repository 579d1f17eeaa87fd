/* report.h: a study's tables and figures, made from its output directory alone.
 *
 * Reads the study's record and the artifacts that it names; needs neither config nor plugins.
 * Writes into the record's folder
 *
 *       report/tickets.csv      a line per ticket: sparsity, accuracy, and what analyzers say of it
 *              trainings.csv    a line per trained network
 *              history.csv      a line per epoch
 *              distilled.csv    a line per distilled set
 *              <table>.csv      every analyzer's table, all tickets together
 *              columns.csv      what each column means, with its unit
 *              costs.csv        seconds and provenance of each artifact: the only table with
 *                               timings, the others are equal to the bit from run to run
 *              figures/         PNG pictures, each beside the script and the data that draw it
 *              images/          distilled images
 *              index.html       all of it on one page
 *              files.json       the list of them, with checksums: what an earlier report wrote and
 *                               this one did not is removed, if it was not changed since
 *
 * Shares are fractions in the tables, and percent on the page, in figures and in print. */
#ifndef COP_REPORT_REPORT_H
#define COP_REPORT_REPORT_H

#include <coppice/log.h>
#include <coppice/status.h>

#include <stdio.h>

/* Makes the report of the study whose record is in the folder `record` (store/study_folders.h)
 * and whose artifacts are in the output directory `dir`; prints the ticket table and what was
 * written to `out` (NULL: prints nothing). What is not computed yet is left out, with a warning;
 * so are damaged artifacts, but then the answer, once all else is written, is COP_FAILED naming
 * the first. Where the files cannot be written the tables are printed all the same, and the
 * answer is COP_FAILED. A figure that cannot be drawn is a warning, and said in its place on the
 * page. A directory without a readable study.json is COP_FAILED and left as it is. */
cop_status cop_report(const char *dir, const char *record, FILE *out, cop_logger *log,
                      cop_error *err);

#endif
