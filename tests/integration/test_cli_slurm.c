/* A study handed to Slurm, whose commands here are scripts of the test: what they are asked, what is
 * made of their answers, and that the scripts which are submitted do what a run does, wherever they
 * start and whatever the directories are called. tests/slow/slurm.py asks a real one. */
#include "command.h"

#include "core/file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"

#define STUDY(pruner)                                                                              \
    "study   = { name = \"t's\"; seeds = [0]; copies = 2; threads = 1; };\n"                       \
    "dataset = { plugin = \"shapes\"; train_size = 64; test_size = 40; };\n"                       \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { " pruner " }; rounds = 1; data = \"real\"; } ); };\n"     \
    "train   = { recipe = \"sgd\"; batch = 32; duration = \"1ep\"; };\n"                           \
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n"

static const char quick[] = STUDY("plugin = \"imp\"; rate = 0.5;");
static const char slow[] = STUDY("plugin = \"sleeps\"; steps = 100000;");

/* Each call is a line; jobs are numbered from 41, and refused where the test says so. */
static const char sbatch[] = "#!/bin/sh\n"
                             "cd \"$FAKE\" || exit 1\n"
                             "n=$(cat jobs 2>/dev/null || echo 41)\n"
                             "echo sbatch >>calls\n"
                             "for word; do printf '<%s>\\n' \"$word\" >>calls; done\n"
                             "if [ -e refuse-$n ]; then echo 'sbatch: error: no such' >&2\n"
                             "echo 'sbatch: error: partition' >&2; exit 1; fi\n"
                             "echo $((n + 1)) >jobs; echo \"$n;cluster\"\n";
static const char squeue[] =
    "#!/bin/sh\ncd \"$FAKE\" || exit 1\n"
    "if [ -e down ]; then echo 'squeue: error: no controller' >&2; exit 1; fi\n"
    "cat queue 2>/dev/null && exit 0\n"
    "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1\n";
static const char others[] = "#!/bin/sh\ncd \"$FAKE\" || exit 1\n"
                             "echo \"${0##*/} $*\" >>calls\n";

/* The directory has a blank, both quotes, what a shell would expand, and what sbatch would. */
#define ODD "o d'd \"%j\" $HOME `x`"

typedef struct scene {
    char dir[256], config[300], out[400], folder[420], fake[300], environment[4][4500];
    const char *list[5];
} scene;

static void put_program(const scene *s, const char *name, const char *text)
{
    char path[600];
    write_text(s->fake, name, text);
    (void)snprintf(path, sizeof path, "%s/%s", s->fake, name);
    assert_int_equal(chmod(path, 0755), 0);
}

static void make_scene(scene *s, const char *config)
{
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/t.cfg", s->dir);
    (void)snprintf(s->out, sizeof s->out, "%s/%s", s->dir, ODD);
    (void)snprintf(s->fake, sizeof s->fake, "%s/fake", s->dir);
    write_text(s->dir, "t.cfg", config);
    assert_int_equal(mkdir(s->fake, 0755), 0);
    put_program(s, "sbatch", sbatch);
    put_program(s, "squeue", squeue);
    put_program(s, "scontrol", others);
    put_program(s, "scancel", others);
    (void)snprintf(s->environment[0], sizeof s->environment[0], "PATH=%s:%s", s->fake,
                   getenv("PATH"));
    (void)snprintf(s->environment[1], sizeof s->environment[1], "FAKE=%s", s->fake);
    (void)snprintf(s->environment[2], sizeof s->environment[2], "COPPICE_SAVE_SECONDS=0");
    (void)snprintf(s->environment[3], sizeof s->environment[3], "COPPICE_FIXTURE_SLEEP=50");
    for (int i = 0; i < 4; i++)
        s->list[i] = s->environment[i];
    s->list[4] = NULL;
}

static void call(const scene *s, int wanted, const char *const *words)
{
    const command_way way = {.environment = s->list};
    assert_ends(s->dir, start_program(s->dir, &way, words), wanted);
}

static void submit(scene *s, int wanted)
{
    call(s, wanted,
         WORDS("run", s->config, "--out", s->out, "--plugin-dir", FIXTURES, "--slurm", "--jobs",
               "3"));
}

/* The study's folder: its name is no name of a folder, so there is a hash behind it. */
static const char *find_folder(scene *s)
{
    char command[900];
    (void)snprintf(command, sizeof command, "cd \"%s\"/o*/studies && echo \"$PWD\"/* >\"%s/where\"",
                   s->dir, s->dir);
    assert_int_equal(system(command), 0); // NOLINT: words of the test's own
    char *text = read_text(s->dir, "where");
    text[strcspn(text, "\n")] = '\0';
    (void)snprintf(s->folder, sizeof s->folder, "%s", text);
    free(text);
    return s->folder;
}

/* Starts a script as Slurm would: from a copy of its own, in another directory, as task 0 of 41. */
static pid_t start_script(const scene *s, const char *name)
{
    char path[700], *text = NULL;
    (void)snprintf(path, sizeof path, "%s/slurm", s->folder);
    text = read_text(path, name);
    put_program(s, "script", text);
    free(text);
    const char *const environment[] = {s->list[0],
                                       s->list[1],
                                       s->list[2],
                                       s->list[3],
                                       "SLURM_JOB_ID=41",
                                       "SLURM_ARRAY_JOB_ID=41",
                                       "SLURM_ARRAY_TASK_ID=0",
                                       NULL};
    (void)snprintf(path, sizeof path, "%s/script", s->fake);
    const command_way way = {.program = path, .environment = environment};
    return start_program(s->fake, &way, WORDS("x"));
}

static void run_script(const scene *s, const char *name, int wanted)
{
    assert_ends(s->fake, start_script(s, name), wanted);
}

static void has_call(const scene *s, const char *part)
{
    assert_contains(s->fake, "calls", part);
}

static bool is_there(const scene *s, const char *name)
{
    char path[900];
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, name);
    return access(path, F_OK) == 0;
}

static void an_array_and_a_last_job_are_submitted(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    char line[900];
    call(&s, 0,
         WORDS("run", s.config, "--out", s.out, "--slurm", "--jobs", "3", "--sbatch=--mem=2G",
               "--sbatch", "--comment=a 'b'"));
    assert_contains(s.dir, "out", "submitted: 3 workers as job 41, the report as job 42\n");
    assert_contains(s.dir, "out", "coppice status '");
    assert_contains(s.dir, "out", "scancel 41 ");
    (void)find_folder(&s);
    has_call(&s, "<--array=0-2>\n<--cpus-per-task=1>\n<--signal=B:USR1@60>\n<--mem=2G>\n"
                 "<--comment=a 'b'>\n");
    has_call(&s, "<--dependency=afterany:41>\n<--mem=2G>\n<--comment=a 'b'>\n");
    has_call(&s, "<--requeue>\n<--open-mode=append>\n<--ntasks=1>\n");
    has_call(&s,
             "/o d'd \"%%j\" $HOME `x`/studies/t's/slurm/worker-%A_%a.log>\n"); /* "%%" is "%" */
    (void)snprintf(line, sizeof line, "<--chdir=%s/slurm>\n", s.folder);
    has_call(&s, line);
    (void)snprintf(line, sizeof line, "<%s/slurm/worker.sh>\n", s.folder);
    has_call(&s, line);
    assert_contains(s.folder, "slurm/jobs", "workers 41\ntasks 3\nreport 42\n");
    remove_tree(s.dir);
}

static void what_limits_workers_reaches_them(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    call(&s, 0,
         WORDS("run", s.config, "--out", s.out, "--slurm", "--only", "t's", "--memory", "8G",
               "--disk-budget", "20G"));
    (void)find_folder(&s);
    assert_contains(s.folder, "slurm/worker.sh",
                    " --study 't'\\''s' --only 't'\\''s' --disk-budget '20G' --memory '8G' "
                    "--requeue\n");
    assert_contains(s.folder, "slurm/report.sh", " --study 't'\\''s' --only 't'\\''s' --finish\n");
    remove_tree(s.dir);
}

/* The tables of costs have times. */
static void the_scripts_do_what_a_run_does(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    char command[1600];
    (void)snprintf(command, sizeof command, "%s/whole", s.dir);
    call(&s, 0, WORDS("run", s.config, "--out", command, "--plugin-dir", FIXTURES));
    submit(&s, 0);
    (void)find_folder(&s);
    run_script(&s, "worker.sh", 0);
    run_script(&s, "report.sh", 0);
    assert_contains(s.fake, "out", "report: ");
    (void)snprintf(command, sizeof command,
                   "cd '%s' && diff -r -x artifact.json whole/store o*/store && "
                   "diff -r -x slurm -x 'run*' -x 'cost*.csv' -x files.json -x '*.p*' -x '*.html' "
                   "-x '*.sqlite' "
                   "whole/studies o*/studies",
                   s.dir);
    assert_int_equal(system(command), 0); // NOLINT: words of the test's own
    /* Nothing is left to submit: the report is made at once. */
    submit(&s, 0);
    assert_contains(s.dir, "out", "report: ");
    assert_lacks(s.dir, "out", "submitted");
    remove_tree(s.dir);
}

static void what_sbatch_refuses_is_one_line_and_leaves_no_job(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    write_text(s.fake, "refuse-41", "");
    submit(&s, 1);
    assert_contains(s.dir, "err",
                    "coppice: sbatch refused: sbatch: error: no such; sbatch: error: partition\n");
    (void)find_folder(&s);
    assert_false(is_there(&s, "slurm"));
    assert_lacks(s.fake, "calls", "scancel");
    /* The array is accepted, the last job is not. */
    char path[400];
    (void)snprintf(path, sizeof path, "%s/refuse-41", s.fake);
    (void)remove(path);
    write_text(s.fake, "refuse-42", "");
    submit(&s, 1);
    has_call(&s, "scancel 41\n");
    assert_false(is_there(&s, "slurm"));
    remove_tree(s.dir);
}

static void a_study_is_not_submitted_twice(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    char queue[1800];
    submit(&s, 0);
    (void)find_folder(&s);
    (void)snprintf(queue, sizeof queue,
                   "41_0|41|RUNNING|n1|None|%s/slurm\n41_1|41|PENDING||Resources|%s/slurm\n"
                   "42|42|PENDING||Dependency|%s/slurm\n",
                   s.folder, s.folder, s.folder);
    write_text(s.fake, "queue", queue);
    submit(&s, 1);
    assert_contains(s.dir, "err", "the study is in Slurm already (job 41_0 is running)");
    call(&s, 0, WORDS("status", s.out));
    assert_contains(s.dir, "out",
                    "t's: slurm: workers 41: 1 running, 1 pending (Resources); report 42: pending "
                    "(Dependency)\n");
    call(&s, 0, WORDS("status", s.out, "--json"));
    assert_contains(s.dir, "out", "\"job\":\t\"41_0\"");
    /* Slurm does not answer: nobody knows. */
    write_text(s.fake, "down", "");
    submit(&s, 1);
    assert_contains(s.dir, "err", "cannot be told (squeue: squeue: error: no controller)");
    call(&s, 0, WORDS("status", s.out));
    assert_contains(s.dir, "out", "submitted as jobs 41 (workers) and 42 (report); squeue: ");
    (void)snprintf(queue, sizeof queue, "%s/down", s.fake);
    (void)remove(queue);
    /* Somebody else's jobs have those numbers now. */
    write_text(s.fake, "queue", "41_0|41|RUNNING|n1|None|/elsewhere/slurm\n");
    call(&s, 0, WORDS("status", s.out));
    assert_contains(s.dir, "out", "slurm: jobs 41 (workers) and 42 (report) are gone\n");
    submit(&s, 0);
    assert_contains(s.dir, "out", "as job 43, the report as job 44");
    remove_tree(s.dir);
}

/* Sends the signal once the slow stage runs and its state is saved. */
static void signal_worker(const scene *s, pid_t worker, int number)
{
    for (int i = 0; i < 1500; i++) {
        call(s, 0, WORDS("status", s->out));
        char *text = read_text(s->dir, "out");
        bool runs = strstr(text, "running: mask-") != NULL && strstr(text, ": step ") != NULL;
        free(text);
        if (runs)
            break;
        (void)usleep(20000);
    }
    assert_contains(s->dir, "out", ", job 41_0\n");
    (void)kill(worker, number);
}

static void a_time_limit_puts_the_job_back_and_a_cancelled_one_is_gone(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, slow);
    submit(&s, 0);
    (void)find_folder(&s);
    pid_t worker = start_script(&s, "worker.sh");
    signal_worker(&s, worker, SIGUSR1);
    assert_ends(s.fake, worker, 130);
    has_call(&s, "scontrol requeue 41_0\n");
    (void)find_folder(&s);
    write_text(s.fake, "calls", "");
    worker = start_script(&s, "worker.sh");
    signal_worker(&s, worker, SIGTERM);
    assert_ends(s.fake, worker, 130);
    assert_lacks(s.fake, "calls", "scontrol");
    call(&s, 0, WORDS("status", s.out));
    assert_contains(s.dir, "out", "saved: mask-");
    run_script(&s, "report.sh", 1);
    assert_contains(s.fake, "err", "stages are still to be computed: 'coppice run ");
    remove_tree(s.dir);
}

/* Its first step takes longer than all of its time. */
static void a_job_that_got_nowhere_is_not_put_back(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, slow);
    submit(&s, 0);
    (void)find_folder(&s);
    pid_t worker = start_script(&s, "worker.sh");
    signal_worker(&s, worker, SIGTERM);
    assert_ends(s.fake, worker, 130);
    (void)snprintf(s.environment[3], sizeof s.environment[3], "COPPICE_FIXTURE_SLEEP=20000");
    worker = start_script(&s, "worker.sh");
    signal_worker(&s, worker, SIGUSR1);
    assert_ends(s.fake, worker, 1);
    assert_contains(s.fake, "err", "not put back into the queue: it wants more time");
    assert_lacks(s.fake, "calls", "scontrol");
    remove_tree(s.dir);
}

static void wrong_usage_is_told_before_anything_is_done(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, quick);
    static const struct {
        const char *option, *more, *message;
    } cases[] = {
        {"--sbatch=cpu", "--slurm", "wanted one word that is an option of sbatch"},
        {"--sbatch=--array=0-9", "--slurm", "coppice decides that by itself: --jobs N"},
        {"--sbatch=-a0-9", "--slurm", "coppice decides that by itself: --jobs N"},
        {"--sbatch=--output=x", "--slurm", "coppice decides that by itself\n"},
        {"--sbatch=-p cpu", "--quiet", "--sbatch goes with --slurm"},
        {"--watch-report", "--slurm", "--watch-report does not go with --slurm"},
        {"--time-budget=1h", "--slurm", "--time-budget does not go with --slurm"},
        {"--jobs=0", "--slurm", "--jobs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        call(&s, 2, WORDS("run", s.config, "--out", s.out, cases[i].option, cases[i].more));
        assert_contains(s.dir, "err", cases[i].message);
    }
    call(&s, 2, WORDS("work", s.out, "--finish", "--requeue"));
    assert_contains(s.dir, "err", "--requeue does not go with it");
    (void)snprintf(s.environment[0], sizeof s.environment[0], "PATH=%s", s.dir);
    submit(&s, 1);
    assert_contains(s.dir, "err", "coppice: there is no sbatch on this machine");
    assert_int_not_equal(access(s.out, F_OK), 0);
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_and_a_last_job_are_submitted),
        cmocka_unit_test(what_limits_workers_reaches_them),
        cmocka_unit_test(the_scripts_do_what_a_run_does),
        cmocka_unit_test(what_sbatch_refuses_is_one_line_and_leaves_no_job),
        cmocka_unit_test(a_study_is_not_submitted_twice),
        cmocka_unit_test(a_time_limit_puts_the_job_back_and_a_cancelled_one_is_gone),
        cmocka_unit_test(a_job_that_got_nowhere_is_not_put_back),
        cmocka_unit_test(wrong_usage_is_told_before_anything_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
