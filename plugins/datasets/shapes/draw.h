/* draw.h: one picture of the shapes dataset. */
#ifndef SHAPES_DRAW_H
#define SHAPES_DRAW_H

#include <coppice/random.h>

enum { SHAPES_CLASSES = 10, SHAPES_SIDE = 32, SHAPES_PIXELS = 3 * SHAPES_SIDE * SHAPES_SIDE };

/* Draws a shape of the class into pixels [3, 32, 32] with draws from the stream alone. `noise` is
 * the deviation of the pixel noise as a share of the full range, `clutter` the number of small
 * blots behind and before the shape. */
void shapes_draw(cop_stream *stream, int shape, double noise, int clutter, uint8_t *pixels);

/* Whether (u, v) lies in the shape, which fits a circle of radius 1 about the origin. */
bool shapes_inside(int shape, double u, double v);

#endif
