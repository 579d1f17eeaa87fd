/* command.h (implemented in cli/): the subcommands of `coppice`. */
#ifndef COP_CLI_COMMAND_H
#define COP_CLI_COMMAND_H

#include "cli/arguments.h"
#include "config/config.h"
#include "exec/program/threads.h"

/* What a subcommand is called with. */
typedef struct cop_call {
    const cop_arguments *arguments;
    int argc;
    char *const *argv; /* the whole command line */
    FILE *out;         /* results */
    FILE *err;         /* messages; only `log` and the dispatcher write there */
    cop_logger *log;
    cop_trial *trial; /* of threads; may be NULL */
} cop_call;

typedef struct cop_subcommand {
    const char *name;
    const char *words; /* positional words in help: "CONFIG" */
    size_t least_words, most_words;
    const char *summary; /* one line */
    const char *details; /* further lines of its help; may be NULL */
    const char *const *options;
    bool resumes;         /* goes on where it was when it is called again */
    bool is_for_programs; /* people are not told of it */
    bool answers; /* COP_FAILED without a message is an answer: 1. Failures are 2, as of diff(1) */
    cop_status (*run)(const cop_call *call, cop_error *err);
} cop_subcommand;

extern const cop_subcommand cop_run_command;
extern const cop_subcommand cop_work_command;
extern const cop_subcommand cop_check_command;
extern const cop_subcommand cop_list_command;
extern const cop_subcommand cop_inspect_command;
extern const cop_subcommand cop_status_command;
extern const cop_subcommand cop_why_command;
extern const cop_subcommand cop_diff_command;
extern const cop_subcommand cop_gc_command;
extern const cop_subcommand cop_report_command;
extern const cop_subcommand cop_index_command;
extern const cop_subcommand cop_analyze_command;
extern const cop_subcommand cop_eval_command;
extern const cop_subcommand cop_explain_command;
extern const cop_subcommand cop_export_command;
extern const cop_subcommand cop_bench_command;
extern const cop_subcommand cop_validate_command;
extern const cop_subcommand cop_completion_command;
extern const cop_subcommand cop_complete_command;

/* The i-th of all subcommands; NULL after the last. */
const cop_subcommand *cop_subcommand_at(size_t i);

/* The registry of --plugin-dir, COPPICE_PLUGIN_PATH and the built-in place; the caller's. */
cop_status cop_call_registry(const cop_call *call, cop_registry **out, cop_error *err);

/* The config at `path`, with --set and then --threads applied; the caller's. */
cop_status cop_call_config_at(const cop_call *call, const cop_registry *registry, const char *path,
                              cop_config **config, cop_error *err);

/* A registry and the config that the first word names, as above; both the caller's. */
cop_status cop_call_config(const cop_call *call, cop_registry **registry, cop_config **config,
                           cop_error *err);

/* How wide tables are printed: the terminal's columns, or 150 where the output is none. */
size_t cop_call_width(const cop_call *call);

/* Whether this process can compute with the threads of every cell; before any work. */
cop_status cop_call_threads(const cop_call *call, const cop_config *config, cop_error *err);

/* The config's cell of that label; COP_INVALID where there is none. */
cop_status cop_call_cell(const cop_config *config, const char *label, const cop_cell **out,
                         cop_error *err);

/* Where the study's results go: --out, or out/<study name>. COP_INVALID when the name is no name of
 * a directory, or something else than a directory is there. */
cop_status cop_call_out(const cop_call *call, const cop_config *config, char *path, size_t size,
                        cop_error *err);

/* Whether --store, where it is given, can be a directory; COP_INVALID otherwise. */
cop_status cop_call_check_store(const cop_call *call, cop_error *err);

#endif
