/* images.c: pictures of a distilled set. */
#include "report/figures/images.h"

#include "core/path.h"
#include "nn/synthetic.h"
#include "report/figures/grid.h"

#include <stdio.h>
#include <stdlib.h>

/* How to make normalised pixels an image's once more; NULL: they are one's. What whitening (ZCA)
 * did to them stays. */
static const cop_normalization *to_undo(const cop_synthetic *s)
{
    return cop_synthetic_space(s) == COP_PIXELS_NORMALISED ? &s->normalization : NULL;
}

static cop_status write_stored(const cop_synthetic *s, const char *path, cop_error *err)
{
    cop_samples stored;
    int32_t *labels = NULL;
    COP_TRY(cop_grid_stored(s, &stored, &labels, err));
    cop_status status = cop_grid_write(&stored, to_undo(s), path, err);
    free(labels);
    return status;
}

static cop_status write_decoded(const cop_synthetic *s, const char *path, cop_error *err)
{
    cop_samples *samples = NULL;
    COP_TRY(cop_synthetic_samples(s, &samples, err));
    cop_status status = cop_grid_write(samples, to_undo(s), path, err);
    cop_synthetic_samples_free(samples);
    return status;
}

cop_status cop_images_write(const cop_synthetic *s, const char *dir, const char *name,
                            bool *decoded, cop_error *err)
{
    char path[COP_PATH_SIZE];
    *decoded = s->decode != COP_DECODE_NONE && s->factor > 1;
    COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s.png", name));
    COP_TRY(write_stored(s, path, err));
    if (!*decoded)
        return COP_OK;
    COP_TRY(cop_path_join(path, sizeof path, err, dir, "%s-decoded.png", name));
    return write_decoded(s, path, err);
}
