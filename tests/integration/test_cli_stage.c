/* test_cli_stage.c: one stage of a study, run by a process that is told the directory and a name. */
#include "command.h"

#include "core/file.h"
#include "core/path.h"
#include "store/formats/stages_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config_text[] =
    "study   = { name = \"small\"; seeds = [0]; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 96; test_size = 40; };\n"
    "distill = { plugin = \"random\"; ipc = 2; recipe = { recipe = \"idc\"; duration = \"2ep\"; }; "
    "};\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1;\n"
    "                         data = \"real\"; rewind = \"1it\"; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n"
    "sweep   = ( { path = \"ticket.phases.[0].data\"; values = [\"real\", \"distilled\"]; } );\n";

typedef struct scene {
    char dir[256], config[300], whole[300], parts[300];
    cop_arena *arena;
    cop_stage_records records;
} scene;

/* A finished run in `whole`; in `parts` nothing but what it wrote down of the study. */
static int make_scene(void **state)
{
    scene *s = calloc(1, sizeof *s);
    char from[500], to[400];
    cop_error err = {0};
    assert_non_null(s);
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/t.cfg", s->dir);
    (void)snprintf(s->whole, sizeof s->whole, "%s/whole", s->dir);
    (void)snprintf(s->parts, sizeof s->parts, "%s/parts", s->dir);
    write_text(s->dir, "t.cfg", config_text);
    assert_ends(s->dir, start_command(s->dir, WORDS("run", s->config, "--out", s->whole)), 0);
    (void)snprintf(to, sizeof to, "%s/studies/small", s->parts);
    assert_ok(cop_make_dirs(to, &err), &err);
    static const char *const files[] = {"study.json", "stages.json", "config.cfg"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(from, sizeof from, "studies/small/%s", files[i]);
        char *text = read_text(s->whole, from);
        write_text(to, files[i], text);
        free(text);
    }
    s->arena = cop_arena_new();
    (void)snprintf(from, sizeof from, "%s/stages.json", to);
    assert_ok(cop_stages_read(from, s->arena, &s->records, &err), &err);
    *state = s;
    return 0;
}

static int clear_scene(void **state)
{
    scene *s = *state;
    cop_arena_free(s->arena);
    remove_tree(s->dir);
    free(s);
    return 0;
}

/* In the child: the directory and the name of the stage are all that it is given. */
static void forget_everything(const void *own)
{
    (void)own;
    if (clearenv() != 0 || chdir("/") != 0)
        _exit(126);
}

static void run_stage(const scene *s, const char *id, int wanted)
{
    const command_way way = {.prepare = forget_everything};
    assert_ends(s->dir, start_program(s->dir, &way, WORDS("run", s->parts, "--stage", id)), wanted);
}

static const char *name_of(const scene *s, size_t i, char *name)
{
    return cop_artifact_text(&s->records.stages[i].id, name);
}

static void assert_same_file(const scene *s, const char *file)
{
    char *left = read_text(s->whole, file), *right = read_text(s->parts, file);
    assert_string_equal(left, right);
    free(left);
    free(right);
}

static void a_stage_without_its_inputs_names_the_first_that_is_missing(void **state)
{
    scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE], input[COP_ARTIFACT_NAME_SIZE], said[200];
    size_t last = s->records.stage_count - 1;
    run_stage(s, name_of(s, last, name), 1);
    (void)snprintf(said, sizeof said, "an input is not published yet: %s (",
                   cop_artifact_text(&s->records.stages[last].inputs[0], input));
    assert_contains(s->dir, "err", said);
}

static void a_name_that_is_none_or_several_is_refused(void **state)
{
    scene *s = *state;
    run_stage(s, "train-zz", 2);
    assert_contains(s->dir, "err", "--stage train-zz is none of the study's stages; ");
    run_stage(s, "train-", 2);
    assert_contains(s->dir, "err", "--stage train- is the beginning of ");
    run_stage(s, "", 2);
    assert_ends(s->dir,
                start_command(s->dir, WORDS("run", s->parts, "--stage", "x", "--set", "a=1")), 2);
    assert_contains(s->dir, "err", "--set does not go with --stage");
    assert_ends(s->dir,
                start_command(s->dir, WORDS("run", s->parts, "--stage", "x", "--watch-report")), 2);
    assert_contains(s->dir, "err", "--watch-report does not go with --stage");
    assert_ends(s->dir, start_command(s->dir, WORDS("run", s->config, "--study", "small")), 2);
}

static void a_directory_without_a_stage_is_no_config(void **state)
{
    const scene *s = *state;
    assert_ends(s->dir, start_command(s->dir, WORDS("run", s->whole)), 2);
    assert_contains(s->dir, "err", "is a directory, wanted a config; with --stage ID");
}

/* Each by a process of its own, in the order of the records, some by the hash alone. */
static void all_stages_one_by_one_give_the_bits_of_a_run(void **state)
{
    scene *s = *state;
    static const char *const tables[] = {"tickets.csv",   "trainings.csv", "history.csv",
                                         "distilled.csv", "lmc_curve.csv", "columns.csv"};
    char name[COP_ARTIFACT_NAME_SIZE], said[200];
    assert_true(s->records.stage_count > 10);
    for (size_t i = 0; i < s->records.stage_count; i++) {
        const char *id = i % 2 == 0 ? name_of(s, i, name) : s->records.stages[i].id.hash;
        run_stage(s, id, 0);
        (void)snprintf(said, sizeof said, "%s is published: ", name_of(s, i, name));
        assert_contains(s->dir, "out", said);
    }
    run_stage(s, name_of(s, 0, name), 0);
    (void)snprintf(said, sizeof said, "%s is published already: ", name);
    assert_contains(s->dir, "out", said);
    assert_ends(s->dir, start_command(s->dir, WORDS("run", s->config, "--out", s->parts)), 0);
    (void)snprintf(said, sizeof said, "%zu stages, %zu of them already done",
                   s->records.stage_count, s->records.stage_count);
    assert_contains(s->dir, "err", said);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char file[100];
        (void)snprintf(file, sizeof file, "studies/small/report/%s", tables[i]);
        assert_same_file(s, file);
    }
    assert_same_file(s, "studies/small/stages.json");
    assert_same_file(s, "studies/small/config.cfg");
    assert_same_file(s, "studies/small/study.json");
}

/* In every cell. */
static void set_width(char *config, char from, char to)
{
    char line[] = "width = ?";
    line[sizeof line - 2] = from;
    assert_non_null(strstr(config, line));
    for (char *at = NULL; (at = strstr(config, line)) != NULL;)
        at[sizeof line - 2] = to;
}

/* A config that was changed after the study was laid out: the line is that of the stage where the
 * difference begins, not the name of an input that it gave another. */
static void a_stage_that_would_be_another_is_refused_with_the_line(void **state)
{
    scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE];
    char *config = read_text(s->parts, "studies/small/config.cfg");
    set_width(config, '4', '8');
    write_text(s->parts, "studies/small/config.cfg", config);
    run_stage(s, name_of(s, s->records.stage_count - 1, name), 1);
    assert_contains(s->dir, "err",
                    "this process would compute another result than the one recorded: line ");
    assert_contains(s->dir, "err", "wanted \"model model convnet");
    assert_contains(s->dir, "err", "width = 4;");
    assert_contains(s->dir, "err", "width = 8;");
    set_width(config, '8', '4');
    write_text(s->parts, "studies/small/config.cfg", config);
    free(config);
}

/* The run's own choice is taken over; where that gives others than the run had, as on another
 * machine, the stage is refused. */
static void a_stage_of_another_level_is_refused(void **state)
{
    scene *s = *state;
    char path[500], name[COP_ARTIFACT_NAME_SIZE];
    const char *other[] = {"OPENBLAS_CORETYPE=Nehalem"};
    cop_error err = {0};
    cop_stage_records changed = s->records;
    changed.environment = other;
    changed.environment_count = 1;
    (void)snprintf(path, sizeof path, "%s/studies/small/stages.json", s->parts);
    assert_ok(cop_stages_write(&changed, path, &err), &err);
    run_stage(s, name_of(s, 0, name), 1);
    assert_contains(s->dir, "err", "wanted \"openblas ");
    assert_contains(s->dir, "err", "got \"openblas Nehalem\"");
    assert_ok(cop_stages_write(&s->records, path, &err), &err);
}

/* A digit of an identity is not the stage's own any more, whoever changed it. */
static void a_graph_that_was_changed_is_refused(void **state)
{
    scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE];
    char *graph = read_text(s->parts, "studies/small/stages.json");
    char *number = strstr(graph, "numerics 3");
    assert_non_null(number);
    number[strlen("numerics ")] = '4';
    write_text(s->parts, "studies/small/stages.json", graph);
    run_stage(s, name_of(s, 0, name), 1);
    assert_contains(s->dir, "err", "is damaged: its checksum does not agree");
    number[strlen("numerics ")] = '3';
    write_text(s->parts, "studies/small/stages.json", graph);
    free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stage_without_its_inputs_names_the_first_that_is_missing),
        cmocka_unit_test(a_name_that_is_none_or_several_is_refused),
        cmocka_unit_test(a_directory_without_a_stage_is_no_config),
        cmocka_unit_test(a_stage_that_would_be_another_is_refused_with_the_line),
        cmocka_unit_test(a_stage_of_another_level_is_refused),
        cmocka_unit_test(a_graph_that_was_changed_is_refused),
        cmocka_unit_test(all_stages_one_by_one_give_the_bits_of_a_run),
    };
    return cmocka_run_group_tests(tests, make_scene, clear_scene);
}
