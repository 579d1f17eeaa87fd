/* Several processes on one study: the same bits as one, a process that dies costs its stage alone,
 * and what diverged is not tried again unless that is asked for. */
#include "command.h"

#include "core/clock.h"
#include "core/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"

/* A sanitizer tells of a crash itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* Two seeds of two rounds; what stands at the end may be a sweep. */
#define STUDY                                                                                      \
    "study   = { name = \"t\"; seeds = [0, 1]; copies = 2; threads = 1; };\n"                      \
    "dataset = { plugin = \"shapes\"; train_size = 100; test_size = 60; };\n"                      \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"imp\"; }; rounds = 2; } ); };\n"               \
    "train   = { recipe = \"sgd\"; duration = \"2ep\"; batch = 32; };\n"                           \
    "analyze = ( { plugin = \"lmc\"; alphas = 3; },\n"                                             \
    "            { plugin = \"landscape\"; plane = \"random\"; radius = 0.5; grid = 3; } );\n"

static const char whole[] = STUDY;
static const char diverging[] =
    STUDY "sweep = ( { path = \"train.lr\"; labels = [\"calm\", \"wild\"];\n"
          "            values = (0.01, 1e30); } );\n";
static const char crashing[] =
    STUDY "sweep = ( { path = \"ticket.phases.[0].pruner.plugin\"; labels = [\"imp\", \"crash\"];\n"
          "            values = (\"imp\", \"crashes_in_step\"); } );\n";

static const char printing[] = STUDY "sweep = ( { path = \"ticket.phases.[0].pruner.plugin\";\n"
                                     "            values = (\"imp\", \"prints_in_step\"); } );\n";

typedef struct scene {
    char dir[256], config[300], plugins[300];
} scene;

static scene make_scene(const char *config, const char *fixture)
{
    scene s;
    char from[512], to[512];
    make_temp_dir(s.dir, sizeof s.dir);
    (void)snprintf(s.config, sizeof s.config, "%s/t.cfg", s.dir);
    (void)snprintf(s.plugins, sizeof s.plugins, "%s/plugins", s.dir);
    write_text(s.dir, "t.cfg", config);
    assert_int_equal(mkdir(s.plugins, 0755), 0);
    if (fixture == NULL)
        return s;
    (void)snprintf(from, sizeof from, FIXTURES "/%s.so", fixture);
    (void)snprintf(to, sizeof to, "%s/%s.so", s.plugins, fixture);
    assert_int_equal(symlink(from, to), 0);
    return s;
}

static const char *in(const scene *s, const char *name)
{
    static char paths[4][400];
    static int next;
    next = (next + 1) % 4;
    (void)snprintf(paths[next], sizeof paths[next], "%s/%s", s->dir, name);
    return paths[next];
}

static pid_t start_jobs(const scene *s, const char *out, const char *jobs, const char *option)
{
    static const char *const eager[] = {"COPPICE_SAVE_SECONDS=0", NULL};
    const command_way way = {.environment = eager};
    return start_program(
        s->dir, &way,
        WORDS("run", s->config, "--out", out, "--plugin-dir", s->plugins, "--jobs", jobs, option));
}

static void run_jobs(const scene *s, const char *out, const char *jobs, int wanted)
{
    assert_ends(s->dir, start_jobs(s, out, jobs, NULL), wanted);
}

/* The two directories have the same files with the same bytes; times are in manifests and tables of
 * costs alone. */
static void assert_alike(const scene *s, const char *left, const char *right)
{
    char command[1400];
    (void)snprintf(
        command, sizeof command,
        "cd '%s' && for part in store studies; do diff -r -x artifact.json -x "
        "'cost*.csv' -x files.json -x run -x '*.png' -x '*.pdf' -x '*.html' -x '*.sqlite' "
        "'%s'/$part '%s'/$part || exit 1; done",
        s->dir, left, right);
    int status = system(command); // NOLINT: words of the test's own
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void several_processes_give_the_bits_of_one(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    run_jobs(&s, in(&s, "one"), "1", 0);
    run_jobs(&s, in(&s, "three"), "3", 0);
    assert_contains(s.dir, "err", "\n2: "); /* a second one did work */
    assert_alike(&s, "one", "three");
    remove_tree(s.dir);
}

/* The run is told to stop, tells its workers, and goes on from what they saved. */
static void an_interrupted_run_ends_with_the_same_bits(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    run_jobs(&s, in(&s, "one"), "1", 0);
    int cut = 0;
    double pause = 60000.0;
    for (int i = 0; i < 26; i++) {
        pid_t run = start_jobs(&s, in(&s, "cut"), "2", NULL);
        (void)usleep((useconds_t)pause);
        pause *= 1.25; /* up to 16 s: with sanitizers, on a busy machine, it begins slowly */
        (void)kill(run, i % 2 == 0 ? SIGINT : SIGTERM);
        int status = wait_for_end(run);
        if (WIFSIGNALED(status))
            continue; /* it had not even begun to listen */
        cut += WEXITSTATUS(status) == 130;
        if (WEXITSTATUS(status) == 0)
            break;
        assert_int_equal(WEXITSTATUS(status), 130);
        assert_contains(s.dir, "err", "resume with: ");
    }
    assert_true(cut > 0);
    run_jobs(&s, in(&s, "cut"), "2", 0);
    assert_alike(&s, "one", "cut");
    remove_tree(s.dir);
}

/* Its workers end with it, and nothing that they hold keeps the next run from going on. */
static void a_killed_run_is_gone_on_with(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    run_jobs(&s, in(&s, "one"), "1", 0);
    for (int i = 0; i < 5; i++) {
        pid_t run = start_jobs(&s, in(&s, "cut"), "2", NULL);
        (void)usleep(50000u * (unsigned)(i + 1));
        (void)kill(run, SIGKILL);
        (void)wait_for_end(run);
    }
    run_jobs(&s, in(&s, "cut"), "2", 0);
    assert_alike(&s, "one", "cut");
    remove_tree(s.dir);
}

static void a_worker_that_crashes_costs_its_stage_alone(void **state)
{
    (void)state;
    scene s = make_scene(crashing, "crashes_in_step");
    run_jobs(&s, in(&s, "results"), "2", 1);
    assert_contains(s.dir, "err",
                    SANITIZED ? "the process that computed it ended: "
                              : "the process that computed it ended: crashed (SIGSEGV) in step of "
                                "pruner 'crashes_in_step'");
    char *tickets = read_text(in(&s, "results"), "studies/t/report/tickets.csv");
    int whole_rows = 0, failed_rows = 0;
    for (const char *line = tickets; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        whole_rows += strncmp(line, "imp,", 4) == 0 && strncmp(line + 4, "0,0,2,", 6) == 0;
        failed_rows += strncmp(line, "crash,0,0,", 10) == 0;
    }
    assert_int_equal(whole_rows, 1);
    assert_int_equal(failed_rows, 2);
    assert_non_null(strstr(tickets, "the process that computed it ended"));
    free(tickets);
    /* It is tried again: another time it might not be lost. */
    run_jobs(&s, in(&s, "results"), "2", 1);
    assert_contains(s.dir, "err", "the process that computed it ended");
    remove_tree(s.dir);
}

static void what_diverged_is_tried_again_when_that_is_asked_for(void **state)
{
    (void)state;
    scene s = make_scene(diverging, NULL);
    const char *const jobs[] = {"1", "2"};
    for (int i = 0; i < 2; i++) {
        const char *out = in(&s, i == 0 ? "one" : "two");
        run_jobs(&s, out, jobs[i], 1);
        assert_contains(s.dir, "err", "the loss became nan");
        assert_contains(s.dir, "err", "what does not depend on it goes on");
        run_jobs(&s, out, jobs[i], 1);
        assert_contains(s.dir, "err", "--retry-failed");
        assert_lacks(s.dir, "err", "what does not depend on it goes on");
        assert_ends(s.dir, start_jobs(&s, out, jobs[i], "--retry-failed"), 1);
        assert_contains(s.dir, "err", "what does not depend on it goes on");
    }
    remove_tree(s.dir);
}

/* A dry run says so too, and who asks for another cell alone is not told of it. */
static void what_diverged_is_no_matter_of_other_cells(void **state)
{
    (void)state;
    scene s = make_scene(diverging, NULL);
    const char *out = in(&s, "results");
    run_jobs(&s, out, "1", 1);
    const char *const *plans[] = {
        WORDS("run", s.config, "--out", out, "--dry-run"),
        WORDS("run", s.config, "--out", out, "--dry-run", "--only", "calm", "--retry-failed"),
        WORDS("run", s.config, "--out", out, "--dry-run", "--retry-failed")};
    for (int i = 0; i < 3; i++) {
        assert_ends(s.dir, start_command(s.dir, plans[i]), 0);
        if (i == 0)
            assert_contains(s.dir, "out", " would not, as trainings diverged in an earlier run;");
        else
            assert_lacks(s.dir, "out", "diverged");
        if (i < 2) {
            char *plan = read_text(s.dir, "out");
            assert_int_equal(strncmp(plan, "0 of ", 5), 0);
            free(plan);
        } else {
            assert_contains(s.dir, "out", "\ntrain-");
        }
    }
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", out, "--only", "calm",
                                           "--retry-failed")),
                0);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out, "--only", "calm")),
                0);
    assert_lacks(s.dir, "err", "diverged");
    run_jobs(&s, out, "1", 1); /* nothing has been forgotten meanwhile */
    assert_contains(s.dir, "err", "diverged in an earlier run, and would again: not tried");
    remove_tree(s.dir);
}

/* A process that joins from elsewhere computes what is left, and says what. */
static void work_computes_what_a_run_has_laid_out(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    run_jobs(&s, in(&s, "one"), "1", 0);
    pid_t run = start_jobs(&s, in(&s, "cut"), "1", NULL);
    for (int i = 0; i < 3000 && access(in(&s, "cut/studies/t/study.json"), F_OK) != 0; i++)
        (void)usleep(10000);
    (void)kill(run, SIGTERM);
    int status = wait_for_end(run);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 130)
        skip(); /* this machine was done before it was told */
    assert_ends(s.dir, start_command(s.dir, WORDS("work", in(&s, "cut"))), 0);
    char *out = read_text(s.dir, "out");
    const char *begun = strstr(out, "begun ");
    assert_non_null(begun);
    char ended[100];
    (void)snprintf(ended, sizeof ended, "ended %.*s\n", (int)strcspn(begun + 6, "\n"), begun + 6);
    assert_non_null(strstr(begun, ended));
    free(out);
    run_jobs(&s, in(&s, "cut"), "1", 0);
    assert_lacks(s.dir, "err", "train "); /* nothing was left but the report */
    assert_alike(&s, "one", "cut");
    remove_tree(s.dir);
}

static void fill_the_disk(const void *own)
{
    (void)own;
    if (dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO) < 0)
        _exit(9);
}

/* The stages are computed, and that it could not say so is told. */
static void work_tells_what_it_could_not_write(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    const char *out = in(&s, "results");
    const command_way way = {.prepare = fill_the_disk};
    assert_ends(s.dir, start_jobs(&s, out, "1", "--quiet"), 0);
    assert_ends(s.dir, start_program(s.dir, &way, WORDS("work", out)), 0); /* nothing to say */
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", in(&s, "second"),
                                           "--time-budget", "0.001s")),
                1);
    assert_ends(s.dir, start_program(s.dir, &way, WORDS("work", in(&s, "second"))), 1);
    assert_contains(s.dir, "err", "coppice: cannot write to standard output\n");
    remove_tree(s.dir);
}

/* What a plugin prints does not come between what a worker says. */
static void what_plugins_print_is_not_what_workers_say(void **state)
{
    (void)state;
    scene s = make_scene(printing, "prints_in_step");
    const char *out = in(&s, "results");
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", out, "--plugin-dir", s.plugins,
                                           "--time-budget", "0.001s")),
                1);
    assert_ends(s.dir, start_command(s.dir, WORDS("work", out)), 0);
    assert_contains(s.dir, "out", "\nended mask-");
    assert_lacks(s.dir, "out", "half a line");
    assert_contains(s.dir, "err", "half a line");
    remove_tree(s.dir);
}

/* Where locks do not tell, a process on another machine whose count stands still is lost. */
static void a_lease_of_a_lost_machine_is_taken_over_in_time(void **state)
{
    (void)state;
    static const char *const local[] = {"COPPICE_LOCKS=local", "COPPICE_LEASE_SECONDS=2", NULL};
    const command_way way = {.environment = local};
    scene s = make_scene(whole, NULL);
    char name[100], path[600];
    run_jobs(&s, in(&s, "one"), "1", 0);
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", in(&s, "cut"), "--dry-run")),
                0);
    char *plan = read_text(s.dir, "out");
    const char *first = strstr(plan, "train-");
    assert_non_null(first);
    (void)snprintf(name, sizeof name, "%.38s", first);
    free(plan);
    (void)snprintf(path, sizeof path, "%s/work", in(&s, "cut"));
    assert_int_equal(mkdir(in(&s, "cut"), 0755) | mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/work/%s.lease", in(&s, "cut"), name);
    cop_error err = {0};
    static const char text[] = "process 1 on elsewhere\n00000000000000000007\n";
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
    double began = cop_now();
    assert_ends(
        s.dir,
        start_program(s.dir, &way,
                      WORDS("run", s.config, "--out", in(&s, "cut"), "--plugin-dir", s.plugins)),
        0);
    assert_true(cop_now() - began >= 2.0);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_alike(&s, "one", "cut");
    remove_tree(s.dir);
}

static void bad_numbers_of_jobs_are_refused(void **state)
{
    (void)state;
    scene s = make_scene(whole, NULL);
    static const char *const bad[] = {"0", "-1", "two", "99999999999999999999", ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        run_jobs(&s, in(&s, "results"), bad[i], 2);
        assert_contains(s.dir, "err", "--jobs");
    }
    assert_int_not_equal(access(in(&s, "results"), F_OK), 0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_processes_give_the_bits_of_one),
        cmocka_unit_test(an_interrupted_run_ends_with_the_same_bits),
        cmocka_unit_test(a_killed_run_is_gone_on_with),
        cmocka_unit_test(a_worker_that_crashes_costs_its_stage_alone),
        cmocka_unit_test(what_diverged_is_tried_again_when_that_is_asked_for),
        cmocka_unit_test(what_diverged_is_no_matter_of_other_cells),
        cmocka_unit_test(work_computes_what_a_run_has_laid_out),
        cmocka_unit_test(work_tells_what_it_could_not_write),
        cmocka_unit_test(what_plugins_print_is_not_what_workers_say),
        cmocka_unit_test(a_lease_of_a_lost_machine_is_taken_over_in_time),
        cmocka_unit_test(bad_numbers_of_jobs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
