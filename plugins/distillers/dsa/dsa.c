/* dsa.c: DSA, dataset condensation with differentiable siamese augmentation (Zhao and Bilen, ICML
 * 2021): DC (dc.c beside it) from real images, with one operation of six, drawn once with its
 * parameters, for all images of both batches of a match; the network's training on the synthetic
 * images has one operation per batch, with parameters per image. Defaults are those of the
 * authors' main.py with `--method DSA --init real` and the six operations that their README names.
 *
 * Departures from the authors' code: those of DC (dc.c). */
#include <coppice/distil.h>
#include <coppice/plugin.h>

static const cop_option option_table[] = {
    COP_OPTS_CONDENSE("real", "dsa"),
    COP_OPT_AUGMENT(cop_condense_options, augment, "color_crop_cutout_flip_scale_rotate",
                    "Augmentations, of which a match, and each batch of the network, gets one"),
    COP_OPTS_CONDENSE_RATES,
};

COP_PLUGIN(
    DISTILLER, .id = "dsa", .version = "1.0.0", .results_version = "1",
    .summary = "DSA: DC under one augmentation for both batches of a match",
    .author = "The Coppice authors", .licence = "MIT",
    .citation =
        "Zhao and Bilen, Dataset Condensation with Differentiable Siamese Augmentation, ICML 2021",
    COP_OPTIONS(cop_condense_options, option_table), .ops = &cop_condense_work,
    .defaults = "Zhao & Bilen's code (main.py --method DSA --init real) with the six "
                "operations that its README names; rounds and epochs go by the budget, as its "
                "get_loops has them.",
    .departures = "those of DC: a class's real batches walk through a permutation of the class,"
                  " 1000 networks where their loop has one more, batch norm by the batch at "
                  "hand.");
