/* numbering.c: which evaluation each step of the analysis is. */
#include "instability.h"

instability_numbering instability_numbering_make(const instability_options *o)
{
    return (instability_numbering){.branches = (int64_t)(o->epochs.count + o->steps.count),
                                   .copies = o->copies,
                                   .pairs = o->copies * (o->copies - 1) / 2,
                                   .inner = o->alphas - 2};
}

static int64_t per_branch(const instability_numbering *n)
{
    return n->copies + n->pairs * n->inner;
}

int64_t instability_count(const instability_numbering *n)
{
    return n->branches * per_branch(n);
}

instability_point instability_point_at(const instability_numbering *n, int64_t step)
{
    instability_point p = {.branch = step / per_branch(n), .copy = -1, .pair = -1};
    step %= per_branch(n);
    if (step < n->copies) {
        p.copy = step;
        return p;
    }
    p.pair = (step - n->copies) / n->inner;
    p.k = (step - n->copies) % n->inner + 1;
    return p;
}

int64_t instability_step_of(const instability_numbering *n, instability_point p)
{
    int64_t first = 0, second = 0;
    if (p.copy < 0 && (p.k == 0 || p.k == n->inner + 1)) {
        instability_pair_at(n, p.pair, &first, &second);
        p.copy = p.k == 0 ? second : first;
    }
    int64_t within = p.copy >= 0 ? p.copy : n->copies + p.pair * n->inner + p.k - 1;
    return p.branch * per_branch(n) + within;
}

void instability_pair_at(const instability_numbering *n, int64_t pair, int64_t *first,
                         int64_t *second)
{
    for (*first = 0; *first < n->copies - 1; (*first)++) {
        int64_t of_first = n->copies - 1 - *first;
        if (pair < of_first)
            break;
        pair -= of_first;
    }
    *second = *first + 1 + pair;
}

cop_duration instability_part(const instability_options *o, int64_t branch)
{
    size_t b = (size_t)branch;
    if (b < o->epochs.count)
        return (cop_duration){COP_EPOCHS, (double)o->epochs.items[b]};
    return (cop_duration){COP_STEPS, (double)o->steps.items[b - o->epochs.count]};
}
