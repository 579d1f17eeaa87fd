/* stage_log.h: what was said while a stage was computed, by every attempt at it, one after the
 * other: OUT/logs/<kind>-<identity>.log. A convenience for people: that one cannot be written costs
 * no result. */
#ifndef COP_STORE_STAGE_LOG_H
#define COP_STORE_STAGE_LOG_H

#include "store/formats/artifact_id.h"

#include <coppice/status.h>

#include <stdio.h>

/* Opens the log of a stage of the output directory `dir` to be written on, and writes a first line:
 * when, by which process, and the stage's title. NULL where it cannot be opened; else the caller's
 * (fclose). */
FILE *cop_stage_log_open(const char *dir, const cop_artifact_id *id, const char *title);

/* The path of the log, which need not be there. */
cop_status cop_stage_log_path(const char *dir, const cop_artifact_id *id, char *path, size_t size,
                              cop_error *err);

#endif
