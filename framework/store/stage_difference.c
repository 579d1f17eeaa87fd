/* stage_difference.c: pairs of stages, each of which may bring further ones. What is written down
 * may go round, so a stage of A is compared once. */
#include "store/stage_difference.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct comparing {
    const cop_stage_index *a, *b;
    bool *is_met; /* stages of A */
    cop_stage_difference *out;
    size_t pair; /* the one under way */
} comparing;

static const cop_stage_record *stage_of(const cop_stage_index *index, size_t at)
{
    return &index->records->stages[at];
}

/* Adds a pair that is not the same stage. */
static cop_status add_pair(comparing *c, size_t a, size_t b, const char *through, cop_error *err)
{
    cop_stage_difference *out = c->out;
    if (c->is_met[a] || cop_same_artifact(&stage_of(c->a, a)->id, &stage_of(c->b, b)->id))
        return COP_OK;
    cop_stage_pair *grown = cop_grow(out->pairs, &out->capacity, out->count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    c->is_met[a] = true;
    out->pairs = grown;
    out->pairs[out->count++] =
        (cop_stage_pair){.a = a, .b = b, .from = c->pair, .through = through};
    return COP_OK;
}

/* Where both lines are stages of one kind that the studies have. */
static bool find_both(const comparing *c, const cop_identity_line *a, const cop_identity_line *b,
                      size_t *in_a, size_t *in_b)
{
    if (a == NULL || b == NULL || !a->is_stage || !b->is_stage ||
        strcmp(a->stage.kind, b->stage.kind) != 0)
        return false;
    *in_a = cop_stage_index_find(c->a, &a->stage);
    *in_b = cop_stage_index_find(c->b, &b->stage);
    return *in_a != COP_NO_RECORD && *in_b != COP_NO_RECORD;
}

static cop_status note_line(void *own, const cop_identity_line *a, const cop_identity_line *b,
                            cop_error *err)
{
    comparing *c = own;
    size_t in_a = 0, in_b = 0;
    bool is_followed = find_both(c, a, b, &in_a, &in_b);
    cop_stage_pair *pair = &c->out->pairs[c->pair];
    cop_line_difference *grown =
        cop_grow(pair->lines, &pair->line_capacity, pair->line_count + 1, sizeof *grown);
    if (grown == NULL)
        return cop_out_of_memory(err);
    pair->lines = grown;
    pair->lines[pair->line_count++] = (cop_line_difference){.name = a != NULL ? a->name : b->name,
                                                            .a = a != NULL ? a->value : NULL,
                                                            .b = b != NULL ? b->value : NULL,
                                                            .is_followed = is_followed};
    return is_followed ? add_pair(c, in_a, in_b, a->name, err) : COP_OK;
}

static cop_status compare_pair(comparing *c, cop_error *err)
{
    const cop_stage_pair pair = c->out->pairs[c->pair];
    cop_identity a = {0}, b = {0};
    cop_status status = cop_identity_read(stage_of(c->a, pair.a)->identity, c->out->arena, &a, err);
    if (status == COP_OK)
        status = cop_identity_read(stage_of(c->b, pair.b)->identity, c->out->arena, &b, err);
    if (status == COP_OK)
        status = cop_identity_compare(&a, &b, note_line, c, err);
    cop_identity_clear(&a);
    cop_identity_clear(&b);
    return status;
}

static cop_status compare_all(comparing *c, size_t a, size_t b, cop_error *err)
{
    COP_TRY(add_pair(c, a, b, NULL, err));
    for (; c->pair < c->out->count; c->pair++)
        COP_TRY(compare_pair(c, err));
    return COP_OK;
}

cop_status cop_stages_compare(const cop_stage_place *a, const cop_stage_place *b,
                              cop_stage_difference *out, cop_error *err)
{
    *out = (cop_stage_difference){.arena = cop_arena_new()};
    comparing c = {.a = a->index, .b = b->index, .out = out};
    c.is_met = calloc(a->index->records->stage_count + 1, sizeof *c.is_met);
    cop_status status = out->arena != NULL && c.is_met != NULL ? compare_all(&c, a->at, b->at, err)
                                                               : cop_out_of_memory(err);
    free(c.is_met);
    return status;
}

void cop_stage_difference_clear(cop_stage_difference *difference)
{
    for (size_t i = 0; i < difference->count; i++)
        free(difference->pairs[i].lines);
    free(difference->pairs);
    cop_arena_free(difference->arena);
    *difference = (cop_stage_difference){0};
}
