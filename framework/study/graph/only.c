/* only.c: the part of a study that some of its cells need. */
#include "core/memory.h"
#include "core/text.h"
#include "study/graph/graph.h"

#include <stdlib.h>
#include <string.h>

bool cop_study_wants(const cop_study *s, size_t stage)
{
    return s->is_wanted == NULL || s->is_wanted[stage];
}

static void want(cop_study *s, int32_t stage)
{
    if (stage != COP_NO_STAGE)
        s->is_wanted[stage] = true;
}

static void want_ticket(cop_study *s, const cop_ticket *t)
{
    want(s, t->mask);
    for (size_t i = 0; i < t->copy_count; i++)
        want(s, t->copies[i]);
    for (size_t i = 0; i < t->analysis_count; i++)
        want(s, t->analyses[i]);
}

static void want_cell(cop_study *s, size_t cell)
{
    for (size_t i = 0; i < s->ticket_count; i++)
        if (s->tickets[i].cell == cell)
            want_ticket(s, &s->tickets[i]);
    for (size_t i = 0; i < s->distilled_count; i++) {
        if (s->distilled[i].cell != cell)
            continue;
        want(s, s->distilled[i].distil);
        want(s, s->distilled[i].trained);
    }
}

/* Stages stand behind those that they need. */
static cop_status want_inputs(cop_study *s, cop_error *err)
{
    for (size_t i = s->stage_count; i-- > 0;) {
        if (!s->is_wanted[i])
            continue;
        size_t count = cop_stage_inputs(&s->stages[i], NULL);
        int32_t *inputs = calloc(count + 1, sizeof *inputs);
        if (inputs == NULL)
            return cop_out_of_memory(err);
        (void)cop_stage_inputs(&s->stages[i], inputs);
        for (size_t k = 0; k < count; k++)
            want(s, inputs[k]);
        free(inputs);
    }
    return COP_OK;
}

static cop_status refuse_label(const cop_config *config, const char *label, cop_error *err)
{
    char shown[200], near_shown[200];
    const char **labels = calloc(config->cell_count + 1, sizeof *labels);
    for (size_t i = 0; labels != NULL && i < config->cell_count; i++)
        labels[i] = config->cells[i].label;
    const char *near = labels != NULL ? cop_nearest(label, labels, config->cell_count) : NULL;
    free(labels);
    (void)cop_escape(label, shown, sizeof shown);
    if (near != NULL)
        return cop_fail(err, COP_INVALID, "no cell is labelled \"%s\"; did you mean \"%s\"?", shown,
                        cop_escape(near, near_shown, sizeof near_shown));
    return cop_fail(
        err, COP_INVALID,
        "no cell is labelled \"%s\"; the first is \"%s\", and 'coppice check' lists all", shown,
        cop_escape(config->cells[0].label, near_shown, sizeof near_shown));
}

static cop_status want_label(cop_study *s, const char *label, cop_error *err)
{
    bool is_there = false;
    for (size_t i = 0; i < s->config->cell_count; i++) {
        if (strcmp(s->config->cells[i].label, label) != 0)
            continue;
        want_cell(s, i);
        is_there = true;
    }
    return is_there ? COP_OK : refuse_label(s->config, label, err);
}

cop_status cop_study_only(cop_study *s, const char *const *labels, size_t count, cop_error *err)
{
    if (count == 0)
        return COP_OK;
    free(s->is_wanted);
    s->is_wanted = calloc(s->stage_count + 1, sizeof *s->is_wanted);
    if (s->is_wanted == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        COP_TRY(want_label(s, labels[i], err));
    return want_inputs(s, err);
}
