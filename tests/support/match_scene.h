/* match_scene.h: what the tests of matching share: the fixture written by
 * tools/fixtures/make_idc_fixtures.py, the data and the network in it. */
#ifndef COP_TEST_MATCH_SCENE_H
#define COP_TEST_MATCH_SCENE_H

#include "nn/samples.h"
#include "small_convnet.h"
#include "store/formats/safetensors.h"
#include "support.h"

#include <coppice/distil.h>

#include <stdio.h>
#include <string.h>

enum { SCENE_IPC = 2, SCENE_IMAGE = 3 * 16 * 16 };

static const cop_task scene_task = {.channels = 3, .height = 16, .width = 16, .classes = 3};

typedef struct match_scene {
    cop_tensors *fixture;
    cop_model *model;
    int32_t labels[18];
    cop_samples data;
    cop_tensors *bag;
    cop_pixels *pixels; /* SCENE_IPC of each class, in the bag */
} match_scene;

static inline cop_tensor *scene_tensor(const match_scene *s, const char *group, const char *name)
{
    char full[160];
    (void)snprintf(full, sizeof full, "%s%s%s", group, name[0] != '\0' ? "/" : "", name);
    cop_tensor *tensor = cop_tensors_find(s->fixture, full);
    if (tensor == NULL)
        fail_msg("the fixture has no \"%s\"", full);
    return tensor;
}

static inline void scene_open(match_scene *s)
{
    cop_error err = {0};
    *s = (match_scene){0};
    assert_ok(cop_safetensors_read(COPPICE_TEST_SOURCE_DIR "/tests/fixtures/torch/idc.safetensors",
                                   &s->fixture, NULL, NULL, &err),
              &err);
    s->model = small_convnet(&scene_task);
    const int64_t *labels = cop_i64(scene_tensor(s, "data", "labels"));
    for (int i = 0; i < 18; i++)
        s->labels[i] = (int32_t)labels[i];
    s->data =
        (cop_samples){.task = scene_task,
                      .normalization = {.mean = {0.5f, 0.45f, 0.4f}, .std = {0.25f, 0.2f, 0.3f}},
                      .count = 18,
                      .bytes = cop_u8(scene_tensor(s, "data", "pixels")),
                      .labels = s->labels};
    const cop_pixels_spec pixels = {COP_SIZED(cop_pixels_spec), .data = &s->data,
                                    .per_class = SCENE_IPC};
    s->bag = cop_tensors_new();
    assert_ok(cop_pixels_new(&pixels, s->bag, &s->pixels, &err), &err);
}

static inline void scene_close(match_scene *s)
{
    cop_pixels_free(s->pixels);
    cop_tensors_free(s->bag);
    cop_model_free(s->model);
    cop_tensors_free(s->fixture);
}

/* The weights of the fixture under `group` as a state of the network; to be freed. */
static inline cop_tensors *scene_network(const match_scene *s, const char *group)
{
    cop_error err = {0};
    cop_tensors *state = NULL;
    assert_ok(cop_model_initial_state(s->model, 1, &state, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        cop_tensor *to = cop_tensors_at(state, i), *from = scene_tensor(s, group, to->name);
        assert_true(cop_shape_equal(to->shape, from->shape));
        memcpy(to->data, from->data, (size_t)cop_shape_count(to->shape) * sizeof(float));
    }
    return state;
}

/* Fails unless |got − wanted| ≤ share · max |wanted| throughout. */
static inline void assert_near(const char *what, const float *got, const cop_tensor *wanted,
                               double share)
{
    const float *to = cop_f32(wanted);
    int64_t count = cop_shape_count(wanted->shape), worst = 0;
    double largest = 0.0, error = 0.0;
    for (int64_t i = 0; i < count; i++) {
        double size = to[i] < 0.0f ? -(double)to[i] : (double)to[i];
        double off = (double)got[i] - (double)to[i];
        off = off < 0.0 ? -off : off;
        largest = size > largest ? size : largest;
        if (!(off <= error)) {
            error = off;
            worst = i;
        }
    }
    if (!(error <= share * largest))
        fail_msg("%s: element %lld is %g, wanted %g (off by %g of the largest)", what,
                 (long long)worst, (double)got[worst], (double)to[worst], error / largest);
}

#endif
