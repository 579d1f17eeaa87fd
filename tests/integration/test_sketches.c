/* test_sketches.c: the plugins of tests/sketches/ at work on the embedded dataset: each runs a few
 * steps by the public interfaces alone and does what its method says. */
#include "support.h"

#include "config/config.h"
#include "given.h"
#include "nn/model.h"
#include "study/data/data.h"
#include "study/graph/graph.h"
#include "study/graph/plan.h"
#include "study/running/drive.h"
#include "study/running/runner.h"

#include <coppice/trainer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_WITH(norm)                                                                           \
    "model = { plugin = \"convnet\"; depth = 2; width = 4; norm = \"" norm "\"; };"
#define MODEL MODEL_WITH("instance")

/* A plugin at work by hand, its inputs a test's own. */
typedef struct trial {
    char dir[4096];
    cop_registry *registry;
    cop_config *config;
    cop_loaded_data *data;
    cop_model *model; /* the ticket's */
    cop_instance instance;
    cop_worker worker;
    cop_plan plan;
    cop_work work;
    given given;
    cop_tensors *mask, *initial;
} trial;

static void load(trial *t, const char *groups)
{
    static const char *const sketches[] = {COPPICE_TEST_BUILD_DIR "/tests/sketches"};
    char path[4200];
    cop_error err = {0};
    *t = (trial){0};
    make_temp_dir(t->dir, sizeof t->dir);
    (void)snprintf(path, sizeof path, "%s/config.cfg", t->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "study = { name = \"trial\"; seeds = [0]; copies = 3; threads = 1; };\n"
                        "dataset = { plugin = \"shapes\"; train_size = 160; test_size = 40; };\n"
                        "train = { recipe = \"sgd\"; duration = \"2ep\"; };\n%s",
                        groups) > 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(cop_registry_search(sketches, 1, NULL, &t->registry, &err), &err);
    assert_ok(cop_config_load(path, NULL, 0, t->registry, NULL, &t->config, &err), &err);
}

static void unload(trial *t)
{
    cop_config_free(t->config);
    cop_registry_free(t->registry);
    remove_tree(t->dir);
}

/* Plans it and makes the instance. */
static void open_trial(trial *t, cop_kind kind, const char *groups)
{
    cop_error err = {0};
    load(t, groups);
    const cop_cell *cell = &t->config->cells[0];
    const cop_component *c = kind == COP_KIND_DISTILLER ? cell->distill
                             : kind == COP_KIND_PRUNER  ? cell->phases[0].pruner
                                                        : cell->analyzers[0];
    assert_ok(cop_loaded_data_open(cell->dataset, NULL, NULL, &t->data, &err), &err);
    const cop_task *task = &t->data->info.task;
    assert_ok(cop_component_model(cell->model, task, &t->model, &err), &err);
    assert_ok(cop_model_initial_state(t->model, 3, &t->initial, &err), &err);
    assert_ok(cop_model_full_mask(t->model, &t->mask, &err), &err);
    assert_ok(cop_instance_open(c, task, &t->instance, &err), &err);
    t->plan = (cop_plan){.kind = kind,
                         .task = *task,
                         .model = kind == COP_KIND_DISTILLER ? NULL : t->model,
                         .copies = 3,
                         .train_count = t->data->train.count,
                         .test_count = t->data->test.count,
                         .class_counts = t->data->class_counts,
                         .weights_left = cop_mask_count(t->mask),
                         .rounds = 1};
    assert_ok(cop_plan_make("sketch", t->instance.ops, t->instance.options, &t->plan, &err), &err);
    assert_ok(cop_worker_open(&t->instance, task, &t->worker, &err), &err);
    t->given.mask = t->mask;
    t->given.initial = t->initial;
    t->work = (cop_work){.kind = kind,
                         .task = task,
                         .model = t->plan.model,
                         .train = &t->data->train,
                         .test = kind == COP_KIND_ANALYZER ? &t->data->test : NULL,
                         .seed = 5,
                         .threads = 1,
                         .rounds = 1,
                         .source = given_source(&t->given)};
}

static void close_trial(trial *t)
{
    cop_worker_close(&t->worker);
    cop_plan_clear(&t->plan);
    cop_instance_close(&t->instance);
    cop_tensors_free(t->mask);
    cop_tensors_free(t->initial);
    cop_model_free(t->model);
    cop_loaded_data_free(t->data);
    unload(t);
}

static cop_drive drive_of(trial *t)
{
    return (cop_drive){
        .what = "sketch", .self = t->worker.self, .work = &t->work, .steps = t->plan.steps};
}

static cop_tensors *prune(trial *t, const char *pruner)
{
    char groups[1024];
    cop_tensors *mask = NULL;
    cop_error err = {0};
    (void)snprintf(groups, sizeof groups,
                   "ticket = { " MODEL_WITH(
                       "batch") " phases = ( { pruner = { %s }; rounds = 1; data = \"real\";"
                                " } ); };\n",
                   pruner);
    open_trial(t, COP_KIND_PRUNER, groups);
    t->given.trained = t->initial;
    t->work.has_trained = t->plan.need_trained;
    cop_drive d = drive_of(t);
    d.promise = t->plan.promise;
    assert_ok(cop_drive_pruner(&d, t->instance.ops, t->mask, &mask, &err), &err);
    return mask;
}

/* The mask's ones that `before` does not have. */
static int64_t regrown(const cop_tensors *mask, const cop_tensors *before)
{
    int64_t count = 0;
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *now = cop_tensors_at(mask, i), *had = cop_tensors_at(before, i);
        for (int64_t k = 0; k < cop_shape_count(now->shape); k++)
            count += cop_f32(now)[k] > cop_f32(had)[k];
    }
    return count;
}

/* The first round leaves the density; the next one drops a share of it and brings as many back. */
static void rigl_brings_as_many_weights_back_as_it_drops(void **unused)
{
    (void)unused;
    trial t;
    cop_tensors *mask = NULL;
    cop_error err = {0};
    cop_tensors *first = prune(&t, "plugin = \"rigl\"; density = 0.4; drop = 0.3;");
    int64_t all = cop_model_prunable_count(t.model), left = cop_mask_count(first);
    assert_int_equal(left, (int64_t)(0.4 * (double)all + 0.5));
    t.given.mask = first;
    t.given.trained = t.initial;
    t.plan.weights_left = left;
    assert_ok(cop_plan_make("sketch", t.instance.ops, t.instance.options, &t.plan, &err), &err);
    cop_drive d = drive_of(&t);
    d.promise = t.plan.promise;
    assert_true(d.promise.regrows && d.promise.left == left);
    assert_ok(cop_drive_pruner(&d, t.instance.ops, first, &mask, &err), &err);
    assert_int_equal(cop_mask_count(mask), left);
    int64_t back = regrown(mask, first);
    assert_true(back > 0 && back <= (int64_t)(0.3 * (double)left + 0.5));
    cop_tensors_free(mask);
    cop_tensors_free(first);
    close_trial(&t);
}

/* Whole studies: the host runs them as it runs every plugin, and takes what they make. */
static void check_study(const char *groups)
{
    trial t;
    cop_study *study = NULL;
    cop_store *store = NULL;
    char path[4200];
    cop_error err = {0};
    load(&t, groups);
    (void)snprintf(path, sizeof path, "%s/out", t.dir);
    assert_ok(cop_study_new(t.config, NULL, false, NULL, &study, &err), &err);
    assert_ok(cop_store_open(path, &store, &err), &err);
    assert_ok(cop_study_run(study, store, NULL, NULL, &err), &err);
    cop_store_close(store);
    cop_study_free(study);
    unload(&t);
}

static void whole_studies_run_on_sketches(void **unused)
{
    (void)unused;
    check_study("distill = { plugin = \"random\"; ipc = 2;"
                " recipe = { recipe = \"sgd\"; duration = \"1ep\"; }; };\n"
                "ticket = { " MODEL " phases = ( { pruner = { plugin = \"rigl\"; }; rounds = 2;"
                " rewind = \"none\"; data = \"distilled\"; } ); };\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rigl_brings_as_many_weights_back_as_it_drops),
        cmocka_unit_test(whole_studies_run_on_sketches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
