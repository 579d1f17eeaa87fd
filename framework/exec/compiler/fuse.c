/* fuse.c: which nodes are computed together, so that what lies between them never goes to memory.
 *
 * There are two kinds of units: elementwise nodes of one shape, computed tile by tile, and nodes on
 * the planes of images (plane.h), which may hold sums over a plane, normalisations and pooling too.
 * A node joins the units of its operands where both are of a kind, unless a path would leave the
 * joined unit and come back to it. Then nodes sink: one that only a later unit reads moves there.
 */
#include "exec/compiler/plane.h"

#include <stdlib.h>

/* Units are named by their leader; a unit's nodes are a list. Arrays are indexed by node. */
typedef struct unit_kind {
    bool elementwise; /* all its nodes are, and have one shape */
    bool planes;      /* all its nodes can be part of a plane group on `domain` */
    int32_t level;    /* all its nodes have; see cop_origin */
    cop_plane_domain domain;
} unit_kind;

typedef struct fuser {
    cop_compiler *c;
    unit_kind *kind;  /* of a leader */
    cop_node *next;   /* the next node of the same unit, or 0 */
    cop_node *tail;   /* of a leader: the last node of its unit */
    int32_t *size;    /* of a leader */
    bool *chosen;     /* of a leader: in the set that is being tried */
    int32_t *visited; /* of a leader: the search that last saw it */
    cop_node *stack;
    int32_t search;
} fuser;

bool cop_op_is_elementwise(cop_op op)
{
    switch (op) {
    case COP_OP_AFFINE:
    case COP_OP_SQRT:
    case COP_OP_RECIPROCAL:
    case COP_OP_EXP:
    case COP_OP_LN:
    case COP_OP_ABS:
    case COP_OP_SIGN:
    case COP_OP_HEAVISIDE:
    case COP_OP_SIGMOID:
    case COP_OP_TANH:
    case COP_OP_RELU:
    case COP_OP_LEAKY_RELU:
    case COP_OP_ADD:
    case COP_OP_SUB:
    case COP_OP_MUL:
    case COP_OP_DIV:
    case COP_OP_GATE:
    case COP_OP_BROADCAST:
    case COP_OP_NORMALIZE:
        return true;
    default:
        return false;
    }
}

static bool is_elementwise(const fuser *f, cop_node v)
{
    return cop_op_is_elementwise(cop_graph_node(f->c->g, v)->op);
}

static bool same_shape(const fuser *f, cop_node a, cop_node b)
{
    return cop_shape_equal(cop_graph_node(f->c->g, a)->shape, cop_graph_node(f->c->g, b)->shape);
}

/* Pushes the units that `unit` reads and that this search has not seen. True where one is chosen
 * and `unit` itself is not: a path from the chosen set back into it. */
static bool push_sources(fuser *f, cop_node unit, int32_t *depth)
{
    for (cop_node v = unit; v != 0; v = f->next[v]) {
        const cop_node_data *node = cop_graph_node(f->c->g, v);
        for (int32_t i = 0; i < node->input_count; i++) {
            cop_node source = f->c->unit[f->c->root[node->inputs[i]]];
            if (source == 0)
                continue;
            if (f->chosen[source]) {
                if (!f->chosen[unit])
                    return true;
                continue;
            }
            if (f->visited[source] == f->search)
                continue;
            f->visited[source] = f->search;
            f->stack[(*depth)++] = source;
        }
    }
    return false;
}

/* Whether joining the chosen units would make a cycle. */
static bool makes_cycle(fuser *f, const cop_node *units, int32_t count)
{
    int32_t depth = 0;
    f->search++;
    for (int32_t i = 0; i < count; i++)
        (void)push_sources(f, units[i], &depth);
    while (depth > 0)
        if (push_sources(f, f->stack[--depth], &depth))
            return true;
    return false;
}

static void join(fuser *f, cop_node into, cop_node from)
{
    for (cop_node v = from; v != 0; v = f->next[v])
        f->c->unit[v] = into;
    f->next[f->tail[into]] = from;
    f->tail[into] = f->tail[from];
    f->size[into] += f->size[from];
}

static unit_kind kind_of(const fuser *f, cop_node v)
{
    unit_kind kind = {.elementwise = is_elementwise(f, v), .level = f->c->origin[v].level};
    kind.planes = cop_plane_takes(f->c, v, &kind.domain);
    return kind;
}

/* Whether units of these kinds, with nodes v and w that stand for their shapes, can be one. */
static bool kinds_meet(const fuser *f, const unit_kind *a, cop_node v, const unit_kind *b,
                       cop_node w, unit_kind *both)
{
    *both = (unit_kind){.elementwise = a->elementwise && b->elementwise && same_shape(f, v, w),
                        .level = a->level};
    if (a->level != b->level)
        return false;
    both->planes =
        a->planes && b->planes && cop_plane_domains_meet(&a->domain, &b->domain, &both->domain);
    return both->elementwise || both->planes;
}

/* Whether node v reads a sum over samples that `unit` would only know at its end. */
static bool reads_sink(const fuser *f, cop_node v, cop_node unit)
{
    const cop_node_data *node = cop_graph_node(f->c->g, v);
    for (int32_t i = 0; i < node->input_count; i++) {
        cop_node source = f->c->root[node->inputs[i]];
        if (f->c->unit[source] == unit && cop_plane_is_sink(f->c, source) &&
            !cop_plane_are_moments(f->c, v, source))
            return true;
    }
    return false;
}

static bool unit_reads_sink(const fuser *f, cop_node reader, cop_node unit)
{
    for (cop_node v = reader; v != 0; v = f->next[v])
        if (reads_sink(f, v, unit))
            return true;
    return false;
}

/* Whether v is a variance over the batch whose mean would not be in the unit with it. */
static bool leaves_its_mean(const fuser *f, cop_node v, cop_node unit)
{
    const cop_node_data *node = cop_graph_node(f->c->g, v);
    if (node->op != COP_OP_VARIANCE || !cop_plane_is_sink(f->c, v))
        return false;
    cop_node home = f->c->unit[f->c->root[node->inputs[1]]];
    return home != unit && home != f->c->unit[v];
}

/* Joins v's unit with that of one operand, where that is allowed. */
static void try_operand(fuser *f, cop_node v, cop_node operand)
{
    cop_node source = f->c->root[operand], mine = f->c->unit[v], theirs = f->c->unit[source];
    unit_kind both;
    if (theirs == 0 || theirs == mine || f->size[mine] + f->size[theirs] > COP_GROUP_OPS ||
        !kinds_meet(f, &f->kind[mine], v, &f->kind[theirs], source, &both) ||
        unit_reads_sink(f, mine, theirs) || unit_reads_sink(f, theirs, mine) ||
        leaves_its_mean(f, v, theirs))
        return;
    cop_node pair[2] = {mine, theirs};
    f->chosen[mine] = f->chosen[theirs] = true;
    bool cycle = makes_cycle(f, pair, 2);
    f->chosen[mine] = f->chosen[theirs] = false;
    if (cycle)
        return;
    join(f, theirs, mine);
    f->kind[theirs] = both;
}

static bool is_read_outside(const fuser *f, cop_node v)
{
    const cop_compiler *c = f->c;
    if (c->kept[v])
        return true;
    for (int32_t i = c->uses[v]; i < c->uses[v + 1]; i++)
        if (c->unit[c->users[i]] != c->unit[v])
            return true;
    return false;
}

/* The one other unit that reads v, or 0. */
static cop_node sole_reader(const fuser *f, cop_node v)
{
    const cop_compiler *c = f->c;
    cop_node reader = 0;
    for (int32_t i = c->uses[v]; i < c->uses[v + 1]; i++) {
        cop_node unit = c->unit[c->users[i]];
        if (unit == c->unit[v] || (reader != 0 && unit != reader))
            return 0;
        reader = unit;
    }
    return reader;
}

/* Moves v to the group that alone reads it, where that asks for no tensor which is not in memory
 * anyway: it saves v's own way through memory. */
static void try_to_sink(fuser *f, cop_node v)
{
    cop_compiler *c = f->c;
    cop_node home = c->unit[v], reader = c->kept[v] ? 0 : sole_reader(f, v);
    if (reader == 0 || v == home || f->size[reader] >= COP_GROUP_OPS)
        return;
    unit_kind own = kind_of(f, v), both;
    if (!kinds_meet(f, &own, v, &f->kind[reader], reader, &both) || reads_sink(f, v, reader))
        return;
    const cop_node_data *node = cop_graph_node(c->g, v);
    for (int32_t i = 0; i < node->input_count; i++) {
        cop_node source = c->root[node->inputs[i]];
        if (c->unit[source] == home && !is_read_outside(f, source))
            return;
    }
    cop_node before = home;
    while (f->next[before] != v)
        before = f->next[before];
    f->next[before] = f->next[v];
    if (f->tail[home] == v)
        f->tail[home] = before;
    f->size[home]--;
    f->next[v] = 0;
    f->tail[v] = v;
    f->size[v] = 1;
    join(f, reader, v);
    f->kind[reader] = both;
}

static cop_status fuse_all(fuser *f)
{
    cop_compiler *c = f->c;
    for (cop_node v = 1; v <= c->node_count; v++) {
        if (!cop_is_computed(c, v))
            continue;
        c->unit[v] = v;
        f->tail[v] = v;
        f->size[v] = 1;
        f->kind[v] = kind_of(f, v);
        if (!f->kind[v].elementwise && !f->kind[v].planes)
            continue;
        const cop_node_data *node = cop_graph_node(c->g, v);
        for (int32_t i = node->input_count - 1; i >= 0; i--)
            try_operand(f, v, node->inputs[i]);
    }
    for (cop_node v = c->node_count; v >= 1; v--)
        if (c->unit[v] != 0 && is_elementwise(f, v))
            try_to_sink(f, v);
    for (cop_node v = 1; v <= c->node_count; v++)
        if (c->unit[v] != 0)
            c->stored[v] = is_read_outside(f, v);
    return COP_OK;
}

cop_status cop_fuse(cop_compiler *c, cop_error *err)
{
    size_t size = (size_t)c->node_count + 1;
    c->unit = cop_compiler_array(size, sizeof *c->unit, err);
    c->stored = cop_compiler_array(size, sizeof *c->stored, err);
    fuser f = {.c = c};
    f.kind = cop_compiler_array(size, sizeof *f.kind, err);
    f.next = cop_compiler_array(size, sizeof *f.next, err);
    f.tail = cop_compiler_array(size, sizeof *f.tail, err);
    f.size = cop_compiler_array(size, sizeof *f.size, err);
    f.chosen = cop_compiler_array(size, sizeof *f.chosen, err);
    f.visited = cop_compiler_array(size, sizeof *f.visited, err);
    f.stack = cop_compiler_array(size, sizeof *f.stack, err);
    cop_status status = COP_FAILED;
    if (c->unit != NULL && c->stored != NULL && f.kind != NULL && f.next != NULL &&
        f.tail != NULL && f.size != NULL && f.chosen != NULL && f.visited != NULL &&
        f.stack != NULL)
        status = fuse_all(&f);
    free(f.kind);
    free(f.next);
    free(f.tail);
    free(f.size);
    free(f.chosen);
    free(f.visited);
    free(f.stack);
    return status;
}
