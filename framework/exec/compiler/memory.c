/* memory.c: the life of every buffer, and one arena in which storages whose lives do not meet may
 * lie on each other. Storages are placed from large to small, each in the tightest gap. */
#include "exec/program/program.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static void find_lives(cop_program *p)
{
    for (int32_t i = 0; i < p->instruction_count; i++) {
        const cop_instruction *in = &p->instructions[i];
        for (int32_t k = 0; k < in->operand_count; k++)
            if (in->operands[k] >= 0 && p->buffers[in->operands[k]].last < i)
                p->buffers[in->operands[k]].last = i;
        for (int32_t r = 0; r < in->result_count; r++) {
            cop_buffer *b = &p->buffers[in->results[r]];
            b->first = i;
            b->last = b->last < i ? i : b->last;
        }
        if (in->scratch >= 0)
            p->buffers[in->scratch].first = p->buffers[in->scratch].last = i;
    }
}

static void new_storage(cop_program *p, cop_buffer *b)
{
    b->storage = p->storage_count;
    p->storages[p->storage_count++] =
        (cop_storage){.bytes = (b->bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT,
                      .first = b->first,
                      .last = b->last,
                      .tenants = 1};
}

bool cop_instruction_may_overwrite(const cop_instruction *in, int32_t operand, int32_t result)
{
    bool found = false;
    int32_t r = 0;
    while (in->results[r] != result)
        r++;
    for (int32_t k = 0; k < in->operand_count; k++) {
        if (in->operands[k] != operand)
            continue;
        found = true;
        bool may = in->op == COP_OP_NORMALIZE_JACOBIAN && k < 2;
        if (in->group != NULL)
            may = cop_fused_may_overwrite(in->group, k, r);
        else if (in->plane != NULL)
            may = cop_plane_may_overwrite(in->plane, k, r);
        if (!may)
            return false;
    }
    return found;
}

/* Puts result b of instruction i on an operand that dies there, where that is allowed. */
static bool share_operand(cop_program *p, int32_t i, int32_t result)
{
    const cop_instruction *in = &p->instructions[i];
    cop_buffer *b = &p->buffers[result];
    for (int32_t k = 0; k < in->operand_count; k++) {
        if (in->operands[k] < 0)
            continue;
        const cop_buffer *operand = &p->buffers[in->operands[k]];
        if (operand->home != COP_HOME_ARENA || operand->bytes != b->bytes)
            continue;
        cop_storage *storage = &p->storages[operand->storage];
        if (storage->last != i || !cop_instruction_may_overwrite(in, in->operands[k], result))
            continue;
        b->storage = operand->storage;
        storage->last = b->last > i ? b->last : i + 1;
        storage->tenants++;
        return true;
    }
    return false;
}

static void assign_storages(cop_program *p)
{
    for (int32_t k = 0; k < p->buffer_count; k++)
        if (p->buffers[k].home == COP_HOME_CONSTANT) {
            p->buffers[k].last = COP_KEPT;
            new_storage(p, &p->buffers[k]);
        }
    for (int32_t i = 0; i < p->instruction_count; i++) {
        const cop_instruction *in = &p->instructions[i];
        for (int32_t r = 0; r < in->result_count; r++)
            if (!share_operand(p, i, in->results[r]))
                new_storage(p, &p->buffers[in->results[r]]);
        if (in->scratch >= 0)
            new_storage(p, &p->buffers[in->scratch]);
    }
}

static int larger_first(const void *a, const void *b)
{
    const cop_storage *x = *(const cop_storage *const *)a, *y = *(const cop_storage *const *)b;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x < y ? -1 : (x > y ? 1 : 0);
}

/* The start of the tightest gap among those already placed (by offset) that live at the same time.
 */
static size_t best_gap(cop_storage *const *placed, int32_t count, const cop_storage *s)
{
    size_t end = 0, best = SIZE_MAX, best_room = SIZE_MAX;
    for (int32_t i = 0; i < count; i++) {
        const cop_storage *other = placed[i];
        if (other->last < s->first || other->first > s->last)
            continue;
        if (other->offset > end && other->offset - end >= s->bytes &&
            other->offset - end < best_room) {
            best = end;
            best_room = other->offset - end;
        }
        if (other->offset + other->bytes > end)
            end = other->offset + other->bytes;
    }
    return best != SIZE_MAX ? best : end;
}

static void place_all(cop_program *p, cop_storage **by_size, cop_storage **placed)
{
    for (int32_t i = 0; i < p->storage_count; i++)
        by_size[i] = &p->storages[i];
    qsort(by_size, (size_t)p->storage_count, sizeof(cop_storage *), larger_first);
    for (int32_t i = 0; i < p->storage_count; i++) {
        cop_storage *s = by_size[i];
        s->offset = best_gap(placed, i, s);
        if (s->offset + s->bytes > p->arena_bytes)
            p->arena_bytes = s->offset + s->bytes;
        int32_t at = i;
        while (at > 0 && placed[at - 1]->offset > s->offset)
            at--;
        memmove(&placed[at + 1], &placed[at], (size_t)(i - at) * sizeof(cop_storage *));
        placed[at] = s;
    }
}

cop_status cop_plan_memory(cop_program *p, cop_error *err)
{
    size_t count = (size_t)p->buffer_count + 1;
    p->storages = calloc(count, sizeof *p->storages);
    cop_storage **by_size = calloc(count, sizeof(cop_storage *));
    cop_storage **placed = calloc(count, sizeof(cop_storage *));
    cop_status status = COP_OK;
    if (p->storages == NULL || by_size == NULL || placed == NULL) {
        status = cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
    } else {
        find_lives(p);
        assign_storages(p);
        place_all(p, by_size, placed);
    }
    free(by_size);
    free(placed);
    return status;
}
