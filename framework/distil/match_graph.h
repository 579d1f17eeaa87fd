/* match_graph.h: what a match of one class computes, as a compiled graph. */
#ifndef COP_DISTIL_MATCH_GRAPH_H
#define COP_DISTIL_MATCH_GRAPH_H

#include <coppice/distil.h>

/* Names of the program's inputs; the prefixes are those of a model and of two sets of draws. */
#define COP_MATCH_REAL_IMAGES       "real_images"       /* [real, C, H, W], normalised */
#define COP_MATCH_REAL_TARGETS      "real_targets"      /* [real, classes]; GRADIENTS alone */
#define COP_MATCH_PIXELS            "pixels"            /* [stored, C, H, W] */
#define COP_MATCH_SYNTHETIC_TARGETS "synthetic_targets" /* [synthetic, classes]; GRADIENTS alone */
#define COP_MATCH_MEAN              "mean"              /* [1, C, 1, 1]; the unit space alone */
#define COP_MATCH_STD               "std"
#define COP_MATCH_SUBSET            "subset" /* [synthetic], only where synthetic < decoded */
#define COP_MATCH_NETWORK           "net/"
#define COP_MATCH_REAL_DRAWS        "real"
#define COP_MATCH_SYNTHETIC_DRAWS   "synthetic"

enum { COP_MATCH_LOSS = 0, COP_MATCH_GRADIENT = 1, COP_MATCH_OUTPUTS = 2 };

typedef struct cop_match_graph_spec {
    const cop_match_spec *match; /* with its defaults filled in */
    cop_pixel_space space;
    int64_t real, stored, decoded, synthetic; /* images */
} cop_match_graph_spec;

/* Outputs: the matching loss (a scalar) and its gradient with respect to the pixels. COP_INVALID
 * where there is no parameter to match. */
cop_status cop_match_compile(const cop_match_graph_spec *spec, cop_program **out, cop_error *err);

#endif
