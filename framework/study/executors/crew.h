/* crew.h (implemented in board.c, hearing.c): the workers of a run, as the files that watch them
 * share it. */
#ifndef COP_STUDY_EXECUTORS_CREW_H
#define COP_STUDY_EXECUTORS_CREW_H

#include "study/executors/process.h"
#include "study/executors/remaining.h"
#include "study/executors/workers.h"

typedef struct cop_crew_member {
    cop_process process;
    int32_t stage;             /* that it computes; COP_NO_STAGE: none */
    double began;              /* when it began that, by cop_now() */
    double overdue;            /* when it was asked to end, as a stage took too long; 0: never */
    int32_t late;              /* that stage; it may have ended just before */
    bool is_killed;            /* as it did not */
    char last[COP_LINES_SIZE]; /* the last line of its log */
    /* How far the stage is, where it has said so. */
    int64_t done, total;
    int64_t first;      /* `done` when it first said it */
    double first_heard; /* when that was; 0: never */
    double heard;
    double shown; /* when a line of it was last said */
    char detail[200];
} cop_crew_member;

typedef struct cop_crew {
    cop_runner *r;
    const cop_workers_tell *tell;
    cop_crew_member *workers;
    size_t count;
    cop_remaining *remaining;
    bool is_told_to_stop;
    bool is_through; /* a worker has found nothing left to do */
    int losses;      /* workers in a row that were killed while they had no stage */
    double kill_at;  /* when those that have not ended by then are killed; 0: never */
    bool is_lost;    /* a worker ended that had no stage: the run cannot go on */
    cop_error reason;
    double shown; /* when the whole was last shown */
} cop_crew;

/* hearing.c: reads what a worker has said, and what is on its log, where there is something: each
 * line is heard, or said on. Waits where nothing is there. */
cop_status cop_crew_hear(cop_crew *c, cop_crew_member *w, bool said, bool log, cop_error *err);

/* The same: the stage that the worker is at has ended. */
cop_status cop_crew_hear_ended(cop_crew *c, cop_crew_member *w, cop_error *err);

/* The same: whether the worker is at the stage that it was asked to end for. */
bool cop_member_is_late(const cop_crew_member *w);

/* board.c: shows how far the workers and the whole are, where it is time to. */
void cop_crew_show(cop_crew *c);

/* The same: takes away what stands on the terminal. */
void cop_crew_hide(cop_crew *c);

#endif
