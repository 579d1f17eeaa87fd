/* images.h: pictures of a distilled set. */
#ifndef COP_REPORT_FIGURES_IMAGES_H
#define COP_REPORT_FIGURES_IMAGES_H

#include <coppice/synthetic.h>

/* Writes DIR/NAME.png, the stored images, a row per class, and, where training sees other ones,
 * DIR/NAME-decoded.png; *decoded says so. Normalised pixels are shown as the image's they were;
 * those of whitened data (ZCA) are not, but each image is stretched to its own range. */
cop_status cop_images_write(const cop_synthetic *s, const char *dir, const char *name,
                            bool *decoded, cop_error *err);

#endif
