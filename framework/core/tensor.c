/* tensor.c: ordered sets of named tensors.
 *
 * Each tensor is its own allocation, so that a pointer to one outlives later additions; a table of
 * name hashes with linear probing finds them by name. */
#include "core/memory.h"
#include "core/memory_source.h"
#include "core/pages.h"
#include "core/shape.h"
#include "core/tensor_view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define DATA_ALIGNMENT 64

struct cop_tensors {
    bool is_view;                    /* the data is another set's */
    const cop_memory_source *memory; /* NULL: the heap */
    cop_tensor **items; /* in order of addition; the slots behind hold their positions + 1 */
    size_t count;
    size_t capacity;
    size_t *slots; /* 2·capacity of them, 0 = empty; capacity is a power of two */
};

/* Reading a tensor as what it is not runs past its end, so this check stays in every build. */
static void *data_as(const cop_tensor *tensor, cop_dtype dtype)
{
    if (tensor->dtype != dtype) {
        fprintf(stderr, "coppice: tensor %s is %s, but was taken for %s\n", tensor->name,
                cop_dtype_name(tensor->dtype), cop_dtype_name(dtype));
        abort();
    }
    return tensor->data;
}

float *cop_f32(const cop_tensor *tensor)
{
    return data_as(tensor, COP_F32);
}

double *cop_f64(const cop_tensor *tensor)
{
    return data_as(tensor, COP_F64);
}

uint8_t *cop_u8(const cop_tensor *tensor)
{
    return data_as(tensor, COP_U8);
}

int64_t *cop_i64(const cop_tensor *tensor)
{
    return data_as(tensor, COP_I64);
}

double cop_tensor_value(const cop_tensor *tensor, int64_t i)
{
    switch (tensor->dtype) {
    case COP_F32:
        return (double)cop_f32(tensor)[i];
    case COP_F64:
        return cop_f64(tensor)[i];
    case COP_U8:
        return (double)cop_u8(tensor)[i];
    case COP_I64:
        return (double)cop_i64(tensor)[i];
    }
    return (double)NAN; /* there is no other dtype */
}

cop_tensors *cop_tensors_new(void)
{
    return calloc(1, sizeof(cop_tensors));
}

cop_tensors *cop_tensors_new_in(const cop_memory_source *memory)
{
    cop_tensors *set = cop_tensors_new();
    if (set != NULL)
        set->memory = memory;
    return set;
}

static void free_data(const cop_tensors *set, void *data)
{
    if (set->memory != NULL)
        set->memory->put(set->memory->context, data);
    else
        free(data);
}

static void free_behind(const cop_tensors *set, size_t count)
{
    for (size_t i = count; i < set->count; i++) {
        if (!set->is_view)
            free_data(set, set->items[i]->data);
        free(set->items[i]);
    }
}

void cop_tensors_free(cop_tensors *set)
{
    if (set == NULL)
        return;
    free_behind(set, 0);
    free(set->items);
    free(set->slots);
    free(set);
}

/* The slot that holds `name`, or the empty one where it would go; the table must not be empty. */
static size_t slot_of(const cop_tensors *set, const char *name)
{
    size_t mask = 2 * set->capacity - 1;
    size_t slot = (size_t)XXH3_64bits(name, strlen(name)) & mask;
    while (set->slots[slot] != 0 && strcmp(set->items[set->slots[slot] - 1]->name, name) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

/* Into slots that are all empty. */
static void fill_slots(cop_tensors *set)
{
    for (size_t i = 0; i < set->count; i++)
        set->slots[slot_of(set, set->items[i]->name)] = i + 1;
}

static bool grow(cop_tensors *set)
{
    size_t capacity = set->capacity;
    cop_tensor **items = cop_grow(set->items, &capacity, capacity + 1, sizeof(cop_tensor *));
    if (items == NULL)
        return false;
    set->items = items;
    size_t *slots = calloc(2 * capacity, sizeof(size_t));
    if (slots == NULL)
        return false;
    free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    fill_slots(set);
    return true;
}

void cop_tensors_cut(cop_tensors *set, size_t count)
{
    if (count >= set->count)
        return;
    free_behind(set, count);
    set->count = count;
    memset(set->slots, 0, 2 * set->capacity * sizeof *set->slots);
    fill_slots(set);
}

cop_tensors *cop_tensors_new_view(void)
{
    cop_tensors *view = cop_tensors_new();
    if (view != NULL)
        view->is_view = true;
    return view;
}

static void *heap_data(size_t bytes)
{
    size_t padded = (bytes / DATA_ALIGNMENT + 1) * DATA_ALIGNMENT;
    void *data = cop_pages_new(padded);
    if (data != NULL)
        memset(data, 0, padded);
    return data;
}

/* A zero-filled tensor on its own, or NULL when memory is out. */
static cop_tensor *new_tensor(const cop_memory_source *memory, const char *name, cop_dtype dtype,
                              cop_shape shape, size_t bytes)
{
    cop_tensor *tensor = calloc(1, sizeof *tensor);
    if (tensor == NULL)
        return NULL;
    tensor->data = memory != NULL ? memory->get(memory->context, name, bytes) : heap_data(bytes);
    if (tensor->data == NULL) {
        free(tensor);
        return NULL;
    }
    memcpy(tensor->name, name, strlen(name) + 1);
    tensor->dtype = dtype;
    tensor->shape.rank = shape.rank;
    for (int32_t i = 0; i < shape.rank; i++)
        tensor->shape.dim[i] = shape.dim[i];
    return tensor;
}

cop_status cop_tensors_add(cop_tensors *set, const char *name, cop_dtype dtype, cop_shape shape,
                           cop_tensor **out, cop_error *err)
{
    if (name == NULL || name[0] == '\0')
        return cop_fail(err, COP_FAILED, "a tensor needs a name");
    if (strlen(name) >= COP_NAME_SIZE)
        return cop_fail(err, COP_FAILED, "tensor name %.*s… is longer than %d bytes", 40, name,
                        COP_NAME_SIZE - 1);
    if (cop_dtype_size(dtype) == 0)
        return cop_fail(err, COP_FAILED, "tensor %s: unknown dtype %d", name, (int)dtype);
    if (shape.rank < 0 || shape.rank > COP_MAX_RANK)
        return cop_fail(err, COP_FAILED, "tensor %s: rank %d is outside 0 … %d", name,
                        (int)shape.rank, COP_MAX_RANK);
    size_t bytes = 0;
    char text[96];
    if (!cop_shape_bytes(shape, dtype, &bytes))
        return cop_fail(err, COP_FAILED, "tensor %s: shape %s is negative or too large", name,
                        cop_shape_text(shape, text, sizeof text));
    if (set->count > 0 && set->slots[slot_of(set, name)] != 0)
        return cop_fail(err, COP_FAILED, "tensor %s is already in the set", name);
    cop_tensor *tensor = NULL;
    if (set->count < set->capacity || grow(set))
        tensor = new_tensor(set->memory, name, dtype, shape, bytes);
    if (tensor == NULL)
        return cop_fail(err, COP_FAILED, "tensor %s: out of memory for %zu bytes", name, bytes);
    set->slots[slot_of(set, name)] = set->count + 1;
    set->items[set->count++] = tensor;
    if (out != NULL)
        *out = tensor;
    return COP_OK;
}

cop_status cop_tensors_show(cop_tensors *view, const char *name, const cop_tensor *owner,
                            cop_error *err)
{
    if (strlen(name) >= COP_NAME_SIZE || (view->count > 0 && view->slots[slot_of(view, name)] != 0))
        return cop_fail(err, COP_FAILED, "tensor %s cannot be shown as %s", owner->name, name);
    cop_tensor *tensor = NULL;
    if (view->count < view->capacity || grow(view))
        tensor = malloc(sizeof *tensor);
    if (tensor == NULL)
        return cop_fail(err, COP_FAILED, "tensor %s: out of memory", name);
    *tensor = *owner;
    memcpy(tensor->name, name, strlen(name) + 1);
    view->slots[slot_of(view, name)] = view->count + 1;
    view->items[view->count++] = tensor;
    return COP_OK;
}

size_t cop_tensors_count(const cop_tensors *set)
{
    return set->count;
}

cop_tensor *cop_tensors_at(const cop_tensors *set, size_t i)
{
    return set->items[i];
}

cop_tensor *cop_tensors_find(const cop_tensors *set, const char *name)
{
    if (set->count == 0)
        return NULL;
    size_t at = set->slots[slot_of(set, name)];
    return at == 0 ? NULL : set->items[at - 1];
}

static size_t tensor_bytes(const cop_tensor *tensor)
{
    return (size_t)cop_shape_count(tensor->shape) * cop_dtype_size(tensor->dtype);
}

cop_tensors *cop_tensors_clone(const cop_tensors *set)
{
    return cop_tensors_clone_in(set, NULL);
}

cop_tensors *cop_tensors_clone_in(const cop_tensors *set, const cop_memory_source *memory)
{
    cop_tensors *copy = cop_tensors_new_in(memory);
    if (copy == NULL)
        return NULL;
    for (size_t i = 0; i < set->count; i++) {
        const cop_tensor *from = set->items[i];
        cop_tensor *to = NULL;
        if (cop_tensors_add(copy, from->name, from->dtype, from->shape, &to, NULL) != COP_OK) {
            cop_tensors_free(copy);
            return NULL;
        }
        memcpy(to->data, from->data, tensor_bytes(from));
    }
    return copy;
}

/* COP_OK when both tensors agree in dtype and shape. */
static cop_status check_alike(const cop_tensor *to, const cop_tensor *from, cop_error *err)
{
    if (to->dtype != from->dtype)
        return cop_fail(err, COP_FAILED, "tensor %s is %s, but its source is %s", to->name,
                        cop_dtype_name(to->dtype), cop_dtype_name(from->dtype));
    char wanted[96];
    char got[96];
    if (!cop_shape_equal(to->shape, from->shape))
        return cop_fail(err, COP_FAILED, "tensor %s has shape %s, but its source has %s", to->name,
                        cop_shape_text(to->shape, wanted, sizeof wanted),
                        cop_shape_text(from->shape, got, sizeof got));
    return COP_OK;
}

/* Between tensors that are alike. */
static void copy_values(cop_tensor *to, const cop_tensor *from)
{
    if (to != from)
        memcpy(to->data, from->data, tensor_bytes(to));
}

cop_status cop_tensors_copy(cop_tensors *to, const cop_tensors *from, cop_error *err)
{
    /* All is checked first, so that a refused copy leaves `to` as it was. */
    for (size_t i = 0; i < to->count && i < from->count; i++) {
        const char *name = to->items[i]->name, *other = from->items[i]->name;
        if (strcmp(name, other) != 0)
            return cop_fail(err, COP_FAILED, "tensor %zu is %s on one side and %s on the other", i,
                            name, other);
        COP_TRY(check_alike(to->items[i], from->items[i], err));
    }
    if (to->count != from->count) {
        bool more = from->count > to->count;
        const cop_tensor *extra = more ? from->items[to->count] : to->items[from->count];
        return cop_fail(err, COP_FAILED, "tensor %s is only in the %s of the copy", extra->name,
                        more ? "source" : "target");
    }
    for (size_t i = 0; i < to->count; i++)
        copy_values(to->items[i], from->items[i]);
    return COP_OK;
}

/* A name under a prefix, in COP_NAME_SIZE + 1 bytes: one that is too long for a set stays so. */
static const char *prefixed(const char *prefix, const char *name, char *text)
{
    (void)snprintf(text, COP_NAME_SIZE + 1, "%s%s", prefix, name);
    return text;
}

cop_status cop_tensors_add_prefixed(cop_tensors *bag, const char *prefix, const cop_tensors *from,
                                    cop_error *err)
{
    size_t count = from->count; /* of before, where a set is added to itself */
    for (size_t i = 0; i < count; i++) {
        const cop_tensor *tensor = from->items[i];
        char name[COP_NAME_SIZE + 1];
        cop_tensor *copy = NULL;
        COP_TRY(cop_tensors_add(bag, prefixed(prefix, tensor->name, name), tensor->dtype,
                                tensor->shape, &copy, err));
        memcpy(copy->data, tensor->data, tensor_bytes(tensor));
    }
    return COP_OK;
}

/* COP_OK when the bag holds all of the set under the prefix. */
static cop_status check_prefixed(const cop_tensors *bag, const char *prefix, const cop_tensors *set,
                                 bool into_bag, cop_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        char name[COP_NAME_SIZE + 1];
        const cop_tensor *held = cop_tensors_find(bag, prefixed(prefix, set->items[i]->name, name));
        if (held == NULL)
            return cop_fail(err, COP_FAILED, "there is no tensor %s", name);
        COP_TRY(into_bag ? check_alike(held, set->items[i], err)
                         : check_alike(set->items[i], held, err));
    }
    return COP_OK;
}

cop_status cop_tensors_put_prefixed(cop_tensors *bag, const char *prefix, const cop_tensors *from,
                                    cop_error *err)
{
    COP_TRY(check_prefixed(bag, prefix, from, true, err));
    for (size_t i = 0; i < from->count; i++) {
        char name[COP_NAME_SIZE + 1];
        copy_values(cop_tensors_find(bag, prefixed(prefix, from->items[i]->name, name)),
                    from->items[i]);
    }
    return COP_OK;
}

cop_status cop_tensors_take_prefixed(const cop_tensors *bag, const char *prefix, cop_tensors *to,
                                     cop_error *err)
{
    COP_TRY(check_prefixed(bag, prefix, to, false, err));
    for (size_t i = 0; i < to->count; i++) {
        char name[COP_NAME_SIZE + 1];
        copy_values(to->items[i],
                    cop_tensors_find(bag, prefixed(prefix, to->items[i]->name, name)));
    }
    return COP_OK;
}
