/* fingerprint.c: what tells one dataset's samples from another's: their content, as it is used. */
#include "core/hash.h"
#include "study/data/parts.h"

#include "core/memory.h"

static void hash_image(cop_hasher *hasher, const cop_samples *s, const char *pixels, size_t bytes)
{
    if (s->resident != NULL)
        cop_resident_use(s->resident, pixels, bytes);
    cop_hasher_update(hasher, pixels, bytes);
}

static void hash_samples(cop_hasher *hasher, const cop_samples *s)
{
    char type = s->bytes != NULL ? 'b' : 'f';
    size_t values = (size_t)s->task.channels * (size_t)s->task.height * (size_t)s->task.width;
    size_t image = values * (s->bytes != NULL ? 1 : sizeof(float));
    const char *pixels = s->bytes != NULL ? (const char *)s->bytes : (const char *)s->pixels;
    cop_hasher_update(hasher, &type, sizeof type);
    cop_hasher_update(hasher, &s->count, sizeof s->count);
    for (int64_t i = 0; i < s->count; i++)
        hash_image(hasher, s, pixels + (size_t)(s->rows != NULL ? s->rows[i] : i) * image, image);
    cop_hasher_update(hasher, s->labels, (size_t)s->count * sizeof *s->labels);
}

cop_status cop_data_fingerprint(cop_loaded_data *d, cop_error *err)
{
    cop_hasher *hasher = cop_hasher_new();
    if (hasher == NULL)
        return cop_out_of_memory(err);
    size_t channels = (size_t)d->info.task.channels;
    /* By member: a fingerprint stays when the struct gains one. */
    const int32_t task[] = {d->info.task.channels, d->info.task.height, d->info.task.width,
                            d->info.task.classes};
    cop_hasher_update(hasher, task, sizeof task);
    cop_hasher_update(hasher, d->info.normalization.mean, channels * sizeof(float));
    cop_hasher_update(hasher, d->info.normalization.std, channels * sizeof(float));
    if (cop_samples_space(&d->train) == COP_PIXELS_NORMALISED)
        cop_hasher_update_text(hasher, "normalised");
    hash_samples(hasher, &d->train);
    hash_samples(hasher, &d->test);
    (void)cop_digest_hex(cop_hasher_finish(hasher), d->fingerprint);
    cop_hasher_free(hasher);
    return COP_OK;
}
