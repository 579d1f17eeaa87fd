/* select.c: real images chosen by their features, and sets of them. */
#include <coppice/select.h>

#include "core/memory.h"
#include "core/sized.h"
#include "distil/features.h"
#include "nn/samples.h"

#include <coppice/distil.h>

#include <stdlib.h>

/* Numbers within the class become samples: each of them one, and none twice. */
static cop_status take(const int64_t *members, int64_t count, int64_t *chosen, int64_t wanted,
                       cop_error *err)
{
    for (int64_t k = 0; k < wanted; k++) {
        if (chosen[k] < 0 || chosen[k] >= count)
            return cop_fail(err, COP_FAILED, "image %lld was chosen, and there are %lld",
                            (long long)chosen[k], (long long)count);
        for (int64_t j = 0; j < k; j++)
            if (chosen[j] == chosen[k])
                return cop_fail(err, COP_FAILED, "image %lld was chosen twice",
                                (long long)chosen[k]);
    }
    for (int64_t k = 0; k < wanted; k++)
        chosen[k] = members[chosen[k]];
    return COP_OK;
}

static cop_status choose(const cop_select_spec *s, int32_t label, const int64_t *members,
                         int64_t count, int64_t *chosen, cop_error *err)
{
    const cop_features_spec spec = {s->model, s->state, s->data, s->threads};
    cop_class_features of = {COP_SIZED(cop_class_features), .count = count};
    cop_stream stream = cop_stream_make(s->seed, "selection", (uint64_t)label);
    float *features = NULL;
    COP_TRY(cop_features_of(&spec, members, count, &features, &of.width, err));
    of.features = features;
    cop_status status = s->choose(s->options, &of, s->per_class, &stream, chosen, err);
    free(features);
    COP_TRY(status);
    return take(members, count, chosen, s->per_class, err);
}

cop_status cop_select_class(const cop_select_spec *spec, int32_t label, int64_t *chosen,
                            cop_error *err)
{
    cop_select_spec s = {0};
    COP_TRY(cop_sized_take("a selection's spec", spec, COP_LEAST(cop_select_spec, threads), &s,
                           sizeof s, err));
    int64_t *members = calloc((size_t)s.data->count + 1, sizeof *members);
    if (members == NULL)
        return cop_out_of_memory(err);
    int64_t count = cop_samples_of_class(s.data, label, members);
    cop_status status =
        count >= s.per_class
            ? choose(&s, label, members, count, chosen, err)
            : cop_fail(err, COP_INVALID, "class %d has %lld training images, wanted %lld",
                       (int)label, (long long)count, (long long)s.per_class);
    free(members);
    return status;
}

cop_status cop_selected_set(cop_synthetic *set, const cop_samples *data, const int64_t *chosen,
                            int64_t per_class, cop_error *err)
{
    COP_TRY(cop_synthetic_by_class(set, per_class, err));
    cop_synthetic_set_space(set, cop_samples_space(data));
    return cop_tiles_compose(data, chosen, cop_synthetic_count(set), 1, cop_synthetic_pixels(set),
                             err);
}

/* Partial sums side by side, so that they are computed side by side. */
double cop_squared_distance(const float *a, const float *b, int64_t n)
{
    enum { LANES = 8 };
    double sums[LANES] = {0.0}, total = 0.0;
    int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES) {
        for (int l = 0; l < LANES; l++) {
            double off = (double)a[i + l] - (double)b[i + l];
            sums[l] += off * off;
        }
    }
    for (int64_t i = whole; i < n; i++)
        sums[i - whole] += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    for (int l = 0; l < LANES; l++)
        total += sums[l];
    return total;
}
