/* network.c: the network between matches. The loader's place outlives the networks: each new one
 * goes on where the last one stopped, as with the one loader of Kim et al.'s code. */
#include "core/memory.h"
#include "core/sized.h"
#include "nn/samples.h"
#include "train/in_bag.h"
#include "train/recipe.h"

#include <coppice/distil.h>

#include <stdlib.h>

struct cop_network {
    cop_network_spec spec;
    cop_trainer *trainer;
};

static uint64_t draw_seed(uint64_t seed, const char *purpose)
{
    cop_stream stream = cop_stream_make(seed, purpose, 0);
    return cop_stream_u64(&stream);
}

static cop_status make(cop_network *n, const cop_network_spec *spec, cop_tensors *bag,
                       cop_error *err)
{
    COP_TRY(cop_sized_take("a network's spec", spec, COP_LEAST(cop_network_spec, threads), &n->spec,
                           sizeof n->spec, err));
    const cop_network_spec *s = &n->spec;
    if (s->draws > COP_DRAW_ONE_ALIGNED)
        return cop_fail(err, COP_FAILED, "there is no way %llu to draw augmentations",
                        (unsigned long long)s->draws);
    const cop_recipe recipe = {.name = "network",
                               .duration = {COP_STEPS, 1e15}, /* the rate is constant: no end */
                               .batch = s->batch,
                               .lr = s->lr,
                               .momentum = s->momentum,
                               .weight_decay = s->weight_decay,
                               .augment = s->augment,
                               .draws = (int32_t)s->draws,
                               .cutmix = s->cutmix};
    const cop_trainer_spec trainer = {COP_SIZED(cop_trainer_spec),
                                      .model = s->model,
                                      .data = s->data,
                                      .recipe = &recipe,
                                      .order_seed = draw_seed(s->seed, "net-order"),
                                      .augment_seed = draw_seed(s->seed, "net-augment"),
                                      .threads = s->threads};
    const char *prefix = s->prefix != NULL ? s->prefix : "net/";
    return cop_trainer_new_in_bag(&trainer, bag, prefix, &n->trainer, err);
}

cop_status cop_network_new(const cop_network_spec *spec, cop_tensors *bag, cop_network **out,
                           cop_error *err)
{
    cop_network *n = calloc(1, sizeof *n);
    if (n == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(n, spec, bag, err);
    if (status != COP_OK)
        cop_network_free(n);
    else
        *out = n;
    return status;
}

void cop_network_free(cop_network *n)
{
    if (n == NULL)
        return;
    cop_trainer_free(n->trainer);
    free(n);
}

const cop_tensors *cop_network_state(const cop_network *n)
{
    return cop_trainer_state(n->trainer);
}

static int64_t position(const cop_network *n)
{
    return *cop_i64(cop_tensors_find(cop_network_state(n), "step"));
}

cop_status cop_network_reset(cop_network *n, uint64_t seed, cop_error *err)
{
    cop_tensors *fresh = NULL;
    COP_TRY(cop_model_initial_state(n->spec.model, seed, &fresh, err));
    cop_status status = cop_trainer_start(n->trainer, fresh, position(n), err);
    cop_tensors_free(fresh);
    return status;
}

cop_status cop_network_run(cop_network *n, int64_t steps, double *loss, cop_error *err)
{
    cop_train_metrics metrics = {COP_SIZED(cop_train_metrics)};
    COP_TRY(cop_trainer_run(n->trainer, steps, &metrics, err));
    if (loss != NULL)
        *loss = metrics.loss;
    return COP_OK;
}

/* Batches from this position on that hold `images`: the last one of an epoch may be smaller. */
static int64_t batches_from(const cop_network *n, int64_t at, int64_t images)
{
    int64_t samples = n->spec.data->count;
    int64_t batch = n->spec.batch < samples ? n->spec.batch : samples;
    int64_t epoch = cop_trainer_steps_per_epoch(n->trainer);
    int64_t last = samples - (epoch - 1) * batch;
    int64_t steps = 0;
    for (int64_t seen = 0; seen < images && steps < epoch; steps++)
        seen += (at + steps) % epoch == epoch - 1 ? last : batch;
    return steps;
}

cop_status cop_network_run_images(cop_network *n, int64_t images, double *loss, cop_error *err)
{
    return cop_network_run(n, batches_from(n, position(n), images), loss, err);
}
