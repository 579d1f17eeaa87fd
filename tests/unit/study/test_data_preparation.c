/* test_data_preparation.c: what the framework does with the samples of any dataset: held out, left
 * out, mislabelled, in this order; and what it refuses to do. */
#include "support.h"

#include "core/text.h"
#include "plugin/options/setting.h"
#include "study/data/data.h"

#include <stdlib.h>
#include <string.h>

static cop_registry *registry;

static int open_plugins(void **state)
{
    (void)state;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins",
                          COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 2, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_plugins(void **state)
{
    (void)state;
    cop_registry_free(registry);
    return 0;
}

/* A dataset and what it was read with. */
typedef struct loaded {
    cop_component *component;
    cop_loaded_data *data;
} loaded;

/* Loads "plugin" with these options; the group stands on line 2 of t.cfg, its options on line 3. */
static cop_status load(const char *plugin, const char *options, loaded *out, cop_error *err)
{
    cop_text whole = {0};
    config_t config;
    *out = (loaded){0};
    cop_text_printf(&whole, "\nx = { plugin = \"%s\";\n%s };", plugin, options);
    assert_ok(cop_syntax_parse(whole.data, whole.length, "t.cfg", &config, err), err);
    cop_text_free(&whole);
    const config_setting_t *group = config_setting_get_member(config_root_setting(&config), "x");
    cop_status status = cop_component_read(registry, COP_KIND_DATASET, group, NULL, "t.cfg", NULL,
                                           &out->component, err);
    config_destroy(&config);
    if (status == COP_OK)
        status = cop_loaded_data_open(out->component, NULL, NULL, &out->data, err);
    return status;
}

static loaded load_well(const char *plugin, const char *options)
{
    loaded out;
    cop_error err = {0};
    assert_ok(load(plugin, options, &out, &err), &err);
    return out;
}

static void unload(loaded *l)
{
    cop_loaded_data_free(l->data);
    cop_component_free(l->component);
}

static int64_t count_class(const cop_samples *s, int32_t label)
{
    int64_t count = 0;
    for (int64_t i = 0; i < cop_samples_count(s); i++)
        count += cop_samples_label(s, i) == label ? 1 : 0;
    return count;
}

enum { PIXELS = 3 * 32 * 32 };

/* The place in `all` of the image of sample i; -1: it is not there. */
static int64_t find_image(const cop_samples *all, const cop_samples *s, int64_t i)
{
    static float wanted[PIXELS], other[PIXELS];
    cop_samples_pixels(s, i, wanted);
    for (int64_t k = 0; k < cop_samples_count(all); k++) {
        cop_samples_pixels(all, k, other);
        if (memcmp(wanted, other, sizeof wanted) == 0)
            return k;
    }
    return -1;
}

static void holds_out_evenly_by_class_and_keeps_the_order(void **state)
{
    (void)state;
    loaded all = load_well("shapes", "train_size = 60; test_size = 7;");
    loaded part = load_well("shapes", "train_size = 60; test_size = 7; validation = 0.5;");
    assert_int_equal(part.data->train.count, 30);
    assert_int_equal(part.data->test.count, 30);
    assert_int_equal(part.data->info.count[COP_SPLIT_TEST], 30);
    bool seen[60] = {false};
    for (int split = 0; split < 2; split++) {
        const cop_samples *s = split == 0 ? &part.data->train : &part.data->test;
        int64_t last = -1;
        for (int32_t c = 0; c < 10; c++)
            assert_int_equal(count_class(s, c), 3);
        for (int64_t i = 0; i < s->count; i++) {
            int64_t at = find_image(&all.data->train, s, i);
            assert_true(at > last); /* in the order of the data */
            assert_false(seen[at]);
            seen[at] = true;
            assert_int_equal(cop_samples_label(s, i), at % 10);
            last = at;
        }
    }
    unload(&part);
    unload(&all);
}

static void batches_of_a_part_are_those_of_its_images(void **state)
{
    (void)state;
    loaded all = load_well("shapes", "train_size = 40; test_size = 1;");
    loaded part = load_well("shapes", "train_size = 40; test_size = 1; per_class = 1;");
    static float got[2 * PIXELS], wanted[2 * PIXELS];
    const int64_t index[2] = {7, 2};
    int64_t from[2];
    for (int i = 0; i < 2; i++)
        from[i] = find_image(&all.data->train, &part.data->train, index[i]);
    cop_samples_batch(&part.data->train, index, 2, got, NULL);
    cop_samples_batch(&all.data->train, from, 2, wanted, NULL);
    assert_memory_equal(got, wanted, sizeof got);
    unload(&part);
    unload(&all);
}

static void keeps_so_many_of_each_class_or_of_all(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int64_t train, test, first, last; /* of class 0 and of class 9 */
    } cases[] = {
        {"train_size = 64; test_size = 5;", 64, 5, 7, 6},
        {"train_size = 64; test_size = 5; per_class = 2;", 20, 5, 2, 2},
        {"train_size = 64; test_size = 5; subset = 32;", 32, 5, 4, 3},
        {"train_size = 64; test_size = 5; subset = 0.5;", 32, 5, 4, 3},
        {"train_size = 64; test_size = 5; subset = 64;", 64, 5, 7, 6},
        {"train_size = 64; test_size = 5; validation = 14;", 50, 14, 5, 5},
        /* what is held out is held out first */
        {"train_size = 64; test_size = 5; validation = 14; per_class = 4; subset = 10;", 10, 14, 1,
         1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        loaded l = load_well("shapes", cases[i].options);
        assert_int_equal(l.data->train.count, cases[i].train);
        assert_int_equal(l.data->test.count, cases[i].test);
        assert_int_equal(count_class(&l.data->train, 0), cases[i].first);
        assert_int_equal(count_class(&l.data->train, 9), cases[i].last);
        assert_int_equal(l.data->class_counts[9], cases[i].last);
        unload(&l);
    }
}

static void gives_a_share_of_the_training_labels_another_class(void **state)
{
    (void)state;
    loaded clean = load_well("shapes", "train_size = 1000; test_size = 50;");
    loaded noisy = load_well("shapes", "train_size = 1000; test_size = 50; label_noise = 0.9;");
    int64_t wrong = 0, steps[10] = {0};
    for (int64_t i = 0; i < 1000; i++) {
        int32_t was = cop_samples_label(&clean.data->train, i);
        int32_t is = cop_samples_label(&noisy.data->train, i);
        wrong += was != is ? 1 : 0;
        steps[(is - was + 10) % 10]++;
    }
    assert_int_equal(wrong, 900);
    for (int k = 1; k < 10; k++)
        assert_in_range(steps[k], 60, 140); /* 100 each, give or take four deviations */
    for (int64_t i = 0; i < 50; i++)
        assert_int_equal(cop_samples_label(&noisy.data->test, i), i % 10);
    unload(&noisy);
    unload(&clean);
}

static void the_fingerprint_is_of_what_is_used(void **state)
{
    (void)state;
    static const char *const options[] = {
        "",
        "validation = 10;",
        "validation = 10; split_seed = 1;",
        "per_class = 3;",
        "per_class = 3; split_seed = 1;",
        "subset = 30;",
        "label_noise = 0.1;",
        "label_noise = 0.1; split_seed = 1;",
    };
    enum { CASES = sizeof options / sizeof options[0] };
    char prints[CASES][33];
    for (size_t i = 0; i < CASES; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "train_size = 40; test_size = 4; %s", options[i]);
        loaded a = load_well("shapes", text), b = load_well("shapes", text);
        assert_string_equal(a.data->fingerprint, b.data->fingerprint);
        memcpy(prints[i], a.data->fingerprint, sizeof prints[i]);
        unload(&a);
        unload(&b);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(prints[i], prints[k]);
    }
    /* What changes nothing, nothing tells. */
    static const char *const same[] = {"split_seed = 5;", "subset = 40;", "label_noise = 0;",
                                       "per_class = 4;"};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "train_size = 40; test_size = 4; %s", same[i]);
        loaded l = load_well("shapes", text);
        assert_string_equal(l.data->fingerprint, prints[0]);
        unload(&l);
    }
}

/* Floats in [0, 1] and whitened ones: the same data otherwise. */
static void whitened_samples_are_what_a_network_sees(void **state)
{
    (void)state;
    loaded plain = load_well("floatdata", "size = 40; flawed = 3; pixel = 0.2;");
    loaded white = load_well("floatdata", "size = 40; flawed = 3; pixel = 0.2; zca = 0.1;");
    const cop_samples *s = &white.data->train;
    const int64_t index[2] = {3, 8};
    float batch[32], pixels[32];
    assert_int_equal(cop_samples_space(&plain.data->train), COP_PIXELS_UNIT);
    assert_int_equal(cop_samples_space(s), COP_PIXELS_NORMALISED);
    assert_int_equal(cop_samples_space(&white.data->test), COP_PIXELS_NORMALISED);
    assert_true(cop_samples_normalization(s).mean[0] == 0.0f);
    assert_true(cop_samples_normalization(s).std[0] == 1.0f);
    cop_samples_batch(s, index, 2, batch, NULL);
    for (int i = 0; i < 2; i++)
        cop_samples_pixels(s, index[i], pixels + 16 * i);
    assert_memory_equal(batch, pixels, sizeof batch);
    /* The mean is taken away. */
    double sum = 0.0;
    for (int64_t i = 0; i < 40; i++) {
        cop_samples_pixels(s, i, pixels);
        for (int k = 0; k < 16; k++)
            sum += (double)pixels[k];
    }
    assert_true(sum > -1e-4 && sum < 1e-4);
    assert_string_not_equal(plain.data->fingerprint, white.data->fingerprint);
    unload(&white);
    unload(&plain);
}

static void says_what_is_not_the_default(void **state)
{
    (void)state;
    loaded plain = load_well("toydata", "validation = 0.0; zca = 0;");
    assert_string_equal(cop_component_effective(plain.component),
                        "path = \"data/toy\"\nsize = 8\n");
    unload(&plain);
    loaded l = load_well("toydata", "validation = 0.25; size = 8; label_noise = 0.5;");
    assert_string_equal(cop_component_effective(l.component),
                        "path = \"data/toy\"\nsize = 8\nvalidation = 0.25\nlabel_noise = 0.5\n");
    assert_non_null(strstr(cop_component_identity(l.component),
                           " prepared: validation = 0.25; label_noise = 0.5;"));
    unload(&l);
}

static void refuses_what_cannot_be_at_its_key(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *options;
        int line;
        const char *text;
    } cases[] = {
        {"toydata", "per_class = 5;", 3,
         "dataset \"toydata\": per_class = 5, but class 0 (dark) has 4 training images"},
        {"toydata", "size = 9;\nvalidation = 4; per_class = 3;", 4,
         "per_class = 3, but class 1 (bright) has 2 training images beside those held out"},
        {"toydata", "validation = 8;", 3, "validation = 8 leaves none of the 8 training images"},
        {"toydata", "validation = 9;", 3, "validation = 9 leaves none of the 8 training images"},
        {"toydata", "validation = 0.01;", 3,
         "validation = 0.01 holds out none of the 8 training images"},
        {"toydata", "subset = 9;", 3, "subset = 9, but there are 8 training images to choose from"},
        {"toydata", "validation = 1.5;", 3,
         "option \"validation\" of dataset \"toydata\" is 1.5; wanted a share below 1, or a whole "
         "number of images"},
        {"toydata", "subset = 2.25;", 3,
         "option \"subset\" of dataset \"toydata\" is 2.25; wanted"},
        {"toydata", "validation = -1;", 3, "wanted at least 0"},
        {"toydata", "label_noise = 1.5;", 3, "\"label_noise\" of dataset \"toydata\" is 1.5"},
        {"toydata", "label_noise = \"much\";", 3,
         "\"label_noise\" of dataset \"toydata\" is a string"},
        {"toydata", "per_clas = 1;", 3,
         "unknown option \"per_clas\" of dataset \"toydata\"; did you mean \"per_class\"?"},
        {"floatdata", "no_test = true;", 2,
         "dataset \"floatdata\": it has no test images of its own: say which part"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        loaded l;
        cop_error err = {0};
        assert_refused(load(cases[i].plugin, cases[i].options, &l, &err), COP_INVALID, &err,
                       cases[i].text);
        assert_string_equal(err.file, "t.cfg");
        if (err.line != cases[i].line)
            fail_msg("case %zu: line %d, wanted %d: %s", i, err.line, cases[i].line, err.message);
        unload(&l);
    }
}

static void data_without_a_test_split_are_divided(void **state)
{
    (void)state;
    loaded l = load_well("floatdata", "size = 20; no_test = true; validation = 0.2;");
    assert_int_equal(l.data->train.count, 16);
    assert_int_equal(l.data->test.count, 4);
    unload(&l);
}

static void the_data_s_own_test_split_is_then_not_read(void **state)
{
    (void)state;
    /* Its sample 3 would be refused. */
    loaded l = load_well("floatdata", "flawed = 3; pixel = 9.0; in_test = true; validation = 2;");
    assert_int_equal(l.data->test.count, 2);
    unload(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_out_evenly_by_class_and_keeps_the_order),
        cmocka_unit_test(batches_of_a_part_are_those_of_its_images),
        cmocka_unit_test(keeps_so_many_of_each_class_or_of_all),
        cmocka_unit_test(gives_a_share_of_the_training_labels_another_class),
        cmocka_unit_test(the_fingerprint_is_of_what_is_used),
        cmocka_unit_test(whitened_samples_are_what_a_network_sees),
        cmocka_unit_test(says_what_is_not_the_default),
        cmocka_unit_test(refuses_what_cannot_be_at_its_key),
        cmocka_unit_test(data_without_a_test_split_are_divided),
        cmocka_unit_test(the_data_s_own_test_split_is_then_not_read),
    };
    return cmocka_run_group_tests(tests, open_plugins, close_plugins);
}
