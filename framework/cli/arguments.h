/* arguments.h: the command line's options and positional words, by a table. */
#ifndef COP_CLI_ARGUMENTS_H
#define COP_CLI_ARGUMENTS_H

#include <coppice/status.h>

#include <stdio.h>

#define COP_MOST_WORDS 512

/* Values of an option that may be repeated. */
typedef struct cop_word_list {
    const char **items; /* owned; the words are argv's */
    size_t count;
} cop_word_list;

/* What was said. Texts are argv's; NULL, false or empty where nothing was. */
typedef struct cop_arguments {
    const char *words[COP_MOST_WORDS]; /* positional */
    size_t word_count;
    cop_word_list set, plugin_dir, program, weights, only, forget, sbatch;
    const char *out, *jobs, *ticket_mask, *split, *cell, *seed, *round, *copy, *to, *png, *analysis;
    const char *threads, *runs, *repeat, *dir, *limit, *study, *stage, *time_budget, *memory,
        *store, *disk_budget, *query;
    bool help, quiet, json, csv, watch_report, data, initial, mask, profile, all, retry_failed,
        dry_run, progress, measure, slurm, requeue, finish;
} cop_arguments;

typedef enum cop_argument_kind {
    COP_ARGUMENT_FLAG = 1, /* bool */
    COP_ARGUMENT_TEXT = 2, /* const char *; at most once */
    COP_ARGUMENT_LIST = 3  /* cop_word_list */
} cop_argument_kind;

/* An option: --name VALUE or --name=VALUE; a flag takes no value. */
typedef struct cop_argument {
    const char *name;  /* without the dashes */
    const char *value; /* what its value is called in help; NULL for flags */
    const char *help;
    cop_argument_kind kind;
    size_t offset; /* of its member of cop_arguments */
} cop_argument;

/* The option of that name, or NULL: every option that any subcommand has. */
const cop_argument *cop_argument_find(const char *name);

/* Reads argv[first …]. `accepted` (NULL-terminated) are the names that this subcommand has; --help
 * is always one. "--" ends options. COP_INVALID for an unknown option (with the nearest), a missing
 * or unwanted value, or more than COP_MOST_WORDS words. Clear *out with cop_arguments_clear
 * whatever the answer. */
cop_status cop_arguments_read(int argc, char *const *argv, int first, const char *const *accepted,
                              cop_arguments *out, cop_error *err);
void cop_arguments_clear(cop_arguments *a);

/* Prints a line per option. */
void cop_arguments_help(const char *const *accepted, FILE *out);

/* A whole number within [low, high] that option `name` gives as `text`; COP_INVALID otherwise. */
cop_status cop_argument_integer(const char *name, const char *text, int64_t low, int64_t high,
                                int64_t *out, cop_error *err);

/* Appends a word in a form that a shell reads back as the same word; control characters are spelt
 * out. */
void cop_print_shell_word(const char *word, FILE *out);

#endif
