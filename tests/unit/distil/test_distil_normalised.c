/* Matches in the normalised space against PyTorch in double precision: gradients by cosine (DC, DSA)
 * and mean features (DM), with both batches under each operation of DSA's augmentation; and the
 * features of real images. */
#include "distil/features.h"
#include "distil/match_unit.h"
#include "matching_scene.h"

#include <coppice/select.h>

#include <stdlib.h>

enum { MOST = 8, LABEL = 1 };

typedef struct operation {
    const char *name; /* in the fixture */
    uint32_t flag;
    const char *draws[4]; /* the inputs that it reads, NULL-terminated */
} operation;

static const operation operations[] = {
    {"color", COP_AUGMENT_COLOR, {"brightness", "saturation", "contrast", NULL}},
    {"crop", COP_AUGMENT_CROP, {"crop", NULL}},
    {"cutout", COP_AUGMENT_CUTOUT, {"cutout", NULL}},
    {"affine", COP_AUGMENT_SCALE | COP_AUGMENT_ROTATE, {"affine", NULL}},
};

/* The fixture's draw for each image of both batches; to `room` [2, MOST · 6]. */
static void bind_draw(const matching_scene *s, cop_match_unit *u, const char *draw, float *room)
{
    static const char *const sides[] = {"real", "synthetic"};
    char name[64];
    cop_error err = {0};
    (void)snprintf(name, sizeof name, "draw/%s", draw);
    const cop_tensor *one = matching_tensor(s, name);
    int64_t width = cop_shape_count(one->shape);
    for (int64_t k = 0; k < MOST * width; k++)
        room[k] = cop_f32(one)[k % width];
    for (int side = 0; side < 2; side++) {
        (void)snprintf(name, sizeof name, "%s.%s", sides[side], draw);
        assert_ok(cop_program_bind_name(u->program, name, room, &err), &err);
    }
}

static void check(const matching_scene *s, cop_match_kind kind, const operation *op,
                  const cop_pixels *pixels, const cop_tensors *network)
{
    bool is_dm = kind == COP_MATCH_FEATURES;
    const cop_match_spec spec = {COP_SIZED(cop_match_spec),
                                 .kind = kind,
                                 .distance = is_dm ? COP_DISTANCE_MSE : COP_DISTANCE_COS,
                                 .roles = COP_ROLE_BIT(COP_ROLE_CONV_WEIGHT) |
                                          COP_ROLE_BIT(COP_ROLE_LINEAR_WEIGHT),
                                 .model = s->base.model,
                                 .mode = COP_MODE_TRAIN,
                                 .data = &s->base.data,
                                 .pixels = pixels,
                                 .factor = 1,
                                 .most = MOST,
                                 .augment = op->flag,
                                 .draws = COP_DRAWS_ONE_OPERATION};
    float room[3][MOST * 6], stored[SCENE_FLOATS];
    int64_t members[18];
    cop_match_unit *u = NULL;
    double loss = 0.0;
    const float *gradient = NULL;
    char name[64];
    cop_error err = {0};
    assert_ok(cop_match_unit_new(&spec, 6, &u, &err), &err);
    assert_ok(cop_model_bind(s->base.model, u->program, COP_MATCH_NETWORK, network, &err), &err);
    for (int i = 0; op->draws[i] != NULL; i++)
        bind_draw(s, u, op->draws[i], room[i]);
    assert_int_equal(cop_samples_of_class(&s->base.data, LABEL, members), 6);
    cop_samples_batch(&s->base.data, members, 6, u->real_images, NULL);
    matching_pixels(s, stored);
    assert_ok(cop_match_unit_run(u, LABEL, stored + LABEL * SCENE_IPC * SCENE_IMAGE, &loss,
                                 &gradient, &err),
              &err);
    (void)snprintf(name, sizeof name, "%s/%s/gradient", is_dm ? "dm" : "dc", op->name);
    matching_assert(s, name, gradient, 2e-5);
    cop_match_unit_free(u);
}

static void matches_under_each_operation_agree_with_torch(void **unused)
{
    (void)unused;
    matching_scene s;
    cop_pixels *pixels = NULL;
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *bag = cop_tensors_new(), *network = scene_network(&s.base, "net");
    const cop_pixels_spec spec = {COP_SIZED(cop_pixels_spec), .data = &s.base.data,
                                  .per_class = SCENE_IPC, .space = COP_PIXELS_NORMALISED};
    assert_ok(cop_pixels_new(&spec, bag, &pixels, &err), &err);
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        check(&s, COP_MATCH_GRADIENTS, &operations[i], pixels, network);
        check(&s, COP_MATCH_FEATURES, &operations[i], pixels, network);
    }
    cop_pixels_free(pixels);
    cop_tensors_free(bag);
    cop_tensors_free(network);
    matching_close(&s);
}

/* More of them than a batch, so that there is a last one that is smaller. */
static void features_are_those_of_torch_in_batches(void **unused)
{
    (void)unused;
    enum { COUNT = 300 };
    matching_scene s;
    int64_t index[COUNT], width = 0;
    float *features = NULL;
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *network = scene_network(&s.base, "net");
    const cop_tensor *wanted = matching_tensor(&s, "features");
    for (int64_t i = 0; i < COUNT; i++)
        index[i] = i * 5 % 18;
    const cop_features_spec spec = {s.base.model, network, &s.base.data, 0};
    assert_ok(cop_features_of(&spec, index, COUNT, &features, &width, &err), &err);
    assert_int_equal(width, wanted->shape.dim[1]);
    for (int64_t i = 0; i < COUNT; i++) {
        for (int64_t d = 0; d < width; d++) {
            double off =
                (double)features[i * width + d] - (double)cop_f32(wanted)[index[i] * width + d];
            assert_true(off < 1e-5 && off > -1e-5);
        }
    }
    free(features);
    cop_tensors_free(network);
    matching_close(&s);
}

static cop_status choose_twice(const void *options, const cop_class_features *of, int64_t wanted,
                               cop_stream *stream, int64_t *chosen, cop_error *err)
{
    (void)stream;
    (void)err;
    for (int64_t k = 0; k < wanted; k++)
        chosen[k] = options != NULL ? of->count : 0;
    return COP_OK;
}

static void a_choice_that_is_none_is_refused(void **unused)
{
    (void)unused;
    matching_scene s;
    int64_t chosen[7];
    cop_error err = {0};
    matching_open(&s);
    cop_tensors *network = scene_network(&s.base, "net");
    cop_select_spec spec = {
        COP_SIZED(cop_select_spec), .model = s.base.model, .state = network,
        .data = &s.base.data,       .per_class = 2,        .choose = choose_twice};
    assert_refused(cop_select_class(&spec, 0, chosen, &err), COP_FAILED, &err,
                   "image 0 was chosen twice");
    spec.options = &spec;
    assert_refused(cop_select_class(&spec, 0, chosen, &err), COP_FAILED, &err,
                   "image 6 was chosen, and there are 6");
    spec.per_class = 7;
    assert_refused(cop_select_class(&spec, 0, chosen, &err), COP_INVALID, &err,
                   "class 0 has 6 training images, wanted 7");
    cop_tensors_free(network);
    matching_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_under_each_operation_agree_with_torch),
        cmocka_unit_test(features_are_those_of_torch_in_batches),
        cmocka_unit_test(a_choice_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
