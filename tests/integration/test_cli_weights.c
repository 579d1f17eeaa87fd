/* test_cli_weights.c: tickets, masks and networks go out to files and come in from files, by the
 * real command. */
#include "command.h"

#include "core/file.h"
#include "store/formats/safetensors.h"

#include <coppice/tensor.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD(name)                                                                                 \
    "study   = { name = \"" name "\"; copies = 2; threads = 1; };\n"                               \
    "dataset = { plugin = \"shapes\"; train_size = 96; test_size = 40; };\n"                       \
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"                           \
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n"
#define MODEL "model = { plugin = \"convnet\"; depth = 1; width = 4; }; "

static const char whole_text[] =
    HEAD("whole") "ticket = { " MODEL
                  "phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; } ); };\n";

/* A finished run of `whole`, and what was exported of it. */
typedef struct scene {
    char dir[256], config[300], out[300];
} scene;

static void run(const scene *s, const char *const *words, int wanted)
{
    static const char *const without_gnuplot[] = {"PATH=/nowhere", NULL};
    const command_way way = {.environment = without_gnuplot};
    assert_ends(s->dir, start_program(s->dir, &way, words), wanted);
}

/* A path in the scene's directory; overwritten by the eighth call after it. */
static const char *in(const scene *s, const char *name)
{
    static char paths[8][600];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s", s->dir, name);
    return path;
}

static int make_scene(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/whole.cfg", s->dir);
    (void)snprintf(s->out, sizeof s->out, "%s/whole", s->dir);
    write_text(s->dir, "whole.cfg", whole_text);
    run(s, WORDS("run", s->config, "--out", s->out), 0);
    run(s, WORDS("export", s->out, "--initial", "--round", "0", "--to", in(s, "dense.st")), 0);
    run(s, WORDS("export", s->out, "--initial", "--to", in(s, "start.st")), 0);
    run(s, WORDS("export", s->out, "--mask", "--to", in(s, "mask.st")), 0);
    run(s, WORDS("export", s->out, "--to", in(s, "a.st")), 0);
    run(s, WORDS("export", s->out, "--copy", "1", "--to", in(s, "b.st")), 0);
    *state = s;
    return 0;
}

static int clear_scene(void **state)
{
    scene *s = *state;
    remove_tree(s->dir);
    free(s);
    return 0;
}

/* The columns of a row (from 0) of a study's lmc_barrier.csv that are about the line itself: behind
 * cell, seed, phase, round and sparsity; up to the dense network's accuracy, which goes to `dense`
 * with what follows. Both the caller's. */
static void read_line(const scene *s, const char *study, int row, char **line, char **dense)
{
    char file[400];
    (void)snprintf(file, sizeof file, "%s/studies/%s/report/lmc_barrier.csv", study, study);
    char *text = read_text(s->dir, file), *rest = text, *at = NULL;
    for (int i = 0; i <= row + 1; i++)
        at = strsep(&rest, "\n");
    assert_non_null(at);
    for (int i = 0; i < 5; i++)
        at = strchr(at, ',') + 1;
    char *end = at;
    for (int i = 0; i < 10; i++)
        end = strchr(end, ',') + 1;
    *line = strndup(at, (size_t)(end - at));
    *dense = strdup(end);
    free(text);
}

static cop_tensors *read_tensors(const char *path)
{
    cop_error err = {0};
    cop_tensors *set = NULL;
    assert_ok(cop_safetensors_read(path, &set, NULL, NULL, &err), &err);
    return set;
}

static void assert_same_tensors(const char *left, const char *right)
{
    cop_tensors *a = read_tensors(left), *b = read_tensors(right);
    assert_true(cop_tensors_count(a) > 0 && cop_tensors_count(a) == cop_tensors_count(b));
    for (size_t i = 0; i < cop_tensors_count(a); i++) {
        const cop_tensor *x = cop_tensors_at(a, i), *y = cop_tensors_at(b, i);
        assert_string_equal(x->name, y->name);
        assert_memory_equal(x->data, y->data,
                            (size_t)cop_shape_count(x->shape) * cop_dtype_size(x->dtype));
    }
    cop_tensors_free(a);
    cop_tensors_free(b);
}

/* A study that begins with files, its name that of its directory and config. */
static void run_from_files(const scene *s, const char *name, const char *head, const char *files)
{
    char text[1200], config[64];
    (void)snprintf(text, sizeof text, "%sticket = { " MODEL "%s };\n", head, files);
    (void)snprintf(config, sizeof config, "%s.cfg", name);
    write_text(s->dir, config, text);
    run(s, WORDS("run", in(s, config), "--out", in(s, name)), 0);
}

static void an_exported_ticket_trains_to_the_same_bits(void **state)
{
    const scene *s = *state;
    char *wanted, *got, *wanted_dense, *got_dense;
    run_from_files(s, "again", HEAD("again"), "start = \"dense.st\"; mask = \"mask.st\";");
    for (int copy = 0; copy < 2; copy++) {
        run(s,
            WORDS("export", in(s, "again"), "--copy", copy == 0 ? "0" : "1", "--to",
                  in(s, "copy.st")),
            0);
        assert_same_tensors(in(s, "copy.st"), in(s, copy == 0 ? "a.st" : "b.st"));
    }
    read_line(s, "whole", 1, &wanted, &wanted_dense);
    read_line(s, "again", 0, &got, &got_dense);
    assert_string_equal(got, wanted);
    assert_string_equal(got_dense, wanted_dense); /* from the same start, without the mask */
    free(wanted);
    free(wanted_dense);
    free(got);
    free(got_dense);
}

static void a_study_from_an_exported_start_is_the_same_study(void **state)
{
    const scene *s = *state;
    run_from_files(s, "restarted", HEAD("restarted"),
                   "start = \"dense.st\"; phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; "
                   "} );");
    for (int row = 0; row < 2; row++) {
        char *wanted, *got, *wanted_dense, *got_dense;
        read_line(s, "whole", row, &wanted, &wanted_dense);
        read_line(s, "restarted", row, &got, &got_dense);
        assert_string_equal(got, wanted);
        assert_string_equal(got_dense, wanted_dense);
        free(wanted);
        free(wanted_dense);
        free(got);
        free(got_dense);
    }
    run(s, WORDS("export", in(s, "restarted"), "--mask", "--to", in(s, "mask2.st")), 0);
    assert_same_tensors(in(s, "mask2.st"), in(s, "mask.st"));
    run(s, WORDS("export", in(s, "restarted"), "--initial", "--to", in(s, "start2.st")), 0);
    assert_same_tensors(in(s, "start2.st"), in(s, "start.st"));
}

static void a_masked_start_trains_to_the_same_bits_without_a_dense_network(void **state)
{
    const scene *s = *state;
    char *wanted, *got, *wanted_dense, *got_dense;
    run_from_files(s, "masked", HEAD("masked"), "start = \"start.st\"; mask = \"mask.st\";");
    read_line(s, "whole", 1, &wanted, &wanted_dense);
    read_line(s, "masked", 0, &got, &got_dense);
    assert_string_equal(got, wanted);
    /* No accuracy, and behind the verdict on stability none on matching. */
    assert_int_equal(got_dense[0], ',');
    assert_int_equal(got_dense[strlen(got_dense) - 1], ',');
    char *list = read_text(s->dir, "masked/studies/masked/stages.json");
    assert_null(strstr(list, "train dense"));
    free(list);
    free(wanted);
    free(wanted_dense);
    free(got);
    free(got_dense);
}

static void copies_from_files_have_the_line_that_they_had(void **state)
{
    const scene *s = *state;
    char *wanted, *got, *wanted_dense, *got_dense;
    read_line(s, "whole", 1, &wanted, &wanted_dense);
    for (int masked = 0; masked <= 1; masked++) {
        const char *out = in(s, "whole-analyze");
        run(s,
            WORDS("analyze", s->config, "--weights", in(s, "a.st"), "--weights", in(s, "b.st"),
                  "--out", out, masked == 1 ? "--ticket-mask" : NULL, in(s, "mask.st")),
            0);
        read_line(s, "whole-analyze", 0, &got, &got_dense);
        assert_string_equal(got, wanted);
        assert_true((got_dense[0] == ',') == (masked == 1));
        char *list = read_text(s->dir, "whole-analyze/studies/whole-analyze/stages.json");
        assert_null(strstr(list, "\"train "));
        free(list);
        free(got);
        free(got_dense);
    }
    free(wanted);
    free(wanted_dense);
}

static void an_exported_mask_is_of_noughts_and_ones(void **state)
{
    const scene *s = *state;
    cop_tensors *mask = read_tensors(in(s, "mask.st")), *start = read_tensors(in(s, "start.st"));
    int64_t counts[2] = {0, 0};
    for (size_t i = 0; i < cop_tensors_count(mask); i++) {
        const cop_tensor *m = cop_tensors_at(mask, i), *w = cop_tensors_find(start, m->name);
        assert_non_null(w);
        assert_true(cop_shape_equal(m->shape, w->shape));
        for (int64_t k = 0; k < cop_shape_count(m->shape); k++) {
            assert_true(cop_f32(m)[k] == 0.0f || cop_f32(m)[k] == 1.0f);
            assert_true(cop_f32(m)[k] == 1.0f || cop_f32(w)[k] == 0.0f);
            counts[cop_f32(m)[k] != 0.0f]++;
        }
    }
    assert_int_equal(counts[0], counts[1]);
    cop_tensors_free(mask);
    cop_tensors_free(start);
    run(s, WORDS("export", s->out, "--mask", "--round", "0", "--to", in(s, "x.st")), 2);
    assert_contains(s->dir, "err", "round 0 is the dense network, which has no mask");
    run(s, WORDS("export", s->out, "--mask", "--initial", "--to", in(s, "x.st")), 2);
    assert_contains(s->dir, "err", "choose one");
}

static void an_export_says_what_it_is(void **state)
{
    const scene *s = *state;
    static const char *const files[] = {"a.st", "start.st", "mask.st"};
    static const char *const parts[] = {"copy", "initial", "mask"};
    static const char *const wanted[][2] = {{"format", "pt"},
                                            {"study", "whole"},
                                            {"cell", "whole"},
                                            {"seed", "0"},
                                            {"round", "1"},
                                            {"sparsity", "0.5"},
                                            {"input_shape", "[3, 32, 32]"},
                                            {"classes", "10"},
                                            {"normalization_mean", "[0.5, 0.5, 0.5]"},
                                            {"normalization_std", "[0.25, 0.25, 0.25]"}};
    for (size_t f = 0; f < 3; f++) {
        cop_error err = {0};
        cop_tensors *set = NULL;
        cop_metadata *notes = NULL;
        size_t count = 0;
        assert_ok(cop_safetensors_read(in(s, files[f]), &set, &notes, &count, &err), &err);
        for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
            const char *value = cop_metadata_find(notes, count, wanted[i][0]);
            assert_non_null(value);
            assert_string_equal(value, wanted[i][1]);
        }
        assert_string_equal(cop_metadata_find(notes, count, "part"), parts[f]);
        assert_non_null(strstr(cop_metadata_find(notes, count, "architecture"),
                               "convnet { depth = 1; width = 4;"));
        cop_tensors_free(set);
        free(notes);
    }
}

/* Writes a copy of a file with one element of its first tensor changed. */
static void spoil(const scene *s, const char *from, const char *to, float with)
{
    cop_error err = {0};
    cop_tensors *set = read_tensors(in(s, from));
    cop_f32(cop_tensors_at(set, 0))[1] = with;
    assert_ok(cop_safetensors_write(in(s, to), set, NULL, 0, &err), &err);
    cop_tensors_free(set);
}

/* The first weight that the mask removes becomes 1. */
static void bring_back(const scene *s, const char *from, const char *to)
{
    cop_error err = {0};
    cop_tensors *set = read_tensors(in(s, from)), *mask = read_tensors(in(s, "mask.st"));
    const cop_tensor *m = cop_tensors_at(mask, 0);
    int64_t k = 0;
    while (cop_f32(m)[k] != 0.0f)
        k++;
    cop_f32(cop_tensors_find(set, m->name))[k] = 1.0f;
    assert_ok(cop_safetensors_write(in(s, to), set, NULL, 0, &err), &err);
    cop_tensors_free(set);
    cop_tensors_free(mask);
}

static void cut_short(const scene *s, const char *from, const char *to)
{
    cop_error err = {0};
    char *bytes = NULL;
    size_t size = 0;
    assert_ok(cop_file_read(in(s, from), 1 << 20, &bytes, &size, &err), &err);
    assert_ok(cop_file_write(in(s, to), bytes, size - 5, &err), &err);
    free(bytes);
}

static void what_is_wrong_with_a_file_is_told_before_anything_runs(void **state)
{
    const scene *s = *state;
    static const struct {
        const char *files;
        int status;
        const char *wanted, *also;
    } cases[] = {
        {"start = \"nowhere.st\";", 2, "wrong.cfg:5: option \"start\"", "cannot be read"},
        {"copies = [\"a.st\", \"nowhere.st\"];", 2, "option \"copies\"", "nowhere.st"},
        {"copies = [\"a.st\"];", 2, "ticket.copies names 1 files, and study.copies is 2", ""},
        {"copies = [\"a.st\", \"b.st\"]; retrain = \"none\";", 2, "nothing looks at any", ""},
        {"copies = [\"a.st\", \"a.st\"];", 2, "a.st: ticket.copies: the file is the same as ",
         "a.st"},
        {"start = \"short.st\";", 1,
         "ticket.start: ", "short.st: tensor classifier.bias: truncated"},
        {"start = \"wrong.cfg\";", 1, "ticket.start: ", "wrong.cfg"},
        {"start = \"nan.st\";", 1, "nan.st: ticket.start: tensor 'layers.", "holds NaN"},
        {"start = \"mask.st\";", 1, "mask.st: ticket.start: lacks 4 of the model's 6 tensors", ""},
        {"mask = \"half.st\";", 1, "half.st: ticket.mask: tensor '",
         "holds 0.5 (element 1); a "
         "mask is of 0 and 1"},
        {"mask = \"a.st\";", 1, "a.st: ticket.mask: tensor '", "a mask is of 0 and 1"},
        {"mask = \"mask.st\"; copies = [\"a.st\", \"back.st\"];", 1,
         "back.st: ticket.copies: tensor 'layers.", "holds 1 (element "},
    };
    spoil(s, "a.st", "nan.st", NAN);
    spoil(s, "mask.st", "half.st", 0.5f);
    cut_short(s, "a.st", "short.st");
    bring_back(s, "a.st", "back.st");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1200];
        (void)snprintf(text, sizeof text, "%sticket = { " MODEL "%s };\n", HEAD("wrong"),
                       cases[i].files);
        write_text(s->dir, "wrong.cfg", text);
        run(s, WORDS("check", in(s, "wrong.cfg"), "--out", in(s, "wrong")), cases[i].status);
        char *err = read_text(s->dir, "err");
        if (strstr(err, cases[i].wanted) == NULL || strstr(err, cases[i].also) == NULL ||
            strchr(err, '\n') != err + strlen(err) - 1)
            fail_msg("%s: %s", cases[i].files, err);
        free(err);
    }
    assert_int_equal(access(in(s, "wrong"), F_OK), -1);
}

static void weights_of_another_model_are_refused(void **state)
{
    const scene *s = *state;
    run(s,
        WORDS("analyze", s->config, "--weights", in(s, "a.st"), "--weights", in(s, "b.st"), "--set",
              "ticket.model.width=5", "--out", in(s, "other")),
        1);
    assert_contains(s->dir, "err", "a.st: ticket.copies: tensor 'layers.");
    assert_contains(s->dir, "err", "the model wants [5, 3, 3, 3]");
    run(s, WORDS("analyze", s->config, "--weights", in(s, "nowhere.st")), 2);
    assert_contains(s->dir, "err", "option '--weights' is '");
    assert_contains(s->dir, "err", "which cannot be read");
    run(s, WORDS("analyze", s->config), 2);
    assert_contains(s->dir, "err", "analyze wants --weights FILE");
}

static void of_a_sweep_one_cell_is_analysed(void **state)
{
    const scene *s = *state;
    static const char text[] = HEAD(
        "swept") "ticket = { " MODEL
                 "phases = ( { pruner = { plugin = \"imp\"; }; rounds = 1; } ); };\n"
                 "distill = { plugin = \"random\"; ipc = 2; recipe = \"idc\"; };\n"
                 "sweep = ( { path = \"ticket.model.width\"; values = [4, 5]; labels = [\"four\", "
                 "\"five\"]; }, { path = \"ticket.phases.[0].rounds\"; values = [1, 2]; } );\n";
    write_text(s->dir, "swept.cfg", text);
    run(s,
        WORDS("analyze", in(s, "swept.cfg"), "--weights", in(s, "a.st"), "--weights", in(s, "b.st"),
              "--out", in(s, "swept")),
        2);
    assert_contains(s->dir, "err",
                    "the config sweeps 4 cells; choose one with --cell (\"four, 1\"");
    run(s,
        WORDS("analyze", in(s, "swept.cfg"), "--weights", in(s, "a.st"), "--weights", in(s, "b.st"),
              "--out", in(s, "swept"), "--cell", "six"),
        2);
    assert_contains(s->dir, "err", "--cell names none of the config's 4 cells");
    run(s,
        WORDS("analyze", in(s, "swept.cfg"), "--weights", in(s, "a.st"), "--weights", in(s, "b.st"),
              "--out", in(s, "swept"), "--cell", "four, 2"),
        0);
    char *list = read_text(s->dir, "swept/studies/swept-analyze/stages.json");
    assert_null(strstr(list, "\"distil"));
    assert_null(strstr(list, "\"prune"));
    free(list);
}

/* The stage that takes a file runs alone as long as the file is what it was. */
static void a_stage_from_a_file_runs_alone_and_tells_a_changed_file(void **state)
{
    const scene *s = *state;
    char id[64];
    spoil(s, "a.st", "moving.st", 0.5f);
    run_from_files(s, "alone", HEAD("alone"), "copies = [\"moving.st\", \"b.st\"];");
    char *list = read_text(s->dir, "alone/studies/alone/stages.json");
    const char *at = strstr(list, "\"train-");
    assert_non_null(at);
    (void)snprintf(id, sizeof id, "%.38s", at + 1);
    free(list);
    remove_tree(in(s, "alone/store"));
    run(s, WORDS("run", in(s, "alone"), "--stage", id), 0);
    assert_contains(s->dir, "out", "is published");
    remove_tree(in(s, "alone/store"));
    spoil(s, "a.st", "moving.st", 0.25f);
    run(s, WORDS("run", in(s, "alone"), "--stage", id), 1);
    assert_contains(s->dir, "err", "of the identity of");
    assert_contains(s->dir, "err", "wanted \"file ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exported_ticket_trains_to_the_same_bits),
        cmocka_unit_test(a_study_from_an_exported_start_is_the_same_study),
        cmocka_unit_test(a_masked_start_trains_to_the_same_bits_without_a_dense_network),
        cmocka_unit_test(copies_from_files_have_the_line_that_they_had),
        cmocka_unit_test(an_exported_mask_is_of_noughts_and_ones),
        cmocka_unit_test(an_export_says_what_it_is),
        cmocka_unit_test(what_is_wrong_with_a_file_is_told_before_anything_runs),
        cmocka_unit_test(weights_of_another_model_are_refused),
        cmocka_unit_test(of_a_sweep_one_cell_is_analysed),
        cmocka_unit_test(a_stage_from_a_file_runs_alone_and_tells_a_changed_file),
    };
    return cmocka_run_group_tests_name("test_cli_weights", tests, make_scene, clear_scene);
}
