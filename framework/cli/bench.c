/* bench.c: `coppice bench`: how fast this build is, case by case.
 *
 * One case is measured here; of several each gets a process of its own, so that its memory is its
 * own too. Those are executed anew and not forked: a forked child of a process that has used OpenMP
 * hangs. */
#include "bench/bench.h"

#include "cli/cases.h"
#include "cli/command.h"
#include "core/locale.h"
#include "core/memory.h"
#include "core/path.h"
#include "plugin/loading/home.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_SAMPLES 10
#define MOST_SAMPLES    100000

/* Set for the processes that this one starts: a program that embeds Coppice and does not read its
 * command line would otherwise start itself for ever. */
#define STARTED "COPPICE_BENCH_STARTED"

extern char **environ;

static cop_status read_samples(const cop_call *call, int64_t *samples, cop_error *err)
{
    *samples = DEFAULT_SAMPLES;
    if (call->arguments->repeat == NULL)
        return COP_OK;
    return cop_argument_integer("repeat", call->arguments->repeat, 1, MOST_SAMPLES, samples, err);
}

static cop_status find_cases(const cop_call *call, cop_cases *cases, cop_error *err)
{
    const cop_arguments *a = call->arguments;
    char home[COP_PATH_SIZE], dir[COP_PATH_SIZE];
    if (a->dir != NULL)
        return cop_cases_find(a->dir, a->words, a->word_count, cases, err);
    if (!cop_config_home(home, sizeof home))
        return cop_fail(err, COP_FAILED, "the path of the benchmark cases is too long");
    COP_TRY(cop_path_join(dir, sizeof dir, err, home, "bench"));
    return cop_cases_find(dir, a->words, a->word_count, cases, err);
}

static void print_head(const cop_call *call)
{
    if (!call->arguments->json)
        (void)fprintf(call->out, "%-20s %-5s %7s %11s %11s %9s %9s %11s %9s\n", "case", "",
                      "threads", "median", "min", "GFLOP/s", "peak MiB", "floor share", "compile");
}

/* "12.3", or "-" where there is none. */
static const char *figure(double value, int digits, char *text, size_t size)
{
    if (isfinite(value))
        (void)cop_snprintf(text, size, "%.*f", digits, value);
    else
        (void)snprintf(text, size, "-");
    return text;
}

static cop_status print_row(const cop_call *call, const cop_bench_result *r, cop_error *err)
{
    char gflops[32], peak[32], share[32];
    if (call->arguments->json)
        return cop_bench_write(r, call->out, err);
    (void)fprintf(call->out, "%-20s %-5s %7d %8.2f ms %8.2f ms %9s %9s %11s %7.2f s\n", r->name,
                  r->precision == COP_PRECISION_F32 ? "f32" : "bf16", r->threads, 1e3 * r->median_s,
                  1e3 * r->min_s, figure(r->gflops, 1, gflops, sizeof gflops),
                  figure(r->peak_mib, 0, peak, sizeof peak),
                  figure(r->floor_share, 2, share, sizeof share), r->compile_s);
    return COP_OK;
}

static cop_status run_here(const cop_call *call, const cop_registry *registry, const char *path,
                           int64_t samples, cop_error *err)
{
    cop_config *config = NULL;
    cop_bench_result result;
    COP_TRY(cop_call_config_at(call, registry, path, &config, err));
    cop_status status = cop_call_threads(call, config, err);
    if (status == COP_OK)
        status = cop_bench_run(config, samples, call->log, &result, err);
    cop_config_free(config);
    if (status != COP_OK)
        return status;
    print_head(call);
    return print_row(call, &result, err);
}

/* Several, each in a process. */

/* A wrong config is said before anything runs. */
static cop_status check_all(const cop_call *call, const cop_registry *registry,
                            const cop_cases *cases, cop_error *err)
{
    for (size_t i = 0; i < cases->count; i++) {
        cop_config *config = NULL;
        COP_TRY(cop_call_config_at(call, registry, cases->paths[i], &config, err));
        cop_status status = cop_bench_check(config, err);
        cop_config_free(config);
        COP_TRY(status);
    }
    return COP_OK;
}

/* The words of the command that measures `path`; the array is the caller's, the words are not. */
static char **make_words(const cop_call *call, char *program, char *path)
{
    const cop_arguments *a = call->arguments;
    size_t count = 0, most = 12 + 2 * (a->set.count + a->plugin_dir.count);
    char **words = calloc(most, sizeof *words);
    if (words == NULL)
        return NULL;
    words[count++] = program;
    words[count++] = "bench";
    words[count++] = "--json";
    const struct {
        char *option;
        const char *value;
    } texts[] = {{"--threads", a->threads}, {"--repeat", a->repeat}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].value != NULL) {
            words[count++] = texts[i].option;
            words[count++] = (char *)(uintptr_t)texts[i].value;
        }
    for (size_t i = 0; i < a->set.count; i++) {
        words[count++] = "--set";
        words[count++] = (char *)(uintptr_t)a->set.items[i];
    }
    for (size_t i = 0; i < a->plugin_dir.count; i++) {
        words[count++] = "--plugin-dir";
        words[count++] = (char *)(uintptr_t)a->plugin_dir.items[i];
    }
    if (a->quiet)
        words[count++] = "--quiet";
    words[count++] = "--";
    words[count++] = path;
    return words;
}

/* Starts this program with those words; *output is the reading end of its standard output. */
static cop_status start(char *const *words, pid_t *child, FILE **output, cop_error *err)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0)
        return cop_fail(err, COP_FAILED, "bench: pipe: %s", strerror(errno));
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason == 0) {
        reason = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        for (int i = 0; i < 2 && reason == 0; i++)
            reason = posix_spawn_file_actions_addclose(&actions, ends[i]);
        if (reason == 0)
            reason = posix_spawn(child, words[0], &actions, NULL, words, environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)close(ends[1]);
    *output = reason == 0 ? fdopen(ends[0], "r") : NULL;
    if (*output != NULL)
        return COP_OK;
    (void)close(ends[0]);
    return cop_fail(err, COP_FAILED, "bench: cannot start %s: %s", words[0],
                    strerror(reason != 0 ? reason : errno));
}

static cop_status take_line(const cop_call *call, FILE *output, cop_error *err)
{
    char line[1024];
    cop_bench_result result;
    if (fgets(line, sizeof line, output) == NULL)
        return cop_fail(err, COP_FAILED, "nothing was measured");
    COP_TRY(cop_bench_read(line, &result, err));
    COP_TRY(print_row(call, &result, err));
    (void)fflush(call->out);
    return COP_OK;
}

static cop_status run_there(const cop_call *call, char *program, char *path, cop_error *err)
{
    pid_t child = 0;
    FILE *output = NULL;
    char **words = make_words(call, program, path);
    if (words == NULL)
        return cop_out_of_memory(err);
    cop_status status = start(words, &child, &output, err);
    free(words);
    if (status != COP_OK)
        return status;
    cop_error unread = {0};
    cop_status taken = take_line(call, output, &unread);
    (void)fclose(output);
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(ended))
        return cop_fail_at(err, COP_FAILED, path, 0, "the benchmark was ended by signal %d",
                           WTERMSIG(ended));
    if (WEXITSTATUS(ended) != 0) /* it has said why */
        return cop_fail_at(err, WEXITSTATUS(ended) == 2 ? COP_INVALID : COP_FAILED, path, 0,
                           "the benchmark failed");
    return taken == COP_OK ? COP_OK : cop_fail_at(err, taken, path, 0, "%s", unread.message);
}

/* Goes on behind a case that fails; the first failure is the answer. */
static cop_status run_apart(const cop_call *call, const cop_cases *cases, cop_error *err)
{
    char program[COP_PATH_SIZE];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0 || getenv(STARTED) != NULL || setenv(STARTED, "1", 1) != 0)
        return cop_fail(err, COP_UNAVAILABLE, "cannot start a process for each case: name one");
    program[length] = '\0';
    cop_status first = COP_OK;
    print_head(call);
    for (size_t i = 0; i < cases->count; i++) {
        cop_error later = {0};
        cop_status status =
            run_there(call, program, cases->paths[i], first == COP_OK ? err : &later);
        first = first == COP_OK ? status : first;
    }
    (void)unsetenv(STARTED);
    return first;
}

static cop_status run_cases(const cop_call *call, const cop_cases *cases, int64_t samples,
                            cop_error *err)
{
    cop_registry *registry = NULL;
    COP_TRY(cop_call_registry(call, &registry, err));
    cop_status status;
    if (cases->count == 1) {
        status = run_here(call, registry, cases->paths[0], samples, err);
    } else {
        status = check_all(call, registry, cases, err);
        if (status == COP_OK)
            status = run_apart(call, cases, err);
    }
    cop_registry_free(registry);
    return status;
}

static cop_status run(const cop_call *call, cop_error *err)
{
    int64_t samples = 0;
    if (getenv(STARTED) != NULL)
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever wanted to know is gone */
    cop_cases cases = {0};
    COP_TRY(read_samples(call, &samples, err));
    cop_status status = find_cases(call, &cases, err);
    if (status == COP_OK)
        status = run_cases(call, &cases, samples, err);
    cop_cases_clear(&cases);
    return status;
}

static const char *const options[] = {"json", "threads", "repeat",     "dir",
                                      "set",  "quiet",   "plugin-dir", NULL};

const cop_subcommand cop_bench_command = {
    .name = "bench",
    .words = "[CASE]...",
    .least_words = 0,
    .most_words = COP_MOST_WORDS,
    .summary = "measure how fast this build is",
    .details =
        "A case is a config with a group bench, by its path or its name in --dir; without any, "
        "all\n"
        "that are there are measured, each in a process of its own. A row, or with --json a line, "
        "is\n"
        "a step, batch or product: its median and least time, arithmetic by the median, largest\n"
        "resident memory, the share of the time that the convolutions alone take (measured "
        "between\n"
        "the samples), and what compiling took.",
    .options = options,
    .run = run};
