/* Tests of a whole report: what is in its files, and what becomes of missing and damaged artifacts.
 */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "fake_study.h"
#include "report/report.h"

#include <dirent.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a report said. */
typedef struct said {
    char *out, *log;
    size_t out_size, log_size;
    cop_status status;
    cop_error err;
} said;

/* With the gnuplot that is there, if any: it takes its time. */
static said report_drawn(const char *dir)
{
    said s = {0};
    FILE *out = open_memstream(&s.out, &s.out_size), *log = open_memstream(&s.log, &s.log_size);
    cop_logger *logger = cop_logger_new(log, COP_LOG_INFO, false);
    char record[300];
    (void)snprintf(record, sizeof record, "%s/" FAKE_RECORD, dir);
    s.status =
        cop_report(dir, record, &(cop_report_print){.out = out, .width = 150}, logger, &s.err);
    cop_logger_free(logger);
    (void)fclose(out);
    (void)fclose(log);
    return s;
}

/* With a gnuplot that says that it drew. */
static said report(const char *dir)
{
    static const char program[] =
        "#!/bin/sh\n"
        "case \"$*\" in\n"
        "*svg*) echo '<?xml version=\"1.0\"?><svg id=\"one\"><text>drawn</text></svg>';;\n"
        "*) printf '%%PDF-1.5 drawn';;\n"
        "esac\n";
    char fake[256], file[300], path[600], *kept = strdup(getenv("PATH"));
    cop_error err = {0};
    make_temp_dir(fake, sizeof fake);
    (void)snprintf(file, sizeof file, "%s/gnuplot", fake);
    assert_ok(cop_file_write(file, program, strlen(program), &err), &err);
    assert_int_equal(chmod(file, 0755), 0);
    (void)snprintf(path, sizeof path, "%s:/bin:/usr/bin", fake);
    assert_int_equal(setenv("PATH", path, 1), 0);
    said s = report_drawn(dir);
    assert_int_equal(setenv("PATH", kept, 1), 0);
    free(kept);
    remove_tree(fake);
    return s;
}

static void clear(said *s)
{
    free(s->out);
    free(s->log);
}

static char *read_report_file(const char *dir, const char *file)
{
    char path[512], *text = NULL;
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/report/%s", dir, file);
    assert_ok(cop_file_read(path, 1u << 24, &text, NULL, &err), &err);
    return text;
}

static void assert_file(const char *dir, const char *file, const char *wanted)
{
    char *text = read_report_file(dir, file);
    assert_string_equal(text, wanted);
    free(text);
}

static bool exists(const char *dir, const char *file)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    return access(path, F_OK) == 0;
}

static bool has_gnuplot(void)
{
    const char *path = getenv("PATH");
    char copy[4096], file[4200], *rest = copy;
    (void)snprintf(copy, sizeof copy, "%s", path != NULL ? path : "");
    for (char *dir = strsep(&rest, ":"); dir != NULL; dir = strsep(&rest, ":")) {
        (void)snprintf(file, sizeof file, "%s/gnuplot", dir);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static fake_study make_study(void)
{
    fake_study f = {.seconds = 1.5};
    make_temp_dir(f.dir, sizeof f.dir);
    fake_study_make(&f);
    return f;
}

#define TICKET_HEADER                                                                              \
    "cell,seed,phase,round,sparsity,kept,training_points_stored,training_points_decoded,"          \
    "copies,test_accuracy,test_accuracy_min,test_accuracy_max,collapsed,failure,"                  \
    "control,collapsed_layers,"                                                                    \
    "probe_barrier_plain_height,"                                                                  \
    "probe_barrier_plain_verdict,probe_barrier_re_done_height,probe_barrier_re_done_verdict\n"

static void tables_hold_what_artifacts_say(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    assert_file(f.dir, "tickets.csv",
                TICKET_HEADER
                "\"A, \"\"one\"\"\",3,-1,0,0,8,0,0,2,0.5078125,0.5,0.515625,0,,,0,5,"
                "\"1 stable, 1 unstable\",0.5,stable 2/2\n"
                "\"A, \"\"one\"\"\",3,0,1,0.5,4,128,256,2,0.3828125,0.375,0.390625,1,,,0,6,"
                "\"1 unstable, 1 stable\",0.5,stable 2/2\n"
                "\"A, \"\"one\"\"\",5,-1,0,0,8,0,0,2,0.5078125,0.5,0.515625,0,,,0,7,"
                "\"1 stable, 1 unstable\",0.5,stable 2/2\n"
                "\"A, \"\"one\"\"\",5,0,1,0.5,4,128,256,2,0.3828125,0.375,0.390625,1,,,0,8,"
                "\"1 unstable, 1 stable\",0.5,stable 2/2\n"
                "B,3,-1,0,0,8,0,0,2,0.5703125,0.5625,0.578125,,,,0,5,"
                "\"1 stable, 1 unstable\",0.5,stable 2/2\n"
                "B,3,0,1,0.5,4,256,256,2,0.4453125,0.4375,0.453125,,,,0,6,"
                "\"1 unstable, 1 stable\",0.5,stable 2/2\n"
                "B,5,-1,0,0,8,0,0,2,0.5703125,0.5625,0.578125,,,,0,7,"
                "\"1 stable, 1 unstable\",0.5,stable 2/2\n"
                "B,5,0,1,0.5,4,256,256,2,0.4453125,0.4375,0.453125,,,,0,8,"
                "\"1 unstable, 1 stable\",0.5,stable 2/2\n");
    cop_artifact_id set = fake_study_id("set", 0, 3, 0), other = fake_study_id("set", 0, 5, 0);
    char wanted[1024];
    (void)snprintf(wanted, sizeof wanted,
                   "cell,seed,distiller,stored,decoded,test_accuracy,test_loss,id,"
                   "real_images,second_order,trained_images\n"
                   "\"A, \"\"one\"\"\",3,paint,6,12,0.25,2.25,%s,,,0\n"
                   "\"A, \"\"one\"\"\",5,paint,6,12,0.25,2.25,%s,,,0\n",
                   set.hash, other.hash);
    assert_file(f.dir, "distilled.csv", wanted);
    char *text = read_report_file(f.dir, "history.csv");
    (void)snprintf(wanted, sizeof wanted,
                   "\n%s,1,0.125,2,0.25,,\n%s,2,0.0625,1.5,0.75,2.25,0.515625\n",
                   fake_study_id("copy1", 0, 5, 0).hash, fake_study_id("copy1", 0, 5, 0).hash);
    assert_non_null(strstr(text, wanted));
    free(text);
    clear(&s);
    remove_tree(f.dir);
}

static void an_analyzers_rows_are_all_there(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *text = read_report_file(f.dir, "probe_line.csv");
    const char *head = "cell,seed,phase,round,sparsity,pair,alpha,loss,error\n"
                       "\"A, \"\"one\"\"\",3,-1,0,0,0-1,0,1.375,10\n"
                       "\"A, \"\"one\"\"\",3,-1,0,0,0-1,0.25,2.125,13\n";
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    size_t lines = 0;
    for (const char *c = text; *c != '\0'; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 1 + 8 * 10);
    free(text);
    text = read_report_file(f.dir, "columns.csv");
    assert_non_null(strstr(text, "\nprobe_line,loss,nat,There\n"));
    free(text);
    clear(&s);
    remove_tree(f.dir);
}

static void the_summary_averages_seeds_and_copies(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *text = read_report_file(f.dir, "summary.csv");
    /* Four accuracies, 43.75 and 45.3125 twice each: their deviation is 0.78125 · √(4/3). */
    const char *line = strstr(text, "\nB,0,1,0.5,0.4453125,0.0090210979560");
    assert_non_null(line);
    /* Barriers of the seeds: 6 and 8. Two pairs of either seed are counted together. */
    assert_non_null(strstr(line, ",2,4,,256,256,,0,7,1.4142135623730951,"
                                 "\"2 unstable, 2 stable\",0.5,0,stable 4/4\n"));
    free(text);
    assert_non_null(strstr(s.out, "44.53 ± 0.90"));
    assert_non_null(strstr(s.out, "7.00 ± 1.41"));
    assert_non_null(strstr(s.out, "report: "));
    clear(&s);
    remove_tree(f.dir);
}

/* The first cell's copies of round 1 include one that collapsed, so that nothing is left to compare
 * there. Differences that do not vary have no effect size, and are certain. */
static void cells_are_compared_over_matched_seeds(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *text = read_report_file(f.dir, "comparisons.csv");
    static const char *const lines[] = {
        "cell,baseline,round,sparsity,result,unit,seeds,collapsed,mean,baseline_mean,difference,"
        "difference_sd,low,high,effect,p,p_holm\n",
        "\nB,\"A, \"\"one\"\"\",0,0,test_accuracy,fraction,2,0,0.5703125,0.5078125,0.0625,0,0.0625,"
        "0.0625,,0,0\n",
        "\nB,\"A, \"\"one\"\"\",1,0.5,test_accuracy,fraction,0,2,,,,,,,,,\n",
        "\nB,\"A, \"\"one\"\"\",0,0,probe_barrier_plain_height,"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strstr(text, lines[i]) == NULL)
            fail_msg("no %s in %s", lines[i], text);
    free(text);
    text = read_report_file(f.dir, "index.html");
    assert_non_null(strstr(text, "Compared with A, &quot;one&quot;"));
    free(text);
    clear(&s);
    remove_tree(f.dir);
}

/* The seeds' means are 5 and 7 in round 0, 6 and 8 in round 1: a deviation of √2 over two seeds. */
static void means_over_pairs_have_an_interval_over_seeds(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *text = read_report_file(f.dir, "intervals.csv");
    const char *at = strstr(text, "\nB,1,0.5,probe_barrier_plain_height,%,2,4,7,");
    double low = 0.0, high = 0.0;
    assert_int_equal(strncmp(text,
                             "cell,round,sparsity,result,unit,seeds,pairs,mean,low,high,basis",
                             strlen("cell,round,sparsity,result,unit,seeds,pairs,mean")),
                     0);
    assert_non_null(at);
    assert_int_equal(sscanf(strstr(at, ",7,") + 3, "%lf,%lf,", &low, &high), 2);
    assert_true(fabs(low - (7.0 - 12.706204736174698)) < 1e-8);
    assert_true(fabs(high - (7.0 + 12.706204736174698)) < 1e-8);
    assert_non_null(strstr(at, ",2 seeds: interval over seeds\n"));
    free(text);
    text = read_report_file(f.dir, "index.html");
    assert_non_null(strstr(text, "height 7.00 ± 1.41 % [-5.71, 19.71]"));
    assert_non_null(strstr(text, "How sure what is between copies is"));
    free(text);
    clear(&s);
    remove_tree(f.dir);
}

/* Only costs.csv may depend on how long things took. */
static void reports_are_equal_to_the_bit(void **state)
{
    (void)state;
    static const char *const same[] = {
        "tickets.csv",   "summary.csv",         "trainings.csv",         "distilled.csv",
        "history.csv",   "probe_line.csv",      "columns.csv",           "probe_bins.csv",
        "probe_map.csv", "figures/accuracy.gp", "figures/probe_line.csv"};
    fake_study first = make_study(), second = {.seconds = 99.0};
    make_temp_dir(second.dir, sizeof second.dir);
    fake_study_make(&second);
    said a = report(first.dir), b = report(second.dir);
    assert_ok(a.status, &a.err);
    assert_ok(b.status, &b.err);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char *text = read_report_file(first.dir, same[i]);
        assert_file(second.dir, same[i], text);
        free(text);
    }
    char *left = read_report_file(first.dir, "costs.csv");
    char *right = read_report_file(second.dir, "costs.csv");
    assert_non_null(strstr(left, ",1.5,"));
    assert_non_null(strstr(right, ",99,"));
    free(left);
    free(right);
    clear(&a);
    clear(&b);
    remove_tree(first.dir);
    remove_tree(second.dir);
}

static void figures_are_drawn(void **state)
{
    (void)state;
    static const char *const names[] = {
        "accuracy",  "history",    "probe_barrier", "probe_line",
        "probe_map", "probe_bins", "probe_points",  "series-distiller-paint"};
    bool drawn = has_gnuplot();
    fake_study f = make_study();
    said s = report_drawn(f.dir);
    assert_ok(s.status, &s.err);
    if (drawn)
        assert_string_equal(s.log, ""); /* gnuplot had nothing to say */
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[128];
        (void)snprintf(file, sizeof file, FAKE_RECORD "/report/figures/%s.gp", names[i]);
        assert_true(exists(f.dir, file));
        (void)snprintf(file, sizeof file, FAKE_RECORD "/report/figures/%s.svg", names[i]);
        assert_int_equal(exists(f.dir, file), drawn);
    }
    /* Text from results reaches gnuplot as text. */
    char *script = read_report_file(f.dir, "figures/probe_line.gp");
    assert_non_null(strstr(script, "'Don''t `believe` \\this'"));
    free(script);
    /* The mean of both pairs and both seeds: 10 + 3 · 1.5, and 1 + 3/4 + (3 + 5)/16. */
    char *data = read_report_file(f.dir, "figures/probe_line.csv");
    /* Bands: the four are 1.5 from their mean, and 1/8. */
    assert_non_null(strstr(data, "\n0.25,14.5,12.7679491924"));
    assert_non_null(strstr(data, "\n0.25,2.25,2.1056624327"));
    free(data);
    /* The mean of both seeds; what is not finite is not drawn. */
    assert_file(f.dir, "figures/series-distiller-paint.csv",
                "x,y,panel,curve\n0,4.5,paint left,\n2,2.5,paint left,\n4,7,brushes,\n");
    if (!drawn)
        print_message("no gnuplot: only the scripts were looked at\n");
    clear(&s);
    remove_tree(f.dir);
}

static void without_gnuplot_tables_are_made(void **state)
{
    (void)state;
    fake_study f = make_study();
    char *path = strdup(getenv("PATH") != NULL ? getenv("PATH") : "");
    assert_int_equal(setenv("PATH", f.dir, 1), 0);
    said s = report_drawn(f.dir);
    assert_int_equal(setenv("PATH", path, 1), 0);
    free(path);
    assert_ok(s.status, &s.err);
    assert_string_equal(s.log,
                        "warning: figures are not drawn: there is no gnuplot in the directories of "
                        "PATH (Debian: gnuplot-nox)\n");
    assert_true(exists(f.dir, FAKE_RECORD "/report/tickets.csv"));
    assert_false(exists(f.dir, FAKE_RECORD "/report/figures/accuracy.svg"));
    clear(&s);
    remove_tree(f.dir);
}

static void images_lie_in_rows_by_class(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/report/images/distilled-%.12s.png", f.dir,
                   fake_study_id("set", 0, 3, 0).hash);
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    assert_int_not_equal(png_image_begin_read_from_file(&image, path), 0);
    /* Two columns of 6 · 3 pixels, three rows of 4 · 3, with gaps of 2. */
    assert_int_equal(image.width, 2 * 18 + 3 * 2);
    assert_int_equal(image.height, 3 * 12 + 4 * 2);
    image.format = PNG_FORMAT_RGB;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
    assert_int_not_equal(png_image_finish_read(&image, NULL, pixels, 0, NULL), 0);
    const uint8_t wanted[] = {0, 128, 255};
    for (size_t row = 0; row < 3; row++) {
        for (size_t column = 0; column < 2; column++) {
            size_t y = 2 + row * 14 + 11, x = 2 + column * 20 + 17;
            assert_int_equal(pixels[(y * image.width + x) * 3], wanted[row]);
        }
    }
    assert_int_equal(pixels[0], 255);
    free(pixels);
    clear(&s);
    remove_tree(f.dir);
}

/* What is of the study is said in words, and the page needs no other file to show it. */
static void the_page_begins_with_the_answer_and_stands_alone(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *page = read_report_file(f.dir, "index.html");
    char *answers = strstr(page, "<dl class=\"answers\">"),
         *figures = strstr(page, "id=\"figures\"");
    assert_non_null(answers);
    assert_true(figures != NULL && answers < figures);
    assert_non_null(strstr(page, "n = 2 seeds"));
    assert_non_null(
        strstr(page, "<svg role=\"img\" aria-label=\"Test accuracy against sparsity. "));
    assert_non_null(strstr(page, " id=\"accuracy-one\">")); /* no two figures' are the same */
    assert_non_null(strstr(page, "src=\"data:image/png;base64,iVBORw0KGgo"));
    assert_null(strstr(page, "src=\"images"));
    assert_null(strstr(page, "http")); /* nothing is fetched */
    /* A number leads to what made it. */
    cop_artifact_id copy = fake_study_id("copy0", 0, 3, 1);
    char link[64], target[64];
    (void)snprintf(link, sizeof link, "href=\"#s-%.12s\"", copy.hash);
    (void)snprintf(target, sizeof target, "<details id=\"s-%.12s\">", copy.hash);
    assert_non_null(strstr(page, link));
    assert_non_null(strstr(page, target));
    free(page);
    clear(&s);
    remove_tree(f.dir);
}

static void the_page_is_escaped(void **state)
{
    (void)state;
    fake_study f = make_study();
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    char *page = read_report_file(f.dir, "index.html");
    assert_non_null(strstr(page, "<h1>fake &lt;study&gt;</h1>"));
    assert_non_null(strstr(page, "A, &quot;one&quot;"));
    assert_null(strstr(page, "<study>"));
    free(page);
    clear(&s);
    remove_tree(f.dir);
}

static void no_study_is_refused_and_nothing_made(void **state)
{
    (void)state;
    char dir[256];
    make_temp_dir(dir, sizeof dir);
    said s = report(dir);
    assert_refused(s.status, COP_FAILED, &s.err, "holds no run (no study.json)");
    assert_int_equal(strncmp(s.err.file, dir, strlen(dir)), 0);
    assert_int_equal(rmdir(dir), 0); /* still empty */
    clear(&s);
}

static void an_unfinished_study_is_reported_as_far_as_it_is(void **state)
{
    (void)state;
    fake_study f = make_study();
    char path[512];
    remove_tree(fake_study_path(&f, fake_study_id("copy1", 1, 5, 1), "", path, sizeof path));
    remove_tree(fake_study_path(&f, fake_study_id("analysis", 1, 5, 1), "", path, sizeof path));
    remove_tree(fake_study_path(&f, fake_study_id("trained", 0, 5, 0), "", path, sizeof path));
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    assert_string_equal(
        s.log, "warning: the study is not finished: 3 of its artifacts are not there, 1 of "
               "8 tickets are incomplete; the report shows the rest\n");
    char *text = read_report_file(f.dir, "tickets.csv");
    assert_non_null(strstr(text, "\nB,5,0,1,0.5,4,256,256,1,0.4375,0.4375,0.4375,,,,0,,,,\n"));
    free(text);
    text = read_report_file(f.dir, "distilled.csv");
    assert_non_null(strstr(text, ",5,paint,6,12,,,"));
    free(text);
    clear(&s);
    remove_tree(f.dir);
}

static void damage_one(const char *part, int round, const char *file, bool cut)
{
    fake_study f = make_study();
    char path[512];
    cop_error err = {0};
    (void)fake_study_path(&f, fake_study_id(part, 0, 3, round), file, path, sizeof path);
    if (cut)
        assert_int_equal(truncate(path, 10), 0);
    else
        assert_ok(cop_file_write(path, "{}", 2, &err), &err);
    said s = report(f.dir);
    assert_refused(s.status, COP_FAILED, &s.err, "lacks a damaged artifact");
    assert_non_null(strstr(s.err.file, part[0] == 's' ? "distil-" : path + strlen(f.dir) + 7));
    assert_true(exists(f.dir, FAKE_RECORD "/report/tickets.csv"));
    assert_true(exists(f.dir, FAKE_RECORD "/report/index.html"));
    clear(&s);
    remove_tree(f.dir);
}

static void a_damaged_artifact_is_named_and_the_rest_reported(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"copy0", "summary.json"}, {"copy0", "history.csv"},        {"copy0", "artifact.json"},
        {"mask", "summary.json"},  {"analysis", "tables.json"},     {"set", "summary.json"},
        {"set", "series.csv"},     {"set", "synthetic.safetensors"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int round = strcmp(cases[i][0], "set") == 0 ? 0 : 1;
        damage_one(cases[i][0], round, cases[i][1], true);
        damage_one(cases[i][0], round, cases[i][1], false);
    }
}

static void mixed_provenance_is_said(void **state)
{
    (void)state;
    fake_study f = make_study();
    char path[512], *text = NULL;
    cop_error err = {0};
    (void)fake_study_path(&f, fake_study_id("mask", 0, 3, 1), "artifact.json", path, sizeof path);
    assert_ok(cop_file_read(path, 1u << 20, &text, NULL, &err), &err);
    char *at = strstr(text, "coppice ");
    assert_non_null(at);
    at[0] = 'K';
    /* As an earlier version wrote it, without a checksum. */
    char *seal = strstr(text, ",\n\t\"checksum\"");
    assert_non_null(seal);
    (void)strcpy(seal, "\n}");
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
    free(text);
    said s = report(f.dir);
    assert_ok(s.status, &s.err);
    assert_non_null(strstr(s.log, "warning: the results were computed in different places"));
    clear(&s);
    remove_tree(f.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_hold_what_artifacts_say),
        cmocka_unit_test(an_analyzers_rows_are_all_there),
        cmocka_unit_test(the_summary_averages_seeds_and_copies),
        cmocka_unit_test(cells_are_compared_over_matched_seeds),
        cmocka_unit_test(means_over_pairs_have_an_interval_over_seeds),
        cmocka_unit_test(reports_are_equal_to_the_bit),
        cmocka_unit_test(figures_are_drawn),
        cmocka_unit_test(without_gnuplot_tables_are_made),
        cmocka_unit_test(images_lie_in_rows_by_class),
        cmocka_unit_test(the_page_begins_with_the_answer_and_stands_alone),
        cmocka_unit_test(the_page_is_escaped),
        cmocka_unit_test(no_study_is_refused_and_nothing_made),
        cmocka_unit_test(an_unfinished_study_is_reported_as_far_as_it_is),
        cmocka_unit_test(a_damaged_artifact_is_named_and_the_rest_reported),
        cmocka_unit_test(mixed_provenance_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
