/* seen.h: the studies of an output directory, seen from outside: what is written down of each, and
 * how far its stages are. Nothing is laid out, and nothing written. */
#ifndef COP_CLI_SEEN_H
#define COP_CLI_SEEN_H

#include "core/path.h"
#include "store/stage_states.h"

typedef struct cop_seen_study {
    const char *folder; /* its path */
    cop_record record;  /* texts fit for a line */
    cop_stage_records stages;
    cop_stage_index index; /* of the stages */
    cop_held held;
    cop_stage_look *looks; /* of each stage; NULL before cop_seen_look */
} cop_seen_study;

typedef struct cop_seen {
    const char *dir;
    cop_arena *arena;
    cop_seen_study *studies; /* by the names of their folders */
    size_t count, capacity;
} cop_seen;

/* Reads the study of that name, or all that the directory holds (NULL). Clear with cop_seen_clear
 * whatever the answer. COP_FAILED where there is none, or one of them cannot be read, naming the
 * file; COP_INVALID where there is none of that name, listing those that there are. */
cop_status cop_seen_read(const char *dir, const char *study, cop_seen *out, cop_error *err);

/* Reads the study in that folder. */
cop_status cop_seen_read_folder(const char *dir, const char *folder, cop_seen *out, cop_error *err);

/* Looks at the stages of each. */
cop_status cop_seen_look(cop_seen *seen, cop_error *err);

/* A stage of one of them. */
typedef struct cop_seen_stage {
    const cop_seen_study *study; /* the first that has it */
    size_t at;                   /* among its records */
} cop_seen_stage;

const cop_stage_record *cop_seen_record(const cop_seen_stage *stage);

/* The stage that the word means (cop_stage_is_meant). COP_INVALID where it means none, or several,
 * naming some. */
cop_status cop_seen_find(const cop_seen *seen, const char *word, cop_seen_stage *out,
                         cop_error *err);
void cop_seen_clear(cop_seen *seen);

#endif
