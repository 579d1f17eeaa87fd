/* name_table.h: finding one of many artifacts by its name, in a time that does not grow with them.
 */
#ifndef COP_STORE_NAME_TABLE_H
#define COP_STORE_NAME_TABLE_H

#include "core/arena.h"
#include "store/artifact.h"

/* Names, each with a number that the user chooses. */
typedef struct cop_name_table {
    struct cop_name_entry {
        cop_artifact_id id;
        size_t number; /* COP_NO_NAME: nothing stands here */
    } * entries;       /* the arena's */
    size_t count;      /* of entries, a power of two; more than twice the names */
} cop_name_table;

/* What cop_name_table_find gives for a name that is not there. */
#define COP_NO_NAME SIZE_MAX

/* An empty table with room for `most` names, in the arena. */
cop_status cop_name_table_make(size_t most, cop_arena *arena, cop_name_table *out, cop_error *err);

/* Puts a name into it, which is not there yet, with a number below COP_NO_NAME. */
void cop_name_table_put(cop_name_table *t, const cop_artifact_id *id, size_t number);

/* The number that the name was put in with, or COP_NO_NAME. */
size_t cop_name_table_find(const cop_name_table *t, const cop_artifact_id *id);

#endif
