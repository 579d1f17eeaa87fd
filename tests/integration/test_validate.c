/* `coppice validate`: the plugins of this tree keep the contract, and each broken one is caught. */
#include "command.h"
#include "store/formats/safetensors.h"
#include "support.h"
#include "validate/ticket.h"
#include "validate/validate.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLUGINS  COPPICE_TEST_BUILD_DIR "/plugins/"
#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins/"

#define DATA COPPICE_TEST_SOURCE_DIR "/tests/fixtures/"

#define SMALL_MODEL "model={ plugin = \"convnet\"; depth = 1; width = 4; norm = \"instance\"; }"

static void validate(const char *const *words, int wanted)
{
    char dir[128];
    make_temp_dir(dir, sizeof dir);
    assert_ends(dir, start_command(dir, words), wanted);
    remove_tree(dir);
}

static void expect_sound(const char *file)
{
    validate(WORDS("validate", file), 0);
}

/* Seconds that each check may take, also on a busy machine; and where one never ends. */
#define LIMIT      "60"
#define HANG_LIMIT "10"

/* Fails unless just that check is a finding whose text has that part, beside others perhaps. */
static void expect_finding_within(const char *limit, const char *file, const char *set,
                                  const char *check, const char *part)
{
    char dir[128];
    make_temp_dir(dir, sizeof dir);
    assert_ends(dir,
                start_command(dir, WORDS("validate", file, "--json", "--limit", limit,
                                         set != NULL ? "--set" : NULL, set)),
                1);
    char *text = read_text(dir, "out");
    cJSON *root = cJSON_Parse(text), *one = NULL;
    bool found = false;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(root, "checks"))
    {
        const char *verdict = cJSON_GetStringValue(cJSON_GetObjectItem(one, "verdict"));
        if (strcmp(verdict, "finding") != 0)
            continue;
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "check"));
        const char *happened = cJSON_GetStringValue(cJSON_GetObjectItem(one, "happened"));
        found = found || (strcmp(name, check) == 0 && strstr(happened, part) != NULL);
    }
    if (!found)
        fail_msg("%s: no finding \"%s\" with \"%s\":\n%s", file, check, part, text);
    cJSON_Delete(root);
    free(text);
    remove_tree(dir);
}

static void expect_finding_with(const char *file, const char *set, const char *check,
                                const char *part)
{
    expect_finding_within(LIMIT, file, set, check, part);
}

static void expect_finding(const char *file, const char *check, const char *part)
{
    expect_finding_within(LIMIT, file, NULL, check, part);
}

static void expect_hang(const char *file, const char *check, const char *part)
{
    expect_finding_within(HANG_LIMIT, file, NULL, check, part);
}

static void finds_nothing_in_the_pruners(void **state)
{
    (void)state;
    expect_sound(PLUGINS "pruner-imp.so");
    expect_sound(PLUGINS "pruner-random.so");
    validate(WORDS("validate", PLUGINS "pruner-random.so", "--set", "distribution=erk"), 0);
    expect_sound(PLUGINS "pruner-magnitude.so");
    expect_sound(PLUGINS "pruner-snip.so");
    expect_sound(PLUGINS "pruner-grasp.so");
    validate(WORDS("validate", PLUGINS "pruner-synflow.so", "--set", "iterations=3"), 0);
    expect_sound(FIXTURES "rewires.so");
    validate(WORDS("validate", FIXTURES "states_left.so", "--set", "off=0"), 0);
}

static void finds_nothing_in_the_models(void **state)
{
    (void)state;
    validate(WORDS("validate", PLUGINS "model-convnet.so", "--set", "width=16"), 0);
    validate(WORDS("validate", PLUGINS "model-resnet.so", "--set", "depth=8", "--set", "width=8"),
             0);
    validate(WORDS("validate", PLUGINS "model-resnet_ap.so", "--set", "width=4"), 0);
    validate(WORDS("validate", PLUGINS "model-vgg.so", "--set", "width=2"), 0);
    validate(WORDS("validate", PLUGINS "model-vgg.so", "--set", "width=2", "--set", "head=imagenet",
                   "--set", "hidden=8"),
             0);
    validate(WORDS("validate", PLUGINS "model-alexnet.so", "--set", "width=8"), 0);
    expect_sound(PLUGINS "model-mlp.so");
    expect_sound(PLUGINS "model-lenet5.so");
    expect_sound(FIXTURES "toymodel.so");
}

/* A model that the usual images are too small for is checked on larger ones, not passed over. */
static void checks_the_gradient_of_a_model_for_larger_images(void **state)
{
    (void)state;
    char dir[128];
    make_temp_dir(dir, sizeof dir);
    assert_ends(dir, start_command(dir, WORDS("validate", PLUGINS "model-lenet5.so", "--json")), 0);
    char *text = read_text(dir, "out");
    cJSON *root = cJSON_Parse(text), *one = NULL;
    bool found = false;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(root, "checks"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(one, "check"));
        const char *verdict = cJSON_GetStringValue(cJSON_GetObjectItem(one, "verdict"));
        found = found || (strcmp(name, "gradients equal finite differences") == 0 &&
                          strcmp(verdict, "ok") == 0);
    }
    if (!found)
        fail_msg("no gradient was checked:\n%s", text);
    cJSON_Delete(root);
    free(text);
    remove_tree(dir);
}

/* Data that is not here is no finding. */
static void finds_nothing_in_the_datasets(void **state)
{
    (void)state;
    expect_sound(PLUGINS "dataset-shapes.so");
    expect_sound(PLUGINS "dataset-cifar10.so");
    expect_sound(PLUGINS "dataset-cifar100.so");
    expect_sound(PLUGINS "dataset-imagefolder.so");
    expect_sound(PLUGINS "dataset-mnist.so");
    validate(WORDS("validate", PLUGINS "dataset-npy.so", "--set",
                   "train_images=" DATA "npy/nhwc-u1.npy", "--set",
                   "train_labels=" DATA "npy/labels-u1.npy"),
             0);
    validate(WORDS("validate", PLUGINS "dataset-svhn.so", "--set", "path=" DATA "svhn"), 0);
    expect_sound(FIXTURES "toydata.so");
}

/* Three images of the small study that a work is run in, and their labels. */
static void a_set_of_a_file_is_checked_whole(void **state)
{
    (void)state;
    char dir[128], path[160];
    cop_error err = {0};
    const cop_task *task = cop_ticket_task();
    cop_tensors *set = cop_tensors_new();
    cop_tensor *images = NULL, *labels = NULL;
    make_temp_dir(dir, sizeof dir);
    assert_ok(cop_tensors_add(set, "images", COP_F32,
                              cop_shape4(3, task->channels, task->height, task->width), &images,
                              &err),
              &err);
    assert_ok(cop_tensors_add(set, "labels", COP_I64, cop_shape1(3), &labels, &err), &err);
    for (int64_t k = 0; k < cop_shape_count(images->shape); k++)
        cop_f32(images)[k] = (float)(k % 17) / 16.0f;
    for (int64_t i = 0; i < 3; i++)
        cop_i64(labels)[i] = i % task->classes;
    (void)snprintf(path, sizeof path, "path=%s/set.safetensors", dir);
    assert_ok(cop_safetensors_write(path + strlen("path="), set, NULL, 0, &err), &err);
    cop_tensors_free(set);
    assert_ends(dir,
                start_command(dir, WORDS("validate", PLUGINS "distiller-file.so", "--set", path,
                                         "--set", "space=unit", "--set", "recipe=sgd")),
                0);
    assert_contains(dir, "out", "runs to its end");
    remove_tree(dir);
}

static void finds_nothing_in_the_distillers(void **state)
{
    (void)state;
    expect_sound(PLUGINS "distiller-random.so");
    expect_sound(PLUGINS "distiller-file.so"); /* without a set: what needs one is skipped */
    validate(WORDS("validate", PLUGINS "distiller-idc.so", "--set", "iterations=2", "--set",
                   "inner=1", "--set", "net_images=16", "--set",
                   "model={ plugin = \"convnet\"; depth = 2; width = 8; }"),
             0);
    for (size_t i = 0; i < 2; i++)
        validate(WORDS("validate", i == 0 ? PLUGINS "distiller-dc.so" : PLUGINS "distiller-dsa.so",
                       "--set", "ipc=2", "--set", "iterations=2", "--set", "outer=2", "--set",
                       "inner=1", "--set", SMALL_MODEL),
                 0);
    validate(WORDS("validate", PLUGINS "distiller-dm.so", "--set", "ipc=2", "--set", "iterations=2",
                   "--set", SMALL_MODEL),
             0);
    validate(WORDS("validate", PLUGINS "distiller-mtt.so", "--set", "ipc=1", "--set",
                   "iterations=2", "--set", "experts=2", "--set", "student_steps=2", "--set",
                   "expert_epochs=1", "--set", "max_start=1", "--set", "lr=1", "--set",
                   SMALL_MODEL),
             0);
}

static void finds_nothing_in_the_distillers_that_select(void **state)
{
    (void)state;
    static const char *const files[] = {PLUGINS "distiller-herding.so",
                                        PLUGINS "distiller-kcenter.so",
                                        PLUGINS "distiller-kmeans.so"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        validate(WORDS("validate", files[i], "--set", "ipc=2", "--set", SMALL_MODEL), 0);
}

static void finds_nothing_in_the_analyzers(void **state)
{
    (void)state;
    expect_sound(PLUGINS "analyzer-lmc.so");
    expect_sound(PLUGINS "analyzer-instability.so");
    expect_sound(PLUGINS "analyzer-mask.so");
    expect_sound(PLUGINS "analyzer-distance.so");
    validate(WORDS("validate", PLUGINS "analyzer-landscape.so", "--set", "grid=3"), 0);
    validate(WORDS("validate", PLUGINS "analyzer-robustness.so", "--set", "severities=[3]"), 0);
    validate(WORDS("validate", PLUGINS "analyzer-hessian.so", "--set", "probes=4"), 0);
}

static void finds_each_broken_promise_of_a_work(void **state)
{
    (void)state;
    expect_finding(FIXTURES "plans_impurely.so", "plan is pure", "the second 2");
    expect_finding(FIXTURES "expects_impurely.so", "plan is pure", "something else than the first");
    expect_finding(FIXTURES "counts_calls.so", "the same seed gives the same bits", "another");
    expect_finding(FIXTURES "judges_impurely.so", "judge is pure", "other verdicts");
    expect_finding(FIXTURES "unread_judgement.so", "what is read for judging is judged by",
                   "'threshold' is a judgement, and there is no judge");
    expect_finding(FIXTURES "keeps_in_instance.so", "a restored bag gives the same bits", "step 1");
    expect_finding(FIXTURES "records_from_instance.so", "a restored bag gives the same bits",
                   "recorded other numbers");
    expect_finding(FIXTURES "records_too_late.so", "runs to its end",
                   "was recorded outside of a step");
    expect_finding(FIXTURES "names_tensor_badly.so", "runs to its end",
                   "a tensor of its results is called \"__metadata__\"");
    expect_finding(FIXTURES "tensors_by_chance.so", "the same seed gives the same bits",
                   "another result");
    expect_finding(FIXTURES "writes_into_mask.so", "inputs stay as they are", "other bits");
    expect_finding(FIXTURES "regrows.so", "the mask is as planned", "brings the removed weight");
    expect_finding(FIXTURES "states_left.so", "the mask is as planned", "plan states");
    expect_finding(FIXTURES "writes_file.so", "writes no files", "notes.txt");
}

static void finds_what_is_written_outside_of_tensors(void **state)
{
    (void)state;
    static const char check[] = "writes nothing outside its tensors";
    expect_finding(FIXTURES "writes_past_mask.so", check, "finish wrote to byte 1 behind '");
    expect_finding(FIXTURES "writes_before_bag.so", check, "step wrote to byte 8 before 'sum'");
    expect_finding(FIXTURES "writes_past_pixels.so", check, "read wrote to byte 1 behind 'pixels'");
}

/* Wherever the file is; and it is not written. */
static void finds_files_that_are_written_elsewhere(void **state)
{
    (void)state;
#if !defined(__x86_64__)
    skip();
#endif
    static const char file[] = FIXTURES "writes_elsewhere.so", check[] = "writes no files";
    expect_finding_with(file, "way=open", check, "finish: openat /tmp/coppice-fixture-writes");
    expect_finding_with(file, "way=creat", check, "creat /tmp/coppice-fixture-writes-elsewhere");
    expect_finding_with(file, "way=rename", check, "rename /tmp/coppice-fixture-writes-elsewhere");
    expect_finding_with(file, "way=unlink", check, "unlink /tmp/coppice-fixture-writes-elsewhere");
    expect_finding_with(file, "way=program", check, "execve /bin/true");
    assert_int_not_equal(access("/tmp/coppice-fixture-writes-elsewhere", F_OK), 0);
}

static void finds_steps_that_depend_on_how_many_there_are(void **state)
{
    (void)state;
    static const char check[] = "steps do not depend on how many there are";
    expect_finding(FIXTURES "depends_on_length.so", check,
                   "after step 4 of 8 the bag is another than after step 4 of 4");
    /* Also of a work that is too long to be run to its end. */
    expect_finding_with(FIXTURES "depends_on_length.so", "iterations=100", check,
                        "after step 4 of 200 the bag is another than after step 4 of 100");
}

static void finds_memory_that_each_run_leaves_behind(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    expect_finding(FIXTURES "leaks.so", "memory is given back", "bytes behind");
}

static void finds_crashes_exits_and_hangs(void **state)
{
    (void)state;
    expect_finding(FIXTURES "aborts_in_step.so", "runs to its end", "signal 6");
    expect_finding(FIXTURES "crashes_in_step.so", "runs to its end", "signal 11");
    expect_finding(FIXTURES "exits_in_step.so", "runs to its end", "ended the process");
    expect_hang(FIXTURES "endless_step.so", "runs to its end", "did not return within 10 s");
}

static size_t findings_in(const char *file)
{
    cop_error err = {0};
    size_t findings = 0;
    FILE *out = tmpfile();
    assert_non_null(out);
    const cop_validate_spec spec = {.path = file, .seconds = 10, .out = out};
    assert_ok(cop_validate(&spec, &findings, &err), &err);
    (void)fclose(out);
    return findings;
}

static void leaves_the_host_able_to_check_a_good_one(void **state)
{
    (void)state;
    static const char *const broken[] = {FIXTURES "crashes_in_step.so", FIXTURES "exits_in_step.so",
                                         FIXTURES "endless_step.so", FIXTURES "counts_calls.so",
                                         FIXTURES "crashes.so"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_true(findings_in(broken[i]) > 0);
        assert_int_equal(findings_in(FIXTURES "toymodel.so"), 0);
    }
}

static void finds_what_the_host_refuses_to_load(void **state)
{
    (void)state;
    /* By the name that it was given, whatever the host calls it meanwhile. */
    expect_finding(FIXTURES "unresolved.so", "the descriptor is sound",
                   FIXTURES "unresolved.so: undefined symbol");
    static const char *const refused[] = {
        "bad_id",        "default_outside", "duplicate_option", "empty_id",
        "long_ops",      "major_too_new",   "minor_too_new",    "no_symbol",
        "null_callback", "null_ops",        "older_major",      "short_ops",
        "unknown_kind",  "unresolved",      "wrong_interface",  "wrong_magic",
        "crashes",       "exits",           "wrong_option_size"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char file[512];
        (void)snprintf(file, sizeof file, FIXTURES "%s.so", refused[i]);
        expect_finding(file, "the descriptor is sound", "");
    }
}

static void finds_samples_that_are_not_sound(void **state)
{
    (void)state;
    char dir[128];
    make_temp_dir(dir, sizeof dir);
    assert_ends(dir,
                start_command(dir, WORDS("validate", FIXTURES "floatdata.so", "--set", "flawed=3",
                                         "--set", "pixel=1.5")),
                1);
    assert_contains(dir, "out", "FINDING  samples are sound");
    assert_contains(dir, "out", "training sample 3 is 1.5");
    remove_tree(dir);
}

static void refuses_a_file_or_an_option_that_is_not_there(void **state)
{
    (void)state;
    validate(WORDS("validate", "/nowhere/plugin.so"), 2);
    validate(WORDS("validate", PLUGINS "pruner-imp.so", "--set", "rite=0.5"), 2);
    validate(WORDS("validate", PLUGINS "pruner-imp.so", "--set", "rate"), 2);
    validate(WORDS("validate", PLUGINS "pruner-imp.so", "--set", "rate=7"), 2);
}

/* What --set gives is one value of one option, and nothing behind it is another option. */
static void refuses_more_than_one_value_at_a_time(void **state)
{
    (void)state;
    static const struct {
        const char *set, *text;
    } cases[] = {{"train_size=100; noise = 9", "more than one value"},
                 {"train_size:100; noise=9", "wanted NAME=VALUE"},
                 {"=9", "wanted NAME=VALUE"},
                 {"train_size=[1", "syntax error"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dir[128];
        make_temp_dir(dir, sizeof dir);
        assert_ends(dir,
                    start_command(
                        dir, WORDS("validate", PLUGINS "dataset-shapes.so", "--set", cases[i].set)),
                    2);
        assert_contains(dir, "err", cases[i].text);
        remove_tree(dir);
    }
    validate(WORDS("validate", PLUGINS "pruner-imp.so", "--set", "rate=0.5 # of them", "--set",
                   "scope=layer"),
             0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_nothing_in_the_pruners),
        cmocka_unit_test(finds_nothing_in_the_models),
        cmocka_unit_test(checks_the_gradient_of_a_model_for_larger_images),
        cmocka_unit_test(finds_nothing_in_the_datasets),
        cmocka_unit_test(a_set_of_a_file_is_checked_whole),
        cmocka_unit_test(finds_nothing_in_the_distillers),
        cmocka_unit_test(finds_nothing_in_the_distillers_that_select),
        cmocka_unit_test(finds_nothing_in_the_analyzers),
        cmocka_unit_test(finds_each_broken_promise_of_a_work),
        cmocka_unit_test(finds_what_is_written_outside_of_tensors),
        cmocka_unit_test(finds_files_that_are_written_elsewhere),
        cmocka_unit_test(finds_steps_that_depend_on_how_many_there_are),
        cmocka_unit_test(finds_memory_that_each_run_leaves_behind),
        cmocka_unit_test(finds_crashes_exits_and_hangs),
        cmocka_unit_test(leaves_the_host_able_to_check_a_good_one),
        cmocka_unit_test(finds_what_the_host_refuses_to_load),
        cmocka_unit_test(finds_samples_that_are_not_sound),
        cmocka_unit_test(refuses_a_file_or_an_option_that_is_not_there),
        cmocka_unit_test(refuses_more_than_one_value_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
