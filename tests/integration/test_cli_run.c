/* Tests of a real, tiny study by the real command: run, interrupt, resume, report, export, eval,
 * explain. */
#include "command.h"

#include "core/file.h"
#include "store/holder.h"

#include <cjson/cJSON.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char config_text[] =
    "study   = { name = \"tiny\"; copies = 2; threads = 1; };\n"
    "dataset = { plugin = \"shapes\"; train_size = 200; test_size = 100; };\n"
    "ticket  = { model  = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
    "            phases = ( { pruner = { plugin = \"imp\"; rate = 0.5; }; rounds = 1; "
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

/* Waits until the run has begun to work: its record is there. */
static void wait_for_record(const char *out, pid_t pid)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/studies/tiny/study.json", out);
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
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", whole)), 0);
    assert_contains(s.dir, "out", "report: ");
    pid_t pid = start_command(s.dir, WORDS("run", s.config, "--out", broken));
    wait_for_record(broken, pid);
    assert_int_equal(kill(pid, SIGINT), 0);
    assert_ends(s.dir, pid, 130);
    (void)snprintf(resume, sizeof resume, "interrupted; resume with: coppice run %s --out '%s'\n",
                   s.config, broken);
    assert_contains(s.dir, "err", resume);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", broken)), 0);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        char file[64];
        (void)snprintf(file, sizeof file, "studies/tiny/report/%s", tables[i]);
        char *left = read_text(whole, file), *right = read_text(broken, file);
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
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    char *before = read_text(out, "studies/tiny/report/costs.csv");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    char *behind = read_text(out, "studies/tiny/report/costs.csv");
    assert_string_equal(before, behind);
    free(before);
    free(behind);
    assert_ends(s.dir, start_command(s.dir, WORDS("check", s.config, "--out", out)), 0);
    assert_contains(s.dir, "out", "still to do: 0.0 TFLOP");
    remove_tree(s.dir);
}

static void a_damaged_record_is_refused_until_the_study_is_run_again(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    char *record = read_text(out, "studies/tiny/study.json"),
         *round = strstr(record, "\"round\":\t1");
    assert_non_null(round);
    round[strlen("\"round\":\t")] = '3'; /* one bit of it */
    write_text(out, "studies/tiny/study.json", record);
    free(record);
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 1);
    assert_contains(s.dir, "err",
                    "/study.json: is damaged: its checksum does not agree; run the study "
                    "again");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 0);
    remove_tree(s.dir);
}

static void a_directory_of_others_is_refused_and_nothing_in_it_touched(void **state)
{
    (void)state;
    static const char *const commands[] = {"check", "run"};
    scene s;
    make_scene(&s);
    char out[300], draft[400], path[400];
    cop_error err = {0};
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(draft, sizeof draft, "%s/work/draft-thesis", out);
    assert_ok(cop_make_dirs(draft, &err), &err);
    write_text(draft, "chapter.tex", "theirs");
    write_text(out, "work/notes.tmp-12-0", "theirs");
    (void)snprintf(path, sizeof path, "%s/studies", out);
    assert_ok(cop_make_dirs(path, &err), &err);
    write_text(path, "thesis.tex", "theirs");
    for (size_t i = 0; i < 2; i++) {
        assert_ends(s.dir, start_command(s.dir, WORDS(commands[i], s.config, "--out", out)), 2);
        assert_contains(s.dir, "err", "/studies: is there and not ours");
    }
    remove_tree(path);
    for (size_t i = 0; i < 2; i++) /* nothing else of it is in our way */
        assert_ends(s.dir, start_command(s.dir, WORDS(commands[i], s.config, "--out", out)), 0);
    char *chapter = read_text(draft, "chapter.tex"), *notes = read_text(out, "work/notes.tmp-12-0");
    assert_string_equal(chapter, "theirs");
    assert_string_equal(notes, "theirs");
    free(chapter);
    free(notes);
    remove_tree(s.dir);
}

static void threads_override_those_of_the_study(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    assert_ends(s.dir,
                start_command(
                    s.dir, WORDS("check", s.config, "--threads", "3", "--set", "study.threads=2")),
                0);
    assert_contains(s.dir, "out", "threads = 3;");
    remove_tree(s.dir);
}

static void check_makes_nothing(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("check", s.config, "--out", out)), 0);
    assert_contains(s.dir, "out", "tiny: 1 cell x 1 seed");
    assert_contains(s.dir, "out", "threads = 1;");
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
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    assert_ends(s.dir, start_command(s.dir, WORDS("export", out, "--copy", "1", "--to", weights)),
                0);
    assert_ends(s.dir,
                start_command(s.dir, WORDS("eval", s.config, "--weights", weights, "--json")), 0);
    char *said = read_text(s.dir, "out"),
         *trainings = read_text(out, "studies/tiny/report/trainings.csv");
    const char *line = strstr(trainings, "tiny,0,0,1,copy,1,");
    assert_non_null(line);
    /* The last column but one. */
    const char *accuracy = strchr(line, '\n');
    for (int commas = 0; commas < 2; commas += *accuracy == ',')
        accuracy--;
    assert_true(json_number(said, "\"accuracy\"") == strtod(accuracy + 1, NULL));
    assert_true(json_number(said, "\"count\"") == 100.0);
    free(said);
    free(trainings);
    assert_ends(
        s.dir,
        start_command(s.dir, WORDS("eval", s.config, "--weights", weights, "--json", "--set",
                                   "train.dataset={plugin=\"shapes\"; test_size=60;}")),
        0);
    said = read_text(s.dir, "out");
    assert_true(json_number(said, "\"count\"") == 60.0); /* what the copies are measured by */
    free(said);
    assert_ends(s.dir,
                start_command(s.dir, WORDS("eval", s.config, "--weights", weights, "--set",
                                           "ticket.model.width=8")),
                1);
    assert_contains(s.dir, "err", "the model wants [8, 3, 3, 3]");
    assert_ends(s.dir,
                start_command(s.dir, WORDS("eval", s.config, "--weights", weights, "--set",
                                           "ticket.model.depth=2")),
                1);
    assert_contains(s.dir, "err", "layers.conv.1.weight");
    remove_tree(s.dir);
}

#define QUICKSTART COPPICE_TEST_SOURCE_DIR "/configs/quickstart.cfg"

static double number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(item))
        fail_msg("no number \"%s\"", name);
    return item->valuedouble;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (text == NULL || text[0] == '\0')
        fail_msg("no text \"%s\"", name);
    return text;
}

/* Every amount of the kind's total, or of all, is the sum of its rows. */
static void assert_total_is_its_rows(const cJSON *total, const cJSON *rows, bool timed)
{
    static const char *const amounts[] = {"flops", "elements", "bytes", "seconds"};
    bool all = strcmp(total->string, "all") == 0;
    for (int a = 0; a < (timed ? 4 : 3); a++) {
        double sum = 0.0, count = 0.0;
        const cJSON *row;
        cJSON_ArrayForEach(row, rows)
        {
            if (!all && strcmp(text_of(row, "kind"), total->string) != 0)
                continue;
            sum += number(row, amounts[a]);
            count += 1.0;
        }
        assert_true(count > 0.0 && number(total, "count") == count);
        double off = number(total, amounts[a]) - sum;
        assert_true(off <= 1e-9 * sum && off >= -1e-9 * sum);
    }
}

static void assert_sound_program(const cJSON *program, double runs)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(program, "rows");
    const cJSON *totals = cJSON_GetObjectItemCaseSensitive(program, "totals"), *item;
    double share = 0.0;
    assert_true(number(program, "runs") == runs);
    assert_true(number(program, "arena_bytes") > 0.0);
    assert_true(number(cJSON_GetObjectItemCaseSensitive(totals, "convolution"), "flops") > 0.0);
    cJSON_ArrayForEach(item, totals)
    {
        assert_total_is_its_rows(item, rows, runs > 0.0);
    }
    cJSON_ArrayForEach(item, rows)
    {
        (void)text_of(item, "operation");
        (void)text_of(item, "shapes");
        (void)text_of(item, "layout");
        (void)text_of(item, "implementation");
        const cJSON *part = cJSON_GetObjectItemCaseSensitive(item, "share");
        share += part != NULL ? part->valuedouble : 0.0;
    }
    assert_true(runs > 0.0 ? share > 0.999 && share < 1.001 : share == 0.0);
}

static cJSON *read_json(const scene *s)
{
    char *text = read_text(s->dir, "out");
    cJSON *root = cJSON_Parse(text);
    if (root == NULL)
        fail_msg("no JSON: %s", text);
    free(text);
    return root;
}

static void explain_adds_up(void **state)
{
    (void)state;
    static const char *const names[] = {"train", "eval", "hessian"};
    scene s;
    make_scene(&s);
    for (int profiled = 0; profiled < 2; profiled++) {
        /* "--json" again stands where nothing is to be said */
        const char *profile = profiled ? "--profile" : "--json";
        const char *runs = profiled ? "--runs=2" : "--json";
        assert_ends(
            s.dir,
            start_command(s.dir, WORDS("explain", QUICKSTART, "--json", "--program", "train",
                                       "--program", "eval", "--program=hessian", profile, runs)),
            0);
        cJSON *root = read_json(&s);
        const cJSON *programs = cJSON_GetObjectItemCaseSensitive(root, "programs");
        assert_int_equal(cJSON_GetArraySize(programs), 3);
        for (int i = 0; i < 3; i++) {
            assert_string_equal(text_of(cJSON_GetArrayItem(programs, i), "program"), names[i]);
            assert_sound_program(cJSON_GetArrayItem(programs, i), profiled ? 2.0 : 0.0);
        }
        cJSON_Delete(root);
    }
    remove_tree(s.dir);
}

static void explain_prints_a_line_an_operation(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    assert_ends(s.dir, start_command(s.dir, WORDS("explain", QUICKSTART)), 0);
    assert_contains(s.dir, "out", "training step of convnet, batch 64: ");
    assert_contains(s.dir, "out", "64x3x32x32, 16x3x3x3 > 64x16x32x32");
    assert_contains(s.dir, "out", "(layers.conv.0)");
    assert_contains(s.dir, "err", "cell \"distilled\", the first of 2");
    char *text = read_text(s.dir, "out");
    assert_null(strstr(text, "GFLOP/s"));
    free(text);
    assert_ends(
        s.dir,
        start_command(s.dir, WORDS("explain", s.config, "--set", "study.threads=2", "--set",
                                   "train.batch=8", "--threads=1", "--profile", "--runs", "1")),
        0);
    assert_contains(s.dir, "out", "training step of convnet, batch 8: ");
    assert_contains(s.dir, "out", "; threads 1\n");
    assert_contains(s.dir, "out", "1 runs in ");
    assert_contains(s.dir, "out", "GFLOP/s");
    assert_contains(s.dir, "out", "most time in:");
    remove_tree(s.dir);
}

static void explain_needs_the_dataset_to_be_there(void **state)
{
    (void)state;
    static const char text[] =
        "study   = { name = \"absent\"; };\n"
        "dataset = { plugin = \"cifar10\"; path = \"/nowhere/at/all\"; };\n"
        "ticket  = { model = { plugin = \"convnet\"; depth = 1; width = 4; };\n"
        "            phases = ( { pruner = { plugin = \"imp\"; }; rounds = 1; data = \"real\"; } "
        "); };\n"
        "train   = { recipe = \"idc\"; duration = \"1ep\"; };\n";
    scene s;
    cop_error err = {0};
    make_scene(&s);
    assert_ok(cop_file_write(s.config, text, strlen(text), &err), &err);
    assert_ends(s.dir, start_command(s.dir, WORDS("explain", s.config)), 2);
    assert_contains(s.dir, "err", "/nowhere/at/all");
    remove_tree(s.dir);
}

/* Every program of a run, each with its times, whoever made it. */
static void a_run_lists_its_programs_where_asked(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300], listing[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(listing, sizeof listing, "%s/listing", s.dir);
    assert_int_equal(setenv("COPPICE_PROFILE", listing, 1), 0);
    pid_t pid = start_command(s.dir, WORDS("run", s.config, "--out", out));
    assert_int_equal(unsetenv("COPPICE_PROFILE"), 0);
    assert_ends(s.dir, pid, 0);
    assert_contains(s.dir, "listing", "inputs: images 64x3x32x32");
    assert_contains(s.dir, "listing", "conv2d_weights");
    assert_contains(s.dir, "listing", "most time in:");
    remove_tree(s.dir);
}

/* One cell diverges: the others run, the report is made of them, and the exit status says so. */
static void a_failing_cell_costs_itself_alone(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    char text[2048], out[300];
    make_scene(&s);
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(text, sizeof text,
                   "%ssweep = ( { path = \"train.lr\"; values = [0.1, 1e30, 0.01]; } );\n",
                   config_text);
    assert_ok(cop_file_write(s.config, text, strlen(text), &err), &err);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 1);
    assert_contains(s.dir, "err", "stages have no result: train");
    assert_contains(s.dir, "out", "\n0.1 ");
    assert_contains(s.dir, "out", "\n0.01 ");
    assert_contains(s.dir, "o/studies/tiny/report/tickets.csv", "\n0.01,0,");
    /* It is tried again, and nothing else is. */
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 1);
    assert_contains(s.dir, "err", "24 stages, 16 of them already done");
    remove_tree(s.dir);
}

/* The first run holds the directory while it waits in this process. */
static void a_run_with_other_options_does_not_mix_with_one_under_way(void **state)
{
    (void)state;
    scene s;
    cop_error err = {0};
    cop_holder *holder = NULL;
    char out[300], record[400];
    make_scene(&s);
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(record, sizeof record, "%s/studies/tiny", out);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    char *before = read_text(s.dir, "o/studies/tiny/study.json");
    assert_ok(cop_holder_take(record, "tiny", "other options", NULL, &holder, &err), &err);
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", out, "--set", "train.lr=0.5")),
                1);
    assert_contains(s.dir, "err",
                    "is in use by a run with another config, other plugins or other data (study "
                    "\"tiny\", process ");
    char *after = read_text(s.dir, "o/studies/tiny/study.json");
    assert_string_equal(before, after);
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 0);
    assert_ends(s.dir, start_command(s.dir, WORDS("check", s.config, "--out", out)), 0);
    /* A study of another name has a record of its own, and is in nobody's way. */
    assert_ends(
        s.dir,
        start_command(s.dir, WORDS("run", s.config, "--out", out, "--set", "study.name=other")), 0);
    assert_contains(s.dir, "err", "8 stages, 8 of them already done");
    cop_holder_release(holder);
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", out, "--set", "train.lr=0.5")),
                0);
    free(before);
    free(after);
    remove_tree(s.dir);
}

/* One store, two records and two reports, whose names may hold what a folder's cannot. */
static void two_studies_in_one_directory_are_two_records(void **state)
{
    (void)state;
    scene s;
    make_scene(&s);
    char out[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    char *before = read_text(out, "studies/tiny/study.json");
    assert_ends(s.dir,
                start_command(s.dir, WORDS("run", s.config, "--out", out, "--set",
                                           "study.name=\"a/b\"", "--set", "study.copies=1")),
                0);
    assert_contains(s.dir, "out", "/studies/a_b-");
    char *behind = read_text(out, "studies/tiny/study.json");
    assert_string_equal(before, behind);
    free(before);
    free(behind);
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 2);
    assert_contains(s.dir, "err", "holds 2 studies; choose one with --study: \"a/b\", \"tiny\"");
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out, "--study", "c")), 2);
    assert_contains(s.dir, "err", "holds no study \"c\", but \"a/b\", \"tiny\"");
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out, "--study", "a/b")), 0);
    assert_contains(s.dir, "out", "/studies/a_b-");
    assert_ends(s.dir, start_command(s.dir, WORDS("export", out, "--study", "tiny")), 0);
    assert_contains(s.dir, "out", "copies there: 2 of 2");
    remove_tree(s.dir);
}

/* The record of the version before stays as it is; its store is used. */
static void a_directory_of_the_version_before_is_used_and_nothing_of_it_goes(void **state)
{
    (void)state;
    static const char record[] =
        "{\"name\": \"tiny\", \"seeds\": [0], \"cells\": [], \"tickets\": []}";
    scene s;
    cop_error err = {0};
    char out[300], path[400];
    make_scene(&s);
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    (void)snprintf(path, sizeof path, "%s/studies", out);
    remove_tree(path);
    (void)snprintf(path, sizeof path, "%s/report", out);
    assert_ok(cop_make_dirs(path, &err), &err);
    write_text(out, "study.json", record);
    write_text(out, "config.txt", "study = { };");
    write_text(path, "tickets.csv", "of the version before");
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 1);
    assert_contains(s.dir, "err", "was written by an earlier version of Coppice");
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    assert_contains(s.dir, "err", "8 stages, 8 of them already done");
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 0);
    char *kept = read_text(out, "study.json"), *table = read_text(out, "report/tickets.csv");
    assert_string_equal(kept, record);
    assert_string_equal(table, "of the version before");
    free(kept);
    free(table);
    remove_tree(s.dir);
}

/* Seeds that a double cannot tell apart, and the largest. */
static void seeds_keep_all_their_bits(void **state)
{
    (void)state;
    static const char text[] =
        "study   = { name = \"bits\"; seeds = [9007199254740992L, 9007199254740993L, "
        "9223372036854775807L]; copies = 1; threads = 1; };\n"
        "dataset = { plugin = \"shapes\"; train_size = 20; test_size = 10; };\n"
        "ticket  = { model = { plugin = \"convnet\"; depth = 1; width = 4; }; };\n"
        "train   = { recipe = \"sgd\"; duration = \"1it\"; batch = 10; };\n";
    static const char *const rows[] = {"\nbits,9007199254740992,", "\nbits,9007199254740993,",
                                       "\nbits,9223372036854775807,"};
    scene s;
    cop_error err = {0};
    make_scene(&s);
    char out[300], weights[300];
    (void)snprintf(out, sizeof out, "%s/o", s.dir);
    (void)snprintf(weights, sizeof weights, "%s/w.safetensors", s.dir);
    assert_ok(cop_file_write(s.config, text, strlen(text), &err), &err);
    assert_ends(s.dir, start_command(s.dir, WORDS("run", s.config, "--out", out)), 0);
    assert_ends(s.dir, start_command(s.dir, WORDS("report", out)), 0);
    char *tickets = read_text(out, "studies/bits/report/tickets.csv");
    for (size_t i = 0; i < 3; i++)
        assert_non_null(strstr(tickets, rows[i]));
    free(tickets);
    assert_ends(
        s.dir,
        start_command(s.dir, WORDS("export", out, "--seed", "9007199254740993", "--to", weights)),
        0);
    assert_contains(s.dir, "out", "seed 9007199254740993, round 0");
    remove_tree(s.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupted_run_resumes_to_the_same_tables),
        cmocka_unit_test(a_finished_run_is_not_repeated),
        cmocka_unit_test(seeds_keep_all_their_bits),
        cmocka_unit_test(two_studies_in_one_directory_are_two_records),
        cmocka_unit_test(a_directory_of_the_version_before_is_used_and_nothing_of_it_goes),
        cmocka_unit_test(check_makes_nothing),
        cmocka_unit_test(a_damaged_record_is_refused_until_the_study_is_run_again),
        cmocka_unit_test(a_directory_of_others_is_refused_and_nothing_in_it_touched),
        cmocka_unit_test(threads_override_those_of_the_study),
        cmocka_unit_test(an_exported_ticket_evaluates_as_it_did),
        cmocka_unit_test(explain_adds_up),
        cmocka_unit_test(explain_prints_a_line_an_operation),
        cmocka_unit_test(explain_needs_the_dataset_to_be_there),
        cmocka_unit_test(a_run_lists_its_programs_where_asked),
        cmocka_unit_test(a_failing_cell_costs_itself_alone),
        cmocka_unit_test(a_run_with_other_options_does_not_mix_with_one_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
