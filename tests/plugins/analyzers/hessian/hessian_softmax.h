/* hessian_softmax.h: softmax regression, whose Hessian is known:
 * mean over samples of (diag(p) − p pᵀ) ⊗ x xᵀ, with x extended by a 1 for the bias. */
#ifndef TEST_HESSIAN_SOFTMAX_H
#define TEST_HESSIAN_SOFTMAX_H

#include "hessian_run.h"
#include "linear_net.h"

enum { SAMPLES = 24, COORDINATES = LINEAR_WEIGHTS + LINEAR_CLASSES };

typedef struct softmax_scene {
    cop_model *model;
    cop_tensors *state, *mask;
    hessian_subject subject;
    float pixels[SAMPLES * LINEAR_FEATURES];
    int32_t labels[SAMPLES];
    cop_samples data;
} softmax_scene;

static inline void open_softmax_scene(softmax_scene *s, bool masked)
{
    cop_error err = {0};
    cop_stream stream = cop_stream_make(9, "pixels", 0);
    s->model = linear_model();
    assert_ok(cop_model_initial_state(s->model, 4, &s->state, &err), &err);
    assert_ok(cop_model_full_mask(s->model, &s->mask, &err), &err);
    for (int i = 0; masked && i < LINEAR_WEIGHTS; i++)
        cop_f32(cop_tensors_at(s->mask, 0))[i] = i % 3 == 1 ? 0.0f : 1.0f;
    cop_mask_apply(s->mask, s->state);
    for (int i = 0; i < SAMPLES * LINEAR_FEATURES; i++)
        s->pixels[i] = 2.0f * cop_stream_uniform(&stream) - 0.5f;
    for (int i = 0; i < SAMPLES; i++)
        s->labels[i] = i % LINEAR_CLASSES;
    s->data = (cop_samples){.task = linear_task,
                            .normalization = {.std = {1.0f}},
                            .count = SAMPLES,
                            .pixels = s->pixels,
                            .labels = s->labels};
    s->subject =
        (hessian_subject){.model = s->model, .mask = s->mask, .copy = s->state, .data = &s->data};
}

static inline void close_softmax_scene(softmax_scene *s)
{
    cop_tensors_free(s->state);
    cop_tensors_free(s->mask);
    cop_model_free(s->model);
}

/* Coordinates: the weights row by row, then the biases. */
static inline int class_of(int coordinate)
{
    return coordinate < LINEAR_WEIGHTS ? coordinate / LINEAR_FEATURES : coordinate - LINEAR_WEIGHTS;
}

static inline double input_of(const float *x, int coordinate)
{
    return coordinate < LINEAR_WEIGHTS ? (double)x[coordinate % LINEAR_FEATURES] : 1.0;
}

static inline bool survives(const softmax_scene *s, int coordinate)
{
    return coordinate >= LINEAR_WEIGHTS || cop_f32(cop_tensors_at(s->mask, 0))[coordinate] != 0.0f;
}

/* An entry of the Hessian. */
static inline double softmax_entry(const softmax_scene *s, int a, int b)
{
    double sum = 0.0;
    for (int i = 0; i < SAMPLES; i++) {
        const float *x = s->pixels + i * LINEAR_FEATURES;
        double p[LINEAR_CLASSES];
        linear_softmax(s->state, x, p);
        double own = class_of(a) == class_of(b) ? p[class_of(a)] : 0.0;
        sum += (own - p[class_of(a)] * p[class_of(b)]) * input_of(x, a) * input_of(x, b);
    }
    return sum / SAMPLES;
}

#endif
