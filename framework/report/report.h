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
 *              cost.csv         what it took to find each ticket; cost_summary.csv: mean over seeds
 *              costs.csv        seconds and provenance of each artifact. These three have timings;
 *                               the other tables are equal to the bit from run to run
 *              results.sqlite   all of it as a database (database/README.md)
 *              figures/         each figure as SVG and as PDF, beside the script and the data
 *                               that draw it
 *              images/          distilled images
 *              index.html       all of it on one page, which needs no other file
 *              files.json       the list of them, with checksums: what an earlier report wrote and
 *                               this one did not is removed, if it was not changed since
 *
 * Shares are fractions in the tables, and percent on the page, in figures and in print. */
#ifndef COP_REPORT_REPORT_H
#define COP_REPORT_REPORT_H

#include <coppice/log.h>
#include <coppice/status.h>

#include <stdio.h>

/* What is printed: words and tables for people, or the summary for other programs, as JSON (with
 * the answers in words) or as CSV. */
typedef enum cop_report_form {
    COP_REPORT_TABLE = 0,
    COP_REPORT_JSON = 1,
    COP_REPORT_CSV = 2
} cop_report_form;

typedef struct cop_report_print {
    FILE *out;
    cop_report_form form;
    size_t width; /* of tables' lines; 0: any */
} cop_report_print;

/* Makes the report of the study whose record is in the folder `record` (store/study_folders.h)
 * and whose artifacts are in the output directory `dir`, and prints what `to` says (NULL: nothing).
 * What is not computed yet is left out, with a warning; so are damaged artifacts, but then the
 * answer, once all else is written, is COP_FAILED naming the first. Where the files cannot be
 * written the tables are printed all the same, and the answer is COP_FAILED. A figure that gnuplot
 * cannot draw is a warning, named in its place on the page, and COP_FAILED at the end; that there
 * is no gnuplot is a warning alone. A directory without a readable study.json is COP_FAILED and
 * left as it is. */
cop_status cop_report(const char *dir, const char *record, const cop_report_print *to,
                      cop_logger *log, cop_error *err);

#endif
