/* idc.c: IDC, dataset condensation via efficient synthetic-data parameterization (Kim et al., ICML
 * 2022): gradient matching in the loop of a network trained on real data, with several training
 * images decoded from each stored one. Defaults are the published settings for CIFAR-10.
 *
 * options.c the settings, start.c the first pixels, classes.c the real batches, decode.c,
 * distance.c and match_graph.c what is matched, match.c one match, pixels.c the pixels' optimiser,
 * network.c the network, run.c the loops.
 *
 * Departures from the authors' code: the finished pixels are clamped to [0, 1], where theirs are
 * saved as the last step leaves them (both clamp at the start of each outer iteration); running
 * statistics of batch norm are not moved by matches (nothing reads them there or here: networks
 * stay in training mode); pretraining is cut into steps, which changes no number. */
#include "run.h"

#include "pixels.h"
#include "start.h"

#include <stdlib.h>
#include <string.h>

static cop_status create_idc(const void *options, const cop_task *task, void **self, cop_error *err)
{
    (void)task;
    idc_run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    r->options = options;
    *self = r;
    return COP_OK;
}

static void destroy_idc(void *self)
{
    idc_run *r = self;
    idc_run_clear(r);
    free(r);
}

/* What `begin` would refuse, before anything runs. */
static cop_status check_classes(const idc_options *o, const cop_plan *plan, cop_error *err)
{
    for (int32_t c = 0; c < cop_plan_task(plan)->classes; c++) {
        int64_t count = cop_plan_class_count(plan, c);
        if (count == 0)
            return cop_fail(err, COP_INVALID, "class %d has no training images", (int)c);
        if (count > 0)
            COP_TRY(idc_start_check(idc_options_start(o), o->ipc, o->factor, c, count, err));
    }
    return COP_OK;
}

/* A training pass costs three forward passes; the synthetic side's, whose gradient is
 * differentiated once more, seven. */
static cop_status plan_idc(const void *options, cop_plan *plan, cop_error *err)
{
    const idc_options *o = options;
    int32_t classes = cop_plan_task(plan)->classes;
    COP_TRY(idc_options_check(o, cop_plan_task(plan), err));
    COP_TRY(check_classes(o, plan, err));
    int64_t samples = cop_plan_train_count(plan);
    const idc_rhythm rhythm = idc_rhythm_of(o, samples);
    double forward = cop_model_forward_flops(o->model);
    int64_t decoded = idc_options_decoded(o);
    double synthetic = (double)(decoded < o->batch_synthetic ? decoded : o->batch_synthetic);
    double match = 3.0 * (double)o->batch_real + 7.0 * synthetic;
    double inner = classes * match + 3.0 * (double)o->net_images;
    double outer = (double)o->inner * inner + 3.0 * (double)o->pretrain * (double)samples;
    cop_plan_steps(plan, o->iterations * rhythm.steps);
    cop_plan_flops(plan, (double)o->iterations * outer * forward);
    cop_plan_expect_set(plan, decoded * classes, o->recipe);
    return COP_OK;
}

static cop_status begin_idc(void *self, cop_work *work, cop_error *err)
{
    return idc_run_begin(self, work, err);
}

static cop_status step_idc(void *self, cop_work *work, int64_t i, cop_error *err)
{
    return idc_run_step(self, work, i, err);
}

static cop_status finish_idc(void *self, cop_work *work, cop_error *err)
{
    const idc_options *o = ((const idc_run *)self)->options;
    const cop_tensor *pixels = cop_tensors_find(cop_work_bag(work), "pixels");
    cop_synthetic *out = cop_work_set(work);
    int32_t classes = cop_work_task(work)->classes;
    int64_t count = classes * o->ipc;
    out->decode = o->factor > 1 ? COP_DECODE_SINGLE : COP_DECODE_NONE;
    out->factor = (int32_t)o->factor;
    COP_TRY(cop_synthetic_set_recipe(out, o->recipe, err));
    COP_TRY(cop_synthetic_allocate(out, count, err));
    memcpy(out->pixels, pixels->data, (size_t)cop_shape_count(pixels->shape) * sizeof(float));
    idc_pixels_clamp(out->pixels, cop_shape_count(pixels->shape));
    for (int64_t i = 0; i < count; i++)
        out->labels[i * classes + i / o->ipc] = 1.0f;
    return COP_OK;
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
                                 .step = step_idc, .finish = finish_idc});
