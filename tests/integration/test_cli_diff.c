/* test_cli_diff.c: what makes two studies, or two stages, different, told by the command. */
#include "tiny_study.h"

#include "store/formats/stages_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STUDY_OF(name, rate, more)                                                                 \
    "study   = { name = \"" name "\"; seeds = [0]; copies = 2; threads = 1; };\n"                  \
    "dataset = { plugin = \"shapes\"; train_size = 64; test_size = 40; };\n"                       \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"imp\"; rate = " rate "; }; rounds = 2;\n"      \
    "                         data = \"real\"; } ); };\n"                                          \
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n" more

#define SWEEP(values)                                                                              \
    "sweep   = ( { path = \"train.lr\"; values = [" values "]; labels = [\"low\", \"high\"]; } "   \
    ");\n"

/* One run of each, in a directory of its own but for the last two, which share one. */
typedef struct scene {
    tiny_study t;
    char half[300], third[300], both[300];
    cop_arena *arena;
} scene;

static void run_config(const scene *s, const char *text, const char *out)
{
    write_text(s->t.dir, "c.cfg", text);
    char path[300];
    (void)snprintf(path, sizeof path, "%s/c.cfg", s->t.dir);
    tiny_study_run(&s->t, WORDS("run", path, "--out", out), 0);
}

static int make_scene(void **state)
{
    scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    tiny_study_make(&s->t, "");
    (void)snprintf(s->half, sizeof s->half, "%s/half", s->t.dir);
    (void)snprintf(s->third, sizeof s->third, "%s/third", s->t.dir);
    (void)snprintf(s->both, sizeof s->both, "%s/both", s->t.dir);
    run_config(s, STUDY_OF("tiny", "0.5", ""), s->half);
    run_config(s, STUDY_OF("tiny", "0.3", ""), s->third);
    run_config(s, STUDY_OF("one", "0.5", SWEEP("0.01, 0.1")), s->both);
    run_config(s, STUDY_OF("two", "0.5", SWEEP("0.01, 0.2")), s->both);
    s->arena = cop_arena_new();
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

/* DIR/NAME of the stage of that title. */
static const char *place_of(scene *s, const char *dir, const char *title)
{
    char path[500], name[COP_ARTIFACT_NAME_SIZE];
    cop_error err = {0};
    cop_stage_records records;
    (void)snprintf(path, sizeof path, "%s/studies/tiny/stages.json", dir);
    assert_ok(cop_stages_read(path, s->arena, &records, &err), &err);
    for (size_t i = 0; i < records.stage_count; i++)
        if (strcmp(records.stages[i].title, title) == 0)
            return cop_arena_printf(s->arena, "%s/%s", dir,
                                    cop_artifact_text(&records.stages[i].id, name));
    fail_msg("there is no stage \"%s\"", title);
    return NULL;
}

static void diff(const scene *s, const char *a, const char *b, int wanted)
{
    tiny_study_run(&s->t, WORDS("diff", a, b), wanted);
    if (wanted != 2)
        assert_lacks(s->t.dir, "err", "c");
}

static void out_has(const scene *s, const char *part)
{
    assert_contains(s->t.dir, "out", part);
}

static void a_study_is_the_same_as_itself(void **state)
{
    const scene *s = *state;
    diff(s, s->half, s->half, 0);
    out_has(s, "no setting differs\n");
    out_has(s, "stages: 10 in both, 0 in A alone, 0 in B alone\n");
}

static void a_setting_that_differs_is_told_with_its_path(void **state)
{
    const scene *s = *state;
    diff(s, s->half, s->third, 1);
    out_has(s, "A: study \"tiny\" in ");
    out_has(s, "\nsettings that differ (A, B)\n  ticket.phases.[0].pruner.rate  0.5  0.3\n\n");
    /* Both dense copies, and what the first mask was found by. */
    out_has(s, "stages: 3 in both, 7 in A alone, 7 in B alone\n");
}

static void studies_of_one_directory_are_named_by_their_folders(void **state)
{
    scene *s = *state;
    const char *one = cop_arena_printf(s->arena, "%s/studies/one/", s->both);
    const char *two = cop_arena_printf(s->arena, "%s/studies/two", s->both);
    diff(s, one, two, 1);
    out_has(s, "  study.name  \"one\"  \"two\"\n");
    out_has(s, "  train.lr    0.1    0.2\n    in \"high\"\n");
    out_has(s, "stages: 10 in both, 10 in A alone, 10 in B alone\n");
    assert_lacks(s->t.dir, "out", "\"low\"");
    diff(s, s->both, two, 2);
    tiny_study_said(&s->t, "holds 2 studies; choose one with --study: \"one\", \"two\"");
    tiny_study_run(&s->t, WORDS("diff", s->both, two, "--study", "two"), 0);
    out_has(s, "no setting differs\n");
}

static void another_sweep_has_other_cells(void **state)
{
    scene *s = *state;
    const char *one = cop_arena_printf(s->arena, "%s/studies/one", s->both);
    diff(s, s->half, one, 1);
    out_has(s, "cells in B alone: \"high\"\n");
}

static void stages_differ_by_what_differs_in_them(void **state)
{
    scene *s = *state;
    diff(s, place_of(s, s->half, "train round 1, copy 0 [tiny, seed 0]"),
         place_of(s, s->half, "train round 1, copy 1 [tiny, seed 0]"), 1);
    out_has(s, "\nwhat differs (A, B)\n  order    0  ");
    out_has(s, "\n  augment  0  ");
    assert_lacks(s->t.dir, "out", "come from");
}

static void stages_differ_by_what_they_come_from(void **state)
{
    scene *s = *state;
    static const char title[] = "train round 2, copy 0 [tiny, seed 0]";
    const char *a = place_of(s, s->half, title);
    diff(s, a, place_of(s, s->third, title), 1);
    out_has(s, "they come from other stages by: mask\n");
    out_has(s, "\nwhat differs in what they come from by: mask (A, B)\n");
    out_has(s, ": prune round 2 [tiny, seed 0]\n  component.rate  0.5  0.3\n");
    out_has(s,
            "\nthe same differs in 1 more stage that they come from\n"); /* the mask of round 1 */
    diff(s, a, a, 0);
    out_has(s, "the same stage: train-");
}

static void a_stage_is_named_as_it_lies_in_the_store(void **state)
{
    scene *s = *state;
    const char *place = place_of(s, s->half, "prune round 1 [tiny, seed 0]");
    const char *stored =
        cop_arena_printf(s->arena, "%s/store/%s", s->half, strrchr(place, '/') + 1);
    const char *hash = cop_arena_printf(s->arena, "%s/%.12s", s->half, strrchr(place, '-') + 1);
    diff(s, stored, place, 0);
    diff(s, hash, place, 0);
}

/* Other instruction sets make other results: no setting says so. */
static void where_no_setting_differs_the_first_stage_tells(void **state)
{
    static const char *const environment[] = {"PATH=/nowhere", "OPENBLAS_CORETYPE=Nehalem", NULL};
    const command_way way = {.environment = environment};
    scene *s = *state;
    char path[300], out[300];
    write_text(s->t.dir, "c.cfg", STUDY_OF("tiny", "0.5", ""));
    (void)snprintf(path, sizeof path, "%s/c.cfg", s->t.dir);
    (void)snprintf(out, sizeof out, "%s/machine", s->t.dir);
    assert_ends(s->t.dir, start_program(s->t.dir, &way, WORDS("run", path, "--out", out)), 0);
    diff(s, s->half, out, 1);
    out_has(s, "no setting differs\n");
    out_has(s, "stages: 0 in both, 10 in A alone, 10 in B alone\n\nthe first of them\nA: train-");
    out_has(s, ": train dense, copy 0 [tiny, seed 0]\n\nwhat differs (A, B)\n  openblas  ");
    out_has(s, "  Nehalem\n");
}

static void what_cannot_be_compared_is_trouble(void **state)
{
    scene *s = *state;
    char *whole = read_text(s->third, "studies/tiny/config.cfg");
    diff(s, s->half, "/nowhere", 2);
    tiny_study_said(&s->t, "/nowhere: holds no run");
    diff(s, s->half, place_of(s, s->half, "prune round 1 [tiny, seed 0]"), 2);
    tiny_study_said(&s->t, "wanted two studies or two stages");
    diff(s, cop_arena_printf(s->arena, "%s/train-", s->half), s->half, 2);
    tiny_study_said(&s->t, "\"train-\" is the beginning of 8 stages: ");
    diff(s, cop_arena_printf(s->arena, "%s/nobody", s->half), s->half, 2);
    tiny_study_said(&s->t, "has no stage \"nobody\"");
    tiny_study_refuses(&s->t, WORDS("diff", s->half), "diff wants A B");
    write_text(s->third, "studies/tiny/config.cfg", "study = { name = ");
    diff(s, s->half, s->third, 2);
    tiny_study_said(&s->t, "config.cfg:1: syntax error");
    write_text(s->third, "studies/tiny/config.cfg", whole);
    free(whole);
    whole = read_text(s->third, "studies/tiny/stages.json");
    whole[strlen(whole) / 2] ^= 1;
    write_text(s->third, "studies/tiny/stages.json", whole);
    diff(s, s->half, s->third, 2); /* the last test that needs it */
    tiny_study_said(&s->t, "is damaged: its checksum does not agree");
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_is_the_same_as_itself),
        cmocka_unit_test(a_setting_that_differs_is_told_with_its_path),
        cmocka_unit_test(studies_of_one_directory_are_named_by_their_folders),
        cmocka_unit_test(another_sweep_has_other_cells),
        cmocka_unit_test(stages_differ_by_what_differs_in_them),
        cmocka_unit_test(stages_differ_by_what_they_come_from),
        cmocka_unit_test(a_stage_is_named_as_it_lies_in_the_store),
        cmocka_unit_test(where_no_setting_differs_the_first_stage_tells),
        cmocka_unit_test(what_cannot_be_compared_is_trouble),
    };
    return cmocka_run_group_tests(tests, make_scene, clear_scene);
}
