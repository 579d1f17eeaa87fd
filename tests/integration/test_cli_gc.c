/* coppice gc: what no study refers to goes, what one does stays, and nothing goes where that is not
 * known. */
#include "command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STUDY                                                                                      \
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"                       \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"imp\"; }; rounds = 1; } ); };\n"               \
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n"

static const char one[] =
    "study = { name = \"one\"; seeds = [0]; copies = 1; threads = 1; };\n" STUDY;
static const char two[] =
    "study = { name = \"two\"; seeds = [0, 1]; copies = 1; threads = 1; };\n" STUDY;

typedef struct scene {
    char dir[256], out[300];
} scene;

static void run_study(const scene *s, const char *file, const char *config)
{
    char path[400];
    write_text(s->dir, file, config);
    (void)snprintf(path, sizeof path, "%s/%s", s->dir, file);
    assert_ends(s->dir, start_command(s->dir, WORDS("run", path, "--out", s->out, "--quiet")), 0);
}

/* Both studies in one directory: the first's stages are among the second's. */
static scene make_scene(void)
{
    scene s;
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(s.out, sizeof s.out, "%s/results", s.dir);
    run_study(&s, "one.cfg", one);
    run_study(&s, "two.cfg", two);
    return s;
}

static void forget_study(const scene *s, const char *name)
{
    char folder[400];
    (void)snprintf(folder, sizeof folder, "%s/studies/%s", s->out, name);
    remove_tree(folder);
}

static void gc(const scene *s, const char *option, int wanted)
{
    assert_ends(s->dir, start_command(s->dir, WORDS("gc", s->out, option)), wanted);
}

static void what_no_study_refers_to_goes_and_the_rest_stays(void **state)
{
    (void)state;
    scene s = make_scene();
    gc(&s, NULL, 0);
    assert_contains(s.dir, "out", "removed 0 artifacts and 0 other files");
    assert_contains(s.dir, "out", "; 8 artifacts are kept\n");
    forget_study(&s, "two");
    gc(&s, "--dry-run", 0); /* each has its log */
    assert_contains(s.dir, "out", "would remove 4 artifacts and 4 other files");
    assert_contains(s.dir, "out", "\ntrain-");
    gc(&s, NULL, 0);
    assert_contains(s.dir, "out", "removed 4 artifacts and 4 other files");
    assert_contains(s.dir, "out", "; 4 artifacts are kept\n");
    run_study(&s, "one.cfg", one);
    char config[400];
    (void)snprintf(config, sizeof config, "%s/one.cfg", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", s.out)), 0);
    assert_contains(s.dir, "err", "4 stages, 4 of them already done");
    remove_tree(s.dir);
}

static void saved_states_of_no_study_go_too(void **state)
{
    (void)state;
    scene s = make_scene();
    static const char stale[] =
        "results/work/train-00112233445566778899aabbccddeeff.checkpoint.safetensors";
    write_text(s.dir, stale, "x");
    write_text(s.dir, "results/work/somebody-else.txt", "x");
    gc(&s, NULL, 0);
    assert_contains(s.dir, "out", "removed 0 artifacts and 1 other files");
    char path[600];
    (void)snprintf(path, sizeof path, "%s/%s", s.dir, stale);
    assert_int_not_equal(access(path, F_OK), 0);
    (void)snprintf(path, sizeof path, "%s/work/somebody-else.txt", s.out);
    assert_int_equal(access(path, F_OK), 0);
    remove_tree(s.dir);
}

/* What a study refers to is not known where its graph cannot be read. */
static void a_graph_that_cannot_be_read_keeps_everything(void **state)
{
    (void)state;
    scene s = make_scene();
    forget_study(&s, "two");
    write_text(s.dir, "results/studies/one/stages.json", "{\"study\": \"one\"");
    gc(&s, NULL, 1);
    assert_contains(s.dir, "err", "stages.json");
    char path[400];
    (void)snprintf(path, sizeof path, "%s/studies/one/stages.json", s.out);
    assert_int_equal(unlink(path), 0);
    gc(&s, NULL, 1);
    assert_contains(s.dir, "err", "without a graph");
    run_study(&s, "two.cfg", two);
    assert_lacks(s.dir, "err", "train"); /* nothing was lost */
    remove_tree(s.dir);
}

static void a_directory_in_use_is_left_alone(void **state)
{
    (void)state;
    scene s = make_scene();
    char path[400];
    (void)snprintf(path, sizeof path, "%s/work/lock", s.out);
    int lock = open(path, O_RDWR | O_CLOEXEC);
    assert_true(lock >= 0);
    assert_int_equal(flock(lock, LOCK_SH), 0);
    gc(&s, NULL, 1);
    assert_contains(s.dir, "err", "is in use by another process");
    (void)close(lock);
    gc(&s, NULL, 0);
    remove_tree(s.dir);
}

static void what_is_no_output_directory_is_refused(void **state)
{
    (void)state;
    scene s;
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(s.out, sizeof s.out, "%s/results", s.dir);
    gc(&s, NULL, 1);
    assert_contains(s.dir, "err", "no run has written here");
    remove_tree(s.dir);
}

/* Two output directories with one store: what either refers to stays, and nothing goes while one of
 * them is not known. */
static void a_shared_store_keeps_what_any_of_its_users_refers_to(void **state)
{
    (void)state;
    scene s;
    char first[300], second[300], store[300], config[400], moved[400];
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(first, sizeof first, "%s/first", s.dir);
    (void)snprintf(second, sizeof second, "%s/second", s.dir);
    (void)snprintf(store, sizeof store, "%s/shared", s.dir);
    (void)snprintf(config, sizeof config, "%s/t.cfg", s.dir);
    (void)snprintf(moved, sizeof moved, "%s/moved", s.dir);
    write_text(s.dir, "t.cfg", one);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", first, "--store", store)),
                0);
    write_text(s.dir, "t.cfg", two);
    assert_ends(
        s.dir,
        start_command(s.dir, WORDS("run", config, "--out", second, "--store", store, "--dry-run")),
        0);
    assert_contains(s.dir, "out", "4 of 8 stages would be computed");
    assert_ends(s.dir,
                start_command(
                    s.dir, WORDS("run", config, "--out", second, "--store", store, "--jobs", "2")),
                0);
    assert_contains(s.dir, "err", "8 stages, 4 of them already done");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", second)), 0); /* once */
    const char *const dirs[] = {first, second, store};
    for (int i = 0; i < 3; i++) {
        assert_ends(s.dir, start_command(s.dir, WORDS("gc", dirs[i])), 0);
        assert_contains(s.dir, "out", "removed 0 artifacts and 0 other files");
        assert_contains(s.dir, "out", "; 8 artifacts are kept\n");
    }
    assert_int_equal(rename(second, moved), 0);
    assert_ends(s.dir, start_command(s.dir, WORDS("gc", first)), 1);
    assert_contains(s.dir, "err", "second: uses the store, and is not there");
    assert_ends(s.dir, start_command(s.dir, WORDS("gc", store, "--forget", second)), 0);
    assert_contains(s.dir, "out", "removed 4 artifacts and 4 other files");
    assert_ends(s.dir, start_command(s.dir, WORDS("gc", store, "--forget", second)), 2);
    /* the one that was moved is known again where it is now */
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", moved, "--store", store)),
                0);
    assert_ends(s.dir, start_command(s.dir, WORDS("gc", first)), 0);
    assert_contains(s.dir, "out", "; 8 artifacts are kept\n");
    remove_tree(s.dir);
}

static void run_shared(const scene *s, const char *name, const char *out, const char *store)
{
    char config[400];
    (void)snprintf(config, sizeof config, "%s/%s.cfg", s->dir, name);
    assert_ends(s->dir,
                start_command(s->dir, WORDS("run", config, "--quiet", "--out", out,
                                            store != NULL ? "--store" : NULL, store)),
                0);
}

/* The directory whose store is shared has studies of its own, and one that shares its store lends
 * it out in turn. */
static void an_output_directory_that_lends_its_store_keeps_its_own(void **state)
{
    (void)state;
    scene s = make_scene();
    char second[300], third[300];
    (void)snprintf(second, sizeof second, "%s/second", s.dir);
    (void)snprintf(third, sizeof third, "%s/third", s.dir);
    run_shared(&s, "one", second, s.out);
    run_shared(&s, "one", third, second);
    run_shared(&s, "one", third, second); /* which is the same store still */
    run_shared(&s, "one", third, s.out);
    forget_study(&s, "one");
    const char *const dirs[] = {second, third, s.out};
    for (int i = 0; i < 3; i++) {
        assert_ends(s.dir, start_command(s.dir, WORDS("gc", dirs[i])), 0);
        assert_contains(s.dir, "out", "removed 0 artifacts and 0 other files");
        assert_contains(s.dir, "out", "; 8 artifacts are kept\n");
    }
    forget_study(&s, "two");
    gc(&s, NULL, 0);
    assert_contains(s.dir, "out", "; 4 artifacts are kept\n"); /* of the others */
    remove_tree(s.dir);
}

/* It is known where it is now, as soon as something is run there, and a dry run forgets nothing. */
static void a_user_that_was_moved_is_known_again(void **state)
{
    (void)state;
    scene s = make_scene();
    char second[300], moved[300];
    (void)snprintf(second, sizeof second, "%s/second", s.dir);
    (void)snprintf(moved, sizeof moved, "%s/moved", s.dir);
    run_shared(&s, "one", second, s.out);
    assert_int_equal(rename(second, moved), 0);
    run_shared(&s, "one", moved, NULL);
    forget_study(&s, "one");
    forget_study(&s, "two");
    gc(&s, NULL, 1);
    for (int i = 0; i < 2; i++) {
        assert_ends(s.dir,
                    start_command(s.dir, WORDS("gc", s.out, "--forget", second, "--dry-run")), 0);
        assert_contains(s.dir, "out", "would remove 4 artifacts");
    }
    gc(&s, NULL, 1);
    assert_ends(s.dir, start_command(s.dir, WORDS("gc", s.out, "--forget", second)), 0);
    assert_contains(s.dir, "out", "; 4 artifacts are kept\n");
    remove_tree(s.dir);
}

static void a_shared_store_that_is_gone_is_told_of(void **state)
{
    (void)state;
    scene s = make_scene();
    char config[400], second[300], moved[300], wanted[700];
    (void)snprintf(config, sizeof config, "%s/one.cfg", s.dir);
    (void)snprintf(second, sizeof second, "%s/second", s.dir);
    (void)snprintf(moved, sizeof moved, "%s/moved", s.dir);
    run_shared(&s, "one", second, s.out);
    assert_int_equal(rename(s.out, moved), 0);
    (void)snprintf(wanted, sizeof wanted, "%s/store: leads to %s/store, which is not there", second,
                   s.out);
    const char *const *commands[] = {WORDS("run", config, "--out", second),
                                     WORDS("run", config, "--out", second, "--store", moved),
                                     WORDS("check", config, "--out", second, "--quiet"),
                                     WORDS("run", config, "--out", second, "--dry-run"),
                                     WORDS("work", second),
                                     WORDS("status", second),
                                     WORDS("report", second),
                                     WORDS("why", second, "mask"),
                                     WORDS("gc", second)};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_ends(s.dir, start_command(s.dir, commands[i]), 1);
        assert_contains(s.dir, "err", wanted);
    }
    remove_tree(s.dir);
}

static void a_store_is_not_exchanged(void **state)
{
    (void)state;
    scene s = make_scene();
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.dir, "--store", "")), 2);
    assert_contains(s.dir, "err", "option '--store' is '', wanted a directory\n");
    char file[400];
    (void)snprintf(file, sizeof file, "%s/one.cfg", s.dir);
    const char *const commands[] = {"run", "check"};
    for (int i = 0; i < 2; i++) {
        assert_ends(s.dir, start_command(s.dir, WORDS(commands[i], file, "--store", file)), 2);
        assert_contains(s.dir, "err", "/one.cfg', wanted a directory\n");
    }
    char config[400], store[300], other[300], fresh[300];
    (void)snprintf(config, sizeof config, "%s/one.cfg", s.dir);
    (void)snprintf(store, sizeof store, "%s/shared", s.dir);
    (void)snprintf(other, sizeof other, "%s/other", s.dir);
    (void)snprintf(fresh, sizeof fresh, "%s/fresh", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", s.out, "--store", store)),
                2);
    assert_contains(s.dir, "err", "has a store of its own");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", fresh, "--store", store)),
                0);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", fresh, "--store", other)),
                2);
    assert_contains(s.dir, "err", "uses that store already");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", config, "--out", store, "--store", store)),
                2);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_study_refers_to_goes_and_the_rest_stays),
        cmocka_unit_test(saved_states_of_no_study_go_too),
        cmocka_unit_test(a_graph_that_cannot_be_read_keeps_everything),
        cmocka_unit_test(a_shared_store_keeps_what_any_of_its_users_refers_to),
        cmocka_unit_test(an_output_directory_that_lends_its_store_keeps_its_own),
        cmocka_unit_test(a_user_that_was_moved_is_known_again),
        cmocka_unit_test(a_shared_store_that_is_gone_is_told_of),
        cmocka_unit_test(a_store_is_not_exchanged),
        cmocka_unit_test(a_directory_in_use_is_left_alone),
        cmocka_unit_test(what_is_no_output_directory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
