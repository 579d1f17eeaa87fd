/* erk.c: the Erdős–Rényi-Kernel densities. */
#include "erk.h"

#include <math.h>

static double weights_of(const erk_layer *layer)
{
    return (double)cop_shape_count(layer->shape);
}

/* Σ n_i / Π n_i. */
static double raw_density(const erk_layer *layer)
{
    double sum = 0.0;
    for (int32_t i = 0; i < layer->shape.rank; i++)
        sum += (double)layer->shape.dim[i];
    return sum / weights_of(layer);
}

/* The ε at which the layers together keep `total` weights, those with ε · raw ≥ 1 being dense. The
 * densest layer of those that are not becomes dense, one after the other, as long as it must. */
static double find_epsilon(const erk_layer *layers, size_t count, double total)
{
    double limit = INFINITY; /* layers with a raw density from here on are dense */
    for (;;) {
        double rest = total, divisor = 0.0, densest = 0.0;
        for (size_t i = 0; i < count; i++) {
            double raw = raw_density(&layers[i]);
            if (raw >= limit) {
                rest -= weights_of(&layers[i]);
                continue;
            }
            divisor += raw * weights_of(&layers[i]);
            densest = fmax(densest, raw);
        }
        double epsilon = divisor > 0.0 ? fmax(rest, 0.0) / divisor : INFINITY;
        if (!(divisor > 0.0) || epsilon * densest <= 1.0)
            return epsilon;
        limit = densest;
    }
}

/* The layer that rounding owes most to and that has a weight more to keep; `count`: none. */
static size_t most_owed(const erk_layer *layers, size_t count)
{
    size_t best = count;
    for (size_t i = 0; i < count; i++) {
        bool has_more = layers[i].target < layers[i].left;
        if (has_more && (best == count || layers[i].fraction > layers[best].fraction))
            best = i;
    }
    return best;
}

void erk_divide(erk_layer *layers, size_t count, int64_t total)
{
    double epsilon = find_epsilon(layers, count, (double)total);
    int64_t given = 0;
    for (size_t i = 0; i < count; i++) {
        erk_layer *l = &layers[i];
        double exact = fmin(epsilon * raw_density(l), 1.0) * weights_of(l);
        l->target = (int64_t)floor(exact + 1e-9);
        l->target = l->target < l->left ? l->target : l->left;
        l->fraction = exact - (double)l->target;
        given += l->target;
    }
    for (; given < total; given++) {
        size_t i = most_owed(layers, count);
        if (i == count)
            return;
        layers[i].target++;
        layers[i].fraction -= 1.0;
    }
}
