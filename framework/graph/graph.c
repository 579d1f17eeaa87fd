/* graph.c: the storage of a graph: its nodes, the table by which equal nodes are found, the first
 * error, and the memory of input lists, names and labels. */
#include "graph/storage.h"

#include "core/locale.h"
#include "core/memory.h"
#include "graph/optable.h"
#include "graph/simplify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Small pieces that live as long as the graph are cut from blocks that never move. */
typedef struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
} block;

struct cop_graph {
    cop_node_data *nodes; /* node a is nodes[a - 1] */
    bool *interior;       /* one per node; see storage.h */
    int32_t count;
    size_t node_room, interior_room;
    cop_node *table; /* open addressing over equal nodes; a power of two, at most half full */
    size_t table_size;
    block *blocks;
    int derivations;          /* begun and not ended */
    cop_program_cache *cache; /* not the graph's; may be NULL */
    cop_error error;          /* the first one; status COP_OK until then */
};

cop_graph *cop_graph_new(void)
{
    return calloc(1, sizeof(cop_graph));
}

void cop_graph_free(cop_graph *g)
{
    if (g == NULL)
        return;
    while (g->blocks != NULL) {
        block *next = g->blocks->next;
        free(g->blocks);
        g->blocks = next;
    }
    free(g->nodes);
    free(g->interior);
    free(g->table);
    free(g);
}

/* `size` bytes owned by the graph; NULL after failing it when memory is out. */
static void *allocate(cop_graph *g, size_t size)
{
    enum { BLOCK_SIZE = 64 * 1024 };
    size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    block *b = g->blocks;
    if (b == NULL || b->size - b->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        b = malloc(sizeof *b + room);
        if (b == NULL) {
            (void)cop_graph_out_of_memory(g);
            return NULL;
        }
        *b = (block){.next = g->blocks, .size = room};
        g->blocks = b;
    }
    void *piece = (char *)b->bytes + b->used;
    b->used += size;
    return piece;
}

void *cop_graph_allocate(cop_graph *g, size_t size)
{
    void *piece = cop_graph_failed(g) ? NULL : allocate(g, size);
    return piece != NULL ? memset(piece, 0, size) : NULL;
}

static const char *copy_text(cop_graph *g, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = allocate(g, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

bool cop_graph_failed(const cop_graph *g)
{
    return g == NULL || g->error.status != COP_OK;
}

cop_status cop_graph_check(const cop_graph *g, cop_error *err)
{
    if (g == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a graph");
    if (g->error.status != COP_OK && err != NULL)
        *err = g->error;
    return g->error.status;
}

cop_node cop_graph_refuse(cop_graph *g, const char *format, ...)
{
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(g->error.message, sizeof g->error.message, format, arguments);
    va_end(arguments);
    g->error.status = COP_INVALID;
    return COP_NO_NODE;
}

cop_node cop_graph_out_of_memory(cop_graph *g)
{
    if (!cop_graph_failed(g))
        (void)cop_fail(&g->error, COP_FAILED, "out of memory for a graph of %d nodes", g->count);
    return COP_NO_NODE;
}

const cop_node_data *cop_graph_node(const cop_graph *g, cop_node a)
{
    return g != NULL && a > 0 && a <= g->count ? &g->nodes[a - 1] : NULL;
}

void cop_graph_use_cache(cop_graph *g, cop_program_cache *cache)
{
    if (g != NULL && g->cache == NULL)
        g->cache = cache;
}

cop_program_cache *cop_graph_cache(const cop_graph *g)
{
    return g != NULL ? g->cache : NULL;
}

int32_t cop_graph_size(const cop_graph *g)
{
    return g != NULL ? g->count : 0;
}

cop_shape cop_node_shape(const cop_graph *g, cop_node a)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return node != NULL ? node->shape : (cop_shape){.rank = -1};
}

cop_node cop_node_label(cop_graph *g, cop_node a, const char *format, ...)
{
    if (cop_graph_failed(g) || cop_graph_node(g, a) == NULL || g->nodes[a - 1].label != NULL)
        return a;
    char text[COP_NAME_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)cop_vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    g->nodes[a - 1].label = copy_text(g, text);
    return a;
}

cop_words cop_graph_describe(const cop_graph *g, cop_node a)
{
    cop_words words;
    const cop_node_data *node = cop_graph_node(g, a);
    if (node == NULL) {
        (void)snprintf(words.text, sizeof words.text, "node %d", a);
        return words;
    }
    char shape[96];
    (void)cop_shape_text(node->shape, shape, sizeof shape);
    const char *name = node->name != NULL ? node->name : node->label;
    if (name != NULL)
        (void)snprintf(words.text, sizeof words.text, "\"%s\" %s", name, shape);
    else
        (void)snprintf(words.text, sizeof words.text, "%s#%d %s", cop_op_name(node->op), a, shape);
    return words;
}

void cop_graph_begin_derivation(cop_graph *g)
{
    g->derivations++;
}

void cop_graph_end_derivation(cop_graph *g)
{
    g->derivations--;
}

void cop_graph_expose(cop_graph *g, cop_node a)
{
    if (cop_graph_node(g, a) != NULL)
        g->interior[a - 1] = false;
}

bool cop_graph_is_interior(const cop_graph *g, cop_node a)
{
    return cop_graph_node(g, a) != NULL && g->interior[a - 1];
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

/* An input is its name; anything else its operation, shape, settings and inputs. */
static uint64_t hash_node(const cop_node_data *node)
{
    uint64_t hash = mix(UINT64_C(0x243f6a8885a308d3), (uint64_t)node->op);
    if (node->op == COP_OP_INPUT)
        return hash_text(hash, node->name);
    uint64_t words[COP_ATTR_WORDS];
    cop_attr_words(node->op, &node->attr, words);
    for (int i = 0; i < COP_ATTR_WORDS; i++)
        hash = mix(hash, words[i]);
    hash = mix(hash, (uint64_t)node->shape.rank);
    for (int i = 0; i < node->shape.rank; i++)
        hash = mix(hash, (uint64_t)node->shape.dim[i]);
    for (int32_t i = 0; i < node->input_count; i++)
        hash = mix(hash, (uint64_t)node->inputs[i]);
    return hash;
}

static bool same_node(const cop_node_data *a, const cop_node_data *b)
{
    if (a->op != b->op)
        return false;
    if (a->op == COP_OP_INPUT)
        return strcmp(a->name, b->name) == 0;
    uint64_t words_a[COP_ATTR_WORDS], words_b[COP_ATTR_WORDS];
    cop_attr_words(a->op, &a->attr, words_a);
    cop_attr_words(b->op, &b->attr, words_b);
    return memcmp(words_a, words_b, sizeof words_a) == 0 && cop_shape_equal(a->shape, b->shape) &&
           a->input_count == b->input_count &&
           (a->input_count == 0 ||
            memcmp(a->inputs, b->inputs, (size_t)a->input_count * sizeof *a->inputs) == 0);
}

/* The table's slot that holds the equal node, or the free one where it belongs. */
static size_t find_slot(const cop_graph *g, const cop_node_data *node)
{
    size_t slot = (size_t)hash_node(node) & (g->table_size - 1);
    while (g->table[slot] != COP_NO_NODE && !same_node(&g->nodes[g->table[slot] - 1], node))
        slot = (slot + 1) & (g->table_size - 1);
    return slot;
}

static bool grow_table(cop_graph *g)
{
    size_t size = g->table_size > 0 ? 2 * g->table_size : 1024;
    cop_node *table = calloc(size, sizeof *table);
    if (table == NULL)
        return false;
    free(g->table);
    g->table = table;
    g->table_size = size;
    for (cop_node a = 1; a <= g->count; a++)
        table[find_slot(g, &g->nodes[a - 1])] = a;
    return true;
}

static bool grow_nodes(cop_graph *g)
{
    size_t wanted = (size_t)g->count + 1;
    cop_node_data *nodes = cop_grow(g->nodes, &g->node_room, wanted, sizeof *nodes);
    if (nodes == NULL)
        return false;
    g->nodes = nodes;
    bool *interior = cop_grow(g->interior, &g->interior_room, wanted, sizeof *interior);
    if (interior == NULL)
        return false;
    g->interior = interior;
    return true;
}

/* Room for one more node in both arrays. */
static bool make_room(cop_graph *g)
{
    bool ok = g->count < INT32_MAX && grow_nodes(g) &&
              (2 * ((size_t)g->count + 1) <= g->table_size || grow_table(g));
    if (!ok)
        (void)cop_graph_out_of_memory(g);
    return ok;
}

cop_node cop_graph_find_input(const cop_graph *g, const char *name)
{
    if (g == NULL || g->table_size == 0)
        return COP_NO_NODE;
    cop_node_data node = {.op = COP_OP_INPUT, .name = name};
    return g->table[find_slot(g, &node)];
}

/* Adds a copy of *draft with copies of its inputs and name; there is room. */
static cop_node append(cop_graph *g, const cop_node_data *draft)
{
    cop_node_data node = *draft;
    if (node.input_count > 0) {
        size_t size = (size_t)node.input_count * sizeof *node.inputs;
        node.inputs = allocate(g, size);
        if (node.inputs == NULL)
            return COP_NO_NODE;
        memcpy(node.inputs, draft->inputs, size);
    }
    if (node.name != NULL && (node.name = copy_text(g, draft->name)) == NULL)
        return COP_NO_NODE;
    g->nodes[g->count] = node;
    g->interior[g->count] = g->derivations > 0;
    return ++g->count;
}

/* Finds the node equal to *draft, or adds it. */
static cop_node intern(cop_graph *g, const cop_node_data *draft)
{
    if (!make_room(g))
        return COP_NO_NODE;
    size_t slot = find_slot(g, draft);
    if (g->table[slot] == COP_NO_NODE)
        g->table[slot] = append(g, draft);
    return g->table[slot];
}

cop_node cop_graph_add_copy(cop_graph *g, const cop_node_data *node, cop_node *inputs)
{
    if (cop_graph_failed(g) || !make_room(g))
        return COP_NO_NODE;
    cop_node_data draft = *node;
    draft.inputs = inputs;
    if (node->label != NULL)
        draft.label = copy_text(g, node->label);
    return append(g, &draft);
}

/* Dimensions are positive and the elements' bytes, as doubles, can be counted. */
static bool shape_fits(cop_shape shape)
{
    if (shape.rank < 0 || shape.rank > COP_MAX_RANK)
        return false;
    int64_t bytes = 8;
    for (int i = 0; i < shape.rank; i++)
        if (shape.dim[i] < 1 || __builtin_mul_overflow(bytes, shape.dim[i], &bytes))
            return false;
    return true;
}

/* Dimensions past the rank zeroed, so that equal shapes are equal bytes. */
static cop_shape canonical_shape(cop_shape shape)
{
    for (int i = shape.rank; i < COP_MAX_RANK; i++)
        shape.dim[i] = 0;
    return shape;
}

cop_node cop_graph_add_input(cop_graph *g, const char *name, cop_shape shape)
{
    cop_node_data draft = {.op = COP_OP_INPUT, .shape = canonical_shape(shape), .name = name};
    cop_node a = intern(g, &draft);
    cop_graph_expose(g, a);
    return a;
}

/* a + b and b + a are the same node; IEEE addition and multiplication commute exactly. */
static void sort_commutative(cop_node_data *draft, cop_node sorted[2])
{
    if ((draft->op == COP_OP_ADD || draft->op == COP_OP_MUL) &&
        draft->inputs[0] > draft->inputs[1]) {
        sorted[0] = draft->inputs[1];
        sorted[1] = draft->inputs[0];
        draft->inputs = sorted;
    }
}

cop_node cop_graph_add(cop_graph *g, cop_op op, const cop_node *inputs, int32_t input_count,
                       cop_attr attr, cop_shape shape)
{
    if (cop_graph_failed(g))
        return COP_NO_NODE;
    for (int32_t i = 0; i < input_count; i++)
        if (cop_graph_node(g, inputs[i]) == NULL)
            return cop_graph_refuse(g, "%s: operand %d is no node of this graph", cop_op_name(op),
                                    (int)i);
    if (!shape_fits(shape)) {
        char text[96];
        return cop_graph_refuse(g, "%s: a result of shape %s cannot be held", cop_op_name(op),
                                cop_shape_text(shape, text, sizeof text));
    }
    cop_node sorted[2];
    /* The draft only reads its inputs; intern copies them. */
    cop_node_data draft = {.op = op,
                           .shape = canonical_shape(shape),
                           .attr = attr,
                           .input_count = input_count,
                           .inputs = (cop_node *)inputs};
    cop_node a = cop_simplify(g, &draft);
    if (a == COP_NO_NODE && !cop_graph_failed(g)) {
        sort_commutative(&draft, sorted);
        a = intern(g, &draft);
    }
    if (g->derivations == 0)
        cop_graph_expose(g, a);
    return a;
}
