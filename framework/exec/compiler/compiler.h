/* compiler.h (implemented in exec/compiler/): the compiler's passes, in order: recomputation, live
 * nodes, fusion, ordering, lowering. */
#ifndef COP_EXEC_COMPILER_COMPILER_H
#define COP_EXEC_COMPILER_COMPILER_H

#include "exec/program/program.h"

/* A set of nodes that one instruction computes: a group of elementwise nodes, or one other node. */
typedef struct cop_unit {
    int32_t first, count; /* its nodes: members[first … first+count−1], ascending */
} cop_unit;

/* Where a node of the compiler's copy comes from. */
typedef struct cop_origin {
    cop_node node; /* in the caller's graph */
    int32_t level; /* operations on the way to it that end a fused unit; nodes of a unit share it */
} cop_origin;

/* Arrays are indexed by node, 1 … node_count; all are owned by the compiler. */
typedef struct cop_compiler {
    const cop_graph *g; /* the compiler's own copy */
    const cop_origin *origin;
    const cop_node *outputs;
    int32_t output_count, node_count;
    cop_node *root; /* the node whose elements it has: itself, or that of the tensor it views; 0 if
                       dead */
    bool *kept;     /* a root that is an output */
    /* The unit of a computed root, named by one of its nodes; 0 for leaves and views. */
    int32_t *unit;
    bool *stored;  /* a root that is read outside its unit, and so needs memory */
    int32_t *uses; /* readers of root v: users[uses[v] … uses[v+1]−1], ascending, with repeats */
    cop_node *users;
    cop_unit *steps; /* in running order */
    cop_node *members;
    int32_t step_count;
    int32_t *buffer; /* a root's first buffer, or −1 */
    cop_program *p;
} cop_compiler;

/* Ends a program that is in no cache, or is leaving its cache. */
void cop_program_destroy(cop_program *p);

/* Takes from a program all that it got since it was compiled: bindings, values of outputs, the
 * profile (whose listing is written now), and its arena. */
void cop_program_reset(cop_program *p);

/* Gives a program its arena, with the constants in it. */
cop_status cop_program_allocate(cop_program *p, cop_error *err);

/* Frees the arrays. */
void cop_compiler_clear(cop_compiler *c);

/* Zeroed memory for `count` items; NULL with the error filled where there is none. */
void *cop_compiler_array(size_t count, size_t size, cop_error *err);

/* A copy of what the outputs need of the graph, in which cheap elementwise nodes that are read
 * again much later (in the backward pass) are computed again there, instead of being kept in
 * memory. new_outputs has room for output_count nodes. (*origin)[v] tells of node v of the copy.
 * The caller frees both, also after an error. */
cop_status cop_recompute(const cop_graph *g, const cop_node *outputs, int32_t output_count,
                         cop_graph **copy, cop_node *new_outputs, cop_origin **origin,
                         cop_error *err);

/* Marks what the outputs need: root, kept, uses, users. */
cop_status cop_find_live(cop_compiler *c, cop_error *err);

/* Whether the operation works element by element (with broadcasting). */
bool cop_op_is_elementwise(cop_op op);

/* Whether the node computes something: live, neither leaf nor view. */
bool cop_is_computed(const cop_compiler *c, cop_node v);

/* Joins elementwise nodes of one shape into units, and marks what is stored: unit, stored. */
cop_status cop_fuse(cop_compiler *c, cop_error *err);

/* Puts units in an order that needs little memory: steps, members. */
cop_status cop_order(cop_compiler *c, cop_error *err);

/* Makes the program's buffers and instructions. */
cop_status cop_lower(cop_compiler *c, cop_error *err);

/* The group of a step's nodes. sources[i] is the node that operands[i] reads (0 for a value known
 * now), results[i] the node that result i is; both have room for COP_GROUP_REGISTERS. The caller
 * frees *out with cop_fused_free. */
cop_status cop_fused_make(const cop_compiler *c, const cop_unit *step, cop_fused **out,
                          cop_node *sources, cop_node *results, cop_error *err);

#endif
