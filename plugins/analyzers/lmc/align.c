/* align.c: weight matching by coordinate descent over groups of channels. */
#include "align.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sweeps end by themselves, as each change makes the inner product larger; rounding must not make
 * them go on. */
#define MOST_SWEEPS 1000
#define LEAST_GAIN  1e-9 /* of the largest inner product of two channels, for each channel */

/* Elements of a channel that are taken together: what of the moved network is read then stays in
 * the cache. */
#define STRETCH 64

typedef struct aligner {
    const cop_symmetries *groups;
    const cop_model *model;
    const cop_tensors *fixed;
    cop_tensors *moved;
    double *gain;     /* [channels, channels] of the largest group */
    int64_t *channel; /* an order of its channels */
    int64_t *order;   /* of groups */
    float *left, *right;
} aligner;

static bool is_parameter(const cop_model *model, const char *name)
{
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        if (strcmp(cop_model_parameter(model, i)->name, name) == 0)
            return true;
    }
    return false;
}

/* Whether a group lies along each parameter once at most. */
static bool is_linear(const cop_symmetries *groups, size_t group)
{
    size_t count = cop_symmetries_axis_count(groups, group);
    for (size_t i = 0; i < count; i++) {
        const char *tensor = cop_symmetries_axis(groups, group, i)->tensor;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(cop_symmetries_axis(groups, group, k)->tensor, tensor) == 0)
                return false;
        }
    }
    return true;
}

/* Elements [from, from + count) of every channel, as [count, channels]. A channel's elements are
 * `run` in a row, in each of the stretches before the axis. */
static void take(const float *data, int64_t channels, int64_t run, int64_t from, int64_t count,
                 float *out)
{
    for (int64_t k = 0; k < count; k++) {
        const float *at = data + (from + k) / run * channels * run + (from + k) % run;
        for (int64_t c = 0; c < channels; c++)
            out[k * channels + c] = at[c * run];
    }
}

/* gain[i, j] += Σ_k left[k, i] · right[k, j] */
static void add_products(const float *left, const float *right, int64_t count, int64_t channels,
                         double *gain)
{
    for (int64_t i = 0; i < channels; i++) {
        double *row = gain + i * channels;
        for (int64_t k = 0; k < count; k++) {
            const float *other = right + k * channels;
            const double own = (double)left[k * channels + i];
            if (own == 0.0) /* pruned */
                continue;
            for (int64_t j = 0; j < channels; j++)
                row[j] += own * (double)other[j];
        }
    }
}

/* Inner products of the channels of the fixed network (rows) with those of the moved one. */
static void find_gains(const aligner *a, size_t group)
{
    int64_t channels = cop_symmetries_channels(a->groups, group);
    memset(a->gain, 0, (size_t)(channels * channels) * sizeof *a->gain);
    for (size_t i = 0; i < cop_symmetries_axis_count(a->groups, group); i++) {
        const cop_channel_axis *at = cop_symmetries_axis(a->groups, group, i);
        if (!is_parameter(a->model, at->tensor))
            continue;
        const cop_tensor *fixed = cop_tensors_find(a->fixed, at->tensor);
        const cop_tensor *moved = cop_tensors_find(a->moved, at->tensor);
        int64_t run = at->block, elements = cop_shape_count(fixed->shape) / channels;
        for (int32_t axis = (int32_t)at->axis + 1; axis < fixed->shape.rank; axis++)
            run *= fixed->shape.dim[axis];
        for (int64_t from = 0; from < elements; from += STRETCH) {
            int64_t count = elements - from < STRETCH ? elements - from : STRETCH;
            take(cop_f32(fixed), channels, run, from, count, a->left);
            take(cop_f32(moved), channels, run, from, count, a->right);
            add_products(a->left, a->right, count, channels, a->gain);
        }
    }
}

static bool are_finite(const double *gain, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        if (!isfinite(gain[k]))
            return false;
    }
    return true;
}

/* Whether the order found gains more than rounding over leaving all channels where they are. */
static bool is_better(const aligner *a, int64_t channels)
{
    double more = 0.0, largest = 0.0;
    for (int64_t c = 0; c < channels; c++) {
        more += a->gain[c * channels + a->channel[c]] - a->gain[c * channels + c];
        for (int64_t k = 0; k < channels; k++)
            largest = fmax(largest, fabs(a->gain[c * channels + k]));
    }
    return more > LEAST_GAIN * largest * (double)channels;
}

static cop_status align_group(const aligner *a, size_t group, bool *changed, cop_error *err)
{
    int64_t channels = cop_symmetries_channels(a->groups, group);
    if (!is_linear(a->groups, group))
        return COP_OK;
    find_gains(a, group);
    if (!are_finite(a->gain, channels * channels))
        return COP_OK; /* a network that has diverged is near none */
    COP_TRY(lmc_assign(a->gain, channels, a->channel, err));
    if (!is_better(a, channels))
        return COP_OK;
    *changed = true;
    return cop_symmetries_permute(a->groups, group, a->channel, a->moved, err);
}

static cop_status sweep(const aligner *a, cop_stream *stream, bool *changed, cop_error *err)
{
    size_t count = cop_symmetries_count(a->groups);
    *changed = false;
    cop_stream_permutation(stream, a->order, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        COP_TRY(align_group(a, (size_t)a->order[i], changed, err));
    return COP_OK;
}

static int64_t most_channels(const cop_symmetries *groups)
{
    int64_t most = 1;
    for (size_t i = 0; i < cop_symmetries_count(groups); i++) {
        int64_t own = cop_symmetries_channels(groups, i);
        most = own > most ? own : most;
    }
    return most;
}

cop_status lmc_align(const cop_symmetries *groups, const cop_model *model, const cop_tensors *fixed,
                     cop_tensors *moved, cop_stream *stream, cop_error *err)
{
    size_t most = (size_t)most_channels(groups);
    aligner a = {.groups = groups,
                 .model = model,
                 .fixed = fixed,
                 .moved = moved,
                 .gain = calloc(most * most, sizeof *a.gain),
                 .channel = calloc(most, sizeof *a.channel),
                 .order = calloc(cop_symmetries_count(groups) + 1, sizeof *a.order),
                 .left = calloc(STRETCH * most, sizeof *a.left),
                 .right = calloc(STRETCH * most, sizeof *a.right)};
    bool changed = cop_symmetries_count(groups) > 0;
    cop_status status = COP_OK;
    if (a.gain == NULL || a.channel == NULL || a.order == NULL || a.left == NULL || a.right == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    for (int i = 0; status == COP_OK && changed && i < MOST_SWEEPS; i++)
        status = sweep(&a, stream, &changed, err);
    free(a.gain);
    free(a.channel);
    free(a.order);
    free(a.left);
    free(a.right);
    return status;
}

double lmc_distance(const cop_model *model, const cop_tensors *a, const cop_tensors *b)
{
    double squares = 0.0;
    for (size_t i = 0; i < cop_model_parameter_count(model); i++) {
        const cop_tensor *left = cop_tensors_find(a, cop_model_parameter(model, i)->name);
        const cop_tensor *right = cop_tensors_find(b, left->name);
        for (int64_t k = 0; k < cop_shape_count(left->shape); k++) {
            double off = (double)cop_f32(left)[k] - (double)cop_f32(right)[k];
            squares += off * off;
        }
    }
    return sqrt(squares);
}
