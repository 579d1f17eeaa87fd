/* stages_json.h: stages.json, the graph of a study: its stages, so that another process can be told
 * one of them by name and knows whether it lays out the same.
 *
 *   {"study": text, "plugin_dirs": [text, …], "environment": ["NAME=value", …],
 *    "stages": [{"name": "train-<hash>", "title": text, "data": text, "inputs": ["mask-<hash>", …],
 *                "identity": text}, …],
 *    "checksum": text}
 *
 * Each stage stands after its inputs. Its name is that of its identity, which is lines of words;
 * "data" is the fingerprint of its dataset. "plugin_dirs" are the directories that were searched
 * for plugins besides the program's own, "environment" what was set of the variables that choose
 * instruction sets (exec/inspect/versions.h). The checksum is that of everything before it
 * (core/seal.h). */
#ifndef COP_STORE_FORMATS_STAGES_JSON_H
#define COP_STORE_FORMATS_STAGES_JSON_H

#include "core/arena.h"
#include "store/formats/artifact_id.h"

typedef struct cop_stage_record {
    cop_artifact_id id;
    const char *title;
    const char *data;
    const char *identity;
    cop_artifact_id *inputs;
    size_t input_count;
} cop_stage_record;

typedef struct cop_stage_records {
    const char *study;
    const char **plugin_dirs;
    size_t plugin_dir_count;
    const char **environment;
    size_t environment_count;
    cop_stage_record *stages;
    size_t stage_count;
} cop_stage_records;

cop_status cop_stages_write(const cop_stage_records *records, const char *path, cop_error *err);

/* Reads a file in which nothing is trusted into the arena. COP_DAMAGED naming it where it is not
 * whole; COP_FAILED where it is, but is no graph, or a stage in it is not that of its identity,
 * saying which. */
cop_status cop_stages_read(const char *path, cop_arena *arena, cop_stage_records *out,
                           cop_error *err);

#endif
