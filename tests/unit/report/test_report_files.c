/* Tests of what a report leaves in its directory: what is its own, and what is not. */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "fake_study.h"
#include "report/making/files.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *dir, const char *file)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    return access(path, F_OK) == 0;
}

static void write_file(const char *dir, const char *file, const char *text)
{
    char path[512];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_ok(cop_file_write(path, text, strlen(text), &err), &err);
}

/* Settles a report that wrote these files, NULL-terminated; what it said is the caller's. */
static char *settle(const char *dir, const char *const *names)
{
    char *log = NULL;
    size_t size = 0, count = 0;
    cop_error err = {0};
    FILE *stream = open_memstream(&log, &size);
    cop_logger *logger = cop_logger_new(stream, COP_LOG_INFO, false);
    for (; names[count] != NULL; count++)
        write_file(dir, names[count], names[count]);
    assert_ok(cop_report_files_settle(dir, names, count, logger, &err), &err);
    cop_logger_free(logger);
    (void)fclose(stream);
    return log;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void open_dir(char *dir, size_t size)
{
    char path[512];
    make_temp_dir(dir, size);
    (void)snprintf(path, sizeof path, "%s/figures", dir);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void what_an_earlier_report_wrote_goes_and_nothing_else(void **state)
{
    (void)state;
    char dir[256], *log = NULL;
    open_dir(dir, sizeof dir);
    free(settle(
        dir, NAMES("a.csv", "hessian.csv", "figures/hessian.png", "figures/a.png", "changed.csv")));
    write_file(dir, "mine.csv", "notes");
    write_file(dir, "changed.csv", "notes in it");
    log = settle(dir, NAMES("a.csv", "figures/a.png"));
    assert_true(exists(dir, "a.csv") && exists(dir, "figures/a.png"));
    assert_false(exists(dir, "hessian.csv"));
    assert_false(exists(dir, "figures/hessian.png"));
    assert_true(exists(dir, "mine.csv") && exists(dir, "changed.csv"));
    assert_non_null(strstr(log, "changed.csv is of an earlier report"));
    assert_non_null(strstr(log, "1 file is not of this report (mine.csv)"));
    free(log);
    remove_tree(dir);
}

/* The report is interrupted while it draws: the tables are there, the list was not finished. */
static void what_a_report_that_was_cut_short_wrote_goes_too(void **state)
{
    (void)state;
    static const char *const cut[] = {"a.csv", "hessian.csv"};
    char dir[256], *log = NULL;
    cop_error err = {0};
    open_dir(dir, sizeof dir);
    free(settle(dir, NAMES("a.csv", "old.csv")));
    write_file(dir, "a.csv", "new");
    write_file(dir, "hessian.csv", "new");
    assert_ok(cop_report_files_note(dir, cut, 2, &err), &err);
    write_file(dir, "figures/hessian.png", "drawn, and then came the end");
    assert_true(exists(dir, "old.csv"));
    log = settle(dir, NAMES("a.csv"));
    assert_true(exists(dir, "a.csv"));
    assert_false(exists(dir, "hessian.csv") || exists(dir, "old.csv"));
    assert_non_null(strstr(log, "1 file is not of this report (figures/hessian.png)"));
    free(log);
    remove_tree(dir);
}

static void what_no_list_names_stays_and_is_said(void **state)
{
    (void)state;
    char dir[256], *log = NULL;
    open_dir(dir, sizeof dir);
    write_file(dir, "hessian.csv", "1");
    write_file(dir, "figures/hessian.png", "1");
    log = settle(dir, NAMES("a.csv"));
    assert_true(exists(dir, "hessian.csv") && exists(dir, "figures/hessian.png"));
    assert_non_null(strstr(log, "2 files are not of this report (figures/hessian.png, ...)"));
    free(log);
    remove_tree(dir);
}

/* A list is a file like any other: what it names may lie anywhere. */
static void a_list_reaches_nothing_outside(void **state)
{
    (void)state;
    char dir[256], report[300], figures[400], other[300], target[400];
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(report, sizeof report, "%s/report", dir);
    (void)snprintf(other, sizeof other, "%s/other", dir);
    assert_int_equal(mkdir(report, 0777), 0);
    assert_int_equal(mkdir(other, 0777), 0);
    free(settle(other, NAMES("a.csv", "b.csv")));
    /* The same bytes and names, by way of links and "..". */
    char path[400], *list = NULL, text[400];
    cop_error err = {0};
    (void)snprintf(path, sizeof path, "%s/files.json", other);
    assert_ok(cop_file_read(path, 1000, &list, NULL, &err), &err);
    const char *hash = strstr(list, "a.csv\":\t\"") + strlen("a.csv\":\t\"");
    (void)snprintf(text, sizeof text,
                   "{\"../other/a.csv\": \"%.32s\", \"figures/a.csv\": \"%.32s\", "
                   "\"link.csv\": \"%.32s\"}",
                   hash, hash, hash);
    free(list);
    write_file(report, "files.json", text);
    (void)snprintf(figures, sizeof figures, "%s/figures", report);
    assert_int_equal(symlink(other, figures), 0);
    (void)snprintf(target, sizeof target, "%s/a.csv", other);
    (void)snprintf(path, sizeof path, "%s/link.csv", report);
    assert_int_equal(symlink(target, path), 0);
    free(settle(report, NAMES("c.csv")));
    assert_true(exists(other, "a.csv"));
    assert_true(exists(report, "link.csv"));
    remove_tree(dir);
}

static cop_status report(const char *dir, char **out, char **log, cop_error *err)
{
    size_t sizes[2];
    FILE *streams[2] = {open_memstream(out, &sizes[0]), open_memstream(log, &sizes[1])};
    cop_logger *logger = cop_logger_new(streams[1], COP_LOG_INFO, false);
    char record[300];
    (void)snprintf(record, sizeof record, "%s/" FAKE_RECORD, dir);
    cop_status status =
        cop_report(dir, record, &(cop_report_print){.out = streams[0], .width = 150}, logger, err);
    cop_logger_free(logger);
    (void)fclose(streams[0]);
    (void)fclose(streams[1]);
    return status;
}

static void a_table_is_printed_where_nothing_can_be_written(void **state)
{
    (void)state;
    char *out = NULL, *log = NULL;
    fake_study f = {.seconds = 1.0};
    cop_error err = {0};
    make_temp_dir(f.dir, sizeof f.dir);
    fake_study_make(&f);
    write_file(f.dir, FAKE_RECORD "/report", "in the way");
    assert_refused(report(f.dir, &out, &log, &err), COP_FAILED, &err, "could not be written");
    assert_non_null(strstr(out, "44.53 \xc2\xb1 0.90"));
    assert_null(strstr(out, "index.html"));
    free(out);
    free(log);
    remove_tree(f.dir);
}

/* Neither a picture that is missing nor one of another day is on the page. */
static void a_figure_that_is_not_drawn_is_not_embedded(void **state)
{
    (void)state;
    char *out = NULL, *log = NULL, *page = NULL, path[400], *kept = strdup(getenv("PATH"));
    static const char program[] =
        "#!/bin/sh\n"
        "for last; do :; done\n"
        "test \"$last\" != accuracy.gp || { echo broken >&2; exit 1; }\n"
        "case \"$*\" in\n"
        "*svg*) echo '<?xml version=\"1.0\"?><svg id=\"one\"><text>drawn</text></svg>';;\n"
        "*) printf '%%PDF-1.5 drawn';;\n"
        "esac\n";
    fake_study f = {.seconds = 1.0};
    cop_error err = {0};
    make_temp_dir(f.dir, sizeof f.dir);
    fake_study_make(&f);
    write_file(f.dir, "gnuplot", program);
    (void)snprintf(path, sizeof path, "%s/gnuplot", f.dir);
    assert_int_equal(chmod(path, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/report", f.dir);
    assert_int_equal(mkdir(path, 0777), 0);
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/report/figures", f.dir);
    assert_int_equal(mkdir(path, 0777), 0);
    write_file(f.dir, FAKE_RECORD "/report/figures/accuracy.svg", "of another day");
    (void)snprintf(path, sizeof path, "%s:%s", f.dir, kept);
    assert_int_equal(setenv("PATH", path, 1), 0);
    cop_status status = report(f.dir, &out, &log, &err);
    assert_int_equal(setenv("PATH", kept, 1), 0);
    assert_refused(status, COP_FAILED, &err, "the report lacks a figure");
    assert_non_null(strstr(log, "could not draw accuracy.gp: broken"));
    (void)snprintf(path, sizeof path, "%s/" FAKE_RECORD "/report/index.html", f.dir);
    assert_ok(cop_file_read(path, 1u << 20, &page, NULL, &err), &err);
    assert_null(strstr(page, "id=\"figure-accuracy\""));
    assert_non_null(strstr(page, "not drawn: gnuplot could not draw accuracy.gp: broken"));
    assert_non_null(strstr(page, "id=\"figure-history\""));
    assert_non_null(strstr(page, "<svg role=\"img\" aria-label=\"Training of the tickets"));
    assert_non_null(strstr(out, "figures (data and scripts only): accuracy.gp\n"));
    free(page);
    free(out);
    free(log);
    free(kept);
    remove_tree(f.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_earlier_report_wrote_goes_and_nothing_else),
        cmocka_unit_test(what_a_report_that_was_cut_short_wrote_goes_too),
        cmocka_unit_test(what_no_list_names_stays_and_is_said),
        cmocka_unit_test(a_list_reaches_nothing_outside),
        cmocka_unit_test(a_table_is_printed_where_nothing_can_be_written),
        cmocka_unit_test(a_figure_that_is_not_drawn_is_not_embedded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
