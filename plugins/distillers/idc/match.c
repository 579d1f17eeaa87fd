/* match.c: running a class step. match_graph.c describes what is computed. */
#include "match.h"

#include "decode.h"
#include "match_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct idc_match {
    const cop_model *model;
    cop_task task;
    int64_t real, stored, decoded, synthetic;
    cop_program *program;
    cop_draws *draws;     /* NULL without augmentation */
    int64_t *permutation; /* [decoded] */
    cop_tensors *inputs;  /* owns the memory below */
    float *real_images, *real_targets, *pixels, *synthetic_targets, *mean, *std, *subset;
};

static cop_status add_input(idc_match *m, const char *name, cop_shape shape, float **data,
                            cop_error *err)
{
    cop_tensor *tensor = NULL;
    COP_TRY(cop_tensors_add(m->inputs, name, COP_F32, shape, &tensor, err));
    *data = cop_f32(tensor);
    return cop_program_bind_name(m->program, name, *data, err);
}

static cop_status bind_inputs(idc_match *m, const idc_match_spec *spec, cop_error *err)
{
    const cop_task *t = &m->task;
    cop_shape real = cop_shape4(m->real, t->channels, t->height, t->width);
    cop_shape stored = cop_shape4(m->stored, t->channels, t->height, t->width);
    cop_shape channels = cop_shape4(1, t->channels, 1, 1);
    cop_shape wanted = cop_shape2(m->synthetic, t->classes);
    COP_TRY(add_input(m, IDC_REAL_IMAGES, real, &m->real_images, err));
    COP_TRY(add_input(m, IDC_REAL_TARGETS, cop_shape2(m->real, t->classes), &m->real_targets, err));
    COP_TRY(add_input(m, IDC_PIXELS, stored, &m->pixels, err));
    COP_TRY(add_input(m, IDC_SYNTHETIC_TARGETS, wanted, &m->synthetic_targets, err));
    COP_TRY(add_input(m, IDC_MEAN, channels, &m->mean, err));
    COP_TRY(add_input(m, IDC_STD, channels, &m->std, err));
    memcpy(m->mean, spec->normalization.mean, (size_t)t->channels * sizeof *m->mean);
    memcpy(m->std, spec->normalization.std, (size_t)t->channels * sizeof *m->std);
    if (m->synthetic < m->decoded)
        COP_TRY(add_input(m, IDC_SUBSET, cop_shape1(m->synthetic), &m->subset, err));
    return COP_OK;
}

static cop_status make_draws(idc_match *m, uint32_t flags, cop_error *err)
{
    if (flags == 0)
        return COP_OK;
    int64_t most = m->real > m->synthetic ? m->real : m->synthetic;
    COP_TRY(cop_draws_new(flags, false, most, m->task.height, m->task.width, &m->draws, err));
    COP_TRY(cop_draws_bind(m->draws, m->program, IDC_REAL_DRAWS, err));
    return cop_draws_bind(m->draws, m->program, IDC_SYNTHETIC_DRAWS, err);
}

static cop_status make(idc_match *m, const idc_match_spec *spec, cop_error *err)
{
    if (m->inputs == NULL || m->permutation == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    const idc_graph_spec graph = {.options = spec->options,
                                  .real = m->real,
                                  .decoded = m->decoded,
                                  .synthetic = m->synthetic,
                                  .threads = spec->threads};
    COP_TRY(idc_graph_compile(&graph, &m->program, err));
    COP_TRY(bind_inputs(m, spec, err));
    return make_draws(m, spec->options->augment, err);
}

cop_status idc_match_new(const idc_match_spec *spec, idc_match **out, cop_error *err)
{
    const idc_options *o = spec->options;
    int64_t decoded =
        idc_decoded_count((idc_decode)o->decode, o->factor, o->ipc, o->batch_synthetic);
    idc_match *m = calloc(1, sizeof *m);
    if (m == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    m->model = o->model;
    m->task = *cop_model_task(o->model);
    m->real = spec->real;
    m->stored = o->ipc;
    m->decoded = decoded;
    m->synthetic = decoded < o->batch_synthetic ? decoded : o->batch_synthetic;
    m->permutation = calloc((size_t)decoded, sizeof *m->permutation);
    m->inputs = cop_tensors_new();
    cop_status status = make(m, spec, err);
    if (status != COP_OK)
        idc_match_free(m);
    else
        *out = m;
    return status;
}

void idc_match_free(idc_match *m)
{
    if (m == NULL)
        return;
    cop_program_free(m->program);
    cop_draws_free(m->draws);
    cop_tensors_free(m->inputs);
    free(m->permutation);
    free(m);
}

cop_program *idc_match_program(idc_match *m)
{
    return m->program;
}

int64_t idc_match_real_count(const idc_match *m)
{
    return m->real;
}

int64_t idc_match_decoded_count(const idc_match *m)
{
    return m->decoded;
}

int64_t idc_match_synthetic_count(const idc_match *m)
{
    return m->synthetic;
}

cop_status idc_match_bind(idc_match *m, const cop_tensors *network, cop_error *err)
{
    return cop_model_bind(m->model, m->program, IDC_NETWORK, network, err);
}

void idc_match_draw(idc_match *m, cop_stream *stream)
{
    if (m->draws == NULL)
        return;
    int64_t most = m->real > m->synthetic ? m->real : m->synthetic;
    cop_draws_augment(m->draws, stream, most, true);
}

void idc_match_choose(idc_match *m, cop_stream *stream)
{
    if (m->subset == NULL)
        return;
    cop_stream_permutation(stream, m->permutation, m->decoded);
    for (int64_t i = 0; i < m->synthetic; i++)
        m->subset[i] = (float)m->permutation[i];
}

float *idc_match_real(idc_match *m)
{
    return m->real_images;
}

float *idc_match_subset(idc_match *m)
{
    return m->subset;
}

static void set_targets(float *targets, int64_t rows, int32_t classes, int32_t label)
{
    memset(targets, 0, (size_t)(rows * classes) * sizeof *targets);
    for (int64_t i = 0; i < rows; i++)
        targets[i * classes + label] = 1.0f;
}

cop_status idc_match_run(idc_match *m, int32_t label, const float *pixels, double *loss,
                         const float **gradient, cop_error *err)
{
    size_t size = (size_t)m->task.channels * (size_t)m->task.height * (size_t)m->task.width;
    memcpy(m->pixels, pixels, (size_t)m->stored * size * sizeof *pixels);
    set_targets(m->real_targets, m->real, m->task.classes, label);
    set_targets(m->synthetic_targets, m->synthetic, m->task.classes, label);
    COP_TRY(cop_program_run(m->program, err));
    *loss = (double)cop_program_output(m->program, IDC_OUTPUT_LOSS)[0];
    *gradient = cop_program_output(m->program, IDC_OUTPUT_GRADIENT);
    if (!isfinite(*loss))
        return cop_fail(err, COP_FAILED,
                        "the matching loss of class %d became %s: the pixels' rate or the "
                        "network's is too high",
                        (int)label, isnan(*loss) ? "nan" : "infinite");
    return COP_OK;
}
