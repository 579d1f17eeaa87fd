/* align.c: weight matching by coordinate descent over groups of channels. */
#include "align.h"

#include <coppice/program.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sweeps end by themselves, as each change makes the inner product larger; rounding must not make
 * them go on. */
#define MOST_SWEEPS 1000
#define LEAST_GAIN  1e-9 /* of the largest inner product of two channels, for each channel */

/* Numbers of a channel, in all parameters that have it, that are multiplied at a time. */
#define MOST_NUMBERS 4096

/* A group of channels with what multiplies those of both networks. */
typedef struct matcher {
    int64_t channels, numbers; /* of a channel */
    int64_t part;              /* of these, at a time; what lacks in the last part is 0 */
    cop_node left, right;
    cop_program *program; /* [channels, part] by [channels, part] -> [channels, channels] */
    bool is_linear;
} matcher;

typedef struct aligner {
    const cop_symmetries *groups;
    const cop_model *model;
    const cop_tensors *fixed;
    cop_tensors *moved;
    matcher *matchers; /* by group */
    int64_t *order;    /* of groups */
    /* Room for the largest of each: */
    double *gain;     /* [channels, channels] */
    int64_t *channel; /* an order of channels */
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

/* How many numbers of an axis's tensor belong to each channel, and how many of them in a row. */
static int64_t numbers_of(const cop_channel_axis *at, const cop_tensor *tensor, int64_t channels,
                          int64_t *run)
{
    *run = at->block;
    for (int32_t axis = (int32_t)at->axis + 1; axis < tensor->shape.rank; axis++)
        *run *= tensor->shape.dim[axis];
    return cop_shape_count(tensor->shape) / channels;
}

/* Numbers [first, last) of a channel whose runs begin `stride` apart. */
static void copy_runs(const float *data, int64_t run, int64_t stride, int64_t first, int64_t last,
                      float *out)
{
    for (int64_t k = first, count; k < last; k += count, out += count) {
        count = run - k % run < last - k ? run - k % run : last - k;
        memcpy(out, data + k / run * stride + k % run, (size_t)count * sizeof *out);
    }
}

/* Numbers [from, from + part) of every channel of a state, as [channels, part]: those of the
 * group's parameters one after the other, and zeros. */
static void take(const aligner *a, size_t group, const cop_tensors *state, int64_t from, float *out)
{
    const matcher *m = &a->matchers[group];
    int64_t next = 0;
    memset(out, 0, (size_t)(m->channels * m->part) * sizeof *out);
    for (size_t i = 0; i < cop_symmetries_axis_count(a->groups, group); i++) {
        const cop_channel_axis *at = cop_symmetries_axis(a->groups, group, i);
        if (!is_parameter(a->model, at->tensor))
            continue;
        const cop_tensor *tensor = cop_tensors_find(state, at->tensor);
        int64_t run, own = numbers_of(at, tensor, m->channels, &run);
        int64_t start = next - from; /* of the tensor's own, in this part */
        int64_t first = start < 0 ? -start : 0;
        int64_t last = m->part - start < own ? m->part - start : own;
        next += own;
        if (first >= last)
            continue; /* none of this part */
        for (int64_t c = 0; c < m->channels; c++)
            copy_runs(cop_f32(tensor) + c * run, run, m->channels * run, first, last,
                      out + c * m->part + start + first);
    }
}

/* Inner products of the channels of the fixed network (rows) with those of the moved one. */
static cop_status find_gains(const aligner *a, size_t group, cop_error *err)
{
    const matcher *m = &a->matchers[group];
    int64_t count = m->channels * m->channels;
    memset(a->gain, 0, (size_t)count * sizeof *a->gain);
    for (int64_t from = 0; from < m->numbers; from += m->part) {
        take(a, group, a->fixed, from, a->left);
        take(a, group, a->moved, from, a->right);
        COP_TRY(cop_program_run(m->program, err));
        const float *products = cop_program_output(m->program, 0);
        for (int64_t k = 0; k < count; k++)
            a->gain[k] += (double)products[k];
    }
    return COP_OK;
}

/* By how much the inner product grows with the order that was found, to a double's rounding: what
 * the gains say is rounded to floats. */
static double find_growth(const aligner *a, size_t group)
{
    const matcher *m = &a->matchers[group];
    double growth = 0.0;
    for (int64_t from = 0; from < m->numbers; from += m->part) {
        take(a, group, a->fixed, from, a->left);
        take(a, group, a->moved, from, a->right);
        for (int64_t c = 0; c < m->channels; c++) {
            const float *own = a->left + c * m->part, *stays = a->right + c * m->part;
            const float *comes = a->right + a->channel[c] * m->part;
            for (int64_t k = 0; a->channel[c] != c && k < m->part; k++)
                growth += (double)own[k] * ((double)comes[k] - (double)stays[k]);
        }
    }
    return growth;
}

static bool are_finite(const double *gain, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        if (!isfinite(gain[k]))
            return false;
    }
    return true;
}

/* Growth below this is rounding. */
static double least_growth(const aligner *a, int64_t channels)
{
    double largest = 0.0;
    for (int64_t k = 0; k < channels * channels; k++)
        largest = fmax(largest, fabs(a->gain[k]));
    return LEAST_GAIN * largest * (double)channels;
}

static cop_status align_group(const aligner *a, size_t group, bool *changed, cop_error *err)
{
    int64_t channels = a->matchers[group].channels;
    if (!a->matchers[group].is_linear)
        return COP_OK;
    COP_TRY(find_gains(a, group, err));
    if (!are_finite(a->gain, channels * channels))
        return COP_OK; /* a network that has diverged is near none */
    COP_TRY(lmc_assign(a->gain, channels, a->channel, err));
    if (!(find_growth(a, group) > least_growth(a, channels)))
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

static cop_status compile(matcher *m, const aligner *a, int threads, cop_error *err)
{
    const cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = threads};
    cop_graph *g = cop_graph_new();
    if (g == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    m->left = cop_input(g, "left", cop_shape2(m->channels, m->part));
    m->right = cop_input(g, "right", cop_shape2(m->channels, m->part));
    cop_node products = cop_matmul(g, m->left, false, m->right, true);
    cop_status status = cop_graph_check(g, err);
    if (status == COP_OK)
        status = cop_compile(g, &products, 1, &options, &m->program, err);
    if (status == COP_OK)
        status = cop_program_bind(m->program, m->left, a->left, err);
    if (status == COP_OK)
        status = cop_program_bind(m->program, m->right, a->right, err);
    cop_graph_free(g);
    return status;
}

static void measure(matcher *m, const aligner *a, size_t group)
{
    *m = (matcher){.channels = cop_symmetries_channels(a->groups, group),
                   .is_linear = is_linear(a->groups, group)};
    for (size_t i = 0; i < cop_symmetries_axis_count(a->groups, group); i++) {
        const cop_channel_axis *at = cop_symmetries_axis(a->groups, group, i);
        int64_t run;
        if (is_parameter(a->model, at->tensor))
            m->numbers += numbers_of(at, cop_tensors_find(a->fixed, at->tensor), m->channels, &run);
    }
    m->part = m->numbers < MOST_NUMBERS ? m->numbers : MOST_NUMBERS;
    m->is_linear = m->is_linear && m->numbers > 0;
}

static void clear(aligner *a)
{
    for (size_t i = 0; a->matchers != NULL && i < cop_symmetries_count(a->groups); i++)
        cop_program_free(a->matchers[i].program);
    free(a->matchers);
    free(a->order);
    free(a->gain);
    free(a->channel);
    free(a->left);
    free(a->right);
}

static cop_status prepare(aligner *a, int threads, cop_error *err)
{
    size_t count = cop_symmetries_count(a->groups), channels = 1, taken = 1;
    a->matchers = calloc(count + 1, sizeof *a->matchers);
    a->order = calloc(count + 1, sizeof *a->order);
    for (size_t i = 0; a->matchers != NULL && i < count; i++) {
        const matcher *m = &a->matchers[i];
        measure(&a->matchers[i], a, i);
        channels = (size_t)m->channels > channels ? (size_t)m->channels : channels;
        taken = (size_t)(m->channels * m->part) > taken ? (size_t)(m->channels * m->part) : taken;
    }
    a->gain = calloc(channels * channels, sizeof *a->gain);
    a->channel = calloc(channels, sizeof *a->channel);
    a->left = calloc(taken, sizeof *a->left);
    a->right = calloc(taken, sizeof *a->right);
    if (a->matchers == NULL || a->order == NULL || a->gain == NULL || a->channel == NULL ||
        a->left == NULL || a->right == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (a->matchers[i].is_linear)
            COP_TRY(compile(&a->matchers[i], a, threads, err));
    }
    return COP_OK;
}

cop_status lmc_align(const cop_symmetries *groups, const cop_model *model, const cop_tensors *fixed,
                     cop_tensors *moved, cop_stream *stream, int threads, cop_error *err)
{
    aligner a = {.groups = groups, .model = model, .fixed = fixed, .moved = moved};
    bool changed = cop_symmetries_count(groups) > 0;
    cop_status status = prepare(&a, threads, err);
    for (int i = 0; status == COP_OK && changed && i < MOST_SWEEPS; i++)
        status = sweep(&a, stream, &changed, err);
    clear(&a);
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
