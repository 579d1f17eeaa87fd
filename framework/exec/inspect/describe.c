/* describe.c: rows from a program's instructions and buffers. */
#include "exec/inspect/describe.h"

#include "core/text.h"
#include "exec/program/program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_conv(cop_op op)
{
    return op == COP_OP_CONV || op == COP_OP_CONV_DATA || op == COP_OP_CONV_WEIGHTS;
}

static bool is_reorder(const cop_instruction *in)
{
    return in->op == COP_OP_NONE && in->primitive != NULL;
}

const char *cop_row_kind_name(cop_row_kind kind)
{
    static const char *const names[COP_ROW_KIND_COUNT] = {"convolution", "matmul",    "elementwise",
                                                          "planes",      "reduction", "pooling",
                                                          "reorder",     "other"};
    return names[kind];
}

static bool is_fused(const cop_instruction *in)
{
    return in->group != NULL || in->plane != NULL;
}

static cop_row_kind kind_of(const cop_instruction *in)
{
    if (is_reorder(in))
        return COP_ROW_REORDER;
    if (in->group != NULL)
        return COP_ROW_ELEMENTWISE;
    if (in->plane != NULL)
        return COP_ROW_PLANES;
    switch (in->op) {
    case COP_OP_CONV:
    case COP_OP_CONV_DATA:
    case COP_OP_CONV_WEIGHTS:
        return COP_ROW_CONVOLUTION;
    case COP_OP_MATMUL:
        return COP_ROW_MATMUL;
    case COP_OP_SUM:
    case COP_OP_VARIANCE:
    case COP_OP_NORMALIZE_JACOBIAN:
    case COP_OP_LOG_SOFTMAX:
        return COP_ROW_REDUCTION;
    case COP_OP_AVG_POOL:
    case COP_OP_AVG_POOL_ADJOINT:
    case COP_OP_MAX_POOL:
    case COP_OP_MAX_POOL_TAKE:
    case COP_OP_MAX_POOL_PUT:
        return COP_ROW_POOLING;
    default:
        return COP_ROW_OTHER;
    }
}

/* The parts of a group in order; a part that repeats at once is counted: "mul+add*3+relu". */
static void group_text(const cop_fused *g, cop_text *text)
{
    for (int32_t i = 0, same = 1; i < g->op_count; i += same, same = 1) {
        while (i + same < g->op_count && g->ops[i + same].op == g->ops[i].op)
            same++;
        cop_text_printf(text, "%s%s", i > 0 ? "+" : "", cop_op_name(g->ops[i].op));
        if (same > 1)
            cop_text_printf(text, "*%" PRId32, same);
    }
}

static const char *plane_op_name(const cop_plane_op *op)
{
    switch (op->kind) {
    case COP_PLANE_DOT:
        return "dot";
    case COP_PLANE_SCALE:
        return "mul_add";
    case COP_PLANE_PROJECT:
        return "project";
    default:
        return cop_op_name(op->micro.op);
    }
}

static void plane_text(const cop_plane *p, cop_text *text)
{
    for (int32_t i = 0; i < p->op_count; i++)
        cop_text_printf(text, "%s%s", i > 0 ? "+" : "", plane_op_name(&p->ops[i]));
}

static void operation_text(const cop_instruction *in, cop_text *text)
{
    if (is_reorder(in))
        cop_text_append(text, "reorder");
    else if (in->group != NULL)
        group_text(in->group, text);
    else if (in->plane != NULL)
        plane_text(in->plane, text);
    else
        cop_text_append(text, in->op == COP_OP_NONE ? "copy" : cop_op_name(in->op));
}

static const char *implementation_of(const cop_instruction *in)
{
    if (in->primitive != NULL)
        return cop_primitive_implementation(in->primitive);
    if (in->execute == cop_execute_winograd)
        return "coppice:winograd";
    return in->op == COP_OP_MATMUL ? "openblas" : "coppice";
}

static cop_shape operand_shape(const cop_program *p, const cop_instruction *in, int32_t k)
{
    /* Groups read their operands' own shapes. */
    return is_fused(in) ? p->buffers[in->operands[k]].shape : in->operand_shapes[k];
}

static void shape_text(cop_shape shape, cop_text *text)
{
    if (shape.rank == 0)
        cop_text_append(text, "scalar");
    for (int32_t i = 0; i < shape.rank; i++)
        cop_text_printf(text, "%s%" PRId64, i > 0 ? "x" : "", shape.dim[i]);
}

static void counted_shape(cop_shape shape, int32_t count, bool first, cop_text *text)
{
    if (!first)
        cop_text_append(text, ", ");
    if (count > 1)
        cop_text_printf(text, "%" PRId32 " of ", count);
    shape_text(shape, text);
}

/* Equal shapes are counted where the first of them stands. */
static void shapes_text(const cop_program *p, const cop_instruction *in, cop_text *text)
{
    bool first = true;
    for (int32_t k = 0; k < in->operand_count; k++) {
        int32_t count = 0, before = 0;
        for (int32_t i = 0; in->operands[k] >= 0 && i < in->operand_count; i++)
            if (in->operands[i] >= 0 &&
                cop_shape_equal(operand_shape(p, in, i), operand_shape(p, in, k))) {
                before += i < k ? 1 : 0;
                count++;
            }
        if (count == 0 || before > 0)
            continue;
        counted_shape(operand_shape(p, in, k), count, first, text);
        first = false;
    }
    cop_text_append(text, first ? "> " : " > ");
    counted_shape(in->shape, in->result_count, true, text);
}

/* Marks the buffers that hold weights of convolutions: their axes have other letters. Conversions
 * pass the mark on, both ways, for a conversion's source may be read by nothing else. */
static void mark_weights(const cop_program *p, bool *weights)
{
    for (int32_t i = 0; i < p->instruction_count; i++) {
        const cop_instruction *in = &p->instructions[i];
        if (in->op == COP_OP_CONV || in->op == COP_OP_CONV_DATA)
            weights[in->operands[1]] = true;
        else if (in->op == COP_OP_CONV_WEIGHTS)
            weights[in->results[0]] = true;
    }
    for (int32_t i = 0; i < p->instruction_count; i++) {
        const cop_instruction *in = &p->instructions[i];
        if (is_reorder(in) && (weights[in->operands[0]] || weights[in->results[0]]))
            weights[in->operands[0]] = weights[in->results[0]] = true;
    }
}

enum { LAYOUT_SIZE = 48 };

/* Of a plain buffer's view in that shape, or of a buffer in a layout of its own. */
static const char *layout_of(const cop_program *p, const bool *weights, int32_t buffer,
                             cop_shape view, char *text)
{
    const cop_buffer *b = &p->buffers[buffer];
    int32_t rank = b->layout != NULL ? b->shape.rank : view.rank;
    if (rank == 0)
        return "scalar";
    const char *letters = rank < 4 ? "abc" : (weights[buffer] ? "oihw" : "nchw");
    return cop_layout_text(b->layout, rank, letters, text, LAYOUT_SIZE);
}

static const char *operand_layout(const cop_program *p, const bool *weights,
                                  const cop_instruction *in, int32_t k, char *text)
{
    return layout_of(p, weights, in->operands[k], operand_shape(p, in, k), text);
}

/* Whether an operand before k told this layout already. */
static bool told(const cop_program *p, const bool *weights, const cop_instruction *in, int32_t k,
                 const char *layout)
{
    char other[LAYOUT_SIZE];
    for (int32_t i = 0; i < k; i++)
        if (in->operands[i] >= 0 && strcmp(operand_layout(p, weights, in, i, other), layout) == 0)
            return true;
    return false;
}

/* The distinct layouts of the operands and that of the result; only this where all are it. Small
 * operands of a group (one value per channel) have no layout worth telling. */
static void layouts_text(const cop_program *p, const bool *weights, const cop_instruction *in,
                         cop_text *text)
{
    char result[LAYOUT_SIZE], layout[LAYOUT_SIZE];
    if (in->plane != NULL) { /* its planes all lie alike */
        if (in->plane->lanes > 1)
            cop_text_printf(text, "nChw%" PRId32 "c", in->plane->lanes);
        else
            cop_text_append(text, "nchw");
        return;
    }
    const char *made = layout_of(p, weights, in->results[0], in->shape, result);
    int32_t distinct = 0;
    bool differs = false;
    cop_text list = {0};
    for (int32_t k = 0; k < in->operand_count; k++) {
        int32_t buffer = in->operands[k];
        if (buffer < 0 || (is_fused(in) && !cop_shape_equal(p->buffers[buffer].shape, in->shape)))
            continue;
        const char *name = operand_layout(p, weights, in, k, layout);
        if (told(p, weights, in, k, name))
            continue;
        cop_text_printf(&list, "%s%s", distinct > 0 ? ", " : "", name);
        differs = differs || strcmp(name, made) != 0;
        distinct++;
    }
    if (differs)
        cop_text_printf(text, "%s > ", list.data != NULL ? list.data : "");
    cop_text_append(text, made);
    text->failed = text->failed || list.failed;
    cop_text_free(&list);
}

static int64_t flops_of(const cop_instruction *in)
{
    if (in->op == COP_OP_MATMUL)
        return 2 * cop_shape_count(in->shape) *
               in->operand_shapes[0].dim[in->attr.matmul.transpose_a ? 0 : 1];
    if (!is_conv(in->op))
        return 0;
    /* Every pixel of the forward convolution's result reads a window of each input channel. */
    cop_shape y =
        in->op == COP_OP_CONV ? in->shape : in->operand_shapes[in->op == COP_OP_CONV_DATA ? 0 : 1];
    cop_shape w = in->op == COP_OP_CONV_WEIGHTS ? in->shape : in->operand_shapes[1];
    return 2 * cop_shape_count(y) * w.dim[1] * w.dim[2] * w.dim[3];
}

static int64_t bytes_of(const cop_program *p, const cop_instruction *in)
{
    size_t bytes = 0;
    for (int32_t k = 0; k < in->operand_count; k++) {
        bool again = in->operands[k] < 0;
        for (int32_t i = 0; i < k && !again; i++)
            again = in->operands[i] == in->operands[k];
        bytes += again ? 0 : p->buffers[in->operands[k]].bytes;
    }
    for (int32_t r = 0; r < in->result_count; r++)
        bytes += p->buffers[in->results[r]].bytes;
    return (int64_t)bytes;
}

static cop_status no_memory(cop_error *err)
{
    return cop_fail(err, COP_FAILED, "out of memory to describe a program");
}

static cop_status fill_row(const cop_program *p, const bool *weights, int32_t i, cop_row *row,
                           cop_error *err)
{
    const cop_instruction *in = &p->instructions[i];
    cop_text operation = {0}, shapes = {0}, layout = {0};
    operation_text(in, &operation);
    shapes_text(p, in, &shapes);
    layouts_text(p, weights, in, &layout);
    *row = (cop_row){.index = i,
                     .kind = kind_of(in),
                     .operation = cop_text_take(&operation),
                     .shapes = cop_text_take(&shapes),
                     .layout = cop_text_take(&layout),
                     .implementation = strdup(implementation_of(in)),
                     .label = in->label != NULL ? strdup(in->label) : NULL,
                     .flops = flops_of(in),
                     .bytes = bytes_of(p, in),
                     .seconds = p->profile != NULL ? cop_profile_median(p->profile, i) : 0.0};
    if (in->group != NULL)
        row->elements = in->group->op_count * cop_shape_count(in->shape);
    else if (in->plane != NULL)
        row->elements = cop_plane_elements(in->plane);
    bool complete = row->operation != NULL && row->shapes != NULL && row->layout != NULL &&
                    row->implementation != NULL && (in->label == NULL || row->label != NULL);
    return complete ? COP_OK : no_memory(err);
}

static void add_to_total(cop_row_total *total, const cop_row *row)
{
    total->count++;
    total->flops += row->flops;
    total->elements += row->elements;
    total->bytes += row->bytes;
    total->seconds += row->seconds;
}

/* The first few inputs that are read: enough to tell one program from another. */
static cop_status list_inputs(const cop_program *p, cop_description *out, cop_error *err)
{
    enum { TOLD = 3 };
    cop_text text = {0};
    int32_t count = 0;
    for (int32_t i = 0; i < p->input_count; i++) {
        const cop_input_slot *slot = &p->inputs[i];
        if (slot->buffer < 0 || count++ >= TOLD)
            continue;
        cop_text_printf(&text, "%s%s%s", count > 1 ? ", " : "", slot->name,
                        slot->name[0] != '\0' ? " " : "");
        shape_text(slot->shape, &text);
    }
    if (count == 0)
        cop_text_append(&text, "none");
    if (count > TOLD)
        cop_text_printf(&text, " and %" PRId32 " more", count - TOLD);
    out->inputs = cop_text_take(&text);
    return out->inputs != NULL ? COP_OK : no_memory(err);
}

cop_status cop_describe(const cop_program *p, cop_description *out, cop_error *err)
{
    *out = (cop_description){.arena_bytes = (int64_t)p->arena_bytes, .threads = p->threads};
    COP_TRY(list_inputs(p, out, err));
    out->rows = calloc((size_t)p->instruction_count + 1, sizeof *out->rows);
    bool *weights = calloc((size_t)p->buffer_count + 1, sizeof *weights);
    cop_status status = out->rows != NULL && weights != NULL ? COP_OK : no_memory(err);
    if (status == COP_OK)
        mark_weights(p, weights);
    for (int32_t i = 0; status == COP_OK && i < p->instruction_count; i++) {
        cop_row *row = &out->rows[out->count++];
        status = fill_row(p, weights, i, row, err);
        add_to_total(&out->of[row->kind], row);
        add_to_total(&out->all, row);
    }
    free(weights);
    if (status != COP_OK || p->profile == NULL)
        return status;
    out->runs = p->profile->runs;
    out->copy_seconds = cop_profile_median(p->profile, p->instruction_count);
    for (int32_t i = 0; i < p->profile->count; i++)
        out->elapsed_seconds += p->profile->total[i];
    return COP_OK;
}

void cop_description_clear(cop_description *d)
{
    for (int32_t i = 0; i < d->count; i++) {
        free(d->rows[i].operation);
        free(d->rows[i].shapes);
        free(d->rows[i].layout);
        free(d->rows[i].implementation);
        free(d->rows[i].label);
    }
    free(d->rows);
    free(d->inputs);
    *d = (cop_description){0};
}
