/* corrupt.h (corrupt.c, blur.c, pixelate.c): corruptions of images in [0, 1], with the severities
 * of CIFAR-10-C (Hendrycks & Dietterich 2019). Images are planes, [C, H, W]. */
#ifndef ROBUSTNESS_CORRUPT_H
#define ROBUSTNESS_CORRUPT_H

#include <coppice/plugin.h>

typedef enum corruption_kind {
    CORRUPTION_GAUSSIAN_NOISE = 0,
    CORRUPTION_SPECKLE_NOISE = 1,
    CORRUPTION_IMPULSE_NOISE = 2,
    CORRUPTION_GAUSSIAN_BLUR = 3,
    CORRUPTION_DEFOCUS_BLUR = 4,
    CORRUPTION_BRIGHTNESS = 5,
    CORRUPTION_CONTRAST = 6,
    CORRUPTION_PIXELATE = 7,
    CORRUPTION_COUNT = 8
} corruption_kind;

#define CORRUPTION_SEVERITIES 5

/* A corruption_kind by its name, -1 for none: "gaussian_noise". */
int corruption_find(const char *name);

/* Of a square kernel, to either side of its middle: what the strongest blurs have. */
#define CORRUPTION_REACH 4

/* A corruption of images of one size. */
typedef struct corruption {
    int32_t channels, height, width;
    uint64_t seed;
    corruption_kind kind;
    int severity; /* 1 to 5 */
    double kernel[2 * CORRUPTION_REACH + 1][2 * CORRUPTION_REACH + 1];
    int reach;            /* of the kernel */
    double *plane, *half; /* scratch: a channel of an image each */
} corruption;

/* Allocates what corrupting takes. Closed by corruption_close, whatever the answer. */
cop_status corruption_open(corruption *c, const cop_task *task, uint64_t seed, cop_error *err);
void corruption_close(corruption *c);

/* Says which one it is from now on; severity 1 to 5. */
void corruption_choose(corruption *c, corruption_kind kind, int severity);

/* Corrupts an image: a cop_pixel_change, whose context is a corruption. Noise is drawn from a
 * stream of its own for each seed, kind, severity and sample. */
void corruption_apply(void *context, int64_t sample, float *pixels);

/* The parts. */
void corruption_make_gaussian(corruption *c, double sigma);
void corruption_make_defocus(corruption *c, double radius, double sigma);
void corruption_blur(const corruption *c, float *plane, bool repeats_edge);
void corruption_pixelate(const corruption *c, double share, float *plane);

#endif
