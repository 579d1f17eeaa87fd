/* match_graph.h: what a class step computes, as a compiled graph. */
#ifndef IDC_MATCH_GRAPH_H
#define IDC_MATCH_GRAPH_H

#include "options.h"

/* Names of the program's inputs; the prefixes are those of a model and of two sets of draws. */
#define IDC_REAL_IMAGES       "real_images"       /* [real, C, H, W], normalised */
#define IDC_REAL_TARGETS      "real_targets"      /* [real, classes] */
#define IDC_PIXELS            "pixels"            /* [ipc, C, H, W], in [0, 1] */
#define IDC_SYNTHETIC_TARGETS "synthetic_targets" /* [synthetic, classes] */
#define IDC_MEAN              "mean"              /* [1, C, 1, 1] */
#define IDC_STD               "std"
#define IDC_SUBSET            "subset" /* [synthetic], only where synthetic < decoded */
#define IDC_NETWORK           "net/"
#define IDC_REAL_DRAWS        "real"
#define IDC_SYNTHETIC_DRAWS   "synthetic"

enum { IDC_OUTPUT_LOSS = 0, IDC_OUTPUT_GRADIENT = 1, IDC_OUTPUTS = 2 };

typedef struct idc_graph_spec {
    const idc_options *options;
    int64_t real, decoded, synthetic; /* images */
    int threads;
} idc_graph_spec;

/* Outputs: the matching loss (a scalar) and its gradient with respect to the pixels. */
cop_status idc_graph_compile(const idc_graph_spec *spec, cop_program **out, cop_error *err);

#endif
