/* mask.c: masks of weights: applying, counting, and taking the lowest scores out. */
#include <coppice/pruner.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

void cop_mask_apply(const cop_tensors *mask, cop_tensors *state)
{
    for (size_t t = 0; t < cop_tensors_count(mask); t++) {
        const cop_tensor *kept = cop_tensors_at(mask, t);
        cop_tensor *weights = cop_tensors_find(state, kept->name);
        if (weights == NULL || weights->dtype != COP_F32 || kept->dtype != COP_F32 ||
            !cop_shape_equal(weights->shape, kept->shape))
            continue;
        const float *m = cop_f32(kept);
        float *w = cop_f32(weights);
        int64_t count = cop_shape_count(kept->shape);
        /* Not w·m: a removed weight is 0 even where it had become infinite or NaN. */
        for (int64_t i = 0; i < count; i++)
            w[i] = m[i] != 0.0f ? w[i] * m[i] : 0.0f;
    }
}

int64_t cop_mask_tensor_count(const cop_tensor *mask)
{
    const float *m = cop_f32(mask);
    int64_t count = cop_shape_count(mask->shape), ones = 0;
    for (int64_t i = 0; i < count; i++)
        ones += m[i] != 0.0f;
    return ones;
}

int64_t cop_mask_count(const cop_tensors *mask)
{
    int64_t ones = 0;
    for (size_t t = 0; t < cop_tensors_count(mask); t++)
        ones += cop_mask_tensor_count(cop_tensors_at(mask, t));
    return ones;
}

/* Scores as unsigned integers of the same order; −0 and +0 are equal. */
static uint64_t order_key(double score)
{
    score += 0.0;
    uint64_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static double score_at(const cop_tensor *scores, int64_t i)
{
    return scores->dtype == COP_F64 ? cop_f64(scores)[i] : (double)cop_f32(scores)[i];
}

/* The scores of a mask tensor, or NULL where there are none and the tensor is left alone. */
static const cop_tensor *scores_of(const cop_tensors *scores, const cop_tensor *kept)
{
    return cop_tensors_find(scores, kept->name);
}

/* Checks shapes, types and NaNs, and counts the weights that are still kept and have a score. */
static cop_status check_scores(const cop_tensors *mask, const cop_tensors *scores,
                               int64_t *candidates, cop_error *err)
{
    *candidates = 0;
    for (size_t t = 0; t < cop_tensors_count(mask); t++) {
        const cop_tensor *kept = cop_tensors_at(mask, t);
        const cop_tensor *s = scores_of(scores, kept);
        if (s == NULL)
            continue;
        if (s->dtype != COP_F32 && s->dtype != COP_F64)
            return cop_fail(err, COP_FAILED, "the scores of %s are not numbers", kept->name);
        if (!cop_shape_equal(s->shape, kept->shape)) {
            char a[96], b[96];
            return cop_fail(err, COP_FAILED, "the scores of %s have shape %s, its mask has %s",
                            kept->name, cop_shape_text(s->shape, a, sizeof a),
                            cop_shape_text(kept->shape, b, sizeof b));
        }
        const float *m = cop_f32(kept);
        int64_t count = cop_shape_count(kept->shape);
        for (int64_t i = 0; i < count; i++) {
            if (m[i] == 0.0f)
                continue;
            if (isnan(score_at(s, i)))
                return cop_fail(err, COP_FAILED, "the score of weight %lld of %s is not a number",
                                (long long)i, kept->name);
            (*candidates)++;
        }
    }
    return COP_OK;
}

/* Counts the candidates by bits shift … shift+15 of their keys, among those that agree with
 * `prefix` above. */
static void count_digits(const cop_tensors *mask, const cop_tensors *scores, uint64_t prefix,
                         int shift, int64_t *counts)
{
    memset(counts, 0, 65536 * sizeof *counts);
    for (size_t t = 0; t < cop_tensors_count(mask); t++) {
        const cop_tensor *kept = cop_tensors_at(mask, t);
        const cop_tensor *s = scores_of(scores, kept);
        if (s == NULL)
            continue;
        const float *m = cop_f32(kept);
        int64_t count = cop_shape_count(kept->shape);
        for (int64_t i = 0; i < count; i++) {
            if (m[i] == 0.0f)
                continue;
            uint64_t key = order_key(score_at(s, i));
            if (shift == 48 || key >> (shift + 16) == prefix)
                counts[key >> shift & 0xffff]++;
        }
    }
}

/* Takes out every candidate with a key below `threshold`, and the first `ties` that equal it. */
static void take_out(cop_tensors *mask, const cop_tensors *scores, uint64_t threshold, int64_t ties)
{
    for (size_t t = 0; t < cop_tensors_count(mask); t++) {
        const cop_tensor *kept = cop_tensors_at(mask, t);
        const cop_tensor *s = scores_of(scores, kept);
        if (s == NULL)
            continue;
        float *m = cop_f32(kept);
        int64_t count = cop_shape_count(kept->shape);
        for (int64_t i = 0; i < count; i++) {
            if (m[i] == 0.0f)
                continue;
            uint64_t key = order_key(score_at(s, i));
            if (key < threshold || (key == threshold && ties-- > 0))
                m[i] = 0.0f;
        }
    }
}

/* A radix selection of the remove-th lowest key, 16 bits at a time, then one pass that applies it:
 * exact, linear in the number of weights, and no list of them is made. */
cop_status cop_mask_remove_lowest(cop_tensors *mask, const cop_tensors *scores, int64_t remove,
                                  cop_error *err)
{
    if (remove < 0)
        return cop_fail(err, COP_FAILED, "cannot remove %lld weights", (long long)remove);
    int64_t candidates = 0;
    COP_TRY(check_scores(mask, scores, &candidates, err));
    if (remove > candidates)
        return cop_fail(err, COP_FAILED, "cannot remove %lld weights: %lld are left",
                        (long long)remove, (long long)candidates);
    if (remove == 0)
        return COP_OK;
    int64_t *counts = malloc(65536 * sizeof *counts);
    if (counts == NULL)
        return cop_fail(err, COP_FAILED, "out of memory while pruning");
    uint64_t prefix = 0;
    int64_t rank = remove; /* of the wanted key among those that share the prefix, from 1 */
    for (int shift = 48; shift >= 0; shift -= 16) {
        count_digits(mask, scores, prefix, shift, counts);
        uint64_t digit = 0;
        while (rank > counts[digit])
            rank -= counts[digit++];
        prefix = prefix << 16 | digit;
    }
    free(counts);
    take_out(mask, scores, prefix, rank);
    return COP_OK;
}

/* The weights that a tensor of scores is of. */
static cop_status find_weights(const cop_tensor *scores, const cop_tensors *state,
                               const float **weights, cop_error *err)
{
    const cop_tensor *w = cop_tensors_find(state, scores->name);
    if (w == NULL)
        return cop_fail(err, COP_FAILED, "the weights have no '%s'", scores->name);
    if (w->dtype != COP_F32 || scores->dtype != COP_F32 ||
        !cop_shape_equal(w->shape, scores->shape))
        return cop_fail(err, COP_FAILED, "'%s' of the weights is not of its scores' type and shape",
                        scores->name);
    *weights = cop_f32(w);
    return COP_OK;
}

cop_status cop_scores_copy(cop_tensors *scores, const cop_tensors *state, cop_error *err)
{
    for (size_t t = 0; t < cop_tensors_count(scores); t++) {
        const cop_tensor *s = cop_tensors_at(scores, t);
        const float *w = NULL;
        COP_TRY(find_weights(s, state, &w, err));
        memcpy(s->data, w, (size_t)cop_shape_count(s->shape) * sizeof *w);
    }
    return COP_OK;
}

cop_status cop_scores_multiply(cop_tensors *scores, const cop_tensors *state, cop_error *err)
{
    for (size_t t = 0; t < cop_tensors_count(scores); t++) {
        const cop_tensor *s = cop_tensors_at(scores, t);
        const float *w = NULL;
        COP_TRY(find_weights(s, state, &w, err));
        for (int64_t i = 0; i < cop_shape_count(s->shape); i++)
            cop_f32(s)[i] *= w[i];
    }
    return COP_OK;
}

void cop_scores_absolute(cop_tensors *scores)
{
    for (size_t t = 0; t < cop_tensors_count(scores); t++) {
        const cop_tensor *s = cop_tensors_at(scores, t);
        for (int64_t i = 0; i < cop_shape_count(s->shape); i++)
            cop_f32(s)[i] = fabsf(cop_f32(s)[i]);
    }
}
