/* matching_scene.h: what the tests of distillers in the normalised space share: the match scene, the
 * numbers that tools/fixtures/make_matching_fixtures.py wrote, and a distiller at work on them by
 * hand, whose pixels are those of the fixture. */
#ifndef COP_TEST_MATCHING_SCENE_H
#define COP_TEST_MATCHING_SCENE_H

#include "given.h"
#include "match_scene.h"
#include "plugin_options.h"
#include "recorded.h"

#include "study/graph/plan.h"
#include "study/running/drive.h"

enum { SCENE_COUNT = 3 * SCENE_IPC, SCENE_FLOATS = SCENE_COUNT * SCENE_IMAGE };

typedef struct matching_scene {
    match_scene base;
    cop_tensors *wanted; /* the fixture */

    /* What a work may borrow; a test's to fill. */
    given given;
    size_t request_count;
    const size_t *snapshot_counts;
} matching_scene;

static inline void matching_open(matching_scene *s)
{
    cop_error err = {0};
    *s = (matching_scene){0};
    scene_open(&s->base);
    assert_ok(cop_safetensors_read(COPPICE_TEST_SOURCE_DIR
                                   "/tests/fixtures/torch/matching.safetensors",
                                   &s->wanted, NULL, NULL, &err),
              &err);
}

static inline void matching_close(matching_scene *s)
{
    cop_tensors_free(s->wanted);
    scene_close(&s->base);
}

static inline cop_tensor *matching_tensor(const matching_scene *s, const char *name)
{
    cop_tensor *tensor = cop_tensors_find(s->wanted, name);
    if (tensor == NULL)
        fail_msg("the fixture has no \"%s\"", name);
    return tensor;
}

/* The fixture's pixels: normalised ones, as its script computes them. */
static inline void matching_pixels(const matching_scene *s, float *pixels)
{
    const float *start = cop_f32(scene_tensor(&s->base, "start", ""));
    for (int i = 0; i < SCENE_FLOATS; i++)
        pixels[i] = (start[i] - 0.5f) * 4.0f;
}

/* A work by hand: steps are called one by one. */
typedef struct matching_work {
    const cop_work_ops *ops;
    cop_tensors *bag;
    void *self;
    cop_work work;
} matching_work;

/* Options from text, with the scene's network as "model"; to be freed with free_options. */
static inline test_options matching_options(const matching_scene *s, const cop_plugin *plugin,
                                            const char *text)
{
    test_options o = read_options(plugin, text);
    for (size_t i = 0; i < plugin->option_count; i++)
        if (strcmp(plugin->options[i].name, "model") == 0)
            memcpy((char *)o.values + plugin->options[i].offset, &s->base.model,
                   sizeof s->base.model);
    return o;
}

/* What a plan of these options comes to, on `each` images of each class; cleared where it is
 * refused, else the caller's to clear. */
static inline cop_status matching_plan(const cop_plugin *plugin, const void *options, int64_t each,
                                       cop_plan *plan, cop_error *err)
{
    const int64_t counts[] = {each, each, each};
    *plan = (cop_plan){.kind = COP_KIND_DISTILLER,
                       .task = scene_task,
                       .train_count = 3 * each,
                       .class_counts = counts};
    cop_status status = cop_plan_make(plugin->id, plugin->ops, options, plan, err);
    plan->class_counts = NULL;
    return status;
}

/* Fails unless these options are refused in words that hold `text`. */
static inline void matching_refused(const matching_scene *s, const cop_plugin *plugin,
                                    const char *options, const char *text)
{
    test_options o = matching_options(s, plugin, options);
    cop_plan plan;
    cop_error err = {0};
    assert_refused(matching_plan(plugin, o.values, 6, &plan, &err), COP_INVALID, &err, text);
    free_options(&o);
}

/* Makes an instance and begins. */
static inline void matching_begin(matching_work *w, matching_scene *s, const cop_work_ops *ops,
                                  void *options)
{
    cop_error err = {0};
    *w = (matching_work){.ops = ops, .bag = cop_tensors_new(), .self = options};
    w->work = (cop_work){.kind = COP_KIND_DISTILLER,
                         .task = &scene_task,
                         .train = &s->base.data,
                         .seed = 11,
                         .bag = w->bag,
                         .source = given_source(&s->given),
                         .request_count = s->request_count,
                         .snapshot_counts = s->snapshot_counts};
    if (ops->create != NULL)
        assert_ok(ops->create(options, &scene_task, &w->self, &err), &err);
    assert_ok(ops->begin(w->self, &w->work, &err), &err);
}

/* Step i; what it recorded as the matching loss. */
static inline double matching_step(matching_work *w, int64_t i)
{
    cop_error err = {0};
    cop_work_enter_step(&w->work, i);
    assert_ok(w->ops->step(w->self, &w->work, i, &err), &err);
    cop_work_release(&w->work, "step");
    return last_recorded(&w->work.recorder, "matching loss");
}

static inline void matching_end(matching_work *w)
{
    if (w->ops->destroy != NULL)
        w->ops->destroy(w->self);
    cop_recorder_clear(&w->work.recorder);
    cop_tensors_free(w->bag);
}

static inline float *matching_bag(const matching_work *w, const char *name)
{
    return cop_f32(cop_tensors_find(w->bag, name));
}

/* Puts the fixture's pixels into the bag, and nothing that moves them. */
static inline void matching_load_pixels(const matching_scene *s, matching_work *w)
{
    matching_pixels(s, matching_bag(w, "pixels"));
    memset(matching_bag(w, "velocity"), 0, SCENE_FLOATS * sizeof(float));
}

/* Puts the fixture's weights into the bag, where a network stands under "net/". */
static inline void matching_load_network(const matching_scene *s, matching_work *w)
{
    cop_tensors *network = scene_network(&s->base, "net");
    for (size_t i = 0; i < cop_tensors_count(network); i++) {
        const cop_tensor *t = cop_tensors_at(network, i);
        char name[128];
        (void)snprintf(name, sizeof name, "net/%s", t->name);
        memcpy(matching_bag(w, name), t->data, (size_t)cop_shape_count(t->shape) * sizeof(float));
    }
    cop_tensors_free(network);
}

/* In how many classes the bag's velocity, after a step from rest, is the gradient `wanted`, to this
 * share of its largest element. */
static inline int matching_classes_at(const matching_work *w, const cop_tensor *wanted,
                                      double share)
{
    const float *got = matching_bag(w, "velocity"), *to = cop_f32(wanted);
    int found = 0;
    for (int c = 0; c < 3; c++) {
        double largest = 0.0, error = 0.0;
        for (int i = c * SCENE_IPC * SCENE_IMAGE; i < (c + 1) * SCENE_IPC * SCENE_IMAGE; i++) {
            double size = to[i] < 0.0f ? -(double)to[i] : (double)to[i];
            double off = (double)got[i] - (double)to[i];
            off = off < 0.0 ? -off : off;
            largest = size > largest ? size : largest;
            error = off > error ? off : error;
        }
        found += error <= share * largest;
    }
    return found;
}

/* Fails unless the numbers are within `share` of the largest of one tensor of the fixture. */
static inline void matching_assert(const matching_scene *s, const char *name, const float *got,
                                   double share)
{
    assert_near(name, got, matching_tensor(s, name), share);
}

/* Fails unless the loss is the fixture's to this relative error. */
static inline void matching_assert_loss(const matching_scene *s, const char *name, double got,
                                        double share)
{
    float value = (float)got;
    assert_near(name, &value, matching_tensor(s, name), share);
}

/* Every stored image that is not a real one of its class, and every one that is there twice, fails;
 * `pixels` are those of the bag, normalised, or of a set, [0, 1]. */
static inline void matching_assert_real(const matching_scene *s, const float *pixels,
                                        bool is_normalised)
{
    float image[SCENE_IMAGE], raw[SCENE_IMAGE];
    bool taken[18] = {false};
    for (int k = 0; k < SCENE_COUNT; k++) {
        int64_t found = -1;
        for (int64_t i = 0; i < 18 && found < 0; i++) {
            cop_samples_batch(&s->base.data, &i, 1, image, NULL);
            cop_samples_pixels(&s->base.data, i, raw);
            if (!taken[i] && s->base.labels[i] == k / SCENE_IPC &&
                memcmp(is_normalised ? image : raw, pixels + k * SCENE_IMAGE, sizeof image) == 0)
                found = i;
        }
        if (found < 0)
            fail_msg("image %d is no real one of its class, or one that was there before", k);
        else
            taken[found] = true;
    }
}

/* Runs `count` steps twice from the beginning, and once more from the bag as the first run left it
 * after half of them: the same bits. To `set` goes what the first run finishes. */
static inline void matching_check_resume(matching_scene *s, const cop_work_ops *ops, void *options,
                                         int64_t count, cop_synthetic *set)
{
    matching_work whole, resumed;
    cop_error err = {0};
    cop_tensors *half = NULL;
    matching_begin(&whole, s, ops, options);
    for (int64_t i = 0; i < count; i++) {
        if (i == count / 2)
            half = cop_tensors_clone(whole.bag);
        (void)matching_step(&whole, i);
    }
    matching_begin(&resumed, s, ops, options);
    for (size_t i = 0; i < cop_tensors_count(half); i++) {
        const cop_tensor *from = cop_tensors_at(half, i);
        cop_tensor *to = cop_tensors_find(resumed.bag, from->name);
        memcpy(to->data, from->data,
               (size_t)cop_shape_count(from->shape) * cop_dtype_size(from->dtype));
    }
    for (int64_t i = count / 2; i < count; i++)
        (void)matching_step(&resumed, i);
    assert_memory_equal(matching_bag(&whole, "pixels"), matching_bag(&resumed, "pixels"),
                        SCENE_FLOATS * sizeof(float));
    *set = (cop_synthetic){.task = scene_task};
    whole.work.set = set;
    assert_ok(ops->finish(whole.self, &whole.work, &err), &err);
    assert_int_equal(set->count, SCENE_COUNT);
    assert_int_equal(set->space, COP_PIXELS_NORMALISED);
    assert_memory_equal(set->pixels, matching_bag(&whole, "pixels"), SCENE_FLOATS * sizeof(float));
    cop_tensors_free(half);
    matching_end(&resumed);
    matching_end(&whole);
}

#endif
