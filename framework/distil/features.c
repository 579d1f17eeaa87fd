/* features.c: embeddings of real images, in batches. */
#include "distil/features.h"

#include "core/memory.h"
#include "nn/task.h"

#include <coppice/program.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 128

typedef struct embedder {
    cop_program *program;
    int64_t batch, width;
    float *images; /* [batch, C, H, W] */
} embedder;

/* `nodes` has room for every parameter and buffer. */
static cop_status build(embedder *e, const cop_features_spec *spec, cop_graph *g, cop_node *nodes,
                        cop_error *err)
{
    const cop_task *t = cop_model_task(spec->model);
    const cop_compile_options options = {COP_SIZED(cop_compile_options), .threads = spec->threads};
    cop_node *buffers = nodes + cop_model_parameter_count(spec->model);
    cop_node x = cop_input(g, "images", cop_task_shape(t, e->batch));
    const cop_model_output *output = NULL;
    cop_model_inputs(spec->model, g, "net/", nodes, buffers);
    COP_TRY(cop_model_build(spec->model, g, x, nodes, buffers, COP_MODE_EVAL, &output, err));
    cop_node embedding = cop_flatten(g, cop_model_output_find(output, "embedding"));
    COP_TRY(cop_graph_check(g, err));
    e->width = cop_node_shape(g, embedding).dim[1];
    return cop_compile(g, &embedding, 1, &options, &e->program, err);
}

static cop_status compile(embedder *e, const cop_features_spec *spec, cop_error *err)
{
    size_t count = cop_model_parameter_count(spec->model) + cop_model_buffer_count(spec->model);
    cop_node *nodes = calloc(count + 1, sizeof *nodes);
    cop_graph *g = cop_graph_new();
    cop_status status =
        g != NULL && nodes != NULL ? build(e, spec, g, nodes, err) : cop_out_of_memory(err);
    cop_graph_free(g);
    free(nodes);
    return status;
}

static cop_status open_embedder(embedder *e, const cop_features_spec *spec, cop_error *err)
{
    int64_t values = cop_task_values(cop_model_task(spec->model));
    e->images = calloc((size_t)(e->batch * values), sizeof *e->images);
    if (e->images == NULL)
        return cop_out_of_memory(err);
    COP_TRY(compile(e, spec, err));
    COP_TRY(cop_program_bind_name(e->program, "images", e->images, err));
    return cop_model_bind(spec->model, e->program, "net/", spec->state, err);
}

/* Batch by batch; what a last, smaller one does not fill keeps the images of the one before. */
static cop_status run(embedder *e, const cop_features_spec *spec, const int64_t *index,
                      int64_t count, float *features, cop_error *err)
{
    for (int64_t i = 0; i < count; i += e->batch) {
        int64_t n = count - i < e->batch ? count - i : e->batch;
        cop_samples_batch(spec->data, index + i, n, e->images, NULL);
        COP_TRY(cop_program_run(e->program, err));
        memcpy(features + i * e->width, cop_program_output(e->program, 0),
               (size_t)(n * e->width) * sizeof *features);
    }
    for (int64_t i = 0; i < count * e->width; i++)
        if (!isfinite(features[i]))
            return cop_fail(err, COP_FAILED, "sample %lld has a feature that is not finite",
                            (long long)index[i / e->width]);
    return COP_OK;
}

cop_status cop_features_of(const cop_features_spec *spec, const int64_t *index, int64_t count,
                           float **features, int64_t *width, cop_error *err)
{
    embedder e = {.batch = count < BATCH ? count : BATCH};
    float *all = NULL;
    cop_status status = open_embedder(&e, spec, err);
    if (status == COP_OK) {
        all = calloc((size_t)(count * e.width), sizeof *all);
        status = all != NULL ? run(&e, spec, index, count, all, err) : cop_out_of_memory(err);
    }
    if (status != COP_OK) {
        free(all);
        all = NULL;
    }
    cop_program_free(e.program);
    free(e.images);
    *features = all;
    *width = e.width;
    return status;
}
