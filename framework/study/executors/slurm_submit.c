/* slurm_submit.c: submitting, and putting a job back into the queue. */
#include "study/executors/slurm.h"

#include "core/file.h"
#include "core/job.h"
#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "core/tool.h"
#include "store/study_folders.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seconds that a controller may take to answer; a busy one takes many. */
#define PATIENCE 120.0

#define WORKER_SCRIPT "worker.sh"
#define REPORT_SCRIPT "report.sh"

/* The options of sbatch that are decided here, in both of their forms. */
static const char *const decided[][2] = {
    {"--array", "-a"},    {"--dependency", "-d"}, {"--output", "-o"},
    {"--error", "-e"},    {"--chdir", "-D"},      {"--wait", "-W"},
    {"--parsable", NULL}, {"--wrap", NULL},       {"--clusters", "-M"}};

/* Whether the word is that option, alone or with a value behind it. */
static bool is_option(const char *word, const char *name)
{
    size_t length = name != NULL ? strlen(name) : 0;
    if (length == 0 || strncmp(word, name, length) != 0)
        return false;
    bool is_short = name[1] != '-';
    return is_short || word[length] == '\0' || word[length] == '=';
}

cop_status cop_slurm_check_options(const char *const *options, size_t count, cop_error *err)
{
    char shown[200];
    for (size_t i = 0; i < count; i++) {
        (void)cop_escape(options[i], shown, sizeof shown);
        if (options[i][0] != '-' || options[i][1] == '\0')
            return cop_fail(err, COP_INVALID,
                            "option '--sbatch' is '%s', wanted one word that is an option of "
                            "sbatch: --sbatch=--partition=NAME",
                            shown);
        for (size_t k = 0; k < sizeof decided / sizeof decided[0]; k++)
            if (is_option(options[i], decided[k][0]) || is_option(options[i], decided[k][1]))
                return cop_fail(err, COP_INVALID,
                                "option '--sbatch' is '%s', but coppice decides that by itself%s",
                                shown, k == 0 ? ": --jobs N" : "");
    }
    return COP_OK;
}

static cop_status find(const char *name, char *path, cop_error *err)
{
    if (cop_tool_find(name, path, COP_PATH_SIZE))
        return COP_OK;
    return cop_fail(err, COP_UNAVAILABLE,
                    "there is no %s on this machine: --slurm wants one that submits to Slurm",
                    name);
}

cop_status cop_slurm_check_here(cop_error *err)
{
    char path[COP_PATH_SIZE];
    return find("sbatch", path, err);
}

/* Submitting. */

/* The words of a call of sbatch; those that are made for it are kept in `texts`. */
typedef struct words {
    const char **argv;
    size_t count;
    char texts[8][COP_PATH_SIZE];
    size_t text_count;
} words;

static char *next_text(words *w)
{
    char *text = w->texts[w->text_count++];
    w->argv[w->count++] = text;
    return text;
}

/* The path of a log, in which Slurm fills in numbers for letters behind a "%" that is not doubled,
 * in a directory's name too. A backslash in it would stop that, and go. */
static cop_status make_log_option(const cop_slurm_plan *plan, const char *log, char *option,
                                  cop_error *err)
{
    cop_text text = {0};
    cop_text_append(&text, "--output=");
    for (const char *c = plan->folder; *c != '\0'; c++)
        cop_text_append(&text, *c == '%' ? "%%" : (const char[]){*c, '\0'});
    cop_text_printf(&text, "/" COP_SLURM_FOLDER "/%s", log);
    cop_status status = text.failed ? cop_out_of_memory(err) : COP_OK;
    if (status == COP_OK && (text.length >= COP_PATH_SIZE || strchr(plan->folder, '\\') != NULL))
        status = cop_fail(err, COP_FAILED,
                          "Slurm cannot write logs in %s: its path is too long, or has a backslash",
                          plan->folder);
    if (status == COP_OK)
        memcpy(option, text.data, text.length + 1);
    cop_text_free(&text);
    return status;
}

static cop_status begin_words(const cop_slurm_plan *plan, const char *what, const char *log,
                              words *w, cop_error *err)
{
    char folder[COP_STUDY_FOLDER_SIZE];
    w->argv = calloc(plan->option_count + 24, sizeof *w->argv);
    if (w->argv == NULL)
        return cop_out_of_memory(err);
    COP_TRY(find("sbatch", next_text(w), err));
    w->argv[w->count++] = "--parsable";
    w->argv[w->count++] = "--requeue";
    w->argv[w->count++] = "--open-mode=append";
    w->argv[w->count++] = "--ntasks=1";
    (void)snprintf(next_text(w), COP_PATH_SIZE, "--job-name=%s%s",
                   cop_study_folder(plan->study, folder), what);
    (void)snprintf(next_text(w), COP_PATH_SIZE, "--chdir=%s/" COP_SLURM_FOLDER, plan->folder);
    return make_log_option(plan, log, next_text(w), err);
}

/* The user's options come last, where sbatch lets them win over ours. */
static cop_status end_words(const cop_slurm_plan *plan, const char *script, words *w,
                            cop_error *err)
{
    for (size_t i = 0; i < plan->option_count; i++)
        w->argv[w->count++] = plan->options[i];
    return cop_path_join(next_text(w), COP_PATH_SIZE, err, plan->folder, COP_SLURM_FOLDER "/%s",
                         script);
}

/* "12", or "12;cluster". */
static bool read_job(const char *said, int64_t *out)
{
    char digits[24];
    size_t length = strspn(said, "0123456789");
    if (length == 0 || length >= sizeof digits || strchr(";\n", said[length]) == NULL)
        return false;
    (void)snprintf(digits, sizeof digits, "%.*s", (int)length, said);
    return cop_integer_parse(digits, out) && *out > 0;
}

static cop_status call_sbatch(const words *w, int64_t *job, cop_error *err)
{
    cop_tool_answer answer;
    char complaint[600];
    cop_status status = cop_tool_run(w->argv, PATIENCE, &answer, err);
    if (status == COP_OK && answer.status != 0)
        status = cop_fail(err, COP_FAILED, "sbatch refused: %s",
                          cop_tool_complaint(&answer, complaint, sizeof complaint));
    else if (status == COP_OK && !read_job(answer.said, job))
        status = cop_fail(err, COP_FAILED, "sbatch did not name a job, but said \"%s\"",
                          cop_escape(answer.said, complaint, sizeof complaint));
    cop_tool_clear(&answer);
    return status;
}

static cop_status submit_workers(const cop_slurm_plan *plan, int64_t *job, cop_error *err)
{
    words *w = calloc(1, sizeof *w);
    if (w == NULL)
        return cop_out_of_memory(err);
    cop_status status = begin_words(plan, "", "worker-%A_%a.log", w, err);
    if (status == COP_OK) {
        (void)snprintf(next_text(w), COP_PATH_SIZE, "--array=0-%zu", plan->workers - 1);
        (void)snprintf(next_text(w), COP_PATH_SIZE, "--cpus-per-task=%d", plan->threads);
        (void)snprintf(next_text(w), COP_PATH_SIZE, "--signal=B:USR1@%d", COP_SLURM_GRACE);
        status = end_words(plan, WORKER_SCRIPT, w, err);
    }
    if (status == COP_OK)
        status = call_sbatch(w, job, err);
    free(w->argv);
    free(w);
    return status;
}

static cop_status submit_report(const cop_slurm_plan *plan, int64_t workers, int64_t *job,
                                cop_error *err)
{
    words *w = calloc(1, sizeof *w);
    if (w == NULL)
        return cop_out_of_memory(err);
    cop_status status = begin_words(plan, "-report", "report-%j.log", w, err);
    if (status == COP_OK) {
        (void)snprintf(next_text(w), COP_PATH_SIZE, "--dependency=afterany:%lld",
                       (long long)workers);
        status = end_words(plan, REPORT_SCRIPT, w, err);
    }
    if (status == COP_OK)
        status = call_sbatch(w, job, err);
    free(w->argv);
    free(w);
    return status;
}

static void cancel(int64_t job)
{
    char path[COP_PATH_SIZE], number[24];
    cop_tool_answer answer;
    if (!cop_tool_find("scancel", path, sizeof path))
        return;
    (void)snprintf(number, sizeof number, "%lld", (long long)job);
    const char *const argv[] = {path, number, NULL};
    (void)cop_tool_run(argv, PATIENCE, &answer, NULL);
    cop_tool_clear(&answer);
}

static cop_status write_script(const cop_slurm_plan *plan, const char *name, char *text,
                               cop_error *err)
{
    char path[COP_PATH_SIZE];
    if (text == NULL)
        return cop_out_of_memory(err);
    cop_status status =
        cop_path_join(path, sizeof path, err, plan->folder, COP_SLURM_FOLDER "/%s", name);
    if (status == COP_OK)
        status = cop_file_write(path, text, strlen(text), err);
    free(text);
    return status;
}

static cop_status write_scripts(const cop_slurm_plan *plan, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, plan->folder, COP_SLURM_FOLDER));
    COP_TRY(cop_make_dirs(path, err));
    COP_TRY(write_script(plan, WORKER_SCRIPT, cop_slurm_worker_script(plan), err));
    return write_script(plan, REPORT_SCRIPT, cop_slurm_report_script(plan), err);
}

/* The folder goes where nothing is left in it, such as the logs of earlier jobs. */
static void remove_scripts(const cop_slurm_plan *plan)
{
    static const char *const names[] = {"/" WORKER_SCRIPT, "/" REPORT_SCRIPT, "/jobs", ""};
    char path[COP_PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (cop_path_join(path, sizeof path, NULL, plan->folder, COP_SLURM_FOLDER "%s", names[i]) ==
            COP_OK)
            (void)remove(path);
}

static cop_status submit(const cop_slurm_plan *plan, cop_slurm_note *note, cop_error *err)
{
    char path[COP_PATH_SIZE];
    COP_TRY(cop_path_join(path, sizeof path, err, plan->folder, COP_SLURM_NOTE));
    COP_TRY(write_scripts(plan, err));
    COP_TRY(submit_workers(plan, &note->workers, err));
    COP_TRY(submit_report(plan, note->workers, &note->report, err));
    return cop_slurm_note_write(note, path, err);
}

cop_status cop_slurm_submit(const cop_slurm_plan *plan, cop_slurm_note *out, cop_error *err)
{
    *out = (cop_slurm_note){.tasks = (int64_t)plan->workers};
    cop_status status = submit(plan, out, err);
    if (status == COP_OK)
        return COP_OK;
    if (out->report > 0)
        cancel(out->report);
    if (out->workers > 0)
        cancel(out->workers);
    remove_scripts(plan);
    return status;
}

/* From within a job. */

cop_status cop_slurm_requeue(cop_error *err)
{
    char path[COP_PATH_SIZE], self[64], complaint[600];
    cop_tool_answer answer;
    if (cop_job_name(self, sizeof self)[0] == '\0')
        return cop_fail(err, COP_FAILED, "this is no job of Slurm");
    if (!cop_tool_find("scontrol", path, sizeof path))
        return cop_fail(err, COP_FAILED, "there is no scontrol on this machine");
    const char *const argv[] = {path, "requeue", self, NULL};
    cop_status status = cop_tool_run(argv, PATIENCE, &answer, err);
    if (status == COP_OK && answer.status != 0)
        status = cop_fail(err, COP_FAILED, "scontrol refused: %s",
                          cop_tool_complaint(&answer, complaint, sizeof complaint));
    cop_tool_clear(&answer);
    return status;
}
