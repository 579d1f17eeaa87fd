/* match.h: one class step as a program: a real batch and the stored images of one class in, the
 * matching loss and its gradient with respect to those pixels out. Everything random is an input:
 * batches, draws of augmentation, the subset of decoded images. */
#ifndef IDC_MATCH_H
#define IDC_MATCH_H

#include "options.h"

typedef struct idc_match_spec {
    const idc_options *options;
    cop_normalization normalization;
    int64_t real; /* images of the real batch */
    int threads;  /* 0: what the process runs with */
} idc_match_spec;

typedef struct idc_match idc_match;

/* Builds and compiles it. Owned by the caller. */
cop_status idc_match_new(const idc_match_spec *spec, idc_match **out, cop_error *err);
void idc_match_free(idc_match *m);

/* The program, for what it costs and to bind other draws: inputs "real.brightness" … and
 * "synthetic.brightness" … (nn.h: cop_augment). */
cop_program *idc_match_program(idc_match *m);

/* Images of the real batch, and synthetic ones that the class decodes to and that are matched. */
int64_t idc_match_real_count(const idc_match *m);
int64_t idc_match_decoded_count(const idc_match *m);
int64_t idc_match_synthetic_count(const idc_match *m);

/* Reads the network's parameters and buffers from this state at every run. */
cop_status idc_match_bind(idc_match *m, const cop_tensors *network, cop_error *err);

/* One draw of augmentation for both batches. */
void idc_match_draw(idc_match *m, cop_stream *stream);

/* Chooses which decoded images are matched: a random subset where there are too many, else all. */
void idc_match_choose(idc_match *m, cop_stream *stream);

/* Where the inputs stand: the real batch, normalised [real, C, H, W], and which of the decoded
 * images are matched, as whole numbers [synthetic], NULL where all are. */
float *idc_match_real(idc_match *m);
float *idc_match_subset(idc_match *m);

/* Matches class `label`: `pixels` [ipc, C, H, W] are its stored images; *gradient, [ipc, C, H, W],
 * is the match's own until its next run. COP_FAILED when the loss is not finite. */
cop_status idc_match_run(idc_match *m, int32_t label, const float *pixels, double *loss,
                         const float **gradient, cop_error *err);

#endif
