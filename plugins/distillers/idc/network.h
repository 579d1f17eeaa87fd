/* network.h: the network whose gradients are matched, trained on real data between matches. */
#ifndef IDC_NETWORK_H
#define IDC_NETWORK_H

#include "options.h"

#include <coppice/trainer.h>

typedef struct idc_network {
    cop_trainer *trainer;
    const cop_model *model;
    cop_recipe *recipe;
    int64_t samples; /* of the data */
} idc_network;

/* Compiles its training. `data` and the model outlive it. On failure nothing is left behind. */
cop_status idc_network_init(idc_network *n, const idc_options *o, const cop_work *work,
                            cop_error *err);
void idc_network_clear(idc_network *n);

/* Parameters, buffers and momentum, live: programs may be bound to them. */
const cop_tensors *idc_network_state(const idc_network *n);

/* Adds the network's state to the bag, under "net/". */
cop_status idc_network_declare(const idc_network *n, cop_tensors *bag, cop_error *err);

/* Copies between the network and the bag. */
cop_status idc_network_restore(idc_network *n, const cop_tensors *bag, cop_error *err);
cop_status idc_network_save(const idc_network *n, cop_tensors *bag, cop_error *err);

/* A fresh start from this seed, with zero momentum; the data goes on where it stopped. */
cop_status idc_network_reset(idc_network *n, uint64_t seed, cop_error *err);

/* Trains on whole batches until `images` have been seen, an epoch's worth at most. */
cop_status idc_network_train(idc_network *n, int64_t images, cop_error *err);

/* Trains for so many batches; the mean loss goes to *loss. */
cop_status idc_network_run(idc_network *n, int64_t steps, double *loss, cop_error *err);

/* Batches that so many images are: of an epoch, or of one training between matches. */
int64_t idc_network_batches(const idc_options *o, int64_t images);

#endif
