/* stage_index.c: positions sorted by name. */
#include "store/stage_index.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static int order(const cop_artifact_id *a, const cop_artifact_id *b)
{
    int by_hash = strcmp(a->hash, b->hash);
    return by_hash != 0 ? by_hash : strcmp(a->kind, b->kind);
}

static int by_name(const void *left, const void *right, void *own)
{
    const cop_stage_record *stages = own;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    int by_id = order(&stages[a].id, &stages[b].id);
    return by_id != 0 ? by_id : (a > b) - (a < b);
}

cop_status cop_stage_index_make(const cop_stage_records *records, cop_arena *arena,
                                cop_stage_index *out, cop_error *err)
{
    size_t *sorted = cop_arena_array(arena, records->stage_count + 1, sizeof *sorted);
    if (sorted == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < records->stage_count; i++)
        sorted[i] = i;
    qsort_r(sorted, records->stage_count, sizeof *sorted, by_name, records->stages);
    *out = (cop_stage_index){.records = records, .sorted = sorted};
    return COP_OK;
}

/* The first that is not before the name, so that of equal ones it is the first in the file. */
size_t cop_stage_index_find(const cop_stage_index *index, const cop_artifact_id *id)
{
    size_t low = 0, high = index->records->stage_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order(&index->records->stages[index->sorted[middle]].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == index->records->stage_count)
        return COP_NO_RECORD;
    size_t at = index->sorted[low];
    return cop_same_artifact(&index->records->stages[at].id, id) ? at : COP_NO_RECORD;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool cop_stage_is_meant(const cop_stage_record *stage, const char *word)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    return word[0] != '\0' && (begins_with(cop_artifact_text(&stage->id, name), word) ||
                               begins_with(stage->id.hash, word));
}
