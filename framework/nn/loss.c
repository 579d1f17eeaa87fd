/* loss.c: the cross-entropy. */
#include <coppice/nn.h>

cop_node cop_cross_entropy(cop_graph *g, cop_node logits, cop_node target)
{
    if (logits == COP_NO_NODE || target == COP_NO_NODE)
        return COP_NO_NODE;
    cop_shape shape = cop_node_shape(g, logits);
    if (shape.rank != 2 || !cop_shape_equal(shape, cop_node_shape(g, target))) {
        char a[96], b[96];
        return cop_graph_refuse(g, "cross-entropy of logits %s with targets %s",
                                cop_shape_text(shape, a, sizeof a),
                                cop_shape_text(cop_node_shape(g, target), b, sizeof b));
    }
    cop_node agreement = cop_total(g, cop_mul(g, target, cop_log_softmax(g, logits)));
    return cop_node_label(g, cop_scale(g, agreement, -1.0 / (double)shape.dim[0]), "cross-entropy");
}
