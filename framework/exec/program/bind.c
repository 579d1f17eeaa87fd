/* bind.c: where a program reads its inputs and writes its outputs.
 *
 * An output is computed right in the caller's memory where nothing still to be read lies there;
 * otherwise it is copied after the last instruction. */
#include "core/readable.h"
#include "exec/program/program.h"

#include <string.h>

cop_status cop_program_bind(cop_program *p, cop_node input, const float *data, cop_error *err)
{
    for (int32_t i = 0; i < p->input_count; i++)
        if (p->inputs[i].node == input) {
            if (p->inputs[i].data != data)
                p->ready = false;
            p->inputs[i].data = data;
            return COP_OK;
        }
    return cop_fail(err, COP_FAILED, "node %d is no input of the graph", (int)input);
}

cop_status cop_program_bind_name(cop_program *p, const char *name, const float *data,
                                 cop_error *err)
{
    for (int32_t i = 0; i < p->input_count; i++)
        if (strcmp(p->inputs[i].name, name) == 0)
            return cop_program_bind(p, p->inputs[i].node, data, err);
    return cop_fail(err, COP_FAILED, "the graph has no input \"%s\"", name);
}

cop_status cop_program_bind_output(cop_program *p, size_t i, float *data, cop_error *err)
{
    if (i >= (size_t)p->output_count)
        return cop_fail(err, COP_FAILED, "output %zu of a program with %d outputs", i,
                        (int)p->output_count);
    if (p->outputs[i].bound != data)
        p->ready = false;
    p->outputs[i].bound = data;
    return COP_OK;
}

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return x < y + b_bytes && y < x + a_bytes;
}

static bool input_allows(const cop_program *p, const cop_input_slot *input,
                         const cop_output_slot *out)
{
    if (input->buffer < 0)
        return true;
    const cop_buffer *from = &p->buffers[input->buffer], *to = &p->buffers[out->buffer];
    if (!overlap(input->data, from->bytes, out->bound, to->bytes) || from->last < to->first)
        return true;
    return from->last == to->first && input->data == out->bound && from->bytes == to->bytes &&
           cop_instruction_may_overwrite(&p->instructions[to->first], input->buffer, out->buffer);
}

/* Whether output i may be computed in the caller's memory. */
static bool may_write_directly(const cop_program *p, int32_t i)
{
    const cop_output_slot *out = &p->outputs[i];
    const cop_buffer *b = &p->buffers[out->buffer];
    if (p->storages[b->storage].tenants != 1)
        return false;
    for (int32_t k = 0; k < p->input_count; k++)
        if (!input_allows(p, &p->inputs[k], out))
            return false;
    for (int32_t k = 0; k < p->output_count; k++) {
        const cop_output_slot *other = &p->outputs[k];
        if (k == i || other->bound == NULL)
            continue;
        if (other->buffer == out->buffer && k < i)
            return false;
        if (overlap(other->bound, p->buffers[other->buffer].bytes, out->bound, b->bytes))
            return false;
    }
    return true;
}

cop_status cop_program_prepare(cop_program *p, cop_error *err)
{
    for (int32_t i = 0; i < p->input_count; i++) {
        const cop_input_slot *input = &p->inputs[i];
        if (input->buffer < 0)
            continue;
        if (input->data == NULL)
            return cop_fail(err, COP_FAILED, "input \"%s\" is not bound", input->name);
        /* It has no alignment that a kernel could rely on, and needs none. */
        p->data[input->buffer] = cop_readable(input->data);
    }
    for (int32_t i = 0; i < p->buffer_count; i++)
        if (p->buffers[i].home != COP_HOME_INPUT)
            p->data[i] = (float *)(void *)(p->arena + p->storages[p->buffers[i].storage].offset);
    for (int32_t i = 0; i < p->output_count; i++) {
        cop_output_slot *out = &p->outputs[i];
        out->copied = out->bound != NULL && !may_write_directly(p, i);
        if (out->bound != NULL && !out->copied)
            p->data[out->buffer] = out->bound;
    }
    p->ready = true;
    return COP_OK;
}

const float *cop_program_output(const cop_program *p, size_t i)
{
    const cop_output_slot *out = &p->outputs[i];
    return out->bound != NULL ? out->bound : p->data[out->buffer];
}
