/* name_table.c: open addressing, by a hash of the identity. */
#include "store/name_table.h"

#include "core/hash.h"
#include "core/memory.h"

#include <string.h>

typedef struct cop_name_entry entry;

cop_status cop_name_table_make(size_t most, cop_arena *arena, cop_name_table *out, cop_error *err)
{
    size_t count = 16;
    while (count <= 2 * most)
        count *= 2;
    *out =
        (cop_name_table){.entries = cop_arena_array(arena, count, sizeof(entry)), .count = count};
    if (out->entries == NULL)
        return cop_out_of_memory(err);
    for (size_t i = 0; i < count; i++)
        out->entries[i] = (entry){.number = COP_NO_NAME};
    return COP_OK;
}

/* Where the name stands, or would. */
static entry *place(const cop_name_table *t, const cop_artifact_id *id)
{
    size_t at = (size_t)cop_hash_bytes(id->hash, strlen(id->hash)).lo;
    for (;; at++) {
        entry *e = &t->entries[at & (t->count - 1)];
        if (e->number == COP_NO_NAME || cop_same_artifact(&e->id, id))
            return e;
    }
}

void cop_name_table_put(cop_name_table *t, const cop_artifact_id *id, size_t number)
{
    *place(t, id) = (entry){.id = *id, .number = number};
}

size_t cop_name_table_find(const cop_name_table *t, const cop_artifact_id *id)
{
    return t->count > 0 ? place(t, id)->number : COP_NO_NAME;
}
