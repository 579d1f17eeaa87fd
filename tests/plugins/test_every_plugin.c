/* Every plugin that is built loads, and its defaults make an instance. */
#include "nn/model.h"
#include "nn/task.h"
#include "plugin/component.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static const cop_task task = {.channels = 3, .height = 32, .width = 32, .classes = 10};

/* Makes and closes an instance of a component by its kind. A dataset may lack its files, or the
 * library that reads them. */
static void instantiate(const cop_component *c, cop_kind kind)
{
    cop_error err = {0};
    if (kind == COP_KIND_MODEL) {
        cop_model *model = NULL;
        assert_ok(cop_component_model(c, &task, &model, &err), &err);
        cop_model_free(model);
        return;
    }
    cop_instance instance;
    cop_status status =
        cop_instance_open(c, kind == COP_KIND_DATASET ? NULL : &task, &instance, &err);
    if (kind == COP_KIND_DATASET && status == COP_INVALID) {
        assert_non_null(strstr(err.message, "No such file"));
        return;
    }
    if (kind == COP_KIND_DATASET && status == COP_UNAVAILABLE) {
        assert_non_null(strstr(err.message, "built without"));
        return;
    }
    assert_ok(status, &err);
    cop_instance_close(&instance);
}

static void read_with_defaults(const cop_registry *r, const cop_registry_entry *entry)
{
    cop_error err = {0};
    char text[256];
    cop_component *c = NULL;
    config_t config;
    config_init(&config);
    (void)snprintf(text, sizeof text, "it = { plugin = \"%s\"; };", entry->plugin->id);
    assert_int_equal(config_read_string(&config, text), CONFIG_TRUE);
    assert_ok(cop_component_read(r, (cop_kind)entry->plugin->kind, config_lookup(&config, "it"),
                                 NULL, "here", NULL, &c, &err),
              &err);
    assert_non_null(strstr(cop_component_identity(c), entry->plugin->id));
    instantiate(c, (cop_kind)entry->plugin->kind);
    cop_component_free(c);
    config_destroy(&config);
}

static void all_load_with_their_defaults(void **state)
{
    (void)state;
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    cop_registry *r = NULL;
    assert_ok(cop_registry_search(dirs, 1, NULL, &r, &err), &err);
    for (size_t i = 0; i < cop_registry_refusal_count(r); i++)
        fail_msg("%s: %s", cop_registry_refusal_at(r, i)->path,
                 cop_registry_refusal_at(r, i)->reason);
    for (size_t i = 0; i < cop_registry_count(r); i++)
        read_with_defaults(r, cop_registry_at(r, i));
    cop_registry_free(r);
}

static void each_says_where_its_defaults_come_from(void **state)
{
    (void)state;
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    cop_registry *r = NULL;
    assert_ok(cop_registry_search(dirs, 1, NULL, &r, &err), &err);
    for (size_t i = 0; i < cop_registry_count(r); i++) {
        const cop_plugin *seen = cop_registry_at(r, i)->plugin;
        const cop_plugin *plugin = cop_registry_find(r, (cop_kind)seen->kind, seen->id)->plugin;
        if (plugin->defaults == NULL)
            fail_msg("%s \"%s\" does not say where its defaults come from: .defaults, and what it "
                     "does differently: .departures",
                     cop_kind_name((cop_kind)plugin->kind), plugin->id);
    }
    cop_registry_free(r);
}

static void the_expected_ones_are_there(void **state)
{
    (void)state;
    static const struct {
        cop_kind kind;
        const char *ids[12]; /* NULL-terminated */
    } wanted[] = {
        {COP_KIND_DATASET,
         {"cifar10", "cifar100", "imagefolder", "mnist", "npy", "shapes", "svhn"}},
        {COP_KIND_DISTILLER,
         {"dc", "dm", "dsa", "file", "herding", "idc", "kcenter", "kmeans", "mtt", "random"}},
        {COP_KIND_PRUNER, {"grasp", "imp", "magnitude", "random", "snip", "synflow"}},
        {COP_KIND_ANALYZER,
         {"distance", "hessian", "instability", "landscape", "lmc", "mask", "robustness"}},
        {COP_KIND_MODEL, {"alexnet", "convnet", "lenet5", "mlp", "resnet", "resnet_ap", "vgg"}},
    };
    size_t count = 0;
    const char *dirs[] = {COPPICE_TEST_BUILD_DIR "/plugins"};
    cop_error err = {0};
    cop_registry *r = NULL;
    assert_ok(cop_registry_search(dirs, 1, NULL, &r, &err), &err);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        for (size_t k = 0; wanted[i].ids[k] != NULL; k++, count++)
            if (cop_registry_find(r, wanted[i].kind, wanted[i].ids[k]) == NULL)
                fail_msg("%s '%s' is missing", cop_kind_name(wanted[i].kind), wanted[i].ids[k]);
    assert_int_equal(cop_registry_count(r), count); /* one that is new belongs into the list */
    cop_registry_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_load_with_their_defaults),
        cmocka_unit_test(each_says_where_its_defaults_come_from),
        cmocka_unit_test(the_expected_ones_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
