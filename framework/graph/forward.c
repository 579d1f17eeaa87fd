/* forward.c: forward mode. Nodes are visited from the first to the last; each that depends on a wrt
 * and is needed by an output gets its tangent from those of its operands. */
#include <coppice/differentiate.h>

#include "graph/derive.h"
#include "graph/rules.h"

#include <stdlib.h>

static bool is_zero_constant(const cop_graph *g, cop_node a)
{
    const cop_node_data *node = cop_graph_node(g, a);
    return node != NULL && node->op == COP_OP_CONSTANT && node->attr.constant.value == 0.0;
}

/* The tangent of node a from those of its operands, COP_NO_NODE for zero. `operands` has room for
 * as many nodes as a has operands. */
static cop_node tangent_of(cop_graph *g, const cop_reach *reach, cop_node a,
                           const cop_node *tangents, cop_node *operands)
{
    cop_site site = cop_site_at(g, a);
    bool moves = false;
    for (int32_t k = 0; k < site.input_count; k++) {
        bool passes = cop_reach_passes(reach, cop_graph_node(g, a), k);
        operands[k] = passes ? tangents[site.inputs[k]] : COP_NO_NODE;
        moves = moves || operands[k] != COP_NO_NODE;
    }
    if (!moves)
        return COP_NO_NODE;
    cop_node tangent = cop_rule_of(site.op).jvp(&site, operands);
    return is_zero_constant(g, tangent) ? COP_NO_NODE : tangent;
}

static void run_forward(cop_graph *g, const cop_reach *reach, cop_node *tangents,
                        cop_node *operands)
{
    cop_graph_begin_derivation(g);
    for (cop_node a = 1; a <= reach->count && !cop_graph_failed(g); a++)
        if (reach->needed[a] && reach->depends[a] && !reach->is_wrt[a])
            tangents[a] = tangent_of(g, reach, a, tangents, operands);
    cop_graph_end_derivation(g);
}

/* The most operands that a node of the graph has. */
static size_t most_operands(const cop_graph *g)
{
    size_t most = 1;
    for (cop_node a = 1; a <= cop_graph_size(g); a++) {
        size_t count = (size_t)cop_graph_node(g, a)->input_count;
        most = count > most ? count : most;
    }
    return most;
}

/* The tangents of the wrt; those given for the same node add up. */
static void seed(cop_graph *g, const cop_node *wrt, const cop_node *given, size_t count,
                 cop_node *tangents)
{
    for (size_t i = 0; i < count; i++)
        if (!is_zero_constant(g, given[i]))
            tangents[wrt[i]] = cop_accumulate(g, tangents[wrt[i]], given[i]);
}

static void collect(cop_graph *g, const cop_node *tangents, const cop_node *outputs,
                    size_t output_count, cop_node *out_tangents)
{
    for (size_t k = 0; k < output_count; k++) {
        cop_node found = tangents[outputs[k]];
        out_tangents[k] =
            found != COP_NO_NODE ? found : cop_constant(g, cop_node_shape(g, outputs[k]), 0.0);
        cop_graph_expose(g, out_tangents[k]);
    }
}

/* cop_jvp for checked arguments. */
static cop_status forward(cop_graph *g, const cop_node *wrt, const cop_node *given, size_t count,
                          const cop_node *outputs, size_t output_count, cop_node *out_tangents,
                          cop_error *err)
{
    cop_reach reach;
    cop_node *tangents = calloc((size_t)cop_graph_size(g) + 1, sizeof *tangents);
    cop_node *operands = calloc(most_operands(g), sizeof *operands);
    cop_status status = cop_reach_make(&reach, g, wrt, count, outputs, output_count, err);
    if (status == COP_OK && (tangents == NULL || operands == NULL))
        status = cop_fail(err, COP_FAILED, "out of memory for a derivative");
    if (status == COP_OK) {
        seed(g, wrt, given, count, tangents);
        run_forward(g, &reach, tangents, operands);
        collect(g, tangents, outputs, output_count, out_tangents);
        status = cop_graph_check(g, err);
    }
    cop_reach_free(&reach);
    free(tangents);
    free(operands);
    return status;
}

static cop_status checked_jvp(cop_graph *g, const cop_node *wrt, const cop_node *tangents,
                              size_t count, const cop_node *outputs, size_t output_count,
                              cop_node *out_tangents, cop_error *err)
{
    COP_TRY(cop_graph_check(g, err));
    COP_TRY(cop_check_wrt(g, "jvp", wrt, count, err));
    COP_TRY(cop_check_matching(g, "jvp", "tangents", tangents, wrt, count, err));
    COP_TRY(cop_check_nodes(g, "jvp", "outputs", outputs, output_count, err));
    return forward(g, wrt, tangents, count, outputs, output_count, out_tangents, err);
}

cop_status cop_jvp(cop_graph *g, const cop_node *wrt, const cop_node *tangents, size_t count,
                   const cop_node *outputs, size_t output_count, cop_node *out_tangents,
                   cop_error *err)
{
    cop_status status =
        checked_jvp(g, wrt, tangents, count, outputs, output_count, out_tangents, err);
    for (size_t k = 0; status != COP_OK && k < output_count; k++)
        out_tangents[k] = COP_NO_NODE;
    return status;
}
