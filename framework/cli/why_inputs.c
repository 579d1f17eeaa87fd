/* why_inputs.c: what a stage reads. What is written down of it may be wrong: stages that read each
 * other, or none that there is. */
#include "cli/why.h"

#include "core/memory.h"
#include "core/text.h"

#include <stdlib.h>

/* Deeper stages are not moved in further; a number says how deep they are. */
#define MOST_INDENTED 30

/* A stage that waits for being printed. */
typedef struct pending {
    const cop_artifact_id *id;
    size_t depth;
} pending;

typedef struct tree {
    const cop_seen_study *study;
    bool all;
    bool *is_shown; /* by position among the records */
    pending *stack;
    size_t count, capacity;
    FILE *out;
} tree;

static cop_status push(tree *t, const cop_stage_record *stage, size_t depth, cop_error *err)
{
    pending *grown = cop_grow(t->stack, &t->capacity, t->count + stage->input_count, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    t->stack = grown;
    for (size_t i = stage->input_count; i-- > 0;) /* the first is taken first */
        t->stack[t->count++] = (pending){.id = &stage->inputs[i], .depth = depth};
    return COP_OK;
}

static void print_indented(const tree *t, size_t depth)
{
    if (depth > MOST_INDENTED)
        (void)fprintf(t->out, "%*s%zu: ", 2 * MOST_INDENTED, "", depth);
    else
        (void)fprintf(t->out, "%*s", (int)(2 * depth), "");
}

/* Prints one; true where what it reads is to follow. */
static bool print_one(tree *t, const pending *p, size_t at)
{
    char name[COP_ARTIFACT_NAME_SIZE], title[COP_WHY_LINE];
    print_indented(t, p->depth);
    (void)fprintf(t->out, "%s  ", cop_artifact_text(p->id, name));
    if (at == COP_NO_RECORD) {
        (void)fputs("is none of the study's stages\n", t->out);
        return false;
    }
    const cop_stage_record *stage = &t->study->stages.stages[at];
    bool was_shown = t->is_shown[at];
    (void)fprintf(t->out, "%s: %s%s\n", cop_stage_state_name(t->study->looks[at].state),
                  cop_escape(stage->title, title, sizeof title),
                  was_shown && stage->input_count > 0 ? " (as above)" : "");
    t->is_shown[at] = true;
    return t->all && !was_shown;
}

static cop_status print_all(tree *t, size_t top, cop_error *err)
{
    const cop_stage_records *records = &t->study->stages;
    t->is_shown[top] = true;
    COP_TRY(push(t, &records->stages[top], 1, err));
    while (t->count > 0) {
        const pending p = t->stack[--t->count];
        size_t at = cop_stage_index_find(&t->study->index, p.id);
        if (!t->all && at != COP_NO_RECORD && t->is_shown[at])
            continue; /* read twice, as by two names */
        if (print_one(t, &p, at))
            COP_TRY(push(t, &records->stages[at], p.depth + 1, err));
    }
    return COP_OK;
}

cop_status cop_why_inputs(const cop_seen_stage *stage, bool all, FILE *out, cop_error *err)
{
    const cop_seen_study *study = stage->study;
    tree t = {.study = study, .all = all, .out = out};
    if (cop_seen_record(stage)->input_count == 0) {
        (void)fputs("\nit reads no other stage\n", out);
        return COP_OK;
    }
    (void)fputs(all ? "\nwhat it comes from\n" : "\nwhat it reads\n", out);
    t.is_shown = calloc(study->stages.stage_count + 1, sizeof *t.is_shown);
    cop_status status = t.is_shown != NULL ? print_all(&t, stage->at, err) : cop_out_of_memory(err);
    free(t.is_shown);
    free(t.stack);
    return status;
}
