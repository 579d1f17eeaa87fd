/* A distilled set that goes out by `coppice export` and comes in by the distiller `file`: the same
 * bits, and the same training on them; and one set seen by several networks. */
#include "command.h"
#include "support.h"

#include "core/file.h"
#include "nn/synthetic.h"
#include "store/formats/safetensors.h"
#include "store/formats/synthetic_file.h"

#include <coppice/host.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STUDY                                                                                      \
    "study = { name = \"t\"; seeds = [0, 1]; copies = 1; threads = 1; };\n"                        \
    "dataset = { plugin = \"shapes\"; train_size = 200; test_size = 60; };\n"                      \
    "ticket = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; retrain = \"none\"; };\n" \
    "train = { recipe = \"sgd\"; duration = \"1ep\"; };\n"

static const char random_set[] =
    STUDY "distill = { plugin = \"random\"; ipc = 2; factor = 2;\n"
          "            recipe = { recipe = \"idc\"; duration = \"3ep\"; }; };\n";
static const char same_set[] =
    STUDY "distill = { plugin = \"file\"; path = \"set.safetensors\"; };\n";
static const char several_networks[] =
    STUDY "distill = { plugin = \"file\"; path = \"set.safetensors\";\n"
          "            recipe = { recipe = \"sgd\"; duration = \"2ep\"; batch = 16; }; };\n"
          "sweep = ( { path = \"ticket.model\"; labels = [\"narrow\", \"wide\"];\n"
          "            values = ( { plugin = \"convnet\"; depth = 1; width = 4; },\n"
          "                       { plugin = \"convnet\"; depth = 2; width = 8; } ); } );\n";

static const char several_recipes[] =
    STUDY "distill = { plugin = \"random\"; ipc = 2; };\n"
          "sweep = ( { path = \"distill.recipe\"; labels = [\"short\", \"long\"];\n"
          "            values = ( { recipe = \"sgd\"; duration = \"1ep\"; },\n"
          "                       { recipe = \"sgd\"; duration = \"2ep\"; } ); } );\n";

typedef struct scene {
    char dir[256], set[300];
} scene;

static const char *in(const scene *s, const char *name)
{
    static char paths[4][320];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(paths[next], sizeof paths[next], "%s/%s", s->dir, name);
    return paths[next];
}

static void run(const scene *s, const char *config, const char *name)
{
    char file[300], out[300];
    cop_error err = {0};
    (void)snprintf(file, sizeof file, "%s/%s.cfg", s->dir, name);
    (void)snprintf(out, sizeof out, "%s/%s", s->dir, name);
    assert_ok(cop_file_write(file, config, strlen(config), &err), &err);
    assert_ends(s->dir, start_command(s->dir, WORDS("run", file, "--out", out)), 0);
}

static void export_set(const scene *s, const char *from, const char *to)
{
    assert_ends(s->dir,
                start_command(s->dir, WORDS("export", in(s, from), "--synthetic", "--seed", "1",
                                            "--to", to, "--png", s->dir)),
                0);
}

static int set_up(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->set, sizeof s->set, "%s/set.safetensors", s->dir);
    run(s, random_set, "first");
    export_set(s, "first", s->set);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    scene *s = *state;
    remove_tree(s->dir);
    free(s);
    return 0;
}

static cop_synthetic read_set(const char *path)
{
    cop_synthetic set;
    cop_error err = {0};
    assert_ok(cop_synthetic_read(path, &set, &err), &err);
    return set;
}

static void a_set_that_went_out_comes_in_with_the_same_bits(void **state)
{
    const scene *s = *state;
    run(s, same_set, "second");
    export_set(s, "second", in(s, "again.safetensors"));
    cop_synthetic out = read_set(s->set), back = read_set(in(s, "again.safetensors"));
    int64_t values = cop_task_values(&out.task);
    assert_int_equal(out.count, 20);
    assert_int_equal(back.count, out.count);
    assert_memory_equal(back.pixels, out.pixels, (size_t)(out.count * values) * sizeof(float));
    assert_memory_equal(back.labels, out.labels, (size_t)(out.count * 10) * sizeof(float));
    assert_int_equal(back.factor, 2);
    assert_string_equal(out.made_by, "distiller random 1.0.0");
    assert_string_equal(back.made_by, "distiller file 1.0.0");
    assert_non_null(strstr(back.origin, "set.safetensors"));
    assert_non_null(strstr(back.origin, "made by distiller random 1.0.0"));
    cop_synthetic_clear(&out);
    cop_synthetic_clear(&back);
}

/* The shapes' classes stand in turns, so that the first of each are those of seed 0's set of the
 * same size, and of seed 1's: one picture serves both. */
static void real_images_lie_beside_the_sets(void **state)
{
    const scene *s = *state;
    char *files = read_text(in(s, "first"), "studies/t/report/files.json");
    char *page = read_text(in(s, "first"), "studies/t/report/index.html");
    const char *first = strstr(files, "images/real-");
    assert_non_null(first);
    assert_null(strstr(first + 1, "images/real-"));
    assert_non_null(strstr(page, "Real images of the same classes"));
    free(files);
    free(page);
}

static const char *note(const cop_metadata *notes, size_t count, const char *key)
{
    const char *value = cop_metadata_find(notes, count, key);
    if (value == NULL)
        fail_msg("the file does not say \"%s\"", key);
    return value;
}

/* Whose it is and how it was made: enough to find it in its store, and to make it anew. */
static void a_set_that_went_out_says_how_it_was_made(void **state)
{
    const scene *s = *state;
    cop_error err = {0};
    cop_tensors *tensors = NULL;
    cop_metadata *notes = NULL;
    size_t n = 0;
    char folder[400];
    assert_ok(cop_safetensors_read(s->set, &tensors, &notes, &n, &err), &err);
    assert_string_equal(note(notes, n, "study"), "t");
    assert_string_equal(note(notes, n, "seed"), "1");
    assert_non_null(note(notes, n, "cell"));
    assert_string_equal(note(notes, n, "coppice"), cop_version());
    const char *dataset = note(notes, n, "dataset");
    assert_int_equal(strncmp(dataset, "shapes, ", 8), 0);
    assert_int_equal(strspn(dataset + 8, "0123456789abcdef"), 32);
    const char *options = note(notes, n, "options");
    assert_non_null(strstr(options, "ipc = 2; "));
    assert_non_null(strstr(options, "factor = 2;"));
    assert_null(strstr(options, "recipe")); /* which is not of the set */
    (void)snprintf(folder, sizeof folder, "%s/store/%s", in(s, "first"),
                   note(notes, n, "artifact"));
    assert_int_equal(access(folder, R_OK), 0);
    free(notes);
    cop_tensors_free(tensors);
}

/* The last `lines` lines of a history: in the order of seeds, so those of the last one. */
static const char *last_lines(const char *text, int lines)
{
    const char *at = text + strlen(text);
    for (int i = 0; i <= lines && at > text; i++)
        for (at--; at > text && at[-1] != '\n';)
            at--;
    for (; *at != '\n'; at++)
        continue;
    return at + 1;
}

/* Three epochs on the set of seed 1, which went out; the first column, the training's name, is of
 * another identity. */
static void a_network_trained_on_it_has_the_same_numbers(void **state)
{
    const scene *s = *state;
    run(s, same_set, "second");
    char *first = read_text(in(s, "first"), "studies/t/report/history.csv");
    char *second = read_text(in(s, "second"), "studies/t/report/history.csv");
    const char *left = last_lines(first, 3), *right = last_lines(second, 3);
    for (int epoch = 1; epoch <= 3; epoch++) {
        left = strchr(left, ',');
        right = strchr(right, ',');
        assert_non_null(left);
        assert_non_null(right);
        assert_int_equal(left[1], '0' + epoch);
        size_t length = strcspn(left, "\n");
        assert_memory_equal(left, right, length + 1);
        left += length + 1;
        right += length + 1;
    }
    free(first);
    free(second);
}

/* The pictures and a table: a row for each network. */
static void one_set_is_judged_by_several_networks(void **state)
{
    const scene *s = *state;
    run(s, several_networks, "several");
    char *table = read_text(in(s, "several"), "studies/t/report/distilled_summary.csv");
    assert_non_null(strstr(table, "cell,distiller,stored,decoded,test_accuracy,"));
    assert_non_null(strstr(table, "\nnarrow,file,20,80,"));
    assert_non_null(strstr(table, "\nwide,file,20,80,"));
    free(table);
    char *page = read_text(in(s, "several"), "studies/t/report/index.html");
    assert_non_null(strstr(page, "Distilled images of "));
    free(page);
    assert_int_equal(access(in(s, "distilled.png"), R_OK), 0);
    assert_int_equal(access(in(s, "distilled-decoded.png"), R_OK), 0);
}

/* The id of a distilled set, by the line of distilled.csv that begins so. */
static void id_of_set(const char *sheet, const char *begin, char id[33])
{
    const char *line = strstr(sheet, begin);
    assert_non_null(line);
    line++; /* the end of the line before */
    for (int commas = 0; commas < 7; commas += *line++ == ',')
        assert_true(*line != '\0' && *line != '\n');
    assert_int_equal(sscanf(line, "%32[0-9a-f]", id), 1);
}

/* The epochs of a training, by the line of trainings.csv that begins so; its id comes before. */
static double epochs_of(const char *sheet, const char *begin)
{
    const char *line = strstr(sheet, begin);
    assert_non_null(line);
    line = strchr(line + strlen(begin), ',');
    assert_non_null(line);
    return strtod(line + 1, NULL);
}

static void one_set_is_trained_on_by_several_recipes(void **state)
{
    const scene *s = *state;
    char ids[4][33];
    run(s, several_recipes, "recipes");
    char *sheet = read_text(s->dir, "recipes/studies/t/report/distilled.csv");
    id_of_set(sheet, "\nshort,0,", ids[0]);
    id_of_set(sheet, "\nlong,0,", ids[1]);
    id_of_set(sheet, "\nshort,1,", ids[2]);
    id_of_set(sheet, "\nlong,1,", ids[3]);
    assert_string_equal(ids[0], ids[1]);
    assert_string_equal(ids[2], ids[3]);
    assert_string_not_equal(ids[0], ids[2]);
    free(sheet);
    char *trainings = read_text(s->dir, "recipes/studies/t/report/trainings.csv");
    assert_true(epochs_of(trainings, "\nshort,0,-1,0,distilled,0,") == 1.0);
    assert_true(epochs_of(trainings, "\nlong,0,-1,0,distilled,0,") == 2.0);
    free(trainings);
    static const char *const cells[] = {"short", "long"};
    for (int i = 0; i < 2; i++) { /* each goes out with the recipe of its cell */
        assert_ends(
            s->dir,
            start_command(s->dir, WORDS("export", in(s, "recipes"), "--data", "--seed", "1",
                                        "--cell", cells[i], "--to", in(s, "one.safetensors"))),
            0);
        cop_synthetic set = read_set(in(s, "one.safetensors"));
        assert_true(cop_recipe_duration(set.recipe, "duration").value == i + 1);
        cop_synthetic_clear(&set);
    }
}

/* A set that does not fit is refused by `check`, with its file: no fault of the config. */
static void check_refuses_a_set_of_other_images(void **state)
{
    const scene *s = *state;
    char file[300], *said = NULL;
    cop_error err = {0};
    static const char text[] =
        STUDY "distill = { plugin = \"file\"; path = \"first.cfg\"; recipe = \"idc\"; };\n";
    (void)snprintf(file, sizeof file, "%s/other.cfg", s->dir);
    assert_ok(cop_file_write(file, text, strlen(text), &err), &err);
    assert_ends(s->dir, start_command(s->dir, WORDS("check", file)), 1);
    said = read_text(s->dir, "err");
    assert_non_null(strstr(said, "other.cfg:5"));
    assert_non_null(strstr(said, "first.cfg: is not a safetensors file"));
    free(said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_that_went_out_comes_in_with_the_same_bits),
        cmocka_unit_test(real_images_lie_beside_the_sets),
        cmocka_unit_test(a_set_that_went_out_says_how_it_was_made),
        cmocka_unit_test(a_network_trained_on_it_has_the_same_numbers),
        cmocka_unit_test(one_set_is_judged_by_several_networks),
        cmocka_unit_test(one_set_is_trained_on_by_several_recipes),
        cmocka_unit_test(check_refuses_a_set_of_other_images),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
