/* joined.h: which columns of the analyzers' summaries join the table of tickets, and under what
 * names. */
#ifndef COP_REPORT_DATA_JOINED_H
#define COP_REPORT_DATA_JOINED_H

#include "report/data/table_groups.h"

/* One of them: what a group's rows under one key say in one column. */
typedef struct cop_joined {
    const cop_table_group *group;
    size_t key, column; /* of the group */
    cop_column as;      /* in the table of tickets */
    bool is_headline;   /* the few that the terminal shows; never a control's */
    bool is_control;
    bool is_main; /* a headline, or a control's column that would be one */
} cop_joined;

typedef struct cop_joined_list {
    cop_joined *items;
    size_t count;
} cop_joined_list;

/* All of them, in order; names are unique and differ from those of the `own_count` columns that the
 * table has anyway. In the arena. */
cop_status cop_join(const cop_table_groups *groups, const cop_column *own, size_t own_count,
                    cop_arena *arena, cop_joined_list *out, cop_error *err);

/* What a joined column of texts says of some tickets: how often each text stands in their rows
 * (cop_count_texts), "" where none does. The arena's, or a table's; NULL when memory is out. */
const char *cop_joined_tally(const cop_joined *j, cop_arena *arena,
                             const cop_record_ticket *const *tickets, size_t count);

#endif
