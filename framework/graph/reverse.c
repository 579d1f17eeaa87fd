/* reverse.c: reverse mode. Nodes are visited from the last to the first; each that has a cotangent
 * and depends on a wrt hands shares of it to the operands on the way there. */
#include <coppice/differentiate.h>

#include "graph/derive.h"
#include "graph/rules.h"

#include <stdlib.h>

/* Adds to cotangents[…] the shares that node a hands to its operands. */
static void hand_down(cop_graph *g, const cop_reach *reach, cop_node a, cop_node *cotangents)
{
    cop_site site = cop_site_at(g, a);
    for (int32_t k = 0; k < site.input_count; k++) {
        if (!cop_reach_passes(reach, cop_graph_node(g, a), k))
            continue;
        cop_node operand = site.inputs[k];
        cop_node share = cop_rule_of(site.op).vjp(&site, k, cotangents[a]);
        if (cop_graph_failed(g))
            return;
        cotangents[operand] = cop_accumulate(g, cotangents[operand], share);
    }
}

static void run_reverse(cop_graph *g, const cop_reach *reach, cop_node *cotangents)
{
    cop_graph_begin_derivation(g);
    for (cop_node a = reach->count; a >= 1 && !cop_graph_failed(g); a--)
        if (cotangents[a] != COP_NO_NODE && reach->depends[a] && !reach->is_wrt[a])
            hand_down(g, reach, a, cotangents);
    cop_graph_end_derivation(g);
}

/* The gradients out of the cotangents, known to the caller from now on. */
static void collect(cop_graph *g, const cop_node *cotangents, const cop_node *wrt, size_t count,
                    cop_node *gradients)
{
    for (size_t i = 0; i < count; i++) {
        cop_node found = cotangents[wrt[i]];
        gradients[i] =
            found != COP_NO_NODE ? found : cop_constant(g, cop_node_shape(g, wrt[i]), 0.0);
        cop_graph_expose(g, gradients[i]);
    }
}

/* cop_vjp for checked arguments. */
static cop_status reverse(cop_graph *g, const cop_node *outputs, const cop_node *seeds,
                          size_t output_count, const cop_node *wrt, size_t count,
                          cop_node *gradients, cop_error *err)
{
    cop_reach reach;
    cop_node *cotangents = calloc((size_t)cop_graph_size(g) + 1, sizeof *cotangents);
    cop_status status = cop_reach_make(&reach, g, wrt, count, outputs, output_count, err);
    if (status == COP_OK && cotangents == NULL)
        status = cop_fail(err, COP_FAILED, "out of memory for a derivative");
    if (status == COP_OK) {
        for (size_t k = 0; k < output_count; k++)
            cotangents[outputs[k]] = cop_accumulate(g, cotangents[outputs[k]], seeds[k]);
        run_reverse(g, &reach, cotangents);
        collect(g, cotangents, wrt, count, gradients);
        status = cop_graph_check(g, err);
    }
    cop_reach_free(&reach);
    free(cotangents);
    return status;
}

/* Hands on a status; where it is a failure, there are no gradients. */
static cop_status conclude(cop_status status, cop_node *gradients, size_t count)
{
    for (size_t i = 0; status != COP_OK && i < count; i++)
        gradients[i] = COP_NO_NODE;
    return status;
}

static cop_status checked_vjp(cop_graph *g, const cop_node *outputs, const cop_node *cotangents,
                              size_t output_count, const cop_node *wrt, size_t count,
                              cop_node *gradients, cop_error *err)
{
    COP_TRY(cop_graph_check(g, err));
    COP_TRY(cop_check_nodes(g, "vjp", "outputs", outputs, output_count, err));
    COP_TRY(cop_check_matching(g, "vjp", "cotangents", cotangents, outputs, output_count, err));
    COP_TRY(cop_check_wrt(g, "vjp", wrt, count, err));
    return reverse(g, outputs, cotangents, output_count, wrt, count, gradients, err);
}

cop_status cop_vjp(cop_graph *g, const cop_node *outputs, const cop_node *cotangents,
                   size_t output_count, const cop_node *wrt, size_t count, cop_node *gradients,
                   cop_error *err)
{
    cop_status status =
        checked_vjp(g, outputs, cotangents, output_count, wrt, count, gradients, err);
    return conclude(status, gradients, count);
}

static cop_status checked_gradient(cop_graph *g, cop_node loss, const cop_node *wrt, size_t count,
                                   cop_node *gradients, cop_error *err)
{
    COP_TRY(cop_graph_check(g, err));
    COP_TRY(cop_check_nodes(g, "gradient", "loss", &loss, 1, err));
    COP_TRY(cop_check_wrt(g, "gradient", wrt, count, err));
    cop_shape shape = cop_node_shape(g, loss);
    if (cop_shape_count(shape) != 1)
        return cop_fail(err, COP_INVALID, "gradient: the loss %s has %lld elements, wants one",
                        cop_graph_describe(g, loss).text, (long long)cop_shape_count(shape));
    cop_node one = cop_constant(g, shape, 1.0);
    COP_TRY(cop_graph_check(g, err));
    return reverse(g, &loss, &one, 1, wrt, count, gradients, err);
}

cop_status cop_gradient(cop_graph *g, cop_node loss, const cop_node *wrt, size_t count,
                        cop_node *gradients, cop_error *err)
{
    return conclude(checked_gradient(g, loss, wrt, count, gradients, err), gradients, count);
}
