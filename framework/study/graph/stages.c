/* stages.c: the list of distinct stages. */
#include "core/memory.h"
#include "study/graph/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cop_stage_kind_name(cop_stage_kind kind)
{
    static const char *const names[] = {"", COP_ARTIFACT_SET, COP_ARTIFACT_TRAINING,
                                        COP_ARTIFACT_MASK, COP_ARTIFACT_ANALYSIS};
    return names[kind];
}

void cop_stage_clear(cop_stage *stage)
{
    free(stage->identity);
    free(stage->title);
    free(stage->failure);
    free(stage->train.snapshots);
    for (size_t i = 0; stage->work.snapshots != NULL && i < stage->work.training_count; i++)
        free(stage->work.snapshots[i]);
    free(stage->work.snapshots);
    free(stage->work.snapshot_counts);
    free(stage->work.trainings);
    free(stage->work.copies);
    free(stage->work.dense);
    free(stage->work.others);
    memset(stage, 0, sizeof *stage);
}

static bool same_duration(cop_duration a, cop_duration b)
{
    return a.unit == b.unit && a.value == b.value;
}

/* Adds to `into` the snapshots that only `from` wants. */
static bool merge_snapshots(cop_training_stage *into, const cop_training_stage *from)
{
    for (size_t i = 0; i < from->snapshot_count; i++) {
        bool known = false;
        for (size_t k = 0; k < into->snapshot_count; k++)
            known = known || same_duration(into->snapshots[k], from->snapshots[i]);
        if (known)
            continue;
        cop_duration *grown =
            realloc(into->snapshots, (into->snapshot_count + 1) * sizeof *into->snapshots);
        if (grown == NULL)
            return false;
        into->snapshots = grown;
        into->snapshots[into->snapshot_count++] = from->snapshots[i];
    }
    return true;
}

static bool make_room(cop_study *s)
{
    cop_stage *grown = cop_grow(s->stages, &s->stage_capacity, s->stage_count + 1, sizeof *grown);
    if (grown == NULL)
        return false;
    s->stages = grown;
    return true;
}

/* Finding an equal stage: a hash table of positions, open addressing, at most half full. */

/* Where the stage of that name is, or the empty slot where it would be. */
static int32_t *slot_of(const cop_study *s, const cop_stage *stage)
{
    char digits[17];
    (void)snprintf(digits, sizeof digits, "%.16s", stage->id.hash);
    size_t at = (size_t)strtoull(digits, NULL, 16) % s->slot_count;
    for (;; at = (at + 1) % s->slot_count) {
        int32_t i = s->slots[at];
        if (i == COP_NO_STAGE || (s->stages[i].kind == stage->kind &&
                                  strcmp(s->stages[i].identity, stage->identity) == 0))
            return &s->slots[at];
    }
}

/* Makes room for one more. */
static bool grow_slots(cop_study *s)
{
    if (2 * (s->stage_count + 1) <= s->slot_count)
        return true;
    size_t count = s->slot_count == 0 ? 16 : 2 * s->slot_count;
    int32_t *grown = realloc(s->slots, count * sizeof *grown);
    if (grown == NULL)
        return false;
    s->slots = grown;
    s->slot_count = count;
    for (size_t i = 0; i < count; i++)
        grown[i] = COP_NO_STAGE;
    for (size_t i = 0; i < s->stage_count; i++)
        *slot_of(s, &s->stages[i]) = (int32_t)i;
    return true;
}

cop_status cop_study_add_stage(cop_study *s, cop_stage *stage, int32_t *index, cop_error *err)
{
    cop_status status = cop_stage_identity(s, stage, &stage->identity, err);
    if (status == COP_OK)
        status = cop_stage_find_course(s, stage, err);
    if (status == COP_OK)
        status =
            cop_artifact_name(cop_stage_kind_name(stage->kind), stage->identity, &stage->id, err);
    if (status != COP_OK) {
        cop_stage_clear(stage);
        return status;
    }
    bool ok = make_room(s) && grow_slots(s);
    if (ok) {
        int32_t *slot = slot_of(s, stage);
        *index = *slot;
        if (*index != COP_NO_STAGE) {
            ok = merge_snapshots(&s->stages[*index].train, &stage->train);
            cop_stage_clear(stage);
        } else {
            *index = *slot = (int32_t)s->stage_count;
            s->stages[s->stage_count++] = *stage;
            memset(stage, 0, sizeof *stage);
        }
    }
    if (!ok) {
        cop_stage_clear(stage);
        return cop_out_of_memory(err);
    }
    return COP_OK;
}
