/* dc.c: dataset condensation with gradient matching (Zhao et al. 2021), from noise and without
 * augmentation. */
#include "condense.h"

static const cop_option option_table[] = {
    CONDENSE_ROWS,
    {.name = "start",
     .help = "First pixels: noise, or the class's first real images",
     .type = COP_OPTION_ENUM,
     .offset = offsetof(options, start),
     .def = "noise",
     .choices = start_names},
    {.name = "augment",
     .help = "Augmentation of both batches, one operation of these per match",
     .type = COP_OPTION_AUGMENT,
     .offset = offsetof(options, augment),
     .def = "none"},
};

COP_PLUGIN(DISTILLER, .id = "dc", .version = "0.0.1-dev", .results_version = "0",
           .summary = "DC: dataset condensation with gradient matching",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao et al., Dataset Condensation with Gradient Matching, ICLR 2021",
           COP_OPTIONS(options, option_table), .ops = &condense_ops);
