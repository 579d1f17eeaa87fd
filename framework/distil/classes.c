/* classes.c: real images by class. The permutation at hand is a cache: it is drawn from its own
 * stream. */
#include "core/memory.h"
#include "core/sized.h"
#include "nn/samples.h"

#include <coppice/distil.h>

#include <stdlib.h>
#include <string.h>

typedef struct members {
    int64_t count;    /* samples */
    int64_t *members; /* [count], in the data's order */
    int64_t *order;   /* [count]: the permutation of `pass`, as samples */
    int64_t pass;     /* which permutation `order` is; −1 for none yet */
} members;

struct cop_classes {
    cop_classes_spec spec;
    int32_t count;
    members *items;
};

static cop_status fill(members *item, const cop_samples *data, int32_t label, int64_t *room,
                       cop_error *err)
{
    item->pass = -1;
    item->count = cop_samples_of_class(data, label, room);
    if (item->count == 0)
        return cop_fail(err, COP_INVALID, "class %d has no training images", (int)label);
    size_t bytes = (size_t)item->count * sizeof *item->members;
    item->members = malloc(bytes);
    item->order = malloc(bytes);
    if (item->members == NULL || item->order == NULL)
        return cop_out_of_memory(err);
    memcpy(item->members, room, bytes);
    return COP_OK;
}

static cop_status make(cop_classes *c, const cop_classes_spec *spec, cop_error *err)
{
    COP_TRY(cop_sized_take("the classes' spec", spec, COP_LEAST(cop_classes_spec, seed), &c->spec,
                           sizeof c->spec, err));
    const cop_samples *data = c->spec.data;
    if (c->spec.batch < 1)
        return cop_fail(err, COP_FAILED, "batches of %lld images", (long long)c->spec.batch);
    c->count = data->task.classes;
    c->items = calloc((size_t)c->count, sizeof *c->items);
    int64_t *room = calloc((size_t)data->count + 1, sizeof *room);
    cop_status status = COP_OK;
    if (c->items == NULL || room == NULL)
        status = cop_out_of_memory(err);
    for (int32_t k = 0; status == COP_OK && k < c->count; k++)
        status = fill(&c->items[k], data, k, room, err);
    free(room);
    return status;
}

cop_status cop_classes_new(const cop_classes_spec *spec, cop_classes **out, cop_error *err)
{
    cop_classes *c = calloc(1, sizeof *c);
    if (c == NULL)
        return cop_out_of_memory(err);
    cop_status status = make(c, spec, err);
    if (status != COP_OK)
        cop_classes_free(c);
    else
        *out = c;
    return status;
}

void cop_classes_free(cop_classes *c)
{
    if (c == NULL)
        return;
    for (int32_t k = 0; c->items != NULL && k < c->count; k++) {
        free(c->items[k].members);
        free(c->items[k].order);
    }
    free(c->items);
    free(c);
}

const int64_t *cop_classes_members(const cop_classes *c, int32_t label)
{
    return c->items[label].members;
}

int64_t cop_classes_count(const cop_classes *c, int32_t label)
{
    return c->items[label].count;
}

int64_t cop_classes_batch_size(const cop_classes *c, int32_t label)
{
    int64_t count = c->items[label].count;
    return count < c->spec.batch ? count : c->spec.batch;
}

const int64_t *cop_classes_batch(cop_classes *c, int32_t label, int64_t visit)
{
    members *item = &c->items[label];
    int64_t size = cop_classes_batch_size(c, label);
    int64_t per_pass = item->count / size;
    int64_t pass = visit / per_pass;
    if (item->pass != pass) {
        uint64_t index = (uint64_t)pass * (uint64_t)c->count + (uint64_t)label;
        cop_stream stream = cop_stream_make(c->spec.seed, "real", index);
        cop_stream_permutation(&stream, item->order, item->count);
        for (int64_t i = 0; i < item->count; i++)
            item->order[i] = item->members[item->order[i]];
        item->pass = pass;
    }
    return item->order + visit % per_pass * size;
}
