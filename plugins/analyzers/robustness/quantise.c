/* quantise.c: weights rounded to a few levels. */
#include "quantise.h"

#include <math.h>

/* Weights other than 0, and those of them that became 0. */
typedef struct tally {
    int64_t all, zeroed;
} tally;

static void quantise(float *weights, int64_t count, double levels, tally *t)
{
    double largest = 0.0;
    for (int64_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)weights[i]));
    double step = largest / levels;
    for (int64_t i = 0; i < count; i++) {
        if (weights[i] == 0.0f || !(step > 0.0))
            continue;
        double level = nearbyint((double)weights[i] / step);
        weights[i] = (float)(level * step);
        t->all++;
        t->zeroed += level == 0.0;
    }
}

double quantise_state(const cop_model *model, int64_t bits, bool by_channel, cop_tensors *state)
{
    double levels = ldexp(1.0, (int)bits - 1) - 1.0;
    tally t = {0};
    for (size_t p = 0; p < cop_model_parameter_count(model); p++) {
        const cop_parameter *declared = cop_model_parameter(model, p);
        const cop_tensor *tensor = cop_tensors_find(state, declared->name);
        if (tensor == NULL ||
            (declared->role != COP_ROLE_CONV_WEIGHT && declared->role != COP_ROLE_LINEAR_WEIGHT))
            continue;
        int64_t count = cop_shape_count(tensor->shape);
        int64_t groups = by_channel ? tensor->shape.dim[0] : 1;
        for (int64_t g = 0; g < groups; g++)
            quantise(cop_f32(tensor) + g * (count / groups), count / groups, levels, &t);
    }
    return t.all > 0 ? (double)t.zeroed / (double)t.all : 0.0;
}
