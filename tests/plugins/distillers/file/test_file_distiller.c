/* The distiller of sets that were made elsewhere: tensors in each form that it takes, what is stated
 * of them, and what is refused before anything runs. */
#include "core/file.h"
#include "nn/synthetic.h"
#include "plugin_options.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNELS = 3, HEIGHT = 4, WIDTH = 5, CLASSES = 3, COUNT = 6 };
enum { PIXELS = CHANNELS * HEIGHT * WIDTH };

static const cop_task task = {
    .channels = CHANNELS, .height = HEIGHT, .width = WIDTH, .classes = CLASSES};

typedef struct scene {
    char dir[256], path[300];
    cop_samples data; /* what the host would lend; no sample is read */
} scene;

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->path, sizeof s->path, "%s/set.safetensors", s->dir);
    s->data = (cop_samples){.task = task,
                            .normalization = {.mean = {0.5f, 0.5f, 0.5f}, .std = {0.25f, 1, 2}}};
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    remove_tree(s->dir);
    free(s);
    return 0;
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Pixel k of image i. */
static float pixel_at(int64_t i, int64_t k)
{
    return (float)((i * PIXELS + k) % 97) / 96.0f;
}

static cop_tensor *put(cop_tensors *set, const char *name, cop_dtype dtype, cop_shape shape)
{
    cop_tensor *t = NULL;
    cop_error err = {0};
    assert_ok(cop_tensors_add(set, name, dtype, shape, &t, &err), &err);
    return t;
}

/* Images [n, C, H, W] in [0, 1] under a name, and classes 0, 1, 2, 0, … as "labels". */
static cop_tensors *some_set(const char *images)
{
    cop_tensors *set = cop_tensors_new();
    const cop_tensor *t = put(set, images, COP_F32, cop_shape4(COUNT, CHANNELS, HEIGHT, WIDTH));
    const cop_tensor *labels = put(set, "labels", COP_I64, cop_shape1(COUNT));
    for (int64_t i = 0; i < COUNT; i++) {
        cop_i64(labels)[i] = i % CLASSES;
        for (int64_t k = 0; k < PIXELS; k++)
            cop_f32(t)[i * PIXELS + k] = pixel_at(i, k);
    }
    return set;
}

static void save(const scene *s, cop_tensors *set)
{
    cop_error err = {0};
    assert_ok(cop_safetensors_write(s->path, set, NULL, 0, &err), &err);
    cop_tensors_free(set);
}

/* Plans and, where that succeeds, makes the set. Beside the path, `settings` are options. */
static cop_status make(const scene *s, const char *settings, cop_synthetic *out, cop_plan *plan,
                       cop_error *err)
{
    char text[900];
    (void)snprintf(text, sizeof text, "path = \"%s\"; %s", s->path, settings);
    test_options o = read_options(&coppice_plugin, text);
    *plan = (cop_plan){.kind = COP_KIND_DISTILLER, .task = task, .space = s->data.space};
    cop_status status = cop_plan_make("distiller 'file'", coppice_plugin.ops, o.values, plan, err);
    if (status == COP_OK) {
        cop_work work = {.kind = COP_KIND_DISTILLER, .task = &task, .train = &s->data};
        cop_drive d = {.what = "distiller 'file'", .self = o.values, .work = &work};
        status = cop_drive_distiller(&d, coppice_plugin.ops, out, err);
        cop_plan_clear(plan);
    }
    free_options(&o);
    return status;
}

static cop_synthetic made(const scene *s, const char *settings)
{
    cop_synthetic out = {0};
    cop_plan plan;
    cop_error err = {0};
    assert_ok(make(s, settings, &out, &plan, &err), &err);
    assert_int_equal(out.count, COUNT);
    return out;
}

/* Refused by `plan`, before anything runs. */
static void refused_as(cop_status status, const scene *s, const char *settings, const char *text)
{
    char options[900];
    cop_error err = {0};
    (void)snprintf(options, sizeof options, "path = \"%s\"; %s", s->path, settings);
    test_options o = read_options(&coppice_plugin, options);
    cop_plan plan = {.kind = COP_KIND_DISTILLER, .task = task, .space = s->data.space};
    assert_refused(cop_plan_make("distiller 'file'", coppice_plugin.ops, o.values, &plan, &err),
                   status, &err, text);
    free_options(&o);
}

/* For what the options state. */
static void refused(const scene *s, const char *settings, const char *text)
{
    refused_as(COP_INVALID, s, settings, text);
}

/* For what the file holds. */
static void damaged(const scene *s, const char *settings, const char *text)
{
    refused_as(COP_FAILED, s, settings, text);
}

static void assert_pixels(const cop_synthetic *set)
{
    for (int64_t i = 0; i < COUNT; i++)
        for (int64_t k = 0; k < PIXELS; k++)
            assert_true(set->pixels[i * PIXELS + k] == pixel_at(i, k));
}

static void assert_classes(const cop_synthetic *set)
{
    for (int64_t i = 0; i < COUNT; i++)
        for (int64_t c = 0; c < CLASSES; c++)
            assert_true(set->labels[i * CLASSES + c] == (c == i % CLASSES ? 1.0f : 0.0f));
}

static void takes_images_and_classes_as_they_are(void **state)
{
    const scene *s = *state;
    save(s, some_set("images"));
    cop_synthetic set = made(s, "space = \"unit\"; recipe = \"sgd\";");
    assert_pixels(&set);
    assert_classes(&set);
    assert_int_equal(cop_synthetic_space(&set), COP_PIXELS_UNIT);
    assert_int_equal(set.decode, COP_DECODE_NONE);
    assert_string_equal(cop_recipe_base(set.recipe), "sgd");
    assert_memory_equal(&set.normalization, &s->data.normalization, sizeof set.normalization);
    assert_memory_equal(set.origin, "file set.safetensors, XXH3 ", 27);
    cop_synthetic_clear(&set);
}

static void takes_what_is_stated(void **state)
{
    const scene *s = *state;
    save(s, some_set("x"));
    cop_synthetic set = made(
        s, "images = \"x\"; space = \"normalised\"; decode = \"multi\"; factor = 3;"
           "mean = [0.1, 0.2, 0.3]; std = [1, 2, 3]; recipe = { recipe = \"idc\"; batch = 7; };");
    assert_pixels(&set);
    assert_int_equal(cop_synthetic_space(&set), COP_PIXELS_NORMALISED);
    assert_int_equal(set.decode, COP_DECODE_MULTI);
    assert_int_equal(set.factor, 3);
    assert_true(set.normalization.mean[2] == 0.3f && set.normalization.std[2] == 3.0f);
    assert_int_equal(cop_recipe_int(set.recipe, "batch"), 7);
    cop_synthetic_clear(&set);
}

/* Written as [n, H, W, C], of the same images. */
static void images_with_channels_last_are_the_same_images(void **state)
{
    const scene *s = *state;
    cop_tensors *set = cop_tensors_new();
    const cop_tensor *t = put(set, "images", COP_F64, cop_shape4(COUNT, HEIGHT, WIDTH, CHANNELS));
    const cop_tensor *labels = put(set, "labels", COP_F32, cop_shape2(COUNT, CLASSES));
    for (int64_t i = 0; i < COUNT; i++) {
        cop_f32(labels)[i * CLASSES + i % CLASSES] = 1.0f;
        for (int64_t k = 0; k < PIXELS; k++) {
            int64_t channel = k / (HEIGHT * WIDTH), place = k % (HEIGHT * WIDTH);
            cop_f64(t)[i * PIXELS + place * CHANNELS + channel] = (double)pixel_at(i, k);
        }
    }
    save(s, set);
    cop_synthetic got = made(s, "space = \"unit\"; label_kind = \"hard\"; recipe = \"sgd\";");
    assert_pixels(&got);
    assert_classes(&got);
    cop_synthetic_clear(&got);
}

static void bytes_are_known_by_their_type_and_divided_by_255(void **state)
{
    const scene *s = *state;
    cop_tensors *set = cop_tensors_new();
    const cop_tensor *t = put(set, "images", COP_U8, cop_shape4(COUNT, CHANNELS, HEIGHT, WIDTH));
    (void)put(set, "labels", COP_U8, cop_shape2(COUNT, 1));
    for (int64_t k = 0; k < COUNT * PIXELS; k++)
        cop_u8(t)[k] = (uint8_t)k;
    save(s, set);
    cop_synthetic got = made(s, "recipe = \"idc\";");
    for (int64_t k = 0; k < COUNT * PIXELS; k++)
        assert_true(got.pixels[k] == (float)(uint8_t)k / 255.0f);
    assert_true(got.labels[0] == 1.0f && got.labels[1] == 0.0f);
    cop_synthetic_clear(&got);
    damaged(s, "space = \"unit\"; recipe = \"idc\";",
            "set.safetensors: image 0 has a pixel that is 2, wanted 0 to 1 (space = \"unit\")");
}

/* Softmax by its definition, in the test's own numbers. */
static void logits_become_probabilities_where_that_is_said(void **state)
{
    const scene *s = *state;
    cop_tensors *set = some_set("images");
    const cop_tensor *rows = put(set, "rows", COP_F32, cop_shape2(COUNT, CLASSES));
    for (int64_t i = 0; i < COUNT; i++) {
        cop_f32(rows)[i * CLASSES] = 800.0f; /* exp of it alone would overflow */
        cop_f32(rows)[i * CLASSES + 1] = 800.0f - (float)i;
        cop_f32(rows)[i * CLASSES + 2] = 700.0f;
    }
    save(s, set);
    cop_synthetic got = made(
        s, "space = \"unit\"; recipe = \"lottery\"; labels = \"rows\"; label_kind = \"logits\";");
    for (int64_t i = 0; i < COUNT; i++) {
        double e = exp(-(double)i), sum = 1.0 + e + exp(-100.0);
        assert_close_f32(got.labels + i * CLASSES, (const double[]){1.0 / sum, e / sum}, 2, 1e-6,
                         0.0);
    }
    assert_false(cop_synthetic_is_hard(&got));
    cop_synthetic_clear(&got);
    damaged(s, "space = \"unit\"; recipe = \"lottery\"; labels = \"rows\";",
            "image 0 has a label of 800, wanted 0 to 1");
}

static void labels_may_be_in_a_file_of_their_own(void **state)
{
    scene *s = *state;
    static const unsigned char npy[] =
        "\x93NUMPY\1\0\x3b\0{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }  "
        "\0\1\2\0\1\2";
    char settings[400], other[300];
    cop_error err = {0};
    cop_tensors *set = some_set("images");
    save(s, set);
    (void)snprintf(other, sizeof other, "%s/labels.npy", s->dir);
    assert_ok(cop_file_write(other, npy, sizeof npy - 1, &err), &err);
    (void)snprintf(settings, sizeof settings,
                   "space = \"unit\"; recipe = \"sgd\"; labels_path = \"%s\";", other);
    cop_synthetic got = made(s, settings);
    assert_classes(&got);
    cop_synthetic_clear(&got);
    (void)snprintf(s->path, sizeof s->path, "%s/labels.npy", s->dir);
    damaged(s, "space = \"unit\"; recipe = \"sgd\";", "\"array\" is [6], wanted [n, 3, 4, 5]");
}

/* What `coppice export` writes says all of it by itself, and comes back bit by bit. */
static void an_exported_set_needs_nothing_stated(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    cop_synthetic out = {.task = task, .decode = COP_DECODE_SINGLE, .factor = 2};
    for (int c = 0; c < CHANNELS; c++) {
        out.normalization.mean[c] = 0.3f;
        out.normalization.std[c] = 1.0f / 3.0f;
    }
    cop_synthetic_set_space(&out, COP_PIXELS_NORMALISED);
    assert_ok(cop_synthetic_set_recipe(&out, cop_recipe_named("lottery", &err), &err), &err);
    assert_ok(cop_synthetic_set_made_by(&out, "distiller mtt 1.0.0", &err), &err);
    assert_ok(cop_synthetic_allocate(&out, COUNT, &err), &err);
    for (int64_t k = 0; k < COUNT * PIXELS; k++)
        out.pixels[k] = (float)(k - 90) / 7.0f;
    for (int64_t i = 0; i < COUNT; i++) {
        out.labels[i * CLASSES + 1] = 0.25f;
        out.labels[i * CLASSES + 2] = 0.75f;
    }
    assert_ok(cop_synthetic_write(&out, s->path, &err), &err);
    cop_synthetic got = made(s, "");
    assert_memory_equal(got.pixels, out.pixels, COUNT * PIXELS * sizeof(float));
    assert_memory_equal(got.labels, out.labels, COUNT * CLASSES * sizeof(float));
    assert_memory_equal(&got.normalization, &out.normalization, sizeof got.normalization);
    assert_int_equal(got.space, COP_PIXELS_NORMALISED);
    assert_int_equal(got.decode, COP_DECODE_SINGLE);
    assert_int_equal(got.factor, 2);
    assert_string_equal(cop_recipe_base(got.recipe), "lottery");
    assert_non_null(strstr(got.origin, "made by distiller mtt 1.0.0"));
    cop_synthetic_clear(&got);
    got = made(s, "decode = \"none\"; recipe = \"idc\";");
    assert_int_equal(got.decode, COP_DECODE_NONE);
    assert_int_equal(got.factor, 1);
    assert_string_equal(cop_recipe_base(got.recipe), "idc");
    cop_synthetic_clear(&got);
    cop_synthetic_clear(&out);
}

static void whitened_sets_are_for_whitened_data_alone(void **state)
{
    scene *s = *state;
    save(s, some_set("images"));
    refused(s, "space = \"unit\"; zca = \"yes\"; recipe = \"lottery\";",
            "whitened pixels are no unit");
    refused(s, "space = \"normalised\"; zca = \"yes\"; recipe = \"lottery\";",
            "the data are not whitened");
    s->data.space = COP_PIXELS_NORMALISED;
    refused(s, "space = \"normalised\"; recipe = \"lottery\";", "the data are whitened");
    cop_synthetic set = made(s, "space = \"normalised\"; zca = \"yes\"; recipe = \"lottery\";");
    assert_true(set.is_whitened);
    cop_synthetic_clear(&set);
}

static void what_is_not_stated_is_not_guessed(void **state)
{
    const scene *s = *state;
    save(s, some_set("images"));
    refused(s, "recipe = \"sgd\";", "does not say what its pixels are: state space");
    refused(s, "space = \"unit\";", "does not say how networks are trained on the set");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; images = \"x\";", "has no tensor \"x\"");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; labels = \"y\";", "has no tensor \"y\"");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; factor = 2;", "nothing is decoded");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; decode = \"single\"; factor = 5;",
            "factor 5: more tiles than the 4x5 images have rows");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; decode = \"single\";",
            "decode = \"single\" with one tile decodes nothing: state factor");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; decode = \"multi\";", "decodes nothing");
    cop_synthetic set =
        made(s, "space = \"unit\"; recipe = \"sgd\"; decode = \"single\"; factor = 1;");
    cop_synthetic_clear(&set);
    refused(s, "space = \"unit\"; recipe = \"sgd\"; mean = [0.5];",
            "not a number for each of the 3");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; mean = [0, 0, 0];", "given together");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; mean = [0, 0, 0]; std = [1, 0, 1];",
            "std of channel 1 is 0");
    refused(s, "space = \"unit\"; recipe = \"sgd\"; label_kind = \"soft\";",
            "is a list of classes");
    refused(s, "space = \"unit\"; recipe = { recipe = \"sgd\"; duration = \"0ep\"; };",
            "duration of 0");
}

/* What is stated counts, whatever the file says. */
static void a_stated_kind_of_labels_is_not_compared(void **state)
{
    const scene *s = *state;
    const cop_metadata soft = {"label_kind", "soft"};
    cop_error err = {0};
    cop_tensors *set = some_set("images");
    assert_ok(cop_safetensors_write(s->path, set, &soft, 1, &err), &err);
    cop_tensors_free(set);
    cop_synthetic got = made(s, "space = \"unit\"; recipe = \"sgd\"; label_kind = \"hard\";");
    cop_synthetic_clear(&got);
}

/* Notes of the file that this version does not know are not passed over. */
static void what_a_file_says_of_itself_is_known_or_refused(void **state)
{
    const scene *s = *state;
    static const struct {
        cop_metadata note;
        const char *text;
    } cases[] = {{{"space", "lab"}, "set.safetensors: says of itself space = \"lab\""},
                 {{"decode", "bound"}, "decode = \"bound\", which is not known"},
                 {{"whitened", "perhaps"}, "whitened = \"perhaps\""},
                 {{"factor", "two"}, "its factor is no number"},
                 {{"factor", "99"}, "its factor is 99, wanted a whole number, 1 to 64"},
                 {{"factor", "1.5"}, "its factor is 1.5, wanted a whole number, 1 to 64"},
                 {{"factor", "1 2"}, "its factor is no number"},
                 {{"mean", "0.5 0.5"}, "mean is not a number for each of the 3 channels"},
                 {{"mean", "0 0 0"}, "given together"},
                 {{"label_kind", "soft"},
                  "set.safetensors: says of itself that its labels are soft, and they are hard"},
                 {{"label_kind", "logits"}, "label_kind = \"logits\", which is not known"},
                 {{"recipe", "name=idc"}, "\"name=idc\" is no recipe"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_tensors *set = some_set("images");
        assert_ok(cop_safetensors_write(s->path, set, &cases[i].note, 1, &err), &err);
        cop_tensors_free(set);
        bool is_recipe = strcmp(cases[i].note.key, "recipe") == 0;
        bool is_lack = strcmp(cases[i].text, "given together") == 0;
        refused_as(is_lack ? COP_INVALID : COP_FAILED, s,
                   strcmp(cases[i].note.key, "space") == 0 ? "recipe = \"sgd\";"
                   : is_recipe                             ? "space = \"unit\";"
                                                           : "space = \"unit\"; recipe = \"sgd\";",
                   cases[i].text);
    }
}

/* A note that an option overrides is not read. */
static void an_option_stands_in_for_a_note_that_is_wrong(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    const cop_metadata notes[] = {{"decode", "single"}, {"factor", "2.9"}};
    cop_tensors *tensors = some_set("images");
    assert_ok(cop_safetensors_write(s->path, tensors, notes, 2, &err), &err);
    cop_tensors_free(tensors);
    damaged(s, "space = \"unit\"; recipe = \"sgd\";", "its factor is 2.9");
    cop_synthetic set = made(s, "space = \"unit\"; recipe = \"sgd\"; factor = 2;");
    assert_int_equal(set.factor, 2);
    cop_synthetic_clear(&set);
}

/* Whatever a file says of its maker is one line in the set's origin. */
static void the_maker_of_a_file_is_made_readable(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    const cop_metadata note = {"made_by", "a\nb\x1b[31m\xc2\x85\xc3\xa4"};
    cop_tensors *tensors = some_set("images");
    assert_ok(cop_safetensors_write(s->path, tensors, &note, 1, &err), &err);
    cop_tensors_free(tensors);
    cop_synthetic set = made(s, "space = \"unit\"; recipe = \"sgd\";");
    assert_non_null(strstr(set.origin, ", made by a?b?[31m????"));
    cop_synthetic_clear(&set);
}

static void flawed_numbers_are_refused_with_their_image(void **state)
{
    const scene *s = *state;
    static const char unit[] = "space = \"unit\"; recipe = \"sgd\";";
    static const char normalised[] = "space = \"normalised\"; recipe = \"sgd\";";
    cop_tensors *set = some_set("images");
    cop_f32(cop_tensors_find(set, "images"))[2 * PIXELS + 7] = NAN;
    save(s, set);
    damaged(s, unit, "set.safetensors: image 2 has a pixel that is nan");
    damaged(s, normalised, "image 2 has a pixel that is nan, wanted -100 to 100");
    set = some_set("images");
    cop_f32(cop_tensors_find(set, "images"))[5 * PIXELS] = 1.5f;
    save(s, set);
    damaged(s, unit, "image 5 has a pixel that is 1.5, wanted 0 to 1");
    set = some_set("images");
    cop_i64(cop_tensors_find(set, "labels"))[4] = 3;
    save(s, set);
    damaged(s, unit, "image 4 has label 3, wanted 0 to 2");
    set = some_set("images");
    const cop_tensor *rows = put(set, "rows", COP_F32, cop_shape2(COUNT, CLASSES));
    for (int64_t i = 0; i < COUNT; i++)
        cop_f32(rows)[i * CLASSES] = i == 3 ? 0.5f : 1.0f;
    (void)put(set, "few", COP_I64, cop_shape1(COUNT - 1));
    save(s, set);
    damaged(s, "space = \"unit\"; recipe = \"sgd\"; labels = \"rows\";",
            "the labels of image 3 sum to 0.5, wanted 1");
    damaged(s, "space = \"unit\"; recipe = \"sgd\"; labels = \"rows\"; label_kind = \"hard\";",
            "the labels of image 3 are no one-hot row");
    damaged(s, "space = \"unit\"; recipe = \"sgd\"; labels = \"few\";",
            "has labels of 5 images, and there are 6");
}

static void images_of_another_size_are_refused(void **state)
{
    const scene *s = *state;
    cop_tensors *set = cop_tensors_new();
    (void)put(set, "images", COP_U8, cop_shape4(COUNT, CHANNELS, HEIGHT + 1, WIDTH));
    (void)put(set, "labels", COP_U8, cop_shape1(COUNT));
    save(s, set);
    damaged(s, "recipe = \"sgd\";",
            "set.safetensors: \"images\" is [6, 3, 5, 5], wanted [n, 3, 4, 5] as the data's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(takes_images_and_classes_as_they_are),
        WITH_SCENE(takes_what_is_stated),
        WITH_SCENE(images_with_channels_last_are_the_same_images),
        WITH_SCENE(bytes_are_known_by_their_type_and_divided_by_255),
        WITH_SCENE(logits_become_probabilities_where_that_is_said),
        WITH_SCENE(labels_may_be_in_a_file_of_their_own),
        WITH_SCENE(an_exported_set_needs_nothing_stated),
        WITH_SCENE(whitened_sets_are_for_whitened_data_alone),
        WITH_SCENE(what_is_not_stated_is_not_guessed),
        WITH_SCENE(what_a_file_says_of_itself_is_known_or_refused),
        WITH_SCENE(an_option_stands_in_for_a_note_that_is_wrong),
        WITH_SCENE(the_maker_of_a_file_is_made_readable),
        WITH_SCENE(a_stated_kind_of_labels_is_not_compared),
        WITH_SCENE(flawed_numbers_are_refused_with_their_image),
        WITH_SCENE(images_of_another_size_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
