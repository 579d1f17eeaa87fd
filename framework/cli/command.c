/* command.c: finding the subcommand, and what every one of them shares: help, errors, exit status.
 */
#include "cli/command.h"

#include "cli/signals.h"
#include "core/locale.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"
#include "exec/program/threads.h"

#include <coppice/host.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const cop_subcommand *const subcommands[] = {
    &cop_run_command,     &cop_work_command,       &cop_check_command,   &cop_list_command,
    &cop_inspect_command, &cop_status_command,     &cop_why_command,     &cop_diff_command,
    &cop_report_command,  &cop_index_command,      &cop_analyze_command, &cop_eval_command,
    &cop_export_command,  &cop_explain_command,    &cop_bench_command,   &cop_validate_command,
    &cop_gc_command,      &cop_completion_command, &cop_complete_command};
enum { SUBCOMMAND_COUNT = sizeof subcommands / sizeof subcommands[0] };

const cop_subcommand *cop_subcommand_at(size_t i)
{
    return i < SUBCOMMAND_COUNT ? subcommands[i] : NULL;
}

static void print_usage(const cop_subcommand *s, FILE *out)
{
    (void)fprintf(out, "usage: coppice %s%s%s%s\n\n%s\n", s->name, s->words[0] != '\0' ? " " : "",
                  s->words, s->options[0] != NULL ? " [OPTION]..." : "", s->summary);
    if (s->details != NULL)
        (void)fprintf(out, "\n%s\n", s->details);
    (void)fputs("\noptions:\n", out);
    cop_arguments_help(s->options, out);
    (void)fputs("  --help                  print this and stop\n", out);
}

static void print_overview(FILE *out)
{
    (void)fputs("Coppice: sparse networks, distilled data.\n\n"
                "usage: coppice SUBCOMMAND [WORD]... [OPTION]...\n\nsubcommands:\n",
                out);
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        char left[48];
        if (subcommands[i]->is_for_programs)
            continue;
        (void)snprintf(left, sizeof left, "%s %s", subcommands[i]->name, subcommands[i]->words);
        (void)fprintf(out, "  %-16s  %s\n", left, subcommands[i]->summary);
    }
    (void)fputs("\n  coppice help SUBCOMMAND   its options (also: coppice SUBCOMMAND --help)\n"
                "  coppice version           this program's version\n\n"
                "exit status: 0 done, 1 failed, 2 wrong usage or config, 130 interrupted\n",
                out);
}

static void print_error(const cop_error *error, FILE *err)
{
    char file[sizeof error->file + 32], message[2 * sizeof error->message];
    (void)cop_escape(error->file, file, sizeof file);
    (void)cop_escape(error->message, message, sizeof message);
    if (error->file[0] == '\0')
        (void)fprintf(err, "coppice: %s\n", message);
    else if (error->line > 0)
        (void)fprintf(err, "coppice: %s:%d: %s\n", file, error->line, message);
    else
        (void)fprintf(err, "coppice: %s: %s\n", file, message);
}

static int exit_status(cop_status status)
{
    switch (status) {
    case COP_OK:
        return 0;
    case COP_INVALID:
        return 2;
    case COP_CANCELLED:
        return 130;
    case COP_FAILED:
    case COP_UNAVAILABLE:
        break;
    }
    return 1;
}

static void print_resume(int argc, char *const *argv, FILE *err)
{
    (void)fputs("interrupted; resume with: coppice", err);
    for (int i = 1; i < argc; i++) {
        (void)fputc(' ', err);
        cop_print_shell_word(argv[i], err);
    }
    (void)fputc('\n', err);
}

/* The same as a text; NULL without memory. */
static char *resume_text(int argc, char *const *argv)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        return NULL;
    print_resume(argc, argv, out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static const cop_subcommand *find_subcommand(const char *word)
{
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (strcmp(subcommands[i]->name, word) == 0)
            return subcommands[i];
    }
    return NULL;
}

/* An option where the subcommand should be. */
static cop_status misplaced_option(const char *word, cop_error *err)
{
    char name[32], shown[200];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    const cop_argument *argument = cop_argument_find(name);
    if (argument == NULL)
        return cop_fail(
            err, COP_INVALID,
            "unknown option '%s'; a subcommand comes first: 'coppice --help' lists them",
            cop_escape(word, shown, sizeof shown));
    return cop_fail(err, COP_INVALID,
                    "option '--%s' comes after the subcommand: coppice SUBCOMMAND --%s%s%s", name,
                    name, argument->value != NULL ? " " : "",
                    argument->value != NULL ? argument->value : "");
}

static cop_status unknown_subcommand(const char *word, cop_error *err)
{
    if (strncmp(word, "--", 2) == 0)
        return misplaced_option(word, err);

    const char *names[SUBCOMMAND_COUNT];
    char shown[200];
    for (size_t i = 0; i < SUBCOMMAND_COUNT; i++)
        names[i] = subcommands[i]->name;
    const char *near = cop_nearest(word, names, SUBCOMMAND_COUNT);
    (void)cop_escape(word, shown, sizeof shown);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "unknown subcommand '%s'; did you mean '%s'?", shown,
                        near);
    return cop_fail(err, COP_INVALID, "unknown subcommand '%s'; 'coppice --help' lists them",
                    shown);
}

static cop_status check_words(const cop_subcommand *s, const cop_arguments *a, cop_error *err)
{
    char shown[200];
    if (a->word_count < s->least_words)
        return cop_fail(err, COP_INVALID, "%s wants %s; see 'coppice %s --help'", s->name, s->words,
                        s->name);
    if (a->word_count > s->most_words)
        return cop_fail(err, COP_INVALID, "unexpected '%s' after 'coppice %s'%s",
                        cop_escape(a->words[s->most_words], shown, sizeof shown), s->name,
                        a->set.count > 0
                            ? "; where a --set has blanks, it is one word: --set 'train.lr = 0.1'"
                            : "");
    return COP_OK;
}

/* Results that did not reach their reader are a failure, whatever else went well. */
static cop_status finish_output(FILE *out, cop_error *err)
{
    errno = 0;
    if (fflush(out) == 0 && !ferror(out))
        return COP_OK;
    return cop_fail(err, COP_FAILED, "cannot write the results: %s",
                    errno != 0 ? strerror(errno) : "error on standard output");
}

size_t cop_call_width(const cop_call *call)
{
    size_t columns = cop_terminal_columns(call->out);
    return columns > 0 ? columns : 150;
}

static bool is_terminal(FILE *stream)
{
    int fd = fileno(stream);
    return fd >= 0 && isatty(fd) == 1;
}

static bool takes_threads(const cop_subcommand *s)
{
    for (size_t i = 0; s->options[i] != NULL; i++)
        if (strcmp(s->options[i], "threads") == 0)
            return true;
    return false;
}

static cop_status run_subcommand(const cop_subcommand *s, const cop_arguments *arguments, int argc,
                                 char *const *argv, FILE *out, FILE *err_stream, cop_error *err)
{
    COP_TRY(check_words(s, arguments, err));
    cop_log_level level = arguments->quiet ? COP_LOG_ERROR : COP_LOG_INFO;
    cop_logger *log = cop_logger_new(err_stream, level, is_terminal(err_stream));
    if (log == NULL)
        return cop_out_of_memory(err);
    cop_trial *trial = takes_threads(s) ? cop_trial_new() : NULL;
    const cop_call call = {arguments, argc, argv, out, err_stream, log, trial};
    char *resume = s->resumes ? resume_text(argc, argv) : NULL;
    cop_signals *before = cop_signals_catch(resume);
    free(resume);
    cop_status status = before != NULL ? s->run(&call, err) : cop_out_of_memory(err);
    cop_signals_restore(before);
    cop_trial_free(trial);
    cop_logger_free(log);
    return status;
}

/* `coppice help`, `coppice help run`: what --help prints. */
static cop_status print_help(int argc, char *const *argv, FILE *out, cop_error *err)
{
    if (argc == 2) {
        print_overview(out);
        return COP_OK;
    }
    const cop_subcommand *s = find_subcommand(argv[2]);
    if (s == NULL)
        return unknown_subcommand(argv[2], err);
    print_usage(s, out);
    return COP_OK;
}

static bool is_word(const char *word, const char *plain, const char *option, const char *letter)
{
    return strcmp(word, plain) == 0 || strcmp(word, option) == 0 || strcmp(word, letter) == 0;
}

static cop_status dispatch(int argc, char **argv, FILE *out, FILE *err_stream, cop_error *err)
{
    if (argc < 2) {
        print_overview(err_stream);
        return cop_fail(err, COP_INVALID, "no subcommand given");
    }
    if (is_word(argv[1], "help", "--help", "-h"))
        return print_help(argc, argv, out, err);
    if (is_word(argv[1], "version", "--version", "-V")) {
        (void)fprintf(out, "coppice %s\n", cop_version());
        return COP_OK;
    }
    const cop_subcommand *s = find_subcommand(argv[1]);
    if (s == NULL)
        return unknown_subcommand(argv[1], err);
    cop_arguments arguments;
    cop_status status = cop_arguments_read(argc, argv, 2, s->options, &arguments, err);
    if (status == COP_OK && arguments.help)
        print_usage(s, out);
    else if (status == COP_OK)
        status = run_subcommand(s, &arguments, argc, argv, out, err_stream, err);
    cop_arguments_clear(&arguments);
    bool is_trouble = status != COP_OK && status != COP_CANCELLED && err->message[0] != '\0';
    return s->answers && is_trouble ? COP_INVALID : status;
}

static int run_command(int argc, char **argv, FILE *out, FILE *err)
{
    cop_error error = {0};
    cop_status status = dispatch(argc, argv, out, err, &error);
    if (status == COP_CANCELLED)
        print_resume(argc, argv, err);
    else if (status == COP_OK)
        status = finish_output(out, &error);
    if (status != COP_OK && status != COP_CANCELLED && error.message[0] != '\0')
        print_error(&error, err);
    (void)fflush(err);
    return exit_status(status);
}

/* The whole of it in the C locale, plugins included, whatever the program around it has set. */
int cop_command(int argc, char **argv, FILE *out, FILE *err)
{
    locale_t before = cop_locale_enter();
    int status = run_command(argc, argv, out, err);
    cop_locale_leave(before);
    return status;
}

cop_status cop_call_registry(const cop_call *call, cop_registry **out, cop_error *err)
{
    const cop_word_list *dirs = &call->arguments->plugin_dir;
    return cop_registry_search(dirs->items, dirs->count, call->log, out, err);
}

#define MOST_THREADS 1024

/* --threads is the last override, so that it holds whatever the others say. */
cop_status cop_call_config_at(const cop_call *call, const cop_registry *registry, const char *path,
                              cop_config **config, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    if (a->threads == NULL)
        return cop_config_load(path, a->set.items, a->set.count, registry, call->log, config, err);
    int64_t threads = 0;
    char last[64];
    COP_TRY(cop_argument_integer("threads", a->threads, 1, MOST_THREADS, &threads, err));
    (void)snprintf(last, sizeof last, "study.threads=%lld", (long long)threads);
    const char **overrides = malloc((a->set.count + 1) * sizeof *overrides);
    if (overrides == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < a->set.count; i++)
        overrides[i] = a->set.items[i];
    overrides[a->set.count] = last;
    cop_status status =
        cop_config_load(path, overrides, a->set.count + 1, registry, call->log, config, err);
    free(overrides);
    return status;
}

cop_status cop_call_config(const cop_call *call, cop_registry **registry, cop_config **config,
                           cop_error *err)
{
    COP_TRY(cop_call_registry(call, registry, err));
    cop_status status = cop_call_config_at(call, *registry, call->arguments->words[0], config, err);
    if (status != COP_OK) {
        cop_registry_free(*registry);
        *registry = NULL;
    }
    return status;
}

cop_status cop_call_threads(const cop_call *call, const cop_config *config, cop_error *err)
{
    int most = 1;
    for (size_t i = 0; i < config->cell_count; i++)
        most = config->cells[i].threads > most ? config->cells[i].threads : most;
    return cop_threads_check(call->trial, most, call->log, err);
}

cop_status cop_call_cell(const cop_config *config, const char *label, const cop_cell **out,
                         cop_error *err)
{
    for (size_t i = 0; i < config->cell_count; i++) {
        if (strcmp(config->cells[i].label, label) == 0) {
            *out = &config->cells[i];
            return COP_OK;
        }
    }
    return cop_fail(err, COP_INVALID, "--cell names none of the config's %zu cells (\"%s\", ...)",
                    config->cell_count, config->cells[0].label);
}

cop_status cop_call_out(const cop_call *call, const cop_config *config, char *path, size_t size,
                        cop_error *err)
{
    const char *name = config->name;
    if (call->arguments->out != NULL && call->arguments->out[0] == '\0')
        return cop_fail(err, COP_INVALID, "option '--out' is empty, wanted a directory");
    if (call->arguments->out == NULL &&
        (name[0] == '\0' || name[0] == '.' || strchr(name, '/') != NULL))
        return cop_fail(err, COP_INVALID,
                        "study.name \"%s\" is no name of a directory; say where results go: --out",
                        name);
    int length = call->arguments->out != NULL ? snprintf(path, size, "%s", call->arguments->out)
                                              : snprintf(path, size, "out/%s", name);
    if (length < 0 || (size_t)length >= size)
        return cop_fail(err, COP_INVALID, "the output directory's path is too long");
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode))
        return cop_fail_at(err, COP_INVALID, path, 0, "results cannot go here: not a directory");
    return COP_OK;
}

cop_status cop_call_check_store(const cop_call *call, cop_error *err)
{
    char shown[200];
    struct stat info;
    const char *store = call->arguments->store;
    if (store == NULL || (store[0] != '\0' && (stat(store, &info) != 0 || S_ISDIR(info.st_mode))))
        return COP_OK;
    return cop_fail(err, COP_INVALID, "option '--store' is '%s', wanted a directory",
                    cop_escape(store, shown, sizeof shown));
}
