/* overlap.c: how much two masks have in common, and how much they would have by chance. */
#include "mask.h"

int64_t mask_kept(const cop_tensor *mask)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < cop_shape_count(mask->shape); i++)
        kept += cop_f32(mask)[i] != 0.0f;
    return kept;
}

/* Adds a layer: of n weights the one keeps a, the other b. Drawn at random with these numbers they
 * would have a b / n in common, as the hypergeometric distribution's mean says. */
static void add_layer(const cop_tensor *first, const cop_tensor *second, mask_overlap *out)
{
    int64_t n = cop_shape_count(first->shape), both = 0;
    for (int64_t i = 0; i < n; i++)
        both += cop_f32(first)[i] != 0.0f && cop_f32(second)[i] != 0.0f;
    double a = (double)mask_kept(first), b = (double)mask_kept(second);
    out->weights += (double)n;
    out->first += a;
    out->second += b;
    out->both += (double)both;
    out->by_chance += n > 0 ? a * b / (double)n : 0.0;
}

cop_status mask_compare(const cop_tensors *first, const cop_tensors *second, mask_overlap *out,
                        cop_error *err)
{
    *out = (mask_overlap){0};
    for (size_t i = 0; i < cop_tensors_count(first); i++) {
        const cop_tensor *a = cop_tensors_at(first, i), *b = cop_tensors_find(second, a->name);
        if (b == NULL || cop_shape_count(b->shape) != cop_shape_count(a->shape))
            return cop_fail(err, COP_FAILED, "another ticket's mask has no \"%s\" of this shape",
                            a->name);
        add_layer(a, b, out);
    }
    return COP_OK;
}

double mask_jaccard(const mask_overlap *o, double both)
{
    double either = o->first + o->second - both;
    return either > 0.0 ? both / either : 1.0;
}

double mask_hamming(const mask_overlap *o, double both)
{
    return o->weights > 0.0 ? (o->first + o->second - 2.0 * both) / o->weights : 0.0;
}
