/* report.c: `coppice report`: tables and figures again, from a study's directory alone. */
#include "report/report.h"
#include "cli/command.h"
#include "core/path.h"
#include "store/study_folders.h"

static cop_status run(const cop_call *call, cop_error *err)
{
    const char *dir = call->arguments->words[0];
    char record[COP_PATH_SIZE];
    COP_TRY(cop_study_folder_choose(dir, call->arguments->study, record, sizeof record, err));
    if (call->arguments->json && call->arguments->csv)
        return cop_fail(err, COP_INVALID,
                        "--json and --csv are two forms of one table: wanted one");
    const cop_report_print to = {.out = call->out,
                                 .form = call->arguments->json  ? COP_REPORT_JSON
                                         : call->arguments->csv ? COP_REPORT_CSV
                                                                : COP_REPORT_TABLE,
                                 .width = cop_call_width(call)};
    return cop_report(dir, record, &to, call->log, err);
}

static const char *const options[] = {"study", "json", "csv", "quiet", NULL};

const cop_subcommand cop_report_command = {
    .name = "report",
    .words = "DIR",
    .least_words = 1,
    .most_words = 1,
    .summary = "make a study's tables and figures again",
    .details =
        "DIR is the output directory of a run, finished or not. Neither the config nor plugins "
        "are\n"
        "needed. Where the files cannot be written, as on a read-only disk, the table is printed\n"
        "all the same, and the exit status is 1; so it is where gnuplot fails to draw a figure. "
        "While\n"
        "the study runs, what is there is shown. Of several studies in DIR, --study names one.",
    .options = options,
    .run = run};
