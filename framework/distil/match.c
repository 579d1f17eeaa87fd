/* match.c: matches of every class. There is a program for each size of a real batch; classes rarely
 * differ in it. */
#include "core/memory.h"
#include "core/sized.h"
#include "distil/match_unit.h"
#include "nn/decode.h"
#include "nn/task.h"

#include <coppice/distil.h>

#include <stdlib.h>
#include <string.h>

struct cop_match {
    cop_match_spec spec;
    int32_t classes;
    size_t count;
    cop_match_unit **units; /* [classes]; the first `count` are there */
};

/* What the members that were left at 0 stand for. */
static void fill_defaults(cop_match_spec *s)
{
    s->roles = s->roles != 0 ? s->roles : COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT);
    s->mode = s->mode != 0 ? s->mode : COP_MODE_TRAIN;
    s->factor = s->factor != 0 && s->decode != COP_DECODE_NONE ? s->factor : 1;
    s->draws = s->draws != 0 ? s->draws : COP_DRAWS_SHARED;
    if (s->most == 0)
        s->most = s->decode == COP_DECODE_BOUND ? COP_DECODE_BOUND_IMAGES : INT64_MAX;
}

static cop_status check(const cop_match_spec *s, cop_error *err)
{
    if (s->kind != COP_MATCH_GRADIENTS && s->kind != COP_MATCH_FEATURES)
        return cop_fail(err, COP_FAILED, "matching %d is none that there is", (int)s->kind);
    if (s->factor < 1 || s->factor > INT32_MAX || s->most < 1)
        return cop_fail(err, COP_FAILED, "a match of %lld images decoded by factor %lld",
                        (long long)s->most, (long long)s->factor);
    return COP_OK;
}

static cop_match_unit *unit_of(const cop_match *m, int64_t real)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->units[i]->spec.real == real)
            return m->units[i];
    return NULL;
}

static cop_status make(cop_match *m, const cop_match_spec *spec, cop_error *err)
{
    COP_TRY(cop_sized_take("a match's spec", spec, COP_LEAST(cop_match_spec, threads), &m->spec,
                           sizeof m->spec, err));
    fill_defaults(&m->spec);
    COP_TRY(check(&m->spec, err));
    m->classes = cop_model_task(m->spec.model)->classes;
    m->units = calloc((size_t)m->classes, sizeof(cop_match_unit *));
    if (m->units == NULL)
        return cop_out_of_memory(err);
    for (int32_t c = 0; c < m->classes; c++) {
        int64_t real = cop_classes_batch_size(m->spec.classes, c);
        if (unit_of(m, real) != NULL)
            continue;
        COP_TRY(cop_match_unit_new(&m->spec, real, &m->units[m->count], err));
        m->count++;
    }
    return COP_OK;
}

cop_status cop_match_new(const cop_match_spec *spec, cop_match **out, cop_error *err)
{
    cop_match *m = calloc(1, sizeof *m);
    if (m == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(m, spec, err);
    if (status != COP_OK)
        cop_match_free(m);
    else
        *out = m;
    return status;
}

void cop_match_free(cop_match *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->count; i++)
        cop_match_unit_free(m->units[i]);
    free(m->units);
    free(m);
}

bool cop_match_has_role(const cop_model *model, uint32_t roles)
{
    for (size_t i = 0; i < cop_model_parameter_count(model); i++)
        if (roles & COP_ROLE_BIT(cop_model_parameter(model, i)->role))
            return true;
    return false;
}

cop_status cop_match_bind(cop_match *m, const cop_tensors *state, cop_error *err)
{
    for (size_t i = 0; i < m->count; i++)
        COP_TRY(cop_model_bind(m->spec.model, m->units[i]->program, COP_MATCH_NETWORK, state, err));
    return COP_OK;
}

cop_status cop_match_class(cop_match *m, int32_t label, int64_t visit, double *loss,
                           const float **gradient, cop_error *err)
{
    cop_match_unit *u = unit_of(m, cop_classes_batch_size(m->spec.classes, label));
    uint64_t index = (uint64_t)visit * (uint64_t)m->classes + (uint64_t)label;
    cop_stream augment = cop_stream_make(m->spec.seed, "augment", index);
    cop_stream subset = cop_stream_make(m->spec.seed, "subset", index);
    const int64_t *batch = cop_classes_batch(m->spec.classes, label, visit);
    cop_samples_batch(m->spec.data, batch, u->spec.real, u->real_images, NULL);
    cop_match_unit_draw(u, &augment);
    cop_match_unit_choose(u, &subset);
    return cop_match_unit_run(u, label, cop_pixels_of(m->spec.pixels, label), loss, gradient, err);
}

cop_status cop_match_all(cop_match *m, cop_pixels *pixels, int64_t visit, double *loss,
                         cop_error *err)
{
    size_t size = (size_t)cop_pixels_class_size(pixels);
    float *all = cop_pixels_gradient(pixels);
    double total = 0.0, one = 0.0;
    for (int32_t c = 0; c < m->classes; c++) {
        const float *gradient = NULL;
        COP_TRY(cop_match_class(m, c, visit, &one, &gradient, err));
        memcpy(all + (size_t)c * size, gradient, size * sizeof *all);
        total += one;
    }
    *loss = total / m->classes;
    return COP_OK;
}
