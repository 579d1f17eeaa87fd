/* layers_csv.h: layers.csv, how many weights of each parameter a mask keeps: what one wants to know
 * of many masks, which themselves are as large as networks.
 *
 * A line that names the columns, "weights,kept,name", then one per tensor of the mask, in its
 * order: two whole numbers from 0, the second not above the first, and a name, which is all that is
 * left of the line and not empty. */
#ifndef COP_STORE_FORMATS_LAYERS_CSV_H
#define COP_STORE_FORMATS_LAYERS_CSV_H

#include "core/arena.h"

#include <coppice/status.h>

typedef struct cop_layer {
    const char *name; /* of the parameter; without line ends */
    int64_t weights, kept;
} cop_layer;

cop_status cop_layers_csv_write(const cop_layer *layers, size_t count, const char *path,
                                cop_error *err);

/* The layers are the arena's. COP_DAMAGED naming file and line where the file is not as above;
 * COP_FAILED where it cannot be read, or memory is refused. */
cop_status cop_layers_csv_read(const char *path, cop_arena *arena, cop_layer **layers,
                               size_t *count, cop_error *err);

#endif
