/* choose.h: the choice that makes this plugin k-center. */
#ifndef KCENTER_CHOOSE_H
#define KCENTER_CHOOSE_H

#include <coppice/select.h>

typedef enum kcenter_first { KCENTER_FIRST_MEAN = 0, KCENTER_FIRST_RANDOM = 1 } kcenter_first;

typedef struct kcenter_options {
    cop_select_options select;
    int32_t first; /* kcenter_first */
} kcenter_options;

/* A cop_chooser: each centre after the first is the image farthest from those before; of equally
 * far ones the first. */
cop_status kcenter_choose(const void *options, const cop_class_features *of, int64_t wanted,
                          cop_stream *stream, int64_t *chosen, cop_error *err);

#endif
