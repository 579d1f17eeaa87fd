/* lower.c: from ordered units of nodes to instructions on buffers.
 *
 * A value may have several buffers, one for each layout that somebody wants it in; a conversion is
 * made when it is first wanted and then shared. */
#include "exec/compiler/plane.h"

#include <stdlib.h>
#include <string.h>

static void attach(cop_compiler *c, cop_node root, int32_t buffer)
{
    int32_t *end = &c->buffer[root];
    while (*end >= 0)
        end = &c->p->buffers[*end].next;
    *end = buffer;
}

/* A new buffer for a value, in the given layout (NULL is plain). */
static cop_status new_buffer(cop_compiler *c, cop_node root, cop_shape shape,
                             const cop_layout *layout, int32_t *buffer, cop_error *err)
{
    COP_TRY(cop_program_add_buffer(c->p, COP_HOME_ARENA, shape, buffer, err));
    cop_buffer *b = &c->p->buffers[*buffer];
    COP_TRY(cop_layout_clone(layout, &b->layout, err));
    if (layout != NULL)
        b->bytes = cop_layout_bytes(layout);
    attach(c, root, *buffer);
    return COP_OK;
}

/* The buffer of a leaf, made when it is first read. */
static cop_status leaf_buffer(cop_compiler *c, cop_node root, cop_error *err)
{
    const cop_node_data *node = cop_graph_node(c->g, root);
    bool input = node->op == COP_OP_INPUT;
    int32_t buffer;
    COP_TRY(cop_program_add_buffer(c->p, input ? COP_HOME_INPUT : COP_HOME_CONSTANT, node->shape,
                                   &buffer, err));
    if (!input)
        c->p->buffers[buffer].value = (float)node->attr.constant.value;
    attach(c, root, buffer);
    for (int32_t i = 0; input && i < c->p->input_count; i++)
        if (c->p->inputs[i].node == c->origin[root].node)
            c->p->inputs[i].buffer = buffer;
    return COP_OK;
}

static int32_t find_buffer(const cop_compiler *c, cop_node root, cop_shape shape,
                           const cop_layout *layout)
{
    for (int32_t i = c->buffer[root]; i >= 0; i = c->p->buffers[i].next) {
        const cop_buffer *b = &c->p->buffers[i];
        if (cop_layout_equal(b->layout, layout) &&
            (layout == NULL || cop_shape_equal(b->shape, shape)))
            return i;
    }
    return -1;
}

static cop_status convert(cop_compiler *c, cop_node root, int32_t from, cop_shape shape,
                          const cop_layout *layout, int32_t *buffer, cop_error *err)
{
    cop_program *p = c->p;
    COP_TRY(new_buffer(c, root, shape, layout, buffer, err));
    cop_instruction *in;
    COP_TRY(cop_program_add_instruction(p, 1, 1, &in, err));
    in->execute = cop_execute_primitive;
    in->node = root;
    in->operands[0] = from;
    in->results[0] = *buffer;
    in->operand_shapes[0] = in->shape = shape;
    COP_TRY(
        cop_primitive_reorder(p->dnn, shape, p->buffers[from].layout, layout, &in->primitive, err));
    size_t scratch = cop_primitive_scratch_bytes(in->primitive);
    if (scratch > 0) {
        COP_TRY(cop_program_add_buffer(p, COP_HOME_ARENA, cop_shape0(), &in->scratch, err));
        p->buffers[in->scratch].bytes = scratch;
    }
    p->cost.reorders++;
    return COP_OK;
}

/* The buffer of node v's value in the wanted layout, converted where there is none yet. */
static cop_status want(cop_compiler *c, cop_node v, const cop_layout *layout, int32_t *buffer,
                       cop_error *err)
{
    cop_node root = c->root[v];
    cop_shape shape = cop_graph_node(c->g, v)->shape;
    if (c->buffer[root] < 0)
        COP_TRY(leaf_buffer(c, root, err));
    *buffer = find_buffer(c, root, shape, layout);
    if (*buffer >= 0)
        return COP_OK;
    int32_t from = c->buffer[root];
    const cop_buffer *first = &c->p->buffers[from];
    if (first->layout != NULL && !cop_shape_equal(first->shape, shape)) {
        cop_shape own = first->shape;
        from = find_buffer(c, root, own, NULL);
        if (from < 0)
            COP_TRY(convert(c, root, c->buffer[root], own, NULL, &from, err));
        if (layout == NULL) {
            *buffer = from;
            return COP_OK;
        }
    }
    return convert(c, root, from, shape, layout, buffer, err);
}

static cop_status add_scratch(cop_compiler *c, cop_instruction *in, size_t bytes, cop_error *err)
{
    if (bytes == 0)
        return COP_OK;
    COP_TRY(cop_program_add_buffer(c->p, COP_HOME_ARENA, cop_shape0(), &in->scratch, err));
    c->p->buffers[in->scratch].bytes = bytes;
    return COP_OK;
}

static cop_status lower_group(cop_compiler *c, const cop_unit *step, cop_error *err)
{
    cop_node sources[COP_GROUP_REGISTERS], results[COP_GROUP_REGISTERS];
    int32_t operands[COP_GROUP_REGISTERS];
    cop_fused *group = NULL;
    COP_TRY(cop_fused_make(c, step, &group, sources, results, err));
    cop_status status = COP_OK;
    for (int32_t k = 0; k < group->operand_count && status == COP_OK; k++) {
        operands[k] = -1;
        if (sources[k] != COP_NO_NODE)
            status = want(c, sources[k], NULL, &operands[k], err);
    }
    cop_instruction *in = NULL;
    if (status == COP_OK)
        status =
            cop_program_add_instruction(c->p, group->operand_count, group->result_count, &in, err);
    if (status != COP_OK) {
        cop_fused_free(group);
        return status;
    }
    in->group = group;
    in->node = c->members[step->first + step->count - 1];
    in->op = cop_graph_node(c->g, in->node)->op;
    in->shape = cop_graph_node(c->g, in->node)->shape;
    in->execute = cop_execute_group;
    for (int32_t k = 0; k < group->operand_count; k++)
        in->operands[k] = operands[k];
    for (int32_t r = 0; r < group->result_count; r++)
        COP_TRY(new_buffer(c, results[r], in->shape, NULL, &in->results[r], err));
    return add_scratch(c, in, cop_fused_scratch_bytes(group, c->p->threads), err);
}

/* The lanes of the layouts in which node v's value is in memory, by bit: 1, 8 and 16. */
static int32_t lanes_at_hand(const cop_compiler *c, cop_node v)
{
    cop_shape shape = cop_graph_node(c->g, v)->shape;
    int32_t first = c->buffer[c->root[v]], lanes = first < 0 ? 1 : 0;
    for (int32_t i = first; i >= 0; i = c->p->buffers[i].next) {
        const cop_buffer *b = &c->p->buffers[i];
        if (b->layout == NULL || cop_shape_equal(b->shape, shape))
            lanes |= cop_layout_lanes(b->layout, shape);
    }
    return lanes;
}

/* The lanes with which the fewest bytes of the step's operands need converting; where it makes no
 * difference, as many as there are. */
static int32_t best_lanes(const cop_compiler *c, const cop_unit *step)
{
    int64_t bytes[17] = {0}; /* of operands that are at hand with so many lanes */
    cop_node seen[COP_GROUP_REGISTERS];
    int32_t count = 0;
    for (int32_t m = 0; m < step->count; m++) {
        const cop_node_data *node = cop_graph_node(c->g, c->members[step->first + m]);
        for (int32_t i = 0; i < node->input_count; i++) {
            cop_node v = node->inputs[i], root = c->root[v];
            cop_shape shape = cop_graph_node(c->g, v)->shape;
            bool known = c->unit[root] == c->unit[c->members[step->first]] || shape.rank != 4 ||
                         shape.dim[2] * shape.dim[3] == 1 ||
                         cop_graph_node(c->g, root)->op == COP_OP_CONSTANT;
            for (int32_t k = 0; k < count && !known; k++)
                known = seen[k] == v;
            if (known)
                continue;
            seen[count++] = v;
            int32_t lanes = lanes_at_hand(c, v);
            for (int32_t l = 1; l <= 16; l++)
                bytes[l] += (lanes & l) == l ? cop_shape_count(shape) : 0;
        }
    }
    int32_t best = 1;
    for (int32_t l = 8; l <= 16; l += 8)
        if (bytes[l] > 0 && bytes[l] >= bytes[best])
            best = l;
    return best;
}

/* The buffer of an operand of a group: planes in the layout of so many lanes. */
static cop_status want_lanes(cop_compiler *c, cop_node v, int32_t lanes, int32_t *buffer,
                             cop_error *err)
{
    cop_layout *layout = NULL;
    cop_status status = cop_layout_blocked(cop_graph_node(c->g, v)->shape, lanes, &layout, err);
    if (status == COP_OK)
        status = want(c, v, layout, buffer, err);
    cop_layout_free(layout);
    return status;
}

static cop_status new_lanes_buffer(cop_compiler *c, cop_node v, int32_t lanes, int32_t *buffer,
                                   cop_error *err)
{
    cop_shape shape = cop_graph_node(c->g, v)->shape;
    bool planes = shape.dim[2] * shape.dim[3] > 1;
    cop_layout *layout = NULL;
    cop_status status = cop_layout_blocked(shape, planes ? lanes : 1, &layout, err);
    if (status == COP_OK)
        status = new_buffer(c, v, shape, layout, buffer, err);
    cop_layout_free(layout);
    return status;
}

static cop_status fill_plane(cop_compiler *c, const cop_unit *step, cop_plane *plane,
                             const int32_t *operands, const cop_node *results, cop_error *err)
{
    cop_instruction *in;
    cop_status status =
        cop_program_add_instruction(c->p, plane->operand_count, plane->result_count, &in, err);
    if (status != COP_OK) {
        cop_plane_free(plane);
        return status;
    }
    in->plane = plane;
    in->node = c->members[step->first + step->count - 1];
    in->op = cop_graph_node(c->g, in->node)->op;
    in->shape = cop_graph_node(c->g, in->node)->shape;
    in->execute = cop_execute_plane;
    for (int32_t k = 0; k < plane->operand_count; k++)
        in->operands[k] = operands[k];
    for (int32_t r = 0; r < plane->result_count; r++)
        COP_TRY(new_lanes_buffer(c, results[r], plane->lanes, &in->results[r], err));
    return add_scratch(c, in, cop_plane_scratch_bytes(plane, c->p->threads), err);
}

static cop_status lower_plane(cop_compiler *c, const cop_unit *step, int32_t lanes, cop_error *err)
{
    cop_node sources[COP_PLANE_REGISTERS], results[COP_GROUP_OPS];
    int32_t operands[COP_PLANE_REGISTERS];
    bool whole[COP_PLANE_REGISTERS];
    cop_plane *plane = NULL;
    COP_TRY(cop_plane_make(c, step, lanes, &plane, sources, whole, results, err));
    cop_status status = COP_OK;
    for (int32_t k = 0; k < plane->operand_count && status == COP_OK; k++) {
        operands[k] = -1;
        if (sources[k] != COP_NO_NODE)
            status = want_lanes(c, sources[k], whole[k] ? lanes : 1, &operands[k], err);
    }
    if (status != COP_OK) {
        cop_plane_free(plane);
        return status;
    }
    return fill_plane(c, step, plane, operands, results, err);
}

static cop_conv_spec conv_spec(const cop_compiler *c, cop_node v)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    cop_shape a = cop_graph_node(c->g, node->inputs[0])->shape;
    cop_shape b = cop_graph_node(c->g, node->inputs[1])->shape;
    cop_conv_spec spec = {.window = node->attr.window};
    if (node->op == COP_OP_CONV) {
        spec.kind = COP_CONV_FORWARD;
        spec.x = a;
        spec.w = b;
        spec.y = node->shape;
    } else if (node->op == COP_OP_CONV_DATA) {
        spec.kind = COP_CONV_DATA;
        spec.y = a;
        spec.w = b;
        spec.x = node->shape;
    } else {
        spec.kind = COP_CONV_WEIGHTS;
        spec.x = a;
        spec.y = b;
        spec.w = node->shape;
    }
    return spec;
}

/* Every output pixel of the forward convolution reads a window of each input channel. */
static int64_t conv_flops(const cop_conv_spec *spec)
{
    return 2 * cop_shape_count(spec->y) * spec->w.dim[1] * spec->w.dim[2] * spec->w.dim[3];
}

/* What all convolutions' instructions have. */
static void describe_conv(cop_compiler *c, cop_node v, const cop_conv_spec *spec,
                          const int32_t operands[2], cop_instruction *in)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    in->op = node->op;
    in->node = v;
    in->attr = node->attr;
    in->shape = node->shape;
    for (int i = 0; i < 2; i++) {
        in->operands[i] = operands[i];
        in->operand_shapes[i] = cop_graph_node(c->g, node->inputs[i])->shape;
    }
    c->p->cost.flops += conv_flops(spec);
    c->p->cost.conv_flops += conv_flops(spec);
}

/* The gradient by an input of few channels: gy as it lies, by our own kernel. */
static cop_status lower_narrow(cop_compiler *c, cop_node v, const cop_conv_spec *spec,
                               cop_error *err)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    int32_t at_hand = lanes_at_hand(c, node->inputs[0]), operands[2];
    cop_narrow narrow = {.x = spec->x, .w = spec->w, .y = spec->y, .window = spec->window};
    narrow.lanes = (at_hand & 16) != 0 ? 16 : (at_hand & 8) != 0 ? 8 : 1;
    COP_TRY(want_lanes(c, node->inputs[0], narrow.lanes, &operands[0], err));
    COP_TRY(want(c, node->inputs[1], NULL, &operands[1], err));
    cop_instruction *in;
    COP_TRY(cop_program_add_instruction(c->p, 2, 1, &in, err));
    describe_conv(c, v, spec, operands, in);
    in->narrow = narrow;
    in->execute = cop_execute_narrow;
    COP_TRY(new_buffer(c, v, node->shape, NULL, &in->results[0], err));
    return add_scratch(c, in, cop_narrow_scratch_bytes(&narrow), err);
}

/* By Winograd's algorithm: images in blocks of channels, weights plain. */
static cop_status lower_winograd(cop_compiler *c, cop_node v, const cop_conv_spec *spec,
                                 cop_error *err)
{
    enum { LANES = 16 };
    const cop_node_data *node = cop_graph_node(c->g, v);
    bool weights = spec->kind == COP_CONV_WEIGHTS;
    int32_t operands[2];
    COP_TRY(want_lanes(c, node->inputs[0], LANES, &operands[0], err));
    COP_TRY(want_lanes(c, node->inputs[1], weights ? LANES : 1, &operands[1], err));
    cop_instruction *in;
    COP_TRY(cop_program_add_instruction(c->p, 2, 1, &in, err));
    describe_conv(c, v, spec, operands, in);
    in->winograd = *spec;
    in->execute = cop_execute_winograd;
    cop_layout *layout = NULL;
    cop_status status = cop_layout_blocked(node->shape, weights ? 1 : LANES, &layout, err);
    if (status == COP_OK)
        status = new_buffer(c, v, node->shape, layout, &in->results[0], err);
    cop_layout_free(layout);
    if (status != COP_OK)
        return status;
    return add_scratch(c, in, cop_winograd_scratch_bytes(spec, c->p->threads), err);
}

static cop_status lower_conv(cop_compiler *c, cop_node v, cop_error *err)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    cop_conv_spec spec = conv_spec(c, v);
    if (spec.kind == COP_CONV_DATA && cop_narrow_suits(spec.w))
        return lower_narrow(c, v, &spec, err);
    if (cop_winograd_suits(&spec))
        return lower_winograd(c, v, &spec, err);
    cop_primitive *primitive = NULL;
    COP_TRY(cop_primitive_conv(c->p->dnn, &spec, &primitive, err));
    int32_t operands[2];
    cop_status status = COP_OK;
    for (int i = 0; i < 2 && status == COP_OK; i++)
        status =
            want(c, node->inputs[i], cop_primitive_operand_layout(primitive, i), &operands[i], err);
    cop_instruction *in = NULL;
    if (status == COP_OK)
        status = cop_program_add_instruction(c->p, 2, 1, &in, err);
    if (status != COP_OK) {
        cop_primitive_free(primitive);
        return status;
    }
    describe_conv(c, v, &spec, operands, in);
    in->primitive = primitive;
    in->execute = cop_execute_primitive;
    COP_TRY(new_buffer(c, v, node->shape, cop_primitive_result_layout(primitive), &in->results[0],
                       err));
    return add_scratch(c, in, cop_primitive_scratch_bytes(primitive), err);
}

/* An operation whose operands and result are plain. */
static cop_status lower_plain(cop_compiler *c, cop_node v, cop_error *err)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    cop_execute execute = cop_execute_for(node->op);
    if (execute == NULL)
        return cop_fail(err, COP_FAILED, "operation %s cannot be compiled", cop_op_name(node->op));
    for (int32_t i = 0; i < node->input_count; i++) { /* conversions go before the instruction */
        int32_t buffer;
        COP_TRY(want(c, node->inputs[i], NULL, &buffer, err));
    }
    cop_instruction *in;
    COP_TRY(cop_program_add_instruction(c->p, node->input_count, 1, &in, err));
    in->op = node->op;
    in->execute = execute;
    in->node = v;
    in->attr = node->attr;
    in->shape = node->shape;
    for (int32_t i = 0; i < node->input_count; i++) {
        COP_TRY(want(c, node->inputs[i], NULL, &in->operands[i], err));
        in->operand_shapes[i] = cop_graph_node(c->g, node->inputs[i])->shape;
    }
    if (node->op == COP_OP_MATMUL)
        c->p->cost.flops += 2 * cop_shape_count(node->shape) *
                            in->operand_shapes[0].dim[node->attr.matmul.transpose_a ? 0 : 1];
    return new_buffer(c, v, node->shape, NULL, &in->results[0], err);
}

/* What the step's nodes allow. */
typedef struct step_traits {
    bool elementwise; /* one group of elementwise operations on one shape can compute it */
    bool planes;      /* a plane group can, and works on planes */
} step_traits;

/* Whether v is a variance over the batch whose mean another step computes. */
static bool lacks_its_mean(const cop_compiler *c, cop_node v)
{
    const cop_node_data *node = cop_graph_node(c->g, v);
    return node->op == COP_OP_VARIANCE && cop_plane_is_sink(c, v) &&
           c->unit[c->root[node->inputs[1]]] != c->unit[v];
}

static step_traits traits_of(const cop_compiler *c, const cop_unit *step)
{
    step_traits traits = {true, true};
    bool any = false;
    cop_shape shape = cop_graph_node(c->g, c->members[step->first])->shape;
    for (int32_t m = 0; m < step->count; m++) {
        cop_node v = c->members[step->first + m];
        cop_plane_domain domain;
        bool takes = cop_plane_takes(c, v, &domain) && !lacks_its_mean(c, v);
        traits.planes = traits.planes && takes;
        any = any || (takes && domain.height > 0);
        traits.elementwise = traits.elementwise &&
                             cop_op_is_elementwise(cop_graph_node(c->g, v)->op) &&
                             cop_shape_equal(cop_graph_node(c->g, v)->shape, shape);
    }
    traits.planes = traits.planes && any;
    return traits;
}

static cop_status lower_step(cop_compiler *c, const cop_unit *step, cop_error *err)
{
    cop_node v = c->members[step->first];
    cop_op op = cop_graph_node(c->g, v)->op;
    step_traits traits = traits_of(c, step);
    int32_t lanes = traits.planes ? best_lanes(c, step) : 1;
    bool alone = step->count == 1 && lanes == 1;
    if (traits.planes && !traits.elementwise && !alone)
        return lower_plane(c, step, lanes, err);
    if (traits.planes && lanes > 1)
        return lower_plane(c, step, lanes, err);
    if (traits.elementwise)
        return lower_group(c, step, err);
    if (op == COP_OP_CONV || op == COP_OP_CONV_DATA || op == COP_OP_CONV_WEIGHTS)
        return lower_conv(c, v, err);
    return lower_plain(c, v, err);
}

/* All inputs of the graph: binding one that no output needs is allowed. */
static cop_status list_inputs(cop_compiler *c, cop_error *err)
{
    int32_t count = 0;
    for (cop_node v = 1; v <= c->node_count; v++)
        count += cop_graph_node(c->g, v)->op == COP_OP_INPUT ? 1 : 0;
    c->p->inputs = cop_compiler_array((size_t)count, sizeof *c->p->inputs, err);
    if (c->p->inputs == NULL)
        return COP_FAILED;
    for (cop_node v = 1; v <= c->node_count; v++) {
        const cop_node_data *node = cop_graph_node(c->g, v);
        if (node->op != COP_OP_INPUT)
            continue;
        char text[96];
        cop_input_slot *slot = &c->p->inputs[c->p->input_count++];
        *slot = (cop_input_slot){.node = c->origin[v].node, .buffer = -1, .shape = node->shape};
        slot->name = node->name != NULL ? strdup(node->name) : strdup("");
        if (slot->name == NULL)
            return cop_fail(err, COP_FAILED, "out of memory: input of shape %s",
                            cop_shape_text(node->shape, text, sizeof text));
    }
    return COP_OK;
}

/* An output that is a leaf is copied: its own memory may be written before the run ends. */
static cop_status copy_leaf(cop_compiler *c, cop_node v, int32_t leaf, int32_t *buffer,
                            cop_error *err)
{
    cop_shape shape = cop_graph_node(c->g, v)->shape;
    COP_TRY(cop_program_add_buffer(c->p, COP_HOME_ARENA, shape, buffer, err));
    cop_instruction *in;
    COP_TRY(cop_program_add_instruction(c->p, 1, 1, &in, err));
    in->execute = cop_execute_copy;
    in->node = v;
    in->operands[0] = leaf;
    in->results[0] = *buffer;
    in->operand_shapes[0] = in->shape = shape;
    return COP_OK;
}

static cop_status lower_outputs(cop_compiler *c, cop_error *err)
{
    c->p->outputs = cop_compiler_array((size_t)c->output_count, sizeof *c->p->outputs, err);
    if (c->p->outputs == NULL)
        return COP_FAILED;
    c->p->output_count = c->output_count;
    for (int32_t i = 0; i < c->output_count; i++) {
        int32_t *buffer = &c->p->outputs[i].buffer;
        COP_TRY(want(c, c->outputs[i], NULL, buffer, err));
        if (c->p->buffers[*buffer].home != COP_HOME_ARENA)
            COP_TRY(copy_leaf(c, c->outputs[i], *buffer, buffer, err));
        c->p->buffers[*buffer].last = COP_KEPT;
    }
    return COP_OK;
}

cop_status cop_lower(cop_compiler *c, cop_error *err)
{
    size_t size = (size_t)c->node_count + 1;
    c->buffer = cop_compiler_array(size, sizeof *c->buffer, err);
    if (c->buffer == NULL)
        return COP_FAILED;
    for (size_t i = 0; i < size; i++)
        c->buffer[i] = -1;
    COP_TRY(list_inputs(c, err));
    for (int32_t s = 0; s < c->step_count; s++)
        COP_TRY(lower_step(c, &c->steps[s], err));
    return lower_outputs(c, err);
}
