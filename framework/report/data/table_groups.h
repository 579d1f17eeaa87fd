/* table_groups.h: the analyzers' tables of all tickets, sorted into those that are one table.
 *
 * Tables belong together when they are of one name, one analyzer, the same instance of it
 * (instances.h: it may be configured twice), and the same columns.
 *
 * What a column is for its role says (coppice/table.h); for those without one its name and place
 * do. What the report summarises it averages over repetitions (REPETITION; "pair", "copy"). A table
 * that asks for no plot is a *summary*, and its columns join the ticket table, when it has one row
 * per ticket, or numbers repetitions (REPETITION; "pair"). In the latter, keys (KEY; text columns
 * before the first number) tell rows apart (say, two ways to measure): where more than one key
 * occurs, each has joined columns of its own. A row with a key that begins with "control" (in any
 * text column that is a KEY; in the column "kind") is a control: what is not a control has the
 * columns that it would have without, and controls have others. */
#ifndef COP_REPORT_DATA_GROUPS_H
#define COP_REPORT_DATA_GROUPS_H

#include "core/table.h"
#include "report/data/results.h"
#include "report/data/statistics.h"

typedef struct cop_table_group_member {
    const cop_record_ticket *ticket;
    const cop_table *table;
} cop_table_group_member;

/* Rows that may be averaged: those with the same cells in a summary's key columns. */
typedef struct cop_key {
    const cop_table *table; /* the first such row */
    size_t row;
    const char *label; /* what tells it from the other keys; "" where nothing needs to */
    bool is_control;
} cop_key;

typedef struct cop_table_group {
    const char *name; /* the table's; made unique; a lower-case word */
    const char *analyzer;
    size_t place;           /* the analyzer's instance (instances.h) */
    const char *instance;   /* its label in the config; else, where the analyzer is configured more
                                than once, what tells it from the others, "copy = 1"; else "" */
    const cop_table *first; /* the first member's: name, help, columns, plot */
    cop_table_group_member *members;
    size_t member_count;
    bool is_summary;
    cop_key *keys; /* of a summary, in order of first appearance; one where rows have none */
    size_t key_count;
} cop_table_group;

typedef struct cop_table_groups {
    cop_table_group *items;
    size_t count;
} cop_table_groups;

/* Sorts the tables of `results` into groups, in order of first appearance; all in its arena. */
cop_status cop_table_groups_make(const cop_results *results, cop_table_groups *out, cop_error *err);

/* A heading of a group: `text` with what tells the analyzer's instance behind it, "Trace (copy =
 * 1)". The arena's; NULL when memory is out. */
const char *cop_table_group_title(const cop_table_group *g, const char *text, cop_arena *arena);

/* Whether a column numbers repetitions: by its role, or where it has none by its name, "pair" or
 * "copy". */
bool cop_is_repetition(const cop_column *column);

/* Whether a column's cells are the same in two rows of tables with the same columns. */
bool cop_same_cell(const cop_table *a, size_t row_a, const cop_table *b, size_t row_b,
                   size_t column);

/* A cell as a name: "layer 3", "alpha 0.5", or the text that it is. The arena's, or the table's;
 * NULL when memory is out. */
const char *cop_cell_name(const cop_table *table, size_t row, size_t column, cop_arena *arena);

/* A cell of an INT or FLOAT column as a number; NaN for a text. */
double cop_table_number(const cop_table *table, size_t row, size_t column);

/* Whether a column is part of a summary's keys. */
bool cop_table_group_is_key(const cop_table_group *g, size_t column);

/* Whether a column tells kinds of rows apart: by its role, or where it has none, a text before the
 * first number that numbers no repetition. */
bool cop_tells_kinds(const cop_table *table, size_t column);

/* What a summary says of a ticket in one column of numbers under one key: the mean over its rows;
 * NaN where the ticket has none. */
double cop_table_group_mean(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                            size_t column);

/* The same of a column of texts: writes those of the ticket's rows that are not empty, the table's,
 * to `texts` if that is not NULL, and counts them. */
size_t cop_table_group_texts(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                             size_t column, const char **texts);

/* Whether a summary's repetitions are pairs of copies: a REPETITION called "pair" has their texts.
 */
bool cop_table_group_has_pairs(const cop_table_group *g);

/* Of such a summary, what it says of a ticket's pairs in one column of numbers under one key: those
 * whose text is the numbers of two copies, "0-1", written to `pairs` if that is not NULL, and
 * counted. */
size_t cop_table_group_pairs(const cop_table_group *g, const cop_record_ticket *t, size_t key,
                             size_t column, cop_pair_value *pairs);

/* How often some texts occur: "stable" of one, "stable 3/3" where all are equal, else "2 stable, 1
 * unstable" in order of first appearance; "" of none. The arena's, or one of them; NULL when memory
 * is out. */
const char *cop_count_texts(const char *const *texts, size_t count, cop_arena *arena);

#endif
