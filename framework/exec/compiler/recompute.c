/* recompute.c: what is computed twice rather than kept.
 *
 * A node's level is the number of operations on the way to it that end a fused unit: convolutions,
 * products, sums over samples. A cheap node that is read at a higher level than its own would have
 * to be written to memory there and read back; instead each such level gets a copy of it, fused
 * with its readers, which starts from a tensor that is in memory anyway. (Chen et al. 2016
 * recompute to save memory; here it saves time too, since elementwise work is cheaper than the way
 * to memory.) */
#include "core/memory.h"
#include "exec/compiler/plane.h"

#include <stdlib.h>

/* Nodes that one reader may have computed again, and tensors that it may have to read for them. */
enum { MAX_COPIED = 8, MAX_READ = 2 };

/* How a cheap node can be computed from tensors in memory: it and so many nodes in all, from at
 * most one tensor that nothing else would keep there. */
typedef struct chain {
    int32_t nodes, reads; /* reads: tensors read, repeats counted */
    cop_node start;       /* that tensor, or 0 */
    bool wide;            /* it reads another tensor as well, which is in memory anyway */
    bool many;            /* there is more than one such tensor: not to be copied */
} chain;

typedef struct again {
    cop_node node, copy;
    int32_t level, next; /* next: of the same node, or -1 */
} again;

typedef struct rewriter {
    cop_compiler c; /* the given graph's live nodes */
    int32_t *level;
    bool *in_memory; /* read or kept as a whole, whatever is fused */
    bool *later;     /* read at a higher level */
    bool *base;      /* where chains end: in memory, or not worth copying */
    bool *worth;     /* to be copied to where it is read later */
    bool *cheap;
    chain *chains;
    int32_t levels;
    bool *touched; /* [tensor × levels]: read at that level, by itself or as the start of a chain */
    cop_graph *g;  /* the copy */
    cop_node *place; /* of a node of the given graph in the copy */
    int32_t *first;  /* of a node: its first entry in `copies`, or -1 */
    again *copies;
    int32_t copy_count;
    size_t copy_room;
    cop_origin *origin;
    size_t origin_room;
} rewriter;

static const cop_node_data *data_of(const rewriter *w, cop_node v)
{
    return cop_graph_node(w->c.g, v);
}

/* What is cheap, and where it is. */

static bool is_live(const rewriter *w, cop_node v)
{
    return w->c.root[v] != 0;
}

/* Whether a node ends the fused unit that computes it. */
static bool ends_unit(const rewriter *w, cop_node v)
{
    cop_plane_domain domain;
    if (!cop_is_computed(&w->c, v))
        return false;
    return cop_plane_is_sink(&w->c, v) ||
           (!cop_op_is_elementwise(data_of(w, v)->op) && !cop_plane_takes(&w->c, v, &domain));
}

static bool is_cheap(const rewriter *w, cop_node v)
{
    cop_plane_domain domain;
    return cop_is_computed(&w->c, v) && cop_op_is_elementwise(data_of(w, v)->op) &&
           cop_plane_takes(&w->c, v, &domain) && domain.height > 0;
}

static bool is_read_whole(const rewriter *w, cop_node v)
{
    cop_plane_domain domain;
    if (w->c.kept[v])
        return true;
    for (int32_t i = w->c.uses[v]; i < w->c.uses[v + 1]; i++)
        if (!cop_plane_takes(&w->c, w->c.users[i], &domain))
            return true;
    return false;
}

static void classify(rewriter *w)
{
    for (cop_node v = 1; v <= w->c.node_count; v++) {
        if (!is_live(w, v))
            continue;
        const cop_node_data *node = data_of(w, v);
        for (int32_t i = 0; i < node->input_count; i++) {
            cop_node source = node->inputs[i];
            bool ends = ends_unit(w, source) && !cop_plane_are_moments(&w->c, v, source);
            int32_t level = w->level[source] + (ends ? 1 : 0);
            w->level[v] = level > w->level[v] ? level : w->level[v];
        }
        w->levels = w->level[v] >= w->levels ? w->level[v] + 1 : w->levels;
        for (int32_t i = 0; i < node->input_count; i++)
            w->later[node->inputs[i]] |= w->level[v] > w->level[node->inputs[i]];
        w->cheap[v] = is_cheap(w, v);
        w->in_memory[v] = !w->cheap[v] || is_read_whole(w, v);
    }
}

static void join(chain *c, const chain *of)
{
    c->nodes += of->nodes;
    c->reads += of->reads;
    c->wide = c->wide || of->wide;
    c->many =
        c->many || (of->start != COP_NO_NODE && c->start != COP_NO_NODE && of->start != c->start);
    c->start = of->start != COP_NO_NODE ? of->start : c->start;
}

/* The chain of a cheap node, those of its operands being known. */
static chain chain_of(const rewriter *w, cop_node v)
{
    const cop_node_data *node = data_of(w, v);
    chain c = {.nodes = 1};
    for (int32_t i = 0; i < node->input_count; i++) {
        cop_node source = node->inputs[i];
        if (cop_shape_count(data_of(w, source)->shape) < cop_shape_count(node->shape))
            continue;
        if (!w->base[source])
            join(&c, &w->chains[source]);
        else if (is_read_whole(w, w->c.root[source]) || (w->cheap[source] && w->later[source]))
            join(&c, &(chain){.reads = 1, .wide = true});
        else
            join(&c, &(chain){.reads = 1, .start = source});
    }
    /* A cheap start would be written for this alone: no better than writing the node itself. */
    bool no_gain = c.wide && c.start != COP_NO_NODE && w->cheap[c.start];
    c.many = c.many || no_gain || c.nodes > MAX_COPIED || c.reads > MAX_READ;
    return c;
}

static void find_chains(rewriter *w)
{
    for (cop_node v = 1; v <= w->c.node_count; v++) {
        w->base[v] = true;
        if (!is_live(w, v) || !w->cheap[v])
            continue;
        w->chains[v] = chain_of(w, v);
        w->base[v] = w->in_memory[v] || w->chains[v].many;
        w->worth[v] = !w->base[v] && w->later[v];
    }
}

static bool *touch(const rewriter *w, cop_node v, int32_t level)
{
    return &w->touched[(size_t)v * (size_t)w->levels + (size_t)level];
}

static void find_touched(rewriter *w)
{
    for (cop_node v = 1; v <= w->c.node_count; v++) {
        const cop_node_data *node = data_of(w, v);
        for (int32_t i = 0; is_live(w, v) && i < node->input_count; i++) {
            cop_node source = node->inputs[i];
            if (w->worth[source] && w->level[source] < w->level[v])
                source = w->chains[source].start;
            *touch(w, source, w->level[v]) = true;
        }
    }
}

/* Whether a reader at that level has the node computed again: where it would not be in memory, and
 * where all that it takes is read there anyway, so that it need not be read too. */
static bool is_copied(const rewriter *w, cop_node v, int32_t level)
{
    if (w->level[v] >= level || !w->cheap[v] || w->chains[v].many)
        return false;
    const chain *c = &w->chains[v];
    return w->worth[v] ||
           (w->in_memory[v] && !c->wide && c->start != COP_NO_NODE && *touch(w, c->start, level));
}

static cop_status no_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
}

static cop_status add(rewriter *w, cop_node v, int32_t level, cop_node *inputs, cop_node *made,
                      cop_error *err)
{
    *made = cop_graph_add_copy(w->g, data_of(w, v), inputs);
    COP_TRY(cop_graph_check(w->g, err));
    cop_origin *grown = cop_grow(w->origin, &w->origin_room, (size_t)*made + 1, sizeof *grown);
    if (grown == NULL)
        return no_memory(err);
    w->origin = grown;
    w->origin[*made] = (cop_origin){v, level};
    return COP_OK;
}

static cop_status remember(rewriter *w, cop_node v, int32_t level, cop_node copy, cop_error *err)
{
    again *grown = cop_grow(w->copies, &w->copy_room, (size_t)w->copy_count + 1, sizeof *grown);
    if (grown == NULL)
        return no_memory(err);
    w->copies = grown;
    w->copies[w->copy_count] = (again){v, copy, level, w->first[v]};
    w->first[v] = w->copy_count++;
    return COP_OK;
}

static cop_status copy_node(rewriter *w, cop_node v, int32_t level, bool second, cop_node *made,
                            cop_error *err);

/* The copy of node v for readers at that level, made when it is first wanted. */
static cop_status find_copy(rewriter *w, cop_node v, int32_t level, cop_node *found, cop_error *err)
{
    for (int32_t i = w->first[v]; i >= 0; i = w->copies[i].next)
        if (w->copies[i].level == level) {
            *found = w->copies[i].copy;
            return COP_OK;
        }
    COP_TRY(copy_node(w, v, level, true, found, err));
    return remember(w, v, level, *found, err);
}

/* Copies a node for the second time or the first. What a second copy takes is copied too, up to
 * where chains end. */
static cop_status copy_node(rewriter *w, cop_node v, int32_t level, bool second, cop_node *made,
                            cop_error *err)
{
    const cop_node_data *node = data_of(w, v);
    cop_node *inputs = cop_compiler_array((size_t)node->input_count, sizeof *inputs, err);
    cop_status status = inputs != NULL ? COP_OK : COP_FAILED;
    for (int32_t i = 0; i < node->input_count && status == COP_OK; i++) {
        cop_node source = node->inputs[i];
        bool whole = cop_shape_count(data_of(w, source)->shape) >= cop_shape_count(node->shape);
        inputs[i] = w->place[source];
        if (is_copied(w, source, level) || (second && whole && !w->base[source]))
            status = find_copy(w, source, level, &inputs[i], err);
    }
    if (status == COP_OK)
        status = add(w, v, level, inputs, made, err);
    free(inputs);
    return status;
}

static cop_status rewrite(rewriter *w, cop_node *new_outputs, cop_error *err)
{
    COP_TRY(cop_find_live(&w->c, err));
    classify(w);
    find_chains(w);
    w->touched = cop_compiler_array(((size_t)w->c.node_count + 1) * (size_t)w->levels,
                                    sizeof *w->touched, err);
    if (w->touched == NULL)
        return COP_FAILED;
    find_touched(w);
    /* Inputs that no output needs can still be bound. */
    for (cop_node v = 1; v <= w->c.node_count; v++)
        if (is_live(w, v) || data_of(w, v)->op == COP_OP_INPUT)
            COP_TRY(copy_node(w, v, w->level[v], false, &w->place[v], err));
    for (int32_t i = 0; i < w->c.output_count; i++)
        new_outputs[i] = w->place[w->c.outputs[i]];
    return COP_OK;
}

static cop_status allocate(rewriter *w, cop_error *err)
{
    size_t size = (size_t)w->c.node_count + 1;
    w->level = cop_compiler_array(size, sizeof *w->level, err);
    w->in_memory = cop_compiler_array(size, sizeof *w->in_memory, err);
    w->later = cop_compiler_array(size, sizeof *w->later, err);
    w->worth = cop_compiler_array(size, sizeof *w->worth, err);
    w->base = cop_compiler_array(size, sizeof *w->base, err);
    w->chains = cop_compiler_array(size, sizeof *w->chains, err);
    w->cheap = cop_compiler_array(size, sizeof *w->cheap, err);
    w->place = cop_compiler_array(size, sizeof *w->place, err);
    w->first = cop_compiler_array(size, sizeof *w->first, err);
    w->g = cop_graph_new();
    if (w->level == NULL || w->in_memory == NULL || w->later == NULL || w->worth == NULL ||
        w->base == NULL || w->chains == NULL || w->cheap == NULL || w->place == NULL ||
        w->first == NULL || w->g == NULL)
        return no_memory(err);
    for (size_t i = 0; i < size; i++)
        w->first[i] = -1;
    return COP_OK;
}

cop_status cop_recompute(const cop_graph *g, const cop_node *outputs, int32_t output_count,
                         cop_graph **copy, cop_node *new_outputs, cop_origin **origin,
                         cop_error *err)
{
    rewriter w = {.c = {.g = g,
                        .outputs = outputs,
                        .output_count = output_count,
                        .node_count = cop_graph_size(g)}};
    cop_status status = allocate(&w, err);
    if (status == COP_OK)
        status = rewrite(&w, new_outputs, err);
    cop_compiler_clear(&w.c);
    free(w.level);
    free(w.in_memory);
    free(w.later);
    free(w.worth);
    free(w.base);
    free(w.chains);
    free(w.touched);
    free(w.cheap);
    free(w.place);
    free(w.first);
    free(w.copies);
    *copy = w.g;
    *origin = w.origin;
    return status;
}
