/* test_sketches.c: the plugins of tests/sketches/ at work on the embedded dataset: each runs a few
 * steps by the public interfaces alone and does what its method says. */
#include "support.h"

#include "config/config.h"
#include "given.h"
#include "nn/model.h"
#include "study/data.h"
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
    assert_ok(cop_loaded_data_open(cell->dataset, NULL, &t->data, &err), &err);
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

/* The matching loss that step i records. */
static double loss_at(trial *t, int64_t i)
{
    const cop_work_ops *ops = t->instance.ops;
    cop_error err = {0};
    cop_work_enter_step(&t->work, i);
    assert_ok(ops->step(t->worker.self, &t->work, i, &err), &err);
    cop_work_release(&t->work, "step");
    double loss = cop_recorder_last(&t->work.recorder, "matching loss");
    assert_true(loss >= 0.0 && loss < 1e6);
    return loss;
}

/* A step is a function of the bag, its number and the random streams, so step 0 again, after the
 * others, is the same network, batches and draws: it must record a smaller loss than at first. */
static void check_that_the_loss_falls(trial *t, double share)
{
    const cop_work_ops *ops = t->instance.ops;
    cop_error err = {0};
    t->work.bag = cop_tensors_new();
    assert_ok(ops->begin(t->worker.self, &t->work, &err), &err);
    double first = loss_at(t, 0), last = first;
    for (int64_t i = 1; i < t->plan.steps; i++)
        (void)loss_at(t, i);
    last = loss_at(t, 0);
    if (!(last < share * first))
        fail_msg("the matching loss was %g and is %g, wanted less than %g of it", first, last,
                 share);
    cop_recorder_clear(&t->work.recorder);
    cop_tensors_free(t->work.bag);
    t->work.bag = NULL;
}

static void check_matching(const char *distill, double share)
{
    char groups[2048];
    (void)snprintf(groups, sizeof groups, "distill = { %s " MODEL " };\nticket = { " MODEL " };\n",
                   distill);
    trial t;
    open_trial(&t, COP_KIND_DISTILLER, groups);
    check_that_the_loss_falls(&t, share);
    close_trial(&t);
}

static void dc_brings_gradients_closer(void **unused)
{
    (void)unused;
    check_matching("plugin = \"dc\"; ipc = 2; iterations = 4; outer = 3; inner = 2;"
                   " batch_real = 16; lr = 1.0;",
                   0.95);
}

static void dsa_brings_gradients_closer_under_one_operation(void **unused)
{
    (void)unused;
    check_matching("plugin = \"dsa\"; ipc = 2; iterations = 8; outer = 2; inner = 2;"
                   " batch_real = 16; lr = 1.0;",
                   0.98);
}

static void dm_brings_mean_features_closer(void **unused)
{
    (void)unused;
    check_matching("plugin = \"dm\"; ipc = 2; iterations = 30; batch_real = 16; lr = 10.0;", 0.9);
}

/* An expert's states after 0, 1 and 2 epochs. */
static void train_expert(const trial *t, cop_tensors *snapshots[3])
{
    cop_error err = {0};
    cop_trainer *trainer = NULL;
    const cop_recipe *recipe = cop_recipe_named("sgd", &err);
    assert_non_null(recipe);
    const cop_trainer_spec spec = {COP_SIZED(cop_trainer_spec),
                                   .model = t->model,
                                   .data = &t->data->train,
                                   .recipe = recipe,
                                   .order_seed = 1,
                                   .augment_seed = 1,
                                   .threads = 1};
    assert_ok(cop_trainer_new(&spec, &trainer, &err), &err);
    assert_ok(cop_trainer_start(trainer, t->initial, 0, &err), &err);
    for (int e = 0; e < 3; e++) {
        snapshots[e] = cop_tensors_clone(cop_trainer_state(trainer));
        assert_ok(cop_trainer_run(trainer, cop_trainer_steps_per_epoch(trainer), NULL, &err), &err);
    }
    cop_trainer_free(trainer);
}

static void mtt_brings_the_student_closer_to_the_expert(void **unused)
{
    (void)unused;
    trial t;
    cop_tensors *snapshots[3];
    open_trial(
        &t, COP_KIND_DISTILLER,
        "distill = { plugin = \"mtt\"; ipc = 2; iterations = 12; student_steps = 4;"
        " experts = 1; max_start = 1; lr_pixels = 100.0; lr_lr = 0.0; lr_student = 0.02; " MODEL
        " };\nticket = { " MODEL " };\n");
    assert_int_equal(t.plan.training_count, 1);
    assert_int_equal(t.plan.trainings[0].snapshot_count, 3);
    train_expert(&t, snapshots);
    const cop_tensors *const expert[] = {snapshots[0], snapshots[1], snapshots[2]};
    const cop_tensors *const *const experts[] = {expert};
    static const size_t counts[] = {3};
    t.given.snapshots = experts;
    t.work.request_count = 1;
    t.work.snapshot_counts = counts;
    check_that_the_loss_falls(&t, 0.999);
    for (int e = 0; e < 3; e++)
        cop_tensors_free(snapshots[e]);
    close_trial(&t);
}

/* Every image of the set is a real one of its class, and none comes twice. */
static void herding_chooses_real_images_of_the_class(void **unused)
{
    (void)unused;
    trial t;
    cop_synthetic set;
    cop_error err = {0};
    open_trial(&t, COP_KIND_DISTILLER,
               "distill = { plugin = \"herding\"; ipc = 3; " MODEL " };\nticket = { " MODEL
               " };\n");
    const cop_tensors *const requested[] = {t.initial};
    t.given.requested = requested;
    t.work.request_count = 1;
    static const size_t none[] = {0};
    t.work.snapshot_counts = none;
    const cop_drive d = drive_of(&t);
    assert_ok(cop_drive_distiller(&d, t.instance.ops, &set, &err), &err);
    int64_t size = (int64_t)set.task.channels * set.task.height * set.task.width;
    float *image = calloc((size_t)size, sizeof *image);
    bool *taken = calloc((size_t)t.data->train.count, sizeof *taken);
    assert_non_null(image);
    assert_non_null(taken);
    assert_int_equal(set.count, 3 * set.task.classes);
    for (int64_t i = 0; i < set.count; i++) {
        int64_t found = -1;
        for (int64_t k = 0; k < t.data->train.count && found < 0; k++) {
            cop_samples_pixels(&t.data->train, k, image);
            if (!taken[k] && t.data->train.labels[k] == i / 3 &&
                memcmp(image, set.pixels + i * size, (size_t)size * sizeof *image) == 0)
                found = k;
        }
        assert_true(found >= 0);
        taken[found] = true;
    }
    free(image);
    free(taken);
    cop_synthetic_clear(&set);
    close_trial(&t);
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

/* A row for each point, on a grid about the copies' triangle, with a finite loss. */
static void landscape_tabulates_a_grid(void **unused)
{
    (void)unused;
    trial t;
    cop_tables *tables = NULL;
    cop_error err = {0};
    cop_tensors *copies[3];
    open_trial(&t, COP_KIND_ANALYZER,
               "ticket = { " MODEL " };\nanalyze = ( { plugin = \"landscape\"; grid = 4; } );\n");
    for (uint64_t i = 0; i < 3; i++)
        assert_ok(cop_model_initial_state(t.model, i, &copies[i], &err), &err);
    const cop_tensors *const three[] = {copies[0], copies[1], copies[2]};
    t.given.copies = three;
    t.work.copy_count = 3;
    const cop_drive d = drive_of(&t);
    assert_ok(cop_drive_analyzer(&d, t.instance.ops, &tables, &err), &err);
    const cop_table *plane = cop_tables_at(tables, 0);
    assert_int_equal(cop_table_row_count(plane), 16);
    assert_true(cop_table_at(plane, 0, 0).f < cop_table_at(plane, 3, 0).f);
    assert_true(cop_table_at(plane, 0, 1).f < cop_table_at(plane, 4, 1).f);
    for (size_t i = 0; i < 16; i++)
        assert_true(cop_table_at(plane, i, 2).f > 0.0 && cop_table_at(plane, i, 2).f < 1e6);
    cop_tables_free(tables);
    for (int i = 0; i < 3; i++)
        cop_tensors_free(copies[i]);
    close_trial(&t);
}

/* Whole studies: the host trains the experts and the feature network, and takes what they make. */
static void check_study(const char *groups)
{
    trial t;
    cop_study *study = NULL;
    cop_store *store = NULL;
    char path[4200];
    cop_error err = {0};
    load(&t, groups);
    (void)snprintf(path, sizeof path, "%s/out", t.dir);
    assert_ok(cop_study_new(t.config, NULL, &study, &err), &err);
    assert_ok(cop_store_open(path, &store, &err), &err);
    assert_ok(cop_study_run(study, store, NULL, NULL, &err), &err);
    cop_store_close(store);
    cop_study_free(study);
    unload(&t);
}

#define SHORT "recipe = { recipe = \"sgd\"; duration = \"1ep\"; };"

static void whole_studies_run_on_sketches(void **unused)
{
    (void)unused;
    check_study("distill = { plugin = \"mtt\"; ipc = 1; iterations = 2; student_steps = 2;"
                " experts = 2; max_start = 1; lr_pixels = 1.0;"
                " expert = { recipe = \"sgd\"; duration = \"2ep\"; }; " SHORT MODEL " };\n"
                "ticket = { " MODEL " phases = ( { pruner = { plugin = \"rigl\"; }; rounds = 2;"
                " rewind = \"none\"; data = \"distilled\"; } ); };\n"
                "analyze = ( { plugin = \"landscape\"; grid = 2; } );\n");
    check_study("distill = { plugin = \"herding\"; ipc = 2;"
                " training = { recipe = \"sgd\"; duration = \"1ep\"; }; " SHORT MODEL " };\n"
                "ticket = { " MODEL " phases = ( { pruner = { plugin = \"synflow\";"
                " iterations = 2; }; rounds = 1; data = \"distilled\"; } ); };\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dc_brings_gradients_closer),
        cmocka_unit_test(dsa_brings_gradients_closer_under_one_operation),
        cmocka_unit_test(dm_brings_mean_features_closer),
        cmocka_unit_test(mtt_brings_the_student_closer_to_the_expert),
        cmocka_unit_test(herding_chooses_real_images_of_the_class),
        cmocka_unit_test(rigl_brings_as_many_weights_back_as_it_drops),
        cmocka_unit_test(landscape_tabulates_a_grid),
        cmocka_unit_test(whole_studies_run_on_sketches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
