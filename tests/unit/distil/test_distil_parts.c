/* The workshop's parts: tiles, real batches, pixels and their optimiser, the network in the bag. */
#include "match_scene.h"
#include "nn/synthetic.h"

#include <coppice/trainer.h>

#include <math.h>

enum { TILES = 9 };

/* Image n holds (n + (y·side + x)/side²)/32 at row y, column x: no two pixels are alike. */
static float pixel_of(int64_t n, int64_t side, int64_t y, int64_t x)
{
    return ((float)n + (float)(y * side + x) / (float)(side * side)) / 32.0f;
}

typedef struct tile_case {
    int64_t side, factor;
    int64_t lengths[3]; /* of the tiles along a side */
} tile_case;

static const tile_case tile_cases[] = {
    {32, 2, {16, 16}}, {32, 3, {11, 11, 10}}, {28, 3, {10, 9, 9}}, {7, 2, {4, 3}}, {4, 1, {4}}};

/* Which pixel of a real image a tile's pixel shows, by PyTorch where the fixture has that size. */
static int64_t nearest(const match_scene *s, int64_t side, int64_t length, int64_t at)
{
    char name[32];
    (void)snprintf(name, sizeof name, "nearest/%d-%d", (int)side, (int)length);
    const cop_tensor *t = cop_tensors_find(s->fixture, name);
    return t != NULL ? (int64_t)cop_f32(t)[at] : at * side / length;
}

/* Tile t of image k is sample index[t · count + k]. */
static void check_tiles(const match_scene *s, const tile_case *c)
{
    const int64_t count = 2, side = c->side, tiles = c->factor * c->factor;
    const int64_t samples = tiles * count;
    float *images = calloc((size_t)(samples * side * side), sizeof *images);
    float *got = calloc((size_t)(count * side * side), sizeof *got);
    int64_t index[TILES * 2];
    assert_non_null(images);
    assert_non_null(got);
    for (int64_t i = 0; i < samples; i++) {
        index[i] = samples - 1 - i; /* not in the order of the data */
        for (int64_t p = 0; p < side * side; p++)
            images[i * side * side + p] = pixel_of(i, side, p / side, p % side);
    }
    const cop_samples data = {
        .task = {.channels = 1, .height = (int32_t)side, .width = (int32_t)side, .classes = 2},
        .count = samples,
        .pixels = images};
    cop_error err = {0};
    assert_ok(cop_tiles_compose(&data, index, count, c->factor, got, &err), &err);
    for (int64_t k = 0; k < count; k++) {
        int64_t top = 0;
        for (int64_t i = 0; i < c->factor; top += c->lengths[i++]) {
            int64_t left = 0;
            for (int64_t j = 0; j < c->factor; left += c->lengths[j++]) {
                int64_t from = index[(i * c->factor + j) * count + k];
                for (int64_t y = 0; y < c->lengths[i]; y++)
                    for (int64_t x = 0; x < c->lengths[j]; x++)
                        assert_true(got[(k * side + top + y) * side + left + x] ==
                                    pixel_of(from, side, nearest(s, side, c->lengths[i], y),
                                             nearest(s, side, c->lengths[j], x)));
            }
        }
    }
    free(images);
    free(got);
}

static void tiles_are_real_images_shrunk_by_nearest_neighbour(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    for (size_t i = 0; i < sizeof tile_cases / sizeof tile_cases[0]; i++)
        check_tiles(&s, &tile_cases[i]);
    scene_close(&s);
}

/* clamp(N(0, 1)/4 + ½): inside [0, 1], a mean of ½, and 2 x 2.275 % of it at the borders. In the
 * normalised space N(0, 1) as it is. */
static void noise_starts_clamped_about_a_half_or_normal(void **unused)
{
    (void)unused;
    enum { SIDE = 64, IPC = 4, PIXELS = SIDE * SIDE * IPC };
    const cop_samples data = {.task = {.channels = 1, .height = SIDE, .width = SIDE, .classes = 2},
                              .normalization = {.std = {1.0f}}};
    for (int space = COP_PIXELS_UNIT; space <= COP_PIXELS_NORMALISED; space++) {
        const cop_pixels_spec spec = {COP_SIZED(cop_pixels_spec), .data = &data, .per_class = IPC,
                                      .space = (cop_pixel_space)space};
        bool is_unit = space == COP_PIXELS_UNIT;
        cop_stream noise = cop_stream_make(1, "start", 0);
        cop_tensors *bag = cop_tensors_new();
        cop_pixels *p = NULL;
        cop_error err = {0};
        assert_ok(cop_pixels_new(&spec, bag, &p, &err), &err);
        cop_pixels_start_noise(p, 1, &noise);
        const float *got = cop_pixels_of(p, 1);
        double sum = 0.0, squares = 0.0;
        int64_t border = 0;
        for (int i = 0; i < PIXELS; i++) {
            assert_true(!is_unit || (got[i] >= 0.0f && got[i] <= 1.0f));
            assert_true(cop_pixels_of(p, 0)[i] == 0.0f);
            sum += (double)got[i];
            squares += (double)got[i] * (double)got[i];
            border += got[i] == 0.0f || got[i] == 1.0f;
        }
        /* five standard errors */
        double spread = is_unit ? 0.25 : 1.0, middle = is_unit ? 0.5 : 0.0;
        assert_true(fabs(sum / PIXELS - middle) < 5.0 * spread / sqrt(PIXELS));
        if (is_unit)
            assert_true(fabs((double)border / PIXELS - 0.0455) < 5.0 * sqrt(0.0455 / PIXELS));
        else
            assert_true(fabs(squares / PIXELS - 1.0) < 5.0 * sqrt(2.0 / PIXELS));
        cop_pixels_free(p);
        cop_tensors_free(bag);
    }
}

static cop_classes *classes_of(const cop_samples *data, int64_t batch)
{
    const cop_classes_spec spec = {COP_SIZED(cop_classes_spec), .data = data, .batch = batch,
                                   .seed = 3};
    cop_classes *classes = NULL;
    cop_error err = {0};
    assert_ok(cop_classes_new(&spec, &classes, &err), &err);
    return classes;
}

/* 6 images a class in batches of 4: one whole batch a permutation. In batches of 3: two, which
 * together are the class. */
static void class_batches_are_whole_and_without_repetition(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    cop_classes *classes = classes_of(&s.data, 3);
    assert_int_equal(cop_classes_batch_size(classes, 1), 3);
    assert_int_equal(cop_classes_count(classes, 1), 6);
    int64_t batches[6][3];
    bool differs = false;
    for (int64_t visit = 0; visit < 6; visit++) {
        memcpy(batches[visit], cop_classes_batch(classes, 1, visit), sizeof batches[0]);
        if (visit % 2 == 1) {
            bool seen[18] = {false};
            for (int i = 0; i < 6; i++) {
                int64_t at = batches[visit - 1 + i / 3][i % 3];
                assert_int_equal(s.labels[at], 1);
                assert_false(seen[at]);
                seen[at] = true;
            }
        }
        differs |= visit > 1 && memcmp(batches[visit], batches[visit - 2], 24) != 0;
    }
    assert_true(differs);
    for (int64_t visit = 5; visit >= 0; visit--) /* in any order, whatever came before */
        assert_memory_equal(batches[visit], cop_classes_batch(classes, 1, visit), 24);
    cop_classes_free(classes);

    classes = classes_of(&s.data, 64);
    assert_int_equal(cop_classes_batch_size(classes, 0), 6);
    cop_classes_free(classes);
    cop_samples two = s.data;
    two.task.classes = 4;
    const cop_classes_spec none = {COP_SIZED(cop_classes_spec), .data = &two, .batch = 64};
    cop_error err = {0};
    assert_refused(cop_classes_new(&none, &classes, &err), COP_INVALID, &err,
                   "class 3 has no training images");
    scene_close(&s);
}

static void refuses_a_spec_without_its_size(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    const cop_classes_spec spec = {.data = &s.data, .batch = 3};
    cop_classes *classes = NULL;
    cop_error err = {0};
    assert_refused(cop_classes_new(&spec, &classes, &err), COP_INVALID, &err, "COP_SIZED");
    scene_close(&s);
}

/* Pixels with a value of their own each, in a bag; three classes of one 1 x 2 image. */
typedef struct small_set {
    cop_samples data;
    cop_tensors *bag;
    cop_pixels *pixels;
    float *velocity;
} small_set;

static void small_open(small_set *t, cop_pixel_space space)
{
    cop_error err = {0};
    *t = (small_set){.data = {.task = {.channels = 1, .height = 1, .width = 2, .classes = 3},
                              .normalization = {.mean = {0.5f}, .std = {0.25f}}},
                     .bag = cop_tensors_new()};
    const cop_pixels_spec spec = {COP_SIZED(cop_pixels_spec), .prefix = "s/", .data = &t->data,
                                  .per_class = 1, .space = space};
    assert_ok(cop_pixels_new(&spec, t->bag, &t->pixels, &err), &err);
    t->velocity = cop_f32(cop_tensors_find(t->bag, "s/velocity"));
}

static void small_close(small_set *t)
{
    cop_pixels_free(t->pixels);
    cop_tensors_free(t->bag);
}

/* The class's pixels get the gradient; the others move by half of their velocity. */
static void a_pixel_step_is_momentum_then_the_rate(void **unused)
{
    (void)unused;
    small_set t;
    small_open(&t, COP_PIXELS_UNIT);
    float *pixels = cop_pixels_of(t.pixels, 0);
    static const float velocity[6] = {0.0f, 1.0f, 1.0f, 0.0f, 0.0f, -2.0f};
    for (int i = 0; i < 6; i++) {
        pixels[i] = 0.5f;
        t.velocity[i] = velocity[i];
    }
    cop_pixels_step(t.pixels, 1, (const float[]){4.0f, -8.0f}, 0.125, 0.5);
    static const float moved[6] = {0.0f, 0.5f, 4.5f, -8.0f, 0.0f, -1.0f};
    static const float wanted[6] = {0.5f, 0.4375f, 0.5f - 0.5625f, 1.5f, 0.5f, 0.625f};
    assert_memory_equal(t.velocity, moved, sizeof moved);
    assert_memory_equal(pixels, wanted, sizeof wanted);
    cop_pixels_clamp(t.pixels);
    static const float clamped[6] = {0.5f, 0.4375f, 0.0f, 1.0f, 0.5f, 0.625f};
    assert_memory_equal(pixels, clamped, sizeof clamped);
    float *gradient = cop_pixels_gradient(t.pixels);
    for (int i = 0; i < 6; i++)
        gradient[i] = 1.0f - 0.5f * moved[i];
    cop_pixels_step_all(t.pixels, gradient, 0.25, 0.5);
    for (int i = 0; i < 6; i++) {
        assert_true(t.velocity[i] == 1.0f);
        assert_true(pixels[i] == clamped[i] - 0.25f);
    }
    small_close(&t);
}

/* Unit pixels held to [0, 1], normalised ones as they are; while the set is made, they themselves
 * are not touched. */
static void check_finished(cop_pixel_space space, const float wanted[6])
{
    small_set t;
    small_open(&t, space);
    static const float values[6] = {0.0f, 1.0f, -1.0f, 3.0f, -7.0f, 2.0f};
    memcpy(cop_pixels_of(t.pixels, 0), values, sizeof values);
    cop_synthetic set = {.task = t.data.task};
    cop_error err = {0};
    assert_ok(cop_pixels_finish(t.pixels, &set, &err), &err);
    assert_int_equal(set.count, 3);
    assert_int_equal(set.space, space);
    assert_memory_equal(set.pixels, wanted, 6 * sizeof *wanted);
    assert_memory_equal(cop_pixels_of(t.pixels, 0), values, sizeof values);
    for (int i = 0; i < 9; i++)
        assert_true(set.labels[i] == (i % 4 == 0 ? 1.0f : 0.0f));
    float images[6], targets[9];
    static const int64_t all[] = {0, 1, 2};
    cop_samples_batch(cop_pixels_samples(t.pixels), all, 3, images, targets);
    for (int i = 0; i < 6; i++)
        assert_true(images[i] ==
                    (space == COP_PIXELS_UNIT ? (values[i] - 0.5f) / 0.25f : values[i]));
    assert_memory_equal(targets, set.labels, sizeof targets);
    cop_synthetic_clear(&set);
    small_close(&t);
}

static void a_finished_set_is_in_the_space_of_its_pixels(void **unused)
{
    (void)unused;
    check_finished(COP_PIXELS_UNIT, (const float[6]){0.0f, 1.0f, 0.0f, 1.0f, 0.0f, 1.0f});
    check_finished(COP_PIXELS_NORMALISED, (const float[6]){0.0f, 1.0f, -1.0f, 3.0f, -7.0f, 2.0f});
}

static void unit_pixels_want_data_in_the_unit_space(void **unused)
{
    (void)unused;
    const cop_samples data = {.task = {.channels = 1, .height = 1, .width = 2, .classes = 3},
                              .normalization = cop_normalization_none(),
                              .space = COP_PIXELS_NORMALISED};
    const cop_pixels_spec spec = {COP_SIZED(cop_pixels_spec), .data = &data, .per_class = 1};
    cop_tensors *bag = cop_tensors_new();
    cop_pixels *pixels = NULL;
    cop_error err = {0};
    assert_refused(cop_pixels_new(&spec, bag, &pixels, &err), COP_INVALID, &err, "normalised");
    cop_tensors_free(bag);
}

/* The state stands in the bag itself, wherever that got other tensors: a bag whose values are put
 * back goes on as it did, and nothing else is kept. */
static void a_networks_whole_state_is_in_the_bag(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    const cop_network_spec spec = {COP_SIZED(cop_network_spec),
                                   .prefix = "n/",
                                   .model = s.model,
                                   .data = &s.data,
                                   .batch = 4,
                                   .lr = 0.05,
                                   .momentum = 0.9,
                                   .augment = COP_AUGMENT_CROP,
                                   .cutmix = 0.5,
                                   .seed = 7};
    cop_network *n = NULL;
    cop_error err = {0};
    assert_ok(cop_network_new(&spec, s.bag, &n, &err), &err);
    assert_ok(cop_tensors_add(s.bag, "later", COP_F32, cop_shape1(3), NULL, &err), &err);
    const cop_tensors *state = cop_network_state(n);
    assert_ok(cop_network_reset(n, 5, &err), &err);
    assert_ok(cop_network_run(n, 3, NULL, &err), &err);
    for (size_t i = 0; i < cop_tensors_count(state); i++) {
        const cop_tensor *shown = cop_tensors_at(state, i);
        char name[128];
        (void)snprintf(name, sizeof name, "n/%s", shown->name);
        assert_ptr_equal(cop_tensors_find(s.bag, name)->data, shown->data);
    }
    cop_tensors *kept = cop_tensors_clone(s.bag);
    double loss = 0.0, again = 0.0;
    assert_ok(cop_network_run(n, 4, &loss, &err), &err);
    cop_tensors *after = cop_tensors_clone(s.bag);
    assert_true(loss > 0.0);
    assert_ok(cop_tensors_copy(s.bag, kept, &err), &err);
    assert_ok(cop_network_run(n, 4, &again, &err), &err);
    assert_true(loss == again);
    for (size_t i = 0; i < cop_tensors_count(after); i++) {
        const cop_tensor *a = cop_tensors_at(after, i), *b = cop_tensors_at(s.bag, i);
        assert_memory_equal(a->data, b->data,
                            (size_t)cop_shape_count(a->shape) * cop_dtype_size(a->dtype));
    }
    cop_tensors_free(kept);
    cop_tensors_free(after);
    cop_network_free(n);
    scene_close(&s);
}

/* A network's weights after two steps that draw augmentation so; NULL where it is refused. */
static cop_tensors *trained_with_draws(uint64_t draws, cop_error *err)
{
    match_scene s;
    scene_open(&s);
    const cop_network_spec spec = {COP_SIZED(cop_network_spec),
                                   .model = s.model,
                                   .data = &s.data,
                                   .batch = 4,
                                   .lr = 0.05,
                                   .augment = COP_AUGMENT_COLOR | COP_AUGMENT_CUTOUT,
                                   .seed = 7,
                                   .draws = draws};
    cop_network *n = NULL;
    cop_tensors *state = NULL;
    if (cop_network_new(&spec, s.bag, &n, err) == COP_OK) {
        assert_ok(cop_network_reset(n, 5, err), err);
        assert_ok(cop_network_run(n, 2, NULL, err), err);
        state = cop_tensors_clone(cop_network_state(n));
    }
    cop_network_free(n);
    scene_close(&s);
    return state;
}

static void a_network_draws_as_its_spec_says(void **unused)
{
    (void)unused;
    cop_error err = {0};
    cop_tensors *each = trained_with_draws(COP_DRAW_EACH, &err);
    cop_tensors *one = trained_with_draws(COP_DRAW_ONE, &err);
    const cop_tensor *a = cop_tensors_at(each, 0), *b = cop_tensors_at(one, 0);
    assert_memory_not_equal(a->data, b->data, (size_t)cop_shape_count(a->shape) * sizeof(float));
    cop_tensors_free(each);
    cop_tensors_free(one);
    assert_null(trained_with_draws(3, &err));
    assert_refused(err.status, COP_FAILED, &err, "no way 3 to draw augmentations");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_are_real_images_shrunk_by_nearest_neighbour),
        cmocka_unit_test(noise_starts_clamped_about_a_half_or_normal),
        cmocka_unit_test(class_batches_are_whole_and_without_repetition),
        cmocka_unit_test(refuses_a_spec_without_its_size),
        cmocka_unit_test(a_pixel_step_is_momentum_then_the_rate),
        cmocka_unit_test(a_finished_set_is_in_the_space_of_its_pixels),
        cmocka_unit_test(unit_pixels_want_data_in_the_unit_space),
        cmocka_unit_test(a_networks_whole_state_is_in_the_bag),
        cmocka_unit_test(a_network_draws_as_its_spec_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
