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
    return cop_report(dir, record, call->out, call->log, err);
}

static const char *const options[] = {"study", "quiet", NULL};

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
        "all the same, and the exit status is 1. Of several studies in DIR, --study names one.",
    .options = options,
    .run = run};
