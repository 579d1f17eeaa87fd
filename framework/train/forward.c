/* forward.c: building the shared graph, and the checks and counts that go with it. */
#include "train/forward.h"

#include "nn/model.h"
#include "nn/samples.h"

#include <math.h>
#include <stdlib.h>

static cop_status build_into(const cop_forward_spec *spec, cop_forward *f, cop_error *err)
{
    const cop_model *m = spec->model;
    const cop_task *task = cop_model_task(m);
    cop_graph *g = f->g;
    f->images =
        cop_input(g, "images", cop_shape4(spec->n, task->channels, task->height, task->width));
    f->targets = cop_input(g, "targets", cop_shape2(spec->n, task->classes));
    cop_model_inputs(m, g, COP_FORWARD_MODEL, f->params, f->buffers);
    cop_node x = f->images;
    if (spec->augment != 0)
        x = cop_augment(g, COP_FORWARD_DRAWS, x, spec->augment);
    if (spec->cutmix)
        x = cop_cutmix(g, COP_FORWARD_DRAWS, x);
    if (spec->is_dropping)
        COP_TRY(cop_model_build_dropping(m, g, x, f->params, f->buffers, &f->output, err));
    else
        COP_TRY(cop_model_build(m, g, x, f->params, f->buffers, spec->mode, &f->output, err));
    cop_node logits = cop_model_output_get_logits(f->output);
    if (spec->logit_scale != 1.0)
        logits = cop_scale(g, logits, spec->logit_scale);
    f->loss = cop_cross_entropy(g, logits, f->targets);
    return cop_graph_check(g, err);
}

cop_status cop_forward_build(const cop_forward_spec *spec, cop_forward *out, cop_error *err)
{
    size_t params = cop_model_parameter_count(spec->model);
    size_t buffers = cop_model_buffer_count(spec->model);
    *out = (cop_forward){.g = cop_graph_new(),
                         .params = calloc(params + 1, sizeof(cop_node)),
                         .buffers = calloc(buffers + 1, sizeof(cop_node))};
    cop_status status = COP_OK;
    if (out->g == NULL || out->params == NULL || out->buffers == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory for the graph of a batch");
    else
        status = build_into(spec, out, err);
    if (status != COP_OK)
        cop_forward_clear(out);
    return status;
}

void cop_forward_clear(cop_forward *f)
{
    cop_graph_free(f->g);
    free(f->params);
    free(f->buffers);
    *f = (cop_forward){0};
}

cop_status cop_check_task(const cop_model *model, const cop_samples *data, cop_error *err)
{
    const cop_task *m = cop_model_task(model), *d = &data->task;
    if (m->channels == d->channels && m->height == d->height && m->width == d->width &&
        m->classes == d->classes)
        return COP_OK;
    return cop_fail(err, COP_FAILED,
                    "the model is for %dx%dx%d images of %d classes, the data is %dx%dx%d of %d",
                    m->channels, m->height, m->width, m->classes, d->channels, d->height, d->width,
                    d->classes);
}

int64_t cop_count_correct(const float *logits, int64_t n, int32_t classes, const int32_t *labels,
                          const int64_t *index)
{
    int64_t correct = 0;
    for (int64_t i = 0; i < n; i++) {
        const float *row = logits + i * classes;
        float best = -INFINITY;
        int32_t guess = -1;
        for (int32_t k = 0; k < classes; k++)
            if (row[k] > best) {
                best = row[k];
                guess = k;
            }
        correct += guess == labels[index[i]];
    }
    return correct;
}
