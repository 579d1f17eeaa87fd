/* derive.c: what the two modes of differentiation share: checks, and which nodes matter. */
#include "graph/derive.h"

#include "graph/optable.h"

#include <stdlib.h>

cop_status cop_check_nodes(const cop_graph *g, const char *who, const char *role,
                           const cop_node *nodes, size_t count, cop_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (cop_graph_node(g, nodes[i]) == NULL)
            return cop_fail(err, COP_INVALID, "%s: %s[%zu] is no node of this graph (%d)", who,
                            role, i, nodes[i]);
    return COP_OK;
}

cop_status cop_check_matching(const cop_graph *g, const char *who, const char *role,
                              const cop_node *values, const cop_node *nodes, size_t count,
                              cop_error *err)
{
    COP_TRY(cop_check_nodes(g, who, role, values, count, err));
    for (size_t i = 0; i < count; i++)
        if (!cop_shape_equal(cop_node_shape(g, values[i]), cop_node_shape(g, nodes[i])))
            return cop_fail(err, COP_INVALID, "%s: %s[%zu] is %s, wants the shape of %s", who, role,
                            i, cop_graph_describe(g, values[i]).text,
                            cop_graph_describe(g, nodes[i]).text);
    return COP_OK;
}

cop_status cop_check_wrt(const cop_graph *g, const char *who, const cop_node *wrt, size_t count,
                         cop_error *err)
{
    COP_TRY(cop_check_nodes(g, who, "wrt", wrt, count, err));
    for (size_t i = 0; i < count; i++)
        if (cop_graph_node(g, wrt[i])->op == COP_OP_CONSTANT)
            return cop_fail(err, COP_INVALID,
                            "%s: wrt[%zu] is %s; constants are folded away, make it an input", who,
                            i, cop_graph_describe(g, wrt[i]).text);
    return COP_OK;
}

bool cop_reach_passes(const cop_reach *reach, const cop_node_data *node, int32_t k)
{
    return cop_operand_in(cop_op_entry(node->op)->flow, k) && reach->depends[node->inputs[k]];
}

static void mark_dependent(cop_reach *reach, const cop_graph *g)
{
    for (cop_node a = 1; a <= reach->count; a++) {
        const cop_node_data *node = cop_graph_node(g, a);
        bool depends = reach->is_wrt[a];
        for (int32_t k = 0; k < node->input_count && !depends; k++)
            depends = cop_reach_passes(reach, node, k);
        reach->depends[a] = depends;
    }
}

static void mark_needed(cop_reach *reach, const cop_graph *g)
{
    for (cop_node a = reach->count; a >= 1; a--) {
        if (!reach->needed[a] || reach->is_wrt[a])
            continue;
        const cop_node_data *node = cop_graph_node(g, a);
        for (int32_t k = 0; k < node->input_count; k++)
            if (cop_reach_passes(reach, node, k))
                reach->needed[node->inputs[k]] = true;
    }
}

cop_status cop_reach_make(cop_reach *reach, const cop_graph *g, const cop_node *wrt, size_t count,
                          const cop_node *outputs, size_t output_count, cop_error *err)
{
    size_t size = (size_t)cop_graph_size(g) + 1;
    *reach = (cop_reach){.count = cop_graph_size(g),
                         .is_wrt = calloc(size, sizeof(bool)),
                         .depends = calloc(size, sizeof(bool)),
                         .needed = calloc(size, sizeof(bool))};
    if (reach->is_wrt == NULL || reach->depends == NULL || reach->needed == NULL)
        return cop_fail(err, COP_FAILED, "out of memory for a derivative");
    for (size_t i = 0; i < count; i++)
        reach->is_wrt[wrt[i]] = true;
    for (size_t k = 0; k < output_count; k++)
        reach->needed[outputs[k]] = true;
    mark_dependent(reach, g);
    mark_needed(reach, g);
    return COP_OK;
}

void cop_reach_free(cop_reach *reach)
{
    free(reach->is_wrt);
    free(reach->depends);
    free(reach->needed);
    *reach = (cop_reach){0};
}
