/* run.h: one run of IDC: what an instance holds, and its begin and step.
 *
 * The bag: "pixels" and "velocity" [classes · ipc, C, H, W], class by class, and the network with
 * its momentum and its place in the data ("net/…"). A step is one inner iteration: a match of every
 * class, then training of the network. Before the inner iterations of each outer one stand as many
 * steps as pretraining takes, in pieces of about an inner iteration's training. */
#ifndef IDC_RUN_H
#define IDC_RUN_H

#include "classes.h"
#include "match.h"
#include "network.h"
#include "options.h"

typedef struct idc_run {
    const idc_options *options;
    const cop_task *task; /* from begin on */

    /* Made by begin; caches, no results. */
    idc_classes classes;
    idc_network network;
    idc_match **matches; /* one for each size of a real batch, NULL-terminated */
} idc_run;

/* Steps of one outer iteration, those of pretraining first. */
typedef struct idc_rhythm {
    int64_t pretrain_batches; /* in all */
    int64_t piece;            /* batches of a pretraining step */
    int64_t pretrain_steps;
    int64_t steps; /* pretrain_steps + inner */
} idc_rhythm;

/* For `samples` training samples. */
idc_rhythm idc_rhythm_of(const idc_options *o, int64_t samples);

cop_status idc_run_begin(idc_run *r, cop_work *work, cop_error *err);
cop_status idc_run_step(idc_run *r, cop_work *work, int64_t i, cop_error *err);
void idc_run_clear(idc_run *r);

#endif
