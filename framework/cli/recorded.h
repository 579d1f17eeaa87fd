/* recorded.h: a study as a run wrote it down in its output directory, laid out anew: from the
 * resolved config, the plugin directories and the environment that are kept there. */
#ifndef COP_CLI_RECORDED_H
#define COP_CLI_RECORDED_H

#include "cli/command.h"
#include "core/arena.h"
#include "core/path.h"
#include "store/formats/stages_json.h"
#include "study/study.h"

/* What is opened on the way. Zeroed before, cleared after, whatever the answers. */
typedef struct cop_recorded {
    const cop_call *call;
    const char *dir;
    char folder[COP_PATH_SIZE]; /* of the study */
    cop_arena *arena;
    cop_stage_records records;
    cop_registry *registry;
    cop_config *config;
    cop_study *study;
} cop_recorded;

/* Reads the stages of the study in that folder into the arena. */
cop_status cop_recorded_stages(const char *folder, cop_arena *arena, cop_stage_records *out,
                               cop_error *err);

/* Finds the study that the call's --study names, or the only one, and reads its stages. */
cop_status cop_recorded_read(const cop_call *call, const char *dir, cop_recorded *r,
                             cop_error *err);

/* Where the run had another environment that decides which instructions are used, the program is
 * started anew with that. */
void cop_recorded_adopt_environment(const cop_recorded *r);

/* Fills registry, config and study. What --plugin-dir names comes first, then what the study was
 * laid out with. */
cop_status cop_recorded_lay_out(cop_recorded *r, cop_error *err);
void cop_recorded_clear(cop_recorded *r);

#endif
