/* test_cli_status.c: how far a study is, told by the command from the output directory alone. */
#include "tiny_study.h"

#include "core/file.h"
#include "store/formats/artifact_id.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Two copies of the dense network and of one ticket each, a training that chooses the mask, the
 * mask, and two analyses. */
#define STUDY_OF(name, more)                                                                       \
    "study   = { name = \"" name "\"; seeds = [0]; copies = 2; threads = 1; };\n"                  \
    "dataset = { plugin = \"shapes\"; train_size = 64; test_size = 40; };\n"                       \
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"                      \
    "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1;\n"           \
    "                         data = \"real\"; } ); };\n"                                          \
    "train   = { recipe = \"sgd\"; batch = 32; " more " };\n"                                      \
    "analyze = ( { plugin = \"lmc\"; alphas = 3; } );\n"

static const char quick[] = STUDY_OF("tiny", "duration = \"1ep\";");
static const char endless[] = STUDY_OF("tiny", "duration = \"1000000ep\";");
static const char diverging[] = STUDY_OF("tiny", "duration = \"2ep\"; lr = 1e20;");

static void run_quick(tiny_study *t)
{
    tiny_study_make(t, quick);
    tiny_study_run(t, WORDS("run", t->config, "--out", t->out), 0);
}

static void status(const tiny_study *t, int wanted)
{
    tiny_study_run(t, WORDS("status", t->out), wanted);
}

static void out_has(const tiny_study *t, const char *part)
{
    assert_contains(t->dir, "out", part);
}

/* Removes the artifacts of a kind. */
static void forget(const tiny_study *t, const char *kind)
{
    char store[400], path[700];
    struct dirent **entries = NULL;
    (void)snprintf(store, sizeof store, "%s/store", t->out);
    int count = scandir(store, &entries, cop_entry_is_visible, cop_entries_by_name);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", store, entries[i]->d_name);
        if (strncmp(entries[i]->d_name, kind, strlen(kind)) == 0)
            remove_tree(path);
        free(entries[i]);
    }
    free(entries);
}

static void a_finished_study_is_all_done(void **state)
{
    tiny_study t;
    (void)state;
    run_quick(&t);
    status(&t, 0);
    out_has(&t, "tiny: stages: 8 of 8 done, 0 running, 0 failed, 0 ready, 0 waiting\n");
    out_has(&t, "tiny: work: 100.0 % of the seconds done; nothing remains\n");
    out_has(&t, "tiny: run: no run holds it\n");
    out_has(&t, "tiny: train: 5 of 5 done");
    out_has(&t, "tiny: mask: 1 of 1 done");
    out_has(&t, "tiny: analyze: 2 of 2 done");
    tiny_study_run(&t, WORDS("status", t.out, "--json"), 0);
    out_has(&t, "\"study\":\t\"tiny\"");
    out_has(&t, "\"share_done\":\t1,");
    out_has(&t, "\"held\":\t\"no\"");
    remove_tree(t.dir);
}

static void what_is_missing_is_ready_or_waits_and_has_its_time(void **state)
{
    tiny_study t;
    (void)state;
    run_quick(&t);
    forget(&t, "mask-");
    status(&t, 0);
    out_has(&t, "tiny: mask: 0 of 1 done, 0 running, 0 failed, 1 ready, 0 waiting; what remains is "
                "unknown\n");
    out_has(&t, "tiny: work: 87.5 % of the stages done; what remains is unknown\n"); /* 7 of 8 */
    forget(&t, "analyze-");
    status(&t, 0);
    out_has(&t, "tiny: analyze: 0 of 2 done, 0 running, 0 failed, 1 ready, 1 waiting; ");
    out_has(&t, "% of the stages done; what remains is unknown\n");
    tiny_study_run(&t, WORDS("status", t.out, "--json"), 0);
    out_has(&t, "\"seconds_each\":\tnull");
    out_has(&t, "\"seconds_remaining\":\tnull");
    remove_tree(t.dir);
}

/* Names, sizes and times of all that is in a directory, as one text. */
static void list_tree(const char *dir, FILE *out)
{
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, cop_entry_is_visible, cop_entries_by_name);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        assert_int_equal(lstat(path, &info), 0);
        (void)fprintf(out, "%s %lld %lld.%ld %lld.%ld\n", path, (long long)info.st_size,
                      (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                      (long long)info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
        if (S_ISDIR(info.st_mode))
            list_tree(path, out);
        free(entries[i]);
    }
    free(entries);
}

static char *tree_of(const tiny_study *t)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    list_tree(t->out, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void nothing_is_written(void **state)
{
    tiny_study t;
    (void)state;
    static const char *const files[] = {"run", "run.lock", "run.guard"};
    char path[400];
    run_quick(&t);
    forget(&t, "mask-");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) { /* as in a copy */
        (void)snprintf(path, sizeof path, "%s/studies/tiny/%s", t.out, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    (void)snprintf(path, sizeof path, "%s/work", t.out);
    remove_tree(path);
    char *before = tree_of(&t);
    status(&t, 0);
    char *after = tree_of(&t);
    assert_string_equal(after, before);
    free(before);
    free(after);
    remove_tree(t.dir);
}

/* Waits until the run has saved a checkpoint. */
static void wait_for_checkpoint(const tiny_study *t)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    char work[400];
    (void)snprintf(work, sizeof work, "%s/work", t->out);
    for (int i = 0; i < 6000; i++) {
        struct dirent **entries = NULL;
        int count = scandir(work, &entries, cop_entry_is_visible, cop_entries_by_name);
        bool found = false;
        for (int k = 0; k < count; k++) {
            const char *end = strstr(entries[k]->d_name, ".checkpoint.safetensors");
            found = found || (end != NULL && strlen(end) == strlen(".checkpoint.safetensors"));
            free(entries[k]);
        }
        free(entries);
        if (found)
            return;
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("no checkpoint within a minute");
}

static void a_run_is_seen_with_the_stage_that_it_is_at(void **state)
{
    static const char *const environment[] = {"COPPICE_SAVE_SECONDS=0", NULL};
    const command_way way = {.environment = environment};
    tiny_study t;
    char said[100];
    int ended = 0;
    (void)state;
    tiny_study_make(&t, endless);
    pid_t pid = start_program(t.dir, &way, WORDS("run", t.config, "--out", t.out));
    wait_for_checkpoint(&t);
    assert_int_equal(kill(pid, SIGSTOP), 0);
    status(&t, 0);
    out_has(&t, "tiny: stages: 0 of 8 done, 1 running, 0 failed, ");
    (void)snprintf(said, sizeof said, "tiny: run: held by process %ld on ", (long)pid);
    out_has(&t, said);
    out_has(&t, "tiny: running: train-");
    out_has(&t, "\"train dense, copy 0 [tiny, seed 0]\": step ");
    tiny_study_run(&t, WORDS("status", t.out, "--json"), 0);
    (void)snprintf(said, sizeof said, "\"process\":\t%ld,", (long)pid);
    out_has(&t, said);
    out_has(&t, "\"state\":\t\"running\"");
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &ended, 0), pid);
    status(&t, 0);
    out_has(&t, "tiny: run: no run holds it\n");
    out_has(&t, "tiny: stages: 0 of 8 done, 0 running, 0 failed, 3 ready, 5 waiting\n");
    out_has(&t, "tiny: saved: train-");
    remove_tree(t.dir);
}

/* Waits until the file is there. */
static void wait_for_file(const tiny_study *t, const char *file)
{
    const struct timespec moment = {.tv_nsec = 10000000};
    char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", t->out, file);
    for (int i = 0; i < 6000 && access(path, F_OK) != 0; i++)
        (void)nanosleep(&moment, NULL);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_run_that_has_saved_nothing_yet_is_seen_all_the_same(void **state)
{
    static const char *const environment[] = {"COPPICE_SAVE_SECONDS=1000", NULL};
    const command_way way = {.environment = environment};
    tiny_study t;
    int ended = 0;
    (void)state;
    tiny_study_make(&t, endless);
    pid_t pid = start_program(t.dir, &way, WORDS("run", t.config, "--out", t.out));
    wait_for_file(&t, "studies/tiny/study.json");
    status(&t, 0);
    out_has(&t, "tiny: stages: 0 of 8 done, 1 running, 0 failed, 2 ready, 5 waiting\n");
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &ended, 0), pid);
    remove_tree(t.dir);
}

static void failures_have_their_reason_once(void **state)
{
    tiny_study t;
    (void)state;
    tiny_study_make(&t, diverging);
    tiny_study_run(&t, WORDS("run", t.config, "--out", t.out), 1);
    status(&t, 0);
    out_has(&t, "tiny: stages: 0 of 8 done, 0 running, 8 failed, 0 ready, 0 waiting\n");
    out_has(&t, "\"train dense, copy 0 [tiny, seed 0]\": the loss became ");
    out_has(&t, "tiny: failed: 5 more that need a result of these\n");
    tiny_study_run(&t, WORDS("status", t.out, "--json"), 0);
    out_has(&t, "\"needs_a_failed_one\":\ttrue");
    remove_tree(t.dir);
}

static void each_study_of_a_directory_is_told(void **state)
{
    tiny_study t;
    char other[300];
    (void)state;
    run_quick(&t);
    write_text(t.dir, "other.cfg", STUDY_OF("other", "duration = \"1ep\"; lr = 0.02;"));
    (void)snprintf(other, sizeof other, "%s/other.cfg", t.dir);
    tiny_study_run(&t, WORDS("run", other, "--out", t.out), 0);
    status(&t, 0);
    out_has(&t, "other: stages: 8 of 8 done");
    out_has(&t, "tiny: stages: 8 of 8 done");
    tiny_study_run(&t, WORDS("status", t.out, "--study", "tiny"), 0);
    out_has(&t, "tiny: stages: 8 of 8 done");
    assert_lacks(t.dir, "out", "other: ");
    tiny_study_refuses(&t, WORDS("status", t.out, "--study", "third"), "holds no study \"third\"");
    remove_tree(t.dir);
}

/* In the child: its output is a terminal of 80 columns. */
static void become_terminal(const void *own)
{
    const struct winsize size = {.ws_row = 40, .ws_col = 80};
    int fd = open(own, O_RDWR | O_NOCTTY);
    if (fd < 0 || ioctl(fd, TIOCSWINSZ, &size) != 0 || dup2(fd, STDOUT_FILENO) < 0)
        _exit(126);
}

static void a_terminal_gets_a_table(void **state)
{
    tiny_study t;
    char text[4096];
    size_t length = 0;
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0)
        skip(); /* no terminals here, as in a bare chroot */
    run_quick(&t);
    assert_true(grantpt(master) == 0 && unlockpt(master) == 0);
    const command_way way = {.prepare = become_terminal, .own = ptsname(master)};
    int keep = open(ptsname(master), O_RDWR | O_NOCTTY); /* else what is written is lost */
    assert_true(keep >= 0);
    assert_ends(t.dir, start_program(t.dir, &way, WORDS("status", t.out)), 0);
    assert_int_equal(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    for (ssize_t got = 1; got > 0 && length + 1 < sizeof text; length += got > 0 ? (size_t)got : 0)
        got = read(master, text + length, sizeof text - length - 1);
    text[length] = '\0';
    (void)close(keep);
    (void)close(master);
    assert_non_null(strstr(text, "study \"tiny\": 100.0 % of the work is done, nothing remains"));
    assert_non_null(strstr(text, "kind     stages  done  running  failed  ready  waiting"));
    assert_non_null(
        strstr(text, "each  remaining\r\n")); /* and nothing that is left out is missed */
    assert_null(strstr(text, "CSV"));
    assert_non_null(strstr(text, "\nall           8     8        0       0      0        0"));
    remove_tree(t.dir);
}

/* One line, and a status of failure. */
static void fails(const tiny_study *t, const char *text)
{
    status(t, 1);
    tiny_study_said(t, text);
}

static void what_cannot_be_read_is_one_line(void **state)
{
    tiny_study t;
    char folder[400], *whole = NULL;
    (void)state;
    run_quick(&t);
    (void)snprintf(folder, sizeof folder, "%s/studies/tiny", t.out);
    whole = read_text(folder, "stages.json");
    /* An input that is no name, without a checksum that would tell. */
    write_text(folder, "stages.json",
               "{\"study\": \"tiny\", \"plugin_dirs\": [], \"environment\": [], \"stages\": "
               "[{\"name\": \"train-00000000000000000000000000000000\", \"title\": \"\\u001b[2J\", "
               "\"data\": \"\", \"identity\": \"\", \"inputs\": [\"../../etc\"]}]}");
    fails(&t, "stages.json: stages[0]: has an input that is no name of a stage");
    write_text(folder, "stages.json",
               "{\"study\": \"tiny\", \"plugin_dirs\": [], \"environment\": [], \"stages\": "
               "[{\"name\": \"train-00000000000000000000000000000000\", \"title\": \"t\", "
               "\"data\": \"\", \"identity\": \"x\", \"inputs\": []}]}");
    fails(&t, "stages.json: stages[0]: is not that of its identity");
    whole[strlen(whole) / 2] ^= 1;
    write_text(folder, "stages.json", whole);
    fails(&t, "is damaged: its checksum does not agree");
    write_text(folder, "study.json", "{\"name\"");
    fails(&t, "study.json: is not JSON, or was cut short; run the study again");
    tiny_study_run(&t, WORDS("status", t.dir), 1);
    tiny_study_said(&t, "holds no run (no studies/*/study.json)");
    tiny_study_run(&t, WORDS("status", "/nowhere"), 1);
    tiny_study_said(&t, "/nowhere: holds no run");
    tiny_study_refuses(&t, WORDS("status"), "status wants DIR");
    free(whole);
    remove_tree(t.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_study_is_all_done),
        cmocka_unit_test(what_is_missing_is_ready_or_waits_and_has_its_time),
        cmocka_unit_test(nothing_is_written),
        cmocka_unit_test(a_run_is_seen_with_the_stage_that_it_is_at),
        cmocka_unit_test(a_run_that_has_saved_nothing_yet_is_seen_all_the_same),
        cmocka_unit_test(failures_have_their_reason_once),
        cmocka_unit_test(each_study_of_a_directory_is_told),
        cmocka_unit_test(a_terminal_gets_a_table),
        cmocka_unit_test(what_cannot_be_read_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
