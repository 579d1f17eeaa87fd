/* Tests of a real, tiny study by the real command: run, interrupt, resume, report, export, eval. */
#include "support.h"

#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

#define COMMAND COPPICE_TEST_BUILD_DIR "/coppice"

static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 200; test_size = 100; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            stages = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1; "
    "data = \"real\"; } ); };\n"
    "train   = { recipe = \"idc\"; duration = \"4ep\"; };\n"
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n";

typedef struct scene {
    char dir[256], config[300];
} scene;

static void make_scene(scene *s)
{
    cop_error err = {0};
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/tiny.cfg", s->dir);
    assert_ok(cop_file_write(s->config, config_text, strlen(config_text), &err), &err);
}

/* Starts the command with both outputs in files `out` and `err` of the scene's directory. */
static pid_t start(const scene *s, const char *const *words)
{
    char *argv[24] = {0}, path[400];
    int argc = 0;
    argv[argc++] = strdup(COMMAND);
    for (; words[argc - 1] != NULL; argc++)
        argv[argc] = strdup(words[argc - 1]);
    posix_spawn_file_actions_t actions;
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    for (int i = 1; i <= 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", s->dir, i == 1 ? "out" : "err");
        assert_int_equal(
            posix_spawn_file_actions_addopen(&actions, i, path, O_WRONLY | O_CREAT | O_TRUNC, 0600),
            0);
    }
    pid_t pid = 0;
    assert_int_equal(posix_spawn(&pid, COMMAND, &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < argc; i++)
        free(argv[i]);
    return pid;
}

static int finish(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    if (!WIFEXITED(status))
        fail_msg("ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static char *read_file(const char *dir, const char *file)
{
    char path[512], *text = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(cop_file_read(path, 1u << 24, &text, NULL, &err), &err);
    return text;
}

static void assert_status(const scene *s, pid_t pid, int wanted)
{
    int status = finish(pid);
    if (status == wanted)
        return;
    char *text = read_file(s->dir, "err");
    fail_msg("exit status %d, wanted %d: %s", status, wanted, text);
}

static void assert_contains(const scene *s, const char *file, const char *part)
{
    char *text = read_file(s->dir, file);
    if (strstr(text, part) == NULL)
        fail_msg("%s lacks \"%s\": %s", file, part, text);
    free(text);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Waits until the run has begun to work: its record is there. */
static void wait_for_record(const char *out, pid_t pid)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/study.json", out);
    for (int i = 0; i < 3000 && access(path, F_OK) != 0; i++) {
        const struct timespec moment = {.tv_nsec = 10000000};
        (void)nanosleep(&moment, NULL);
        assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
    }
    assert_int_equal(access(path, F_OK), 0);
}

static void an_interrupted_run_resumes_to_the_same_tables(void **state)
{
    (void)state;
    static const char *const tables[] = {"tickets.csv", "history.csv", "lmc_curve.csv"};
    scene s;
    make_scene(&s);
    char whole[300], broken[300], resume[1000];
    (void)snprintf(whole, sizeof whole, "%s/whole", s.dir);
    (void)snprintf(broken, sizeof broken, "%s/broken off", s.dir);
    assert_status(&s, start(&s, WORDS("run", s.config, "--out", whole)), 0);
    assert_contains(&s, "out", "report: ");
    pid_t pid = start(&s, WORDS("run", s.config, "--out", broken));
    wait_for_record(broken, pid);
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_status(&s, pid, 130);
    (void)snprintf(resume, sizeof resume, "interrupted; resume with: coppice run %s --out '%s'\n",
                   s.config, broken);
    assert_contains(&s, "err", resume);
    assert_status(&s, start(&s, WORDS("run", s.config, "--out", broken)), 0);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char file[64];
        (void)snprintf(file, sizeof file, "report/%s", tables[i]);
        char *left = read_file(whole, file), *right = read_file(broken, file);
        assert_string_equal(left, right);
        free(left);
        free(right);
    }
    remove_tree(s.dir);
}

static void a_finished_run_is_not_repeated(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_status(&s, start(&s, WORDS("run", s.config, "--out", out)), 0);
    char *before = read_file(out, "report/costs.csv");
    assert_status(&s, start(&s, WORDS("run", s.config, "--out", out)), 0);
    char *behind = read_file(out, "report/costs.csv");
    assert_string_equal(before, behind);
    free(before);
    free(behind);
    assert_status(&s, start(&s, WORDS("check", s.config, "--out", out)), 0);
    assert_contains(&s, "out", "still to do: 0.0 TFLOP");
    remove_tree(s.dir);
}

static void threads_override_those_of_the_study(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    assert_status(
        &s, start(&s, WORDS("check", s.config, "--threads", "3", "--set", "study.threads=2")), 0);
    assert_contains(&s, "out", "threads = 3;");
    remove_tree(s.dir);
}

static void check_makes_nothing(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_status(&s, start(&s, WORDS("check", s.config, "--out", out)), 0);
    assert_contains(&s, "out", "tiny: 1 setting x 1 seed");
    assert_contains(&s, "out", "threads = 1;");
    assert_int_not_equal(access(out, F_OK), 0);
    remove_tree(s.dir);
}

/* The number behind `name` in a JSON text. */
static double json_number(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    at = strchr(at, ':');
    assert_non_null(at);
    return strtod(at + 1, NULL);
}

static void an_exported_ticket_evaluates_as_it_did(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300], weights[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(weights, sizeof weights, "%s/w.safetensors", s.dir);
    assert_status(&s, start(&s, WORDS("run", s.config, "--out", out)), 0);
    assert_status(&s, start(&s, WORDS("export", out, "--copy", "1", "--to", weights)), 0);
    assert_status(&s, start(&s, WORDS("eval", s.config, "--weights", weights, "--json")), 0);
    char *said = read_file(s.dir, "out"), *trainings = read_file(out, "report/trainings.csv");
    const char *line = strstr(trainings, "tiny,0,0,1,copy,1,");
    assert_non_null(line);
    const char *last = strchr(line, '\n');
    while (last[-1] != ',')
        last--;
    assert_true(json_number(said, "\"accuracy\"") * 100.0 == strtod(last, NULL));
    assert_true(json_number(said, "\"count\"") == 100.0);
    free(said);
    free(trainings);
    assert_status(
        &s,
        start(&s, WORDS("eval", s.config, "--weights", weights, "--set", "ticket.model.width=8")),
        1);
    assert_contains(&s, "err", "the model wants [8, 3, 3, 3]");
    assert_status(
        &s,
        start(&s, WORDS("eval", s.config, "--weights", weights, "--set", "ticket.model.depth=2")),
        1);
    assert_contains(&s, "err", "layers.conv.1.weight");
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupted_run_resumes_to_the_same_tables),
        cmocka_unit_test(a_finished_run_is_not_repeated),
        cmocka_unit_test(check_makes_nothing),
        cmocka_unit_test(threads_override_those_of_the_study),
        cmocka_unit_test(an_exported_ticket_evaluates_as_it_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
