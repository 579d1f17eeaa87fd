/* draws.h (implemented in draws.c): the memory of the random parameters that a batch is augmented
 * and mixed with, shared by the files that draw them. */
#ifndef COP_NN_DRAWS_H
#define COP_NN_DRAWS_H

#include <coppice/nn.h>

struct cop_draws {
    uint32_t flags;
    bool cutmix;
    int64_t capacity;
    int32_t height, width;
    float *memory;                                    /* everything below, one allocation */
    float *flip, *brightness, *saturation, *contrast; /* [capacity] */
    float *padcrop, *crop;                            /* [capacity, 2] */
    float *affine;                                    /* [capacity, 2, 3] */
    float *cutout;                                    /* [capacity, 4] */
    float *window;                                    /* [capacity, 2, 3] */
    float *jitter[3];                                 /* brightness, saturation, contrast */
    float *lighting;                                  /* [capacity, 3] */
    float *order;                                     /* [capacity] */
    float *column;        /* [capacity]: one class's targets before mixing */
    float *box;           /* [1, 4] */
    float *luma;          /* [3]: shares of red, green and blue in a grey */
    float *mean, *std;    /* [COP_MAX_CHANNELS]: of the pixels */
    int64_t *permutation; /* [capacity] */
};

/* The neutral values of image k: it stays as it is. */
void cop_draws_set_identity(cop_draws *d, int64_t k);

/* The same of CutMix, for the first n images. */
void cop_draws_set_unmixed(cop_draws *d, int64_t n);

#endif
