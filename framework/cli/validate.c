/* validate.c: `coppice validate`: does a plugin keep the contract? */
#include "validate/validate.h"

#include "cli/command.h"

/* Where --limit says nothing. */
#define SECONDS 60

static cop_status run(const cop_call *call, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    int64_t seconds = SECONDS;
    size_t findings = 0;
    if (a->limit != NULL)
        COP_TRY(cop_argument_integer("limit", a->limit, 1, 86400, &seconds, err));
    const cop_validate_spec spec = {.path = a->words[0],
                                    .sets = a->set.items,
                                    .set_count = a->set.count,
                                    .dirs = a->plugin_dir.items,
                                    .dir_count = a->plugin_dir.count,
                                    .seconds = (int)seconds,
                                    .json = a->json,
                                    .out = call->out,
                                    .log = call->log};
    COP_TRY(cop_validate(&spec, &findings, err));
    if (findings == 0)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%s does not keep the contract: %zu finding%s", a->words[0],
                    findings, findings == 1 ? "" : "s");
}

static const char *const options[] = {"set", "limit", "plugin-dir", "json", "quiet", NULL};

const cop_subcommand cop_validate_command = {
    .name = "validate",
    .words = "FILE.so",
    .least_words = 1,
    .most_words = 1,
    .summary = "check that a plugin keeps the contract",
    .details = "Opens FILE.so in a process of its own and checks what the headers promise of its "
               "kind, on data and\n"
               "a network in small: that its plan is pure, that the same seed gives the same bits "
               "also after a\n"
               "restart, that it leaves its inputs, the memory and the disk alone, and more. A "
               "crash or a hang is a\n"
               "finding, too. --set NAME=VALUE changes an option from its default; a work of many "
               "steps is run for\n"
               "a few, so set what makes it short to have its result judged. Exit status 0: no "
               "finding, 1: some.",
    .options = options,
    .run = run};
