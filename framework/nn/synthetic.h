/* synthetic.h: what is inside a distilled set, and what its pixels and labels must be, whoever made
 * or stored it. The host's own code reads the members, plugins call coppice/synthetic.h. */
#ifndef COP_NN_SYNTHETIC_H
#define COP_NN_SYNTHETIC_H

#include "core/memory_source.h"
#include "nn/samples.h"

#include <coppice/synthetic.h>

struct cop_synthetic {
#ifdef COPPICE_TEST_GROWN
    uint64_t grown_in_tests[2]; /* what a later version might add (tests/abi) */
#endif
    cop_task task;
    cop_normalization normalization;
    cop_decode decode;
    int32_t factor;     /* ≥ 1 */
    cop_recipe *recipe; /* how to train on it; owned */
    int64_t count;      /* stored images */
    float *pixels;      /* [count, C, H, W] in the set's space; owned */
    float *labels;      /* [count, classes] in [0, 1], rows sum to 1; owned */

    cop_pixel_space space; /* of the pixels; 0: COP_PIXELS_UNIT */
    bool is_whitened;      /* the data that it was made for are whitened (ZCA) */

    /* Who made it, "distiller idc 1.0.0, model convnet 1.0.0", and where a set that was made
     * elsewhere comes from; what it was made of, "cifar10, 0123…", and by which options; NULL: not
     * said. Owned. */
    char *made_by, *origin, *dataset, *options;

    const cop_memory_source *memory; /* of pixels and labels; NULL: the heap */
};

/* An empty set, as a distiller is given it: for the task, as it stands, normalised as `data` are
 * (which may be NULL). What *s held is overwritten, not freed. */
void cop_synthetic_init(cop_synthetic *s, const cop_task *task, const cop_samples *data);

/* Frees what is allocated, and leaves the set without images; NULL is fine. */
void cop_synthetic_clear(cop_synthetic *s);

/* Whether every row of labels is one-hot, exactly; else they are soft. */
bool cop_synthetic_is_hard(const cop_synthetic *s);

/* Who made it, as cop_synthetic_set_origin says where it comes from. */
cop_status cop_synthetic_set_made_by(cop_synthetic *s, const char *text, cop_error *err);

/* Of which data; and by which options, which may be longer. */
#define COP_SYNTHETIC_OPTIONS 8000
cop_status cop_synthetic_set_dataset(cop_synthetic *s, const char *text, cop_error *err);
cop_status cop_synthetic_set_options(cop_synthetic *s, const char *text, cop_error *err);

/* COP_FAILED naming the image unless every pixel is in the set's space (in [0, 1], exactly, or
 * within ±COP_SYNTHETIC_MOST_NORMALISED), and every row of labels is in [0, 1] and sums to 1 (to
 * 1e-4). */
cop_status cop_synthetic_check(const cop_synthetic *s, cop_error *err);

/* cop_synthetic_samples, with its program kept in that cache (exec/compiler/cache.h), if any. */
struct cop_program_cache;
cop_status cop_synthetic_decode(const cop_synthetic *s, struct cop_program_cache *programs,
                                cop_samples **out, cop_error *err);

#endif
