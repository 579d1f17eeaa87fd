/* test_synthetic_file.c: distilled sets come back whole, and what is none is refused. */
#include "nn/synthetic.h"
#include "store_fixture.h"

#include "core/damage.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"
#include "train/recipe_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void a_distilled_set_comes_back_whole(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH + 32], left[768], right[768];
    cop_synthetic s = {.task = {3, 4, 5, 2}, .decode = COP_DECODE_SINGLE, .factor = 2}, back;
    assert_ok(cop_synthetic_set_recipe(&s, cop_recipe_named("idc", &err), &err), &err);
    for (int c = 0; c < 3; c++) {
        s.normalization.mean[c] = 0.1f * (float)(c + 1);
        s.normalization.std[c] = 1.0f / 3.0f;
    }
    assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
    for (int i = 0; i < 2 * 60; i++)
        s.pixels[i] = (float)i / 119.0f;
    s.labels[0] = 1.0f;
    s.labels[3] = 1.0f;
    (void)snprintf(path, sizeof path, "%s/set.safetensors", f->dir);
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_int_equal(back.count, 2);
    assert_int_equal(back.decode, COP_DECODE_SINGLE);
    assert_int_equal(back.factor, 2);
    assert_memory_equal(&back.task, &s.task, sizeof s.task);
    assert_memory_equal(back.pixels, s.pixels, 120 * sizeof(float));
    assert_memory_equal(back.labels, s.labels, 4 * sizeof(float));
    assert_memory_equal(back.normalization.std, s.normalization.std, 3 * sizeof(float));
    assert_string_equal(cop_recipe_text(back.recipe, right, sizeof right),
                        cop_recipe_text(s.recipe, left, sizeof left));
    cop_synthetic_clear(&s);
    cop_synthetic_clear(&back);
}

/* Pixels as the network sees them are kept as they are, and trained on as they are. */
static void a_normalised_set_comes_back_as_one(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH + 32];
    cop_synthetic s = {.task = {1, 1, 2, 2}, .factor = 1}, back;
    s.normalization = (cop_normalization){.mean = {0.5f}, .std = {0.25f}};
    assert_ok(cop_synthetic_set_recipe(&s, cop_recipe_named("idc", &err), &err), &err);
    cop_synthetic_set_space(&s, COP_PIXELS_NORMALISED);
    assert_ok(cop_synthetic_allocate(&s, 1, &err), &err);
    s.pixels[0] = -2.5f;
    s.pixels[1] = 100.0f;
    s.labels[0] = 1.0f;
    (void)snprintf(path, sizeof path, "%s/normalised.safetensors", f->dir);
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_int_equal(back.space, COP_PIXELS_NORMALISED);
    cop_samples *samples = NULL;
    assert_ok(cop_synthetic_samples(&back, &samples, &err), &err);
    float images[2];
    cop_samples_batch(samples, (const int64_t[]){0}, 1, images, NULL);
    assert_true(images[0] == -2.5f && images[1] == 100.0f);
    assert_int_equal(cop_samples_space(samples), COP_PIXELS_NORMALISED);
    cop_synthetic_samples_free(samples);
    s.pixels[1] = 100.5f;
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    cop_synthetic_clear(&back);
    assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err,
                   "image 0 has a pixel that is 100.5, wanted -100 to 100");
    cop_synthetic_clear(&s);
}

/* Who made it, and where from; the kind of its labels and whether it is for whitened data. */
static void a_set_says_where_it_comes_from(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char path[STORE_PATH + 32];
    cop_synthetic s = {.task = {1, 1, 2, 2}, .factor = 1, .is_whitened = true}, back;
    s.normalization = cop_normalization_none();
    assert_ok(cop_synthetic_set_recipe(&s, cop_recipe_named("idc", &err), &err), &err);
    cop_synthetic_set_space(&s, COP_PIXELS_NORMALISED);
    assert_ok(cop_synthetic_allocate(&s, 1, &err), &err);
    s.labels[0] = 0.25f;
    s.labels[1] = 0.75f;
    assert_false(cop_synthetic_is_hard(&s));
    assert_ok(cop_synthetic_set_made_by(&s, "distiller file 1.0.0", &err), &err);
    assert_ok(cop_synthetic_set_origin(&s, "file \"\xc3\xa4\".npz, XXH3 0123", &err), &err);
    assert_refused(cop_synthetic_set_origin(&s, "two\nlines", &err), COP_INVALID, &err, "one line");
    assert_refused(cop_synthetic_set_origin(&s, "\xff", &err), COP_INVALID, &err, "UTF-8");
    assert_ok(cop_synthetic_set_dataset(&s, "cifar10, 0123", &err), &err);
    assert_ok(cop_synthetic_set_options(&s, "ipc = 10; factor = 2", &err), &err);
    (void)snprintf(path, sizeof path, "%s/origin.safetensors", f->dir);
    assert_ok(cop_synthetic_write(&s, path, &err), &err);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_string_equal(back.made_by, "distiller file 1.0.0");
    assert_string_equal(back.origin, "file \"\xc3\xa4\".npz, XXH3 0123");
    assert_string_equal(back.dataset, "cifar10, 0123");
    assert_string_equal(back.options, "ipc = 10; factor = 2");
    assert_true(back.is_whitened);
    cop_synthetic_clear(&back);
    cop_synthetic_clear(&s);
}

/* The metadata of a set with one note in the place of another. */
static void write_noted(const char *path, const char *key, const char *value)
{
    cop_error err = {0};
    cop_tensors *set = cop_tensors_new();
    cop_tensor *pixels = NULL, *labels = NULL;
    char recipe[768];
    cop_metadata notes[] = {
        {"mean", "0"},
        {"std", "1"},
        {"decode", "none"},
        {"factor", "1"},
        {"recipe", cop_recipe_text(cop_recipe_named("idc", &err), recipe, sizeof recipe)},
        {key, value}};
    size_t count = key != NULL ? 6 : 5;
    for (size_t i = 0; i < 5; i++)
        if (key != NULL && strcmp(notes[i].key, key) == 0) {
            notes[i].value = value;
            count = 5;
        }
    assert_ok(cop_tensors_add(set, "pixels", COP_F32, cop_shape4(1, 1, 1, 2), &pixels, &err), &err);
    assert_ok(cop_tensors_add(set, "labels", COP_F32, cop_shape2(1, 2), &labels, &err), &err);
    cop_f32(labels)[0] = 1.0f;
    assert_ok(cop_safetensors_write(path, set, notes, count, &err), &err);
    cop_tensors_free(set);
}

/* Files of before sets had spaces say none; what they say must be so. */
static void what_a_set_says_of_itself_is_held_to_it(void **state)
{
    store_fixture *f = *state;
    static const struct {
        const char *key, *value, *text;
    } cases[] = {{"space", "lab", "space is \"lab\", wanted unit or normalised"},
                 {"label_kind", "soft", "its labels are said to be soft, and are hard"},
                 {"label_kind", "firm", "label_kind is \"firm\""},
                 {"whitened", "no", "whitened is \"no\""},
                 {"factor", "2abc", "lacks metadata of a distilled set"},
                 {"factor", "4294967297", "lacks metadata of a distilled set"},
                 {"mean", "0.5x", "lacks metadata of a distilled set"},
                 {"std", "1 1", "lacks metadata of a distilled set"},
                 {"made_by", "a\tb", "one line"}};
    char path[STORE_PATH + 32];
    cop_error err = {0};
    cop_synthetic back;
    (void)snprintf(path, sizeof path, "%s/noted.safetensors", f->dir);
    write_noted(path, NULL, NULL);
    assert_ok(cop_synthetic_read(path, &back, &err), &err);
    assert_int_equal(cop_synthetic_space(&back), COP_PIXELS_UNIT);
    assert_null(back.made_by);
    assert_false(back.is_whitened);
    cop_synthetic_clear(&back);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_noted(path, cases[i].key, cases[i].value);
        assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err, cases[i].text);
        assert_string_equal(err.file, path);
    }
}

/* A set that something else put in the place of a stored one. */
static void a_set_with_values_out_of_range_is_refused(void **state)
{
    store_fixture *f = *state;
    static const struct {
        float pixel, label;
        const char *text;
    } cases[] = {{2.0f, 1.0f, "image 1 has a pixel that is 2, wanted 0 to 1"},
                 {NAN, 1.0f, "image 1 has a pixel that is nan"},
                 {0.5f, NAN, "image 1 has a label of nan, wanted 0 to 1"},
                 {0.5f, 0.5f, "the labels of image 1 sum to 0.5"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        char path[STORE_PATH + 32];
        cop_synthetic s = {.task = {1, 2, 2, 2}, .factor = 1}, back;
        s.normalization.std[0] = 1.0f;
        assert_ok(cop_synthetic_set_recipe(&s, cop_recipe_named("idc", &err), &err), &err);
        assert_ok(cop_synthetic_allocate(&s, 2, &err), &err);
        s.labels[0] = 1.0f;
        s.pixels[7] = cases[i].pixel;
        s.labels[3] = cases[i].label;
        (void)snprintf(path, sizeof path, "%s/flawed.safetensors", f->dir);
        assert_ok(cop_synthetic_write(&s, path, &err), &err);
        assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err, cases[i].text);
        assert_string_equal(err.file, path);
        cop_synthetic_clear(&s);
    }
}

/* What is cut to 32 bits is another size than what there is. */
static void a_set_is_no_larger_than_its_task_can_be(void **state)
{
    (void)state;
    const cop_shape labels = cop_shape2(2, 10);
    cop_task task;
    assert_true(cop_synthetic_shapes(cop_shape4(2, 3, 5, INT32_MAX), labels, &task));
    assert_int_equal(task.channels, 3);
    assert_int_equal(task.height, 5);
    assert_int_equal(task.width, INT32_MAX);
    assert_int_equal(task.classes, 10);
    const int64_t large = (INT64_C(1) << 32) + 1;
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, large, 5), labels, &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, 5, large), labels, &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, large, 5, 5), labels, &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, 0, 5), labels, &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, 5, 5), cop_shape2(2, large), &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, 5, 5), cop_shape2(2, 0), &task));
    assert_false(cop_synthetic_shapes(cop_shape4(2, 3, 5, 5), cop_shape2(3, 10), &task));
    assert_false(cop_synthetic_shapes(cop_shape3(2, 3, 5), labels, &task));
}

static void other_tensors_are_no_distilled_set(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_synthetic back;
    cop_tensors *set = some_tensors();
    char path[STORE_PATH + 32];
    (void)snprintf(path, sizeof path, "%s/set.safetensors", f->dir);
    assert_ok(cop_safetensors_write(path, set, NULL, 0, &err), &err);
    assert_refused(cop_synthetic_read(path, &back, &err), COP_DAMAGED, &err,
                   "is not a distilled set");
    cop_tensors_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_distilled_set_comes_back_whole),
        WITH_STORE(a_normalised_set_comes_back_as_one),
        WITH_STORE(a_set_says_where_it_comes_from),
        WITH_STORE(what_a_set_says_of_itself_is_held_to_it),
        WITH_STORE(a_set_with_values_out_of_range_is_refused),
        cmocka_unit_test(a_set_is_no_larger_than_its_task_can_be),
        WITH_STORE(other_tensors_are_no_distilled_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
