#include "models.h"

#include "store/formats/safetensors.h"

#include <coppice/plugin.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cop_plugin *load_plugin(const char *plugin)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/plugins/model-%s.so", COPPICE_TEST_BUILD_DIR, plugin);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* never closed, as in the host */
    if (handle == NULL)
        fail_msg("%s", dlerror());
    const cop_plugin *descriptor = dlsym(handle, COP_PLUGIN_SYMBOL);
    if (descriptor == NULL)
        fail_msg("%s exports no " COP_PLUGIN_SYMBOL, path);
    return descriptor;
}

static int32_t choice(const cop_option *option, const char *text)
{
    for (int32_t i = 0; option->choices[i] != NULL; i++)
        if (strcmp(option->choices[i], text) == 0)
            return i;
    fail_msg("option %s has no choice %s", option->name, text);
    return -1;
}

/* The numbers in "[300, 100]" or "300,100". */
static void set_list(test_model *m, void *field, const char *text)
{
    cop_int_list list = {0};
    free(m->items);
    m->items = calloc(strlen(text) + 1, sizeof *m->items);
    assert_non_null(m->items);
    for (const char *at = text + strspn(text, "[], "); *at != '\0'; at += strspn(at, "[], ")) {
        char *end = NULL;
        m->items[list.count++] = strtoll(at, &end, 10);
        if (end == at)
            fail_msg("\"%s\" is no list of numbers", text);
        at = end;
    }
    list.items = m->items;
    memcpy(field, &list, sizeof list);
}

static void set_option(test_model *m, const cop_option *option, const char *text)
{
    char *field = (char *)m->options + option->offset;
    switch (option->type) {
    case COP_OPTION_BOOL:
        *(bool *)field = strcmp(text, "true") == 0;
        break;
    case COP_OPTION_INT:
        *(int64_t *)field = strtoll(text, NULL, 10);
        break;
    case COP_OPTION_FLOAT:
        *(double *)field = strtod(text, NULL);
        break;
    case COP_OPTION_ENUM:
        *(int32_t *)field = choice(option, text);
        break;
    case COP_OPTION_INT_LIST:
        set_list(m, field, text);
        break;
    default:
        fail_msg("option %s has a type that tests do not fill", option->name);
    }
}

static void set_named(test_model *m, const cop_plugin *plugin, const char *word)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        fail_msg("the setting \"%s\" has no value", word);
    size_t length = (size_t)(equals - word);
    for (size_t i = 0; i < plugin->option_count; i++) {
        const cop_option *option = &plugin->options[i];
        if (strlen(option->name) == length && strncmp(option->name, word, length) == 0) {
            set_option(m, option, equals + 1);
            return;
        }
    }
    fail_msg("%s has no option for \"%s\"", plugin->id, word);
}

cop_status try_model(const char *plugin, const char *settings, const cop_task *task,
                     test_model *out, cop_error *err)
{
    const cop_plugin *descriptor = load_plugin(plugin);
    *out = (test_model){.options = calloc(1, descriptor->options_size)};
    assert_non_null(out->options);
    for (size_t i = 0; i < descriptor->option_count; i++)
        set_option(out, &descriptor->options[i], descriptor->options[i].def);
    char words[256];
    (void)snprintf(words, sizeof words, "%s", settings);
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        set_named(out, descriptor, word);
    return cop_model_open(descriptor->id, descriptor->ops, out->options, task, &out->model, err);
}

test_model open_model(const char *plugin, const char *settings, const cop_task *task)
{
    test_model m;
    cop_error err = {0};
    assert_ok(try_model(plugin, settings, task, &m, &err), &err);
    return m;
}

void close_model(test_model *m)
{
    cop_model_free(m->model);
    free(m->options);
    free(m->items);
    *m = (test_model){0};
}

cop_tensors *read_fixture(const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/fixtures/%s", COPPICE_TEST_SOURCE_DIR, name);
    cop_tensors *set = NULL;
    cop_error err = {0};
    assert_ok(cop_safetensors_read(path, &set, NULL, NULL, &err), &err);
    return set;
}

const cop_tensor *fixture_tensor(const cop_tensors *set, const char *prefix, const char *name)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s%s", prefix, name);
    const cop_tensor *tensor = cop_tensors_find(set, full);
    if (tensor == NULL)
        fail_msg("the fixture has no %s", full);
    return tensor;
}

double *fixture_values(const cop_tensors *set, const char *prefix, const char *name)
{
    const cop_tensor *tensor = fixture_tensor(set, prefix, name);
    int64_t count = cop_shape_count(tensor->shape);
    double *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++)
        values[i] = cop_tensor_value(tensor, i);
    return values;
}
