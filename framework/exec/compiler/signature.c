/* signature.c: see signature.h. */
#include "exec/compiler/signature.h"

#include "core/memory.h"
#include "core/text.h"
#include "exec/onednn/onednn.h"
#include "graph/optable.h"

#include <stdlib.h>
#include <string.h>

static void put(cop_text *to, uint64_t word)
{
    cop_text_append_bytes(to, (const char *)&word, sizeof word);
}

/* The length goes first, so that no text runs into what follows; no text is not an empty one. */
static void put_text(cop_text *to, const char *text)
{
    put(to, text != NULL ? strlen(text) + 1 : 0);
    if (text != NULL)
        cop_text_append(to, text);
}

static void put_node(cop_text *to, const cop_graph *g, cop_node v)
{
    const cop_node_data *node = cop_graph_node(g, v);
    uint64_t settings[COP_ATTR_WORDS];
    cop_attr_words(node->op, &node->attr, settings);
    put(to, (uint64_t)v);
    put(to, (uint64_t)node->op);
    for (int i = 0; i < COP_ATTR_WORDS; i++)
        put(to, settings[i]);
    put(to, (uint64_t)node->shape.rank);
    for (int i = 0; i < node->shape.rank; i++)
        put(to, (uint64_t)node->shape.dim[i]);
    put(to, (uint64_t)node->input_count);
    for (int32_t i = 0; i < node->input_count; i++)
        put(to, (uint64_t)node->inputs[i]);
    put_text(to, node->name);
    put_text(to, node->label);
}

/* Inputs belong to a program whether an output needs them or not: they can be bound. */
static void put_nodes(cop_text *to, const cop_graph *g, const cop_node *outputs,
                      size_t output_count, bool *needed)
{
    for (size_t i = 0; i < output_count; i++)
        needed[outputs[i]] = true;
    for (cop_node v = cop_graph_size(g); v >= 1; v--) {
        const cop_node_data *node = cop_graph_node(g, v);
        if (!needed[v] && node->op != COP_OP_INPUT)
            continue;
        for (int32_t i = 0; i < node->input_count; i++)
            needed[node->inputs[i]] = true;
        put_node(to, g, v);
    }
}

cop_status cop_program_signature_make(const cop_graph *g, const cop_node *outputs,
                                      size_t output_count, int threads, cop_precision precision,
                                      cop_program_signature *out, cop_error *err)
{
    char machine[128];
    cop_text text = {0};
    *out = (cop_program_signature){0};
    bool *needed = calloc((size_t)cop_graph_size(g) + 1, sizeof *needed);
    if (needed == NULL)
        return cop_out_of_memory(err);
    cop_onednn_version(machine, sizeof machine);
    put_text(&text, machine);
    put(&text, (uint64_t)threads);
    put(&text, (uint64_t)precision);
    put(&text, output_count);
    for (size_t i = 0; i < output_count; i++)
        put(&text, (uint64_t)outputs[i]);
    put_nodes(&text, g, outputs, output_count, needed);
    free(needed);
    out->size = text.length;
    out->bytes = cop_text_take(&text);
    if (out->bytes == NULL)
        return cop_out_of_memory(err);
    out->digest = cop_hash_bytes(out->bytes, out->size);
    return COP_OK;
}

void cop_program_signature_clear(cop_program_signature *signature)
{
    free(signature->bytes);
    *signature = (cop_program_signature){0};
}

bool cop_program_signature_equal(const cop_program_signature *a, const cop_program_signature *b)
{
    return a->digest.hi == b->digest.hi && a->digest.lo == b->digest.lo && a->size == b->size &&
           memcmp(a->bytes, b->bytes, a->size) == 0;
}
