/* read_study.h: from one expanded tree to one typed cell. */
#ifndef COP_CONFIG_READ_STUDY_H
#define COP_CONFIG_READ_STUDY_H

#include "config/config.h"
#include "config/tables.h"
#include "core/text.h"

/* A cell's text is in parts, each of one group or two: study, seeds, data (dataset, distill),
 * ticket, train, analyze, bench. */
#define COP_CELL_PARTS 7

/* What reading needs throughout. */
typedef struct cop_study_reader {
    const config_setting_t *root;
    const char *file;
    const cop_registry *registry;
    cop_logger *log;
    cop_text *effective; /* the cell is appended to it, in libconfig syntax */
    size_t *parts;       /* filled with where each part begins in it, and where the last one ends:
                      COP_CELL_PARTS + 1; may be NULL */
} cop_study_reader;

/* Reads the group `study` into *options; strings and lists are owned by *values. */
cop_status cop_study_read(const cop_study_reader *r, cop_study_options *options,
                          cop_option_values **values, cop_error *err);

/* Reads and checks everything but the label. On failure *out may be half filled:
 * cop_cell_clear. */
cop_status cop_cell_read(const cop_study_reader *r, cop_cell *out, cop_error *err);
void cop_cell_clear(cop_cell *cell);

#endif
