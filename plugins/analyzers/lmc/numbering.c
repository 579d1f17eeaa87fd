/* numbering.c: numbering networks, pairs and steps. */
#include "lmc.h"

#include <stdio.h>

lmc_numbering lmc_numbering_make(const lmc_options *o, int64_t copies, int64_t dense,
                                 const cop_model *model)
{
    const bool has_buffers = cop_model_buffer_count(model) > 0;
    lmc_numbering n = {.copies = copies,
                       .dense = dense,
                       .networks = copies + dense + (o->control_init ? 1 : 0),
                       .inner = o->alphas - 2,
                       .all = o->pairs == LMC_PAIRS_ALL,
                       .control = o->control,
                       .control_init = o->control_init};
    n.copy_pairs = copies < 2 ? 0 : n.all ? copies * (copies - 1) / 2 : 1;
    n.pairs = n.copy_pairs + (n.control ? 1 : 0) + (n.control_init ? 1 : 0);
    /* Without running statistics the two ways are one. */
    if (!has_buffers || o->statistics != LMC_REESTIMATE)
        n.modes[n.mode_count++] = LMC_INTERPOLATE;
    if (has_buffers && o->statistics != LMC_INTERPOLATE)
        n.modes[n.mode_count++] = LMC_REESTIMATE;
    if (o->align != LMC_ALIGN_NONE && n.pairs > 0) {
        n.aligned_modes = n.mode_count;
        /* A mean of networks that were aligned needs statistics of its own (Jordan et al. 2023). */
        if (has_buffers && o->statistics == LMC_INTERPOLATE)
            n.modes[n.aligned_modes++] = LMC_REESTIMATE;
    }
    if (o->layers && n.copy_pairs > 0) {
        n.layers = lmc_layer_count(model);
        n.moved = o->layer_alphas - 1;
    }
    return n;
}

static int64_t steps_of_mode(const lmc_numbering *n)
{
    return n->networks + n->pairs * n->inner;
}

/* Behind the steps of all modes: those of one mode in which a layer moves alone. */
static int64_t layer_steps_of_mode(const lmc_numbering *n)
{
    return n->copy_pairs * n->layers * n->moved;
}

/* Where the steps of aligned lines begin, and where the points of these do. */
static int64_t aligned_from(const lmc_numbering *n)
{
    return n->mode_count * (steps_of_mode(n) + layer_steps_of_mode(n));
}

static int64_t aligned_points_from(const lmc_numbering *n)
{
    int64_t more = n->aligned_modes > n->mode_count ? n->aligned_modes - n->mode_count : 0;
    return aligned_from(n) + more * n->networks;
}

int64_t lmc_steps(const lmc_numbering *n)
{
    return aligned_points_from(n) + n->pairs * n->aligned_modes * n->inner;
}

static lmc_point aligned_point_at(const lmc_numbering *n, int64_t step)
{
    int64_t at = step - aligned_points_from(n);
    if (at < 0) {
        at = step - aligned_from(n);
        return (lmc_point){
            .mode = n->mode_count + at / n->networks, .network = at % n->networks, .pair = -1};
    }
    return (lmc_point){.mode = at / n->inner % n->aligned_modes,
                       .network = -1,
                       .pair = at / n->inner / n->aligned_modes,
                       .k = at % n->inner + 1,
                       .is_aligned = true};
}

static lmc_point layer_point_at(const lmc_numbering *n, int64_t at)
{
    int64_t line = at / n->moved;
    return (lmc_point){.mode = line / (n->copy_pairs * n->layers),
                       .network = -1,
                       .pair = line / n->layers % n->copy_pairs,
                       .k = at % n->moved + 1,
                       .layer = line % n->layers + 1};
}

lmc_point lmc_point_at(const lmc_numbering *n, int64_t step)
{
    int64_t plain = n->mode_count * steps_of_mode(n);
    if (step >= aligned_from(n))
        return aligned_point_at(n, step);
    if (step >= plain)
        return layer_point_at(n, step - plain);
    lmc_point p = {.mode = step / steps_of_mode(n), .network = step % steps_of_mode(n), .pair = -1};
    if (p.network >= n->networks) {
        int64_t at = p.network - n->networks;
        p.pair = at / n->inner;
        p.k = at % n->inner + 1;
        p.network = -1;
    }
    return p;
}

static int64_t step_of_network(const lmc_numbering *n, int64_t mode, int64_t network)
{
    if (mode < n->mode_count)
        return mode * steps_of_mode(n) + network;
    return aligned_from(n) + (mode - n->mode_count) * n->networks + network;
}

int64_t lmc_step_of(const lmc_numbering *n, lmc_point p)
{
    if (p.network >= 0)
        return step_of_network(n, p.mode, p.network);
    int64_t first, second;
    lmc_pair_at(n, p.pair, &first, &second);
    if (p.k == 0)
        return step_of_network(n, p.mode, second);
    if (p.layer > 0)
        return n->mode_count * steps_of_mode(n) +
               ((p.mode * n->copy_pairs + p.pair) * n->layers + p.layer - 1) * n->moved + p.k - 1;
    if (p.k == n->inner + 1)
        return step_of_network(n, p.mode, first);
    if (p.is_aligned)
        return aligned_points_from(n) + (p.pair * n->aligned_modes + p.mode) * n->inner + p.k - 1;
    return p.mode * steps_of_mode(n) + n->networks + p.pair * n->inner + p.k - 1;
}

void lmc_pair_at(const lmc_numbering *n, int64_t pair, int64_t *first, int64_t *second)
{
    *first = 0;
    *second = 0;
    if (pair < n->copy_pairs) {
        int64_t left = pair;
        while (left >= n->copies - 1 - *first) {
            left -= n->copies - 1 - *first;
            (*first)++;
        }
        *second = *first + 1 + left;
    } else if (!n->control || pair > n->copy_pairs) {
        *first = n->copies; /* the first copy of the dense network */
        *second = n->copies + n->dense;
    }
}

void lmc_pair_name(const lmc_numbering *n, int64_t pair, char *name, size_t size)
{
    int64_t first, second;
    lmc_pair_at(n, pair, &first, &second);
    if (second == n->copies + n->dense)
        (void)snprintf(name, size, "inits");
    else
        (void)snprintf(name, size, "%lld-%lld", (long long)first, (long long)second);
}

const char *lmc_pair_kind(const lmc_numbering *n, int64_t pair, bool is_aligned)
{
    int64_t first, second;
    if (pair < n->copy_pairs)
        return is_aligned ? "aligned" : "copies";
    lmc_pair_at(n, pair, &first, &second);
    if (second == n->copies + n->dense)
        return is_aligned ? "control_init_aligned" : "control_init";
    return is_aligned ? "control_aligned" : "control";
}

int64_t lmc_last(const lmc_numbering *n, int64_t layer)
{
    return layer > 0 ? n->moved : n->inner + 1;
}

double lmc_alpha(const lmc_numbering *n, int64_t layer, int64_t k)
{
    return (double)k / (double)lmc_last(n, layer);
}
