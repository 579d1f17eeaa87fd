/* onednn.c: convolutions and layout conversions by oneDNN, 2.x and 3.x. */
#include "exec/onednn/onednn.h"

#include "core/memory.h"
#include "core/readable.h"
#include "exec/onednn/transfer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dnnl.h>
#include <dnnl_debug.h>

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t desc_value;
typedef const_dnnl_memory_desc_t desc_ref;
#else
typedef dnnl_memory_desc_t desc_value;
typedef const dnnl_memory_desc_t *desc_ref;
#endif

struct cop_onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
};

struct cop_layout {
    desc_value desc;
};

enum { MAX_ARGS = 4 };

struct cop_primitive {
    cop_onednn *dnn;
    dnnl_primitive_t primitive;
    cop_transfer *transfer; /* a conversion that is not oneDNN's: then there is no primitive */
    cop_layout *operand[2];
    cop_layout *result;
    int operand_count;
    int arg_count; /* operands, result, scratchpad */
    dnnl_exec_arg_t args[MAX_ARGS];
    void *handle[MAX_ARGS]; /* what args' memories point to now */
    size_t scratch_bytes;
    char implementation[64];
};

static cop_status refused(cop_error *err, const char *what, dnnl_status_t status)
{
    return cop_fail(err, COP_FAILED, "oneDNN: %s failed with status %d", what, (int)status);
}

cop_status cop_onednn_new(cop_onednn **out, cop_error *err)
{
    cop_onednn *dnn = calloc(1, sizeof *dnn);
    if (dnn == NULL)
        return cop_out_of_memory(err);
    dnnl_status_t status = dnnl_engine_create(&dnn->engine, dnnl_cpu, 0);
    if (status == dnnl_success)
        status = dnnl_stream_create(&dnn->stream, dnn->engine, dnnl_stream_default_flags);
    if (status != dnnl_success) {
        cop_onednn_free(dnn);
        return refused(err, "creating the CPU engine", status);
    }
    *out = dnn;
    return COP_OK;
}

void cop_onednn_free(cop_onednn *dnn)
{
    if (dnn == NULL)
        return;
    if (dnn->stream != NULL)
        (void)dnnl_stream_destroy(dnn->stream);
    if (dnn->engine != NULL)
        (void)dnnl_engine_destroy(dnn->engine);
    free(dnn);
}

/* Descriptors: the part where 2.x (values) and 3.x (handles) differ. */

#if DNNL_VERSION_MAJOR >= 3

static desc_ref desc_of(const desc_value *desc)
{
    return *desc;
}

static dnnl_status_t desc_make(desc_value *desc, cop_shape shape, dnnl_format_tag_t tag)
{
    dnnl_dims_t dims = {0};
    for (int i = 0; i < shape.rank; i++)
        dims[i] = shape.dim[i];
    return dnnl_memory_desc_create_with_tag(desc, shape.rank, dims, dnnl_f32, tag);
}

static bool desc_blocking(desc_ref desc, cop_blocking *out)
{
    dnnl_format_kind_t kind = dnnl_format_kind_undef;
    const dnnl_dims_t *dims[3] = {0};
    static const dnnl_query_t what[3] = {dnnl_query_strides, dnnl_query_inner_blks,
                                         dnnl_query_inner_idxs};
    if (dnnl_memory_desc_query(desc, dnnl_query_format_kind, &kind) != dnnl_success ||
        kind != dnnl_blocked ||
        dnnl_memory_desc_query(desc, dnnl_query_inner_nblks_s32, &out->inner_count) != dnnl_success)
        return false;
    for (int i = 0; i < 3; i++)
        if (dnnl_memory_desc_query(desc, what[i], &dims[i]) != dnnl_success)
            return false;
    *out = (cop_blocking){*dims[0], *dims[1], *dims[2], out->inner_count};
    return true;
}

static void desc_drop(desc_value *desc)
{
    if (*desc != NULL)
        (void)dnnl_memory_desc_destroy(*desc);
    *desc = NULL;
}

static dnnl_status_t desc_copy(desc_value *to, desc_ref from)
{
    return dnnl_memory_desc_clone(to, from);
}

#else

static desc_ref desc_of(const desc_value *desc)
{
    return desc;
}

static dnnl_status_t desc_make(desc_value *desc, cop_shape shape, dnnl_format_tag_t tag)
{
    dnnl_dims_t dims = {0};
    for (int i = 0; i < shape.rank; i++)
        dims[i] = shape.dim[i];
    return dnnl_memory_desc_init_by_tag(desc, shape.rank, dims, dnnl_f32, tag);
}

static bool desc_blocking(desc_ref desc, cop_blocking *out)
{
    const dnnl_blocking_desc_t *b = &desc->format_desc.blocking;
    *out = (cop_blocking){b->strides, b->inner_blks, b->inner_idxs, b->inner_nblks};
    return desc->format_kind == dnnl_blocked;
}

static void desc_drop(desc_value *desc)
{
    (void)desc;
}

static dnnl_status_t desc_copy(desc_value *to, desc_ref from)
{
    *to = *from;
    return dnnl_success;
}

#endif

static cop_status layout_from(desc_ref from, cop_layout **out, cop_error *err)
{
    cop_layout *layout = calloc(1, sizeof *layout);
    if (layout == NULL)
        return cop_out_of_memory(err);
    dnnl_status_t status = desc_copy(&layout->desc, from);
    if (status != dnnl_success) {
        free(layout);
        return refused(err, "copying a layout", status);
    }
    *out = layout;
    return COP_OK;
}

cop_status cop_layout_clone(const cop_layout *from, cop_layout **out, cop_error *err)
{
    *out = NULL;
    return from == NULL ? COP_OK : layout_from(desc_of(&from->desc), out, err);
}

void cop_layout_free(cop_layout *layout)
{
    if (layout == NULL)
        return;
    desc_drop(&layout->desc);
    free(layout);
}

bool cop_layout_equal(const cop_layout *a, const cop_layout *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return dnnl_memory_desc_equal(desc_of(&a->desc), desc_of(&b->desc)) != 0;
}

size_t cop_layout_bytes(const cop_layout *layout)
{
    return dnnl_memory_desc_get_size(desc_of(&layout->desc));
}

cop_status cop_layout_blocked(cop_shape shape, int32_t lanes, cop_layout **out, cop_error *err)
{
    *out = NULL;
    if (lanes == 1)
        return COP_OK;
    desc_value blocked;
    dnnl_status_t status = desc_make(&blocked, shape, lanes == 16 ? dnnl_aBcd16b : dnnl_aBcd8b);
    if (status != dnnl_success)
        return refused(err, "describing a blocked tensor", status);
    cop_status made = layout_from(desc_of(&blocked), out, err);
    desc_drop(&blocked);
    return made;
}

int32_t cop_layout_lanes(const cop_layout *layout, cop_shape shape)
{
    if (layout == NULL)
        return 1;
    for (int32_t lanes = 8; shape.rank == 4 && lanes <= 16; lanes *= 2) {
        desc_value blocked;
        if (shape.dim[1] % lanes != 0 ||
            desc_make(&blocked, shape, lanes == 16 ? dnnl_aBcd16b : dnnl_aBcd8b) != dnnl_success)
            continue;
        bool same = dnnl_memory_desc_equal(desc_of(&blocked), desc_of(&layout->desc)) != 0;
        desc_drop(&blocked);
        if (same)
            return lanes;
    }
    return 0;
}

/* Letters of the axes from the slowest to the fastest; a capital where blocks lie inside. */
static void blocking_text(const cop_blocking *b, int rank, const char *letters, char *text,
                          size_t size)
{
    int order[COP_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        int at = i;
        for (; at > 0 && b->strides[order[at - 1]] < b->strides[i]; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    size_t used = 0;
    for (int i = 0; i < rank && used < size; i++) {
        bool inner = false;
        for (int k = 0; k < b->inner_count; k++)
            inner = inner || b->inner_axis[k] == order[i];
        char letter = letters[order[i]];
        used += (size_t)snprintf(text + used, size - used, "%c",
                                 inner ? toupper((unsigned char)letter) : letter);
    }
    for (int k = 0; k < b->inner_count && used < size; k++)
        used += (size_t)snprintf(text + used, size - used, "%lld%c", (long long)b->inner_size[k],
                                 letters[b->inner_axis[k]]);
}

const char *cop_layout_text(const cop_layout *layout, int rank, const char *letters, char *text,
                            size_t size)
{
    cop_blocking b;
    if (layout == NULL)
        (void)snprintf(text, size, "%.*s", rank, letters);
    else if (desc_blocking(desc_of(&layout->desc), &b))
        blocking_text(&b, rank, letters, text, size);
    else
        (void)snprintf(text, size, "opaque");
    return text;
}

/* Row-major of any rank up to four. */
static dnnl_format_tag_t plain_tag(int32_t rank)
{
    static const dnnl_format_tag_t tags[COP_MAX_RANK + 1] = {dnnl_format_tag_undef, dnnl_a, dnnl_ab,
                                                             dnnl_abc, dnnl_abcd};
    return tags[rank];
}

/* Keeps `from` as a layout, or NULL where it is plain row-major of that shape. */
static cop_status layout_unless_plain(desc_ref from, cop_shape shape, cop_layout **out,
                                      cop_error *err)
{
    desc_value plain;
    dnnl_status_t status = desc_make(&plain, shape, plain_tag(shape.rank));
    if (status != dnnl_success)
        return refused(err, "describing a tensor", status);
    bool is_plain = dnnl_memory_desc_equal(desc_of(&plain), from) != 0;
    desc_drop(&plain);
    *out = NULL;
    return is_plain ? COP_OK : layout_from(from, out, err);
}

static cop_status add_arg(cop_primitive *p, int role, desc_ref desc, cop_error *err)
{
    dnnl_memory_t memory = NULL;
    dnnl_status_t status = dnnl_memory_create(&memory, desc, p->dnn->engine, DNNL_MEMORY_NONE);
    if (status != dnnl_success)
        return refused(err, "creating a memory object", status);
    p->args[p->arg_count] = (dnnl_exec_arg_t){.arg = role, .memory = memory};
    p->arg_count++;
    return COP_OK;
}

static desc_ref query(const_dnnl_primitive_desc_t pd, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(pd, what, 0);
}

/* Creates the primitive and its scratchpad argument, once the other arguments are there. */
static cop_status finish(cop_primitive *p, const_dnnl_primitive_desc_t pd, cop_error *err)
{
    desc_ref scratch = query(pd, dnnl_query_scratchpad_md);
    p->scratch_bytes = scratch != NULL ? dnnl_memory_desc_get_size(scratch) : 0;
    if (p->scratch_bytes > 0)
        COP_TRY(add_arg(p, DNNL_ARG_SCRATCHPAD, scratch, err));
    const char *name = NULL;
    if (dnnl_primitive_desc_query(pd, dnnl_query_impl_info_str, 0, &name) == dnnl_success)
        (void)snprintf(p->implementation, sizeof p->implementation, "%s", name);
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, pd);
    return status == dnnl_success ? COP_OK : refused(err, "creating a primitive", status);
}

static dnnl_status_t user_scratch(dnnl_primitive_attr_t *attr)
{
    dnnl_status_t status = dnnl_primitive_attr_create(attr);
    if (status == dnnl_success)
        status = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
    return status;
}

/* What both versions are asked for: operands in any layout, and the window. */
typedef struct conv_request {
    desc_value x, w, y;
    dnnl_dims_t stride, pad, dilation;
} conv_request;

static dnnl_status_t request_make(conv_request *r, const cop_conv_spec *spec)
{
    *r = (conv_request){.stride = {spec->window.stride_h, spec->window.stride_w},
                        .pad = {spec->window.pad_h, spec->window.pad_w}};
    dnnl_status_t status = desc_make(&r->x, spec->x, dnnl_format_tag_any);
    if (status == dnnl_success)
        status = desc_make(&r->w, spec->w, dnnl_format_tag_any);
    if (status == dnnl_success)
        status = desc_make(&r->y, spec->y, dnnl_format_tag_any);
    return status;
}

#if DNNL_VERSION_MAJOR >= 3

static dnnl_status_t conv_desc(cop_onednn *dnn, conv_request *r, cop_conv_kind kind,
                               const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                               dnnl_primitive_desc_t *pd)
{
    if (kind == COP_CONV_FORWARD)
        return dnnl_convolution_forward_primitive_desc_create(
            pd, dnn->engine, dnnl_forward_training, dnnl_convolution_direct, r->x, r->w, NULL, r->y,
            r->stride, r->dilation, r->pad, r->pad, attr);
    if (kind == COP_CONV_DATA)
        return dnnl_convolution_backward_data_primitive_desc_create(
            pd, dnn->engine, dnnl_convolution_direct, r->x, r->w, r->y, r->stride, r->dilation,
            r->pad, r->pad, hint, attr);
    return dnnl_convolution_backward_weights_primitive_desc_create(
        pd, dnn->engine, dnnl_convolution_direct, r->x, r->w, NULL, r->y, r->stride, r->dilation,
        r->pad, r->pad, hint, attr);
}

#else

static dnnl_status_t conv_desc(cop_onednn *dnn, conv_request *r, cop_conv_kind kind,
                               const_dnnl_primitive_attr_t attr, const_dnnl_primitive_desc_t hint,
                               dnnl_primitive_desc_t *pd)
{
    dnnl_convolution_desc_t desc;
    dnnl_status_t status;
    if (kind == COP_CONV_FORWARD)
        status = dnnl_convolution_forward_desc_init(&desc, dnnl_forward_training,
                                                    dnnl_convolution_direct, &r->x, &r->w, NULL,
                                                    &r->y, r->stride, r->pad, r->pad);
    else if (kind == COP_CONV_DATA)
        status = dnnl_convolution_backward_data_desc_init(&desc, dnnl_convolution_direct, &r->x,
                                                          &r->w, &r->y, r->stride, r->pad, r->pad);
    else
        status = dnnl_convolution_backward_weights_desc_init(
            &desc, dnnl_convolution_direct, &r->x, &r->w, NULL, &r->y, r->stride, r->pad, r->pad);
    if (status != dnnl_success)
        return status;
    return dnnl_primitive_desc_create(pd, &desc, attr, dnn->engine, hint);
}

#endif

static dnnl_status_t conv_desc_with_hint(cop_onednn *dnn, conv_request *r, cop_conv_kind kind,
                                         dnnl_primitive_desc_t *pd)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = user_scratch(&attr);
    if (status == dnnl_success && kind != COP_CONV_FORWARD)
        status = conv_desc(dnn, r, COP_CONV_FORWARD, attr, NULL, &hint);
    if (status == dnnl_success)
        status = conv_desc(dnn, r, kind, attr, hint, pd);
    if (hint != NULL)
        (void)dnnl_primitive_desc_destroy(hint);
    if (attr != NULL)
        (void)dnnl_primitive_attr_destroy(attr);
    return status;
}

/* Which of the library's tensors each operand and the result of a kind are. */
typedef struct conv_role {
    dnnl_query_t query;
    int arg;
} conv_role;

static const conv_role conv_roles[4][3] = {
    [COP_CONV_FORWARD] = {{dnnl_query_src_md, DNNL_ARG_SRC},
                          {dnnl_query_weights_md, DNNL_ARG_WEIGHTS},
                          {dnnl_query_dst_md, DNNL_ARG_DST}},
    [COP_CONV_DATA] = {{dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST},
                       {dnnl_query_weights_md, DNNL_ARG_WEIGHTS},
                       {dnnl_query_diff_src_md, DNNL_ARG_DIFF_SRC}},
    [COP_CONV_WEIGHTS] = {{dnnl_query_src_md, DNNL_ARG_SRC},
                          {dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST},
                          {dnnl_query_diff_weights_md, DNNL_ARG_DIFF_WEIGHTS}},
};

static cop_status conv_fill(cop_primitive *p, const cop_conv_spec *spec,
                            const_dnnl_primitive_desc_t pd, cop_error *err)
{
    const conv_role *role = conv_roles[spec->kind];
    cop_shape shape[3] = {spec->x, spec->w, spec->y};
    if (spec->kind == COP_CONV_DATA) {
        shape[0] = spec->y;
        shape[2] = spec->x;
    } else if (spec->kind == COP_CONV_WEIGHTS) {
        shape[1] = spec->y;
        shape[2] = spec->w;
    }
    cop_layout **kept[3] = {&p->operand[0], &p->operand[1], &p->result};
    for (int i = 0; i < 3; i++) {
        desc_ref desc = query(pd, role[i].query);
        COP_TRY(layout_unless_plain(desc, shape[i], kept[i], err));
        COP_TRY(add_arg(p, role[i].arg, desc, err));
    }
    return finish(p, pd, err);
}

static cop_status primitive_new(cop_onednn *dnn, int operand_count, cop_primitive **out,
                                cop_error *err)
{
    cop_primitive *p = calloc(1, sizeof *p);
    if (p == NULL)
        return cop_out_of_memory(err);
    p->dnn = dnn;
    p->operand_count = operand_count;
    *out = p;
    return COP_OK;
}

cop_status cop_primitive_conv(cop_onednn *dnn, const cop_conv_spec *spec, cop_primitive **out,
                              cop_error *err)
{
    conv_request request;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_status_t made = request_make(&request, spec);
    if (made == dnnl_success)
        made = conv_desc_with_hint(dnn, &request, spec->kind, &pd);
    desc_drop(&request.x);
    desc_drop(&request.w);
    desc_drop(&request.y);
    if (made != dnnl_success) {
        char x[96], w[96], y[96];
        return cop_fail(err, COP_FAILED,
                        "oneDNN has no convolution of x %s, weights %s, result %s (status %d)",
                        cop_shape_text(spec->x, x, sizeof x), cop_shape_text(spec->w, w, sizeof w),
                        cop_shape_text(spec->y, y, sizeof y), (int)made);
    }
    cop_primitive *p = NULL;
    cop_status status = primitive_new(dnn, 2, &p, err);
    if (status == COP_OK)
        status = conv_fill(p, spec, pd, err);
    (void)dnnl_primitive_desc_destroy(pd);
    if (status != COP_OK) {
        cop_primitive_free(p);
        return status;
    }
    *out = p;
    return COP_OK;
}

static cop_status reorder_fill(cop_primitive *p, desc_ref from, desc_ref to, cop_error *err)
{
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t pd = NULL;
    dnnl_engine_t engine = p->dnn->engine;
    dnnl_status_t made = user_scratch(&attr);
    if (made == dnnl_success)
        made = dnnl_reorder_primitive_desc_create(&pd, from, engine, to, engine, attr);
    if (attr != NULL)
        (void)dnnl_primitive_attr_destroy(attr);
    if (made != dnnl_success)
        return refused(err, "describing a layout conversion", made);
    cop_status status = add_arg(p, DNNL_ARG_FROM, from, err);
    if (status == COP_OK)
        status = add_arg(p, DNNL_ARG_TO, to, err);
    if (status == COP_OK)
        status = finish(p, pd, err);
    (void)dnnl_primitive_desc_destroy(pd);
    return status;
}

static bool blocks_two_axes(const cop_blocking *b)
{
    for (int k = 1; k < b->inner_count; k++)
        if (b->inner_axis[k] != b->inner_axis[0])
            return true;
    return false;
}

static bool is_padded(desc_ref desc, cop_shape shape)
{
    return dnnl_memory_desc_get_size(desc) > (size_t)cop_shape_count(shape) * sizeof(float);
}

/* Weights in blocks of both their channels, of which a block is not full: oneDNN 3.7, which is
 * Debian 13's, loses elements there, and writes zeros over others and beyond the tensor. They are
 * small, so no version is asked for them. */
static bool is_beyond_onednn(cop_shape shape, desc_ref from, desc_ref to,
                             const cop_blocking *of_from, const cop_blocking *of_to)
{
    return (blocks_two_axes(of_from) || blocks_two_axes(of_to)) &&
           (is_padded(from, shape) || is_padded(to, shape));
}

/* By oneDNN, or by a copy of our own where it cannot be trusted. Both give the same bits. */
static cop_status conversion_fill(cop_primitive *p, cop_shape shape, desc_ref from, desc_ref to,
                                  cop_error *err)
{
    cop_blocking of_from, of_to;
    if (!desc_blocking(from, &of_from) || !desc_blocking(to, &of_to) ||
        !is_beyond_onednn(shape, from, to, &of_from, &of_to))
        return reorder_fill(p, from, to, err);
    (void)snprintf(p->implementation, sizeof p->implementation, "own:copy");
    return cop_transfer_new(shape, &of_from, &of_to, dnnl_memory_desc_get_size(to), &p->transfer,
                            err);
}

cop_status cop_primitive_reorder(cop_onednn *dnn, cop_shape shape, const cop_layout *from,
                                 const cop_layout *to, cop_primitive **out, cop_error *err)
{
    desc_value plain;
    dnnl_status_t made = desc_make(&plain, shape, plain_tag(shape.rank));
    if (made != dnnl_success)
        return refused(err, "describing a tensor", made);
    cop_primitive *p = NULL;
    cop_status status = primitive_new(dnn, 1, &p, err);
    if (status == COP_OK)
        status = cop_layout_clone(from, &p->operand[0], err);
    if (status == COP_OK)
        status = cop_layout_clone(to, &p->result, err);
    if (status == COP_OK)
        status = conversion_fill(p, shape, desc_of(from != NULL ? &from->desc : &plain),
                                 desc_of(to != NULL ? &to->desc : &plain), err);
    desc_drop(&plain);
    if (status != COP_OK) {
        cop_primitive_free(p);
        return status;
    }
    *out = p;
    return COP_OK;
}

void cop_primitive_free(cop_primitive *p)
{
    if (p == NULL)
        return;
    if (p->primitive != NULL)
        (void)dnnl_primitive_destroy(p->primitive);
    for (int i = 0; i < p->arg_count; i++)
        (void)dnnl_memory_destroy(p->args[i].memory);
    cop_transfer_free(p->transfer);
    cop_layout_free(p->operand[0]);
    cop_layout_free(p->operand[1]);
    cop_layout_free(p->result);
    free(p);
}

const cop_layout *cop_primitive_operand_layout(const cop_primitive *p, int i)
{
    return p->operand[i];
}

const cop_layout *cop_primitive_result_layout(const cop_primitive *p)
{
    return p->result;
}

size_t cop_primitive_scratch_bytes(const cop_primitive *p)
{
    return p->scratch_bytes;
}

const char *cop_primitive_implementation(const cop_primitive *p)
{
    return p->implementation;
}

/* Pointing a memory object elsewhere can write its padding, so it is done only on a change. */
static dnnl_status_t point(cop_primitive *p, int arg, void *data)
{
    if (p->handle[arg] == data)
        return dnnl_success;
    dnnl_status_t status = dnnl_memory_set_data_handle(p->args[arg].memory, data);
    p->handle[arg] = status == dnnl_success ? data : NULL;
    return status;
}

cop_status cop_primitive_run(cop_primitive *p, const float *a, const float *b, float *result,
                             void *scratch, cop_error *err)
{
    if (p->transfer != NULL) {
        cop_transfer_run(p->transfer, a, result);
        return COP_OK;
    }
    /* oneDNN takes its operands through the same pointer type as its results; it only reads them.
     */
    float *operand[] = {cop_readable(a), cop_readable(b)};
    dnnl_status_t status = dnnl_success;
    int arg = 0;
    for (; arg < p->operand_count && status == dnnl_success; arg++)
        status = point(p, arg, operand[arg]);
    if (status == dnnl_success)
        status = point(p, arg++, result);
    if (status == dnnl_success && p->scratch_bytes > 0)
        status = point(p, arg++, scratch);
    if (status == dnnl_success)
        status = dnnl_primitive_execute(p->primitive, p->dnn->stream, p->arg_count, p->args);
    if (status == dnnl_success)
        status = dnnl_stream_wait(p->dnn->stream);
    return status == dnnl_success ? COP_OK : refused(err, "running a primitive", status);
}

const char *cop_onednn_isa(void)
{
    static const char prefix[] = "cpu_isa_", unknown[] = "unknown";
    const char *word = dnnl_cpu_isa2str(dnnl_get_effective_cpu_isa());
    if (word == NULL || strncmp(word, unknown, sizeof unknown - 1) == 0)
        return NULL;
    return strncmp(word, prefix, sizeof prefix - 1) == 0 ? word + sizeof prefix - 1 : word;
}

bool cop_onednn_prefers_ymm(void)
{
    return dnnl_get_cpu_isa_hints() == dnnl_cpu_isa_prefer_ymm;
}

void cop_onednn_version(char *text, size_t size)
{
    const dnnl_version_t *version = dnnl_version();
    const char *isa = cop_onednn_isa();
    (void)snprintf(text, size, "%s; oneDNN %d.%d.%d", isa != NULL ? isa : "another instruction set",
                   version->major, version->minor, version->patch);
}
