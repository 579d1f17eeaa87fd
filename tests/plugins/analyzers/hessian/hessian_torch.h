/* hessian_torch.h: the network of tests/fixtures/torch/hessian.safetensors, whose Hessian PyTorch has
 * computed (tools/fixtures/make_hessian_fixtures.py), whole or without the weights that a mask
 * removes. */
#ifndef TEST_HESSIAN_TORCH_H
#define TEST_HESSIAN_TORCH_H

#include "hessian_run.h"
#include "models.h"

#include <stdio.h>
#include <stdlib.h>

static const cop_task torch_task = {.channels = 1, .height = 3, .width = 3, .classes = 3};

/* Of all parts, which tests switch on one by one. */
static const hessian_options torch_defaults = {.diagonal = HESSIAN_AUTO,
                                               .samples = 0,
                                               .batch = 10,
                                               .layerwise = true,
                                               .bins = 9,
                                               .lanczos = 40,
                                               .smoothing = 1e-5,
                                               .points = 1000,
                                               .memory = 100};

typedef struct torch_scene {
    test_model net;
    cop_tensors *fixture, *state, *mask;
    int32_t *labels;
    cop_samples data;
    hessian_subject subject;
    int64_t n;                     /* surviving coordinates */
    double *matrix, *eigenvalues;  /* PyTorch's; eigenvalues rising */
    double trace, squares, spread; /* Σ Hᵢᵢ, Σ Hᵢⱼ², and that without the diagonal */
} torch_scene;

static inline void fill_from(cop_tensors *set, const cop_tensors *fixture, const char *prefix)
{
    for (size_t i = 0; i < cop_tensors_count(set); i++) {
        cop_tensor *to = cop_tensors_at(set, i);
        const cop_tensor *from = fixture_tensor(fixture, prefix, to->name);
        assert_true(cop_shape_equal(to->shape, from->shape));
        memcpy(to->data, from->data, sizeof(float) * (size_t)cop_shape_count(to->shape));
    }
}

static inline void sum_up(torch_scene *s)
{
    for (int64_t i = 0; i < s->n; i++) {
        s->trace += s->matrix[i * s->n + i];
        for (int64_t j = 0; j < s->n; j++) {
            double square = s->matrix[i * s->n + j] * s->matrix[i * s->n + j];
            s->squares += square;
            s->spread += i != j ? square : 0.0;
        }
    }
}

static inline void open_torch_scene(torch_scene *s, bool masked)
{
    cop_error err = {0};
    *s = (torch_scene){.fixture = read_fixture("torch/hessian.safetensors")};
    s->net = open_model("mlp", "hidden=6 activation=tanh", &torch_task);
    assert_ok(cop_model_initial_state(s->net.model, 1, &s->state, &err), &err);
    assert_ok(cop_model_full_mask(s->net.model, &s->mask, &err), &err);
    fill_from(s->state, s->fixture, masked ? "state_masked." : "state.");
    if (masked)
        fill_from(s->mask, s->fixture, "mask.");
    const cop_tensor *labels = fixture_tensor(s->fixture, "", "labels");
    int64_t count = cop_shape_count(labels->shape);
    s->labels = calloc((size_t)count, sizeof *s->labels);
    assert_non_null(s->labels);
    for (int64_t i = 0; i < count; i++)
        s->labels[i] = (int32_t)cop_f32(labels)[i];
    s->data = (cop_samples){.task = torch_task,
                            .normalization = cop_normalization_none(),
                            .count = count,
                            .pixels = cop_f32(fixture_tensor(s->fixture, "", "images")),
                            .labels = s->labels,
                            .space = COP_PIXELS_NORMALISED};
    s->subject = (hessian_subject){
        .model = s->net.model, .mask = s->mask, .copy = s->state, .data = &s->data};
    s->matrix = fixture_values(s->fixture, "", masked ? "hessian_masked" : "hessian");
    s->eigenvalues = fixture_values(s->fixture, "", masked ? "eigenvalues_masked" : "eigenvalues");
    s->n = fixture_tensor(s->fixture, "", masked ? "hessian_masked" : "hessian")->shape.dim[0];
    sum_up(s);
}

static inline void close_torch_scene(torch_scene *s)
{
    cop_tensors_free(s->fixture);
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    free(s->labels);
    free(s->matrix);
    free(s->eigenvalues);
    close_model(&s->net);
}

#endif
