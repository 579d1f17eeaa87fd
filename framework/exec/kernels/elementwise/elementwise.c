/* elementwise.c: a group of elementwise operations, tile by tile.
 *
 * A tile is a run of whole rows of the innermost collapsed axis, or a part of one row where rows
 * are long. Broadcast operands are spread into a tile first, so that every micro-kernel is a loop
 * over plain arrays. */
#include "exec/kernels/elementwise/tile.h"

#include "core/openmp.h"
#include "core/readable.h"

/* Fewer elements than this are not worth waking a second thread for. */
enum { SERIAL_COUNT = 8192 };

/* Where a broadcast operand's row begins. */
static int64_t row_offset(const cop_fused *g, const cop_fused_operand *operand, int64_t row)
{
    int64_t offset = 0;
    for (int axis = g->rank - 2; axis >= 0; axis--) {
        offset += row % g->dim[axis] * operand->stride[axis];
        row /= g->dim[axis];
    }
    return offset;
}

/* The tiles of a group: `parts` to a row, or `rows` rows to a tile. */
typedef struct tiling {
    int64_t length; /* of a row */
    int64_t all_rows, rows, parts, count;
} tiling;

static tiling tiles_of(const cop_fused *g)
{
    tiling t = {.length = g->dim[g->rank - 1], .all_rows = 1};
    for (int axis = 0; axis < g->rank - 1; axis++)
        t.all_rows *= g->dim[axis];
    t.parts = (t.length + COP_TILE - 1) / COP_TILE;
    t.rows = t.parts > 1 ? 1 : COP_TILE / (t.length > 0 ? t.length : 1);
    t.count = t.parts > 1 ? t.all_rows * t.parts : (t.all_rows + t.rows - 1) / t.rows;
    return t;
}

/* One tile: rows first … first+rows−1, elements begin … begin+length−1 of each. */
typedef struct tile {
    int64_t first, rows, begin, length;
} tile;

static tile tile_at(const tiling *t, int64_t i)
{
    if (t->parts > 1) {
        int64_t begin = i % t->parts * COP_TILE;
        int64_t left = t->length - begin;
        return (tile){i / t->parts, 1, begin, left < COP_TILE ? left : COP_TILE};
    }
    int64_t first = i * t->rows, left = t->all_rows - first;
    return (tile){first, left < t->rows ? left : t->rows, 0, t->length};
}

static void spread(const cop_fused *g, const cop_fused_operand *operand, const float *x, tile at,
                   float *out)
{
    bool along = operand->stride[g->rank - 1] != 0;
    for (int64_t r = 0; r < at.rows; r++, out += at.length) {
        const float *row = x + row_offset(g, operand, at.first + r);
        if (!along) {
            cop_tile_fill(out, *row, at.length);
            continue;
        }
        row += at.begin;
#pragma omp simd
        for (int64_t i = 0; i < at.length; i++)
            out[i] = row[i];
    }
}

static void run_tiles(const cop_fused *g, const tiling *t, const float *const *in,
                      float *const *out, float *scratch, int64_t begin, int64_t end)
{
    float *reg[COP_GROUP_REGISTERS];
    for (int32_t r = 0; r < g->register_count; r++)
        reg[r] = g->slots[r] >= 0 ? scratch + (int64_t)g->slots[r] * COP_TILE : NULL;
    for (int32_t k = 0; k < g->operand_count; k++) {
        const cop_fused_operand *operand = &g->operands[k];
        if (operand->kind == COP_OPERAND_VALUE)
            cop_tile_fill(reg[operand->reg], operand->value, COP_TILE);
        else if (operand->kind == COP_OPERAND_UNIFORM)
            cop_tile_fill(reg[operand->reg], *in[k], COP_TILE);
    }
    for (int64_t i = begin; i < end; i++) {
        tile at = tile_at(t, i);
        int64_t offset = at.first * t->length + at.begin;
        for (int32_t k = 0; k < g->operand_count; k++) {
            const cop_fused_operand *operand = &g->operands[k];
            if (operand->kind == COP_OPERAND_FULL)
                reg[operand->reg] = cop_readable(in[k] + offset);
            else if (operand->kind == COP_OPERAND_SPREAD)
                spread(g, operand, in[k], at, reg[operand->reg]);
        }
        for (int32_t k = 0; k < g->result_count; k++)
            reg[g->result_regs[k]] = out[k] + offset;
        for (int32_t k = 0; k < g->op_count; k++)
            cop_tile_apply(&g->ops[k], reg, at.rows * at.length);
    }
}

size_t cop_fused_scratch_bytes(const cop_fused *g, int threads)
{
    return (size_t)g->slot_count * COP_TILE * sizeof(float) * (size_t)threads;
}

void cop_kernel_fused(const cop_fused *g, const float *const *in, float *const *out, float *scratch,
                      int threads)
{
    tiling t = tiles_of(g);
    if (threads <= 1 || t.all_rows * t.length * g->op_count < SERIAL_COUNT) {
        run_tiles(g, &t, in, out, scratch, 0, t.count);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        int64_t team = omp_get_num_threads(), id = omp_get_thread_num();
        float *own = scratch + id * g->slot_count * COP_TILE;
        run_tiles(g, &t, in, out, own, t.count * id / team, t.count * (id + 1) / team);
    }
}
