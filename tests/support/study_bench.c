#include "study_bench.h"

#include "store/formats/artifact_json.h"
#include "study/running/runner.h"

#include <stdio.h>
#include <string.h>

const char *const base_config =
    "study = { name = \"tiny\"; seeds = [0]; copies = 2; threads = 2; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 160; test_size = 80; };\n"
    "distill = { plugin = \"random\"; ipc = 2; factor = 2;"
    "            recipe = { recipe = \"idc\"; duration = \"3ep\"; }; };\n"
    "ticket = { model = { plugin = \"convnet\"; depth = 2; width = 4; };\n"
    "           phases = ( { pruner = { plugin = \"imp\"; rate = 0.2; }; rounds = 2;\n"
    "                        data = \"distilled\"; rewind = \"init\"; } ); };\n"
    "train = { recipe = \"sgd\"; duration = \"2ep\"; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

const char *const resume_config =
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
    "            { plugin = \"hessian\"; probes = 2; samples = 32; entries = true; } );\n";

void bench_load(bench *b, const char *text, const char *const *overrides, size_t count)
{
    cop_error err = {0};
    char path[BENCH_PATH + 32];
    memset(b, 0, sizeof *b);
    make_temp_dir(b->dir, sizeof b->dir);
    (void)snprintf(path, sizeof path, "%s/config.cfg", b->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(cop_registry_search(NULL, 0, NULL, &b->registry, &err), &err);
    assert_ok(cop_config_load(path, overrides, count, b->registry, NULL, &b->config, &err), &err);
}

void bench_open(bench *b, const char *text, const char *const *overrides, size_t count)
{
    cop_error err = {0};
    char path[BENCH_PATH + 32];
    bench_load(b, text, overrides, count);
    assert_ok(cop_study_new(b->config, NULL, false, NULL, &b->study, &err), &err);
    (void)snprintf(path, sizeof path, "%s/out", b->dir);
    assert_ok(cop_store_open(path, &b->store, &err), &err);
}

void bench_close(bench *b)
{
    cop_store_close(b->store);
    cop_study_free(b->study);
    cop_config_free(b->config);
    cop_registry_free(b->registry);
    remove_tree(b->dir);
}

void bench_run(bench *b)
{
    cop_error err = {0};
    assert_ok(cop_study_run(b->study, b->store, NULL, NULL, &err), &err);
}

int64_t run_at_most(const bench *b, int64_t limit, double save_seconds, cop_status wanted)
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
    char path[BENCH_PATH];
    cop_store_path(b->store, &stage->id, "artifact.json", path, sizeof path);
    assert_ok(cop_manifest_read(path, out, &err), &err);
}

void assert_same_results(const bench *a, const bench *b)
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

const cop_ticket *ticket_at(const bench *b, int64_t round)
{
    for (size_t i = 0; i < b->study->ticket_count; i++) {
        if (b->study->tickets[i].round == round)
            return &b->study->tickets[i];
    }
    fail_msg("no ticket of round %lld", (long long)round);
    return NULL;
}

cop_tensors *mask_of(const bench *b, const cop_ticket *ticket)
{
    cop_error err = {0};
    cop_tensors *mask = NULL;
    cop_runner r = {.study = b->study, .store = b->store};
    assert_ok(cop_load_mask(&r, &b->study->opened[0], ticket->mask, &mask, &err), &err);
    return mask;
}

cop_tensors *start_of(const bench *b, const cop_ticket *ticket, const cop_tensors *mask)
{
    cop_error err = {0};
    cop_tensors *start = NULL;
    cop_runner r = {.study = b->study, .store = b->store};
    assert_ok(cop_load_start(&r, &ticket->start, b->study->opened[0].model, mask, &start, &err),
              &err);
    return start;
}

size_t count_kind(const bench *b, cop_stage_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < b->study->stage_count; i++)
        count += b->study->stages[i].kind == kind ? 1 : 0;
    return count;
}
