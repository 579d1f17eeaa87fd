/* shapes.c: shape arithmetic. */
#include "graph/shapes.h"

bool cop_shape_broadcast(cop_shape a, cop_shape b, cop_shape *out, int *axis)
{
    *axis = -1;
    if (a.rank != b.rank)
        return false;
    *out = a;
    for (int i = 0; i < a.rank; i++) {
        if (a.dim[i] == 1) {
            out->dim[i] = b.dim[i];
        } else if (b.dim[i] != 1 && b.dim[i] != a.dim[i]) {
            *axis = i;
            return false;
        }
    }
    return true;
}

cop_shape cop_norm_shape(cop_shape x, cop_norm_axes over)
{
    return cop_shape4(over == COP_NORM_OVER_BATCH ? 1 : x.dim[0], x.dim[1], 1, 1);
}

unsigned cop_norm_axis_set(cop_norm_axes over)
{
    unsigned image = COP_AXIS(2) | COP_AXIS(3);
    return over == COP_NORM_OVER_BATCH ? image | COP_AXIS(0) : image;
}

int64_t cop_window_count(int64_t size, int32_t window, int32_t stride, int32_t pad)
{
    return (size + 2 * (int64_t)pad - window) / stride + 1;
}
