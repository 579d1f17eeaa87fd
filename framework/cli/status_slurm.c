/* status_slurm.c: the jobs of a study that was submitted, in words. */
#include "cli/status.h"

#include "core/memory.h"
#include "core/text.h"

#include <string.h>

/* Whether a task before that one is of the same state, which then was said. */
static bool is_said(const cop_slurm_queue *q, size_t task)
{
    for (size_t i = 0; i < task; i++)
        if (q->tasks[i].is_report == q->tasks[task].is_report &&
            strcmp(q->tasks[i].state, q->tasks[task].state) == 0)
            return true;
    return false;
}

static size_t count_alike(const cop_slurm_queue *q, size_t task)
{
    size_t count = 0;
    for (size_t i = 0; i < q->count; i++)
        count += q->tasks[i].is_report == q->tasks[task].is_report &&
                 strcmp(q->tasks[i].state, q->tasks[task].state) == 0;
    return count;
}

/* "2 running, 1 pending (Resources)", with the reason of the first. */
static void say_tasks(const cop_slurm_queue *q, bool is_report, cop_text *text)
{
    const char *before = "";
    for (size_t i = 0; i < q->count; i++) {
        const cop_slurm_task *task = &q->tasks[i];
        if (task->is_report != is_report || is_said(q, i))
            continue;
        cop_text_append(text, before);
        if (!is_report)
            cop_text_printf(text, "%zu ", count_alike(q, i));
        cop_text_append(text, task->state);
        if (task->reason[0] != '\0')
            cop_text_printf(text, " (%s)", task->reason);
        before = ", ";
    }
    if (before[0] == '\0')
        cop_text_append(text, "gone");
}

static void say_all(const cop_slurm_queue *q, cop_text *text)
{
    long long workers = q->note.workers, report = q->note.report;
    if (!q->is_told) {
        cop_text_printf(text, "submitted as jobs %lld (workers) and %lld (report)%s%s", workers,
                        report, q->why != NULL ? "; " : "", q->why != NULL ? q->why : "");
    } else if (q->count == 0) {
        cop_text_printf(text, "jobs %lld (workers) and %lld (report) are gone", workers, report);
    } else {
        cop_text_printf(text, "workers %lld: ", workers);
        say_tasks(q, false, text);
        cop_text_printf(text, "; report %lld: ", report);
        say_tasks(q, true, text);
    }
}

const char *cop_standing_slurm(const cop_standing *s, char *text, size_t size)
{
    cop_text all = {0};
    const cop_slurm_queue *q = &s->slurm;
    const cop_progress_part *part = &s->progress.all;
    bool is_done = part->states[COP_STATE_DONE] == part->total;
    text[0] = '\0';
    if (!q->is_noted || (is_done && q->is_told && q->count == 0))
        return text;
    say_all(q, &all);
    (void)snprintf(text, size, "%s", all.data != NULL ? all.data : "");
    cop_text_free(&all);
    return text;
}
