/* dsa.c: DC with differentiable siamese augmentation (Zhao and Bilen 2021): one operation of six for
 * all images of a match, from real images. Not here: the same operation per batch, with parameters
 * per sample, in the training of the network. */
#include "condense.h"

static const cop_option option_table[] = {
    CONDENSE_ROWS,
    {.name = "start",
     .help = "First pixels: noise, or the class's first real images",
     .type = COP_OPTION_ENUM,
     .offset = offsetof(options, start),
     .def = "real",
     .choices = start_names},
    {.name = "augment",
     .help = "Augmentation of both batches, one operation of these per match",
     .type = COP_OPTION_AUGMENT,
     .offset = offsetof(options, augment),
     .def = "color_crop_cutout_flip_scale_rotate"},
};

COP_PLUGIN(DISTILLER, .id = "dsa", .version = "0.0.1-dev", .results_version = "0",
           .summary = "DSA: gradient matching under one augmentation for both batches",
           .author = "The Coppice authors", .licence = "MIT",
           .citation = "Zhao and Bilen, Dataset Condensation with Differentiable Siamese "
                       "Augmentation, ICML 2021",
           COP_OPTIONS(options, option_table), .ops = &condense_ops);
