/* node.h (implemented in build_elementwise.c, graph.c, optable.c): what a graph is made of. Read by
 * graph/, exec/ and their tests; nn/ needs little of it.
 *
 * The operations are those of the public graph.h, one enumerator each; composites that graph.h
 * offers (scale, mean, square, total, …) are made of these and have none of their own. */
#ifndef COP_GRAPH_NODE_H
#define COP_GRAPH_NODE_H

#include <coppice/graph.h>

/* `size` bytes, zeroed and aligned for anything, that live as long as the graph and are its own;
 * NULL after failing the graph when memory is out, and where it has failed before. */
void *cop_graph_allocate(cop_graph *g, size_t size);

typedef enum cop_op {
    COP_OP_NONE = 0,
    /* leaves */
    COP_OP_INPUT,
    COP_OP_CONSTANT, /* attr.constant.value */
    /* elementwise, one operand */
    COP_OP_AFFINE, /* attr.affine: scale·a + offset */
    COP_OP_SQRT,
    COP_OP_RECIPROCAL,
    COP_OP_EXP,
    COP_OP_LN,
    COP_OP_ABS,
    COP_OP_SIGN,
    COP_OP_HEAVISIDE,
    COP_OP_SIGMOID,
    COP_OP_TANH,
    COP_OP_RELU,       /* max(a, 0); NaN stays NaN */
    COP_OP_LEAKY_RELU, /* attr.affine.scale is the slope */
    COP_OP_DETACH,
    /* elementwise, two operands, broadcasting */
    COP_OP_ADD,
    COP_OP_SUB,
    COP_OP_MUL,
    COP_OP_DIV,
    COP_OP_GATE, /* a where b > 0, else 0: the derivative of relu; none with respect to b */
    /* shape */
    COP_OP_RESHAPE,
    COP_OP_BROADCAST,
    COP_OP_SLICE,       /* attr.slice: axis, start, (length) */
    COP_OP_PAD,         /* attr.slice: axis, start = before; the rest follows from the shape */
    COP_OP_CONCAT,      /* attr.slice.axis; any number of inputs */
    COP_OP_GATHER,      /* a, index */
    COP_OP_SCATTER_ADD, /* a, index; rows = shape.dim[0] */
    /* reductions */
    COP_OP_SUM, /* attr.sum: axes, scale (a mean is a scaled sum) */
    /* linear algebra and convolution */
    COP_OP_MATMUL,       /* attr.matmul */
    COP_OP_CONV,         /* x, w; attr.window */
    COP_OP_CONV_DATA,    /* gy, w; attr.window */
    COP_OP_CONV_WEIGHTS, /* x, gy; attr.window */
    /* pooling; attr.window */
    COP_OP_AVG_POOL,
    COP_OP_AVG_POOL_ADJOINT,
    COP_OP_MAX_POOL,
    COP_OP_MAX_POOL_TAKE, /* x, t */
    COP_OP_MAX_POOL_PUT,  /* x, gy */
    /* normalisation; attr.norm */
    COP_OP_VARIANCE,  /* x, mean */
    COP_OP_NORMALIZE, /* x, mean, r = 1/sqrt(var+ε): (x − mean)·r; mean and r are those of x */
    COP_OP_NORMALIZE_JACOBIAN, /* u, y, r; over the image (over a batch it is made of parts) */
    COP_OP_LOG_SOFTMAX,
    /* resampling and augmentation */
    COP_OP_RESIZE,
    COP_OP_RESIZE_ADJOINT,
    COP_OP_AFFINE_SAMPLE,         /* x, theta */
    COP_OP_AFFINE_SAMPLE_ADJOINT, /* gy, theta */
    COP_OP_SHIFT,                 /* x, offset */
    COP_OP_FLIP,                  /* x, flag */
    COP_OP_BOX_MASK,              /* box */
    COP_OP_COUNT
} cop_op;

/* The settings of an operation. Zero-filled before use, so that equal settings are equal bytes. */
typedef union cop_attr {
    struct {
        double value;
    } constant;
    struct {
        double scale, offset;
    } affine;
    struct {
        int64_t axis, start;
    } slice;
    struct {
        double scale;
        uint32_t axes;
    } sum;
    struct {
        bool transpose_a, transpose_b;
    } matmul;
    cop_window window;
    struct {
        cop_norm_axes over;
    } norm;
} cop_attr;

typedef struct cop_node_data {
    cop_op op;
    cop_shape shape;
    cop_attr attr;
    int32_t input_count;
    cop_node *inputs;  /* owned by the graph's arena; earlier nodes only */
    const char *name;  /* an input's name; else NULL */
    const char *label; /* for people; may be NULL */
} cop_node_data;

/* The node's data, or NULL for COP_NO_NODE. Valid until the next node is added. */
const cop_node_data *cop_graph_node(const cop_graph *g, cop_node a);

/* Nodes so far; they are 1 … count, each after its inputs. */
int32_t cop_graph_size(const cop_graph *g);

/* "conv2d", "relu", … as messages and `explain` print it. */
const char *cop_op_name(cop_op op);

/* Where the programs that are compiled from the graph are kept for whoever compiles an equal one
 * (exec/compiler/cache.h); NULL: nowhere. The graph only carries it. It outlives the graph, and the
 * first one that a graph is given stays. */
typedef struct cop_program_cache cop_program_cache;
void cop_graph_use_cache(cop_graph *g, cop_program_cache *cache);
cop_program_cache *cop_graph_cache(const cop_graph *g);

/* Fails the graph for lack of memory, which is COP_FAILED. Returns COP_NO_NODE. */
cop_node cop_graph_out_of_memory(cop_graph *g);

/* Adds a node, or finds the equal one or a simpler one of the same value (an operand, a constant,
 * …: the result's operation may differ). The caller has checked the inputs and inferred the shape.
 * Anything but builders in graph/ and derivative rules goes through graph.h instead. */
cop_node cop_graph_add(cop_graph *g, cop_op op, const cop_node *inputs, int32_t input_count,
                       cop_attr attr, cop_shape shape);

/* Adds a copy of a node, which may be of another graph, on these inputs of g: never simplified, and
 * never merged with an equal one. For the compiler's own graphs, in which a node is wanted twice.
 */
cop_node cop_graph_add_copy(cop_graph *g, const cop_node_data *node, cop_node *inputs);

/* cop_gate(a, b): a where b > 0, else 0. */
cop_node cop_gate(cop_graph *g, cop_node a, cop_node b);

#endif
