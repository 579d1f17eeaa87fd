/* Tests of `coppice` as a process: threads and memory that it is not given, descriptors that are
 * closed, signals, and plugins that end it. */
#include "command.h"

#include "core/file.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIXTURES COPPICE_TEST_BUILD_DIR "/tests/fixtures/plugins"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static const char config_text[] =
    "study   = { name = \"t\"; seeds = [0]; copies = 1; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 60; test_size = 40; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"%s\"; }; rounds = 1; } ); };\n"
    "train   = { recipe = \"sgd\"; duration = \"1ep\"; batch = 32; };\n";

/* A directory with a study of that pruner, and one of the plugins with that fixture alone. */
typedef struct scene {
    char dir[256], config[300], out[300], plugins[300];
} scene;

/* How the command is started. */
typedef struct way {
    const char *name, *value; /* of the environment, or NULL */
    rlim_t space, file;       /* bytes of address space and of a file; 0: no limit */
    int closed;               /* bit i: descriptor i is closed */
    bool one_processor;
    const char *program; /* a file of the scene that is run as another user, or NULL */
} way;

static void link_fixture(const scene *s, const char *name)
{
    char from[512], to[512];
    (void)snprintf(from, sizeof from, FIXTURES "/%s.so", name);
    (void)snprintf(to, sizeof to, "%s/%s.so", s->plugins, name);
    assert_int_equal(symlink(from, to), 0);
}

static void make_scene(scene *s, const char *pruner)
{
    cop_error err = {0};
    char text[1024];
    make_temp_dir(s->dir, sizeof s->dir);
    (void)snprintf(s->config, sizeof s->config, "%s/t.cfg", s->dir);
    (void)snprintf(s->out, sizeof s->out, "%s/results", s->dir);
    (void)snprintf(s->plugins, sizeof s->plugins, "%s/plugins", s->dir);
    assert_int_equal(mkdir(s->plugins, 0755), 0);
    (void)snprintf(text, sizeof text, config_text, pruner);
    assert_ok(cop_file_write(s->config, text, strlen(text), &err), &err);
    if (strcmp(pruner, "imp") != 0)
        link_fixture(s, pruner);
}

/* The last line of what was said. */
static void assert_last_line(const scene *s, const char *wanted)
{
    char *text = read_text(s->dir, "err");
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] == '\n')
        text[length - 1] = '\0';
    const char *end = strrchr(text, '\n');
    assert_string_equal(end != NULL ? end + 1 : text, wanted);
    free(text);
}

/* In the child that will be the command. */
static void limit(const void *own)
{
    const way *w = own;
    for (int i = 0; i <= 2; i++)
        if ((w->closed >> i & 1) != 0)
            (void)close(i);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (w->one_processor && sched_setaffinity(0, sizeof one, &one) != 0)
        _exit(126);
    const struct rlimit space = {w->space, w->space}, file = {w->file, w->file};
    if ((w->space != 0 && setrlimit(RLIMIT_AS, &space) != 0) ||
        (w->file != 0 && setrlimit(RLIMIT_FSIZE, &file) != 0))
        _exit(126);
    if (w->program != NULL && setuid(65534) != 0)
        _exit(126);
}

static pid_t start(const scene *s, const way *w, const char *const *words)
{
    char program[400], line[4096];
    (void)snprintf(program, sizeof program, "%s/%s", s->dir, w->program != NULL ? w->program : "");
    (void)snprintf(line, sizeof line, "%s=%s", w->name != NULL ? w->name : "",
                   w->name != NULL ? w->value : "");
    const char *const environment[] = {line, NULL};
    const command_way how = {.program = w->program != NULL ? program : NULL,
                             .environment = w->name != NULL ? environment : NULL,
                             .prepare = limit,
                             .own = w};
    return start_program(s->dir, &how, words);
}

static pid_t start_run(const scene *s, const way *w, const char *threads)
{
    return start(
        s, w,
        WORDS("run", s->config, "--out", s->out, "--plugin-dir", s->plugins, "--threads", threads));
}

static void refuses_fewer_threads_than_it_needs_before_any_work(void **state)
{
    (void)state;
    static const struct {
        way way;
        const char *text;
    } cases[] = {
        {{.name = "OMP_THREAD_LIMIT", .value = "1"},
         "coppice: OMP_THREAD_LIMIT allows 1 of 2 threads: unset it, or choose --threads 1 "},
        {{.name = "OMP_DYNAMIC", .value = "true"},
         "coppice: OMP_DYNAMIC may at any time give fewer than 2 threads: unset it, or choose "
         "--threads 1 "},
        {{.name = "OMP_MAX_ACTIVE_LEVELS", .value = "0"},
         "coppice: OMP_MAX_ACTIVE_LEVELS=0 allows 1 of 2 threads: unset it, or choose --threads "
         "1 "},
    };
    scene s;
    make_scene(&s, "imp");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ends(s.dir, start_run(&s, &cases[i].way, "2"), 1);
        assert_contains(s.dir, "err", cases[i].text);
        assert_int_equal(access(s.out, F_OK), -1);
        assert_ends(s.dir, start_run(&s, &cases[i].way, "1"), 0);
        remove_tree(s.out);
    }
    remove_tree(s.dir);
}

static void only_warns_of_fewer_processors_than_threads(void **state)
{
    (void)state;
    const way w = {.one_processor = true};
    scene s;
    make_scene(&s, "imp");
    assert_ends(s.dir, start_run(&s, &w, "2"), 0);
    assert_contains(s.dir, "err", "warning: 2 threads share 1 processor");
    remove_tree(s.dir);
}

/* A sanitizer's own memory is beyond such limits. */
static void refuses_too_small_an_address_space_in_one_line(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    const way none = {.space = (rlim_t)200 << 20, .name = "OMP_NUM_THREADS", .value = "2"};
    scene s;
    make_scene(&s, "imp");
    assert_ends(s.dir, start(&s, &none, WORDS("--version")), 1);
    assert_contains(s.dir, "err", "coppice: the address space is limited (ulimit -v)");
    /* Every limit from where the program starts to where two threads have all that they need. */
    for (rlim_t mib = 360; mib <= 600; mib += 60) {
        const way some = {.space = mib << 20, .name = "OMP_NUM_THREADS", .value = "2"};
        int status = wait_for_end(start_run(&s, &some, "2"));
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
            fail_msg("status %#x with %d MiB", (unsigned)status, (int)mib);
        if (WEXITSTATUS(status) != 0)
            assert_contains(s.dir, "err", "coppice: ");
        remove_tree(s.out);
    }
    remove_tree(s.dir);
}

/* A plugin that starts a thread when it is opened; a run that waits for ever fails by the limit. */
static void refuses_too_little_memory_whatever_a_plugin_has_started(void **state)
{
    (void)state;
    if (SANITIZED)
        skip();
    scene s;
    make_scene(&s, "starts_thread");
    for (rlim_t mib = 400; mib <= 600; mib += 50) {
        const way some = {.space = mib << 20, .name = "OMP_NUM_THREADS", .value = "1"};
        int status = wait_for_end(start_run(&s, &some, "2"));
        if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
            fail_msg("status %#x with %d MiB", (unsigned)status, (int)mib);
        if (WEXITSTATUS(status) != 0)
            assert_contains(s.dir, "err", "coppice: ");
        remove_tree(s.out);
    }
    remove_tree(s.dir);
}

/* OpenBLAS is built for 64 threads or 128 and maps no more buffers, whatever the machine has. */
static void wants_no_memory_for_processors_that_openblas_does_not_use(void **state)
{
    (void)state;
    if (SANITIZED || COPPICE_TEST_BLAS_MOST >= 100)
        skip();
    const way w = {.space = (rlim_t)(COPPICE_TEST_BLAS_MOST + 4) * ((rlim_t)128 << 20),
                   .name = "LD_PRELOAD",
                   .value = COPPICE_TEST_BUILD_DIR "/tests/processors.so"};
    scene s;
    make_scene(&s, "imp");
    assert_ends(s.dir, start(&s, &w, WORDS("--version")), 0);
    remove_tree(s.dir);
}

static void works_with_any_descriptors_closed(void **state)
{
    (void)state;
    scene s;
    make_scene(&s, "imp");
    for (int closed = 1; closed < 8; closed++) {
        const way w = {.closed = closed};
        bool is_mute = (closed & 2) != 0; /* results that reach nobody are a failure */
        char path[400];
        struct stat info;
        assert_ends(s.dir, start(&s, &w, WORDS("check", s.config, "--out", s.out)),
                    is_mute ? 1 : 0);
        assert_ends(s.dir, start(&s, &w, WORDS("list")), is_mute ? 1 : 0);
        if (!is_mute)
            assert_lacks(s.dir, "out", "failed to load");
        assert_ends(s.dir, start_run(&s, &w, "1"), is_mute ? 1 : 0);
        (void)snprintf(path, sizeof path, "%s/work/lock", s.out);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, 0);
        (void)snprintf(path, sizeof path, "%s/studies/t/report/tickets.csv", s.out);
        assert_int_equal(stat(path, &info), 0);
        remove_tree(s.out);
    }
    remove_tree(s.dir);
}

static void a_file_at_its_limit_is_a_write_that_fails(void **state)
{
    (void)state;
    const way w = {.file = 512};
    scene s;
    make_scene(&s, "imp");
    assert_ends(s.dir, start_run(&s, &w, "1"), 1);
    assert_contains(s.dir, "err", "coppice: ");
    assert_contains(s.dir, "err", strerror(EFBIG));
    remove_tree(s.dir);
}

/* Waits until the text is in the file. */
static void wait_for_text(const scene *s, const char *file, const char *part)
{
    for (int i = 0; i < 3000; i++) {
        const struct timespec moment = {.tv_nsec = 10000000};
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", s->dir, file);
        char *text = access(path, F_OK) == 0 ? read_text(s->dir, file) : NULL;
        bool is_there = text != NULL && strstr(text, part) != NULL;
        free(text);
        if (is_there)
            return;
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("%s never had \"%s\"", file, part);
}

static void says_that_it_heard_an_interrupt_and_ends_at_the_second(void **state)
{
    (void)state;
    const way w = {0};
    scene s;
    make_scene(&s, "endless_step");
    pid_t pid = start_run(&s, &w, "1");
    wait_for_text(&s, "err", "prune round 1");
    assert_int_equal(kill(pid, SIGINT), 0);
    wait_for_text(&s, "err",
                  "coppice: stopping after this step of pruner 'endless_step'; once more to stop "
                  "at once\n");
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_ends(s.dir, pid, 130);
    assert_contains(s.dir, "err", "coppice: stopped at once in step of pruner 'endless_step'\n");
    assert_contains(s.dir, "err", "interrupted; resume with: coppice run ");
    remove_tree(s.dir);
}

static void ends_within_seconds_of_a_terminate_signal(void **state)
{
    (void)state;
    const way w = {0};
    scene s;
    make_scene(&s, "endless_step");
    pid_t pid = start_run(&s, &w, "1");
    wait_for_text(&s, "err", "prune round 1");
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_ends(s.dir, pid, 130);
    assert_contains(s.dir, "err", "coppice: stopped at the last checkpoint");
    remove_tree(s.dir);
}

/* A gnuplot that does not end. */
static void an_interrupt_while_figures_are_drawn_ends_with_a_line(void **state)
{
    (void)state;
    static const char script[] = "#!/bin/sh\necho here >\"$COPPICE_TEST_MARK\"\nexec sleep 30\n";
    scene s;
    cop_error err = {0};
    char path[600], list[2000], mark[400];
    const way plain = {0};
    make_scene(&s, "imp");
    assert_ends(s.dir, start_run(&s, &plain, "1"), 0);
    (void)snprintf(path, sizeof path, "%s/plugins/gnuplot", s.dir);
    assert_ok(cop_file_write(path, script, strlen(script), &err), &err);
    assert_int_equal(chmod(path, 0755), 0);
    (void)snprintf(mark, sizeof mark, "%s/mark", s.dir);
    assert_int_equal(setenv("COPPICE_TEST_MARK", mark, 1), 0);
    (void)snprintf(list, sizeof list, "%s/plugins:%s", s.dir, getenv("PATH"));
    const way w = {.name = "PATH", .value = list};
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        (void)remove(mark);
        pid_t pid = i == 0 ? start(&s, &w, WORDS("report", s.out)) : start_run(&s, &w, "1");
        wait_for_text(&s, "mark", "here");
        assert_int_equal(kill(pid, signals[i]), 0);
        assert_ends(s.dir, pid, 130);
        assert_contains(s.dir, "err", "coppice: interrupted");
    }
    remove_tree(s.dir);
}

/* Plugins that end the process. */

static void says_which_plugin_and_callback_ended_the_process(void **state)
{
    (void)state;
    static const struct {
        const char *plugin, *line;
    } cases[] = {
        {"exits_in_step", "coppice: the process was ended in step of pruner 'exits_in_step'"},
        {"aborts_in_step", "coppice: crashed (SIGABRT) in step of pruner 'aborts_in_step'"},
        {"crashes_in_step", "coppice: crashed (SIGSEGV) in step of pruner 'crashes_in_step'"},
    };
    const way w = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (SANITIZED && i > 0)
            continue; /* the sanitizer has handlers of its own */
        scene s;
        make_scene(&s, cases[i].plugin);
        assert_ends(s.dir, start_run(&s, &w, "1"), 1);
        assert_last_line(&s, cases[i].line);
        remove_tree(s.dir);
    }
}

/* The fixture hangs where the environment asks for it. */
static void says_what_it_waits_for_when_a_constructor_hangs(void **state)
{
    (void)state;
    const way w = {.name = "COPPICE_FIXTURE_HANGS", .value = "1"};
    scene s;
    make_scene(&s, "hangs");
    pid_t pid = start(&s, &w, WORDS("list", "--plugin-dir", s.plugins));
    wait_for_text(&s, "err", "waiting up to 10 s for ");
    assert_contains(s.dir, "err", "/plugins/hangs.so to be opened\n");
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_ends(s.dir, pid, 130);
    assert_contains(s.dir, "err", "coppice: interrupted\n");
    remove_tree(s.dir);
}

/* The process that opens plugins on trial, with the text in its command line; 0: none. */
static pid_t process_with(const char *text)
{
    DIR *all = opendir("/proc");
    pid_t found = 0;
    assert_non_null(all);
    for (const struct dirent *entry; (entry = readdir(all)) != NULL;) {
        char path[300], line[4096];
        (void)snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        FILE *file = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
        if (file == NULL)
            continue;
        size_t length = fread(line, 1, sizeof line, file);
        if (memmem(line, length, text, strlen(text)) != NULL)
            found = (pid_t)atol(entry->d_name);
        (void)fclose(file);
    }
    (void)closedir(all);
    return found;
}

static void the_child_that_opens_plugins_dies_with_its_parent(void **state)
{
    (void)state;
    const way w = {.name = "COPPICE_FIXTURE_HANGS", .value = "1"};
    scene s;
    make_scene(&s, "hangs");
    pid_t pid = start(&s, &w, WORDS("list", "--plugin-dir", s.plugins));
    wait_for_text(&s, "err", "waiting up to 10 s for ");
    assert_int_equal(kill(pid, SIGKILL), 0);
    (void)wait_for_end(pid);
    for (int i = 0; i < 500 && process_with(s.plugins) != 0; i++) {
        const struct timespec moment = {.tv_nsec = 10000000};
        (void)nanosleep(&moment, NULL);
    }
    assert_int_equal(process_with(s.plugins), 0);
    remove_tree(s.dir);
}

static void a_study_says_whose_plugin_of_an_id_it_uses(void **state)
{
    (void)state;
    const way w = {0};
    scene s;
    make_scene(&s, "toypruner");
    link_fixture(&s, "toypruner_again");
    char wanted[1000];
    (void)snprintf(wanted, sizeof wanted,
                   "warning: pruner \"toypruner\" is taken from %s/toypruner.so and not from "
                   "%s/toypruner_again.so",
                   s.plugins, s.plugins);
    (void)wait_for_end(
        start(&s, &w, WORDS("check", s.config, "--plugin-dir", s.plugins, "--out", s.out)));
    assert_contains(s.dir, "err", wanted);
    remove_tree(s.dir);
}

/* A broken file in the place of a plugin that there is elsewhere too. */
static void a_study_says_which_refused_file_it_does_without(void **state)
{
    (void)state;
    const way w = {0};
    scene s;
    char path[400];
    cop_error err = {0};
    make_scene(&s, "imp");
    (void)snprintf(path, sizeof path, "%s/imp.so", s.plugins);
    assert_ok(cop_file_write(path, "", 0, &err), &err);
    assert_ends(s.dir, start_run(&s, &w, "1"), 0);
    assert_contains(s.dir, "err", "warning: pruner \"imp\" is taken from ");
    assert_contains(s.dir, "err", "/plugins/imp.so, which was refused: ");
    assert_contains(s.dir, "err", "file too short\n");
    remove_tree(s.dir);
}

static void says_when_results_were_made_by_another_content_of_a_plugin(void **state)
{
    (void)state;
    const way w = {0};
    scene s;
    char path[600];
    make_scene(&s, "imp");
    const char *const words[] = {"run",
                                 s.config,
                                 "--out",
                                 s.out,
                                 "--plugin-dir",
                                 s.plugins,
                                 "--set",
                                 "ticket.phases.[0].pruner={plugin=\"twin\";}",
                                 NULL};
    link_fixture(&s, "twin_first");
    assert_ends(s.dir, start(&s, &w, words), 0);
    assert_ends(s.dir, start(&s, &w, words), 0);
    assert_lacks(s.dir, "err", "were made by");
    (void)snprintf(path, sizeof path, "%s/twin_first.so", s.plugins);
    assert_int_equal(unlink(path), 0);
    link_fixture(&s, "twin_second");
    assert_ends(s.dir, start(&s, &w, words), 0);
    assert_contains(s.dir, "err", "were made by pruner twin 1.0.0 ");
    assert_contains(s.dir, "err", ", and this is pruner twin 1.1.0 ");
    remove_tree(s.dir);
}

/* Root alone can make a program of another user's rights. */
static void a_set_uid_program_says_that_it_passes_over_the_environment(void **state)
{
    (void)state;
    if (geteuid() != 0 || SANITIZED)
        skip();
    scene s;
    char program[400], *bytes = NULL;
    size_t size = 0;
    cop_error err = {0};
    make_scene(&s, "exits_in_step");
    (void)snprintf(program, sizeof program, "%s/set-uid", s.dir);
    assert_ok(cop_file_read(COMMAND, 1u << 24, &bytes, &size, &err), &err);
    assert_ok(cop_file_write(program, bytes, size, &err), &err);
    free(bytes);
    assert_int_equal(chmod(s.dir, 0755), 0);
    assert_int_equal(chmod(program, 04755), 0);
    const way w = {.name = "COPPICE_PLUGIN_PATH", .value = s.plugins, .program = "set-uid"};
    assert_ends(s.dir, start(&s, &w, WORDS("list")), 0);
    assert_contains(s.dir, "err", "warning: COPPICE_PLUGIN_PATH is not looked at");
    assert_lacks(s.dir, "out", "exits_in_step");
    remove_tree(s.dir);
}

static int without_choices(void **state)
{
    (void)state;
    static const char *const names[] = {"OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OMP_DYNAMIC",
                                        "OMP_MAX_ACTIVE_LEVELS"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (unsetenv(names[i]) != 0)
            return -1;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_fewer_threads_than_it_needs_before_any_work),
        cmocka_unit_test(only_warns_of_fewer_processors_than_threads),
        cmocka_unit_test(refuses_too_small_an_address_space_in_one_line),
        cmocka_unit_test(refuses_too_little_memory_whatever_a_plugin_has_started),
        cmocka_unit_test(wants_no_memory_for_processors_that_openblas_does_not_use),
        cmocka_unit_test(works_with_any_descriptors_closed),
        cmocka_unit_test(a_file_at_its_limit_is_a_write_that_fails),
        cmocka_unit_test(says_that_it_heard_an_interrupt_and_ends_at_the_second),
        cmocka_unit_test(ends_within_seconds_of_a_terminate_signal),
        cmocka_unit_test(an_interrupt_while_figures_are_drawn_ends_with_a_line),
        cmocka_unit_test(says_which_plugin_and_callback_ended_the_process),
        cmocka_unit_test(says_what_it_waits_for_when_a_constructor_hangs),
        cmocka_unit_test(the_child_that_opens_plugins_dies_with_its_parent),
        cmocka_unit_test(a_study_says_whose_plugin_of_an_id_it_uses),
        cmocka_unit_test(a_study_says_which_refused_file_it_does_without),
        cmocka_unit_test(says_when_results_were_made_by_another_content_of_a_plugin),
        cmocka_unit_test(a_set_uid_program_says_that_it_passes_over_the_environment),
    };
    return cmocka_run_group_tests(tests, without_choices, NULL);
}
