/* arguments.c: the command line's options and positional words, by a table. */
#include "cli/arguments.h"

#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const cop_argument arguments[] = {
    {"set", "PATH=VALUE", "override a setting of the config (again for more)", COP_ARGUMENT_LIST,
     offsetof(cop_arguments, set)},
    {"out", "DIR", "output directory (default: out/ and the study's name)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, out)},
    {"plugin-dir", "DIR", "look for plugins here first (again for more)", COP_ARGUMENT_LIST,
     offsetof(cop_arguments, plugin_dir)},
    {"jobs", "N", "worker processes, each a stage at a time (default: 1)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, jobs)},
    {"threads", "N", "threads, whatever study.threads says; part of what a result depends on",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, threads)},
    {"only", "LABEL", "this cell of the sweep, and what it needs (again for more)",
     COP_ARGUMENT_LIST, offsetof(cop_arguments, only)},
    {"time-budget", "TIME", "stop after this long, saved, as 90s, 45m, 8h or 2d", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, time_budget)},
    {"disk-budget", "SIZE", "stop when the output directory holds this much, as 500M or 20G",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, disk_budget)},
    {"memory", "SIZE", "that stages on this machine may hold together (default: 9/10 of it)",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, memory)},
    {"store", "DIR", "keep results in the store of this directory, which others may share",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, store)},
    {"forget", "DIR", "output directory that shared the store and is gone (again for more)",
     COP_ARGUMENT_LIST, offsetof(cop_arguments, forget)},
    {"repeat", "N", "samples to take of each case (default: 10)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, repeat)},
    {"dir", "DIR", "directory of the cases (default: those that came with the program)",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, dir)},
    {"weights", "FILE", "safetensors file with a state_dict of the ticket's model",
     COP_ARGUMENT_LIST, offsetof(cop_arguments, weights)},
    {"ticket-mask", "FILE", "safetensors file with the mask that the weights were trained under",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, ticket_mask)},
    {"split", "train|test", "data to evaluate on (default: test)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, split)},
    {"cell", "LABEL", "cell of the sweep; not needed where there is one", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, cell)},
    {"study", "NAME", "study of the directory; not needed where there is one", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, study)},
    {"stage", "ID", "run this stage of DIR alone: its name or hash, or the beginning of one",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, stage)},
    {"seed", "N", "seed; not needed where there is one", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, seed)},
    {"round", "K", "round of pruning, 0 for the dense network (default: the last)",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, round)},
    {"copy", "C", "trained copy, from 0 (default: 0)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, copy)},
    {"analysis", "NAME", "the tensors of an analysis: its label, or its analyzer",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, analysis)},
    {"to", "FILE", "file to write", COP_ARGUMENT_TEXT, offsetof(cop_arguments, to)},
    {"png", "DIR", "write the distilled images here, as pictures", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, png)},
    {"program", "NAME", "train (the default), eval or hessian (again for more)", COP_ARGUMENT_LIST,
     offsetof(cop_arguments, program)},
    {"query", "SQL", "print what the database answers, as CSV: a SELECT, or a table's name",
     COP_ARGUMENT_TEXT, offsetof(cop_arguments, query)},
    {"runs", "N", "runs to measure (default: 20)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, runs)},
    {"limit", "SECONDS", "time that one check may take (default: 60)", COP_ARGUMENT_TEXT,
     offsetof(cop_arguments, limit)},
    {"profile", NULL, "run, and measure every instruction", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, profile)},
    {"initial", NULL, "the state that the ticket starts from instead of a trained copy",
     COP_ARGUMENT_FLAG, offsetof(cop_arguments, initial)},
    {"mask", NULL, "the ticket's mask, 0 or 1 for every weight that could go", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, mask)},
    {"data", NULL, "the distilled set instead of a network (also: --synthetic)", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, data)},
    {"synthetic", NULL, "the same as --data", COP_ARGUMENT_FLAG, offsetof(cop_arguments, data)},
    {"quiet", NULL, "say nothing but errors on stderr", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, quiet)},
    {"json", NULL, "print for programs", COP_ARGUMENT_FLAG, offsetof(cop_arguments, json)},
    {"csv", NULL, "print the summary as CSV", COP_ARGUMENT_FLAG, offsetof(cop_arguments, csv)},
    {"all", NULL, "all that the stage comes from, as a tree, and every ticket that needs it",
     COP_ARGUMENT_FLAG, offsetof(cop_arguments, all)},
    {"watch-report", NULL, "make the report anew after each stage", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, watch_report)},
    {"retry-failed", NULL, "try trainings again that diverged in an earlier run", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, retry_failed)},
    {"slurm", NULL, "have Slurm run it: --jobs N workers, and a last job that reports",
     COP_ARGUMENT_FLAG, offsetof(cop_arguments, slurm)},
    {"sbatch", "OPTION",
     "with --slurm, an option for sbatch: --sbatch=--time=4:00:00 (again for more)",
     COP_ARGUMENT_LIST, offsetof(cop_arguments, sbatch)},
    {"requeue", NULL, "at SIGUSR1 save, end, and put this job of Slurm back into the queue",
     COP_ARGUMENT_FLAG, offsetof(cop_arguments, requeue)},
    {"finish", NULL, "compute nothing: judge and report what is there", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, finish)},
    {"measure", NULL, "try how fast this machine is, for some seconds", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, measure)},
    {"progress", NULL, "lines of progress on standard output, for the program that started this",
     COP_ARGUMENT_FLAG, offsetof(cop_arguments, progress)},
    {"dry-run", NULL, "say what would be done, and do nothing", COP_ARGUMENT_FLAG,
     offsetof(cop_arguments, dry_run)},
    {"help", NULL, "print this and stop", COP_ARGUMENT_FLAG, offsetof(cop_arguments, help)}};

const cop_argument *cop_argument_find(const char *name)
{
    for (size_t i = 0; i < sizeof arguments / sizeof arguments[0]; i++) {
        if (strcmp(arguments[i].name, name) == 0)
            return &arguments[i];
    }
    return NULL;
}

static size_t count_names(const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return count;
}

static bool is_accepted(const char *const *accepted, const char *name)
{
    for (size_t i = 0; accepted[i] != NULL; i++) {
        if (strcmp(accepted[i], name) == 0)
            return true;
    }
    return strcmp(name, "help") == 0;
}

static cop_status unknown_option(const char *word, const char *name, const char *const *accepted,
                                 cop_error *err)
{
    char shown[200];
    const char *near = cop_nearest(name, accepted, count_names(accepted));
    (void)cop_escape(word, shown, sizeof shown);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "unknown option '%s'; did you mean '--%s'?", shown, near);
    return cop_fail(err, COP_INVALID, "unknown option '%s'", shown);
}

static cop_status store(const cop_argument *argument, const char *value, cop_arguments *out,
                        cop_error *err)
{
    void *member = (char *)out + argument->offset;
    if (argument->kind == COP_ARGUMENT_FLAG) {
        *(bool *)member = true;
        return COP_OK;
    }
    if (argument->kind == COP_ARGUMENT_TEXT) {
        if (*(const char **)member != NULL)
            return cop_fail(err, COP_INVALID, "option '--%s' is given twice", argument->name);
        *(const char **)member = value;
        return COP_OK;
    }
    cop_word_list *list = member;
    const char **longer = realloc(list->items, (list->count + 1) * sizeof *longer);
    if (longer == NULL)
        return cop_out_of_memory(err);
    list->items = longer;
    list->items[list->count++] = value;
    return COP_OK;
}

/* An option at argv[*at]; *at is moved to its last word. */
static cop_status read_option(int argc, char *const *argv, int *at, const char *const *accepted,
                              cop_arguments *out, cop_error *err)
{
    const char *word = argv[*at];
    const char *text = strcmp(word, "-h") == 0 ? "--help" : word;
    const char *equals = strchr(text, '=');
    char name[32];
    size_t length = strncmp(text, "--", 2) == 0
                        ? (equals != NULL ? (size_t)(equals - text) : strlen(text)) - 2
                        : 0;
    (void)snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : 31), text + 2);
    const cop_argument *argument =
        length > 0 && length < sizeof name ? cop_argument_find(name) : NULL;
    if (argument == NULL || !is_accepted(accepted, name))
        return unknown_option(word, length > 0 ? name : "", accepted, err);
    if (argument->kind == COP_ARGUMENT_FLAG && equals != NULL)
        return cop_fail(err, COP_INVALID, "option '--%s' takes no value", name);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (argument->kind != COP_ARGUMENT_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return cop_fail(err, COP_INVALID, "option '--%s' wants a value: %s", name,
                            argument->value);
        value = argv[++*at];
    }
    return store(argument, value, out, err);
}

cop_status cop_arguments_read(int argc, char *const *argv, int first, const char *const *accepted,
                              cop_arguments *out, cop_error *err)
{
    bool only_words = false;
    memset(out, 0, sizeof *out);
    for (int i = first; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            COP_TRY(read_option(argc, argv, &i, accepted, out, err));
        } else if (out->word_count < COP_MOST_WORDS) {
            out->words[out->word_count++] = argv[i];
        } else {
            char shown[200];
            return cop_fail(err, COP_INVALID, "unexpected '%s'",
                            cop_escape(argv[i], shown, sizeof shown));
        }
    }
    return COP_OK;
}

void cop_arguments_clear(cop_arguments *a)
{
    free(a->set.items);
    free(a->plugin_dir.items);
    free(a->program.items);
    free(a->weights.items);
    free(a->sbatch.items);
    free(a->only.items);
    free(a->forget.items);
    memset(a, 0, sizeof *a);
}

void cop_arguments_help(const char *const *accepted, FILE *out)
{
    for (size_t i = 0; accepted[i] != NULL; i++) {
        const cop_argument *a = cop_argument_find(accepted[i]);
        char left[64];
        (void)snprintf(left, sizeof left, "--%s%s%s", a->name, a->value != NULL ? " " : "",
                       a->value != NULL ? a->value : "");
        (void)fprintf(out, "  %-22s  %s\n", left, a->help);
    }
}

cop_status cop_argument_integer(const char *name, const char *text, int64_t low, int64_t high,
                                int64_t *out, cop_error *err)
{
    char *end = NULL, shown[200];
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < low || value > high)
        return cop_fail(err, COP_INVALID, "option '--%s' is '%s', wanted a whole number%s", name,
                        cop_escape(text, shown, sizeof shown), low == 0 ? " from 0" : "");
    *out = value;
    return COP_OK;
}

void cop_print_shell_word(const char *word, FILE *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    if (word[0] != '\0' && strspn(word, plain) == strlen(word)) {
        (void)fputs(word, out);
        return;
    }
    (void)fputc('\'', out);
    size_t obeyed = 0; /* bytes of a control left: a terminal would obey it */
    for (; *word != '\0'; word++) {
        if (obeyed == 0 && *word != '\n')
            obeyed = cop_control_length(word);
        if (*word == '\'')
            (void)fputs("'\\''", out);
        else if (obeyed > 0)
            (void)fprintf(out, "'\"$(printf '\\%03o')\"'", (unsigned)(unsigned char)*word);
        else
            (void)fputc(*word, out);
        obeyed -= obeyed > 0;
    }
    (void)fputc('\'', out);
}
