/* images.c: pictures of a distilled set. */
#include "report/figures/images.h"

#include "core/path.h"
#include "nn/synthetic.h"
#include "report/figures/grid.h"

#include <stdio.h>
#include <stdlib.h>

/* Normalised pixels become an image's once more. What whitening (ZCA) did cannot be undone here:
 * the transform is the data's, and a report is made from the output directory alone. Its pixels lie
 * about 0, of any deviation, so that each image is shown in its own range. */
static cop_grid_pixels pixels_of(const cop_synthetic *s)
{
    bool is_normalised = cop_synthetic_space(s) == COP_PIXELS_NORMALISED;
    return (cop_grid_pixels){.normalised = is_normalised ? &s->normalization : NULL,
                             .stretch = is_normalised && s->is_whitened};
}

static cop_status write_stored(const cop_synthetic *s, const char *path, cop_error *err)
{
    cop_samples stored;
    int32_t *labels = NULL;
    COP_TRY(cop_grid_stored(s, &stored, &labels, err));
    const cop_grid_pixels pixels = pixels_of(s);
    cop_status status = cop_grid_write(&stored, &pixels, path, err);
    free(labels);
    return status;
}

static cop_status write_decoded(const cop_synthetic *s, const char *path, cop_error *err)
{
    cop_samples *samples = NULL;
    COP_TRY(cop_synthetic_samples(s, &samples, err));
    const cop_grid_pixels pixels = pixels_of(s);
    cop_status status = cop_grid_write(samples, &pixels, path, err);
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
