/* plane_domain.c: which nodes can be fused plane by plane. */
#include "exec/compiler/plane.h"

enum { SPATIAL = COP_AXIS(2) | COP_AXIS(3), ACROSS = SPATIAL | COP_AXIS(0) };

static const cop_node_data *data_of(const cop_compiler *c, cop_node v)
{
    return cop_graph_node(c->g, v);
}

static bool is_plane(cop_shape s)
{
    return s.rank == 4 && s.dim[2] * s.dim[3] > 1;
}

static bool is_lanes(cop_shape s, int64_t samples, int64_t channels)
{
    return s.rank == 4 && s.dim[1] == channels && s.dim[2] == 1 && s.dim[3] == 1 &&
           (s.dim[0] == samples || s.dim[0] == 1);
}

static cop_plane_domain domain_of(cop_shape s, int64_t zoom)
{
    return (cop_plane_domain){s.dim[0], s.dim[1], s.dim[2] / zoom, s.dim[3] / zoom, zoom};
}

static bool takes_elementwise(const cop_compiler *c, const cop_node_data *node,
                              cop_plane_domain *domain)
{
    cop_shape shape = node->shape;
    if (shape.rank != 4)
        return false;
    for (int32_t i = 0; i < node->input_count; i++) {
        cop_shape operand = data_of(c, node->inputs[i])->shape;
        if (!cop_shape_equal(operand, shape) && cop_shape_count(operand) != 1 &&
            !is_lanes(operand, shape.dim[0], shape.dim[1]))
            return false;
    }
    *domain = is_plane(shape) ? domain_of(shape, 1)
                              : (cop_plane_domain){shape.dim[0], shape.dim[1], 0, 0, 1};
    return is_plane(shape) || (shape.dim[2] == 1 && shape.dim[3] == 1);
}

static bool halves(const cop_node_data *node, cop_shape big, cop_shape small)
{
    cop_window w = node->attr.window;
    return w.size_h == 2 && w.size_w == 2 && w.stride_h == 2 && w.stride_w == 2 && w.pad_h == 0 &&
           w.pad_w == 0 && big.dim[2] == 2 * small.dim[2] && big.dim[3] == 2 * small.dim[3] &&
           is_plane(small);
}

static bool takes_pool(const cop_compiler *c, const cop_node_data *node, cop_plane_domain *domain)
{
    bool adjoint = node->op == COP_OP_AVG_POOL_ADJOINT || node->op == COP_OP_MAX_POOL_PUT;
    cop_shape first = data_of(c, node->inputs[0])->shape, big = adjoint ? node->shape : first;
    cop_shape small = node->shape;
    if (node->op == COP_OP_AVG_POOL_ADJOINT)
        small = first;
    else if (node->op == COP_OP_MAX_POOL_PUT)
        small = data_of(c, node->inputs[1])->shape;
    *domain = domain_of(big, 2);
    return halves(node, big, small);
}

bool cop_plane_are_moments(const cop_compiler *c, cop_node variance, cop_node mean)
{
    const cop_node_data *v = data_of(c, variance), *m = data_of(c, c->root[mean]);
    if (v->op != COP_OP_VARIANCE || v->attr.norm.over != COP_NORM_OVER_BATCH ||
        c->root[v->inputs[1]] != c->root[mean] || m->op != COP_OP_SUM ||
        m->attr.sum.axes != ACROSS || c->root[m->inputs[0]] != c->root[v->inputs[0]])
        return false;
    cop_shape x = data_of(c, v->inputs[0])->shape;
    double count = (double)(cop_shape_count(x) / x.dim[1]);
    double ratio = m->attr.sum.scale * count;
    return cop_shape_equal(data_of(c, m->inputs[0])->shape, x) && ratio > 1.0 - 1e-12 &&
           ratio < 1.0 + 1e-12;
}

bool cop_plane_is_sink(const cop_compiler *c, cop_node v)
{
    const cop_node_data *node = data_of(c, v);
    return (node->op == COP_OP_SUM && node->attr.sum.axes == ACROSS) ||
           (node->op == COP_OP_VARIANCE && node->attr.norm.over == COP_NORM_OVER_BATCH);
}

bool cop_plane_takes(const cop_compiler *c, cop_node v, cop_plane_domain *domain)
{
    const cop_node_data *node = data_of(c, v);
    cop_shape x = node->input_count > 0 ? data_of(c, node->inputs[0])->shape : cop_shape0();
    switch (node->op) {
    case COP_OP_SUM:
        if (!is_plane(x) || node->shape.rank != 4 ||
            (node->attr.sum.axes != SPATIAL && node->attr.sum.axes != ACROSS))
            return false;
        *domain = domain_of(x, 1);
        return true;
    case COP_OP_VARIANCE:
        if (!is_plane(x) || (node->attr.norm.over == COP_NORM_OVER_BATCH &&
                             !cop_plane_are_moments(c, v, node->inputs[1])))
            return false;
        *domain = domain_of(x, 1);
        return true;
    case COP_OP_NORMALIZE_JACOBIAN:
        if (!is_plane(x) || node->attr.norm.over != COP_NORM_OVER_IMAGE)
            return false;
        *domain = domain_of(x, 1);
        return true;
    case COP_OP_AVG_POOL:
    case COP_OP_AVG_POOL_ADJOINT:
    case COP_OP_MAX_POOL:
    case COP_OP_MAX_POOL_TAKE:
    case COP_OP_MAX_POOL_PUT:
        return takes_pool(c, node, domain);
    default:
        return cop_op_is_elementwise(node->op) && takes_elementwise(c, node, domain);
    }
}

/* k where a·k = b in both dimensions and k is a power of two; else 0. */
static int64_t zoom_between(const cop_plane_domain *a, const cop_plane_domain *b)
{
    if (b->height % a->height != 0 || b->height / a->height * a->width != b->width)
        return 0;
    int64_t k = b->height / a->height;
    return (k & (k - 1)) == 0 ? k : 0;
}

bool cop_plane_domains_meet(const cop_plane_domain *a, const cop_plane_domain *b,
                            cop_plane_domain *both)
{
    if (a->samples != b->samples || a->channels != b->channels)
        return false;
    if (a->height == 0 || b->height == 0) {
        *both = a->height == 0 ? *b : *a;
        return true;
    }
    const cop_plane_domain *small = a->height <= b->height ? a : b, *big = small == a ? b : a;
    int64_t k = zoom_between(small, big);
    if (k == 0)
        return false;
    cop_plane_domain joined = *small; /* `both` may be either of the two */
    if (big->zoom * k > joined.zoom)
        joined.zoom = big->zoom * k;
    *both = joined;
    return joined.zoom <= 4;
}
