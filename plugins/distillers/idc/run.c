/* run.c: the loops of IDC (Kim et al. 2022, algorithm 1). */
#include "run.h"

#include "pixels.h"
#include "start.h"

#include <stdlib.h>

static int64_t class_pixels(const idc_run *r)
{
    return r->options->ipc * r->task->channels * r->task->height * r->task->width;
}

static cop_status start_pixels(const idc_run *r, const cop_work *work, float *pixels,
                               cop_error *err)
{
    for (int32_t c = 0; c < r->task->classes; c++) {
        const idc_class *real = &r->classes.items[c];
        cop_stream noise = cop_work_stream(work, "start", (uint64_t)c);
        COP_TRY(idc_start_class(idc_options_start(r->options), r->options->ipc, r->options->factor,
                                cop_work_train_data(work), c, real->members, real->count, &noise,
                                pixels + c * class_pixels(r), err));
    }
    return COP_OK;
}

static idc_match *match_of_size(const idc_run *r, int64_t real)
{
    for (size_t i = 0; r->matches[i] != NULL; i++)
        if (idc_match_real_count(r->matches[i]) == real)
            return r->matches[i];
    return NULL;
}

/* One program for each size of a real batch; classes rarely differ in it. */
static cop_status make_matches(idc_run *r, const cop_work *work, cop_error *err)
{
    r->matches = calloc((size_t)r->task->classes + 1, sizeof(idc_match *));
    if (r->matches == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    size_t count = 0;
    for (int32_t c = 0; c < r->task->classes; c++) {
        const idc_match_spec spec = {.options = r->options,
                                     .normalization = cop_work_train_data(work)->normalization,
                                     .real = idc_classes_batch_size(&r->classes, c),
                                     .threads = cop_work_threads(work)};
        if (match_of_size(r, spec.real) != NULL)
            continue;
        COP_TRY(idc_match_new(&spec, &r->matches[count], err));
        COP_TRY(idc_match_bind(r->matches[count], idc_network_state(&r->network), err));
        count++;
    }
    return COP_OK;
}

static cop_status begin(idc_run *r, cop_work *work, cop_tensors *bag, cop_error *err)
{
    const cop_samples *data = cop_work_train_data(work);
    COP_TRY(idc_classes_init(&r->classes, data, r->options->batch_real, err));
    COP_TRY(idc_network_init(&r->network, r->options, work, err));
    COP_TRY(make_matches(r, work, err));
    cop_shape shape = cop_shape4(r->task->classes * r->options->ipc, r->task->channels,
                                 r->task->height, r->task->width);
    cop_tensor *pixels = NULL;
    COP_TRY(cop_tensors_add(bag, "pixels", COP_F32, shape, &pixels, err));
    COP_TRY(cop_tensors_add(bag, "velocity", COP_F32, shape, NULL, err));
    COP_TRY(start_pixels(r, work, cop_f32(pixels), err));
    return idc_network_declare(&r->network, bag, err);
}

cop_status idc_run_begin(idc_run *r, cop_work *work, cop_error *err)
{
    r->task = cop_work_task(work);
    return begin(r, work, cop_work_bag(work), err);
}

void idc_run_clear(idc_run *r)
{
    for (size_t i = 0; r->matches != NULL && r->matches[i] != NULL; i++)
        idc_match_free(r->matches[i]);
    free(r->matches);
    r->matches = NULL;
    idc_network_clear(&r->network);
    idc_classes_clear(&r->classes);
}

idc_rhythm idc_rhythm_of(const idc_options *o, int64_t samples)
{
    int64_t epoch = idc_network_batches(o, samples);
    int64_t piece = idc_network_batches(o, o->net_images);
    idc_rhythm rhythm = {.pretrain_batches = o->pretrain * epoch,
                         .piece = piece > 0 && piece < epoch ? piece : epoch};
    rhythm.pretrain_steps = (rhythm.pretrain_batches + rhythm.piece - 1) / rhythm.piece;
    rhythm.steps = rhythm.pretrain_steps + o->inner;
    return rhythm;
}

/* One class: a real batch, its stored images, and a step of all pixels. `visit` counts the inner
 * iterations of the whole run. */
static cop_status match_class(idc_run *r, cop_work *work, cop_tensors *bag, int32_t label,
                              int64_t visit, double *loss, cop_error *err)
{
    const cop_tensor *all = cop_tensors_find(bag, "pixels");
    float *pixels = cop_f32(all), *velocity = cop_f32(cop_tensors_find(bag, "velocity"));
    idc_match *match = match_of_size(r, idc_classes_batch_size(&r->classes, label));
    uint64_t index = (uint64_t)visit * (uint64_t)r->task->classes + (uint64_t)label;
    cop_stream augment = cop_work_stream(work, "augment", index);
    cop_stream subset = cop_work_stream(work, "subset", index);
    const int64_t *batch = idc_classes_batch(&r->classes, work, label, visit);
    cop_samples_batch(cop_work_train_data(work), batch, idc_match_real_count(match),
                      idc_match_real(match), NULL);
    idc_match_draw(match, &augment);
    idc_match_choose(match, &subset);
    const float *gradient = NULL;
    int64_t length = class_pixels(r), first = label * length;
    COP_TRY(idc_match_run(match, label, pixels + first, loss, &gradient, err));
    idc_pixels_step(pixels, velocity, cop_shape_count(all->shape), gradient, first, length,
                    idc_options_pixel_rate(r->options, r->task), r->options->momentum);
    return COP_OK;
}

static cop_status inner_iteration(idc_run *r, cop_work *work, cop_tensors *bag, int64_t visit,
                                  cop_error *err)
{
    double total = 0.0, loss = 0.0;
    for (int32_t c = 0; c < r->task->classes; c++) {
        COP_TRY(match_class(r, work, bag, c, visit, &loss, err));
        total += loss;
    }
    cop_work_report(work, "matching loss %.4g", total / r->task->classes);
    return idc_network_train(&r->network, r->options->net_images, err);
}

static cop_status start_network(idc_run *r, const cop_work *work, int64_t outer, cop_error *err)
{
    cop_stream stream = cop_work_stream(work, "network", (uint64_t)outer);
    uint64_t high = cop_stream_u32(&stream);
    return idc_network_reset(&r->network, high << 32 | cop_stream_u32(&stream), err);
}

static cop_status pretrain(idc_run *r, cop_work *work, const idc_rhythm *rhythm, int64_t k,
                           cop_error *err)
{
    int64_t left = rhythm->pretrain_batches - k * rhythm->piece;
    double loss = 0.0;
    COP_TRY(idc_network_run(&r->network, left < rhythm->piece ? left : rhythm->piece, &loss, err));
    cop_work_report(work, "pretraining, loss %.4g", loss);
    return COP_OK;
}

cop_status idc_run_step(idc_run *r, cop_work *work, int64_t i, cop_error *err)
{
    cop_tensors *bag = cop_work_bag(work);
    const idc_rhythm rhythm = idc_rhythm_of(r->options, cop_work_train_data(work)->count);
    int64_t outer = i / rhythm.steps, k = i % rhythm.steps;
    COP_TRY(idc_network_restore(&r->network, bag, err));
    if (k == 0) {
        const cop_tensor *pixels = cop_tensors_find(bag, "pixels");
        idc_pixels_clamp(cop_f32(pixels), cop_shape_count(pixels->shape));
        COP_TRY(start_network(r, work, outer, err));
    }
    cop_status status;
    if (k < rhythm.pretrain_steps)
        status = pretrain(r, work, &rhythm, k, err);
    else
        status = inner_iteration(r, work, bag,
                                 outer * r->options->inner + k - rhythm.pretrain_steps, err);
    if (status != COP_OK)
        return cop_fail_within(err, "outer iteration %lld", (long long)outer);
    return idc_network_save(&r->network, bag, err);
}
