/* slurm_script.c: the scripts that are submitted. Each becomes coppice itself, so that what Slurm
 * signals is coppice. */
#include "study/executors/slurm.h"

#include "core/text.h"

/* Appends a word that a shell reads as it is: within quotes every byte but a quote is itself. */
static void append_word(cop_text *text, const char *word)
{
    cop_text_append(text, " '");
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            cop_text_append(text, "'\\''");
        else
            cop_text_append_bytes(text, word, 1);
    }
    cop_text_append(text, "'");
}

/* An option with a value, where there is one. */
static void append_option(cop_text *text, const char *name, const char *value)
{
    if (value == NULL)
        return;
    cop_text_printf(text, " %s", name);
    append_word(text, value);
}

static char *make(const cop_slurm_plan *plan, const char *what, bool is_worker)
{
    cop_text text = {0};
    char study[300];
    cop_text_printf(&text, "#!/bin/sh\n# %s of the study \"%s\"; written by coppice run --slurm.\n",
                    what, cop_escape(plan->study, study, sizeof study));
    cop_text_append(&text, "exec");
    append_word(&text, plan->program);
    cop_text_append(&text, " work");
    append_word(&text, plan->dir);
    append_option(&text, "--study", plan->study);
    for (size_t i = 0; i < plan->only_count; i++)
        append_option(&text, "--only", plan->only[i]);
    if (is_worker) {
        append_option(&text, "--disk-budget", plan->disk_budget);
        append_option(&text, "--memory", plan->memory);
    }
    cop_text_printf(&text, " %s%s\n", is_worker ? "--requeue" : "--finish",
                    plan->is_quiet ? " --quiet" : "");
    return cop_text_take(&text);
}

char *cop_slurm_worker_script(const cop_slurm_plan *plan)
{
    return make(plan, "A worker", true);
}

char *cop_slurm_report_script(const cop_slurm_plan *plan)
{
    return make(plan, "The last job", false);
}
