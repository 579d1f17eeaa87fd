/* share.c: what most pruners have in common: a share of the weights goes, some layers are left
 * alone. */
#include "core/memory.h"

#include <coppice/pruner.h>

#include <fnmatch.h>
#include <math.h>
#include <string.h>

/* Whether the pattern is the name, or a beginning of it up to a dot: where one of them ends. */
static bool fits(const char *pattern, const char *name)
{
    char part[COP_NAME_SIZE];
    size_t length = 0;
    do {
        length += strcspn(name + length, ".");
        if (length >= sizeof part)
            return false;
        memcpy(part, name, length);
        part[length] = '\0';
        if (fnmatch(pattern, part, 0) == 0)
            return true;
    } while (name[length++] == '.');
    return false;
}

static bool means(const char *item, const char *name)
{
    size_t length = strlen(item);
    if (strpbrk(item, "*?") != NULL)
        return fits(item, name);
    return length > 0 && strncmp(item, name, length) == 0 &&
           (name[length] == '\0' || name[length] == '.');
}

bool cop_name_listed(const char *name, const cop_string_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (means(list->items[i], name))
            return true;
    }
    return false;
}

cop_status cop_check_listed(const cop_model *model, const cop_string_list *list, cop_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *example = "none";
        bool found = false;
        for (size_t j = 0; j < cop_model_parameter_count(model); j++) {
            const cop_parameter *p = cop_model_parameter(model, j);
            if (!p->prunable)
                continue;
            example = p->name;
            found = found || means(list->items[i], p->name);
        }
        if (!found)
            return cop_fail(err, COP_INVALID,
                            "'%s' is no prunable parameter of the model, nor the beginning of one "
                            "up to a dot, nor a pattern of them (there is '%s', for example)",
                            list->items[i], example);
    }
    return COP_OK;
}

/* The weights that the mask keeps in the tensors that scores holds. */
static int64_t remaining(const cop_tensors *mask, const cop_tensors *scores)
{
    int64_t sum = 0;
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *t = cop_tensors_at(mask, i);
        if (cop_tensors_find(scores, t->name) != NULL)
            sum += cop_mask_tensor_count(t);
    }
    return sum;
}

int64_t cop_share_of(double rate, int64_t weights)
{
    return llround(rate * (double)weights);
}

double cop_density_after(double sparsity, int64_t round, int64_t rounds)
{
    double of = rounds > 1 ? (double)rounds : 1.0;
    return pow(1.0 - sparsity, ((double)round + 1.0) / of);
}

/* All weights of the tensors in a set. */
static int64_t size_of(const cop_tensors *set)
{
    int64_t sum = 0;
    for (size_t i = 0; i < cop_tensors_count(set); i++)
        sum += cop_shape_count(cop_tensors_at(set, i)->shape);
    return sum;
}

/* Takes a share of what is left, or leaves a share of what there was at first. */
typedef enum goal { TAKE, LEAVE } goal;

static cop_status reach(cop_tensors *mask, const cop_tensors *scores, goal to, double share,
                        cop_error *err)
{
    int64_t left = remaining(mask, scores);
    int64_t remove =
        to == TAKE ? cop_share_of(share, left) : left - cop_share_of(share, size_of(scores));
    return cop_mask_remove_lowest(mask, scores, remove > 0 ? remove : 0, err);
}

/* The share of one tensor: its scores alone, in a set of their own. */
static cop_status reach_in_layer(cop_tensors *mask, const cop_tensor *score, goal to, double share,
                                 cop_error *err)
{
    cop_tensor *own = NULL;
    cop_tensors *one = cop_tensors_new();
    if (one == NULL)
        return cop_out_of_memory(err);
    cop_status status = cop_tensors_add(one, score->name, score->dtype, score->shape, &own, err);
    if (status == COP_OK) {
        memcpy(own->data, score->data,
               (size_t)cop_shape_count(score->shape) * cop_dtype_size(score->dtype));
        status = reach(mask, one, to, share, err);
    }
    cop_tensors_free(one);
    return status;
}

static cop_status reach_in_all(cop_tensors *mask, const cop_tensors *scores, goal to, double share,
                               bool layerwise, cop_error *err)
{
    if (!(share >= 0.0 && share <= 1.0))
        return cop_fail(err, COP_INVALID, "a share of %g of the weights, wanted 0 to 1", share);
    if (!layerwise)
        return reach(mask, scores, to, share, err);
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *score = cop_tensors_find(scores, cop_tensors_at(mask, i)->name);
        if (score != NULL)
            COP_TRY(reach_in_layer(mask, score, to, share, err));
    }
    return COP_OK;
}

cop_status cop_mask_remove_share(cop_tensors *mask, const cop_tensors *scores, double rate,
                                 bool layerwise, cop_error *err)
{
    return reach_in_all(mask, scores, TAKE, rate, layerwise, err);
}

cop_status cop_mask_keep_share(cop_tensors *mask, const cop_tensors *scores, double share,
                               bool layerwise, cop_error *err)
{
    return reach_in_all(mask, scores, LEAVE, share, layerwise, err);
}
