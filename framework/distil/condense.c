/* condense.c: the loop of Zhao et al. (2021), out of the workshop's parts. */
#include "core/memory.h"
#include "core/sized.h"

#include <coppice/distil.h>

#include <stdlib.h>

struct cop_condense {
    cop_condense_spec spec;
    cop_classes *classes;
    cop_pixels *pixels;
    cop_network *network;
    cop_match *match;
};

cop_status cop_condense_rhythm(int64_t per_class, int64_t *outer, int64_t *inner, cop_error *err)
{
    static const struct {
        int64_t per_class, outer, inner;
    } published[] = {{1, 1, 1},    {10, 10, 50}, {20, 20, 25},
                     {30, 30, 20}, {40, 40, 15}, {50, 50, 10}};
    if (*outer != 0 && *inner != 0)
        return COP_OK;
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        if (published[i].per_class != per_class)
            continue;
        *outer = *outer != 0 ? *outer : published[i].outer;
        *inner = *inner != 0 ? *inner : published[i].inner;
        return COP_OK;
    }
    return cop_fail(err, COP_INVALID,
                    "outer and inner are published for 1, 10, 20, 30, 40 and 50 images per class; "
                    "for %lld both are to be stated",
                    (long long)per_class);
}

static cop_status open_pixels(cop_condense *c, cop_tensors *bag, cop_error *err)
{
    const cop_condense_spec *s = &c->spec;
    const cop_classes_spec classes = {COP_SIZED(cop_classes_spec), .data = s->data,
                                      .batch = s->batch_real, .seed = s->seed};
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = s->data,
                                    .per_class = s->per_class, .space = COP_PIXELS_NORMALISED};
    COP_TRY(cop_classes_new(&classes, &c->classes, err));
    COP_TRY(cop_pixels_new(&pixels, bag, &c->pixels, err));
    return cop_pixels_start(c->pixels, s->start, c->classes, s->seed, err);
}

static cop_status open_network(cop_condense *c, cop_tensors *bag, cop_error *err)
{
    const cop_condense_spec *s = &c->spec;
    const cop_network_spec network = {COP_SIZED(cop_network_spec),
                                      .model = s->model,
                                      .data = cop_pixels_samples(c->pixels),
                                      .batch = s->batch_train,
                                      .lr = s->net_lr,
                                      .augment = s->augment,
                                      .seed = s->seed,
                                      .threads = s->threads,
                                      .draws = COP_DRAW_ONE};
    return cop_network_new(&network, bag, &c->network, err);
}

static cop_status open_match(cop_condense *c, cop_error *err)
{
    const cop_condense_spec *s = &c->spec;
    const cop_match_spec match = {COP_SIZED(cop_match_spec),
                                  .kind = COP_MATCH_GRADIENTS,
                                  .distance = COP_DISTANCE_COS,
                                  .roles = COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT) |
                                           COP_ROLE_BIT(COP_ROLE_LINEAR_WEIGHT),
                                  .model = s->model,
                                  .data = s->data,
                                  .classes = c->classes,
                                  .pixels = c->pixels,
                                  .augment = s->augment,
                                  .draws = COP_DRAWS_ONE_OPERATION,
                                  .seed = s->seed,
                                  .threads = s->threads};
    COP_TRY(cop_match_new(&match, &c->match, err));
    return cop_match_bind(c->match, cop_network_state(c->network), err);
}

static cop_status make(cop_condense *c, const cop_condense_spec *spec, cop_tensors *bag,
                       cop_error *err)
{
    COP_TRY(cop_sized_take("a condensing's spec", spec, COP_LEAST(cop_condense_spec, threads),
                           &c->spec, sizeof c->spec, err));
    if (c->spec.outer < 1 || c->spec.inner < 1)
        return cop_fail(err, COP_FAILED, "condensing in %lld rounds of %lld epochs",
                        (long long)c->spec.outer, (long long)c->spec.inner);
    COP_TRY(open_pixels(c, bag, err));
    COP_TRY(open_network(c, bag, err));
    return open_match(c, err);
}

cop_status cop_condense_new(const cop_condense_spec *spec, cop_tensors *bag, cop_condense **out,
                            cop_error *err)
{
    cop_condense *c = calloc(1, sizeof *c);
    if (c == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(c, spec, bag, err);
    if (status != COP_OK)
        cop_condense_free(c);
    else
        *out = c;
    return status;
}

void cop_condense_free(cop_condense *c)
{
    if (c == NULL)
        return;
    cop_match_free(c->match);
    cop_network_free(c->network);
    cop_pixels_free(c->pixels);
    cop_classes_free(c->classes);
    free(c);
}

/* Epochs on the pixels as they are. */
static cop_status train(cop_condense *c, cop_error *err)
{
    int64_t images = cop_pixels_count(c->pixels);
    int64_t epoch = (images + c->spec.batch_train - 1) / c->spec.batch_train;
    return cop_network_run(c->network, c->spec.inner * epoch, NULL, err);
}

cop_status cop_condense_round(cop_condense *c, int64_t i, double *loss, cop_error *err)
{
    const cop_condense_spec *s = &c->spec;
    if (i % s->outer == 0) {
        cop_stream stream = cop_stream_make(s->seed, "network", (uint64_t)(i / s->outer));
        COP_TRY(cop_network_reset(c->network, cop_stream_u64(&stream), err));
    }
    COP_TRY(cop_match_all(c->match, c->pixels, i, loss, err));
    cop_pixels_step_all(c->pixels, cop_pixels_gradient(c->pixels), s->lr, s->momentum);
    COP_TRY(cop_pixels_check(c->pixels, err));
    return i % s->outer == s->outer - 1 ? COP_OK : train(c, err);
}

cop_status cop_condense_finish(const cop_condense *c, cop_synthetic *set, cop_error *err)
{
    return cop_pixels_finish(c->pixels, set, err);
}
