/* classes.c: see classes.h. The permutation at hand is a cache: it is drawn from its own stream. */
#include "classes.h"

#include <stdlib.h>
#include <string.h>

static cop_status fill(idc_class *item, const cop_samples *data, int32_t label, int64_t *room,
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
        return cop_fail(err, COP_FAILED, "out of memory");
    memcpy(item->members, room, bytes);
    return COP_OK;
}

cop_status idc_classes_init(idc_classes *c, const cop_samples *data, int64_t batch, cop_error *err)
{
    *c = (idc_classes){.count = data->task.classes, .batch = batch};
    c->items = calloc((size_t)c->count, sizeof *c->items);
    int64_t *room = calloc((size_t)data->count + 1, sizeof *room);
    cop_status status = COP_OK;
    if (c->items == NULL || room == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory");
    for (int32_t k = 0; status == COP_OK && k < c->count; k++)
        status = fill(&c->items[k], data, k, room, err);
    free(room);
    if (status != COP_OK)
        idc_classes_clear(c);
    return status;
}

void idc_classes_clear(idc_classes *c)
{
    for (int32_t k = 0; c->items != NULL && k < c->count; k++) {
        free(c->items[k].members);
        free(c->items[k].order);
    }
    free(c->items);
    *c = (idc_classes){0};
}

int64_t idc_classes_batch_size(const idc_classes *c, int32_t label)
{
    int64_t count = c->items[label].count;
    return count < c->batch ? count : c->batch;
}

const int64_t *idc_classes_batch(idc_classes *c, const cop_work *work, int32_t label, int64_t visit)
{
    idc_class *item = &c->items[label];
    int64_t size = idc_classes_batch_size(c, label);
    int64_t per_pass = item->count / size;
    int64_t pass = visit / per_pass;
    if (item->pass != pass) {
        uint64_t index = (uint64_t)pass * (uint64_t)c->count + (uint64_t)label;
        cop_stream stream = cop_work_stream(work, "real", index);
        cop_stream_permutation(&stream, item->order, item->count);
        for (int64_t i = 0; i < item->count; i++)
            item->order[i] = item->members[item->order[i]];
        item->pass = pass;
    }
    return item->order + visit % per_pass * size;
}
