/* report.c: `coppice report`: tables and figures again, from a study's directory alone. */
#include "report/report.h"
#include "cli/command.h"

static cop_status run(const cop_call *call, cop_error *err)
{
    return cop_report(call->arguments->words[0], call->out, call->log, err);
}

static const char *const options[] = {"quiet", NULL};

const cop_subcommand cop_report_command = {.name = "report",
                                           .words = "DIR",
                                           .least_words = 1,
                                           .most_words = 1,
                                           .summary = "make a study's tables and figures again",
                                           .details =
                                               "DIR is the output directory of a run, finished or "
                                               "not. Neither the config nor plugins are\n"
                                               "needed. Where the files cannot be written, as on a "
                                               "read-only disk, the table\n"
                                               "is printed all the same, and the exit status is 1.",
                                           .options = options,
                                           .run = run};
