/* match_graph.c: with L(θ, x) the cross-entropy of a batch, matching gradients means
 *
 *     D = Σ over matched parameters θ_k of distance(∂L(θ, synthetic)/∂θ_k, ∂L(θ, real)/∂θ_k)
 *
 * where the real gradient is a constant. Its gradient with respect to the pixels is a second
 * derivative, taken in reverse mode; the forward-mode form of the same product (Pearlmutter 1994)
 * compiles to as many convolutions and takes the same time. Matching features is the same with one
 * quantity, the batch's mean embedding, in place of the gradients. */
#include "distil/match_graph.h"

#include "core/memory.h"
#include "nn/decode.h"
#include "nn/task.h"

#include <coppice/differentiate.h>

#include <stdlib.h>

typedef struct builder {
    const cop_match_graph_spec *spec;
    const cop_match_spec *match;
    const cop_model *model;
    cop_task task;
    cop_graph *g;
    size_t param_count, matched_count; /* `matched_count` quantities: gradients, or one feature */
    cop_node *memory;                  /* all arrays below */
    cop_node *params, *buffers;
    cop_node *matched;          /* those parameters whose gradients are matched */
    cop_node *real, *synthetic; /* [matched]: both sides' quantities */
} builder;

/* The names of one side's inputs. */
typedef struct side {
    const char *targets, *draws;
} side;

static const side real_names = {COP_MATCH_REAL_TARGETS, COP_MATCH_REAL_DRAWS};
static const side synthetic_names = {COP_MATCH_SYNTHETIC_TARGETS, COP_MATCH_SYNTHETIC_DRAWS};

static cop_status init(builder *b, const cop_match_graph_spec *spec, cop_error *err)
{
    *b = (builder){
        .spec = spec, .match = spec->match, .model = spec->match->model, .g = cop_graph_new()};
    b->task = *cop_model_task(b->model);
    b->param_count = cop_model_parameter_count(b->model);
    size_t buffers = cop_model_buffer_count(b->model);
    size_t one = b->param_count + 1; /* never an empty array */
    b->memory = calloc(4 * one + buffers, sizeof *b->memory);
    if (b->g == NULL || b->memory == NULL)
        return cop_out_of_memory(err);
    b->params = b->memory;
    b->matched = b->params + one;
    b->real = b->matched + one;
    b->synthetic = b->real + one;
    b->buffers = b->synthetic + one;
    cop_model_inputs(b->model, b->g, COP_MATCH_NETWORK, b->params, b->buffers);
    if (b->match->kind == COP_MATCH_FEATURES) {
        b->matched_count = 1;
        return COP_OK;
    }
    for (size_t i = 0; i < b->param_count; i++)
        if (b->match->roles & COP_ROLE_BIT(cop_model_parameter(b->model, i)->role))
            b->matched[b->matched_count++] = b->params[i];
    if (b->matched_count == 0)
        return cop_fail(err, COP_INVALID, "the model has no parameter whose gradient is matched");
    return COP_OK;
}

static void clear(builder *b)
{
    cop_graph_free(b->g);
    free(b->memory);
}

/* What is matched of a batch of normalised images under augmentation. The running statistics that
 * come out are dropped: nothing reads them while the network trains. */
static cop_status quantities(builder *b, cop_node images, side names, cop_node *out, cop_error *err)
{
    cop_graph *g = b->g;
    int64_t n = cop_node_shape(g, images).dim[0];
    cop_node x = cop_augment(g, names.draws, images, b->match->augment);
    const cop_model_output *output = NULL;
    COP_TRY(cop_model_build(b->model, g, x, b->params, b->buffers, b->match->mode, &output, err));
    if (b->match->kind == COP_MATCH_FEATURES) {
        cop_node features = cop_flatten(g, cop_model_output_find(output, "embedding"));
        out[0] = cop_mean(g, features, COP_AXIS(0));
        return cop_graph_check(g, err);
    }
    cop_node wanted = cop_input(g, names.targets, cop_shape2(n, b->task.classes));
    cop_node loss = cop_cross_entropy(g, cop_model_output_get_logits(output), wanted);
    COP_TRY(cop_graph_check(g, err));
    return cop_gradient(g, loss, b->matched, b->matched_count, out, err);
}

static cop_status real_side(builder *b, cop_error *err)
{
    const cop_task *t = &b->task;
    cop_shape shape = cop_shape4(b->spec->real, t->channels, t->height, t->width);
    cop_node images = cop_input(b->g, COP_MATCH_REAL_IMAGES, shape);
    COP_TRY(quantities(b, images, real_names, b->real, err));
    for (size_t i = 0; i < b->matched_count; i++)
        b->real[i] = cop_detach(b->g, b->real[i]);
    return COP_OK;
}

/* Stored pixels → decoded, chosen, normalised images. */
static cop_node synthetic_images(builder *b, cop_node pixels)
{
    const cop_match_spec *m = b->match;
    cop_graph *g = b->g;
    cop_node x = pixels;
    if (m->decode != COP_DECODE_NONE && m->factor > 1)
        x = cop_decode_images_within(g, pixels, m->decode, (int32_t)m->factor, m->most);
    if (b->spec->synthetic < b->spec->decoded)
        x = cop_gather(g, x, cop_input(g, COP_MATCH_SUBSET, cop_shape1(b->spec->synthetic)));
    if (b->spec->space == COP_PIXELS_NORMALISED)
        return x;
    cop_shape channels = cop_shape4(1, b->task.channels, 1, 1);
    cop_node mean = cop_input(g, COP_MATCH_MEAN, channels);
    cop_node std = cop_input(g, COP_MATCH_STD, channels);
    return cop_div(g, cop_sub(g, x, mean), std);
}

static cop_node total_distance(builder *b)
{
    cop_node total = COP_NO_NODE;
    for (size_t i = 0; i < b->matched_count; i++) {
        cop_node distance =
            cop_distance_node(b->g, b->match->distance, b->synthetic[i], b->real[i]);
        total = i == 0 ? distance : cop_add(b->g, total, distance);
    }
    return total;
}

static cop_status build(builder *b, cop_node outputs[COP_MATCH_OUTPUTS], cop_error *err)
{
    const cop_task *t = &b->task;
    cop_shape shape = cop_shape4(b->spec->stored, t->channels, t->height, t->width);
    cop_node pixels = cop_input(b->g, COP_MATCH_PIXELS, shape);
    COP_TRY(real_side(b, err));
    COP_TRY(quantities(b, synthetic_images(b, pixels), synthetic_names, b->synthetic, err));
    outputs[COP_MATCH_LOSS] = total_distance(b);
    COP_TRY(cop_graph_check(b->g, err));
    return cop_gradient(b->g, outputs[COP_MATCH_LOSS], &pixels, 1, outputs + COP_MATCH_GRADIENT,
                        err);
}

cop_status cop_match_compile(const cop_match_graph_spec *spec, cop_program **out, cop_error *err)
{
    builder b;
    cop_node outputs[COP_MATCH_OUTPUTS];
    cop_status status = init(&b, spec, err);
    if (status == COP_OK)
        status = build(&b, outputs, err);
    if (status == COP_OK) {
        const cop_compile_options options = {COP_SIZED(cop_compile_options),
                                             .threads = spec->match->threads};
        status = cop_compile(b.g, outputs, COP_MATCH_OUTPUTS, &options, out, err);
    }
    clear(&b);
    return status;
}
