/* pixels.h: what a match asks of the pixels' handle. */
#ifndef COP_DISTIL_PIXELS_H
#define COP_DISTIL_PIXELS_H

#include "nn/samples.h"

#include <coppice/distil.h>

cop_pixel_space cop_pixels_space(const cop_pixels *p);

#endif
