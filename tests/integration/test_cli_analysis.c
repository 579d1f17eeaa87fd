/* test_cli_analysis.c: what an analyzer finds for each weight, from a study to a file of its own. */
#include "tiny_study.h"

#include "store/formats/safetensors.h"

#include <coppice/tensor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of hessian there are three; two of them have tensors. */
static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 40; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"mlp\"; hidden = [2]; };\n"
    "            phases = ( { pruner = { plugin = \"random\"; rate = 0.9; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 20; };\n"
    "analyze = ( { plugin = \"hessian\"; label = \"by probes\"; probes = 3; samples = 20;\n"
    "              entries = true; },\n"
    "            { plugin = \"hessian\"; label = \"fewer\"; probes = 2; samples = 20;\n"
    "              entries = true; },\n"
    "            { plugin = \"hessian\"; label = \"tables\"; probes = 2; samples = 20; },\n"
    "            { plugin = \"mask\"; }, { plugin = \"distance\"; label = \"fewer\"; } );\n";

/* What was exported: how many entries there are, how many are numbers, and their sum. */
static void read_exported(const tiny_study *s, const char *label, const char *round, double out[3])
{
    cop_error err = {0};
    cop_tensors *tensors = NULL;
    cop_metadata *notes = NULL;
    size_t count = 0;
    out[0] = out[1] = out[2] = 0.0;
    assert_ok(cop_safetensors_read(s->to, &tensors, &notes, &count, &err), &err);
    assert_string_equal(cop_metadata_find(notes, count, "part"), "analysis");
    assert_string_equal(cop_metadata_find(notes, count, "analyzer"), "hessian");
    assert_string_equal(cop_metadata_find(notes, count, "label"), label);
    assert_string_equal(cop_metadata_find(notes, count, "round"), round);
    for (size_t i = 0; i < cop_tensors_count(tensors); i++) {
        const cop_tensor *t = cop_tensors_at(tensors, i);
        assert_int_equal(t->dtype, COP_F64);
        for (int64_t k = 0; k < cop_shape_count(t->shape); k++) {
            double value = cop_f64(t)[k];
            out[0] += 1.0;
            out[1] += !isnan(value);
            out[2] += isnan(value) ? 0.0 : value;
        }
    }
    free(notes);
    cop_tensors_free(tensors);
}

static void entries_are_exported_and_sum_to_the_trace(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    tiny_study_run(&s, WORDS("export", s.out), 0);
    char *out = read_text(s.dir, "out");
    assert_non_null(strstr(out, "    --analysis \"hessian (by probes)\"\n"
                                "    --analysis \"hessian (fewer)\"\n"));
    assert_null(strstr(out, "tables"));
    assert_null(strstr(out, "distance"));
    free(out);
    static const char *const rounds[] = {"0", "1"};
    static const char *const names[] = {"by probes", "hessian (by probes)"};
    for (int i = 0; i < 2; i++) {
        double found[3];
        tiny_study_run(
            &s, WORDS("export", s.out, "--analysis", names[i], "--round", rounds[i], "--to", s.to),
            0);
        read_exported(&s, "by probes", rounds[i], found);
        double trace = tiny_study_number(&s, "hessian_trace_by_probes", i, "trace");
        double surviving = tiny_study_number(&s, "hessian_trace_by_probes", i, "surviving");
        assert_true(fabs(found[2] - trace) <= 1e-9 * fabs(trace));
        assert_true(found[1] == surviving);
        assert_int_equal(found[1] < found[0], i == 1);
    }
    out = read_text(s.dir, "out");
    assert_non_null(strstr(out, "to.safetensors: tiny, seed 0, round 1, hessian (by probes)\n"));
    free(out);
    remove_tree(s.dir);
}

static void an_analysis_is_never_guessed(void **state)
{
    (void)state;
    tiny_study s;
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
#define EXPORT(...) WORDS("export", s.out, "--to", s.to, __VA_ARGS__)
    tiny_study_refuses(
        &s, EXPORT("--analysis", "hessian"),
        "may be any of \"hessian (by probes)\", \"hessian (fewer)\", \"hessian (tables)\"");
    tiny_study_refuses(&s, EXPORT("--analysis", "fewer"),
                       "may be any of \"hessian (fewer)\", \"distance (fewer)\"");
    tiny_study_refuses(
        &s, EXPORT("--analysis", "lmc", "--round", "0"),
        "round 0 has no analysis called \"lmc\"; its analyses: \"hessian (by probes)\"");
    tiny_study_refuses(&s, EXPORT("--analysis", "tables"),
                       "hessian (tables) of round 1 has no tensors");
    tiny_study_refuses(&s, EXPORT("--analysis", "mask"), "mask of round 1 has no tensors");
    tiny_study_refuses(&s, EXPORT("--analysis", "by probes", "--mask"),
                       "are a file each; choose one");
    tiny_study_refuses(&s, EXPORT("--analysis", "by probes", "--copy", "0"),
                       "--copy does not go with --analysis");
    tiny_study_refuses(&s, WORDS("export", s.out, "--analysis", "by probes"),
                       "export wants --to FILE");
    tiny_study_run(&s, EXPORT("--analysis", "hessian (fewer)"), 0);
    remove_tree(s.dir);
}

/* The file is checked as the others are. */
static void changed_tensors_are_told(void **state)
{
    (void)state;
    tiny_study s;
    char command[800];
    tiny_study_make(&s, config_text);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    (void)snprintf(command, sizeof command,
                   "for f in %s/store/analyze-*/tensors.safetensors; do printf x | dd of=$f bs=1 "
                   "seek=$(($(stat -c %%s $f) - 1)) conv=notrunc 2>/dev/null; done",
                   s.out);
    assert_int_equal(system(command), 0);
    tiny_study_run(&s, WORDS("export", s.out, "--analysis", "by probes", "--to", s.to), 1);
    char *err = read_text(s.dir, "err");
    assert_non_null(strstr(err, "tensors.safetensors"));
    assert_non_null(strstr(err, "is damaged"));
    assert_non_null(strstr(err, "coppice: hessian (by probes) of round 1 is not there: run"));
    free(err);
    remove_tree(s.dir);
}

/* Networks that were trained elsewhere are a study, too. */
static void analyses_of_given_weights_are_exported(void **state)
{
    (void)state;
    tiny_study s;
    char weights[300];
    tiny_study_make(&s, config_text);
    (void)snprintf(weights, sizeof weights, "%s/w.safetensors", s.dir);
    tiny_study_run(&s, WORDS("run", s.config, "--out", s.out), 0);
    tiny_study_run(&s, WORDS("export", s.out, "--round", "0", "--to", weights), 0);
    tiny_study_run(&s, WORDS("analyze", s.config, "--weights", weights, "--out", s.out), 0);
    tiny_study_run(&s, EXPORT("--study", "tiny-analyze", "--analysis", "by probes"), 0);
    double found[3];
    read_exported(&s, "by probes", "0", found);
    assert_true(found[0] == found[1]);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_exported_and_sum_to_the_trace),
        cmocka_unit_test(an_analysis_is_never_guessed),
        cmocka_unit_test(changed_tensors_are_told),
        cmocka_unit_test(analyses_of_given_weights_are_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
