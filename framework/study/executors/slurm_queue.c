/* slurm_queue.c: what Slurm says of the jobs of a study. */
#include "study/executors/slurm.h"

#include "core/memory.h"
#include "core/path.h"
#include "core/text.h"
#include "core/tool.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Seconds that a look may take: somebody waits for it. */
#define PATIENCE 20.0

/* The folder comes last, as it may have any letter. A job's number is used again when a cluster is
 * set up anew; whether a job is ours its folder tells. */
#define FORMAT "--format=%i|%F|%T|%N|%r|%Z"
enum { FIELDS = 6 };

/* Cuts a line into its fields in place. */
static bool cut(char *line, char *fields[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        fields[i] = line;
        if (i + 1 == FIELDS)
            return true;
        line = strchr(line, '|');
        if (line == NULL)
            return false;
        *line++ = '\0';
    }
    return true;
}

static const char *keep(cop_arena *arena, const char *text)
{
    char shown[200];
    return cop_arena_strdup(arena, cop_escape(text, shown, sizeof shown));
}

static cop_status add(char *fields[FIELDS], cop_arena *arena, cop_slurm_queue *out, cop_error *err)
{
    int64_t job = 0;
    cop_slurm_task *task = &out->tasks[out->count];
    for (char *c = fields[2]; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    *task = (cop_slurm_task){.job = keep(arena, fields[0]),
                             .state = keep(arena, fields[2]),
                             .nodes = keep(arena, fields[3]),
                             .reason = keep(arena, strcmp(fields[4], "None") == 0 ? "" : fields[4]),
                             .is_report =
                                 cop_integer_parse(fields[1], &job) && job == out->note.report};
    if (task->job == NULL || task->state == NULL || task->nodes == NULL || task->reason == NULL)
        return cop_out_of_memory(err);
    out->count++;
    return COP_OK;
}

static size_t count_lines(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static cop_status read_lines(char *said, const char *home, cop_arena *arena, cop_slurm_queue *out,
                             cop_error *err)
{
    out->tasks = cop_arena_array(arena, count_lines(said), sizeof *out->tasks);
    if (out->tasks == NULL)
        return cop_out_of_memory(err);
    for (char *line = said, *next = NULL; line != NULL && *line != '\0'; line = next) {
        char *fields[FIELDS];
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (cut(line, fields) && strcmp(fields[FIELDS - 1], home) == 0)
            COP_TRY(add(fields, arena, out, err));
    }
    return COP_OK;
}

/* Whether squeue says that it knows the jobs no more, which is an answer. */
static bool are_forgotten(const cop_tool_answer *answer)
{
    return answer->status > 0 && strstr(answer->words, "Invalid job id") != NULL;
}

static cop_status ask(const char *program, const char *home, cop_arena *arena, cop_slurm_queue *out,
                      cop_error *err)
{
    char jobs[64], complaint[400];
    cop_tool_answer answer;
    (void)snprintf(jobs, sizeof jobs, "--jobs=%lld,%lld", (long long)out->note.workers,
                   (long long)out->note.report);
    const char *const argv[] = {
        program, "--noheader", "--array", jobs, FORMAT, "--states=PD,CF,R,S,ST,CG", NULL};
    cop_error why = {0};
    if (cop_tool_run(argv, PATIENCE, &answer, &why) != COP_OK) {
        out->why = keep(arena, why.message);
    } else if (answer.status == 0) {
        out->is_told = true;
    } else if (are_forgotten(&answer)) {
        out->is_told = true;
        answer.said[0] = '\0';
    } else {
        (void)cop_tool_complaint(&answer, complaint, sizeof complaint);
        out->why = cop_arena_printf(arena, "squeue: %s", complaint);
    }
    cop_status status = COP_OK;
    if (out->is_told)
        status = read_lines(answer.said, home, arena, out, err);
    else if (out->why == NULL)
        status = cop_out_of_memory(err);
    cop_tool_clear(&answer);
    return status;
}

cop_status cop_slurm_look(const char *folder, cop_arena *arena, cop_slurm_queue *out,
                          cop_error *err)
{
    char path[COP_PATH_SIZE], home[COP_PATH_SIZE], program[COP_PATH_SIZE];
    *out = (cop_slurm_queue){0};
    COP_TRY(cop_path_join(path, sizeof path, err, folder, COP_SLURM_NOTE));
    out->is_noted = cop_slurm_note_read(path, &out->note);
    if (!out->is_noted)
        return COP_OK;
    COP_TRY(cop_path_join(path, sizeof path, err, folder, COP_SLURM_FOLDER));
    if (realpath(path, home) == NULL)
        return COP_OK;
    if (!cop_tool_find("squeue", program, sizeof program)) {
        out->why = "there is no squeue on this machine";
        return COP_OK;
    }
    return ask(program, home, arena, out, err);
}
