/* selection_scene.h: what the tests of distillers that select share: features to choose from, and a
 * whole selection on the match scene. */
#ifndef COP_TEST_SELECTION_SCENE_H
#define COP_TEST_SELECTION_SCENE_H

#include "matching_scene.h"

#include <coppice/random.h>
#include <coppice/select.h>

enum { CLOUD_COUNT = 60, CLOUD_WIDTH = 11 };

typedef struct cloud {
    float features[CLOUD_COUNT * CLOUD_WIDTH];
    cop_class_features of;
} cloud;

/* Normal noise about `centres` points that lie 20 apart along one axis each, by turns; one centre is
 * no cluster at all. */
static inline void cloud_fill(cloud *c, uint64_t seed, int centres)
{
    cop_stream stream = cop_stream_make(seed, "cloud", 0);
    for (int i = 0; i < CLOUD_COUNT * CLOUD_WIDTH; i++) {
        int image = i / CLOUD_WIDTH, axis = i % CLOUD_WIDTH;
        bool is_there = centres > 1 && axis == image % centres;
        c->features[i] = cop_stream_normal(&stream) + (is_there ? 20.0f : 0.0f);
    }
    c->of = (cop_class_features){COP_SIZED(cop_class_features), .count = CLOUD_COUNT,
                                 .width = CLOUD_WIDTH, .features = c->features};
}

/* The squared distance, term by term. */
static inline double cloud_apart(const cloud *c, int64_t i, const double *point)
{
    double sum = 0.0;
    for (int d = 0; d < CLOUD_WIDTH; d++) {
        double off = (double)c->features[i * CLOUD_WIDTH + d] - point[d];
        sum += off * off;
    }
    return sum;
}

static inline void cloud_point(const cloud *c, int64_t i, double *point)
{
    for (int d = 0; d < CLOUD_WIDTH; d++)
        point[d] = (double)c->features[i * CLOUD_WIDTH + d];
}

static inline void cloud_mean(const cloud *c, double *mean)
{
    for (int d = 0; d < CLOUD_WIDTH; d++) {
        mean[d] = 0.0;
        for (int i = 0; i < CLOUD_COUNT; i++)
            mean[d] += (double)c->features[i * CLOUD_WIDTH + d] / CLOUD_COUNT;
    }
}

/* Runs a whole selection of two images a class, in the fixture's network: they are real ones, as
 * they are, and a class that is too small is refused by the plan. */
static inline void check_selection(const cop_plugin *plugin)
{
    matching_scene s;
    matching_work w;
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *network = scene_network(&s.base, "net");
    const cop_tensors *const requested[] = {network};
    static const size_t none[] = {0};
    s.given.requested = requested;
    s.request_count = 1;
    s.snapshot_counts = none;
    test_options o = matching_options(&s, plugin, "ipc = 2;");
    cop_plan plan;
    assert_ok(matching_plan(plugin, o.values, 6, &plan, &err), &err);
    assert_int_equal(plan.steps, 3);
    assert_int_equal(plan.training_count, 1);
    assert_string_equal(plan.trainings[0].recipe.name, "idc-real");
    cop_plan_clear(&plan);

    matching_begin(&w, &s, plugin->ops, o.values);
    for (int64_t i = 0; i < 3; i++)
        (void)matching_step(&w, i);
    cop_synthetic set = {.task = scene_task};
    w.work.set = &set;
    assert_ok(w.ops->finish(w.self, &w.work, &err), &err);
    assert_int_equal(set.count, SCENE_COUNT);
    matching_assert_real(&s, set.pixels, false);
    for (int i = 0; i < SCENE_COUNT * 3; i++)
        assert_true(set.labels[i] == (i % 3 == i / 3 / SCENE_IPC ? 1.0f : 0.0f));
    cop_synthetic_clear(&set);
    matching_end(&w);
    free_options(&o);
    matching_refused(&s, plugin, "ipc = 7;", "class 0 has 6 training images, wanted 7");
    cop_tensors_free(network);
    matching_close(&s);
}

#endif
