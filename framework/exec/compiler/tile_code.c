/* tile_code.c: turning a unit of elementwise nodes into a program of tile operations. */
#include "exec/compiler/compiler.h"

#include <stdlib.h>
#include <string.h>

/* A group under construction. */
typedef struct builder {
    const cop_compiler *c;
    const cop_node *members;
    int32_t member_count;
    cop_fused *group;
    cop_node *sources, *results;
    cop_node operand_node[COP_GROUP_REGISTERS]; /* as the operation names it, views not resolved */
    int32_t member_reg[COP_GROUP_OPS];
} builder;

void cop_fused_free(cop_fused *g)
{
    if (g == NULL)
        return;
    free(g->operands);
    free(g->result_regs);
    free(g->ops);
    free(g->slots);
    free(g);
}

static cop_fused *group_new(int32_t members, cop_error *err)
{
    cop_fused *g = cop_compiler_array(1, sizeof *g, err);
    if (g == NULL)
        return NULL;
    g->operands = cop_compiler_array(COP_GROUP_REGISTERS, sizeof *g->operands, err);
    g->result_regs = cop_compiler_array((size_t)members, sizeof *g->result_regs, err);
    g->ops = cop_compiler_array((size_t)members, sizeof *g->ops, err);
    g->slots = cop_compiler_array(COP_GROUP_REGISTERS, sizeof *g->slots, err);
    if (g->operands == NULL || g->result_regs == NULL || g->ops == NULL || g->slots == NULL) {
        cop_fused_free(g);
        return NULL;
    }
    return g;
}

static const cop_node_data *data_of(const builder *b, cop_node v)
{
    return cop_graph_node(b->c->g, v);
}

static int32_t operand_reg(builder *b, cop_node v)
{
    cop_fused *g = b->group;
    for (int32_t k = 0; k < g->operand_count; k++)
        if (b->operand_node[k] == v)
            return g->operands[k].reg;
    cop_node source = b->c->root[v];
    cop_fused_operand *operand = &g->operands[g->operand_count];
    operand->reg = g->register_count++;
    if (data_of(b, source)->op == COP_OP_CONSTANT) {
        operand->kind = COP_OPERAND_VALUE;
        operand->value = (float)data_of(b, source)->attr.constant.value;
        source = COP_NO_NODE;
    } else if (cop_shape_equal(data_of(b, v)->shape, data_of(b, b->members[0])->shape)) {
        operand->kind = COP_OPERAND_FULL;
    } else {
        operand->kind =
            cop_shape_count(data_of(b, v)->shape) == 1 ? COP_OPERAND_UNIFORM : COP_OPERAND_SPREAD;
    }
    b->operand_node[g->operand_count] = v;
    b->sources[g->operand_count++] = source;
    return operand->reg;
}

/* The register that holds operand v of a member: another member's result, or a group operand. */
static int32_t reg_of(builder *b, cop_node v)
{
    cop_node source = b->c->root[v];
    for (int32_t m = 0; m < b->member_count; m++)
        if (b->members[m] == source)
            return b->member_reg[m];
    return operand_reg(b, v);
}

static void add_op(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    cop_micro_op op = {.op = node->op, .b = -1, .c = -1};
    if (node->op == COP_OP_AFFINE || node->op == COP_OP_LEAKY_RELU) {
        op.scale = (float)node->attr.affine.scale;
        op.offset = (float)node->attr.affine.offset;
    }
    op.a = reg_of(b, node->inputs[0]);
    if (node->input_count > 1)
        op.b = reg_of(b, node->inputs[1]);
    if (node->input_count > 2)
        op.c = reg_of(b, node->inputs[2]);
    op.result = b->group->register_count++;
    b->member_reg[m] = op.result;
    b->group->ops[b->group->op_count++] = op;
    if (b->c->stored[b->members[m]]) {
        b->results[b->group->result_count] = b->members[m];
        b->group->result_regs[b->group->result_count++] = op.result;
    }
}

/* Strides of an operand along the axes of `shape` that are longer than 1; 0 where it is broadcast.
 */
static void strides_of(cop_shape operand, cop_shape shape, int64_t *strides)
{
    int64_t stride = 1;
    int kept = 0;
    for (int axis = 0; axis < shape.rank; axis++)
        kept += shape.dim[axis] > 1 ? 1 : 0;
    for (int axis = shape.rank - 1; axis >= 0; axis--) {
        if (shape.dim[axis] > 1)
            strides[--kept] = operand.dim[axis] > 1 ? stride : 0;
        stride *= operand.dim[axis];
    }
}

/* Whether every operand steps through the axis and the next as through one. */
static bool may_merge(const cop_fused *g, int axis)
{
    for (int32_t k = 0; k < g->operand_count; k++) {
        const int64_t *stride = g->operands[k].stride;
        if (g->operands[k].kind == COP_OPERAND_SPREAD &&
            stride[axis] != stride[axis + 1] * g->dim[axis + 1])
            return false;
    }
    return true;
}

static void merge(cop_fused *g, int axis)
{
    int left = g->rank - axis - 2;
    g->dim[axis] *= g->dim[axis + 1];
    memmove(&g->dim[axis + 1], &g->dim[axis + 2], (size_t)left * sizeof g->dim[0]);
    for (int32_t k = 0; k < g->operand_count; k++) {
        int64_t *stride = g->operands[k].stride;
        memmove(&stride[axis], &stride[axis + 1], (size_t)(left + 1) * sizeof *stride);
    }
    g->rank--;
}

static void collapse(builder *b)
{
    cop_fused *g = b->group;
    cop_shape shape = data_of(b, b->members[0])->shape;
    for (int axis = 0; axis < shape.rank; axis++)
        if (shape.dim[axis] != 1)
            g->dim[g->rank++] = shape.dim[axis];
    for (int32_t k = 0; k < g->operand_count; k++)
        if (g->operands[k].kind == COP_OPERAND_SPREAD)
            strides_of(data_of(b, b->operand_node[k])->shape, shape, g->operands[k].stride);
    if (g->rank == 0)
        g->dim[g->rank++] = 1;
    for (int axis = g->rank - 2; axis >= 0; axis--)
        if (may_merge(g, axis))
            merge(g, axis);
}

static int32_t last_read(const cop_fused *g, int32_t reg)
{
    int32_t last = -1;
    for (int32_t k = 0; k < g->op_count; k++)
        if (g->ops[k].a == reg || g->ops[k].b == reg || g->ops[k].c == reg)
            last = k;
    return last;
}

static bool is_result(const cop_fused *g, int32_t reg)
{
    for (int32_t r = 0; r < g->result_count; r++)
        if (g->result_regs[r] == reg)
            return true;
    return false;
}

/* The least slot that no register holds which is read after operation k. */
static int32_t free_slot(const cop_fused *g, const int32_t *until, int32_t k)
{
    for (int32_t slot = 0;; slot++) {
        bool taken = false;
        for (int32_t reg = 0; reg < g->register_count && !taken; reg++)
            taken = g->slots[reg] == slot && until[reg] > k;
        if (!taken)
            return slot;
    }
}

/* Gives slots to spread operands (for good) and to inner values (until their last reader). */
static void assign_slots(cop_fused *g)
{
    int32_t until[COP_GROUP_REGISTERS];
    for (int32_t reg = 0; reg < g->register_count; reg++) {
        g->slots[reg] = -1;
        until[reg] = last_read(g, reg);
    }
    for (int32_t k = 0; k < g->operand_count; k++)
        if (g->operands[k].kind != COP_OPERAND_FULL) {
            g->slots[g->operands[k].reg] = g->slot_count++;
            until[g->operands[k].reg] = g->op_count;
        }
    for (int32_t k = 0; k < g->op_count; k++) {
        int32_t reg = g->ops[k].result;
        if (is_result(g, reg))
            continue;
        int32_t slot = free_slot(g, until, k);
        g->slots[reg] = slot;
        if (slot >= g->slot_count)
            g->slot_count = slot + 1;
    }
}

bool cop_fused_may_overwrite(const cop_fused *g, int32_t k, int32_t r)
{
    if (g->operands[k].kind != COP_OPERAND_FULL)
        return false;
    int32_t writer = 0;
    while (g->ops[writer].result != g->result_regs[r])
        writer++;
    return last_read(g, g->operands[k].reg) <= writer;
}

cop_status cop_fused_make(const cop_compiler *c, const cop_unit *step, cop_fused **out,
                          cop_node *sources, cop_node *results, cop_error *err)
{
    builder b = {.c = c,
                 .members = c->members + step->first,
                 .member_count = step->count,
                 .sources = sources,
                 .results = results};
    b.group = group_new(step->count, err);
    if (b.group == NULL)
        return COP_FAILED;
    for (int32_t m = 0; m < step->count; m++)
        b.member_reg[m] = -1;
    for (int32_t m = 0; m < step->count; m++)
        add_op(&b, m);
    collapse(&b);
    assign_slots(b.group);
    *out = b.group;
    return COP_OK;
}
