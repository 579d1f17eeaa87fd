/* given.c: states and masks that a config has from files, read and checked when the study is laid
 * out, so that what is wrong with one is told before anything runs. */
#include "study/graph/given.h"

#include "core/damage.h"
#include "core/hash.h"
#include "core/memory.h"
#include "store/formats/state_dict.h"

#include <coppice/pruner.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_same(const cop_given *a, const cop_given *b)
{
    return a->kind == b->kind && a->model == b->model && strcmp(a->path, b->path) == 0 &&
           a->must_fit == b->must_fit && strcmp(a->under, b->under) == 0;
}

/* Where a mask is given, too, a network that does not fit it is no copy of that ticket; what it
 * starts from may be dense. */
static cop_status check_masked(cop_given *g, const cop_tensors *state, cop_error *err)
{
    cop_tensors *mask = NULL;
    if (g->under[0] == '\0')
        return COP_OK;
    COP_TRY(cop_state_dict_read_mask(g->under, g->model, NULL, &mask, err));
    cop_status status = cop_state_dict_check_masked(g->path, state, mask, err);
    cop_tensors_free(mask);
    g->fits = status == COP_OK;
    return g->must_fit ? status : COP_OK;
}

static cop_status check(cop_given *g, cop_logger *log, cop_error *err)
{
    cop_tensors *tensors = NULL;
    cop_digest digest;
    COP_TRY(cop_hash_file(g->path, &digest, err));
    (void)cop_digest_hex(digest, g->hash);
    bool is_mask = g->kind == COP_STAGE_MASK;
    cop_status status = is_mask ? cop_state_dict_read_mask(g->path, g->model, log, &tensors, err)
                                : cop_state_dict_read(g->path, g->model, log, &tensors, err);
    COP_TRY(status);
    if (is_mask)
        g->kept = cop_mask_count(tensors);
    else
        status = check_masked(g, tensors, err);
    cop_tensors_free(tensors);
    return status;
}

cop_status cop_study_open_given(cop_study *s, const cop_given *wanted, const cop_given **out,
                                cop_error *err)
{
    for (size_t i = 0; i < s->given_count; i++) {
        if (is_same(s->given[i], wanted)) {
            *out = s->given[i];
            return COP_OK;
        }
    }
    cop_given **grown = cop_grow(s->given, &s->given_capacity, s->given_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    s->given = grown;
    cop_given *g = calloc(1, sizeof *g);
    if (g == NULL)
        return cop_out_of_memory(err);
    *g = *wanted;
    s->given[s->given_count++] = g;
    *out = g;
    cop_status status = check(g, s->log, err);
    return status == COP_OK ? status : cop_fail_within(err, "%s", g->option);
}

void cop_study_free_given(cop_study *s)
{
    for (size_t i = 0; i < s->given_count; i++)
        free(s->given[i]);
    free(s->given);
}

/* COP_DAMAGED where the file is not the one that was looked at. */
static cop_status check_same(const cop_given *g, cop_error *err)
{
    cop_digest digest;
    char hash[33];
    cop_error own = {0};
    cop_status status = cop_hash_file(g->path, &digest, &own);
    if (status != COP_OK && errno == ENOENT)
        return cop_fail_at(err, COP_DAMAGED, g->path, 0,
                           "%s: the file is gone, and was there when the study was laid out",
                           g->option);
    if (status != COP_OK && err != NULL)
        *err = own;
    COP_TRY(status);
    if (strcmp(cop_digest_hex(digest, hash), g->hash) == 0)
        return COP_OK;
    return cop_fail_at(err, COP_DAMAGED, g->path, 0,
                       "%s: the file is another one than when the study was laid out", g->option);
}

cop_status cop_given_read(const cop_given *g, cop_tensors **out, cop_error *err)
{
    COP_TRY(check_same(g, err));
    return g->kind == COP_STAGE_MASK ? cop_state_dict_read_mask(g->path, g->model, NULL, out, err)
                                     : cop_state_dict_read(g->path, g->model, NULL, out, err);
}
