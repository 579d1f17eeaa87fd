/* match_unit.c: running a match. match_graph.c describes what is computed. */
#include "distil/match_unit.h"

#include "core/memory.h"
#include "distil/pixels.h"
#include "nn/decode.h"
#include "nn/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static cop_status add_input(cop_match_unit *u, const char *name, cop_shape shape, float **data,
                            cop_error *err)
{
    cop_tensor *tensor = NULL;
    COP_TRY(cop_tensors_add(u->inputs, name, COP_F32, shape, &tensor, err));
    *data = cop_f32(tensor);
    return cop_program_bind_name(u->program, name, *data, err);
}

static cop_status bind_normalization(cop_match_unit *u, cop_error *err)
{
    const cop_normalization *n = &u->spec.match->data->normalization;
    cop_shape channels = cop_shape4(1, u->task.channels, 1, 1);
    COP_TRY(add_input(u, COP_MATCH_MEAN, channels, &u->mean, err));
    COP_TRY(add_input(u, COP_MATCH_STD, channels, &u->std, err));
    memcpy(u->mean, n->mean, (size_t)u->task.channels * sizeof *u->mean);
    memcpy(u->std, n->std, (size_t)u->task.channels * sizeof *u->std);
    return COP_OK;
}

static cop_status bind_targets(cop_match_unit *u, cop_error *err)
{
    cop_shape real = cop_shape2(u->spec.real, u->task.classes);
    cop_shape synthetic = cop_shape2(u->spec.synthetic, u->task.classes);
    COP_TRY(add_input(u, COP_MATCH_REAL_TARGETS, real, &u->real_targets, err));
    return add_input(u, COP_MATCH_SYNTHETIC_TARGETS, synthetic, &u->synthetic_targets, err);
}

static cop_status bind_inputs(cop_match_unit *u, cop_error *err)
{
    const cop_task *t = &u->task;
    cop_shape real = cop_shape4(u->spec.real, t->channels, t->height, t->width);
    cop_shape stored = cop_shape4(u->spec.stored, t->channels, t->height, t->width);
    COP_TRY(add_input(u, COP_MATCH_REAL_IMAGES, real, &u->real_images, err));
    COP_TRY(add_input(u, COP_MATCH_PIXELS, stored, &u->pixels, err));
    if (u->spec.match->kind == COP_MATCH_GRADIENTS)
        COP_TRY(bind_targets(u, err));
    if (u->spec.space == COP_PIXELS_UNIT)
        COP_TRY(bind_normalization(u, err));
    if (u->spec.synthetic < u->spec.decoded)
        COP_TRY(add_input(u, COP_MATCH_SUBSET, cop_shape1(u->spec.synthetic), &u->subset, err));
    return COP_OK;
}

/* Images of the larger batch: so many draws serve both. */
static int64_t most_images(const cop_match_unit *u)
{
    return u->spec.real > u->spec.synthetic ? u->spec.real : u->spec.synthetic;
}

static cop_status make_draws(cop_match_unit *u, cop_error *err)
{
    const cop_match_spec *m = u->spec.match;
    if (m->augment == 0)
        return COP_OK;
    const cop_normalization pixels = cop_samples_normalization(m->data);
    for (int i = 0; i < (m->draws == COP_DRAWS_APART ? 2 : 1); i++) {
        COP_TRY(cop_draws_new(m->augment, false, most_images(u), u->task.height, u->task.width,
                              &u->draws[i], err));
        cop_draws_pixels(u->draws[i], pixels.mean, pixels.std, u->task.channels);
    }
    const cop_draws *synthetic = u->draws[1] != NULL ? u->draws[1] : u->draws[0];
    COP_TRY(cop_draws_bind(u->draws[0], u->program, COP_MATCH_REAL_DRAWS, err));
    return cop_draws_bind(synthetic, u->program, COP_MATCH_SYNTHETIC_DRAWS, err);
}

static cop_status make(cop_match_unit *u, cop_error *err)
{
    if (u->inputs == NULL || u->permutation == NULL)
        return cop_out_of_memory(err);
    COP_TRY(cop_match_compile(&u->spec, &u->program, err));
    COP_TRY(bind_inputs(u, err));
    return make_draws(u, err);
}

cop_status cop_match_unit_new(const cop_match_spec *match, int64_t real, cop_match_unit **out,
                              cop_error *err)
{
    cop_match_unit *u = calloc(1, sizeof *u);
    if (u == NULL)
        return cop_out_of_memory(err);
    int64_t stored = cop_pixels_per_class(match->pixels);
    int64_t decoded =
        cop_decoded_count_within(match->decode, (int32_t)match->factor, stored, match->most);
    u->task = *cop_model_task(match->model);
    u->spec = (cop_match_graph_spec){.match = match,
                                     .space = cop_pixels_space(match->pixels),
                                     .real = real,
                                     .stored = stored,
                                     .decoded = decoded,
                                     .synthetic = decoded < match->most ? decoded : match->most};
    u->permutation = calloc((size_t)decoded, sizeof *u->permutation);
    u->inputs = cop_tensors_new();
    cop_status status = make(u, err);
    if (status != COP_OK)
        cop_match_unit_free(u);
    else
        *out = u;
    return status;
}

void cop_match_unit_free(cop_match_unit *u)
{
    if (u == NULL)
        return;
    cop_program_free(u->program);
    cop_draws_free(u->draws[0]);
    cop_draws_free(u->draws[1]);
    cop_tensors_free(u->inputs);
    free(u->permutation);
    free(u);
}

void cop_match_unit_draw(cop_match_unit *u, cop_stream *stream)
{
    for (int i = 0; i < 2 && u->draws[i] != NULL; i++) {
        if (u->spec.match->draws == COP_DRAWS_ONE_OPERATION)
            cop_draws_one_operation(u->draws[i], stream, most_images(u), true);
        else
            cop_draws_augment(u->draws[i], stream, most_images(u), true);
    }
}

void cop_match_unit_choose(cop_match_unit *u, cop_stream *stream)
{
    if (u->subset == NULL)
        return;
    cop_stream_permutation(stream, u->permutation, u->spec.decoded);
    for (int64_t i = 0; i < u->spec.synthetic; i++)
        u->subset[i] = (float)u->permutation[i];
}

static void set_targets(float *targets, int64_t rows, int32_t classes, int32_t label)
{
    memset(targets, 0, (size_t)(rows * classes) * sizeof *targets);
    for (int64_t i = 0; i < rows; i++)
        targets[i * classes + label] = 1.0f;
}

cop_status cop_match_unit_run(cop_match_unit *u, int32_t label, const float *pixels, double *loss,
                              const float **gradient, cop_error *err)
{
    size_t size = (size_t)u->task.channels * (size_t)u->task.height * (size_t)u->task.width;
    memcpy(u->pixels, pixels, (size_t)u->spec.stored * size * sizeof *pixels);
    if (u->real_targets != NULL) {
        set_targets(u->real_targets, u->spec.real, u->task.classes, label);
        set_targets(u->synthetic_targets, u->spec.synthetic, u->task.classes, label);
    }
    COP_TRY(cop_program_run(u->program, err));
    *loss = (double)cop_program_output(u->program, COP_MATCH_LOSS)[0];
    *gradient = cop_program_output(u->program, COP_MATCH_GRADIENT);
    if (!isfinite(*loss))
        return cop_fail(err, COP_FAILED,
                        "the matching loss of class %d became %s: the pixels' rate or the "
                        "network's is too high",
                        (int)label, isnan(*loss) ? "nan" : "infinite");
    return COP_OK;
}
