/* numbering.c: numbering networks, pairs and steps. */
#include "lmc.h"

#include <stdio.h>

lmc_numbering lmc_numbering_make(const lmc_options *o, int64_t copies, int64_t dense,
                                 bool has_buffers)
{
    lmc_numbering l = {.copies = copies,
                       .dense = dense,
                       .networks = copies + dense + (o->control_init ? 1 : 0),
                       .inner = o->alphas - 2,
                       .all = o->pairs == LMC_PAIRS_ALL,
                       .control = o->control,
                       .control_init = o->control_init};
    l.copy_pairs = copies < 2 ? 0 : l.all ? copies * (copies - 1) / 2 : 1;
    l.pairs = l.copy_pairs + (l.control ? 1 : 0) + (l.control_init ? 1 : 0);
    /* Without running statistics the two ways are one. */
    if (!has_buffers || o->statistics != LMC_REESTIMATE)
        l.modes[l.mode_count++] = LMC_INTERPOLATE;
    if (has_buffers && o->statistics != LMC_INTERPOLATE)
        l.modes[l.mode_count++] = LMC_REESTIMATE;
    return l;
}

static int64_t steps_of_mode(const lmc_numbering *l)
{
    return l->networks + l->pairs * l->inner;
}

int64_t lmc_steps(const lmc_numbering *l)
{
    return l->mode_count * steps_of_mode(l);
}

lmc_point lmc_point_at(const lmc_numbering *l, int64_t step)
{
    lmc_point p = {.mode = step / steps_of_mode(l), .network = step % steps_of_mode(l), .pair = -1};
    if (p.network >= l->networks) {
        int64_t at = p.network - l->networks;
        p.pair = at / l->inner;
        p.k = at % l->inner + 1;
        p.network = -1;
    }
    return p;
}

int64_t lmc_step_of(const lmc_numbering *l, lmc_point p)
{
    int64_t base = p.mode * steps_of_mode(l);
    if (p.network >= 0)
        return base + p.network;
    int64_t first, second;
    lmc_pair_at(l, p.pair, &first, &second);
    if (p.k == 0)
        return base + second;
    if (p.k == l->inner + 1)
        return base + first;
    return base + l->networks + p.pair * l->inner + p.k - 1;
}

void lmc_pair_at(const lmc_numbering *l, int64_t pair, int64_t *first, int64_t *second)
{
    *first = 0;
    *second = 0;
    if (pair < l->copy_pairs) {
        int64_t left = pair;
        while (left >= l->copies - 1 - *first) {
            left -= l->copies - 1 - *first;
            (*first)++;
        }
        *second = *first + 1 + left;
    } else if (!l->control || pair > l->copy_pairs) {
        *first = l->copies; /* the first copy of the dense network */
        *second = l->copies + l->dense;
    }
}

void lmc_pair_name(const lmc_numbering *l, int64_t pair, char *name, size_t size)
{
    int64_t first, second;
    lmc_pair_at(l, pair, &first, &second);
    if (second == l->copies + l->dense)
        (void)snprintf(name, size, "inits");
    else
        (void)snprintf(name, size, "%lld-%lld", (long long)first, (long long)second);
}

const char *lmc_pair_kind(const lmc_numbering *l, int64_t pair)
{
    int64_t first, second;
    if (pair < l->copy_pairs)
        return "copies";
    lmc_pair_at(l, pair, &first, &second);
    return second == l->copies + l->dense ? "control_init" : "control";
}

double lmc_alpha(const lmc_numbering *l, int64_t k)
{
    return (double)k / (double)(l->inner + 1);
}
