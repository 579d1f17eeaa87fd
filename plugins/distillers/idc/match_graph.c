/* match_graph.c: with L(θ, x) the cross-entropy of a batch, the matching loss is
 *
 *     D = Σ over matched parameters θ_k of distance(∂L(θ, synthetic)/∂θ_k, ∂L(θ, real)/∂θ_k)
 *
 * where the real gradient is a constant. Its gradient with respect to the pixels is a second
 * derivative, taken in reverse mode; the forward-mode form of the same product (Pearlmutter 1994)
 * compiles to as many convolutions and takes the same time. */
#include "match_graph.h"

#include "decode.h"
#include "distance.h"

#include <coppice/differentiate.h>

#include <stdlib.h>

typedef struct builder {
    const idc_graph_spec *spec;
    const cop_model *model;
    cop_task task;
    cop_graph *g;
    size_t param_count, matched_count;
    cop_node *memory; /* all arrays below */
    cop_node *params, *buffers, *new_buffers;
    cop_node *matched; /* those parameters whose gradients are matched */
    cop_node *real_gradients, *synthetic_gradients; /* [matched] */
} builder;

static cop_status init(builder *b, const idc_graph_spec *spec, cop_error *err)
{
    *b = (builder){.spec = spec, .model = spec->options->model, .g = cop_graph_new()};
    b->task = *cop_model_task(b->model);
    b->param_count = cop_model_parameter_count(b->model);
    size_t buffers = cop_model_buffer_count(b->model);
    size_t one = b->param_count + 1; /* never an empty array */
    b->memory = calloc(4 * one + 2 * buffers, sizeof *b->memory);
    if (b->g == NULL || b->memory == NULL)
        return cop_fail(err, COP_FAILED, "out of memory");
    b->params = b->memory;
    b->matched = b->params + one;
    b->real_gradients = b->matched + one;
    b->synthetic_gradients = b->real_gradients + one;
    b->buffers = b->synthetic_gradients + one;
    b->new_buffers = b->buffers + buffers;
    cop_model_inputs(b->model, b->g, IDC_NETWORK, b->params, b->buffers);
    for (size_t i = 0; i < b->param_count; i++)
        if (idc_options_match(spec->options, cop_model_parameter(b->model, i)->role))
            b->matched[b->matched_count++] = b->params[i];
    return COP_OK;
}

static void clear(builder *b)
{
    cop_graph_free(b->g);
    free(b->memory);
}

/* Cross-entropy of a batch of normalised images under augmentation, in training mode. The running
 * statistics that come out are dropped: nothing reads them while the network trains. */
static cop_status loss_of(builder *b, cop_node images, const char *targets, const char *draws,
                          cop_node *loss, cop_error *err)
{
    int64_t n = cop_node_shape(b->g, images).dim[0];
    cop_node x = cop_augment(b->g, draws, images, b->spec->options->augment);
    cop_model_output out = {.new_buffers = b->new_buffers};
    COP_TRY(cop_model_build(b->model, b->g, x, b->params, b->buffers, COP_MODE_TRAIN, &out, err));
    cop_node wanted = cop_input(b->g, targets, cop_shape2(n, b->task.classes));
    *loss = cop_cross_entropy(b->g, out.logits, wanted);
    return cop_graph_check(b->g, err);
}

static cop_status real_side(builder *b, cop_error *err)
{
    const cop_task *t = &b->task;
    cop_shape shape = cop_shape4(b->spec->real, t->channels, t->height, t->width);
    cop_node images = cop_input(b->g, IDC_REAL_IMAGES, shape), loss = COP_NO_NODE;
    COP_TRY(loss_of(b, images, IDC_REAL_TARGETS, IDC_REAL_DRAWS, &loss, err));
    COP_TRY(cop_gradient(b->g, loss, b->matched, b->matched_count, b->real_gradients, err));
    for (size_t i = 0; i < b->matched_count; i++)
        b->real_gradients[i] = cop_detach(b->g, b->real_gradients[i]);
    return COP_OK;
}

/* Stored pixels → decoded, chosen, normalised images. */
static cop_node synthetic_images(builder *b, cop_node pixels)
{
    const idc_options *o = b->spec->options;
    cop_graph *g = b->g;
    cop_node x = idc_decode_images(g, pixels, (idc_decode)o->decode, o->factor, o->batch_synthetic);
    if (b->spec->synthetic < b->spec->decoded)
        x = cop_gather(g, x, cop_input(g, IDC_SUBSET, cop_shape1(b->spec->synthetic)));
    cop_shape channels = cop_shape4(1, b->task.channels, 1, 1);
    cop_node mean = cop_input(g, IDC_MEAN, channels), std = cop_input(g, IDC_STD, channels);
    return cop_div(g, cop_sub(g, x, mean), std);
}

static cop_status synthetic_side(builder *b, cop_node pixels, cop_error *err)
{
    cop_node loss = COP_NO_NODE;
    COP_TRY(loss_of(b, synthetic_images(b, pixels), IDC_SYNTHETIC_TARGETS, IDC_SYNTHETIC_DRAWS,
                    &loss, err));
    return cop_gradient(b->g, loss, b->matched, b->matched_count, b->synthetic_gradients, err);
}

static cop_node total_distance(builder *b)
{
    cop_node total = COP_NO_NODE;
    for (size_t i = 0; i < b->matched_count; i++) {
        cop_node distance = idc_distance(b->g, (idc_metric)b->spec->options->metric,
                                         b->synthetic_gradients[i], b->real_gradients[i]);
        total = i == 0 ? distance : cop_add(b->g, total, distance);
    }
    return total;
}

static cop_status build(builder *b, cop_node outputs[IDC_OUTPUTS], cop_error *err)
{
    const cop_task *t = &b->task;
    cop_shape shape = cop_shape4(b->spec->options->ipc, t->channels, t->height, t->width);
    cop_node pixels = cop_input(b->g, IDC_PIXELS, shape);
    COP_TRY(real_side(b, err));
    COP_TRY(synthetic_side(b, pixels, err));
    outputs[IDC_OUTPUT_LOSS] = total_distance(b);
    COP_TRY(cop_graph_check(b->g, err));
    return cop_gradient(b->g, outputs[IDC_OUTPUT_LOSS], &pixels, 1, outputs + IDC_OUTPUT_GRADIENT,
                        err);
}

cop_status idc_graph_compile(const idc_graph_spec *spec, cop_program **out, cop_error *err)
{
    builder b;
    cop_node outputs[IDC_OUTPUTS];
    cop_status status = init(&b, spec, err);
    if (status == COP_OK)
        status = build(&b, outputs, err);
    if (status == COP_OK) {
        const cop_compile_options options = {.threads = spec->threads};
        status = cop_compile(b.g, outputs, IDC_OUTPUTS, &options, out, err);
    }
    clear(&b);
    return status;
}
