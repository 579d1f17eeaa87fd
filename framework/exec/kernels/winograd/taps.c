/* taps.c: weights to matrices, and back, sixteen rows by sixteen columns a time. */
#include "exec/kernels/winograd/taps.h"

enum { SIDE = 3, TAPS = SIDE * SIDE };

/* Nine vectors for each of sixteen rows. */
typedef float block[COP_VECTOR][TAPS][COP_VECTOR];

static const cop_pitch block_pitch = {SIDE * COP_VECTOR, COP_VECTOR};

static cop_pitch matrix_pitch(int64_t step)
{
    return (cop_pitch){COP_WINOGRAD_UNIQUE * step, step};
}

/* Of forward matrices: rows are input channels, columns output channels. */
static void gather(block b, const float *weights, int64_t inputs)
{
    for (int l = 0; l < COP_VECTOR; l++)
        for (int r = 0; r < COP_VECTOR; r++)
            for (int tap = 0; tap < TAPS; tap++)
                b[r][tap][l] = weights[(l * inputs + r) * TAPS + tap];
}

static void gather_turned(block b, const float *weights, int64_t inputs)
{
    for (int r = 0; r < COP_VECTOR; r++)
        for (int l = 0; l < COP_VECTOR; l++)
            for (int tap = 0; tap < TAPS; tap++)
                b[r][TAPS - 1 - tap][l] = weights[(r * inputs + l) * TAPS + tap];
}

void cop_taps_enter(const cop_winograd_scheme *s, float *to, int64_t step, const float *weights,
                    cop_shape shape, bool for_data, int64_t row, int64_t column)
{
    int64_t inputs = shape.dim[1];
    block b;
    if (for_data)
        gather_turned(b, weights + (row * inputs + column) * COP_VECTOR * TAPS, inputs);
    else
        gather(b, weights + (column * inputs + row) * COP_VECTOR * TAPS, inputs);
    for (int r = 0; r < COP_VECTOR; r++)
        s->enter_taps(to + (row * COP_VECTOR + r) * COP_VECTOR, matrix_pitch(step), b[r][0],
                      block_pitch);
}

void cop_taps_leave(const cop_winograd_scheme *s, float *weights, cop_shape shape,
                    const float *from, int64_t step, int64_t row, int64_t column)
{
    int64_t inputs = shape.dim[1];
    block b;
    for (int r = 0; r < COP_VECTOR; r++)
        s->leave_taps(b[r][0], block_pitch, from + (row * COP_VECTOR + r) * COP_VECTOR,
                      matrix_pitch(step));
    float *to = weights + (column * inputs + row) * COP_VECTOR * TAPS;
    for (int l = 0; l < COP_VECTOR; l++)
        for (int r = 0; r < COP_VECTOR; r++)
            for (int tap = 0; tap < TAPS; tap++)
                to[(l * inputs + r) * TAPS + tap] = b[r][tap][l];
}
