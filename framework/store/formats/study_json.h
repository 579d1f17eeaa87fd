/* study_json.h: study.json, a study's record: what it consists of, by the names of its artifacts.
 *
 *   {"name": text, "seeds": [digits, …], "baseline": n,
 *    "cells": [{"analyzers": [plugin, …], "label": text, "chance": number,
 *               "distiller": plugin or null,
 *               "network": {"model": text, "input": [channels, height, width], "classes": n,
 *                           "mean": [number, …], "std": [number, …]}}, …],
 *    "tickets": [{"cell": n, "seed": digits, "phase": n, "round": n, "points": number,
 *                 "mask": name or null, "training": name or null, "data": name or null,
 *                 "control": text, "copies": [name, …],
 *                 "analyses": [{"analyzer": plugin, "label": text, "labelled": true, "id": name,
 *                               "verdicts": tables, "unjudged": text}, …]}, …],
 *    "distilled": [{"cell": n, "seed": digits, "set": name, "trained": name or null,
 *                   "recipe": text, "real_images": number, "second_order": number,
 *                   "trainings": [name, …]}, …],
 *    "failed": [{"stage": name, "reason": text}, …],
 *    "plugins": [{"kind": text, "id": text, "version": text, "summary": text,
 *                 "citation": text}, …],
 *    "checksum": text}
 *
 * A network is what the cell's tickets are, and the size and normalisation of the images that they
 * take. A control is a ticket that stands beside the one of that phase and round ("reinit",
 * "shuffle", "random"); the word is left out where the ticket is none. Verdicts are what the
 * analyzer's judge said of the analysis, in the form of tables.json, or why it said nothing; both
 * are left out where there are none. Of a distilled set the recipe that the cell has it trained by
 * is left out where that is the one in the set's file, and what it spent where its distiller does
 * not say it. A name is an artifact's ("mask-<32 hexadecimal digits>"), a cell (the baseline, too)
 * its position in the list, and an analysis's label is left out where it is empty, "labelled" where
 * the config does not give that label. Seeds, which use all 64 bits, are strings of decimal digits;
 * every other number is a count far below what a JSON number holds. The checksum is that of
 * everything before it (core/seal.h). */
#ifndef COP_STORE_FORMATS_STUDY_JSON_H
#define COP_STORE_FORMATS_STUDY_JSON_H

#include "core/arena.h"
#include "nn/task.h"
#include "store/formats/artifact_id.h"

#include <coppice/samples.h>
#include <coppice/table.h>

/* What another program needs to know to use a cell's networks. */
typedef struct cop_record_network {
    const char *model; /* plugin and options: "convnet { depth = 3; width = 128; }"; NULL: the
                          record does not say any of this */
    cop_task task;
    cop_normalization normalization;
} cop_record_network;

typedef struct cop_record_cell {
    const char *label;
    const char **analyzers; /* ids of plugins */
    size_t analyzer_count;
    const char *distiller; /* NULL: none */
    double chance; /* test accuracy that guessing can reach; NaN where the record does not say */
    cop_record_network network;
} cop_record_cell;

typedef struct cop_record_analysis {
    const char *analyzer;
    const char *label; /* what tells it from the analyzer's other instances, or "" */
    bool is_labelled;  /* the config says that label; else it is made of options that differ */
    cop_artifact_id id;
    const cop_tables *verdicts; /* NULL: none */
    const char *unjudged;       /* why its judge passed none; NULL: no reason is known */
} cop_record_analysis;

/* A subnetwork: the dense network (phase −1, round 0) or what a round of pruning left. */
typedef struct cop_record_ticket {
    size_t cell;  /* position in cells */
    int64_t seed; /* its value */
    int64_t phase, round;
    const char *control; /* what stands beside the ticket of that round; NULL: the ticket itself */
    double points;       /* training images seen while finding the mask: an estimate */
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
    /* What the cell has the set trained by (recipe_text.h); NULL: what comes with the set. */
    const char *recipe;
    double real_images, second_order; /* that distilling spent (cop_plan_spend); NaN: not stated */
    cop_artifact_id *trainings;       /* that the distiller had trained */
    size_t training_count;
} cop_record_distilled;

/* A stage that ended without a result, by itself or as it waits for one that did. */
typedef struct cop_record_failure {
    cop_artifact_id stage;
    const char *reason;
} cop_record_failure;

/* A plugin that the study uses, by its descriptor; texts that it lacks are empty. */
typedef struct cop_record_plugin {
    const char *kind, *id, *version, *summary, *citation;
} cop_record_plugin;

typedef struct cop_record {
    const char *name;
    int64_t *seeds;
    size_t seed_count;
    cop_record_cell *cells;
    size_t cell_count;
    size_t baseline; /* the cell that the others are compared with */
    cop_record_ticket *tickets;
    size_t ticket_count;
    cop_record_distilled *distilled;
    size_t distilled_count;
    cop_record_failure *failures;
    size_t failure_count;
    cop_record_plugin *plugins; /* each once; none where the record does not say */
    size_t plugin_count;
} cop_record;

cop_status cop_record_write(const cop_record *record, const char *path, cop_error *err);

/* Reads a record into the arena, tables included, its texts as they are. Nothing in it is trusted,
 * and fields that earlier versions did not write may be missing. COP_DAMAGED naming the file where
 * it is not whole; COP_FAILED where it is, but is no record, or one that makes no sense, saying
 * which entry. */
cop_status cop_record_read(const char *path, cop_arena *arena, cop_record *out, cop_error *err);

typedef enum cop_record_kind {
    COP_RECORD_NONE = 0,    /* no record of a study */
    COP_RECORD_CURRENT = 1, /* one that cop_record_read takes, if it is whole */
    COP_RECORD_EARLIER = 2  /* one of a version that called the cells settings */
} cop_record_kind;

/* What the file is, whole or not, and of which study: *name is the caller's, NULL for
 * COP_RECORD_NONE. COP_FAILED where it cannot be read. */
cop_status cop_record_identify(const char *path, cop_record_kind *kind, char **name,
                               cop_error *err);

#endif
