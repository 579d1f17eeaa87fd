/* status_json.c: how far studies are, for programs. */
#include "cli/status.h"

#include "core/json.h"

#include <math.h>
#include <stdlib.h>

/* The functions here are false when memory is out. */

/* What is no number is null. */
static bool add_number(cJSON *to, const char *name, double value)
{
    return isnan(value) ? cJSON_AddNullToObject(to, name) != NULL
                        : cJSON_AddNumberToObject(to, name, value) != NULL;
}

static bool fill_part(cJSON *to, const cop_progress_part *part)
{
    bool ok = cJSON_AddStringToObject(to, "kind", part->kind) != NULL &&
              add_number(to, "stages", (double)part->total);
    for (int state = 0; ok && state < COP_STATE_COUNT; state++)
        ok = add_number(to, cop_stage_state_name((cop_stage_state)state),
                        (double)part->states[state]);
    size_t done = part->states[COP_STATE_DONE], open = part->total - done;
    double mean = done > 0 ? part->seconds / (double)done : (double)NAN;
    bool is_unknown = open > 0 && part->unknown == open;
    return ok && add_number(to, "saved", (double)part->saved) &&
           add_number(to, "damaged", (double)part->damaged) &&
           add_number(to, "seconds_done", part->seconds) && add_number(to, "seconds_each", mean) &&
           add_number(to, "seconds_remaining", is_unknown ? (double)NAN : part->remaining) &&
           add_number(to, "stages_of_unknown_length", (double)part->unknown);
}

static bool fill_held(cJSON *to, const cop_held *held)
{
    static const char *const words[] = {
        [COP_HELD_BY_NONE] = "no", [COP_HELD] = "yes", [COP_HELD_UNKNOWN] = "unknown"};
    cop_run_who who;
    bool ok = cJSON_AddStringToObject(to, "held", words[held->holding]) != NULL;
    if (!ok || held->holding != COP_HELD || !cop_run_note_who(&held->note, &who))
        return ok;
    return add_number(to, "process", (double)strtoll(who.process, NULL, 10)) &&
           cJSON_AddStringToObject(to, "host", who.host) != NULL &&
           cJSON_AddStringToObject(to, "since", who.since) != NULL;
}

/* A stage that is not done and of which more is known than that. */
static bool is_remarkable(const cop_stage_look *look)
{
    return look->state == COP_STATE_RUNNING || look->state == COP_STATE_FAILED ||
           (look->state != COP_STATE_DONE && look->is_saved) || look->damage != NULL;
}

static bool fill_stage(cJSON *to, const cop_stage_record *stage, const cop_stage_look *look)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    bool ok = cJSON_AddStringToObject(to, "stage", cop_artifact_text(&stage->id, name)) != NULL &&
              cJSON_AddStringToObject(to, "title", stage->title) != NULL &&
              cJSON_AddStringToObject(to, "state", cop_stage_state_name(look->state)) != NULL;
    if (ok && look->reason != NULL)
        ok = cJSON_AddStringToObject(to, "reason", look->reason) != NULL &&
             cJSON_AddBoolToObject(to, "needs_a_failed_one", look->is_inherited) != NULL;
    if (ok && look->damage != NULL)
        ok = cJSON_AddStringToObject(to, "damage", look->damage) != NULL;
    if (ok && look->holder != NULL)
        ok = cJSON_AddStringToObject(to, "holder", look->holder) != NULL;
    if (!ok || !look->is_saved)
        return ok;
    return add_number(to, "step", look->saved_step >= 0 ? (double)look->saved_step : (double)NAN) &&
           add_number(to, "seconds", look->saved_seconds) &&
           add_number(to, "saved_seconds_ago", look->saved_ago);
}

/* A new object at the list's end; NULL without memory. */
static cJSON *add_object(cJSON *list)
{
    cJSON *object = cJSON_CreateObject();
    if (cJSON_AddItemToArray(list, object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

static bool fill_task(cJSON *to, const cop_slurm_task *task)
{
    return to != NULL && cJSON_AddStringToObject(to, "job", task->job) != NULL &&
           cJSON_AddStringToObject(to, "state", task->state) != NULL &&
           cJSON_AddStringToObject(to, "nodes", task->nodes) != NULL &&
           cJSON_AddStringToObject(to, "reason", task->reason) != NULL;
}

/* Jobs that were submitted; "queue" is null where Slurm cannot be asked. */
static bool fill_slurm(cJSON *to, const cop_slurm_queue *q)
{
    bool ok = add_number(to, "workers", (double)q->note.workers) &&
              add_number(to, "tasks", (double)q->note.tasks) &&
              add_number(to, "report", (double)q->note.report);
    if (!ok || !q->is_told)
        return ok && cJSON_AddNullToObject(to, "queue") != NULL;
    cJSON *queue = cJSON_AddArrayToObject(to, "queue");
    ok = queue != NULL;
    for (size_t i = 0; ok && i < q->count; i++)
        ok = fill_task(add_object(queue), &q->tasks[i]);
    return ok;
}

static bool fill_study(cJSON *to, const cop_standing *s)
{
    const cop_study_progress *p = &s->progress;
    bool ok = cJSON_AddStringToObject(to, "study", s->study->record.name) != NULL &&
              cJSON_AddStringToObject(to, "folder", s->study->folder) != NULL &&
              add_number(to, "share_done", p->share) &&
              cJSON_AddStringToObject(to, "share_of", p->is_of_seconds ? "seconds" : "stages");
    cJSON *run = ok ? cJSON_AddObjectToObject(to, "run") : NULL;
    ok = run != NULL && fill_held(run, &s->study->held);
    if (ok && s->slurm.is_noted) {
        cJSON *slurm = cJSON_AddObjectToObject(to, "slurm");
        ok = slurm != NULL && fill_slurm(slurm, &s->slurm);
    }
    cJSON *all = ok ? cJSON_AddObjectToObject(to, "all") : NULL;
    ok = all != NULL && fill_part(all, &p->all);
    cJSON *kinds = ok ? cJSON_AddArrayToObject(to, "kinds") : NULL;
    ok = kinds != NULL;
    for (size_t i = 0; ok && i < p->part_count; i++) {
        cJSON *kind = add_object(kinds);
        ok = kind != NULL && fill_part(kind, &p->parts[i]);
    }
    cJSON *stages = ok ? cJSON_AddArrayToObject(to, "stages") : NULL;
    ok = stages != NULL;
    for (size_t i = 0; ok && i < s->study->stages.stage_count; i++) {
        if (!is_remarkable(&s->study->looks[i]))
            continue;
        cJSON *stage = add_object(stages);
        ok = stage != NULL && fill_stage(stage, &s->study->stages.stages[i], &s->study->looks[i]);
    }
    return ok;
}

cop_status cop_standings_print_json(const char *dir, const cop_standing *standings, size_t count,
                                    FILE *out, cop_error *err)
{
    cJSON *root = cJSON_CreateObject();
    bool ok = cJSON_AddStringToObject(root, "dir", dir) != NULL;
    cJSON *studies = ok ? cJSON_AddArrayToObject(root, "studies") : NULL;
    ok = studies != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        cJSON *study = add_object(studies);
        ok = study != NULL && fill_study(study, &standings[i]);
    }
    return cop_json_print(root, ok, out, err);
}
