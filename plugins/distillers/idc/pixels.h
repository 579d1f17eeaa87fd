/* pixels.h: the one optimiser of all pixels. */
#ifndef IDC_PIXELS_H
#define IDC_PIXELS_H

#include <stdint.h>

/* v ← momentum·v + g, p ← p − lr·v for all `count` pixels, where g is `gradient` for the `length`
 * pixels from `first` on (the class just matched) and 0 elsewhere: the other classes move by what
 * is left of their momentum. */
void idc_pixels_step(float *pixels, float *velocity, int64_t count, const float *gradient,
                     int64_t first, int64_t length, double lr, double momentum);

void idc_pixels_clamp(float *pixels, int64_t count);

#endif
