/* A match of one class against PyTorch in double precision: loss and pixel
 * gradient, for every distance, decoding and choice of parameters, with fixed weights, batches and
 * draws. The pixel gradient is a second derivative through some 1e5 rounded products, so single
 * precision leaves about 1e-6 of its largest element; 2e-5 is allowed. */
#include "distil/match_unit.h"
#include "match_scene.h"
#include "nn/decode.h"

#include <coppice/differentiate.h>

#include <math.h>

#define SHARE 2e-5

enum { MOST = 64, LABEL = 1 };

typedef struct match_case {
    const char *name; /* in the fixture */
    int64_t factor;
    cop_decode decode;
    int64_t bound;
    cop_distance distance;
    bool is_all;
    const float *subset;
} match_case;

static const float chosen[] = {6, 1, 7, 0, 3};

static const match_case cases[] = {
    {"mse", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_MSE, false, NULL},
    {"plain", 1, COP_DECODE_SINGLE, 128, COP_DISTANCE_MSE, false, NULL},
    {"thirds", 3, COP_DECODE_SINGLE, 128, COP_DISTANCE_MSE, false, NULL},
    {"multi", 2, COP_DECODE_MULTI, 128, COP_DISTANCE_MSE, false, NULL},
    {"bound", 3, COP_DECODE_BOUND, 11, COP_DISTANCE_MSE, false, NULL},
    {"subset", 2, COP_DECODE_SINGLE, 5, COP_DISTANCE_MSE, false, chosen},
    {"l1", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_L1, false, NULL},
    {"l1_mean", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_L1_MEAN, false, NULL},
    {"l2", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_L2, false, NULL},
    {"cos", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_COS, false, NULL},
    {"all", 2, COP_DECODE_SINGLE, 128, COP_DISTANCE_MSE, true, NULL},
};

/* One draw of the fixture, repeated for each image. */
typedef struct draw {
    const char *name;
    int width;
    float values[MOST * 4];
} draw;

static void bind_draws(const match_scene *s, cop_match_unit *u, draw *draws, size_t count)
{
    static const char *const prefixes[] = {"real", "synthetic"};
    cop_error err = {0};
    for (size_t i = 0; i < count; i++) {
        const float *one = cop_f32(scene_tensor(s, "draw", draws[i].name));
        for (int k = 0; k < MOST * draws[i].width; k++)
            draws[i].values[k] = one[k % draws[i].width];
        for (int p = 0; p < 2; p++) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s.%s", prefixes[p], draws[i].name);
            assert_ok(cop_program_bind_name(u->program, name, draws[i].values, &err), &err);
        }
    }
}

static void load_class(const match_scene *s, cop_match_unit *u)
{
    int64_t members[18];
    int64_t count = cop_samples_of_class(&s->data, LABEL, members);
    assert_int_equal(count, u->spec.real);
    cop_samples_batch(&s->data, members, count, u->real_images, NULL);
}

static void check_case(const match_scene *s, const match_case *c, const cop_tensors *network)
{
    draw draws[] = {{.name = "brightness", .width = 1},
                    {.name = "saturation", .width = 1},
                    {.name = "contrast", .width = 1},
                    {.name = "crop", .width = 2},
                    {.name = "cutout", .width = 4}};
    cop_error err = {0};
    const cop_match_spec spec = {
        COP_SIZED(cop_match_spec),
        .kind = COP_MATCH_GRADIENTS,
        .distance = c->distance,
        .roles = c->is_all ? ~0u : COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT),
        .model = s->model,
        .mode = COP_MODE_TRAIN,
        .data = &s->data,
        .pixels = s->pixels,
        .decode = c->decode,
        .factor = c->factor,
        .most = c->bound,
        .augment = COP_AUGMENT_COLOR | COP_AUGMENT_CROP | COP_AUGMENT_CUTOUT,
        .draws = COP_DRAWS_SHARED};
    cop_match_unit *u = NULL;
    assert_ok(cop_match_unit_new(&spec, 6, &u, &err), &err);
    assert_ok(cop_model_bind(s->model, u->program, COP_MATCH_NETWORK, network, &err), &err);
    bind_draws(s, u, draws, sizeof draws / sizeof draws[0]);
    load_class(s, u);
    if (c->subset != NULL)
        memcpy(u->subset, c->subset, 5 * sizeof(float));
    else
        assert_null(u->subset);

    const float *stored = cop_f32(scene_tensor(s, "start", "")) + LABEL * SCENE_IPC * SCENE_IMAGE;
    double loss = 0.0;
    const float *gradient = NULL;
    assert_ok(cop_match_unit_run(u, LABEL, stored, &loss, &gradient, &err), &err);
    float got = (float)loss;
    assert_near(c->name, &got, scene_tensor(s, c->name, "loss"), 1e-5);
    assert_near(c->name, gradient, scene_tensor(s, c->name, "gradient"), SHARE);
    cop_match_unit_free(u);
}

static void matching_agrees_with_torch(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    cop_tensors *network = scene_network(&s, "net");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(&s, &cases[i], network);
    cop_tensors_free(network);
    scene_close(&s);
}

/* Where a class decodes to no more images than are allowed, all are matched; else a subset without
 * repetition, another one for another draw. */
static void large_classes_are_matched_by_a_fresh_subset(void **unused)
{
    (void)unused;
    match_scene s;
    scene_open(&s);
    cop_error err = {0};
    const cop_match_spec spec = {COP_SIZED(cop_match_spec),
                                 .kind = COP_MATCH_GRADIENTS,
                                 .distance = COP_DISTANCE_MSE,
                                 .roles = COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT),
                                 .model = s.model,
                                 .mode = COP_MODE_TRAIN,
                                 .data = &s.data,
                                 .pixels = s.pixels,
                                 .decode = COP_DECODE_SINGLE,
                                 .factor = 2,
                                 .most = 5};
    cop_match_unit *u = NULL;
    assert_ok(cop_match_unit_new(&spec, 6, &u, &err), &err);
    assert_int_equal(u->spec.decoded, 8);
    assert_int_equal(u->spec.synthetic, 5);
    int times[8] = {0};
    for (uint64_t k = 0; k < 40; k++) {
        cop_stream stream = cop_stream_make(3, "subset", k);
        bool seen[8] = {false};
        cop_match_unit_choose(u, &stream);
        for (int i = 0; i < 5; i++) {
            int at = (int)u->subset[i];
            assert_in_range(at, 0, 7);
            assert_false(seen[at]);
            seen[at] = true;
            times[at]++;
        }
    }
    for (int i = 0; i < 8; i++)
        assert_in_range(times[i], 10, 39); /* 25 expected: each image comes, none always */
    cop_match_unit_free(u);
    scene_close(&s);
}

static void decoded_images_are_counted_within_the_bound(void **unused)
{
    (void)unused;
    static const struct {
        cop_decode decode;
        int32_t factor;
        int64_t count, bound, wanted;
    } table[] = {
        {COP_DECODE_SINGLE, 1, 10, 128, 10},
        {COP_DECODE_SINGLE, 3, 10, 128, 90},
        {COP_DECODE_MULTI, 1, 10, 128, 10},
        {COP_DECODE_MULTI, 3, 10, 128, 140},
        /* 9 tiles for (128 − 20)/9 = 12 images; then (128 − 108 − 8)/4 = 3 by 2; 5 whole */
        {COP_DECODE_BOUND, 3, 20, 128, 125},
        {COP_DECODE_BOUND, 3, 10, 128, 90},
        {COP_DECODE_BOUND, 2, 128, 128, 128},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_int_equal(cop_decoded_count_within(table[i].decode, table[i].factor, table[i].count,
                                                  table[i].bound),
                         table[i].wanted);
}

/* Rows of zeros and equal gradients: every distance is finite there, and so is its derivative. */
static void distances_of_zeros_are_finite_with_their_derivatives(void **unused)
{
    (void)unused;
    static const float zeros[6] = {0};
    for (int distance = COP_DISTANCE_MSE; distance <= COP_DISTANCE_COS; distance++) {
        cop_error err = {0};
        cop_graph *g = cop_graph_new();
        cop_node a = cop_input(g, "a", cop_shape2(2, 3)), b = cop_input(g, "b", cop_shape2(2, 3));
        cop_node outputs[2] = {cop_distance_node(g, (cop_distance)distance, a, b)};
        cop_program *p = NULL;
        assert_ok(cop_gradient(g, outputs[0], &a, 1, &outputs[1], &err), &err);
        assert_ok(cop_compile(g, outputs, 2, NULL, &p, &err), &err);
        assert_ok(cop_program_bind(p, a, zeros, &err), &err);
        assert_ok(cop_program_bind(p, b, zeros, &err), &err);
        assert_ok(cop_program_run(p, &err), &err);
        double wanted = distance == COP_DISTANCE_COS ? 2.0 : 0.0;
        assert_true(fabs((double)cop_program_output(p, 0)[0] - wanted) < 1e-12);
        for (int i = 0; i < 6; i++)
            assert_true(cop_program_output(p, 1)[i] == 0.0f);
        cop_program_free(p);
        cop_graph_free(g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matching_agrees_with_torch),
        cmocka_unit_test(large_classes_are_matched_by_a_fresh_subset),
        cmocka_unit_test(decoded_images_are_counted_within_the_bound),
        cmocka_unit_test(distances_of_zeros_are_finite_with_their_derivatives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
