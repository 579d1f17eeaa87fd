/* plane.c: turning a unit of nodes into a program for the plane kernel. */
#include "exec/compiler/plane.h"

#include <stdlib.h>

enum { TILE_FLOATS = 512, VECTOR = 16 };

/* A group under construction. */
typedef struct builder {
    const cop_compiler *c;
    const cop_node *members;
    int32_t member_count;
    cop_plane *plane;
    cop_plane_domain domain;
    cop_node *sources, *results;
    bool *whole;
    cop_node *operand_node;            /* as the operation names it, views not resolved */
    int32_t member_reg[COP_GROUP_OPS]; /* −1 where it has none */
    int32_t member_op[COP_GROUP_OPS];  /* the operation that makes it */
} builder;

void cop_plane_free(cop_plane *p)
{
    if (p == NULL)
        return;
    free(p->registers);
    free(p->operand_registers);
    free(p->result_registers);
    free(p->ops);
    free(p->sinks);
    free(p->moving);
    free(p->spreads);
    free(p);
}

static cop_plane *plane_new(cop_error *err)
{
    cop_plane *p = cop_compiler_array(1, sizeof *p, err);
    if (p == NULL)
        return NULL;
    p->registers = cop_compiler_array(COP_PLANE_REGISTERS, sizeof *p->registers, err);
    p->operand_registers =
        cop_compiler_array(COP_PLANE_REGISTERS, sizeof *p->operand_registers, err);
    p->result_registers = cop_compiler_array(COP_GROUP_OPS, sizeof *p->result_registers, err);
    p->ops = cop_compiler_array(COP_PLANE_OPS, sizeof *p->ops, err);
    p->sinks = cop_compiler_array(COP_GROUP_OPS, sizeof *p->sinks, err);
    p->moving = cop_compiler_array(COP_PLANE_REGISTERS, sizeof *p->moving, err);
    p->spreads = cop_compiler_array(COP_PLANE_REGISTERS, sizeof *p->spreads, err);
    if (p->registers == NULL || p->operand_registers == NULL || p->result_registers == NULL ||
        p->ops == NULL || p->sinks == NULL || p->moving == NULL || p->spreads == NULL) {
        cop_plane_free(p);
        return NULL;
    }
    return p;
}

static const cop_node_data *data_of(const builder *b, cop_node v)
{
    return cop_graph_node(b->c->g, v);
}

static int32_t add_register(builder *b, cop_plane_register draft)
{
    draft.slot = draft.spread = -1;
    b->plane->registers[b->plane->register_count] = draft;
    return b->plane->register_count++;
}

static bool is_plane(const builder *b, cop_node v)
{
    cop_shape s = data_of(b, v)->shape;
    return s.dim[2] * s.dim[3] > 1;
}

static int32_t zoom_of(const builder *b, cop_node v)
{
    return (int32_t)(data_of(b, v)->shape.dim[2] / b->domain.height);
}

/* Where an operand comes from. Elementwise operations take a constant as one number; others walk
 * over planes, and want `walked` constants in memory too. */
static cop_plane_home operand_home(const builder *b, cop_node v, bool walked)
{
    cop_shape shape = data_of(b, v)->shape;
    bool planes = shape.rank == 4 && is_plane(b, v);
    if (data_of(b, b->c->root[v])->op == COP_OP_CONSTANT && !(planes && walked))
        return COP_PLANE_VALUE;
    if (planes)
        return COP_PLANE_OPERAND;
    return cop_shape_count(shape) == 1 ? COP_PLANE_UNIFORM : COP_PLANE_LANES_IN;
}

static int32_t operand_reg(builder *b, cop_node v, bool walked)
{
    cop_plane *p = b->plane;
    cop_plane_register draft = {.home = operand_home(b, v, walked), .index = p->operand_count};
    for (int32_t k = 0; k < p->operand_count; k++)
        if (b->operand_node[k] == v && p->registers[p->operand_registers[k]].home == draft.home)
            return p->operand_registers[k];
    if (draft.home == COP_PLANE_VALUE)
        draft.value = (float)data_of(b, b->c->root[v])->attr.constant.value;
    else if (draft.home == COP_PLANE_OPERAND)
        draft.zoom = zoom_of(b, v);
    else if (draft.home == COP_PLANE_LANES_IN)
        draft.per_sample = data_of(b, v)->shape.dim[0] == b->domain.samples;
    b->operand_node[p->operand_count] = v;
    b->sources[p->operand_count] = draft.home == COP_PLANE_VALUE ? COP_NO_NODE : v;
    b->whole[p->operand_count] = draft.home == COP_PLANE_OPERAND;
    p->operand_registers[p->operand_count] = add_register(b, draft);
    return p->operand_registers[p->operand_count++];
}

static int32_t member_at(const builder *b, cop_node v)
{
    for (int32_t m = 0; m < b->member_count; m++)
        if (b->members[m] == v)
            return m;
    return -1;
}

static int32_t reg_of(builder *b, cop_node v)
{
    int32_t m = member_at(b, b->c->root[v]);
    return m >= 0 ? b->member_reg[m] : operand_reg(b, v, false);
}

/* As above for an operation that walks over the operand's planes. */
static int32_t planes_of(builder *b, cop_node v)
{
    int32_t m = member_at(b, b->c->root[v]);
    return m >= 0 ? b->member_reg[m] : operand_reg(b, v, true);
}

/* The register that member m is written to: a result's memory, or the scratch. */
static int32_t member_register(builder *b, int32_t m, int32_t phase)
{
    cop_node v = b->members[m];
    bool planes = is_plane(b, v);
    cop_plane_register draft = {.phase = phase, .per_sample = true};
    draft.home = planes ? COP_PLANE_TILE : COP_PLANE_LANES;
    draft.zoom = planes ? zoom_of(b, v) : 0;
    if (b->c->stored[v]) {
        draft.home = planes ? COP_PLANE_RESULT : COP_PLANE_LANES_OUT;
        draft.index = b->plane->result_count;
    }
    b->member_reg[m] = add_register(b, draft);
    if (b->c->stored[v]) {
        b->results[b->plane->result_count] = v;
        b->plane->result_registers[b->plane->result_count++] = b->member_reg[m];
    }
    return b->member_reg[m];
}

static int32_t ready(const builder *b, int32_t reg)
{
    return reg >= 0 ? b->plane->registers[reg].phase : 0;
}

static int32_t later(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Adds an operation on up to four registers, in the first phase that has them all. */
static cop_plane_op *add_op(builder *b, cop_plane_kind kind, cop_op op, const int32_t reads[4])
{
    cop_plane_op *made = &b->plane->ops[b->plane->op_count++];
    *made = (cop_plane_op){.kind = kind, .d = reads[3], .share = -1};
    made->micro = (cop_micro_op){
        .op = op, .a = reads[0], .b = reads[1], .c = reads[2], .result = -1, .scale = 1.0f};
    for (int i = 0; i < 4; i++)
        made->phase = later(made->phase, ready(b, reads[i]));
    return made;
}

/* A sum over the plane, whose lanes the next phase may read. */
static int32_t add_reduction(builder *b, cop_plane_kind kind, int32_t x, int32_t y, double scale)
{
    cop_plane_op *op = add_op(b, kind, COP_OP_SUM, (int32_t[4]){x, y, -1, -1});
    op->micro.scale = (float)scale;
    op->micro.result =
        add_register(b, (cop_plane_register){.home = COP_PLANE_LANES, .phase = op->phase + 1});
    return op->micro.result;
}

static double per_pixel(const builder *b, cop_node x)
{
    cop_shape s = data_of(b, x)->shape;
    return 1.0 / (double)(s.dim[2] * s.dim[3]);
}

static void add_elementwise(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    int32_t reads[4] = {-1, -1, -1, -1};
    for (int32_t i = 0; i < node->input_count; i++)
        reads[i] = reg_of(b, node->inputs[i]);
    cop_plane_kind kind = is_plane(b, b->members[m]) ? COP_PLANE_MAP : COP_PLANE_LANE_MAP;
    cop_plane_op *op = add_op(b, kind, node->op, reads);
    if (node->op == COP_OP_AFFINE || node->op == COP_OP_LEAKY_RELU) {
        op->micro.scale = (float)node->attr.affine.scale;
        op->micro.offset = (float)node->attr.affine.offset;
    }
    op->micro.result = member_register(b, m, op->phase);
}

/* r·(u − mean(u) − y·mean(u·y)) */
static void add_jacobian(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    int32_t u = planes_of(b, node->inputs[0]), y = planes_of(b, node->inputs[1]);
    int32_t r = reg_of(b, node->inputs[2]);
    double scale = per_pixel(b, node->inputs[0]);
    int32_t mean = add_reduction(b, COP_PLANE_SUM, u, -1, scale);
    int32_t slope = add_reduction(b, COP_PLANE_DOT, u, y, scale);
    cop_plane_op *op = add_op(b, COP_PLANE_PROJECT, COP_OP_SUB, (int32_t[4]){u, y, mean, slope});
    int32_t projected = op->micro.result = add_register(
        b, (cop_plane_register){
               .home = COP_PLANE_TILE, .phase = op->phase, .zoom = zoom_of(b, b->members[m])});
    op = add_op(b, COP_PLANE_MAP, COP_OP_MUL, (int32_t[4]){projected, r, -1, -1});
    op->micro.result = member_register(b, m, op->phase);
}

/* The sum that is kept for each block, and what member m, a sum over samples, makes of them. */
static cop_plane_sink *add_sink(builder *b, int32_t m, int32_t op, double scale)
{
    cop_plane *p = b->plane;
    if (p->ops[op].share < 0)
        p->ops[op].share = p->share_count++;
    b->member_op[m] = op;
    if (!b->c->stored[b->members[m]])
        return NULL;
    cop_plane_sink *sink = &p->sinks[p->sink_count++];
    *sink = (cop_plane_sink){
        .result = p->result_count, .share = p->ops[op].share, .mean_share = -1, .scale = scale};
    b->results[p->result_count] = b->members[m];
    p->result_registers[p->result_count++] = -1;
    return sink;
}

/* Whether member v is a product that sums alone read: each computes it by itself. */
static bool is_only_summed(const builder *b, cop_node v)
{
    const cop_compiler *c = b->c;
    if (member_at(b, v) < 0 || data_of(b, v)->op != COP_OP_MUL || c->stored[v])
        return false;
    for (int32_t i = c->uses[v]; i < c->uses[v + 1]; i++)
        if (data_of(b, c->users[i])->op != COP_OP_SUM)
            return false;
    return is_plane(b, v);
}

/* The plane sum of these registers, which may be there already; its index among the operations. */
static int32_t plane_sum(builder *b, const int32_t reads[4])
{
    cop_plane_kind kind = reads[1] >= 0 ? COP_PLANE_DOT : COP_PLANE_SUM;
    for (int32_t k = 0; k < b->plane->op_count; k++) {
        const cop_plane_op *op = &b->plane->ops[k];
        if (op->kind == kind && op->micro.a == reads[0] && op->micro.b == reads[1] &&
            op->micro.result < 0)
            return k;
    }
    (void)add_op(b, kind, COP_OP_SUM, reads);
    return b->plane->op_count - 1;
}

static void add_sum(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    cop_node x = b->c->root[node->inputs[0]];
    int32_t reads[4] = {-1, -1, -1, -1};
    if (is_only_summed(b, x)) {
        reads[0] = planes_of(b, data_of(b, x)->inputs[0]);
        reads[1] = planes_of(b, data_of(b, x)->inputs[1]);
    } else {
        reads[0] = planes_of(b, node->inputs[0]);
    }
    if (b->plane->registers[reads[0]].zoom == 0) { /* the first one's size counts */
        int32_t lanes = reads[0];
        reads[0] = reads[1];
        reads[1] = lanes;
    }
    if (cop_plane_is_sink(b->c, b->members[m])) {
        (void)add_sink(b, m, plane_sum(b, reads), node->attr.sum.scale);
        return;
    }
    cop_plane_op *op = add_op(b, reads[1] >= 0 ? COP_PLANE_DOT : COP_PLANE_SUM, COP_OP_SUM, reads);
    op->micro.scale = (float)node->attr.sum.scale;
    op->micro.result = member_register(b, m, op->phase + 1);
}

/* Over the batch: each plane's squares about its own mean, from the sum that the batch's mean is
 * made of. */
static void add_batch_variance(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    cop_shape shape = data_of(b, node->inputs[0])->shape;
    int32_t x = planes_of(b, node->inputs[0]);
    int32_t sum = b->member_op[member_at(b, b->c->root[node->inputs[1]])];
    cop_plane_op *mean = &b->plane->ops[sum];
    if (mean->micro.result < 0) {
        mean->micro.scale = (float)per_pixel(b, node->inputs[0]);
        mean->micro.result = add_register(
            b, (cop_plane_register){.home = COP_PLANE_LANES, .phase = mean->phase + 1});
    }
    int32_t share = mean->share;
    (void)add_op(b, COP_PLANE_SQUARES, COP_OP_VARIANCE,
                 (int32_t[4]){x, mean->micro.result, -1, -1});
    cop_plane_sink *sink = add_sink(b, m, b->plane->op_count - 1,
                                    (double)shape.dim[1] / (double)cop_shape_count(shape));
    if (sink != NULL) {
        sink->mean_share = share;
        sink->pixels = (double)(shape.dim[2] * shape.dim[3]);
    }
}

static void add_variance(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    if (cop_plane_is_sink(b->c, b->members[m])) {
        add_batch_variance(b, m);
        return;
    }
    int32_t reads[4] = {planes_of(b, node->inputs[0]), reg_of(b, node->inputs[1]), -1, -1};
    cop_plane_op *op = add_op(b, COP_PLANE_SQUARES, COP_OP_VARIANCE, reads);
    op->micro.scale = (float)per_pixel(b, node->inputs[0]);
    op->micro.result = member_register(b, m, op->phase + 1);
}

static void add_pool(builder *b, int32_t m)
{
    const cop_node_data *node = data_of(b, b->members[m]);
    int32_t a = planes_of(b, node->inputs[0]);
    int32_t second = node->input_count > 1 ? planes_of(b, node->inputs[1]) : a;
    cop_plane_op *op = add_op(b, COP_PLANE_POOL, node->op, (int32_t[4]){a, second, -1, -1});
    op->micro.result = member_register(b, m, op->phase);
}

static void add_member(builder *b, int32_t m)
{
    switch (data_of(b, b->members[m])->op) {
    case COP_OP_SUM:
        add_sum(b, m);
        break;
    case COP_OP_VARIANCE:
        add_variance(b, m);
        break;
    case COP_OP_NORMALIZE_JACOBIAN:
        add_jacobian(b, m);
        break;
    case COP_OP_AVG_POOL:
    case COP_OP_AVG_POOL_ADJOINT:
    case COP_OP_MAX_POOL:
    case COP_OP_MAX_POOL_TAKE:
    case COP_OP_MAX_POOL_PUT:
        add_pool(b, m);
        break;
    default:
        if (!is_only_summed(b, b->members[m]))
            add_elementwise(b, m);
        break;
    }
}

/* By phase, lanes first, and otherwise as they were made. */
static void sort_ops(cop_plane *p, cop_plane_op *sorted)
{
    int32_t count = 0;
    for (int32_t phase = 0; count < p->op_count; phase++) {
        for (int lanes = 1; lanes >= 0; lanes--)
            for (int32_t k = 0; k < p->op_count; k++)
                if (p->ops[k].phase == phase &&
                    (p->ops[k].kind == COP_PLANE_LANE_MAP) == (lanes == 1))
                    sorted[count++] = p->ops[k];
        p->phase_count = phase + 1;
    }
    for (int32_t k = 0; k < count; k++)
        p->ops[k] = sorted[k];
}

static bool reads(const cop_plane_op *op, int32_t reg)
{
    return op->micro.a == reg || op->micro.b == reg || op->micro.c == reg || op->d == reg;
}

static int32_t last_read(const cop_plane *p, int32_t reg)
{
    int32_t last = -1;
    for (int32_t k = 0; k < p->op_count; k++)
        if (reads(&p->ops[k], reg))
            last = k;
    return last;
}

static int32_t writer_of(const cop_plane *p, int32_t reg)
{
    int32_t k = 0;
    while (p->ops[k].micro.result != reg)
        k++;
    return k;
}

/* A value that is not a plane is repeated to sixteen where an operation on planes reads it. */
static bool wants_spread(const cop_plane *p, int32_t reg)
{
    if (p->registers[reg].home == COP_PLANE_UNIFORM || p->registers[reg].home == COP_PLANE_VALUE)
        return true; /* lane operations read it too */
    if (p->registers[reg].zoom > 0)
        return false;
    for (int32_t k = 0; k < p->op_count; k++)
        if (p->ops[k].kind != COP_PLANE_LANE_MAP && reads(&p->ops[k], reg))
            return true;
    return false;
}

static int64_t rounded(int64_t floats)
{
    return (floats + VECTOR - 1) / VECTOR * VECTOR;
}

static int64_t take_slot(cop_plane *p, int64_t floats)
{
    int64_t slot = p->thread_floats;
    p->thread_floats += rounded(floats);
    return slot;
}

/* Fewer passes over a tile. */

static int32_t reader_count(const cop_plane *p, int32_t reg)
{
    int32_t count = 0;
    for (int32_t k = 0; k < p->op_count; k++)
        count += reads(&p->ops[k], reg) ? 1 : 0;
    return count;
}

static void drop_op(cop_plane *p, int32_t k)
{
    for (int32_t i = k + 1; i < p->op_count; i++)
        p->ops[i - 1] = p->ops[i];
    p->op_count--;
}

static bool is_map(const cop_plane_op *op, cop_op kind)
{
    return op->kind == COP_PLANE_MAP && op->micro.op == kind;
}

/* a·b, and right after it in the same phase the only reader, which adds c: a·b + c. */
static void join_product_and_sum(cop_plane *p)
{
    for (int32_t k = 0; k + 1 < p->op_count; k++) {
        const cop_plane_op *mul = &p->ops[k];
        cop_plane_op *add = &p->ops[k + 1];
        int32_t product = mul->micro.result;
        if (!is_map(mul, COP_OP_MUL) || !is_map(add, COP_OP_ADD) || mul->phase != add->phase ||
            p->registers[product].home != COP_PLANE_TILE || reader_count(p, product) != 1 ||
            !reads(add, product) || add->micro.a == add->micro.b)
            continue;
        add->kind = COP_PLANE_SCALE;
        add->micro.c = add->micro.a == product ? add->micro.b : add->micro.a;
        add->micro.a = mul->micro.a;
        add->micro.b = mul->micro.b;
        drop_op(p, k);
    }
}

/* The operation of that kind which makes tile `reg` in this phase for one reader; or −1. */
static int32_t sole_maker(const cop_plane *p, int32_t reg, cop_op kind, int32_t phase)
{
    if (reg < 0 || p->registers[reg].home != COP_PLANE_TILE || reader_count(p, reg) != 1)
        return -1;
    int32_t k = writer_of(p, reg);
    return is_map(&p->ops[k], kind) && p->ops[k].phase == phase ? k : -1;
}

/* (a − c) − b·d */
static void join_projection(cop_plane *p)
{
    for (int32_t k = 0; k < p->op_count; k++) {
        cop_plane_op *op = &p->ops[k];
        if (!is_map(op, COP_OP_SUB))
            continue;
        int32_t left = sole_maker(p, op->micro.a, COP_OP_SUB, op->phase);
        int32_t right = sole_maker(p, op->micro.b, COP_OP_MUL, op->phase);
        if (left < 0 || right < 0)
            continue;
        op->kind = COP_PLANE_PROJECT;
        op->micro.a = p->ops[left].micro.a;
        op->micro.c = p->ops[left].micro.b;
        op->micro.b = p->ops[right].micro.a;
        op->d = p->ops[right].micro.b;
        drop_op(p, left > right ? left : right);
        drop_op(p, left > right ? right : left);
        k -= 2;
    }
}

/* Where a gate reads a ReLU it may as well read what that is of: both are positive together. */
static void see_through_relu(cop_plane *p)
{
    for (int32_t k = 0; k < p->op_count; k++) {
        if (!is_map(&p->ops[k], COP_OP_RELU))
            continue;
        const cop_plane_op relu = p->ops[k];
        for (int32_t i = k + 1; i < p->op_count && p->ops[i].phase == relu.phase; i++)
            if (is_map(&p->ops[i], COP_OP_GATE) && p->ops[i].micro.b == relu.micro.result)
                p->ops[i].micro.b = relu.micro.a;
        if (p->registers[relu.micro.result].home == COP_PLANE_TILE &&
            reader_count(p, relu.micro.result) == 0)
            drop_op(p, k--);
    }
}

/* The dot product with plane `reg` after operation k, in its phase, that has no sum to itself. */
static int32_t lone_dot(const cop_plane *p, int32_t k, int32_t reg)
{
    for (int32_t i = k + 1; i < p->op_count && p->ops[i].phase == p->ops[k].phase; i++)
        if (p->ops[i].kind == COP_PLANE_DOT && p->ops[i].micro.a == reg && !p->ops[i - 1].paired)
            return i;
    return -1;
}

/* Puts the dot product of a plane right behind its sum. */
static void pair_sums(cop_plane *p)
{
    for (int32_t k = 0; k < p->op_count; k++) {
        if (p->ops[k].kind != COP_PLANE_SUM || p->ops[k].paired)
            continue;
        int32_t i = lone_dot(p, k, p->ops[k].micro.a);
        if (i < 0)
            continue;
        /* The sum moves to just before the dot product: nothing in this phase reads it. */
        cop_plane_op sum = p->ops[k];
        sum.paired = true;
        for (int32_t j = k; j + 1 < i; j++)
            p->ops[j] = p->ops[j + 1];
        p->ops[i - 1] = sum;
        k--;
    }
}

/* A tile's place may be taken again once it has been read for the last time; by the very operation
 * that reads it unless that pools, which moves elements. */
static void place_tiles(cop_plane *p, int64_t tile, int32_t *held_until)
{
    int64_t first = p->thread_floats;
    int32_t slots = 0;
    for (int32_t k = 0; k < p->op_count; k++) {
        int32_t r = p->ops[k].micro.result;
        if (r < 0 || p->registers[r].home != COP_PLANE_TILE)
            continue;
        int32_t slot = 0;
        bool moves = p->ops[k].kind == COP_PLANE_POOL;
        while (slot < slots && held_until[slot] > k - (moves ? 1 : 0))
            slot++;
        slots = slot == slots ? slots + 1 : slots;
        held_until[slot] = last_read(p, r);
        p->registers[r].slot = first + slot * rounded(tile);
    }
    p->thread_floats += slots * rounded(tile);
}

static void place_all(cop_plane *p, int32_t zoom, int32_t *held_until)
{
    int64_t pixels = p->columns * zoom * zoom * p->lanes;
    p->tile_rows = pixels < TILE_FLOATS ? TILE_FLOATS / pixels : 1;
    if (p->tile_rows > p->rows)
        p->tile_rows = p->rows;
    int64_t tile = p->tile_rows * pixels;
    for (int32_t r = 0; r < p->register_count; r++) {
        cop_plane_register *reg = &p->registers[r];
        if (reg->home == COP_PLANE_TILE) {
            int32_t last = last_read(p, r);
            if (last >= 0 && p->ops[last].phase > p->ops[writer_of(p, r)].phase)
                reg->home = COP_PLANE_KEPT;
        }
        if (reg->home == COP_PLANE_KEPT)
            reg->slot = take_slot(p, p->rows * p->columns * reg->zoom * reg->zoom * p->lanes);
        else if (reg->home == COP_PLANE_LANES)
            reg->slot = take_slot(p, VECTOR);
        if (wants_spread(p, r))
            reg->spread = take_slot(p, VECTOR);
        if (reg->spread >= 0 && reg->home != COP_PLANE_UNIFORM && reg->home != COP_PLANE_VALUE)
            p->spreads[p->spread_count++] = r;
        if (reg->home == COP_PLANE_OPERAND || reg->home == COP_PLANE_RESULT ||
            reg->home == COP_PLANE_KEPT)
            p->moving[p->moving_count++] = r;
    }
    place_tiles(p, tile, held_until);
}

static bool pools(const cop_plane *p)
{
    for (int32_t k = 0; k < p->op_count; k++)
        if (p->ops[k].kind == COP_PLANE_POOL)
            return true;
    return false;
}

/* Where nothing is pooled a plane is one row of pixels, cut anywhere. */
static void set_extent(builder *b)
{
    cop_plane *p = b->plane;
    p->samples = b->domain.samples;
    p->channels = b->domain.channels;
    bool by_rows = pools(p);
    p->rows = by_rows ? b->domain.height : b->domain.height * b->domain.width;
    p->columns = by_rows ? b->domain.width : 1;
}

bool cop_plane_may_overwrite(const cop_plane *p, int32_t k, int32_t r)
{
    int32_t operand = p->operand_registers[k], result = p->result_registers[r];
    if (result < 0 || p->registers[operand].home != COP_PLANE_OPERAND ||
        p->registers[result].home != COP_PLANE_RESULT ||
        p->registers[operand].zoom != p->registers[result].zoom)
        return false;
    int32_t writer = writer_of(p, result);
    return p->ops[writer].kind != COP_PLANE_POOL && last_read(p, operand) <= writer;
}

int64_t cop_plane_elements(const cop_plane *p)
{
    int64_t count = 0;
    for (int32_t k = 0; k < p->op_count; k++) {
        const cop_plane_op *op = &p->ops[k];
        if (op->kind == COP_PLANE_LANE_MAP)
            continue;
        bool sums = op->kind >= COP_PLANE_SUM && op->kind <= COP_PLANE_SQUARES;
        int64_t zoom = p->registers[sums ? op->micro.a : op->micro.result].zoom;
        count += p->samples * p->channels * p->rows * p->columns * zoom * zoom;
    }
    return count;
}

static cop_status build(builder *b, cop_error *err)
{
    for (int32_t m = 0; m < b->member_count; m++) {
        cop_plane_domain own;
        if (!cop_plane_takes(b->c, b->members[m], &own) ||
            (m > 0 && !cop_plane_domains_meet(&own, &b->domain, &b->domain)))
            return cop_fail(err, COP_FAILED, "node %d has no place in its group", b->members[m]);
        if (m == 0)
            b->domain = own;
        b->member_reg[m] = b->member_op[m] = -1;
    }
    for (int32_t m = 0; m < b->member_count; m++)
        add_member(b, m);
    cop_plane *p = b->plane;
    cop_plane_op *sorted = cop_compiler_array(COP_PLANE_OPS, sizeof *sorted, err);
    int32_t *held_until = cop_compiler_array(COP_PLANE_REGISTERS, sizeof *held_until, err);
    if (sorted != NULL && held_until != NULL) {
        sort_ops(p, sorted);
        see_through_relu(p);
        join_product_and_sum(p);
        join_projection(p);
        pair_sums(p);
        set_extent(b);
        place_all(p, (int32_t)b->domain.zoom, held_until);
    }
    cop_status status = sorted != NULL && held_until != NULL ? COP_OK : COP_FAILED;
    free(sorted);
    free(held_until);
    return status;
}

cop_status cop_plane_make(const cop_compiler *c, const cop_unit *step, int32_t lanes,
                          cop_plane **out, cop_node *sources, bool *whole, cop_node *results,
                          cop_error *err)
{
    builder *b = cop_compiler_array(1, sizeof *b, err);
    cop_node *operand_node = cop_compiler_array(COP_PLANE_REGISTERS, sizeof *operand_node, err);
    cop_status status = COP_FAILED;
    if (b != NULL && operand_node != NULL) {
        *b = (builder){.c = c,
                       .members = c->members + step->first,
                       .member_count = step->count,
                       .plane = plane_new(err),
                       .sources = sources,
                       .results = results,
                       .whole = whole,
                       .operand_node = operand_node};
        if (b->plane != NULL) {
            b->plane->lanes = lanes;
            status = build(b, err);
        }
        if (status == COP_OK)
            *out = b->plane;
        else
            cop_plane_free(b->plane);
    }
    free(operand_node);
    free(b);
    return status;
}
