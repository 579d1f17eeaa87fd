/* optable.h: what is true of each operation as such: its name, its operands, its settings. */
#ifndef COP_GRAPH_OPTABLE_H
#define COP_GRAPH_OPTABLE_H

#include "graph/node.h"

/* Which member of cop_attr an operation uses. */
typedef enum cop_attr_kind {
    COP_ATTR_NONE = 0,
    COP_ATTR_CONSTANT,
    COP_ATTR_AFFINE,
    COP_ATTR_SLICE,
    COP_ATTR_SUM,
    COP_ATTR_MATMUL,
    COP_ATTR_WINDOW,
    COP_ATTR_NORM
} cop_attr_kind;

/* Sets of operands: bit k is operand k. */
#define COP_OPERAND(k)   (1u << (k))
#define COP_ALL_OPERANDS 0xffffffffu

typedef struct cop_op_info {
    const char *name;
    int32_t arity; /* operands; −1 for any number */
    cop_attr_kind attr;
    uint32_t flow;   /* operands through which a derivative passes */
    uint32_t linear; /* operands in which it is linear, one at a time: zero gives zero */
} cop_op_info;

/* The entry of an operation; COP_OP_NONE's for what is none. */
const cop_op_info *cop_op_entry(cop_op op);

/* True if operand k is in the set. */
bool cop_operand_in(uint32_t set, int32_t k);

/* The settings that the operation uses, as words: equal settings give equal words. */
#define COP_ATTR_WORDS 3
void cop_attr_words(cop_op op, const cop_attr *attr, uint64_t words[COP_ATTR_WORDS]);

#endif
