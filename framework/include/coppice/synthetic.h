/* synthetic.h (implemented in nn/, train/): a distilled set with everything that is needed to train
 * on it as it was meant: pixels, labels, normalisation, decoding, recipe.
 *
 * A distiller is given an empty one by the host, which has filled in the task and the data's own
 * normalisation: it allocates the images, writes pixels and labels, and says the recipe (and the
 * decoding, where images are stored other than they are trained on). */
#ifndef COPPICE_SYNTHETIC_H
#define COPPICE_SYNTHETIC_H

#include <coppice/graph.h>
#include <coppice/recipe.h>
#include <coppice/samples.h>

COP_BEGIN

/* How stored images become training images (IDC's multi-formation, Kim et al. 2022). */
typedef enum cop_decode {
    COP_DECODE_NONE = 0,   /* as stored */
    COP_DECODE_SINGLE = 1, /* cut into factor × factor tiles, each upsampled bilinearly to full
                              size */
    COP_DECODE_MULTI = 2,  /* factors 1 … factor, concatenated */
    COP_DECODE_BOUND = 3   /* the largest factors first, down, until a bound of images (128) is
                              reached; during distillation only */
} cop_decode;

/* A distilled set: the host's, who checks it when its distiller has finished. */
typedef struct cop_synthetic cop_synthetic;

/* Makes room for `count` stored images of the set's task, one or more, pixels and labels zeroed.
 * What was allocated before is gone; the rest of the set is kept. COP_FAILED, and the set as it
 * was, when there are no images or no memory. [one thread per set] */
COP_API cop_status cop_synthetic_allocate(cop_synthetic *s, int64_t count, cop_error *err);

/* Images that are stored; 0 before they were allocated. [any thread] */
COP_API int64_t cop_synthetic_count(const cop_synthetic *s);

/* The size and the classes of the images; lives as long as the set. [any thread] */
COP_API const cop_task *cop_synthetic_task(const cop_synthetic *s);

/* The stored pixels [count, C, H, W], to be written in the set's space: in [0, 1], exactly, or
 * normalised, within ±COP_SYNTHETIC_MOST_NORMALISED; anything else is refused. The set's own until
 * it is allocated anew; NULL before it was allocated. [one thread per set] */
COP_API float *cop_synthetic_pixels(cop_synthetic *s);

/* The labels [count, classes], a distribution per image: in [0, 1], rows sum to 1 (to 1e-4). Owned
 * as the pixels are; NULL before the set was allocated. [one thread per set] */
COP_API float *cop_synthetic_labels(cop_synthetic *s);

/* The largest magnitude of a pixel in COP_PIXELS_NORMALISED. */
#define COP_SYNTHETIC_MOST_NORMALISED 100.0

/* What the stored pixels are. Normalised ones are trained on as they are, whatever the set's
 * normalisation: that then tells how to show them as images. Without this call:
 * COP_PIXELS_UNIT. [one thread per set] */
COP_API void cop_synthetic_set_space(cop_synthetic *s, cop_pixel_space space);

/* What they were said to be. [any thread] */
COP_API cop_pixel_space cop_synthetic_space(const cop_synthetic *s);

/* The longest text of cop_synthetic_set_origin, in bytes. */
#define COP_SYNTHETIC_ORIGIN 480

/* Where a set that was made elsewhere comes from, "set.npz, 0123…": one line of UTF-8, copied and
 * kept with the set. Who makes it here the host knows. COP_INVALID for another text, COP_FAILED
 * when memory is out; the set is then as it was. [one thread per set] */
COP_API cop_status cop_synthetic_set_origin(cop_synthetic *s, const char *text, cop_error *err);

/* How the set is decoded to be trained on: COP_DECODE_NONE, _SINGLE or _MULTI; the factor is from 1
 * to the image's smaller side. Without this call: NONE, factor 1. [one thread per set] */
COP_API void cop_synthetic_set_decode(cop_synthetic *s, cop_decode decode, int32_t factor);

/* How to train on the set: it gets a copy of this recipe in place of the one that it has. NULL:
 * none, which a finished set is refused for. COP_FAILED when memory is out. Implemented in
 * train/recipe.c. [one thread per set] */
COP_API cop_status cop_synthetic_set_recipe(cop_synthetic *s, const cop_recipe *recipe,
                                            cop_error *err);

/* How the images are normalised for a network, positive deviations; copied. Without this call: as
 * those of the data that the set was distilled from. [one thread per set] */
COP_API void cop_synthetic_set_normalization(cop_synthetic *s,
                                             const cop_normalization *normalization);

/* Images that `count` stored ones decode to. [any thread] */
COP_API int64_t cop_decoded_count(cop_decode decode, int32_t factor, int64_t count);

/* The decoding as a graph: pixels [n, C, H, W] → [m, C, H, W]. Sizes that the factor does not
 * divide are padded with 0.5 at the right and bottom. For each factor, tiles go row by row, all
 * images of a tile together: output (tile · n + image). Differentiable. Errors go to the graph, and
 * COP_NO_NODE comes back. [one thread per graph] */
COP_API cop_node cop_decode_images(cop_graph *g, cop_node pixels, cop_decode decode,
                                   int32_t factor);

/* The decoded set as samples, in memory of its own; the caller's, to be freed with
 * cop_synthetic_samples_free. COP_FAILED when there is no memory, or the factor makes no sense.
 * [one thread per set] */
COP_API cop_status cop_synthetic_samples(const cop_synthetic *s, cop_samples **out, cop_error *err);

/* Frees such samples, and no others; NULL is fine. [any thread] */
COP_API void cop_synthetic_samples_free(cop_samples *s);

COP_END

#endif
