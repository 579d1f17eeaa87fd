/* network.c: the framework's trainer with IDC's settings. Its position in the data outlives the
 * networks: each new one goes on where the last one stopped, as with the one loader of the paper's
 * code. */
#include "network.h"

/* Short, so that it fits before the longest names that a bag can hold. */
#define PREFIX "net/"

static uint64_t draw_seed(const cop_work *work, const char *purpose)
{
    cop_stream stream = cop_work_stream(work, purpose, 0);
    uint64_t high = cop_stream_u32(&stream);
    return high << 32 | cop_stream_u32(&stream);
}

/* *out is the caller's, also after a failure. */
static cop_status make_recipe(const idc_options *o, cop_recipe **out, cop_error *err)
{
    const cop_duration forever = {COP_STEPS, 1e15}; /* no schedule: the rate is constant */
    *out = cop_recipe_new("idc-net");
    if (*out == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    COP_TRY(cop_recipe_set_duration(*out, "duration", forever, err));
    COP_TRY(cop_recipe_set_int(*out, "batch", o->net_batch, err));
    COP_TRY(cop_recipe_set_float(*out, "lr", o->net_lr, err));
    COP_TRY(cop_recipe_set_float(*out, "momentum", o->net_momentum, err));
    COP_TRY(cop_recipe_set_float(*out, "weight_decay", o->net_weight_decay, err));
    COP_TRY(cop_recipe_set_int(*out, "augment", o->net_augment, err));
    return cop_recipe_set_float(*out, "cutmix", o->net_cutmix, err);
}

cop_status idc_network_init(idc_network *n, const idc_options *o, const cop_work *work,
                            cop_error *err)
{
    const cop_samples *data = cop_work_train_data(work);
    *n = (idc_network){.model = o->model, .samples = data->count};
    COP_TRY(make_recipe(o, &n->recipe, err));
    const cop_trainer_spec spec = {.model = o->model,
                                   .data = data,
                                   .recipe = n->recipe,
                                   .order_seed = draw_seed(work, "net-order"),
                                   .augment_seed = draw_seed(work, "net-augment"),
                                   .threads = cop_work_threads(work)};
    return cop_trainer_new(&spec, &n->trainer, err);
}

void idc_network_clear(idc_network *n)
{
    cop_trainer_free(n->trainer);
    cop_recipe_free(n->recipe);
    *n = (idc_network){0};
}

const cop_tensors *idc_network_state(const idc_network *n)
{
    return cop_trainer_state(n->trainer);
}

cop_status idc_network_declare(const idc_network *n, cop_tensors *bag, cop_error *err)
{
    return cop_tensors_add_prefixed(bag, PREFIX, idc_network_state(n), err);
}

cop_status idc_network_restore(idc_network *n, const cop_tensors *bag, cop_error *err)
{
    return cop_tensors_take_prefixed(bag, PREFIX, cop_trainer_state(n->trainer), err);
}

cop_status idc_network_save(const idc_network *n, cop_tensors *bag, cop_error *err)
{
    return cop_tensors_put_prefixed(bag, PREFIX, idc_network_state(n), err);
}

static int64_t position(const idc_network *n)
{
    return *cop_i64(cop_tensors_find(idc_network_state(n), "step"));
}

cop_status idc_network_reset(idc_network *n, uint64_t seed, cop_error *err)
{
    cop_tensors *fresh = NULL;
    COP_TRY(cop_model_initial_state(n->model, seed, &fresh, err));
    cop_status status = cop_trainer_start(n->trainer, fresh, position(n), err);
    cop_tensors_free(fresh);
    return status;
}

cop_status idc_network_run(idc_network *n, int64_t steps, double *loss, cop_error *err)
{
    cop_train_metrics metrics;
    COP_TRY(cop_trainer_run(n->trainer, steps, &metrics, err));
    *loss = metrics.loss;
    return COP_OK;
}

/* Batches from this position on that hold `images`: the last one of an epoch may be smaller. */
static int64_t batches_from(const idc_network *n, int64_t at, int64_t images)
{
    int64_t batch = cop_recipe_int(n->recipe, "batch");
    batch = batch < n->samples ? batch : n->samples;
    int64_t epoch = cop_trainer_steps_per_epoch(n->trainer);
    int64_t last = n->samples - (epoch - 1) * batch;
    int64_t steps = 0;
    for (int64_t seen = 0; seen < images && steps < epoch; steps++)
        seen += (at + steps) % epoch == epoch - 1 ? last : batch;
    return steps;
}

cop_status idc_network_train(idc_network *n, int64_t images, cop_error *err)
{
    return cop_trainer_run(n->trainer, batches_from(n, position(n), images), NULL, err);
}

int64_t idc_network_batches(const idc_options *o, int64_t images)
{
    return (images + o->net_batch - 1) / o->net_batch;
}
