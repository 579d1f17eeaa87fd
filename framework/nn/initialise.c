/* initialise.c: how parameters start. */
#include "nn/initialise.h"

#include <math.h>

/* Values that one output sees, or one input reaches: for [O, I, KH, KW], I·KH·KW and O·KH·KW. */
static int64_t fan(const cop_parameter *parameter, bool out)
{
    if (parameter->init.fan > 0)
        return parameter->init.fan;
    cop_shape s = parameter->shape;
    if (s.rank < 2)
        return s.rank == 1 ? s.dim[0] : 1;
    int64_t receptive = 1;
    for (int32_t i = 2; i < s.rank; i++)
        receptive *= s.dim[i];
    return s.dim[out ? 0 : 1] * receptive;
}

static void fill_uniform(cop_stream *stream, float *values, int64_t count, double bound)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)((2.0 * (double)cop_stream_uniform(stream) - 1.0) * bound);
}

static void fill_normal(cop_stream *stream, float *values, int64_t count, double deviation)
{
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)((double)cop_stream_normal(stream) * deviation);
}

void cop_initialise(const cop_parameter *parameter, cop_stream *stream, float *values)
{
    int64_t count = cop_shape_count(parameter->shape);
    switch (parameter->init.kind) {
    case COP_INIT_CONSTANT:
        for (int64_t i = 0; i < count; i++)
            values[i] = (float)parameter->init.value;
        break;
    case COP_INIT_UNIFORM:
        fill_uniform(stream, values, count, parameter->init.value);
        break;
    case COP_INIT_UNIFORM_FAN_IN:
        fill_uniform(stream, values, count, 1.0 / sqrt((double)fan(parameter, false)));
        break;
    case COP_INIT_KAIMING_FAN_IN:
        fill_normal(stream, values, count, sqrt(2.0 / (double)fan(parameter, false)));
        break;
    case COP_INIT_KAIMING_FAN_OUT:
        fill_normal(stream, values, count, sqrt(2.0 / (double)fan(parameter, true)));
        break;
    case COP_INIT_UNIFORM_01:
        for (int64_t i = 0; i < count; i++)
            values[i] = cop_stream_uniform(stream);
        break;
    }
}
