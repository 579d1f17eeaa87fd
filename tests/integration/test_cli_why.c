/* test_cli_why.c: what a stage is, where it comes from, and what it is for, told by the command. */
#include "tiny_study.h"

#include "store/formats/stages_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config[] =
    "study   = { name = \"tiny\"; seeds = [0]; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 64; test_size = 40; };\n"
    "distill = { plugin = \"random\"; ipc = 2; recipe = { recipe = \"idc\"; duration = \"2ep\"; }; "
    "};\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1;\n"
    "                         data = \"distilled\"; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

/* One finished run for all tests, and its graph. */
typedef struct scene {
    tiny_study t;
    cop_arena *arena;
    cop_stage_records records;
} scene;

static int make_scene(void **state)
{
    scene *s = calloc(1, sizeof *s);
    char path[400];
    cop_error err = {0};
    assert_non_null(s);
    tiny_study_make(&s->t, config);
    tiny_study_run(&s->t, WORDS("run", s->t.config, "--out", s->t.out), 0);
    s->arena = cop_arena_new();
    (void)snprintf(path, sizeof path, "%s/studies/tiny/stages.json", s->t.out);
    assert_ok(cop_stages_read(path, s->arena, &s->records, &err), &err);
    *state = s;
    return 0;
}

static int clear_scene(void **state)
{
    scene *s = *state;
    cop_arena_free(s->arena);
    remove_tree(s->t.dir);
    free(s);
    return 0;
}

/* The stage of that title. */
static const cop_stage_record *titled(const scene *s, const char *title)
{
    for (size_t i = 0; i < s->records.stage_count; i++)
        if (strcmp(s->records.stages[i].title, title) == 0)
            return &s->records.stages[i];
    fail_msg("there is no stage \"%s\"", title);
    return NULL;
}

static void why(const scene *s, const char *stage, int wanted)
{
    tiny_study_run(&s->t, WORDS("why", s->t.out, stage), wanted);
}

static void why_titled(const scene *s, const char *title)
{
    char name[COP_ARTIFACT_NAME_SIZE];
    why(s, cop_artifact_text(&titled(s, title)->id, name), 0);
}

static void out_has(const scene *s, const char *part)
{
    assert_contains(s->t.dir, "out", part);
}

static void a_ticket_s_copy_is_told_with_all_that_decides_it(void **state)
{
    const scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE], line[300];
    const cop_stage_record *mask = titled(s, "prune round 1 [tiny, seed 0]");
    why_titled(s, "train round 1, copy 1 [tiny, seed 0]");
    out_has(s, ": train round 1, copy 1 [tiny, seed 0]\n  published 20");
    out_has(s, ", computed in ");
    out_has(s, "/store/train-");
    out_has(s, "  by coppice ");
    out_has(s, "  by model convnet 1.0.0 ");
    out_has(s, "  numerics             3  (version of the framework's arithmetic)\n");
    out_has(s, "  model.width          4\n");
    out_has(s, "  recipe.batch         32\n");
    (void)snprintf(line, sizeof line, "  mask                 %s  (weights that there are)\n",
                   cop_artifact_text(&mask->id, name));
    out_has(s, line);
    (void)snprintf(line, sizeof line, "what it reads\n  %s  done: %s\n", name, mask->title);
    out_has(s, line);
    out_has(s, "what it is for\n  study \"tiny\", cell \"tiny\", seed 0, round 1: its copy 1\n");
}

static void each_part_of_the_record_is_called_by_its_role(void **state)
{
    const scene *s = *state;
    why_titled(s, "distil [tiny, seed 0]");
    out_has(s, "it reads no other stage\n");
    out_has(s, "  study \"tiny\", cell \"tiny\", seed 0: the distilled set\n");
    out_has(s, "seed 0, round 1: the distilled set that it was found on\n");
    why_titled(s, "train on the distilled set [tiny, seed 0]");
    out_has(s, "seed 0: the network trained on its set\n");
    why_titled(s, "prune round 1 [tiny, seed 0]");
    out_has(s, "seed 0, round 1: its mask\n");
    why_titled(s, "lmc of round 1 [tiny, seed 0]");
    out_has(s, "seed 0, round 1: its analysis by lmc\n");
    why_titled(s, "train dense, copy 0 [tiny, seed 0]");
    out_has(s, "seed 0, round 0: its copy 0\n");
    out_has(s, "seed 0, round 1: one of its stages comes from it\n"); /* lmc compares with it */
}

static void a_tree_goes_down_to_what_reads_nothing(void **state)
{
    const scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE], line[300];
    const cop_stage_record *copy = titled(s, "train round 1, copy 0 [tiny, seed 0]");
    tiny_study_run(&s->t, WORDS("why", s->t.out, cop_artifact_text(&copy->id, name), "--all"), 0);
    (void)cop_artifact_text(&titled(s, "distil [tiny, seed 0]")->id, name);
    (void)snprintf(line, sizeof line, "\n    %s  done: distil [tiny, seed 0]\n", name);
    out_has(s, line); /* below the mask */
    (void)snprintf(line, sizeof line, "\n      %s  done: distil [tiny, seed 0]\n", name);
    out_has(s, line);         /* below the training that was pruned */
    why(s, copy->id.hash, 0); /* without --all neither is there */
    (void)snprintf(line, sizeof line, "  %s  done: distil", name);
    assert_lacks(s->t.dir, "out", line);
}

static void a_beginning_will_do_where_it_is_one_stage_s(void **state)
{
    const scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE];
    const cop_stage_record *mask = titled(s, "prune round 1 [tiny, seed 0]");
    why(s, "mask-", 0);
    out_has(s, ": prune round 1 [tiny, seed 0]\n");
    why(s, mask->id.hash, 0);
    out_has(s, ": prune round 1 [tiny, seed 0]\n");
    why(s, "train-", 2);
    tiny_study_said(&s->t, "\"train-\" is the beginning of 5 stages: train-");
    tiny_study_said(&s->t, "(train dense, copy 0 [tiny, seed 0]), train-");
    tiny_study_said(&s->t, " and 2 more");
    why(s, "train-zz", 2);
    tiny_study_said(&s->t, "has no stage \"train-zz\": wanted a name such as train-1f");
    why(s, "", 2);
    tiny_study_refuses(&s->t, WORDS("why", s->t.out), "why wants DIR STAGE");
    tiny_study_run(&s->t, WORDS("why", "/nowhere", cop_artifact_text(&mask->id, name)), 1);
    tiny_study_said(&s->t, "/nowhere: holds no run");
}

/* The last test: it takes artifacts away. */
static void what_is_not_there_says_how_far_it_is(void **state)
{
    const scene *s = *state;
    char name[COP_ARTIFACT_NAME_SIZE], path[500], line[300];
    const cop_stage_record *mask = titled(s, "prune round 1 [tiny, seed 0]");
    (void)snprintf(path, sizeof path, "%s/store/%s", s->t.out, cop_artifact_text(&mask->id, name));
    remove_tree(path);
    why(s, name, 0);
    out_has(s, "  not published: ready\n");
    why_titled(s, "train round 1, copy 0 [tiny, seed 0]");
    (void)snprintf(line, sizeof line, "  %s  ready: prune round 1 [tiny, seed 0]\n", name);
    out_has(s, line);
    const cop_stage_record *copy = titled(s, "train round 1, copy 1 [tiny, seed 0]");
    (void)snprintf(path, sizeof path, "store/%s/artifact.json", cop_artifact_text(&copy->id, name));
    write_text(s->t.out, path, "{}");
    why(s, name, 0);
    out_has(s, "  not published: waiting\n  what stands in its place is damaged: ");
}

/* Stages that read themselves, each other, and what there is not: by hand, without a checksum. */
static void a_graph_that_goes_round_is_told_and_left(void **state)
{
    (void)state;
    tiny_study t;
    char folder[400], text[2000], names[2][COP_ARTIFACT_NAME_SIZE];
    cop_error err = {0};
    tiny_study_make(&t, config);
    tiny_study_run(&t, WORDS("run", t.config, "--out", t.out), 0);
    (void)snprintf(folder, sizeof folder, "%s/studies/tiny", t.out);
    for (int i = 0; i < 2; i++) {
        cop_artifact_id id;
        assert_ok(cop_artifact_name("train", i == 0 ? "x" : "y", &id, &err), &err);
        (void)cop_artifact_text(&id, names[i]);
    }
    (void)snprintf(
        text, sizeof text,
        "{\"study\": \"tiny\", \"plugin_dirs\": [], \"environment\": [], \"stages\": ["
        "{\"name\": \"%s\", \"title\": \"a\\u001b[2J\", \"data\": \"\", \"identity\": "
        "\"x\", \"inputs\": [\"%s\", \"%s\", \"mask-00000000000000000000000000000000\"]},"
        "{\"name\": \"%s\", \"title\": \"b\", \"data\": \"\", \"identity\": \"y\", "
        "\"inputs\": [\"%s\"]}]}",
        names[0], names[0], names[1], names[1], names[0]);
    write_text(folder, "stages.json", text);
    tiny_study_run(&t, WORDS("why", t.out, names[0], "--all"), 0);
    assert_contains(t.dir, "out", ": a\\x1b[2J\n  not published: waiting\n");
    assert_contains(t.dir, "out", "waiting: a\\x1b[2J (as above)\n");
    assert_contains(t.dir, "out", "waiting: b\n");
    assert_contains(t.dir, "out",
                    "mask-00000000000000000000000000000000  is none of the study's stages\n");
    assert_contains(t.dir, "out", "no ticket or distilled set of a record needs it\n");
    remove_tree(t.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_s_copy_is_told_with_all_that_decides_it),
        cmocka_unit_test(each_part_of_the_record_is_called_by_its_role),
        cmocka_unit_test(a_tree_goes_down_to_what_reads_nothing),
        cmocka_unit_test(a_beginning_will_do_where_it_is_one_stage_s),
        cmocka_unit_test(a_graph_that_goes_round_is_told_and_left),
        cmocka_unit_test(what_is_not_there_says_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, make_scene, clear_scene);
}
