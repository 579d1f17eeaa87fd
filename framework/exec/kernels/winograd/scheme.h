/* scheme.h (implemented in strided.c, unit.c): what differs between strides: the tiles and their
 * transforms.
 *
 * A transform goes over a square of pixels, positions or weights, first along one side and then
 * along the other, for sixteen channels at once: a vector an element. */
#ifndef COP_EXEC_KERNELS_WINOGRAD_SCHEME_H
#define COP_EXEC_KERNELS_WINOGRAD_SCHEME_H

#include <stdbool.h>

#include "exec/kernels/vector.h"

enum {
    COP_WINOGRAD_TILE = 4,   /* side of a tile of the forward convolution's results */
    COP_WINOGRAD_SIDE = 9,   /* the longest side of a square that is transformed */
    COP_WINOGRAD_UNIQUE = 6, /* matrices of weights along a side, of any scheme */
    COP_WINOGRAD_MATRICES = COP_WINOGRAD_UNIQUE * COP_WINOGRAD_UNIQUE
};

/* A pitch: floats from an element to the one below, and to the one beside it. */
typedef struct cop_pitch {
    int64_t down, across;
} cop_pitch;

/* A square of pixels that may hang over its image's edge: pixel (i, j) is at row[i] + 16·(j − left)
 * for left ≤ j < right, and zero elsewhere. Rows outside the image are rows of zeros. */
typedef struct cop_pixels {
    const float *row[COP_WINOGRAD_SIDE];
    int left, right;
} cop_pixels;

typedef void cop_winograd_enter(float *positions, cop_pitch pitch, const cop_pixels *pixels);
typedef void cop_winograd_map(float *to, cop_pitch to_pitch, const float *from,
                              cop_pitch from_pitch);

/* From the tiles of one image to those of another, with a product at each position between. */
typedef struct cop_winograd_pass {
    int window; /* side of a tile of the operand */
    int step;   /* from one tile of the operand to the next */
    int origin; /* of the first */
    int result; /* side of a tile of the result */
    cop_winograd_enter *enter;
    cop_winograd_map *leave;
} cop_winograd_pass;

typedef struct cop_winograd_scheme {
    int side;                     /* positions along a side of a transformed tile */
    const int *matrix;            /* the matrix, along a side, of each of them */
    cop_winograd_pass forward;    /* x → y */
    cop_winograd_pass data;       /* gy → gx, with the taps of the weights turned round */
    cop_winograd_enter *enter_gy; /* a tile of gy, where weights want their gradient */
    cop_winograd_map *enter_taps; /* 3x3 taps → 6x6 matrices */
    cop_winograd_map *leave_taps; /* gradients of matrices → of taps */
} cop_winograd_scheme;

extern const cop_winograd_scheme cop_winograd_unit;    /* F(4x4, 3x3), stride 1 */
extern const cop_winograd_scheme cop_winograd_strided; /* stride 2 */

/* A transform along one side, of values in registers. */
typedef void cop_winograd_line(cop_vector *to, const cop_vector *from);

/* The functions below are inlined for each `line`, so that they are straight vector code. They
 * transform a square of `in` elements a side to one of `out`: first its columns, to `between`. */
typedef cop_vector cop_winograd_between[COP_WINOGRAD_SIDE][COP_WINOGRAD_SIDE];

__attribute__((always_inline)) static inline void cop_winograd_rows(cop_winograd_line *line,
                                                                    int out,
                                                                    cop_winograd_between between,
                                                                    float *to, cop_pitch pitch)
{
    cop_vector made[COP_WINOGRAD_SIDE];
#pragma GCC unroll 9
    for (int i = 0; i < out; i++) {
        line(made, between[i]);
#pragma GCC unroll 9
        for (int j = 0; j < out; j++)
            cop_vector_store(to + i * pitch.down + j * pitch.across, made[j]);
    }
}

__attribute__((always_inline)) static inline void
cop_winograd_both_sides(cop_winograd_line *line, int out, int in, float *to, cop_pitch to_pitch,
                        const float *from, cop_pitch from_pitch)
{
    cop_winograd_between between;
    cop_vector column[COP_WINOGRAD_SIDE], made[COP_WINOGRAD_SIDE];
#pragma GCC unroll 9
    for (int j = 0; j < in; j++) {
#pragma GCC unroll 9
        for (int i = 0; i < in; i++)
            column[i] = cop_vector_load(from + i * from_pitch.down + j * from_pitch.across);
        line(made, column);
#pragma GCC unroll 9
        for (int i = 0; i < out; i++)
            between[i][j] = made[i];
    }
    cop_winograd_rows(line, out, between, to, to_pitch);
}

__attribute__((always_inline)) static inline void
cop_winograd_from_pixels(cop_winograd_line *line, int out, int in, float *to, cop_pitch pitch,
                         const cop_pixels *from)
{
    cop_winograd_between between;
    cop_vector column[COP_WINOGRAD_SIDE], made[COP_WINOGRAD_SIDE];
#pragma GCC unroll 9
    for (int j = 0; j < in; j++) {
        bool inside = j >= from->left && j < from->right;
#pragma GCC unroll 9
        for (int i = 0; i < in; i++)
            column[i] = inside ? cop_vector_load(from->row[i] + (j - from->left) * COP_VECTOR)
                               : (cop_vector){0};
        line(made, column);
#pragma GCC unroll 9
        for (int i = 0; i < out; i++)
            between[i][j] = made[i];
    }
    cop_winograd_rows(line, out, between, to, pitch);
}

#endif
