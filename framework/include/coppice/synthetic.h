/* synthetic.h (implemented in nn/, train/): a distilled set with everything that is needed to train
 * on it as it was meant: pixels, labels, normalisation, decoding, recipe. */
#ifndef COPPICE_SYNTHETIC_H
#define COPPICE_SYNTHETIC_H

#include <coppice/graph.h>
#include <coppice/recipe.h>
#include <coppice/samples.h>

COP_BEGIN

/* How stored images become training images (IDC's multi-formation, Kim et al. 2022). */
typedef enum cop_decode {
    COP_DECODE_NONE = 0, /* as stored */
    COP_DECODE_SINGLE =
        1, /* cut into factor × factor tiles, each upsampled bilinearly to full size */
    COP_DECODE_MULTI = 2, /* factors 1 … factor, concatenated */
    COP_DECODE_BOUND = 3  /* the largest factors first, down, until a bound of images (128) is
                             reached;  during distillation only */
} cop_decode;

typedef struct cop_synthetic {
    cop_task task;
    cop_normalization normalization;
    cop_decode decode;
    int32_t factor;     /* ≥ 1 */
    cop_recipe *recipe; /* how to train on it: the set's own, see cop_synthetic_set_recipe */
    int64_t count;      /* stored images */
    float *pixels;      /* [count, C, H, W] in [0, 1], exactly: anything else is refused */
    float *labels;      /* [count, classes] in [0, 1], rows sum to 1 (to 1e-4) */
} cop_synthetic;

/* Allocates pixels and labels, zeroed, for `count` images of the task; the rest of *s is kept. */
COP_API cop_status cop_synthetic_allocate(cop_synthetic *s, int64_t count, cop_error *err);
COP_API void cop_synthetic_clear(cop_synthetic *s);

/* Gives the set a copy of this recipe in place of the one that it has. NULL: none, which
 * a finished set is refused for. Implemented in train/recipe.c. */
COP_API cop_status cop_synthetic_set_recipe(cop_synthetic *s, const cop_recipe *recipe,
                                            cop_error *err);

/* Images that `count` stored ones decode to. */
COP_API int64_t cop_decoded_count(cop_decode decode, int32_t factor, int64_t count);

/* The decoding as a graph: pixels [n, C, H, W] → [m, C, H, W]. Sizes that the factor does not
 * divide are padded with 0.5 at the right and bottom. For each factor, tiles go row by row, all
 * images of a tile together: output (tile · n + image). Differentiable. */
COP_API cop_node cop_decode_images(cop_graph *g, cop_node pixels, cop_decode decode,
                                   int32_t factor);

/* The decoded set as samples, in memory of its own; free with cop_synthetic_samples_free. */
COP_API cop_status cop_synthetic_samples(const cop_synthetic *s, cop_samples **out, cop_error *err);
COP_API void cop_synthetic_samples_free(cop_samples *s);

COP_END

#endif
