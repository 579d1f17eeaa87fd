/* test_study.c: what a study promises: the same bits again, nothing computed twice, tickets that
 * rewind to where they should, and a run that goes on where it was stopped. On a tiny network and
 * the embedded dataset, in this process. */
#include "support.h"

#include "core/damage.h"
#include "core/file.h"
#include "core/log.h"
#include "store/formats/artifact_json.h"
#include "study/graph/graph.h"
#include "study/graph/record.h"
#include "study/running/runner.h"

#include <coppice/trainer.h>

#include <cjson/cJSON.h>
#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH 4096

/* A config, its study and a store in a fresh directory. */
typedef struct bench {
    char dir[PATH];
    cop_registry *registry;
    cop_config *config;
    cop_study *study;
    cop_store *store;
} bench;

static const char *const base_config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 2; threads = 2; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 160; test_size = 80; };\n"
    "distill = { plugin = \"random\"; ipc = 2; factor = 2;"
    "            recipe = { recipe = \"idc\"; duration = \"3ep\"; }; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
    "           phases = ( { pruner = { plugin = \"imp\"; rate = 0.2; }; rounds = 2;\n"
    "                        data = \"distilled\"; rewind = \"init\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"2ep\"; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

/* Every kind of stage with checkpoints of its own: IDC with its networks, trainings that take and
 * go on from a snapshot in the middle of an epoch, and both analyzers. */
static const char *const resume_config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 96; test_size = 40; };\n"
    "distill = { plugin = \"idc\"; ipc = 1; factor = 2; iterations = 2; inner = 2;"
    "            net_images = 32; batch_real = 8;"
    "            model = { plugin = \"convnet\"; depth = 1; width = 4; };"
    "            recipe = { recipe = \"idc\"; duration = \"3ep\"; }; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
    "           phases = ( { pruner = { plugin = \"imp\"; rate = 0.2; }; rounds = 1;\n"
    "                        data = \"distilled\"; rewind = \"init\"; },\n"
    "                      { pruner = { plugin = \"imp\"; rate = 0.2; }; rounds = 1;\n"
    "                        data = \"real\"; rewind = \"4it\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"2ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; },"
    "            { plugin = \"hessian\"; probes = 2; samples = 32; } );\n";

/* Everything but the study and the store. */
static void bench_load(bench *b, const char *text, const char *const *overrides, size_t count)
{
    cop_error err = {0};
    char path[PATH + 32];
    memset(b, 0, sizeof *b);
    make_temp_dir(b->dir, sizeof b->dir);
    (void)snprintf(path, sizeof path, "%s/config.cfg", b->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(cop_registry_open(NULL, 0, &b->registry, &err), &err);
    assert_ok(cop_config_load(path, overrides, count, b->registry, NULL, &b->config, &err), &err);
}

static void bench_open(bench *b, const char *text, const char *const *overrides, size_t count)
{
    cop_error err = {0};
    char path[PATH + 32];
    bench_load(b, text, overrides, count);
    assert_ok(cop_study_new(b->config, NULL, &b->study, &err), &err);
    (void)snprintf(path, sizeof path, "%s/out", b->dir);
    assert_ok(cop_store_open(path, &b->store, &err), &err);
}

static void bench_close(bench *b)
{
    cop_store_close(b->store);
    cop_study_free(b->study);
    cop_config_free(b->config);
    cop_registry_free(b->registry);
    remove_tree(b->dir);
}

static void bench_run(bench *b)
{
    cop_error err = {0};
    assert_ok(cop_study_run(b->study, b->store, NULL, NULL, &err), &err);
}

/* Runs at most `limit` steps; gives how many were run. */
static int64_t run_at_most(const bench *b, int64_t limit, double save_seconds, cop_status wanted)
{
    cop_error err = {0};
    int64_t left = limit;
    cop_runner r = {
        .study = b->study, .store = b->store, .save_seconds = save_seconds, .steps_left = &left};
    cop_status status = cop_run_stages(&r, &err);
    if (status != wanted)
        fail_msg("after %lld of %lld steps: status %d: %s", (long long)(limit - left),
                 (long long)limit, (int)status, err.message);
    return limit - left;
}

/* The files and checksums of an artifact, which its manifest lists. */
static void manifest_of(const bench *b, const cop_stage *stage, cop_manifest **out)
{
    cop_error err = {0};
    char path[PATH];
    cop_store_path(b->store, &stage->id, "artifact.json", path, sizeof path);
    assert_ok(cop_manifest_read(path, out, &err), &err);
}

/* Every stage of both studies has the same identity and, file for file, the same content. */
static void assert_same_results(const bench *a, const bench *b)
{
    assert_int_equal(a->study->stage_count, b->study->stage_count);
    for (size_t i = 0; i < a->study->stage_count; i++) {
        const cop_stage *x = &a->study->stages[i], *y = &b->study->stages[i];
        cop_manifest *left = NULL, *right = NULL;
        assert_string_equal(x->identity, y->identity);
        manifest_of(a, x, &left);
        manifest_of(b, y, &right);
        assert_int_equal(cop_manifest_file_count(left), cop_manifest_file_count(right));
        for (size_t k = 0; k < cop_manifest_file_count(left); k++) {
            const char *file = cop_manifest_file(left, k);
            const char *checksum = cop_manifest_checksum(right, file);
            assert_non_null(checksum);
            if (strcmp(cop_manifest_checksum(left, file), checksum) != 0)
                fail_msg("%s: %s differs", x->title, file);
        }
        cop_manifest_free(left);
        cop_manifest_free(right);
    }
}

static void the_same_config_gives_the_same_bits(void **state)
{
    (void)state;
    bench a, b;
    bench_open(&a, base_config, NULL, 0);
    bench_open(&b, base_config, NULL, 0);
    bench_run(&a);
    bench_run(&b);
    assert_same_results(&a, &b);
    bench_close(&a);
    bench_close(&b);
}

static const cop_ticket *ticket_at(const bench *b, int64_t round)
{
    for (size_t i = 0; i < b->study->ticket_count; i++) {
        if (b->study->tickets[i].round == round)
            return &b->study->tickets[i];
    }
    fail_msg("no ticket of round %lld", (long long)round);
    return NULL;
}

static cop_tensors *mask_of(const bench *b, const cop_ticket *ticket)
{
    cop_error err = {0};
    cop_tensors *mask = NULL;
    cop_runner r = {.study = b->study, .store = b->store};
    assert_ok(cop_load_mask(&r, &b->study->opened[0], ticket->mask, &mask, &err), &err);
    return mask;
}

static cop_tensors *start_of(const bench *b, const cop_ticket *ticket, const cop_tensors *mask)
{
    cop_error err = {0};
    cop_tensors *start = NULL;
    cop_runner r = {.study = b->study, .store = b->store};
    assert_ok(cop_load_start(&r, &ticket->start, b->study->opened[0].model, mask, &start, &err),
              &err);
    return start;
}

static void rounds_take_a_fifth_and_masks_nest(void **state)
{
    (void)state;
    bench b;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    cop_tensors *before = mask_of(&b, ticket_at(&b, 0));
    for (int64_t round = 1; round <= 2; round++) {
        cop_tensors *after = mask_of(&b, ticket_at(&b, round));
        int64_t left = cop_mask_count(before);
        assert_int_equal(cop_mask_count(after), left - llround(0.2 * (double)left));
        for (size_t i = 0; i < cop_tensors_count(before); i++) {
            const cop_tensor *x = cop_tensors_at(before, i), *y = cop_tensors_at(after, i);
            for (int64_t k = 0; k < cop_shape_count(x->shape); k++)
                assert_true(cop_f32(y)[k] <= cop_f32(x)[k]);
        }
        cop_tensors_free(before);
        before = after;
    }
    cop_tensors_free(before);
    bench_close(&b);
}

/* Asserts that tensor `name` of `state` is `reference`'s times the mask, bit for bit. */
static void assert_rewound(const cop_tensor *tensor, const cop_tensors *reference,
                           const cop_tensors *mask)
{
    const float *wanted = cop_f32(cop_tensors_find(reference, tensor->name));
    const cop_tensor *keep = cop_tensors_find(mask, tensor->name);
    for (int64_t k = 0; k < cop_shape_count(tensor->shape); k++) {
        float value = keep != NULL && cop_f32(keep)[k] == 0.0f ? 0.0f : wanted[k];
        assert_memory_equal(&cop_f32(tensor)[k], &value, sizeof value);
    }
}

static void a_full_rewind_is_bit_equal_to_initialisation(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    cop_tensors *initial = NULL;
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    assert_ok(cop_model_initial_state(b.study->opened[0].model, 0, &initial, &err), &err);
    cop_tensors *mask = mask_of(&b, ticket_at(&b, 2));
    cop_tensors *start = start_of(&b, ticket_at(&b, 2), mask);
    for (size_t i = 0; i < cop_tensors_count(start); i++)
        assert_rewound(cop_tensors_at(start, i), initial, mask);
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(initial);
    bench_close(&b);
}

static void a_rewind_of_weights_keeps_the_rest_as_trained(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind_tensors=\"weights\""};
    bench b;
    cop_error err = {0};
    cop_tensors *initial = NULL, *trained = NULL;
    bench_open(&b, base_config, overrides, 1);
    bench_run(&b);
    const cop_ticket *ticket = ticket_at(&b, 1);
    cop_runner r = {.study = b.study, .store = b.store};
    assert_ok(cop_model_initial_state(b.study->opened[0].model, 0, &initial, &err), &err);
    assert_ok(cop_load_final(&r, b.study->stages[ticket->mask].work.trained, &trained, &err), &err);
    cop_tensors *mask = mask_of(&b, ticket);
    cop_tensors *start = start_of(&b, ticket, mask);
    size_t weights = 0, others = 0;
    for (size_t i = 0; i < cop_model_parameter_count(b.study->opened[0].model); i++) {
        const cop_parameter *p = cop_model_parameter(b.study->opened[0].model, i);
        bool is_weight = p->role == COP_ROLE_CONV_WEIGHT || p->role == COP_ROLE_LINEAR_WEIGHT;
        assert_rewound(cop_tensors_find(start, p->name), is_weight ? initial : trained, mask);
        *(is_weight ? &weights : &others) += 1;
    }
    assert_true(weights == 3 && others > 3);
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(trained);
    cop_tensors_free(initial);
    bench_close(&b);
}

static void a_rewind_to_a_step_starts_from_that_snapshot(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind=\"4it\"",
                                            "ticket.phases.[0].data=\"real\""};
    bench b;
    cop_error err = {0};
    cop_tensors *snapshot = NULL;
    bench_open(&b, base_config, overrides, 2);
    bench_run(&b);
    const cop_ticket *ticket = ticket_at(&b, 2);
    cop_runner r = {.study = b.study, .store = b.store};
    assert_ok(
        cop_load_snapshot(&r, ticket->start.base, (cop_duration){COP_STEPS, 4}, &snapshot, &err),
        &err);
    cop_tensors *mask = mask_of(&b, ticket);
    cop_tensors *start = start_of(&b, ticket, mask);
    assert_int_equal(cop_i64(cop_tensors_find(start, "step"))[0], 4);
    for (size_t i = 0; i < cop_model_parameter_count(b.study->opened[0].model); i++) {
        const char *name = cop_model_parameter(b.study->opened[0].model, i)->name;
        assert_rewound(cop_tensors_find(start, name), snapshot, mask);
    }
    cop_tensors_free(start);
    cop_tensors_free(mask);
    cop_tensors_free(snapshot);
    bench_close(&b);
}

/* A copy of the last ticket, trained here by hand: from the snapshot's weights under the mask, at
 * its step in data order and schedule, with a new optimiser's momentum or with the snapshot's. */
static void train_by_hand(const bench *b, bool keeps_momentum, cop_trainer **out)
{
    cop_error err = {0};
    const cop_opened *o = &b->study->opened[0];
    const cop_ticket *ticket = ticket_at(b, 2);
    const cop_training_stage *copy = &b->study->stages[ticket->copies[1]].train;
    cop_tensors *mask = mask_of(b, ticket), *start = start_of(b, ticket, mask);
    const cop_trainer_spec spec = {.model = o->model,
                                   .data = &o->data->train,
                                   .recipe = &copy->recipe,
                                   .mask = mask,
                                   .order_seed = copy->order_seed,
                                   .augment_seed = copy->augment_seed,
                                   .threads = 2};
    assert_ok(cop_trainer_new(&spec, out, &err), &err);
    assert_ok(cop_trainer_start(*out, start, 4, &err), &err);
    for (size_t i = 0; keeps_momentum && i < cop_model_parameter_count(o->model); i++) {
        const char *name = cop_model_parameter(o->model, i)->name;
        char momentum[128];
        (void)snprintf(momentum, sizeof momentum, "momentum/%s", name);
        const cop_tensor *from = cop_tensors_find(start, momentum);
        const cop_tensor *to = cop_tensors_find(cop_trainer_state(*out), momentum);
        const cop_tensor *keep = cop_tensors_find(mask, name);
        for (int64_t k = 0; k < cop_shape_count(from->shape); k++)
            cop_f32(to)[k] = cop_f32(from)[k] * (keep != NULL ? cop_f32(keep)[k] : 1.0f);
    }
    assert_ok(cop_trainer_run(*out, cop_trainer_total_steps(*out) - 4, NULL, &err), &err);
    cop_tensors_free(start);
    cop_tensors_free(mask);
}

/* Frankle et al. start a new optimiser at the rewind step; schedule, order and end go on from it,
 * also where only the weights go back. */
static void schedule_goes_on_from_the_rewind_step_with_a_new_optimiser(void **state)
{
    (void)state;
    static const struct {
        const char *option;
        bool keeps_momentum;
    } cases[] = {{"ticket.phases.[0].rewind_momentum=false", false},
                 {"ticket.phases.[0].rewind_momentum=true", true},
                 {"ticket.phases.[0].rewind_tensors=\"weights\"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const overrides[] = {"ticket.phases.[0].rewind=\"4it\"",
                                         "ticket.phases.[0].data=\"real\"", cases[i].option};
        bench b;
        cop_error err = {0};
        cop_trainer *trainer = NULL;
        cop_tensors *trained = NULL;
        bench_open(&b, base_config, overrides, 3);
        bench_run(&b);
        cop_runner r = {.study = b.study, .store = b.store};
        assert_ok(cop_load_final(&r, ticket_at(&b, 2)->copies[1], &trained, &err), &err);
        train_by_hand(&b, cases[i].keeps_momentum, &trainer);
        for (size_t k = 0; k < cop_tensors_count(trained); k++) {
            const cop_tensor *got = cop_tensors_at(trained, k);
            const cop_tensor *wanted = cop_tensors_find(cop_trainer_state(trainer), got->name);
            assert_memory_equal(got->data, wanted->data,
                                (size_t)cop_shape_count(got->shape) * sizeof(float));
        }
        cop_trainer_free(trainer);
        cop_tensors_free(trained);
        bench_close(&b);
    }
}

static void a_schedule_does_not_cross_to_other_data(void **state)
{
    (void)state;
    static const char *const overrides[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 2; data = \"distilled\";"
        "rewind = \"1it\"; }, { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"real\";"
        "rewind = \"1it\"; } )"};
    bench b;
    bench_open(&b, base_config, overrides, 1);
    const cop_stage *stages = b.study->stages;
    const cop_training_stage *second = &stages[stages[ticket_at(&b, 2)->mask].work.trained].train;
    const cop_training_stage *third = &stages[stages[ticket_at(&b, 3)->mask].work.trained].train;
    assert_true(second->start.go_on); /* distilled data, from a distilled snapshot */
    assert_false(third->start.go_on); /* real data, from that snapshot still */
    assert_int_equal(third->distil, COP_NO_STAGE);
    assert_int_not_equal(third->start.base, COP_NO_STAGE);
    bench_close(&b);
}

static const struct {
    const char *data, *rewind;
    const char *text; /* NULL: fine */
} rewinds[] = {
    {"real", "1000it", "rewind \"1000it\" is past the end of the training (1000 of 6 steps)"},
    {"real", "7it", "rewind \"7it\" is past the end of the training (7 of 6 steps)"},
    {"real", "3ep", "rewind \"3ep\" is past the end of the training (9 of 6 steps)"},
    {"real", "6it", NULL},
    {"real", "2ep", NULL},
    {"distilled", "4it", "rewind \"4it\" is past the end of the training (4 of 3 steps)"},
    {"distilled", "3it", NULL},
};

static void a_rewind_past_the_end_is_refused_before_anything_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rewinds / sizeof rewinds[0]; i++) {
        char stage[256];
        (void)snprintf(
            stage, sizeof stage,
            "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"%s\";"
            " rewind = \"%s\"; } )",
            rewinds[i].data, rewinds[i].rewind);
        const char *const overrides[] = {stage};
        bench b;
        cop_error err = {0};
        bench_load(&b, resume_config, overrides, 1);
        cop_status status = cop_study_new(b.config, NULL, &b.study, &err);
        if (rewinds[i].text == NULL)
            assert_ok(status, &err);
        else
            assert_refused(status, COP_INVALID, &err, rewinds[i].text);
        bench_close(&b);
    }
}

/* The random distiller does not say how many images its set will have. */
/* Where a distiller does not state its set's size beforehand, the training itself finds out. */
static void a_snapshot_past_the_end_is_refused_before_training(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rewind=\"2it\""};
    bench b;
    cop_error err = {0};
    size_t changed = 0;
    bench_open(&b, base_config, overrides, 1);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        cop_training_stage *train = &b.study->stages[i].train;
        for (size_t k = 0; k < train->snapshot_count; k++, changed++)
            train->snapshots[k].value = 1000;
    }
    assert_int_equal(changed, 1);
    assert_refused(cop_study_run(b.study, b.store, NULL, NULL, &err), COP_INVALID, &err,
                   "a snapshot is wanted at step 1000 of");
    bench_close(&b);
}

/* The loss of the only step is that of the initialisation; its update is what breaks the network.
 */
static const struct {
    const char *train, *text;
} divergences[] = {
    {"train={ recipe = \"sgd\"; duration = \"1it\"; lr = 1e300; }",
     "\" is not finite after step 1 (lr 1e+300)"},
    {"train={ recipe = \"sgd\"; duration = \"1it\"; lr = 1e30; }",
     "the test loss is not finite after step 1 (lr 1e+30)"},
};

static void a_diverged_network_is_not_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof divergences / sizeof divergences[0]; i++) {
        const char *const overrides[] = {divergences[i].train, "ticket.phases=()"};
        bench b;
        cop_error err = {0};
        bench_open(&b, base_config, overrides, 2);
        const cop_stage *copy = &b.study->stages[ticket_at(&b, 0)->copies[0]];
        cop_status status = cop_study_run(b.study, b.store, NULL, NULL, &err);
        assert_refused(status, COP_FAILED, &err, "the network diverged: ");
        assert_refused(status, COP_FAILED, &err, divergences[i].text);
        assert_false(cop_store_has(b.store, &copy->id));
        bench_close(&b);
    }
}

/* Runs a study with one cell that diverges; it is the second of three. */
static void run_with_a_failing_cell(bench *b, cop_error *err)
{
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"train.lr\"; values = [0.1, 1e30, 0.01]; } );\n",
                   base_config);
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\""};
    bench_open(b, text, overrides, 1);
    assert_int_equal(cop_study_run(b->study, b->store, NULL, NULL, err), COP_FAILED);
}

static void what_does_not_depend_on_a_failed_stage_runs(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    size_t failed = 0;
    run_with_a_failing_cell(&b, &err);
    assert_true(cop_study_failed(b.study));
    for (size_t i = 0; i < b.study->stage_count; i++) {
        const cop_stage *stage = &b.study->stages[i];
        bool is_bad = stage->opened == &b.study->opened[1];
        assert_int_equal(cop_store_has(b.store, &stage->id), !is_bad);
        assert_int_equal(stage->failure != NULL, is_bad);
        failed += is_bad ? 1 : 0;
        if (is_bad)
            assert_non_null(strstr(stage->failure, "[1e+30, seed 0]: "));
    }
    /* two copies of each of three tickets, two trainings for masks, two masks, three analyses */
    assert_int_equal(failed, 6 + 2 + 2 + 3);
    assert_non_null(strstr(err.message, "13 of 39 stages have no result: train"));
    bench_close(&b);
}

static void the_record_says_why_a_stage_has_no_result(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char path[PATH + 32], *text = NULL;
    run_with_a_failing_cell(&b, &err);
    (void)snprintf(path, sizeof path, "%s/study.json", cop_store_dir(b.store));
    assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
    cJSON *record = cJSON_Parse(text);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(record, "failed"), *entry = NULL;
    assert_int_equal(cJSON_GetArraySize(list), 13);
    cJSON_ArrayForEach(entry, list)
    {
        const cJSON *reason = cJSON_GetObjectItemCaseSensitive(entry, "reason");
        assert_non_null(strstr(cJSON_GetStringValue(reason), "[1e+30, seed 0]: "));
        assert_non_null(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "stage")));
    }
    cJSON_Delete(record);
    free(text);
    bench_close(&b);
}

static size_t count_kind(const bench *b, cop_stage_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < b->study->stage_count; i++)
        count += b->study->stages[i].kind == kind ? 1 : 0;
    return count;
}

/* The training that chose a ticket's mask. */
static int32_t chose_mask(const bench *b, int64_t round)
{
    return b->study->stages[ticket_at(b, round)->mask].work.trained;
}

static void no_copy_depends_on_how_its_mask_was_found(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\""};
    bench b;
    bench_open(&b, base_config, overrides, 1);
    /* dense, round 1, round 2, two copies each, and a training for each of the two masks */
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 6 + 2);
    assert_int_equal(count_kind(&b, COP_STAGE_DISTIL), 0);
    for (int64_t round = 1; round <= 2; round++) {
        const cop_training_stage *chose = &b.study->stages[chose_mask(&b, round)].train;
        for (int64_t of = 0; of <= 2; of++) {
            for (size_t c = 0; c < 2; c++) {
                const cop_training_stage *copy =
                    &b.study->stages[ticket_at(&b, of)->copies[c]].train;
                assert_true(copy->order_seed != chose->order_seed);
                assert_true(copy->augment_seed != chose->augment_seed);
            }
        }
    }
    bench_close(&b);
}

static void a_mask_can_be_chosen_by_the_first_copy(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].data=\"real\"",
                                            "ticket.phases.[0].noise=\"copy\""};
    bench b;
    bench_open(&b, base_config, overrides, 2);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 6);
    assert_int_equal(chose_mask(&b, 1), ticket_at(&b, 0)->copies[0]);
    assert_int_equal(chose_mask(&b, 2), ticket_at(&b, 1)->copies[0]);
    bench_close(&b);
}

/* Enough stages that the table of them grows several times; each cell has one of its own. */
static void many_settings_are_each_laid_out_once(void **state)
{
    (void)state;
    char text[4096], values[512] = "";
    for (int i = 0; i < 40; i++)
        (void)snprintf(values + strlen(values), sizeof values - strlen(values), "%s%d",
                       i > 0 ? ", " : "", 3 + i);
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"analyze.[0].alphas\"; values = [%s]; } );\n",
                   base_config, values);
    bench b;
    bench_open(&b, text, NULL, 0);
    assert_int_equal(b.study->config->cell_count, 40);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 8);
    assert_int_equal(count_kind(&b, COP_STAGE_ANALYZE), 3 * 40);
    for (size_t i = 0; i < b.study->stage_count; i++) {
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(b.study->stages[i].id.hash, b.study->stages[k].id.hash);
    }
    bench_close(&b);
}

static void settings_share_what_they_have_in_common(void **state)
{
    (void)state;
    char text[4096];
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"analyze.[0].alphas\"; values = [3, 5]; } );\n",
                   base_config);
    bench b;
    bench_open(&b, text, NULL, 0);
    assert_int_equal(b.study->config->cell_count, 2);
    assert_int_equal(count_kind(&b, COP_STAGE_DISTIL), 1);
    assert_int_equal(count_kind(&b, COP_STAGE_MASK), 2);
    assert_int_equal(count_kind(&b, COP_STAGE_TRAIN), 8); /* 6 copies, 2 on the distilled set */
    assert_int_equal(count_kind(&b, COP_STAGE_ANALYZE), 6);
    bench_close(&b);
}

static void bench_plan(const bench *b, char *text, size_t size)
{
    cop_error err = {0};
    FILE *out = fmemopen(text, size, "w");
    assert_non_null(out);
    assert_ok(cop_study_print_plan(b->study, b->store, out, &err), &err);
    assert_int_equal(fclose(out), 0);
}

/* Asserts that the plan counts so many trainings, and so many of them done. */
static void assert_planned(const bench *b, int count, int done)
{
    char plan[4096], line[80];
    bench_plan(b, plan, sizeof plan);
    (void)snprintf(line, sizeof line, "  train    %7d %7d ", count, done);
    if (strstr(plan, line) == NULL)
        fail_msg("wanted \"%s\" in\n%s", line, plan);
}

static void studies_on_one_directory_keep_each_others_snapshots(void **state)
{
    (void)state;
    static const char *const early[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; rewind = \"1it\"; } )",
        "analyze=()"};
    static const char *const late[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; rewind = \"4it\"; } )",
        "analyze=()"};
    bench a, b;
    cop_error err = {0};
    char path[PATH + 32];
    bench_open(&a, resume_config, early, 2);
    bench_open(&b, resume_config, late, 2);
    cop_store_close(b.store);
    (void)snprintf(path, sizeof path, "%s/out", a.dir);
    assert_ok(cop_store_open(path, &b.store, &err), &err);
    bench_run(&a);
    /* The dense network's two copies are there; the training to rewind to lacks a snapshot. */
    int trainings = (int)count_kind(&b, COP_STAGE_TRAIN);
    assert_planned(&a, trainings, trainings);
    assert_planned(&b, trainings, 2);
    bench_run(&b);
    assert_planned(&b, trainings, trainings);
    assert_planned(&a, trainings, trainings);
    assert_int_equal(run_at_most(&a, 0, 1e9, COP_OK), 0);
    bench_close(&a);
    bench_close(&b);
}

/* Writes the study's record and gives what was logged. */
static void record(const bench *b, const cop_store *store, char *text, size_t size)
{
    cop_error err = {0};
    FILE *to = fmemopen(text, size, "w");
    cop_logger *log = to != NULL ? cop_logger_new(to, COP_LOG_INFO, false) : NULL;
    assert_non_null(log);
    assert_ok(cop_study_write_manifest(b->study, store, log, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(to), 0);
}

static void another_study_in_the_directory_is_said(void **state)
{
    (void)state;
    static const char *const other[] = {"study.name=\"other\""};
    bench a, b;
    char text[1024] = "";
    bench_open(&a, base_config, NULL, 0);
    bench_open(&b, base_config, other, 1);
    record(&a, a.store, text, sizeof text);
    assert_string_equal(text, "");
    record(&a, a.store, text, sizeof text);
    assert_string_equal(text, "");
    record(&b, a.store, text, sizeof text);
    assert_non_null(strstr(text, "study \"tiny\" and is now of \"other\""));
    bench_close(&a);
    bench_close(&b);
}

/* An override, and whether it must give the named stage another identity. */
static const struct {
    const char *override;
    cop_stage_kind kind;
    bool changes;
} identity_cases[] = {
    {"seeds={ order = 9; }", COP_STAGE_DISTIL, false},
    {"seeds={ distill = 9; }", COP_STAGE_DISTIL, true},
    {"seeds={ order = 9; }", COP_STAGE_TRAIN, true},
    {"seeds={ analyze = 9; }", COP_STAGE_TRAIN, false},
    {"seeds={ analyze = 9; }", COP_STAGE_ANALYZE, true},
    {"seeds={ prune = 9; }", COP_STAGE_MASK, true},
    {"study.threads=1", COP_STAGE_TRAIN, true},
    {"study.name=\"other\"", COP_STAGE_TRAIN, false},
    {"dataset.train_size=150", COP_STAGE_TRAIN, true},
    {"train.lr=0.02", COP_STAGE_TRAIN, false}, /* the first one is on distilled data */
    {"distill.ipc=3", COP_STAGE_TRAIN, true}};

static const char *first_identity(const bench *b, cop_stage_kind kind)
{
    for (size_t i = 0; i < b->study->stage_count; i++) {
        if (b->study->stages[i].kind == kind)
            return b->study->stages[i].id.hash;
    }
    return "none";
}

static void identities_hold_what_matters_and_nothing_else(void **state)
{
    (void)state;
    bench plain;
    bench_open(&plain, base_config, NULL, 0);
    for (size_t i = 0; i < sizeof identity_cases / sizeof identity_cases[0]; i++) {
        bench changed;
        bench_open(&changed, base_config, &identity_cases[i].override, 1);
        bool same = strcmp(first_identity(&plain, identity_cases[i].kind),
                           first_identity(&changed, identity_cases[i].kind)) == 0;
        if (same == identity_cases[i].changes)
            fail_msg("%s: identity of kind %d %s", identity_cases[i].override,
                     (int)identity_cases[i].kind, same ? "stayed" : "changed");
        bench_close(&changed);
    }
    bench_close(&plain);
}

static void a_stopped_run_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    bench whole, cut;
    cop_error err = {0};
    static const volatile sig_atomic_t stop = 1;
    bench_open(&whole, base_config, NULL, 0);
    bench_open(&cut, base_config, NULL, 0);
    bench_run(&whole);
    /* A raised flag stops every stage before its first step, with its state saved. */
    assert_int_equal(cop_study_run(cut.study, cut.store, &stop, NULL, &err), COP_CANCELLED);
    bench_run(&cut);
    assert_same_results(&whole, &cut);
    bench_close(&whole);
    bench_close(&cut);
}

/* Puts a checkpoint's step behind the end of its training. */
static size_t spoil_checkpoints(const bench *b)
{
    size_t spoiled = 0;
    for (size_t i = 0; i < b->study->stage_count; i++) {
        const cop_stage *stage = &b->study->stages[i];
        cop_error err = {0};
        cop_tensors *bag = NULL;
        int64_t step = 0;
        double seconds = 0.0;
        assert_ok(cop_checkpoint_load(b->store, &stage->id, NULL, &bag, &step, &seconds, &err),
                  &err);
        if (bag == NULL)
            continue;
        assert_ok(cop_checkpoint_save(b->store, &stage->id, bag, step + 1000, seconds, &err), &err);
        cop_tensors_free(bag);
        spoiled++;
    }
    return spoiled;
}

static void a_run_cut_anywhere_goes_on_with_the_same_bits(void **state)
{
    (void)state;
    bench whole;
    bench_open(&whole, resume_config, NULL, 0);
    int64_t total = run_at_most(&whole, INT64_MAX, 1e9, COP_OK);
    assert_true(total > 40);
    for (int64_t cut_at = 1; cut_at < total; cut_at++) {
        /* Every other one with a checkpoint after each step too. */
        double save_seconds = cut_at % 2 == 0 ? 0.0 : 1e9;
        bench cut;
        bench_open(&cut, resume_config, NULL, 0);
        assert_int_equal(run_at_most(&cut, cut_at, save_seconds, COP_CANCELLED), cut_at);
        /* No step is done twice, so this did go on from the checkpoint. */
        assert_int_equal(run_at_most(&cut, INT64_MAX, 1e9, COP_OK), total - cut_at);
        assert_same_results(&whole, &cut);
        bench_close(&cut);
    }
    bench_close(&whole);
}

static void a_checkpoint_past_the_end_starts_over(void **state)
{
    (void)state;
    bench whole, cut;
    bench_open(&whole, resume_config, NULL, 0);
    bench_open(&cut, resume_config, NULL, 0);
    int64_t total = run_at_most(&whole, INT64_MAX, 1e9, COP_OK);
    int64_t distilling = whole.study->stages[0].work.steps;
    (void)run_at_most(&cut, distilling + 2, 1e9, COP_CANCELLED); /* in the first training */
    assert_int_equal(spoil_checkpoints(&cut), 1);
    assert_int_equal(run_at_most(&cut, INT64_MAX, 1e9, COP_OK), total - distilling);
    assert_same_results(&whole, &cut);
    bench_close(&whole);
    bench_close(&cut);
}

/* What is not what it should be. */

/* The first stage is made without complaint and never reads back. */
static size_t first_runs;
static cop_status run_in_vain(cop_runner *r, const cop_stage *stage, cop_error *err)
{
    if (stage == &r->study->stages[0]) {
        first_runs++;
        return COP_OK;
    }
    r->damaged = 0;
    return cop_fail(err, COP_DAMAGED, "is no set");
}

static void what_cannot_be_read_back_is_made_again_once(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    bench_open(&b, base_config, NULL, 0);
    cop_runner r = {.study = b.study, .store = b.store};
    first_runs = 0;
    cop_status status = cop_run_whole(&r, &b.study->stages[1], run_in_vain, &err);
    assert_refused(status, COP_FAILED, &err, "was just made and cannot be read back: is no set");
    assert_int_equal(first_runs, 1);
    bench_close(&b);
}

/* On distilled data copies on real data do not go on from the snapshot, so that they, and all that
 * follows from them, are the same whether its momentum is kept. */
static void what_momentum_does_not_change_keeps_its_identity(void **state)
{
    (void)state;
    static const char *const plain[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"distilled\";"
        "rewind = \"1it\"; } )"};
    static const char *const kept[] = {
        "ticket.phases=( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"distilled\";"
        "rewind = \"1it\"; rewind_momentum = true; } )"};
    bench a, b;
    bench_open(&a, base_config, plain, 1);
    bench_open(&b, base_config, kept, 1);
    assert_int_equal(a.study->stage_count, b.study->stage_count);
    for (size_t i = 0; i < a.study->stage_count; i++)
        assert_string_equal(a.study->stages[i].identity, b.study->stages[i].identity);
    bench_close(&a);
    bench_close(&b);
}

/* Runs share a directory where they lay out the same stages: config, data and plugins. */
static void a_plan_is_told_from_another_one(void **state)
{
    (void)state;
    static const char *const more[] = {"dataset.train_size=150"};
    bench a, b, c;
    bench_open(&a, base_config, NULL, 0);
    bench_open(&b, base_config, NULL, 0);
    bench_open(&c, base_config, more, 1);
    char *one = cop_study_plan_text(a.study), *same = cop_study_plan_text(b.study);
    char *other = cop_study_plan_text(c.study);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    for (size_t i = 0; i < a.study->stage_count; i++)
        assert_non_null(strstr(one, a.study->stages[i].id.hash));
    free(one);
    free(same);
    free(other);
    bench_close(&a);
    bench_close(&b);
    bench_close(&c);
}

static void a_damaged_artifact_is_named(void **state)
{
    (void)state;
    bench b;
    cop_error err = {0};
    char path[PATH];
    bench_open(&b, base_config, NULL, 0);
    bench_run(&b);
    const cop_stage *copy = &b.study->stages[ticket_at(&b, 1)->copies[0]];
    cop_store_path(b.store, &copy->id, "state.safetensors", path, sizeof path);
    assert_int_equal(truncate(path, 100), 0);
    cop_runner r = {.study = b.study, .store = b.store};
    cop_tensors *none = NULL;
    cop_status status = cop_load_final(&r, ticket_at(&b, 1)->copies[0], &none, &err);
    assert_refused(status, COP_DAMAGED, &err, "is damaged");
    assert_string_equal(err.file, path);
    assert_int_equal(r.damaged, ticket_at(&b, 1)->copies[0]);
    bench_close(&b);
}

/* Runs the study again; gives what was said. The caller's, to free. */
static char *run_and_listen(const bench *b)
{
    cop_error err = {0};
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    cop_logger *log = cop_logger_new(stream, COP_LOG_WARNING, false);
    assert_non_null(log);
    assert_ok(cop_study_run(b->study, b->store, NULL, log, &err), &err);
    cop_logger_free(log);
    assert_int_equal(fclose(stream), 0);
    return text;
}

static void folder_of(const bench *b, const cop_stage *stage, char *path)
{
    cop_store_path(b->store, &stage->id, "", path, PATH);
}

static void exchange_two_trainings(const bench *b)
{
    char one[PATH], other[PATH], between[PATH + 16];
    folder_of(b, &b->study->stages[ticket_at(b, 1)->copies[0]], one);
    folder_of(b, &b->study->stages[ticket_at(b, 1)->copies[1]], other);
    (void)snprintf(between, sizeof between, "%s/between", b->dir);
    assert_int_equal(rename(one, between), 0);
    assert_int_equal(rename(other, one), 0);
    assert_int_equal(rename(between, other), 0);
}

static void write_into(const bench *b, int32_t stage, const char *file, const char *text)
{
    char path[PATH];
    cop_error err = {0};
    cop_store_path(b->store, &b->study->stages[stage].id, file, path, sizeof path);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

static void break_the_manifest(const bench *b)
{
    write_into(b, ticket_at(b, 1)->mask, "artifact.json", "{\"kind\": \"mask\"");
}

static void cut_a_table(const bench *b)
{
    write_into(b, ticket_at(b, 1)->analyses[0], "tables.json", "[]");
}

static void lose_a_file(const bench *b)
{
    char path[PATH];
    cop_store_path(b->store, &b->study->stages[ticket_at(b, 0)->copies[0]].id, "history.csv", path,
                   sizeof path);
    assert_int_equal(unlink(path), 0);
}

static void put_a_file_in_a_folders_place(const bench *b)
{
    char path[PATH];
    cop_error err = {0};
    folder_of(b, &b->study->stages[ticket_at(b, 1)->mask], path);
    remove_tree(path);
    assert_ok(cop_file_write(path, "x", 1, &err), &err);
}

static const struct {
    void (*harm)(const bench *b);
    const char *said;
    int again; /* stages that are computed again */
} harms[] = {
    {exchange_two_trainings, "is not this artifact but train-", 2},
    {break_the_manifest, "artifact.json: is not JSON, or was cut short", 1},
    {cut_a_table, "tables.json: is damaged: 2 bytes, recorded ", 1},
    {lose_a_file, "history.csv: is missing", 1},
    {put_a_file_in_a_folders_place, "is not a directory", 1},
};

static int occurrences(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void a_run_sets_aside_what_is_not_its_own_and_computes_it_again(void **state)
{
    (void)state;
    static const char *const overrides[] = {"ticket.phases.[0].rounds=1", "dataset.train_size=80",
                                            "dataset.test_size=40"};
    bench whole, b;
    bench_open(&whole, base_config, overrides, 3);
    bench_run(&whole);
    bench_open(&b, base_config, overrides, 3);
    bench_run(&b);
    for (size_t i = 0; i < sizeof harms / sizeof harms[0]; i++) {
        harms[i].harm(&b);
        char *said = run_and_listen(&b);
        if (occurrences(said, harms[i].said) != harms[i].again ||
            occurrences(said, " is computed again: ") != harms[i].again ||
            occurrences(said, "; set aside as ") != harms[i].again ||
            occurrences(said, "\n") != harms[i].again)
            fail_msg("harm %zu: %s", i, said);
        free(said);
        assert_same_results(&whole, &b);
        said = run_and_listen(&b);
        assert_string_equal(said, "");
        free(said);
    }
    bench_close(&b);
    bench_close(&whole);
}

/* A flipped bit in a large file, which is only looked at when a stage reads it. */
static void damage_that_a_stage_finds_is_computed_again_first(void **state)
{
    (void)state;
    /* A network large enough for its state not to be a small file. */
    static const char *const overrides[] = {
        "ticket.phases.[0].rounds=1", "dataset.train_size=80", "dataset.test_size=40",
        "train.duration=\"1ep\"", "ticket.model={ plugin = \"convnet\"; depth = 1; width = 110; }"};
    bench whole, b;
    bench_open(&whole, base_config, overrides, 5);
    bench_run(&whole);
    bench_open(&b, base_config, overrides, 5);
    bench_run(&b);
    char path[PATH];
    const cop_stage *copy = &b.study->stages[ticket_at(&b, 1)->copies[0]];
    cop_store_path(b.store, &copy->id, "state.safetensors", path, sizeof path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    assert_true(ftell(file) > 1 << 20);
    assert_int_equal(fseek(file, -100, SEEK_END), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -100, SEEK_END), 0);
    assert_true(fputc(byte ^ 1, file) != EOF);
    assert_int_equal(fclose(file), 0);
    folder_of(&b, &b.study->stages[ticket_at(&b, 1)->analyses[0]], path);
    remove_tree(path);
    char *said = run_and_listen(&b);
    if (strstr(said, copy->title) == NULL || strstr(said, " is computed again: ") == NULL ||
        strstr(said, "is damaged: checksum ") == NULL || occurrences(said, "\n") != 1)
        fail_msg("%s", said);
    free(said);
    assert_same_results(&whole, &b);
    bench_close(&b);
    bench_close(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_config_gives_the_same_bits),
        cmocka_unit_test(rounds_take_a_fifth_and_masks_nest),
        cmocka_unit_test(a_full_rewind_is_bit_equal_to_initialisation),
        cmocka_unit_test(a_rewind_of_weights_keeps_the_rest_as_trained),
        cmocka_unit_test(a_rewind_to_a_step_starts_from_that_snapshot),
        cmocka_unit_test(schedule_goes_on_from_the_rewind_step_with_a_new_optimiser),
        cmocka_unit_test(a_schedule_does_not_cross_to_other_data),
        cmocka_unit_test(a_rewind_past_the_end_is_refused_before_anything_runs),
        cmocka_unit_test(a_snapshot_past_the_end_is_refused_before_training),
        cmocka_unit_test(a_diverged_network_is_not_published),
        cmocka_unit_test(what_does_not_depend_on_a_failed_stage_runs),
        cmocka_unit_test(the_record_says_why_a_stage_has_no_result),
        cmocka_unit_test(no_copy_depends_on_how_its_mask_was_found),
        cmocka_unit_test(a_mask_can_be_chosen_by_the_first_copy),
        cmocka_unit_test(many_settings_are_each_laid_out_once),
        cmocka_unit_test(settings_share_what_they_have_in_common),
        cmocka_unit_test(studies_on_one_directory_keep_each_others_snapshots),
        cmocka_unit_test(another_study_in_the_directory_is_said),
        cmocka_unit_test(identities_hold_what_matters_and_nothing_else),
        cmocka_unit_test(a_stopped_run_goes_on_with_the_same_bits),
        cmocka_unit_test(a_run_cut_anywhere_goes_on_with_the_same_bits),
        cmocka_unit_test(a_checkpoint_past_the_end_starts_over),
        cmocka_unit_test(a_damaged_artifact_is_named),
        cmocka_unit_test(what_cannot_be_read_back_is_made_again_once),
        cmocka_unit_test(what_momentum_does_not_change_keeps_its_identity),
        cmocka_unit_test(a_plan_is_told_from_another_one),
        cmocka_unit_test(a_run_sets_aside_what_is_not_its_own_and_computes_it_again),
        cmocka_unit_test(damage_that_a_stage_finds_is_computed_again_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
