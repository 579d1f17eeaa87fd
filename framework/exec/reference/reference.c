/* reference.c: the oracle's driver. Nodes are in order of dependence, so one backward sweep marks
 * what the outputs need and one forward sweep evaluates it; a value is freed after its last use. */
#include "exec/reference/reference.h"

#include <coppice/program.h>

#include <stdlib.h>
#include <string.h>

static const cop_reference_fn operations[COP_OP_COUNT] = {
    /* COP_OP_INPUT has no entry: its value is the caller's */
    [COP_OP_CONSTANT] = cop_reference_constant,
    [COP_OP_AFFINE] = cop_reference_unary,
    [COP_OP_SQRT] = cop_reference_unary,
    [COP_OP_RECIPROCAL] = cop_reference_unary,
    [COP_OP_EXP] = cop_reference_unary,
    [COP_OP_LN] = cop_reference_unary,
    [COP_OP_ABS] = cop_reference_unary,
    [COP_OP_SIGN] = cop_reference_unary,
    [COP_OP_HEAVISIDE] = cop_reference_unary,
    [COP_OP_SIGMOID] = cop_reference_unary,
    [COP_OP_TANH] = cop_reference_unary,
    [COP_OP_RELU] = cop_reference_unary,
    [COP_OP_LEAKY_RELU] = cop_reference_unary,
    [COP_OP_DETACH] = cop_reference_copy,
    [COP_OP_ADD] = cop_reference_binary,
    [COP_OP_SUB] = cop_reference_binary,
    [COP_OP_MUL] = cop_reference_binary,
    [COP_OP_DIV] = cop_reference_binary,
    [COP_OP_GATE] = cop_reference_binary,
    [COP_OP_RESHAPE] = cop_reference_copy,
    [COP_OP_BROADCAST] = cop_reference_broadcast,
    [COP_OP_SLICE] = cop_reference_slice,
    [COP_OP_PAD] = cop_reference_pad,
    [COP_OP_CONCAT] = cop_reference_concat,
    [COP_OP_GATHER] = cop_reference_gather,
    [COP_OP_SCATTER_ADD] = cop_reference_scatter_add,
    [COP_OP_SUM] = cop_reference_sum,
    [COP_OP_MATMUL] = cop_reference_matmul,
    [COP_OP_CONV] = cop_reference_conv,
    [COP_OP_CONV_DATA] = cop_reference_conv_data,
    [COP_OP_CONV_WEIGHTS] = cop_reference_conv_weights,
    [COP_OP_AVG_POOL] = cop_reference_avg_pool,
    [COP_OP_AVG_POOL_ADJOINT] = cop_reference_avg_pool_adjoint,
    [COP_OP_MAX_POOL] = cop_reference_max_pool,
    [COP_OP_MAX_POOL_TAKE] = cop_reference_max_pool_take,
    [COP_OP_MAX_POOL_PUT] = cop_reference_max_pool_put,
    [COP_OP_VARIANCE] = cop_reference_variance,
    [COP_OP_NORMALIZE] = cop_reference_normalize,
    [COP_OP_NORMALIZE_JACOBIAN] = cop_reference_normalize_jacobian,
    [COP_OP_LOG_SOFTMAX] = cop_reference_log_softmax,
    [COP_OP_RESIZE] = cop_reference_resize,
    [COP_OP_RESIZE_ADJOINT] = cop_reference_resize_adjoint,
    [COP_OP_AFFINE_SAMPLE] = cop_reference_affine_sample,
    [COP_OP_AFFINE_SAMPLE_ADJOINT] = cop_reference_affine_sample_adjoint,
    [COP_OP_SHIFT] = cop_reference_shift,
    [COP_OP_FLIP] = cop_reference_flip,
    [COP_OP_BOX_MASK] = cop_reference_box_mask,
};

_Static_assert(COP_OP_COUNT == 49, "an operation was added or removed: so must its entry be");

/* One evaluation. Arrays have one place per node; place 0 is COP_NO_NODE's and stays empty. */
typedef struct evaluation {
    const cop_graph *graph;
    int32_t *uses;        /* how many needed nodes and outputs still read the value */
    const double **value; /* the caller's memory (inputs) or owned[node] */
    double **owned;
    cop_operand *operands; /* room for the operands of one node */
} evaluation;

static void close_evaluation(evaluation *e)
{
    for (int32_t a = 0; e->owned != NULL && a <= cop_graph_size(e->graph); a++)
        free(e->owned[a]);
    free(e->uses);
    free(e->value);
    free(e->owned);
    free(e->operands);
}

static cop_status open_evaluation(evaluation *e, const cop_graph *g, cop_error *err)
{
    int32_t most = 1; /* inputs of one node */
    for (cop_node a = 1; a <= cop_graph_size(g); a++)
        if (cop_graph_node(g, a)->input_count > most)
            most = cop_graph_node(g, a)->input_count;
    size_t places = (size_t)cop_graph_size(g) + 1;
    *e = (evaluation){.graph = g};
    e->uses = calloc(places, sizeof *e->uses);
    e->value = calloc(places, sizeof *e->value);
    e->owned = calloc(places, sizeof *e->owned);
    e->operands = calloc((size_t)most, sizeof *e->operands);
    if (e->uses == NULL || e->value == NULL || e->owned == NULL || e->operands == NULL)
        return cop_fail(err, COP_FAILED, "evaluate: out of memory for a graph of %zu nodes",
                        places);
    return COP_OK;
}

/* The caller's values, put at their nodes. */
static cop_status take_inputs(evaluation *e, const cop_node *nodes, const double *const *inputs,
                              size_t count, cop_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const cop_node_data *node = nodes[i] > 0 && nodes[i] <= cop_graph_size(e->graph)
                                        ? cop_graph_node(e->graph, nodes[i])
                                        : NULL;
        if (node == NULL || node->op != COP_OP_INPUT)
            return cop_fail(err, COP_FAILED, "evaluate: input %zu is node %d, not an input node", i,
                            (int)nodes[i]);
        e->value[nodes[i]] = inputs[i];
    }
    return COP_OK;
}

/* Counts the readers of every node that the outputs need; the others keep 0. */
static cop_status count_uses(evaluation *e, const cop_node *outputs, size_t count, cop_error *err)
{
    for (size_t k = 0; k < count; k++) {
        if (outputs[k] < 1 || outputs[k] > cop_graph_size(e->graph))
            return cop_fail(err, COP_FAILED, "evaluate: output %zu is node %d, not of this graph",
                            k, (int)outputs[k]);
        e->uses[outputs[k]]++;
    }
    for (cop_node a = cop_graph_size(e->graph); a >= 1; a--) {
        const cop_node_data *node = cop_graph_node(e->graph, a);
        for (int32_t i = 0; e->uses[a] > 0 && i < node->input_count; i++)
            e->uses[node->inputs[i]]++;
    }
    return COP_OK;
}

/* One reader fewer; the last one frees the value. */
static void release(evaluation *e, cop_node a)
{
    if (--e->uses[a] > 0)
        return;
    free(e->owned[a]);
    e->owned[a] = NULL;
    e->value[a] = NULL;
}

static cop_status evaluate_node(evaluation *e, cop_node a, cop_error *err)
{
    const cop_node_data *node = cop_graph_node(e->graph, a);
    if (node->op == COP_OP_INPUT) {
        if (e->value[a] == NULL)
            return cop_fail(err, COP_FAILED, "evaluate: input \"%s\" has no value", node->name);
        return COP_OK;
    }
    cop_reference_fn operation = operations[node->op];
    if (operation == NULL)
        return cop_fail(err, COP_FAILED, "evaluate: node %d has no operation", (int)a);
    size_t count = (size_t)cop_shape_count(node->shape);
    e->owned[a] = calloc(count > 0 ? count : 1, sizeof(double));
    if (e->owned[a] == NULL)
        return cop_fail(err, COP_FAILED, "evaluate: out of memory for %zu elements of %s", count,
                        cop_op_name(node->op));
    e->value[a] = e->owned[a];
    for (int32_t i = 0; i < node->input_count; i++)
        e->operands[i] = (cop_operand){.shape = cop_node_shape(e->graph, node->inputs[i]),
                                       .data = e->value[node->inputs[i]]};
    COP_TRY(operation(node, e->operands, e->owned[a], err));
    for (int32_t i = 0; i < node->input_count; i++)
        release(e, node->inputs[i]);
    return COP_OK;
}

static cop_status evaluate(evaluation *e, const cop_node *outputs, double *const *results,
                           size_t count, cop_error *err)
{
    for (cop_node a = 1; a <= cop_graph_size(e->graph); a++)
        if (e->uses[a] > 0)
            COP_TRY(evaluate_node(e, a, err));
    for (size_t k = 0; k < count; k++) {
        size_t elements = (size_t)cop_shape_count(cop_node_shape(e->graph, outputs[k]));
        memmove(results[k], e->value[outputs[k]], elements * sizeof(double));
    }
    return COP_OK;
}

cop_status cop_evaluate_f64(const cop_graph *g, const cop_node *input_nodes,
                            const double *const *inputs, size_t input_count,
                            const cop_node *outputs, double *const *results, size_t output_count,
                            cop_error *err)
{
    COP_TRY(cop_graph_check(g, err));
    evaluation e = {.graph = g};
    cop_status status = open_evaluation(&e, g, err);
    if (status == COP_OK)
        status = take_inputs(&e, input_nodes, inputs, input_count, err);
    if (status == COP_OK)
        status = count_uses(&e, outputs, output_count, err);
    if (status == COP_OK)
        status = evaluate(&e, outputs, results, output_count, err);
    close_evaluation(&e);
    return status;
}
