/* run.c: running a program: each operation's call of its kernel, and the loop over instructions. */
#include "exec/program/program.h"

#include "core/clock.h"
#include "core/openmp.h"
#include "core/sized.h"

static const float *operand(const cop_program *p, const cop_instruction *in, int32_t k)
{
    return p->data[in->operands[k]];
}

static float *result(const cop_program *p, const cop_instruction *in)
{
    return p->data[in->results[0]];
}

/* Elements of one step along an axis: the product of the dimensions after it. */
static int64_t inner_count(cop_shape shape, int64_t axis)
{
    int64_t count = 1;
    for (int64_t i = axis + 1; i < shape.rank; i++)
        count *= shape.dim[i];
    return count;
}

static int64_t outer_count(cop_shape shape, int64_t axis)
{
    int64_t count = 1;
    for (int64_t i = 0; i < axis; i++)
        count *= shape.dim[i];
    return count;
}

cop_status cop_execute_copy(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_copy(result(p, in), operand(p, in, 0), cop_shape_count(in->shape), p->threads);
    return COP_OK;
}

cop_status cop_execute_group(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    const float *from[COP_GROUP_REGISTERS];
    float *to[COP_GROUP_REGISTERS];
    for (int32_t k = 0; k < in->operand_count; k++)
        from[k] = in->operands[k] >= 0 ? operand(p, in, k) : NULL;
    for (int32_t r = 0; r < in->result_count; r++)
        to[r] = p->data[in->results[r]];
    float *scratch = in->scratch >= 0 ? p->data[in->scratch] : NULL;
    cop_kernel_fused(in->group, from, to, scratch, p->threads);
    return COP_OK;
}

cop_status cop_execute_plane(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    const float *from[COP_PLANE_REGISTERS];
    float *to[COP_GROUP_OPS];
    for (int32_t k = 0; k < in->operand_count; k++)
        from[k] = in->operands[k] >= 0 ? operand(p, in, k) : NULL;
    for (int32_t r = 0; r < in->result_count; r++)
        to[r] = p->data[in->results[r]];
    float *scratch = in->scratch >= 0 ? p->data[in->scratch] : NULL;
    cop_kernel_plane(in->plane, from, to, scratch, p->threads);
    return COP_OK;
}

cop_status cop_execute_narrow(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_conv_data_narrow(&in->narrow, result(p, in), operand(p, in, 0), operand(p, in, 1),
                                p->data[in->scratch], p->threads);
    return COP_OK;
}

cop_status cop_execute_winograd(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_winograd(&in->winograd, result(p, in), operand(p, in, 0), operand(p, in, 1),
                        p->data[in->scratch], p->threads);
    return COP_OK;
}

cop_status cop_execute_primitive(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    const float *b = in->operand_count > 1 ? operand(p, in, 1) : NULL;
    float *scratch = in->scratch >= 0 ? p->data[in->scratch] : NULL;
    return cop_primitive_run(in->primitive, operand(p, in, 0), b, result(p, in), scratch, err);
}

static cop_status run_slice(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    int64_t axis = in->attr.slice.axis, inner = inner_count(in->shape, axis);
    int64_t from = in->operand_shapes[0].dim[axis] * inner, to = in->shape.dim[axis] * inner;
    cop_kernel_copy_blocks(result(p, in), to, operand(p, in, 0) + in->attr.slice.start * inner,
                           from, outer_count(in->shape, axis), to, p->threads);
    return COP_OK;
}

static cop_status run_pad(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    int64_t axis = in->attr.slice.axis, inner = inner_count(in->shape, axis);
    int64_t from = in->operand_shapes[0].dim[axis] * inner, to = in->shape.dim[axis] * inner;
    cop_kernel_fill(result(p, in), 0.0f, cop_shape_count(in->shape), p->threads);
    cop_kernel_copy_blocks(result(p, in) + in->attr.slice.start * inner, to, operand(p, in, 0),
                           from, outer_count(in->shape, axis), from, p->threads);
    return COP_OK;
}

static cop_status run_concat(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    int64_t axis = in->attr.slice.axis, inner = inner_count(in->shape, axis);
    int64_t to = in->shape.dim[axis] * inner, at = 0;
    for (int32_t k = 0; k < in->operand_count; k++) {
        int64_t from = in->operand_shapes[k].dim[axis] * inner;
        cop_kernel_copy_blocks(result(p, in) + at, to, operand(p, in, k), from,
                               outer_count(in->shape, axis), from, p->threads);
        at += from;
    }
    return COP_OK;
}

static cop_status check_index(const cop_instruction *in, const float *index, int64_t count,
                              int64_t rows, cop_error *err)
{
    int64_t bad = cop_kernel_bad_index(index, count, rows);
    if (bad < 0)
        return COP_OK;
    return cop_fail(err, COP_FAILED, "%s: index[%lld] = %g is not a row of 0 … %lld",
                    cop_op_name(in->op), (long long)bad, (double)index[bad], (long long)rows - 1);
}

static cop_status run_gather(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    int64_t rows = in->operand_shapes[0].dim[0], count = in->shape.dim[0];
    COP_TRY(check_index(in, operand(p, in, 1), count, rows, err));
    cop_kernel_gather(result(p, in), operand(p, in, 0), operand(p, in, 1), count,
                      inner_count(in->shape, 0), p->threads);
    return COP_OK;
}

static cop_status run_scatter_add(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    int64_t count = in->operand_shapes[0].dim[0], rows = in->shape.dim[0];
    COP_TRY(check_index(in, operand(p, in, 1), count, rows, err));
    cop_kernel_scatter_add(result(p, in), operand(p, in, 0), operand(p, in, 1), count, rows,
                           inner_count(in->shape, 0), p->threads);
    return COP_OK;
}

static cop_status run_sum(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_sum(result(p, in), operand(p, in, 0), in->operand_shapes[0], in->attr.sum.axes,
                   in->attr.sum.scale, p->threads);
    return COP_OK;
}

static cop_status run_matmul(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_matmul(result(p, in), operand(p, in, 0), in->operand_shapes[0],
                      in->attr.matmul.transpose_a, operand(p, in, 1), in->operand_shapes[1],
                      in->attr.matmul.transpose_b);
    return COP_OK;
}

static cop_status run_avg_pool(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_avg_pool(result(p, in), operand(p, in, 0), in->operand_shapes[0], in->shape,
                        in->attr.window, p->threads);
    return COP_OK;
}

static cop_status run_avg_pool_adjoint(const cop_program *p, const cop_instruction *in,
                                       cop_error *err)
{
    (void)err;
    cop_kernel_avg_pool_adjoint(result(p, in), operand(p, in, 0), in->shape, in->operand_shapes[0],
                                in->attr.window, p->threads);
    return COP_OK;
}

/* Maximum pooling takes x itself at the places of its maxima. */
static cop_status run_max_pool_take(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_max_pool_take(result(p, in), operand(p, in, 0),
                             operand(p, in, in->operand_count - 1), in->operand_shapes[0],
                             in->shape, in->attr.window, p->threads);
    return COP_OK;
}

static cop_status run_max_pool_put(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_max_pool_put(result(p, in), operand(p, in, 0), operand(p, in, 1), in->shape,
                            in->operand_shapes[1], in->attr.window, p->threads);
    return COP_OK;
}

static cop_status run_variance(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_variance(result(p, in), operand(p, in, 0), operand(p, in, 1), in->operand_shapes[0],
                        in->attr.norm.over, p->threads);
    return COP_OK;
}

static cop_status run_normalize_jacobian(const cop_program *p, const cop_instruction *in,
                                         cop_error *err)
{
    (void)err;
    cop_kernel_normalize_jacobian(result(p, in), operand(p, in, 0), operand(p, in, 1),
                                  operand(p, in, 2), in->shape, in->attr.norm.over, p->threads);
    return COP_OK;
}

static cop_status run_log_softmax(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    int64_t columns = in->shape.dim[in->shape.rank - 1];
    cop_kernel_log_softmax(result(p, in), operand(p, in, 0), cop_shape_count(in->shape) / columns,
                           columns, p->threads);
    return COP_OK;
}

static cop_status run_resize(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_resize(result(p, in), operand(p, in, 0), in->operand_shapes[0], in->shape,
                      p->threads);
    return COP_OK;
}

static cop_status run_resize_adjoint(const cop_program *p, const cop_instruction *in,
                                     cop_error *err)
{
    (void)err;
    cop_kernel_resize_adjoint(result(p, in), operand(p, in, 0), in->shape, in->operand_shapes[0],
                              p->threads);
    return COP_OK;
}

static cop_status run_affine_sample(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_affine_sample(result(p, in), operand(p, in, 0), operand(p, in, 1), in->shape,
                             p->threads);
    return COP_OK;
}

static cop_status run_affine_sample_adjoint(const cop_program *p, const cop_instruction *in,
                                            cop_error *err)
{
    (void)err;
    cop_kernel_affine_sample_adjoint(result(p, in), operand(p, in, 0), operand(p, in, 1), in->shape,
                                     p->threads);
    return COP_OK;
}

static cop_status run_shift(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_shift(result(p, in), operand(p, in, 0), operand(p, in, 1), in->shape, p->threads);
    return COP_OK;
}

static cop_status run_flip(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_flip(result(p, in), operand(p, in, 0), operand(p, in, 1), in->shape, p->threads);
    return COP_OK;
}

static cop_status run_box_mask(const cop_program *p, const cop_instruction *in, cop_error *err)
{
    (void)err;
    cop_kernel_box_mask(result(p, in), operand(p, in, 0), in->shape, p->threads);
    return COP_OK;
}

cop_execute cop_execute_for(cop_op op)
{
    static const cop_execute table[COP_OP_COUNT] = {
        [COP_OP_SLICE] = run_slice,
        [COP_OP_PAD] = run_pad,
        [COP_OP_CONCAT] = run_concat,
        [COP_OP_GATHER] = run_gather,
        [COP_OP_SCATTER_ADD] = run_scatter_add,
        [COP_OP_SUM] = run_sum,
        [COP_OP_MATMUL] = run_matmul,
        [COP_OP_AVG_POOL] = run_avg_pool,
        [COP_OP_AVG_POOL_ADJOINT] = run_avg_pool_adjoint,
        [COP_OP_MAX_POOL] = run_max_pool_take,
        [COP_OP_MAX_POOL_TAKE] = run_max_pool_take,
        [COP_OP_MAX_POOL_PUT] = run_max_pool_put,
        [COP_OP_VARIANCE] = run_variance,
        [COP_OP_NORMALIZE_JACOBIAN] = run_normalize_jacobian,
        [COP_OP_LOG_SOFTMAX] = run_log_softmax,
        [COP_OP_RESIZE] = run_resize,
        [COP_OP_RESIZE_ADJOINT] = run_resize_adjoint,
        [COP_OP_AFFINE_SAMPLE] = run_affine_sample,
        [COP_OP_AFFINE_SAMPLE_ADJOINT] = run_affine_sample_adjoint,
        [COP_OP_SHIFT] = run_shift,
        [COP_OP_FLIP] = run_flip,
        [COP_OP_BOX_MASK] = run_box_mask,
    };
    return op < COP_OP_COUNT ? table[op] : NULL;
}

static void copy_outputs(cop_program *p)
{
    for (int32_t i = 0; i < p->output_count; i++) {
        const cop_output_slot *out = &p->outputs[i];
        const cop_buffer *b = &p->buffers[out->buffer];
        if (out->copied)
            cop_kernel_copy(out->bound, p->data[out->buffer], (int64_t)(b->bytes / sizeof(float)),
                            p->threads);
    }
}

static cop_status run_all(cop_program *p, cop_error *err)
{
    for (int32_t i = 0; i < p->instruction_count; i++)
        COP_TRY(p->instructions[i].execute(p, &p->instructions[i], err));
    copy_outputs(p);
    return COP_OK;
}

/* As above, with the clock read after every instruction. */
static cop_status run_measured(cop_program *p, cop_error *err)
{
    double before = cop_now(), now;
    for (int32_t i = 0; i < p->instruction_count; i++, before = now) {
        COP_TRY(p->instructions[i].execute(p, &p->instructions[i], err));
        now = cop_now();
        cop_profile_note(p->profile, i, now - before);
    }
    copy_outputs(p);
    cop_profile_note(p->profile, p->instruction_count, cop_now() - before);
    p->profile->runs++;
    return COP_OK;
}

cop_status cop_program_run(cop_program *p, cop_error *err)
{
    if (!p->ready)
        COP_TRY(cop_program_prepare(p, err));
    /* The libraries ask OpenMP how many threads to use. */
    int before = omp_get_max_threads();
    omp_set_num_threads(p->threads);
    cop_status status = p->profile == NULL ? run_all(p, err) : run_measured(p, err);
    omp_set_num_threads(before);
    return status;
}

cop_status cop_program_costs(const cop_program *p, cop_program_cost *out, cop_error *err)
{
    return cop_sized_give("a program's cost", &p->cost, sizeof p->cost,
                          COP_LEAST(cop_program_cost, reorders), out, err);
}
