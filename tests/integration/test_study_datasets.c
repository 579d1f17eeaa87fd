/* test_study_datasets.c: phases, copies and analyzers on other data than the study's: who then reads
 * what, that nothing else is computed again, and what is refused. */
#include "study_bench.h"
#include "support.h"

#include "study/graph/analysis_names.h"

#include <stdlib.h>
#include <string.h>

static const char *const config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 2; threads = 2; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 80; test_size = 40; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
    "           phases = ( { pruner = { plugin = \"imp\"; rate = 0.2; }; rounds = 1; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"1ep\"; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

#define OTHER "{ plugin = \"shapes\"; train_size = 60; test_size = 30; seed = 9; }"

static const cop_stage *stage_of(const bench *b, cop_stage_kind kind, const char *title)
{
    for (size_t i = 0; i < b->study->stage_count; i++) {
        const cop_stage *s = &b->study->stages[i];
        if (s->kind == kind && strstr(s->title, title) != NULL)
            return s;
    }
    fail_msg("no stage \"%s\"", title);
    return NULL;
}

static bool has_stage(const bench *b, const cop_stage *stage)
{
    for (size_t i = 0; i < b->study->stage_count; i++)
        if (strcmp(b->study->stages[i].id.hash, stage->id.hash) == 0)
            return true;
    return false;
}

/* Training images that a stage reads. */
static int64_t images_of(const cop_stage *stage)
{
    return stage->data->train.count;
}

static void a_phase_trains_its_rounds_on_its_own_data(void **state)
{
    (void)state;
    bench usual, other;
    const char *overrides[] = {"ticket.phases.[0].dataset=" OTHER};
    bench_open(&usual, config, NULL, 0);
    bench_open(&other, config, overrides, 1);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "for round 1")), 60);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_MASK, "prune round 1")), 60);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "train dense, copy 0")), 80);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "train round 1, copy 1")), 80);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_ANALYZE, "of round 1")), 80);
    /* The dense copies are those of the study without it; what a mask decides is not. */
    assert_true(has_stage(&usual, stage_of(&other, COP_STAGE_TRAIN, "train dense, copy 0")));
    assert_false(has_stage(&usual, stage_of(&other, COP_STAGE_TRAIN, "for round 1")));
    assert_false(has_stage(&usual, stage_of(&other, COP_STAGE_MASK, "prune round 1")));
    bench_run(&other);
    bench_close(&other);
    bench_close(&usual);
}

static void copies_train_and_are_measured_on_theirs(void **state)
{
    (void)state;
    bench usual, other;
    const char *overrides[] = {"train.dataset=" OTHER};
    bench_open(&usual, config, NULL, 0);
    bench_open(&other, config, overrides, 1);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "train dense, copy 0")), 60);
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "train round 1, copy 1")), 60);
    /* Masks are found as without it. */
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_TRAIN, "for round 1")), 80);
    assert_true(has_stage(&usual, stage_of(&other, COP_STAGE_MASK, "prune round 1")));
    /* Analyzers look at what the copies were trained on. */
    assert_int_equal(images_of(stage_of(&other, COP_STAGE_ANALYZE, "of round 1")), 60);
    bench_run(&other);
    bench_close(&other);
    bench_close(&usual);
}

static void an_analyzer_looks_at_a_shifted_test_set(void **state)
{
    (void)state;
    bench usual, other;
    const char *overrides[] = {
        "analyze=( { plugin = \"lmc\"; alphas = 3; }, { plugin = \"lmc\"; alphas = 3; dataset = { "
        "plugin = \"shapes\"; train_size = 80; test_size = 40; noise = 0.3; }; } )"};
    bench_open(&usual, config, NULL, 0);
    bench_open(&other, config, overrides, 1);
    const cop_ticket *dense = ticket_at(&other, 0);
    assert_int_equal(dense->analysis_count, 2);
    const cop_stage *plain = &other.study->stages[dense->analyses[0]];
    const cop_stage *shifted = &other.study->stages[dense->analyses[1]];
    assert_true(has_stage(&usual, plain));
    assert_false(has_stage(&usual, shifted));
    assert_string_not_equal(plain->data->fingerprint, shifted->data->fingerprint);
    /* It computes nothing else: one more stage per ticket. */
    assert_int_equal(other.study->stage_count, usual.study->stage_count + 2);
    /* And its tables are told from the other's. */
    char *label = cop_analysis_label(&other.config->cells[0], 1);
    assert_string_equal(label, "dataset.noise = 0.3");
    free(label);
    bench_run(&other);
    bench_close(&other);
    bench_close(&usual);
}

static void a_dataset_named_again_changes_nothing(void **state)
{
    (void)state;
    bench usual, other;
    const char *overrides[] = {
        "ticket.phases.[0].dataset={ plugin = \"shapes\"; train_size = 80; test_size = 40; }",
        "train.dataset={ plugin = \"shapes\"; train_size = 80; test_size = 40; }"};
    bench_open(&usual, config, NULL, 0);
    bench_open(&other, config, overrides, 2);
    assert_int_equal(other.study->data_count, 1);
    assert_int_equal(other.study->stage_count, usual.study->stage_count);
    for (size_t i = 0; i < usual.study->stage_count; i++)
        assert_string_equal(other.study->stages[i].identity, usual.study->stages[i].identity);
    bench_close(&other);
    bench_close(&usual);
}

static void a_ticket_does_not_go_on_with_the_schedule_of_other_data(void **state)
{
    (void)state;
    bench b;
    const char *overrides[] = {"ticket.phases.[0].rewind=\"1it\"", "train.dataset=" OTHER};
    for (size_t count = 1; count <= 2; count++) {
        bench_open(&b, config, overrides, count);
        const cop_stage *copy = stage_of(&b, COP_STAGE_TRAIN, "train round 1, copy 1");
        assert_int_equal(copy->train.start.go_on, count == 1);
        bench_close(&b);
    }
}

static void sweeps_and_the_resolved_config_have_them(void **state)
{
    (void)state;
    bench swept, again;
    const char *overrides[] = {"analyze=()", "ticket.phases.[0].dataset=" OTHER,
                               "sweep=( { path = \"train.dataset\"; values = ( " OTHER
                               ", { plugin = \"shapes\"; train_size = 50; test_size = 20; "
                               "label_noise = 0.2; } ); labels = "
                               "[\"other\", \"noisy\"]; } )"};
    bench_open(&swept, config, overrides, 3);
    assert_int_equal(swept.config->cell_count, 2);
    assert_int_equal(swept.study->opened[0].copies_data->train.count, 60);
    assert_int_equal(swept.study->opened[1].copies_data->train.count, 50);
    bench_open(&again, swept.config->resolved, NULL, 0);
    assert_string_equal(again.config->resolved, swept.config->resolved);
    assert_int_equal(again.study->stage_count, swept.study->stage_count);
    for (size_t i = 0; i < swept.study->stage_count; i++)
        assert_string_equal(again.study->stages[i].identity, swept.study->stages[i].identity);
    bench_close(&again);
    bench_close(&swept);
}

/* Of shapes, and so of CIFAR-10: padcrop_flip. */
static void a_recipe_may_augment_as_suits_its_data(void **state)
{
    (void)state;
    bench said, left, none;
    const char *overrides[3][2] = {
        {"train.augment=\"padcrop_flip\"",
         "ticket.phases.[0].recipe={ recipe = \"dc\"; duration = \"1ep\"; augment = "
         "\"padcrop_flip\"; }"},
        {"train.augment=\"default\"",
         "ticket.phases.[0].recipe={ recipe = \"dc\"; duration = \"1ep\"; augment = "
         "\"default\"; }"},
        {"train.augment=\"none\"",
         "ticket.phases.[0].recipe={ recipe = \"dc\"; duration = \"1ep\"; }"}};
    bench_open(&said, config, overrides[0], 2);
    bench_open(&left, config, overrides[1], 2);
    bench_open(&none, config, overrides[2], 2);
    assert_int_equal(left.study->stage_count, said.study->stage_count);
    for (size_t i = 0; i < said.study->stage_count; i++)
        assert_string_equal(left.study->stages[i].identity, said.study->stages[i].identity);
    assert_false(has_stage(&none, stage_of(&said, COP_STAGE_TRAIN, "train dense, copy 0")));
    assert_false(has_stage(&none, stage_of(&said, COP_STAGE_TRAIN, "for round 1")));
    bench_run(&left);
    bench_close(&said);
    bench_close(&left);
    bench_close(&none);
}

/* A distiller's recipe is settled before the distiller sees it: its set says what it is trained
 * with, and the work's identity what the word stood for. */
static void so_may_the_recipe_of_a_distilled_set(void **state)
{
    (void)state;
    bench b;
    static const char distill[] =
        "distill={ plugin = \"random\"; ipc = 1; recipe = { recipe = \"dc\"; "
        "duration = \"1ep\"; augment = \"default\"; }; }";
    const char *overrides[] = {"analyze=()", distill, "ticket.phases.[0].data=\"distilled\""};
    bench_open(&b, config, overrides, 3);
    const cop_stage *distil = stage_of(&b, COP_STAGE_DISTIL, "distil");
    assert_int_equal(distil->work.expected_recipe.augment, COP_AUGMENT_PADCROP | COP_AUGMENT_FLIP);
    assert_non_null(strstr(distil->identity, "\ndefault augment padcrop_flip\n"));
    bench_run(&b);
    bench_close(&b);
}

static void data_of_another_task_are_refused(void **state)
{
    (void)state;
    /* Line 2 is the study's dataset, line 4 the phase, line 5 the copies, line 6 an analyzer. */
    static const char *const format =
        "study = { name = \"tiny\"; };\n"
        "dataset = { plugin = \"shapes\"; train_size = 80; test_size = 40; };\n"
        "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
        "           phases = ( { pruner = { plugin = \"imp\"; }; %s } ); };\n"
        "train = { recipe = \"sgd\"; duration = \"1ep\"; %s };\n"
        "analyze = ( { plugin = \"lmc\"; %s } );\n";
    static const char *const wanted =
        "dataset \"floatdata\" has images of 1 x 4 x 4 in 2 classes; wanted 3 x 32 x 32 in 10, as "
        "the study's dataset has";
    static const struct {
        const char *phase, *train, *analyze;
        int line;
        const char *text;
    } cases[] = {
        {"dataset = { plugin = \"floatdata\"; };", "", "", 4, NULL},
        {"", "dataset = { plugin = \"floatdata\"; };", "", 5, NULL},
        {"", "", "dataset = { plugin = \"floatdata\"; };", 6, NULL},
        {"dataset = { plugin = \"shape\"; };", "", "", 4, "did you mean \"shapes\"?"},
        {"", "dataset = \"shapes\";", "", 5, "this dataset is a string; wanted a group"},
        {"", "datset = 1;", "", 5, "did you mean \"dataset\"?"},
        {"", "", "dataset = { plugin = \"shapes\"; per_class = 9999; };", 6,
         "dataset \"shapes\": per_class = 9999, but class 0 (disc)"},
    };
    assert_int_equal(setenv("COPPICE_PLUGIN_PATH",
                            COPPICE_TEST_BUILD_DIR "/plugins:" COPPICE_TEST_BUILD_DIR
                                                   "/tests/fixtures/plugins",
                            1),
                     0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048], dir[256], path[300];
        (void)snprintf(text, sizeof text, format, cases[i].phase, cases[i].train, cases[i].analyze);
        make_temp_dir(dir, sizeof dir);
        (void)snprintf(path, sizeof path, "%s/t.cfg", dir);
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
        cop_error err = {0};
        cop_registry *registry = NULL;
        cop_config *read = NULL;
        cop_study *study = NULL;
        assert_ok(cop_registry_search(NULL, 0, NULL, &registry, &err), &err);
        cop_status status = cop_config_load(path, NULL, 0, registry, NULL, &read, &err);
        if (status == COP_OK)
            status = cop_study_new(read, NULL, false, NULL, &study, &err);
        assert_refused(status, COP_INVALID, &err, cases[i].text != NULL ? cases[i].text : wanted);
        assert_string_equal(err.file, path);
        if (err.line != cases[i].line)
            fail_msg("case %zu: line %d, wanted %d: %s", i, err.line, cases[i].line, err.message);
        cop_study_free(study);
        cop_config_free(read);
        cop_registry_free(registry);
        remove_tree(dir);
    }
}

static void a_distilled_phase_has_none_of_its_own(void **state)
{
    (void)state;
    cop_error err = {0};
    char path[BENCH_PATH + 32];
    bench b;
    bench_load(&b, base_config, NULL, 0);
    (void)snprintf(path, sizeof path, "%s/config.cfg", b.dir);
    const char *overrides[] = {"ticket.phases.[0].dataset=" OTHER};
    cop_config *read = NULL;
    assert_refused(cop_config_load(path, overrides, 1, b.registry, NULL, &read, &err), COP_INVALID,
                   &err, "a phase on data = \"distilled\" has no dataset of its own");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_phase_trains_its_rounds_on_its_own_data),
        cmocka_unit_test(copies_train_and_are_measured_on_theirs),
        cmocka_unit_test(an_analyzer_looks_at_a_shifted_test_set),
        cmocka_unit_test(a_dataset_named_again_changes_nothing),
        cmocka_unit_test(a_ticket_does_not_go_on_with_the_schedule_of_other_data),
        cmocka_unit_test(sweeps_and_the_resolved_config_have_them),
        cmocka_unit_test(a_recipe_may_augment_as_suits_its_data),
        cmocka_unit_test(so_may_the_recipe_of_a_distilled_set),
        cmocka_unit_test(data_of_another_task_are_refused),
        cmocka_unit_test(a_distilled_phase_has_none_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
