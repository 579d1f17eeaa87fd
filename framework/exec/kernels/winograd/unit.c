/* unit.c: F(4x4, 3x3): stride 1, six products for four results along a side.
 *
 * y = Aᵀ[(G·w) ⊙ (Bᵀ·x)], by interpolation at 0, ±P, ±Q and infinity (Toom and Cook). With 1 and 2
 * for P and Q it is the transform of Lavin & Gray (2016); 5/8 and 3/2 keep the sizes of terms
 * closer together, and so the rounding errors smaller, and the products below are exact in float
 * all the same. The gradient by the weights is the transpose: Gᵀ[(Bᵀ·x) ⊙ (A·gy)]. */
#include "exec/kernels/winograd/scheme.h"

static const float P = 0.625f, P2 = 0.390625f, P3 = 0.244140625f;
static const float Q = 1.5f, Q2 = 2.25f, Q3 = 3.375f;
static const float SUM = 2.640625f, PRODUCT = 0.87890625f; /* P² + Q², P²·Q² */

/* What the rows of G are multiplied by: 1 / (P²Q²), 1 / (2P²(P² − Q²)), 1 / (2Q²(Q² − P²)). */
static const float G0 = 1.0f / 0.87890625f, GP = 1.0f / -1.45263671875f, GQ = 1.0f / 8.3671875f;

/* Bᵀ: six pixels → six positions */
static inline void enter_line(cop_vector *to, const cop_vector *d)
{
    cop_vector even_p = d[4] - Q2 * d[2], odd_p = P * (d[3] - Q2 * d[1]);
    cop_vector even_q = d[4] - P2 * d[2], odd_q = Q * (d[3] - P2 * d[1]);
    to[0] = d[4] - SUM * d[2] + PRODUCT * d[0];
    to[1] = even_p + odd_p;
    to[2] = even_p - odd_p;
    to[3] = even_q + odd_q;
    to[4] = even_q - odd_q;
    to[5] = d[5] - SUM * d[3] + PRODUCT * d[1];
}

/* Aᵀ: six positions → four results */
static inline void leave_line(cop_vector *to, const cop_vector *m)
{
    cop_vector even_p = m[1] + m[2], odd_p = m[1] - m[2];
    cop_vector even_q = m[3] + m[4], odd_q = m[3] - m[4];
    to[0] = m[0] + even_p + even_q;
    to[1] = P * odd_p + Q * odd_q;
    to[2] = P2 * even_p + Q2 * even_q;
    to[3] = P3 * odd_p + Q3 * odd_q + m[5];
}

/* A: four results' gradients → six positions */
static inline void enter_gy_line(cop_vector *to, const cop_vector *g)
{
    cop_vector even_p = g[0] + P2 * g[2], odd_p = P * g[1] + P3 * g[3];
    cop_vector even_q = g[0] + Q2 * g[2], odd_q = Q * g[1] + Q3 * g[3];
    to[0] = g[0];
    to[1] = even_p + odd_p;
    to[2] = even_p - odd_p;
    to[3] = even_q + odd_q;
    to[4] = even_q - odd_q;
    to[5] = g[3];
}

/* G: three taps → six matrices */
static inline void taps_line(cop_vector *to, const cop_vector *w)
{
    cop_vector even_p = GP * (w[0] + P2 * w[2]), odd_p = P * GP * w[1];
    cop_vector even_q = GQ * (w[0] + Q2 * w[2]), odd_q = Q * GQ * w[1];
    to[0] = G0 * w[0];
    to[1] = even_p + odd_p;
    to[2] = even_p - odd_p;
    to[3] = even_q + odd_q;
    to[4] = even_q - odd_q;
    to[5] = w[2];
}

/* Gᵀ: gradients of six matrices → of three taps */
static inline void leave_taps_line(cop_vector *to, const cop_vector *m)
{
    cop_vector even_p = GP * (m[1] + m[2]), odd_p = P * GP * (m[1] - m[2]);
    cop_vector even_q = GQ * (m[3] + m[4]), odd_q = Q * GQ * (m[3] - m[4]);
    to[0] = G0 * m[0] + even_p + even_q;
    to[1] = odd_p + odd_q;
    to[2] = P2 * even_p + Q2 * even_q + m[5];
}

static void enter(float *positions, cop_pitch pitch, const cop_pixels *pixels)
{
    cop_winograd_from_pixels(enter_line, 6, 6, positions, pitch, pixels);
}

static void leave(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(leave_line, 4, 6, to, to_pitch, from, from_pitch);
}

static void enter_gy(float *positions, cop_pitch pitch, const cop_pixels *pixels)
{
    cop_winograd_from_pixels(enter_gy_line, 6, 4, positions, pitch, pixels);
}

static void enter_taps(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(taps_line, 6, 3, to, to_pitch, from, from_pitch);
}

static void leave_taps(float *to, cop_pitch to_pitch, const float *from, cop_pitch from_pitch)
{
    cop_winograd_both_sides(leave_taps_line, 3, 6, to, to_pitch, from, from_pitch);
}

static const int matrix[] = {0, 1, 2, 3, 4, 5};

/* With one pixel of padding gx is to gy what y is to x, but for the weights. */
const cop_winograd_scheme cop_winograd_unit = {
    .side = 6,
    .matrix = matrix,
    .forward = {.window = 6, .step = 4, .origin = -1, .result = 4, .enter = enter, .leave = leave},
    .data = {.window = 6, .step = 4, .origin = -1, .result = 4, .enter = enter, .leave = leave},
    .enter_gy = enter_gy,
    .enter_taps = enter_taps,
    .leave_taps = leave_taps};
