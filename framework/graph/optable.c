/* optable.c: the table of operations. */
#include "graph/optable.h"

#include <string.h>

enum {
    NO_OPERAND = 0,
    FIRST = COP_OPERAND(0),
    SECOND = COP_OPERAND(1),
    THIRD = COP_OPERAND(2),
    BOTH = COP_OPERAND(0) | COP_OPERAND(1)
};

static const cop_op_info table[] = {
    [COP_OP_NONE] = {"none", 0, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},
    [COP_OP_INPUT] = {"input", 0, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},
    [COP_OP_CONSTANT] = {"constant", 0, COP_ATTR_CONSTANT, NO_OPERAND, NO_OPERAND},

    [COP_OP_AFFINE] = {"affine", 1, COP_ATTR_AFFINE, FIRST, NO_OPERAND},
    [COP_OP_SQRT] = {"sqrt", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_RECIPROCAL] = {"reciprocal", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_EXP] = {"exp", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_LN] = {"ln", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_ABS] = {"abs", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_SIGN] = {"sign", 1, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},
    [COP_OP_HEAVISIDE] = {"heaviside", 1, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},
    [COP_OP_SIGMOID] = {"sigmoid", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_TANH] = {"tanh", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_RELU] = {"relu", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},
    [COP_OP_LEAKY_RELU] = {"leaky_relu", 1, COP_ATTR_AFFINE, FIRST, NO_OPERAND},
    [COP_OP_DETACH] = {"detach", 1, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},

    [COP_OP_ADD] = {"add", 2, COP_ATTR_NONE, BOTH, NO_OPERAND},
    [COP_OP_SUB] = {"sub", 2, COP_ATTR_NONE, BOTH, NO_OPERAND},
    [COP_OP_MUL] = {"mul", 2, COP_ATTR_NONE, BOTH, BOTH},
    [COP_OP_DIV] = {"div", 2, COP_ATTR_NONE, BOTH, FIRST},
    [COP_OP_GATE] = {"gate", 2, COP_ATTR_NONE, FIRST, FIRST},

    [COP_OP_RESHAPE] = {"reshape", 1, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_BROADCAST] = {"broadcast", 1, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_SLICE] = {"slice", 1, COP_ATTR_SLICE, FIRST, FIRST},
    [COP_OP_PAD] = {"pad", 1, COP_ATTR_SLICE, FIRST, FIRST},
    [COP_OP_CONCAT] = {"concat", -1, COP_ATTR_SLICE, COP_ALL_OPERANDS, NO_OPERAND},
    [COP_OP_GATHER] = {"gather", 2, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_SCATTER_ADD] = {"scatter_add", 2, COP_ATTR_NONE, FIRST, FIRST},

    [COP_OP_SUM] = {"sum", 1, COP_ATTR_SUM, FIRST, FIRST},
    [COP_OP_MATMUL] = {"matmul", 2, COP_ATTR_MATMUL, BOTH, BOTH},
    [COP_OP_CONV] = {"conv2d", 2, COP_ATTR_WINDOW, BOTH, BOTH},
    [COP_OP_CONV_DATA] = {"conv2d_data", 2, COP_ATTR_WINDOW, BOTH, BOTH},
    [COP_OP_CONV_WEIGHTS] = {"conv2d_weights", 2, COP_ATTR_WINDOW, BOTH, BOTH},

    [COP_OP_AVG_POOL] = {"avg_pool", 1, COP_ATTR_WINDOW, FIRST, FIRST},
    [COP_OP_AVG_POOL_ADJOINT] = {"avg_pool_adjoint", 1, COP_ATTR_WINDOW, FIRST, FIRST},
    [COP_OP_MAX_POOL] = {"max_pool", 1, COP_ATTR_WINDOW, FIRST, NO_OPERAND},
    [COP_OP_MAX_POOL_TAKE] = {"max_pool_take", 2, COP_ATTR_WINDOW, SECOND, SECOND},
    [COP_OP_MAX_POOL_PUT] = {"max_pool_put", 2, COP_ATTR_WINDOW, SECOND, SECOND},

    /* The mean, and r, are functions of x: their share is in the rule for x. */
    [COP_OP_VARIANCE] = {"variance", 2, COP_ATTR_NORM, FIRST, NO_OPERAND},
    [COP_OP_NORMALIZE] = {"normalize", 3, COP_ATTR_NORM, FIRST, NO_OPERAND},
    [COP_OP_NORMALIZE_JACOBIAN] = {"normalize_jacobian", 3, COP_ATTR_NORM, FIRST | SECOND | THIRD,
                                   FIRST | THIRD},
    [COP_OP_LOG_SOFTMAX] = {"log_softmax", 1, COP_ATTR_NONE, FIRST, NO_OPERAND},

    [COP_OP_RESIZE] = {"resize_bilinear", 1, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_RESIZE_ADJOINT] = {"resize_bilinear_adjoint", 1, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_AFFINE_SAMPLE] = {"affine_sample", 2, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_AFFINE_SAMPLE_ADJOINT] = {"affine_sample_adjoint", 2, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_SHIFT] = {"shift", 2, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_FLIP] = {"flip", 2, COP_ATTR_NONE, FIRST, FIRST},
    [COP_OP_BOX_MASK] = {"box_mask", 1, COP_ATTR_NONE, NO_OPERAND, NO_OPERAND},
};
_Static_assert(sizeof table / sizeof table[0] == COP_OP_COUNT, "every operation has an entry");

const cop_op_info *cop_op_entry(cop_op op)
{
    bool known = op > COP_OP_NONE && op < COP_OP_COUNT;
    return &table[known ? op : COP_OP_NONE];
}

const char *cop_op_name(cop_op op)
{
    return cop_op_entry(op)->name;
}

bool cop_operand_in(uint32_t set, int32_t k)
{
    return set == COP_ALL_OPERANDS || (k < 32 && (set >> k & 1u) != 0);
}

static uint64_t word_of(double value)
{
    uint64_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

/* Two 32-bit settings in one word. */
static uint64_t pair(int32_t a, int32_t b)
{
    return (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
}

void cop_attr_words(cop_op op, const cop_attr *attr, uint64_t words[COP_ATTR_WORDS])
{
    memset(words, 0, COP_ATTR_WORDS * sizeof *words);
    switch (cop_op_entry(op)->attr) {
    case COP_ATTR_NONE:
        break;
    case COP_ATTR_CONSTANT:
        words[0] = word_of(attr->constant.value);
        break;
    case COP_ATTR_AFFINE:
        words[0] = word_of(attr->affine.scale);
        words[1] = word_of(attr->affine.offset);
        break;
    case COP_ATTR_SLICE:
        words[0] = (uint64_t)attr->slice.axis;
        words[1] = (uint64_t)attr->slice.start;
        break;
    case COP_ATTR_SUM:
        words[0] = word_of(attr->sum.scale);
        words[1] = attr->sum.axes;
        break;
    case COP_ATTR_MATMUL:
        words[0] = attr->matmul.transpose_a;
        words[1] = attr->matmul.transpose_b;
        break;
    case COP_ATTR_WINDOW:
        words[0] = pair(attr->window.size_h, attr->window.size_w);
        words[1] = pair(attr->window.stride_h, attr->window.stride_w);
        words[2] = pair(attr->window.pad_h, attr->window.pad_w);
        break;
    case COP_ATTR_NORM:
        words[0] = (uint64_t)attr->norm.over;
        break;
    }
}
