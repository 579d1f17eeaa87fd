/* compile.c: from a graph to a program: the driver, the live nodes, and the program's parts. */
#include "core/memory.h"
#include "core/openmp.h"
#include "core/pages.h"
#include "core/sized.h"
#include "exec/compiler/cache.h"
#include "exec/compiler/compiler.h"

#include <stdlib.h>
#include <string.h>

void *cop_compiler_array(size_t count, size_t size, cop_error *err)
{
    void *array = calloc(count > 0 ? count : 1, size);
    if (array == NULL)
        (void)cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
    return array;
}

size_t cop_plain_bytes(cop_shape shape)
{
    return (size_t)cop_shape_count(shape) * sizeof(float);
}

cop_status cop_program_add_buffer(cop_program *p, cop_home home, cop_shape shape, int32_t *buffer,
                                  cop_error *err)
{
    cop_buffer *buffers =
        cop_grow(p->buffers, &p->buffer_room, (size_t)p->buffer_count + 1, sizeof *buffers);
    if (buffers == NULL)
        return cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
    p->buffers = buffers;
    buffers[p->buffer_count] = (cop_buffer){.home = home,
                                            .shape = shape,
                                            .bytes = cop_plain_bytes(shape),
                                            .first = -1,
                                            .last = -1,
                                            .storage = -1,
                                            .next = -1};
    *buffer = p->buffer_count++;
    return COP_OK;
}

cop_status cop_program_add_instruction(cop_program *p, int32_t operand_count, int32_t result_count,
                                       cop_instruction **out, cop_error *err)
{
    cop_instruction *all = cop_grow(p->instructions, &p->instruction_room,
                                    (size_t)p->instruction_count + 1, sizeof *all);
    if (all == NULL)
        return cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
    p->instructions = all;
    cop_instruction *in = &all[p->instruction_count++];
    *in = (cop_instruction){
        .operand_count = operand_count, .result_count = result_count, .scratch = -1};
    in->operands = cop_compiler_array((size_t)operand_count, sizeof *in->operands, err);
    in->results = cop_compiler_array((size_t)result_count, sizeof *in->results, err);
    in->operand_shapes = cop_compiler_array((size_t)operand_count, sizeof *in->operand_shapes, err);
    if (in->operands == NULL || in->results == NULL || in->operand_shapes == NULL)
        return COP_FAILED;
    *out = in;
    return COP_OK;
}

void cop_program_free(cop_program *p)
{
    if (p == NULL)
        return;
    if (p->cached != NULL)
        cop_program_cache_give_back(p);
    else
        cop_program_destroy(p);
}

void cop_program_reset(cop_program *p)
{
    cop_profile_close(p);
    for (int32_t i = 0; i < p->input_count; i++)
        p->inputs[i].data = NULL;
    for (int32_t i = 0; i < p->output_count; i++) {
        p->outputs[i].bound = NULL;
        p->outputs[i].copied = false;
    }
    for (int32_t i = 0; i < p->buffer_count; i++)
        p->data[i] = NULL;
    p->ready = false;
    free(p->arena);
    p->arena = NULL;
}

void cop_program_destroy(cop_program *p)
{
    cop_profile_close(p);
    for (int32_t i = 0; i < p->instruction_count; i++) {
        cop_instruction *in = &p->instructions[i];
        free(in->operands);
        free(in->results);
        free(in->operand_shapes);
        cop_fused_free(in->group);
        cop_plane_free(in->plane);
        cop_primitive_free(in->primitive);
        free(in->label);
    }
    for (int32_t i = 0; i < p->buffer_count; i++)
        cop_layout_free(p->buffers[i].layout);
    for (int32_t i = 0; i < p->input_count; i++)
        free(p->inputs[i].name);
    free(p->instructions);
    free(p->buffers);
    free(p->storages);
    free(p->inputs);
    free(p->outputs);
    free(p->data);
    free(p->arena);
    cop_onednn_free(p->dnn);
    free(p);
}

static bool is_view(cop_op op)
{
    return op == COP_OP_RESHAPE || op == COP_OP_DETACH;
}

bool cop_is_computed(const cop_compiler *c, cop_node v)
{
    cop_op op = cop_graph_node(c->g, v)->op;
    return c->root[v] == v && op != COP_OP_INPUT && op != COP_OP_CONSTANT;
}

static void mark_live(cop_compiler *c)
{
    for (int32_t i = 0; i < c->output_count; i++)
        c->root[c->outputs[i]] = c->outputs[i];
    for (cop_node v = c->node_count; v >= 1; v--) {
        const cop_node_data *node = cop_graph_node(c->g, v);
        for (int32_t i = 0; c->root[v] != 0 && i < node->input_count; i++)
            c->root[node->inputs[i]] = node->inputs[i];
    }
    for (cop_node v = 1; v <= c->node_count; v++) {
        const cop_node_data *node = cop_graph_node(c->g, v);
        if (c->root[v] != 0 && is_view(node->op))
            c->root[v] = c->root[node->inputs[0]];
    }
    for (int32_t i = 0; i < c->output_count; i++)
        c->kept[c->root[c->outputs[i]]] = true;
}

cop_status cop_find_live(cop_compiler *c, cop_error *err)
{
    size_t size = (size_t)c->node_count + 2;
    c->root = cop_compiler_array(size, sizeof *c->root, err);
    c->kept = cop_compiler_array(size, sizeof *c->kept, err);
    c->uses = cop_compiler_array(size, sizeof *c->uses, err);
    if (c->root == NULL || c->kept == NULL || c->uses == NULL)
        return COP_FAILED;
    mark_live(c);
    for (cop_node v = 1; v <= c->node_count; v++) {
        const cop_node_data *node = cop_graph_node(c->g, v);
        for (int32_t i = 0; cop_is_computed(c, v) && i < node->input_count; i++)
            c->uses[c->root[node->inputs[i]] + 1]++;
    }
    for (cop_node v = 1; v <= c->node_count + 1; v++)
        c->uses[v] += c->uses[v - 1];
    c->users = cop_compiler_array((size_t)c->uses[c->node_count + 1], sizeof *c->users, err);
    int32_t *at = cop_compiler_array(size, sizeof *at, err);
    if (c->users == NULL || at == NULL) {
        free(at);
        return COP_FAILED;
    }
    memcpy(at, c->uses, size * sizeof *at);
    for (cop_node v = 1; v <= c->node_count; v++) {
        const cop_node_data *node = cop_graph_node(c->g, v);
        for (int32_t i = 0; cop_is_computed(c, v) && i < node->input_count; i++)
            c->users[at[c->root[node->inputs[i]]]++] = v;
    }
    free(at);
    return COP_OK;
}

void cop_compiler_clear(cop_compiler *c)
{
    free(c->root);
    free(c->kept);
    free(c->unit);
    free(c->stored);
    free(c->uses);
    free(c->users);
    free(c->steps);
    free(c->members);
    free(c->buffer);
}

static cop_status check_request(const cop_graph *g, const cop_node *outputs, size_t count,
                                const cop_compile_options *options, cop_error *err)
{
    COP_TRY(cop_graph_check(g, err));
    if (count < 1 || count > INT32_MAX)
        return cop_fail(err, COP_FAILED, "a program needs outputs; %zu given", count);
    for (size_t i = 0; i < count; i++)
        if (cop_graph_node(g, outputs[i]) == NULL)
            return cop_fail(err, COP_FAILED, "output %zu is no node of the graph", i);
    if (options == NULL)
        return COP_OK;
    if (options->threads < 0)
        return cop_fail(err, COP_FAILED, "a program cannot run with %d threads", options->threads);
    if (options->precision == COP_PRECISION_BF16)
        return cop_fail(err, COP_UNAVAILABLE,
                        "precision bf16: this build computes in f32 only; use precision f32");
    if (options->precision != 0 && options->precision != COP_PRECISION_F32)
        return cop_fail(err, COP_FAILED, "unknown precision %d", (int)options->precision);
    return COP_OK;
}

cop_status cop_program_allocate(cop_program *p, cop_error *err)
{
    if (p->arena_bytes > 0) {
        p->arena = cop_pages_new(p->arena_bytes);
        if (p->arena == NULL)
            return cop_fail(err, COP_FAILED, "out of memory: a program needs %zu MiB",
                            p->arena_bytes >> 20);
    }
    for (int32_t i = 0; i < p->buffer_count; i++) {
        const cop_buffer *b = &p->buffers[i];
        if (b->home == COP_HOME_CONSTANT)
            cop_kernel_fill((float *)(void *)(p->arena + p->storages[b->storage].offset), b->value,
                            cop_shape_count(b->shape), p->threads);
    }
    return COP_OK;
}

/* The graph may be gone when somebody wants to know what an instruction is. */
static cop_status copy_labels(cop_compiler *c, cop_error *err)
{
    for (int32_t i = 0; i < c->p->instruction_count; i++) {
        cop_instruction *in = &c->p->instructions[i];
        const cop_node_data *node = cop_graph_node(c->g, in->node);
        const char *label = node->label != NULL ? node->label : node->name;
        if (label != NULL && (in->label = strdup(label)) == NULL)
            return cop_fail(err, COP_FAILED, "out of memory while compiling a graph");
    }
    return COP_OK;
}

static cop_status run_passes(cop_compiler *c, cop_error *err)
{
    COP_TRY(cop_onednn_new(&c->p->dnn, err));
    COP_TRY(cop_find_live(c, err));
    COP_TRY(cop_fuse(c, err));
    COP_TRY(cop_order(c, err));
    COP_TRY(cop_lower(c, err));
    COP_TRY(cop_plan_memory(c->p, err));
    COP_TRY(copy_labels(c, err));
    COP_TRY(cop_profile_from_environment(c->p, err));
    c->p->data = cop_compiler_array((size_t)c->p->buffer_count, sizeof *c->p->data, err);
    return c->p->data != NULL ? cop_program_allocate(c->p, err) : COP_FAILED;
}

/* Compiles the compiler's own copy of the graph. */
static cop_status compile_copy(const cop_graph *g, const cop_node *outputs, size_t output_count,
                               cop_program *p, cop_error *err)
{
    cop_graph *copy = NULL;
    cop_origin *origin = NULL;
    cop_node *own = cop_compiler_array(output_count, sizeof *own, err);
    if (own == NULL)
        return COP_FAILED;
    cop_status status = cop_recompute(g, outputs, (int32_t)output_count, &copy, own, &origin, err);
    cop_compiler c = {.g = copy,
                      .origin = origin,
                      .outputs = own,
                      .output_count = (int32_t)output_count,
                      .node_count = cop_graph_size(copy),
                      .p = p};
    if (status == COP_OK)
        status = run_passes(&c, err);
    cop_compiler_clear(&c);
    cop_graph_free(copy);
    free(origin);
    free(own);
    return status;
}

/* Compiles for so many threads, whatever the process runs with. */
static cop_status compile_for(const cop_graph *g, const cop_node *outputs, size_t output_count,
                              int threads, cop_program **program, cop_error *err)
{
    cop_program *p = cop_compiler_array(1, sizeof *p, err);
    if (p == NULL)
        return COP_FAILED;
    int before = omp_get_max_threads();
    p->threads = threads;
    /* oneDNN divides a primitive's work among the threads it sees at its creation. */
    omp_set_num_threads(threads);
    cop_status status = compile_copy(g, outputs, output_count, p, err);
    omp_set_num_threads(before);
    if (status != COP_OK) {
        cop_program_destroy(p);
        return status;
    }
    p->cost.operations = p->instruction_count;
    p->cost.arena_bytes = (int64_t)p->arena_bytes;
    *program = p;
    return COP_OK;
}

/* Lends the program of that signature from the cache, where it is compiled first if it must be. */
static cop_status borrow(cop_program_cache *cache, cop_program_signature *signature,
                         const cop_graph *g, const cop_node *outputs, size_t output_count,
                         int threads, cop_program **program, cop_error *err)
{
    cop_program *p = cop_program_cache_take(cache, signature);
    if (p == NULL) {
        COP_TRY(compile_for(g, outputs, output_count, threads, program, err));
        cop_program_cache_adopt(cache, *program, signature);
        return COP_OK;
    }
    cop_status status = cop_profile_from_environment(p, err);
    if (status == COP_OK)
        status = cop_program_allocate(p, err);
    if (status != COP_OK)
        cop_program_free(p);
    else
        *program = p;
    return status;
}

cop_status cop_compile(const cop_graph *g, const cop_node *outputs, size_t output_count,
                       const cop_compile_options *given, cop_program **program, cop_error *err)
{
    *program = NULL;
    cop_compile_options own = {COP_SIZED(cop_compile_options)};
    const cop_compile_options *options = given != NULL ? &own : NULL;
    if (given != NULL)
        COP_TRY(cop_sized_take("a compilation's options", given,
                               COP_LEAST(cop_compile_options, reserved), &own, sizeof own, err));
    COP_TRY(check_request(g, outputs, output_count, options, err));
    int threads = own.threads > 0 ? own.threads : omp_get_max_threads();
    cop_program_cache *cache = cop_graph_cache(g);
    if (cache == NULL)
        return compile_for(g, outputs, output_count, threads, program, err);
    cop_program_signature signature;
    cop_status status = cop_program_signature_make(g, outputs, output_count, threads,
                                                   COP_PRECISION_F32, &signature, err);
    if (status == COP_OK)
        status = borrow(cache, &signature, g, outputs, output_count, threads, program, err);
    cop_program_signature_clear(&signature);
    return status;
}
