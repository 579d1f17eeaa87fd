/* idc.c: IDC, dataset condensation via efficient synthetic-data parameterization (Kim et al., ICML
 * 2022): gradient matching in the loop of a network trained on real data, with several training
 * images decoded from each stored one. Defaults are the published settings for CIFAR-10.
 *
 * The bag: the pixels and their velocity, class by class, and the network with its momentum and its
 * place in the data ("net/…"). A step is one inner iteration: a match of every class, then training
 * of the network. Before the inner iterations of each outer one stand as many steps as pretraining
 * takes, in pieces of about an inner iteration's training.
 *
 * Departures from the authors' code: the finished pixels are clamped to [0, 1], where theirs are
 * saved as the last step leaves them (both clamp at the start of each outer iteration); running
 * statistics of batch norm are not moved by matches (nothing reads them there or here: networks
 * stay in training mode); pretraining is cut into steps, which changes no number. */
#include "options.h"

#include <coppice/distil.h>

#include <stdlib.h>

typedef struct idc {
    const idc_options *options;
    cop_classes *classes;
    cop_pixels *pixels;
    cop_network *network;
    cop_match *match;
} idc;

static cop_status create_idc(const void *options, const cop_task *task, void **self, cop_error *err)
{
    (void)task;
    idc *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    r->options = options;
    *self = r;
    return COP_OK;
}

static void destroy_idc(void *self)
{
    idc *r = self;
    cop_match_free(r->match);
    cop_network_free(r->network);
    cop_pixels_free(r->pixels);
    cop_classes_free(r->classes);
    free(r);
}

/* What `begin` would refuse, before anything runs. */
static cop_status check_classes(const idc_options *o, const cop_plan *plan, cop_error *err)
{
    for (int32_t c = 0; c < cop_task_classes(cop_plan_task(plan)); c++) {
        int64_t count = cop_plan_class_count(plan, c);
        if (count == 0)
            return cop_fail(err, COP_INVALID, "class %d has no training images", (int)c);
        if (count > 0)
            COP_TRY(idc_options_check_class(o, c, count, err));
    }
    return COP_OK;
}

static void spend(const idc_options *o, int32_t classes, int64_t samples, cop_plan *plan)
{
    double matches = (double)o->iterations * (double)o->inner * classes;
    double between = (double)o->iterations * (double)o->inner * (double)o->net_images;
    double before = (double)o->iterations * (double)o->pretrain * (double)samples;
    cop_plan_spend(plan, matches * (double)o->batch_real + between + before, matches);
}

/* A training pass costs three forward passes; the synthetic side's, whose gradient is
 * differentiated once more, seven. */
static cop_status plan_idc(const void *options, cop_plan *plan, cop_error *err)
{
    const idc_options *o = options;
    int32_t classes = cop_task_classes(cop_plan_task(plan));
    COP_TRY(idc_options_check(o, cop_plan_task(plan), err));
    COP_TRY(check_classes(o, plan, err));
    if (cop_plan_space(plan) != COP_PIXELS_UNIT)
        return cop_fail(err, COP_INVALID,
                        "IDC's pixels are in [0, 1], and these data are normalised already "
                        "(dataset.zca)");
    int64_t samples = cop_plan_train_count(plan);
    const idc_rhythm rhythm = idc_rhythm_of(o, samples);
    double forward = cop_model_forward_flops(o->model);
    int64_t decoded = idc_options_decoded(o);
    double synthetic = (double)(decoded < o->batch_synthetic ? decoded : o->batch_synthetic);
    double match = 3.0 * (double)o->batch_real + 7.0 * synthetic;
    double inner = classes * match + 3.0 * (double)o->net_images;
    double outer = (double)o->inner * inner + 3.0 * (double)o->pretrain * (double)samples;
    cop_plan_steps(plan, o->iterations * rhythm.steps);
    cop_plan_steps_go_on(plan); /* rates and draws are by the step alone */
    cop_plan_flops(plan, (double)o->iterations * outer * forward);
    cop_plan_expect_set(plan, decoded * classes, o->recipe);
    spend(o, classes, samples, plan);
    return COP_OK;
}

static cop_status start_class(idc *r, const cop_work *work, int32_t label, cop_error *err)
{
    const idc_options *o = r->options;
    COP_TRY(idc_options_check_class(o, label, cop_classes_count(r->classes, label), err));
    if (idc_options_start(o) == IDC_START_NOISE) {
        cop_stream noise = cop_work_stream(work, "start", (uint64_t)label);
        cop_pixels_start_noise(r->pixels, label, &noise);
        return COP_OK;
    }
    int64_t factor = idc_options_start(o) == IDC_START_MIX ? o->factor : 1;
    return cop_pixels_start_real(r->pixels, label, cop_classes_members(r->classes, label), factor,
                                 err);
}

static cop_status open_pixels(idc *r, cop_work *work, cop_error *err)
{
    const idc_options *o = r->options;
    const cop_samples *data = cop_work_train_data(work);
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = data,
                                      .batch = o->batch_real, .seed = cop_work_seed(work)};
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = data, .per_class = o->ipc};
    COP_TRY(cop_classes_new(&classes, &r->classes, err));
    COP_TRY(cop_pixels_new(&pixels, cop_work_bag(work), &r->pixels, err));
    for (int32_t c = 0; c < cop_task_classes(cop_work_task(work)); c++)
        COP_TRY(start_class(r, work, c, err));
    return COP_OK;
}

static cop_status open_network(idc *r, cop_work *work, cop_error *err)
{
    const idc_options *o = r->options;
    const cop_network_spec spec = {COP_SIZED(cop_network_spec),
                                   .model = o->model,
                                   .data = cop_work_train_data(work),
                                   .batch = o->net_batch,
                                   .lr = o->net_lr,
                                   .momentum = o->net_momentum,
                                   .weight_decay = o->net_weight_decay,
                                   .augment = o->net_augment,
                                   .cutmix = o->net_cutmix,
                                   .seed = cop_work_seed(work),
                                   .threads = cop_work_threads(work)};
    return cop_network_new(&spec, cop_work_bag(work), &r->network, err);
}

static cop_status begin_idc(void *self, cop_work *work, cop_error *err)
{
    idc *r = self;
    const idc_options *o = r->options;
    COP_TRY(open_pixels(r, work, err));
    COP_TRY(open_network(r, work, err));
    const cop_match_spec spec = {COP_SIZED(cop_match_spec),
                                 .kind = COP_MATCH_GRADIENTS,
                                 .distance = idc_options_distance(o),
                                 .roles = idc_options_roles(o),
                                 .model = o->model,
                                 .data = cop_work_train_data(work),
                                 .classes = r->classes,
                                 .pixels = r->pixels,
                                 .decode = idc_options_decode(o),
                                 .factor = o->factor,
                                 .most = o->batch_synthetic,
                                 .augment = o->augment,
                                 .seed = cop_work_seed(work),
                                 .threads = cop_work_threads(work)};
    COP_TRY(cop_match_new(&spec, &r->match, err));
    return cop_match_bind(r->match, cop_network_state(r->network), err);
}

/* A match of every class, each followed by a step of all pixels, then training of the network.
 * `visit` counts the inner iterations of the whole run. */
static cop_status inner_iteration(idc *r, cop_work *work, int64_t visit, cop_error *err)
{
    const idc_options *o = r->options;
    const cop_task *task = cop_work_task(work);
    double total = 0.0, loss = 0.0, rate = idc_options_pixel_rate(o, task);
    const float *gradient = NULL;
    for (int32_t c = 0; c < cop_task_classes(task); c++) {
        COP_TRY(cop_match_class(r->match, c, visit, &loss, &gradient, err));
        cop_pixels_step(r->pixels, c, gradient, rate, o->momentum);
        total += loss;
    }
    cop_work_record(work, "matching loss", total / cop_task_classes(task));
    COP_TRY(cop_network_run_images(r->network, o->net_images, &loss, err));
    if (o->net_images > 0)
        cop_work_record(work, "network loss", loss);
    return COP_OK;
}

static cop_status pretrain(idc *r, cop_work *work, const idc_rhythm *rhythm, int64_t k,
                           cop_error *err)
{
    int64_t left = rhythm->pretrain_batches - k * rhythm->piece;
    double loss = 0.0;
    COP_TRY(cop_network_run(r->network, left < rhythm->piece ? left : rhythm->piece, &loss, err));
    cop_work_record(work, "network loss", loss);
    return COP_OK;
}

/* Step k of outer iteration `outer` (Kim et al. 2022, algorithm 1). */
static cop_status outer_iteration(idc *r, cop_work *work, const idc_rhythm *rhythm, int64_t outer,
                                  int64_t k, cop_error *err)
{
    if (k == 0) {
        cop_stream stream = cop_work_stream(work, "network", (uint64_t)outer);
        cop_pixels_clamp(r->pixels);
        COP_TRY(cop_network_reset(r->network, cop_stream_u64(&stream), err));
    }
    if (k < rhythm->pretrain_steps)
        return pretrain(r, work, rhythm, k, err);
    return inner_iteration(r, work, outer * r->options->inner + k - rhythm->pretrain_steps, err);
}

static cop_status step_idc(void *self, cop_work *work, int64_t i, cop_error *err)
{
    idc *r = self;
    const idc_rhythm rhythm =
        idc_rhythm_of(r->options, cop_samples_count(cop_work_train_data(work)));
    int64_t outer = i / rhythm.steps;
    if (outer_iteration(r, work, &rhythm, outer, i % rhythm.steps, err) != COP_OK)
        return cop_fail_within(err, "outer iteration %lld", (long long)outer);
    return COP_OK;
}

static cop_status finish_idc(void *self, cop_work *work, cop_error *err)
{
    const idc *r = self;
    cop_synthetic *out = cop_work_set(work);
    cop_synthetic_set_decode(out, r->options->factor > 1 ? COP_DECODE_SINGLE : COP_DECODE_NONE,
                             (int32_t)r->options->factor);
    COP_TRY(cop_synthetic_set_recipe(out, r->options->recipe, err));
    return cop_pixels_finish(r->pixels, out, err);
}

COP_PLUGIN(
    DISTILLER, .id = "idc", .version = "1.0.0", .results_version = "1",
    .summary = "IDC: gradient matching with several training images in each stored one",
    .author = "The Coppice authors", .licence = "MIT",
    .citation = "Kim et al., Dataset Condensation via Efficient Synthetic-Data Parameterization, "
                "ICML 2022",
    .options = idc_option_table, .option_count = IDC_OPTION_COUNT,
    .options_size = sizeof(idc_options),
    .ops = &(const cop_work_ops){COP_SIZED(cop_work_ops), .create = create_idc,
                                 .destroy = destroy_idc, .plan = plan_idc, .begin = begin_idc,
                                 .step = step_idc, .finish = finish_idc},
    .defaults = "Kim et al.'s code with --reproduce for CIFAR-10 at 10 images per class and "
                "factor 2 (misc/reproduce.py, argument.py); the options' help has its other "
                "numbers.",
    .departures = "the finished pixels are clamped to [0, 1], where theirs are saved as the last "
                  "step leaves them (both clamp at the start of each outer iteration). Running "
                  "statistics of batch norm are not moved by matches; nothing reads them there. "
                  "Pretraining is cut into steps, which changes no number.");
