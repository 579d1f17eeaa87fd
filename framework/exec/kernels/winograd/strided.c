/* strided.c: stride 2: nine products for four results along a side.
 *
 * Along a side, y[i] = w0·x[2i − 1] + w1·x[2i] + w2·x[2i + 1]: the odd pixels meet a filter of two
 * taps (w0, w2), the even ones a single tap. The former is F(4, 2), five products for four results,
 * interpolated at 0, 1, −1, 2 and infinity; the latter four products by the same number, so that
 * all four positions share a matrix. Positions 0 … 4 are the odd pixels', 5 … 8 the even ones'. */
#include "exec/kernels/winograd/scheme.h"

/* Bᵀ of F(4, 2) */
static inline void enter_odd(cop_vector *to, const cop_vector *d)
{
    cop_vector a = d[3] - d[1], b = d[3] - d[2];
    to[0] = 2.0f * (d[0] - d[2]) + a;
    to[1] = b - 2.0f * d[1];
    to[2] = d[3] - 3.0f * d[2] + 2.0f * d[1];
    to[3] = a;
    to[4] = d[4] - d[2] - 2.0f * a;
}

/* Nine pixels, the first of them odd. */
static inline void enter_line(cop_vector *to, const cop_vector *from)
{
    const cop_vector odd[5] = {from[0], from[2], from[4], from[6], from[8]};
    enter_odd(to, odd);
    to[5] = from[1];
    to[6] = from[3];
    to[7] = from[5];
    to[8] = from[7];
}

/* Five pixels of gy, of which the last is for gx's odd pixels alone. */
static inline void enter_data_line(cop_vector *to, const cop_vector *from)
{
    enter_odd(to, from);
    to[5] = from[0];
    to[6] = from[1];
    to[7] = from[2];
    to[8] = from[3];
}

/* Aᵀ of F(4, 2) */
static inline void leave_odd(cop_vector *y, const cop_vector *m)
{
    cop_vector a = m[1] + m[2], b = m[1] - m[2];
    y[0] = m[0] + a + m[3];
    y[1] = b + 2.0f * m[3];
    y[2] = a + 4.0f * m[3];
    y[3] = b + 8.0f * m[3] + m[4];
}

static inline void leave_line(cop_vector *to, const cop_vector *from)
{
    cop_vector y[4];
    leave_odd(y, from);
    to[0] = y[0] + from[5];
    to[1] = y[1] + from[6];
    to[2] = y[2] + from[7];
    to[3] = y[3] + from[8];
}

/* gx[2i + 1] = w2·gy[i] + w0·gy[i + 1], gx[2i] = w1·gy[i] */
static inline void leave_data_line(cop_vector *to, const cop_vector *from)
{
    cop_vector odd[4];
    leave_odd(odd, from);
    to[0] = from[5];
    to[1] = odd[0];
    to[2] = from[6];
    to[3] = odd[1];
    to[4] = from[7];
    to[5] = odd[2];
    to[6] = from[8];
    to[7] = odd[3];
}

/* A of F(4, 2), and the pixels themselves */
static inline void enter_gy_line(cop_vector *to, const cop_vector *from)
{
    const cop_vector *g = from;
    cop_vector a = g[0] + g[2], b = g[1] + g[3];
    to[0] = g[0];
    to[1] = a + b;
    to[2] = a - b;
    to[3] = g[0] + 2.0f * g[1] + 4.0f * g[2] + 8.0f * g[3];
    to[4] = g[3];
    to[5] = g[0];
    to[6] = g[1];
    to[7] = g[2];
    to[8] = g[3];
}

/* G of F(4, 2) on the outer taps, and the middle one */
static inline void taps_line(cop_vector *to, const cop_vector *from)
{
    cop_vector w0 = from[0], w1 = from[1];
    cop_vector w2 = from[2];
    to[0] = 0.5f * w0;
    to[1] = -0.5f * (w0 + w2);
    to[2] = (w2 - w0) * (1.0f / 6.0f);
    to[3] = (w0 + 2.0f * w2) * (1.0f / 6.0f);
    to[4] = w2;
    to[5] = w1;
}

/* Gᵀ of the same */
static inline void leave_taps_line(cop_vector *to, const cop_vector *from)
{
    const cop_vector *m = from;
    to[0] = 0.5f * (m[0] - m[1]) + (m[3] - m[2]) * (1.0f / 6.0f);
    to[1] = m[5];
    to[2] = m[4] - 0.5f * m[1] + m[2] * (1.0f / 6.0f) + m[3] * (1.0f / 3.0f);
}

static void enter(float *positions, cop_pitch pitch, const cop_pixels *pixels)
{
    cop_winograd_from_pixels(enter_line, 9, 9, positions, pitch, pixels);
}

static void leave(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(leave_line, 4, 9, to, to_pitch, from, from_pitch);
}

static void enter_data(float *positions, cop_pitch pitch, const cop_pixels *pixels)
{
    cop_winograd_from_pixels(enter_data_line, 9, 5, positions, pitch, pixels);
}

static void leave_data(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(leave_data_line, 8, 9, to, to_pitch, from, from_pitch);
}

static void enter_gy(float *positions, cop_pitch pitch, const cop_pixels *pixels)
{
    cop_winograd_from_pixels(enter_gy_line, 9, 4, positions, pitch, pixels);
}

static void enter_taps(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(taps_line, 6, 3, to, to_pitch, from, from_pitch);
}

static void leave_taps(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(leave_taps_line, 3, 6, to, to_pitch, from, from_pitch);
}

static const int matrix[] = {0, 1, 2, 3, 4, 5, 5, 5, 5};

const cop_winograd_scheme cop_winograd_strided = {
    .side = 9,
    .matrix = matrix,
    .forward = {.window = 9, .step = 8, .origin = -1, .result = 4, .enter = enter, .leave = leave},
    .data = {.window = 5,
             .step = 4,
             .origin = 0,
             .result = 8,
             .enter = enter_data,
             .leave = leave_data},
    .enter_gy = enter_gy,
    .enter_taps = enter_taps,
    .leave_taps = leave_taps};
