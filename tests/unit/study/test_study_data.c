/* test_study_data.c: what enters by a dataset: pixels and labels out of their range are refused,
 * with the sample, and files that are no such files. */
#include "support.h"

#include "core/file.h"
#include "core/text.h"
#include "plugin/options/setting.h"
#include "study/data/parts.h"

#include <stdlib.h>
#include <string.h>

static cop_registry *registry;

static int open_fixtures(void **state)
{
    (void)state;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins",
                          COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    return cop_registry_search(dirs, 2, NULL, &registry, &err) == COP_OK ? 0 : -1;
}

static int close_fixtures(void **state)
{
    (void)state;
    cop_registry_free(registry);
    return 0;
}

/* The dataset with these options. */
static void read_component(const char *plugin, const char *options, cop_component **component,
                           cop_error *err)
{
    cop_text whole = {0};
    config_t config;
    cop_text_printf(&whole, "\nx = { plugin = \"%s\"; %s };", plugin, options);
    assert_ok(cop_syntax_parse(whole.data, whole.length, "t.cfg", &config, err), err);
    cop_text_free(&whole);
    const config_setting_t *group = config_setting_get_member(config_root_setting(&config), "x");
    assert_ok(
        cop_component_read(registry, COP_KIND_DATASET, group, NULL, "t.cfg", NULL, component, err),
        err);
    config_destroy(&config);
}

/* Loads it. */
static cop_status load_of(const char *plugin, const char *options, cop_component **component,
                          cop_loaded_data **data, cop_error *err)
{
    read_component(plugin, options, component, err);
    return cop_loaded_data_open(*component, NULL, NULL, data, err);
}

static cop_status load(const char *options, cop_component **component, cop_loaded_data **data,
                       cop_error *err)
{
    return load_of("floatdata", options, component, data, err);
}

/* Opens it and asks what it is. */
static cop_status ask(const char *options, cop_error *err)
{
    cop_component *component = NULL;
    cop_instance instance = {0};
    cop_dataset_info info = {0};
    read_component("floatdata", options, &component, err);
    cop_status status = cop_data_open_instance(component, &instance, &info, err);
    cop_instance_close(&instance);
    cop_component_free(component);
    return status;
}

/* Sizes whose product is 0 in 64 bits, and what is beyond any data set. */
static void refuses_images_that_nothing_can_hold(void **state)
{
    (void)state;
    cop_error err = {0};
    assert_refused(
        ask("channels = 4; side = 1073741824;", &err), COP_FAILED, &err,
        "dataset \"floatdata\" describes images of 4 channels of 1073741824 x 1073741824 "
        "pixels: one may have at most 1073741824 bytes");
    assert_refused(ask("channels = 4; side = 2147483647;", &err), COP_FAILED, &err, "one may have");
    assert_refused(ask("channels = 4; side = 8193;", &err), COP_FAILED, &err, "one may have");
    assert_refused(ask("size = 9000000000000000000L;", &err), COP_FAILED, &err,
                   "has 9000000000000000000 training samples of 64 bytes: a split may have");
    assert_ok(ask("channels = 4; side = 8192;", &err), &err);
    assert_ok(ask("channels = 4; side = 2048; size = 1281167;", &err), &err); /* ImageNet */
}

static void refuses_what_is_out_of_range_with_its_sample(void **state)
{
    (void)state;
    static const struct {
        const char *options, *text;
    } cases[] = {
        {"flawed = 3; pixel = 255.0;",
         "dataset \"floatdata\": training sample 3 is 255 in channel 0, row 1, column 2; wanted 0 "
         "to 1"},
        {"flawed = 3; pixel = 1.0000002;", "training sample 3 is 1.00000024 in channel 0"},
        {"flawed = 0; pixel = -0.001;", "training sample 0 is -0.001"},
        {"flawed = 5; is_nan = true; in_test = true;", "test sample 5 is nan"},
        /* in the second piece that is read */
        {"size = 10050; flawed = 10003; pixel = 2.0;", "training sample 10003 is 2"},
        {"flawed = 2; label = 2; in_test = true;",
         "dataset \"floatdata\": test sample 2 has label 2, wanted 0 to 1"},
        {"flawed = 2; label = -1;", "training sample 2 has label -1, wanted 0 to 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_component *component = NULL;
        cop_loaded_data *data = NULL;
        cop_error err = {0};
        assert_refused(load(cases[i].options, &component, &data, &err), COP_FAILED, &err,
                       cases[i].text);
        assert_string_equal(err.file, "t.cfg");
        assert_int_equal(err.line, 2);
        assert_null(data);
        cop_component_free(component);
    }
}

static void takes_floats_from_zero_to_one(void **state)
{
    (void)state;
    static const char *const options[] = {"", "flawed = 1; pixel = 1.0;",
                                          "flawed = 1; pixel = 0.0;", "flawed = 1; pixel = -0.0;"};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        cop_component *component = NULL;
        cop_loaded_data *data = NULL;
        cop_error err = {0};
        assert_ok(load(options[i], &component, &data, &err), &err);
        assert_int_equal(data->train.count, 8);
        assert_int_equal(data->class_counts[0] + data->class_counts[1], 8);
        cop_loaded_data_free(data);
        cop_component_free(component);
    }
}

/* A path to nothing is the config's fault; a file that is there and is no such file, the data's. */
static void tells_a_wrong_path_from_a_wrong_file(void **state)
{
    (void)state;
    static const char *const plugins[] = {"cifar10", "cifar100", "mnist", "npy"};
    static const char *const files[][8] = {{"data_batch_1.bin", "data_batch_2.bin",
                                            "data_batch_3.bin", "data_batch_4.bin",
                                            "data_batch_5.bin", "test_batch.bin"},
                                           {"train.bin", "test.bin"},
                                           {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                            "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
                                           {"images.npy", "labels.npy"}};
    for (size_t i = 0; i < 4; i++) {
        char dir[256], options[900], path[300];
        make_temp_dir(dir, sizeof dir);
        if (strcmp(plugins[i], "npy") == 0)
            (void)snprintf(options, sizeof options,
                           "train_images = \"%s/images.npy\"; train_labels = \"%s/labels.npy\";",
                           dir, dir);
        else
            (void)snprintf(options, sizeof options, "path = \"%s\";", dir);
        for (int is_there = 0; is_there < 2; is_there++) {
            cop_component *component = NULL;
            cop_loaded_data *data = NULL;
            cop_error err = {0};
            cop_status status = load_of(plugins[i], options, &component, &data, &err);
            assert_refused(status, is_there ? COP_FAILED : COP_INVALID, &err, files[i][0]);
            assert_string_equal(err.file, "t.cfg");
            cop_component_free(component);
            for (size_t k = 0; files[i][k] != NULL; k++) {
                (void)snprintf(path, sizeof path, "%s/%s", dir, files[i][k]);
                assert_ok(cop_file_write(path, "garbage", 7, &err), &err);
            }
        }
        remove_tree(dir);
    }
}

/* Photos are looked at when they are read. */
static void a_photo_that_is_none_is_the_datas_fault(void **state)
{
    (void)state;
    static const char *const folders[] = {"train/a", "train/b", "test/a", "test/b"};
    char dir[256], options[400], path[400];
    cop_component *component = NULL;
    cop_loaded_data *data = NULL;
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    for (size_t i = 0; i < 4; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, folders[i]);
        assert_ok(cop_make_dirs(path, &err), &err);
        (void)snprintf(path, sizeof path, "%s/%s/1.jpg", dir, folders[i]);
        assert_ok(cop_file_write(path, "garbage", 7, &err), &err);
    }
    (void)snprintf(options, sizeof options, "path = \"%s\"; size = 16;", dir);
    cop_status status = load_of("imagefolder", options, &component, &data, &err);
    assert_refused(status, COP_FAILED, &err, "train/a/1.jpg");
    cop_component_free(component);
    remove_tree(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_out_of_range_with_its_sample),
        cmocka_unit_test(takes_floats_from_zero_to_one),
        cmocka_unit_test(refuses_images_that_nothing_can_hold),
        cmocka_unit_test(tells_a_wrong_path_from_a_wrong_file),
        cmocka_unit_test(a_photo_that_is_none_is_the_datas_fault),
    };
    return cmocka_run_group_tests(tests, open_fixtures, close_fixtures);
}
