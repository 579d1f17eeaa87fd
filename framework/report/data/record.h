/* record.h: OUT/study.json: what a study consists of, by the names of its artifacts. */
#ifndef COP_REPORT_DATA_RECORD_H
#define COP_REPORT_DATA_RECORD_H

#include "core/arena.h"
#include "store/artifact.h"

typedef struct cop_record_cell {
    const char *label;
    const char *brief;     /* the label, or where it is long a shortened one, of no other cell */
    const char *distiller; /* NULL: none */
    double chance; /* test accuracy that guessing can reach; NaN where the record does not say */
} cop_record_cell;

typedef struct cop_record_analysis {
    const char *analyzer;
    const char *label; /* options that tell it from the analyzer's other instances, or "" */
    cop_artifact_id id;
} cop_record_analysis;

/* A subnetwork: the dense network (phase −1, round 0) or what a round of pruning left. */
typedef struct cop_record_ticket {
    size_t cell;  /* position in cells */
    int64_t seed; /* its value */
    int64_t phase, round;
    double points; /* training images seen while finding the mask: an estimate */
    bool has_mask;
    cop_artifact_id mask;
    bool has_training; /* the training whose weights were pruned to find the mask */
    cop_artifact_id training;
    bool knows_data; /* the record says what it trained on: */
    bool has_data;   /* a distilled set; none: real data */
    cop_artifact_id data;
    cop_artifact_id *copies;
    size_t copy_count;
    cop_record_analysis *analyses;
    size_t analysis_count;
} cop_record_ticket;

/* A distilled set and the dense network trained on it. */
typedef struct cop_record_distilled {
    size_t cell;
    int64_t seed;
    cop_artifact_id set;
    bool has_trained;
    cop_artifact_id trained;
} cop_record_distilled;

/* A stage that ended without a result, by itself or as it waits for one that did. */
typedef struct cop_record_failure {
    cop_artifact_id stage;
    const char *reason;
} cop_record_failure;

typedef struct cop_record {
    const char *name;
    cop_record_cell *cells;
    size_t cell_count;
    cop_record_ticket *tickets;
    size_t ticket_count;
    cop_record_distilled *distilled;
    size_t distilled_count;
    cop_record_failure *failures;
    size_t failure_count;
} cop_record;

/* Reads DIR/study.json into the arena. Nothing in it is trusted: COP_FAILED naming the file, and
 * what is wrong in which entry. */
cop_status cop_record_read(const char *dir, cop_arena *arena, cop_record *out, cop_error *err);

/* Whether two names are one artifact's. */
bool cop_same_artifact(const cop_artifact_id *a, const cop_artifact_id *b);

/* Whether both are of one cell, phase and round: one ticket's seeds, a line of the summary. */
bool cop_same_line(const cop_record_ticket *a, const cop_record_ticket *b);

#endif
