/* Runs of the idc distiller: whole inner iterations against PyTorch, resume, what the bag holds. */
#include "idc_scene.h"
#include "recorded.h"

#include "study/graph/plan.h"
#include "study/running/drive.h"

#include <math.h>

/* A pixel's move is a rate times six second derivatives, each right to about 1e-6 of the largest
 * (test_distil_match.c), through two network updates whose gradients are right to about 1e-6 too. */
#define SHARE 2e-5

static const cop_work_ops *distiller(void)
{
    return coppice_plugin.ops;
}

/* An instance at work by hand: steps are called one by one. */
typedef struct live {
    cop_work work;
    cop_tensors *bag;
    void *self;
} live;

static void live_open(live *l, const match_scene *s, const idc_options *o)
{
    cop_error err = {0};
    *l = (live){.bag = cop_tensors_new()};
    l->work = (cop_work){.kind = COP_KIND_DISTILLER,
                         .task = &scene_task,
                         .train = &s->data,
                         .seed = 11,
                         .bag = l->bag};
    assert_ok(distiller()->create(o, &scene_task, &l->self, &err), &err);
    assert_ok(distiller()->begin(l->self, &l->work, &err), &err);
}

static void live_step(live *l, int64_t i)
{
    cop_error err = {0};
    cop_work_enter_step(&l->work, i);
    assert_ok(distiller()->step(l->self, &l->work, i, &err), &err);
    cop_work_release(&l->work, "step");
}

static void live_close(live *l)
{
    distiller()->destroy(l->self);
    cop_recorder_clear(&l->work.recorder);
    cop_tensors_free(l->bag);
}

static float *bag_f32(const live *l, const char *name)
{
    return cop_f32(cop_tensors_find(l->bag, name));
}

static int64_t position(const live *l)
{
    return *cop_i64(cop_tensors_find(l->bag, "net/step"));
}

/* Two inner iterations in the middle of an outer one, from given pixels and weights. Batches are
 * whole classes and the whole data and nothing is augmented, so no draw is left. */
static void inner_iterations_match_torch(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    live l;
    live_open(&l, &s, &o);
    const cop_tensor *start = scene_tensor(&s, "start", "");
    memcpy(bag_f32(&l, "pixels"), start->data, (size_t)cop_shape_count(start->shape) * 4);
    cop_tensors *network = scene_network(&s, "net");
    for (size_t i = 0; i < cop_tensors_count(network); i++) {
        const cop_tensor *t = cop_tensors_at(network, i);
        char name[128];
        (void)snprintf(name, sizeof name, "net/%s", t->name);
        memcpy(bag_f32(&l, name), t->data, (size_t)cop_shape_count(t->shape) * 4);
    }
    live_step(&l, 1);
    live_step(&l, 2);

    assert_near("velocity", bag_f32(&l, "velocity"), scene_tensor(&s, "inner", "velocity"), SHARE);
    /* the moves, not the pixels: these are larger by two orders and would hide an error */
    float *moved = bag_f32(&l, "pixels");
    cop_tensor *wanted = scene_tensor(&s, "inner", "pixels");
    for (int64_t i = 0; i < cop_shape_count(start->shape); i++) {
        moved[i] -= cop_f32(start)[i];
        cop_f32(wanted)[i] -= cop_f32(start)[i];
    }
    assert_near("pixels", moved, wanted, SHARE);
    for (size_t i = 0; i < cop_tensors_count(network); i++) {
        const char *name = cop_tensors_at(network, i)->name;
        char full[128];
        (void)snprintf(full, sizeof full, "net/%s", name);
        assert_near(name, bag_f32(&l, full), scene_tensor(&s, "inner/net", name), 1e-5);
    }
    cop_tensors_free(network);
    live_close(&l);
    scene_close(&s);
}

/* After one iteration from rest, class c of 3 was matched c-th and then coasted on half, a quarter
 * … of its momentum: with v what is left, class 0 moved by lr·(4 + 2 + 1)·v, class 1 by lr·3·v. */
static void momentum_moves_the_other_classes_on(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    live l;
    live_open(&l, &s, &o);
    const double times[] = {7.0, 3.0, 1.0};
    double rate = 0.5 * 0.2 * 0.25; /* base · ipc/10 · (16/32)² */
    cop_tensors *before = cop_tensors_clone(l.bag);
    live_step(&l, 0);
    const float *old = cop_f32(cop_tensors_find(before, "pixels"));
    const float *pixels = bag_f32(&l, "pixels"), *velocity = bag_f32(&l, "velocity");
    double largest = 0.0;
    for (int i = 0; i < 3 * SCENE_IPC * SCENE_IMAGE; i++) {
        double move = times[i / (SCENE_IPC * SCENE_IMAGE)] * rate * (double)velocity[i];
        assert_true(fabs((double)old[i] - move - (double)pixels[i]) < 5e-7);
        largest = fmax(largest, fabs(move));
    }
    assert_true(largest > 1e-3);
    cop_tensors_free(before);
    live_close(&l);
    scene_close(&s);
}

/* Pixels are clamped where an outer iteration starts, nowhere else, and in the finished set. */
static void pixels_are_clamped_where_an_outer_iteration_starts(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    o.lr = 1e-9;
    live l;
    live_open(&l, &s, &o);
    float *pixels = bag_f32(&l, "pixels");
    static const float wild[] = {1.5f, -0.5f};
    for (int64_t step = 0; step < 4; step++) {
        memcpy(pixels, wild, sizeof wild);
        live_step(&l, step);
        bool is_start = step % o.inner == 0;
        assert_true(fabsf(pixels[0] - (is_start ? 1.0f : 1.5f)) < 1e-5f);
        assert_true(fabsf(pixels[1] - (is_start ? 0.0f : -0.5f)) < 1e-5f);
    }
    memcpy(pixels, wild, sizeof wild);
    cop_error err = {0};
    cop_synthetic set = {0};
    set.task = scene_task;
    l.work.set = &set;
    assert_ok(distiller()->finish(l.self, &l.work, &err), &err);
    assert_true(set.pixels[0] == 1.0f && set.pixels[1] == 0.0f);
    cop_synthetic_clear(&set);
    live_close(&l);
    scene_close(&s);
}

/* The network starts anew with every outer iteration, always differently; its place in the data
 * goes on. 18 samples in batches of 4: epochs of 5, the last of 2. For 8 images that is 2 batches,
 * but 3 where the batch of 2 is among them. */
static void the_network_starts_anew_and_goes_on_in_the_data(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    o.inner = 1;
    o.net_images = 8;
    o.net_batch = 4;
    live l;
    live_open(&l, &s, &o);
    static const int64_t stands[] = {2, 4, 7, 9, 12};
    for (int64_t i = 0; i < 5; i++) {
        live_step(&l, i);
        assert_int_equal(position(&l), stands[i]);
    }
    live_close(&l);

    o.net_images = 0; /* the network stays as it started */
    live_open(&l, &s, &o);
    float first[12];
    live_step(&l, 0);
    memcpy(first, bag_f32(&l, "net/layers.conv.0.weight"), sizeof first);
    live_step(&l, 1);
    assert_memory_not_equal(first, bag_f32(&l, "net/layers.conv.0.weight"), sizeof first);
    live_step(&l, 0);
    assert_memory_equal(first, bag_f32(&l, "net/layers.conv.0.weight"), sizeof first);
    assert_int_equal(position(&l), 0);
    live_close(&l);
    scene_close(&s);
}

/* One epoch of pretraining, 5 batches, in pieces of 2: three steps that leave the pixels alone. */
static void pretraining_leaves_the_pixels_alone(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    o.net_images = 8;
    o.net_batch = 4;
    o.pretrain = 1;
    live l;
    live_open(&l, &s, &o);
    cop_tensors *before = cop_tensors_clone(l.bag);
    const cop_tensor *old = cop_tensors_find(before, "pixels");
    size_t bytes = (size_t)cop_shape_count(old->shape) * sizeof(float);
    static const int64_t stands[] = {2, 4, 5, 7};
    for (int64_t i = 0; i < 4; i++) {
        live_step(&l, i);
        assert_int_equal(position(&l), stands[i]);
        assert_int_equal(memcmp(old->data, bag_f32(&l, "pixels"), bytes) == 0, i < 3);
        assert_int_equal(isnan(last_recorded(&l.work.recorder, "matching loss")), i < 3);
        assert_true(last_recorded(&l.work.recorder, "network loss") > 0.0);
    }
    cop_tensors_free(before);
    live_close(&l);
    scene_close(&s);
}

/* Driven as the host does. */

enum { MOST_STEPS = 16 };

typedef struct kept {
    cop_saved states[MOST_STEPS];
} kept;

static cop_status keep(void *context, const cop_saved *state, cop_error *err)
{
    (void)err;
    cop_saved *to = &((kept *)context)->states[state->step];
    *to = (cop_saved){.bag = cop_tensors_clone(state->bag),
                      .series = cop_tensors_clone(state->series),
                      .step = state->step};
    return COP_OK;
}

/* Everything random at once: augmentation, CutMix, subsets, partial batches, pretraining. */
static idc_options busy_options(const match_scene *s)
{
    idc_options o = scene_options(s);
    o.inner = 2;
    o.augment = COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_CUTOUT;
    o.net_augment = COP_AUGMENT_COLOR | COP_AUGMENT_CROP;
    o.net_cutmix = 0.5;
    o.batch_real = 4;
    o.batch_synthetic = 5;
    o.net_images = 8;
    o.net_batch = 4;
    o.pretrain = 1;
    return o;
}

static int64_t drive(const match_scene *s, const idc_options *o, uint64_t seed, kept *k,
                     const cop_saved *from, cop_recorder *recorded, cop_synthetic *out)
{
    cop_error err = {0};
    void *self = NULL;
    assert_ok(distiller()->create(o, &scene_task, &self, &err), &err);
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = scene_task, .train_count = 18};
    assert_ok(cop_plan_make("distiller 'idc'", distiller(), o, &plan, &err), &err);
    assert_int_equal(plan.expected_samples, 3 * o->ipc * o->factor * o->factor);
    assert_true(plan.flops > 0.0);
    int64_t steps = plan.steps;
    cop_plan_clear(&plan);
    cop_work work = {
        .kind = COP_KIND_DISTILLER, .task = &scene_task, .train = &s->data, .seed = seed};
    const cop_drive d = {.what = "distiller 'idc'",
                         .self = self,
                         .work = &work,
                         .steps = steps,
                         .resume = from,
                         .recorded = recorded,
                         .save = k != NULL ? keep : NULL,
                         .context = k};
    assert_ok(cop_drive_distiller(&d, distiller(), out, &err), &err);
    distiller()->destroy(self);
    return steps;
}

static bool same_pixels(const cop_synthetic *a, const cop_synthetic *b)
{
    size_t bytes = (size_t)a->count * SCENE_IMAGE * sizeof(float);
    return a->count == b->count && memcmp(a->pixels, b->pixels, bytes) == 0;
}

static bool same_series(const cop_recorder *a, const cop_recorder *b, const char *name)
{
    cop_series x[COP_SERIES_MOST], y[COP_SERIES_MOST];
    size_t count = cop_recorder_series(a, x), i = 0;
    assert_int_equal(cop_recorder_series(b, y), count);
    while (i < count && strcmp(x[i].name, name) != 0)
        i++;
    return i < count && strcmp(y[i].name, name) == 0 && x[i].count == y[i].count &&
           memcmp(x[i].points, y[i].points, x[i].count * sizeof x[i].points[0]) == 0;
}

static void a_resumed_run_gives_the_same_bits(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    const idc_options o = busy_options(&s);
    kept k = {0};
    cop_recorder losses = {0}, other_losses = {0};
    cop_synthetic whole, again, other;
    int64_t steps = drive(&s, &o, 5, &k, NULL, &losses, &whole);
    assert_int_equal(steps, 2 * (3 + 2));
    (void)drive(&s, &o, 5, NULL, NULL, NULL, &again);
    assert_true(same_pixels(&whole, &again));
    (void)drive(&s, &o, 6, NULL, NULL, &other_losses, &other);
    assert_false(same_pixels(&whole, &other));
    assert_false(same_series(&losses, &other_losses, "matching loss"));
    for (int64_t at = 1; at < steps; at++) {
        cop_recorder resumed_losses = {0};
        cop_synthetic resumed;
        assert_non_null(k.states[at].bag);
        (void)drive(&s, &o, 5, NULL, &k.states[at], &resumed_losses, &resumed);
        assert_true(same_pixels(&whole, &resumed));
        assert_true(same_series(&losses, &resumed_losses, "matching loss"));
        assert_true(same_series(&losses, &resumed_losses, "network loss"));
        cop_recorder_clear(&resumed_losses);
        cop_synthetic_clear(&resumed);
        cop_saved_clear(&k.states[at]);
    }
    cop_recorder_clear(&losses);
    cop_recorder_clear(&other_losses);
    cop_synthetic_clear(&whole);
    cop_synthetic_clear(&again);
    cop_synthetic_clear(&other);
    scene_close(&s);
}

static void the_finished_set_says_what_it_is(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    for (int64_t factor = 1; factor <= 2; factor++) {
        idc_options o = scene_options(&s);
        o.factor = factor;
        o.iterations = 1;
        o.inner = 1;
        cop_synthetic set;
        (void)drive(&s, &o, 5, NULL, NULL, NULL, &set);
        assert_int_equal(set.count, 3 * SCENE_IPC);
        assert_int_equal(set.factor, factor);
        assert_int_equal(set.decode, factor == 1 ? COP_DECODE_NONE : COP_DECODE_SINGLE);
        assert_string_equal(cop_recipe_base(set.recipe), "idc");
        assert_memory_equal(&set.normalization, &s.data.normalization, sizeof set.normalization);
        for (int i = 0; i < 3 * SCENE_IPC * 3; i++)
            assert_true(set.labels[i] == (i % 3 == i / 3 / SCENE_IPC ? 1.0f : 0.0f));
        cop_synthetic_clear(&set);
    }
    scene_close(&s);
}

static void numbers_that_break_are_told(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    idc_options o = scene_options(&s);
    live l;
    live_open(&l, &s, &o);
    bag_f32(&l, "pixels")[SCENE_IPC * SCENE_IMAGE] = NAN;
    cop_error err = {0};
    assert_refused(distiller()->step(l.self, &l.work, 1, &err), COP_FAILED, &err,
                   "outer iteration 0: the matching loss of class 1 became nan");
    live_close(&l);
    scene_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inner_iterations_match_torch),
        cmocka_unit_test(momentum_moves_the_other_classes_on),
        cmocka_unit_test(pixels_are_clamped_where_an_outer_iteration_starts),
        cmocka_unit_test(the_network_starts_anew_and_goes_on_in_the_data),
        cmocka_unit_test(pretraining_leaves_the_pixels_alone),
        cmocka_unit_test(a_resumed_run_gives_the_same_bits),
        cmocka_unit_test(the_finished_set_says_what_it_is),
        cmocka_unit_test(numbers_that_break_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
