/* grid.h: a set of images as one picture: a row per class. */
#ifndef COP_REPORT_FIGURES_GRID_H
#define COP_REPORT_FIGURES_GRID_H

#include <coppice/samples.h>
#include <coppice/synthetic.h>

/* Images of a class beyond this are left out: the picture stays legible. */
#define COP_GRID_COLUMNS 40

/* How pixels become shades of a screen. */
typedef struct cop_grid_pixels {
    const cop_normalization *normalised; /* undone; NULL: they are not normalised */
    bool stretch; /* each image to its own range, its least value black and its largest white */
} cop_grid_pixels;

/* Writes the images of `set` as a PNG: each class's in a row, in order, small ones magnified, two
 * pixels apart. Three or four channels are red, green and blue; others are grey by the first. What
 * is no shade of a screen after all is clipped. */
cop_status cop_grid_write(const cop_samples *set, const cop_grid_pixels *pixels, const char *path,
                          cop_error *err);

/* A distilled set's stored images as samples that point into it. *labels, filled with each image's
 * likeliest class, is the caller's (free) and must live as long. */
cop_status cop_grid_stored(const cop_synthetic *s, cop_samples *out, int32_t **labels,
                           cop_error *err);

#endif
