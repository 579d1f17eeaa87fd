/* dataset.c: files and plugins for the fuzz targets of datasets. */
#include "dataset.h"

#include "nn/dataset.h"
#include "plugin/component.h"
#include "plugin/options/setting.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_PATHS = 8, READ = 4, MOST_BYTES = 1 << 26 };

static cop_registry *registry;
static cop_component *component;
static char paths[MOST_PATHS][160];
static int path_count;

static void close_all(void)
{
    cop_component_free(component);
    cop_registry_free(registry);
    while (path_count > 0)
        (void)remove(paths[--path_count]);
}

/* The path of a name, which is remembered. */
static const char *path_of(const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    for (int i = 0; i < path_count; i++)
        if (strcmp(paths[i], path) == 0)
            return paths[i];
    FUZZ_REQUIRE(path_count < MOST_PATHS);
    if (path_count == 0)
        FUZZ_REQUIRE(atexit(close_all) == 0);
    memcpy(paths[path_count], path, sizeof path);
    return paths[path_count++];
}

void fuzz_put(const char *name, const uint8_t *data, size_t size)
{
    int file = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    FUZZ_REQUIRE(file >= 0 && write(file, data, size) == (ssize_t)size);
    (void)close(file);
}

static void open_component(const char *id, const char *settings)
{
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    char text[1024];
    config_t config;
    config_setting_t *group = NULL;
    (void)unsetenv("COPPICE_PLUGIN_PATH");
    (void)snprintf(text, sizeof text, "{ plugin = \"%s\"; %s }", id, settings);
    FUZZ_REQUIRE(cop_registry_search(dirs, 1, NULL, &registry, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_syntax_parse_value(text, &config, &group, NULL) == COP_OK);
    FUZZ_REQUIRE(cop_component_read(registry, COP_KIND_DATASET, group, NULL, NULL, NULL, &component,
                                    NULL) == COP_OK);
    config_destroy(&config);
}

/* Reads into memory that is just as large. */
static bool read_some(const cop_instance *instance, const cop_dataset_info *info)
{
    const cop_dataset_ops *ops = instance->ops;
    const cop_task *t = &info->task;
    int64_t all = info->count[COP_SPLIT_TRAIN], count = all < READ ? all : READ;
    size_t image = (size_t)t->channels * (size_t)t->height * (size_t)t->width *
                   (info->is_float ? sizeof(float) : 1);
    if ((size_t)count * image > MOST_BYTES)
        return false;
    void *pixels = malloc((size_t)count * image);
    int32_t *labels = malloc((size_t)count * sizeof *labels);
    FUZZ_REQUIRE(pixels != NULL && labels != NULL);
    bool is_read =
        ops->read(instance->self, COP_SPLIT_TRAIN, 0, count, pixels, labels, NULL) == COP_OK;
    for (int64_t i = 0; is_read && i < count; i++)
        FUZZ_REQUIRE(labels[i] >= 0 && labels[i] < t->classes);
    free(pixels);
    free(labels);
    return is_read;
}

bool fuzz_dataset(const char *id, const char *settings)
{
    cop_instance instance;
    cop_dataset_info info = {0};
    if (component == NULL)
        open_component(id, settings);
    bool is_read = cop_instance_open(component, NULL, &instance, NULL) == COP_OK;
    if (is_read) {
        const cop_dataset_ops *ops = instance.ops;
        is_read =
            ops->describe(instance.self, &info, NULL) == COP_OK && read_some(&instance, &info);
    }
    cop_instance_close(&instance);
    return is_read;
}
