/* Reads batches of CIFAR-10 by its plugin: the input's first byte says how many bytes the file lacks
 * or has too many, the rest is its first records. */
#include "fuzz.h"

#include "plugin/component.h"
#include "plugin/options/setting.h"

#include <coppice/dataset.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIXELS = 3072, RECORD = 1 + PIXELS, FILE_SIZE = 10000 * RECORD, READ = 4 };

static cop_registry *registry;
static cop_component *component;
static int file = -1;
static char paths[2][128]; /* the one file, under both names */

static void close_all(void)
{
    cop_component_free(component);
    cop_registry_free(registry);
    for (int i = 0; i < 2; i++)
        (void)unlink(paths[i]);
}

static void open_component(void)
{
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    char text[256];
    config_t config;
    config_setting_t *group = NULL;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    (void)snprintf(text, sizeof text,
                   "{ plugin = \"cifar10\"; path = \"%s\"; train_size = 4; test_size = 4; }",
                   fuzz_folder());
    FUZZ_REQUIRE(cop_registry_search(dirs, 1, NULL, &registry, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_syntax_parse_value(text, &config, &group, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_component_read(registry, COP_KIND_DATASET, group, NULL, NULL, NULL, &component,
                                    NULL) == COP_OK);
    config_destroy(&config);
}

static void open_all(void)
{
    (void)snprintf(paths[0], sizeof paths[0], "%s/data_batch_1.bin", fuzz_folder());
    (void)snprintf(paths[1], sizeof paths[1], "%s/test_batch.bin", fuzz_folder());
    FUZZ_REQUIRE(atexit(close_all) == 0);
    file = open(paths[0], O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    FUZZ_REQUIRE(file >= 0 && link(paths[0], paths[1]) == 0);
    open_component();
}

/* The file is a hole behind what the input gives. */
static void fill(const uint8_t *data, size_t size)
{
    off_t odd = size > 0 ? (off_t)(int8_t)data[0] : 0;
    size_t given = size > 1 ? size - 1 : 0;
    given = given < FILE_SIZE - 256 ? given : FILE_SIZE - 256;
    FUZZ_REQUIRE(ftruncate(file, 0) == 0 && ftruncate(file, FILE_SIZE + odd) == 0);
    FUZZ_REQUIRE(given == 0 || pwrite(file, data + 1, given, 0) == (ssize_t)given);
}

static void read_records(const cop_instance *instance)
{
    const cop_dataset_ops *ops = instance->ops;
    uint8_t *pixels = malloc((size_t)READ * PIXELS);
    int32_t labels[READ];
    FUZZ_REQUIRE(pixels != NULL);
    if (ops->read(instance->self, COP_SPLIT_TRAIN, 0, READ, pixels, labels, NULL) == COP_OK) {
        fuzz_accept();
        for (int i = 0; i < READ; i++)
            FUZZ_REQUIRE(labels[i] >= 0 && labels[i] < 10);
    }
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cop_instance instance;
    if (component == NULL)
        open_all();
    fill(data, size);
    if (cop_instance_open(component, NULL, &instance, NULL) == COP_OK)
        read_records(&instance);
    cop_instance_close(&instance);
    return 0;
}
