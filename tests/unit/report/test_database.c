/* Tests of report/database/: what goes into a database, comes out of it, and where it is written.
 * Without SQLite there is nothing to test but that it says so. */
#include "support.h"

#include "core/file.h"
#include "core/log.h"
#include "fake_study.h"
#include "report/database/index.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void skip_without(void)
{
    if (!cop_database_is_built())
        skip();
}

/* What a query prints; the caller's. */
static char *ask(cop_database *db, const char *query)
{
    char *text = NULL;
    size_t size = 0;
    cop_error err = {0};
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_ok(cop_database_print(db, query, out, &err), &err);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_answer(cop_database *db, const char *query, const char *wanted)
{
    char *got = ask(db, query);
    assert_string_equal(got, wanted);
    free(got);
}

static cop_database *new_database(void)
{
    cop_database *db = NULL;
    cop_error err = {0};
    assert_ok(cop_database_new(&db, &err), &err);
    return db;
}

static void finish(cop_database *db)
{
    cop_error err = {0};
    assert_ok(cop_database_finish(db, &err), &err);
}

static void values_come_out_as_they_went_in(void **state)
{
    (void)state;
    skip_without();
    cop_database *db = new_database();
    cop_error err = {0};
    assert_ok(cop_database_run(db, "CREATE TABLE t (a, b)", &err), &err);
    const cop_datum rows[][2] = {
        {cop_datum_integer(INT64_MAX), cop_datum_integer(INT64_MIN)},
        {cop_datum_real(0.1), cop_datum_real(5e-324)},
        {cop_datum_real((double)INFINITY), cop_datum_real((double)NAN)},
        {cop_datum_text("a,\"b\"\r\nc"), cop_datum_text(NULL)},
        {cop_datum_text("=1+1"), cop_datum_word("")},
        {cop_datum_text("\xff\xc3\xa9"), cop_datum_text("'; DROP TABLE t; --")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_ok(cop_database_add(db, "t", rows[i], 2, &err), &err);
    finish(db);
    assert_answer(db, "t",
                  "a,b\n9223372036854775807,-9223372036854775808\n0.1,5e-324\ninf,\n"
                  "\"a,\"\"b\"\"\r\nc\",\n'=1+1,\n\\xff\xc3\xa9,'; DROP TABLE t; --\n");
    assert_answer(db, "SELECT DISTINCT typeof(a), typeof(b) FROM t",
                  "typeof(a),typeof(b)\ninteger,integer\nreal,real\nreal,null\ntext,null\n"
                  "text,text\n");
    cop_database_free(db);
}

static void rows_refer_to_what_is_there(void **state)
{
    (void)state;
    skip_without();
    cop_database *db = new_database();
    cop_error err = {0};
    const cop_datum row[] = {cop_datum_integer(1), cop_datum_integer(7), cop_datum_text("f"),
                             cop_datum_text("n")};
    assert_refused(cop_database_add(db, "studies", row, 4, &err), COP_FAILED, &err, "FOREIGN KEY");
    assert_refused(cop_database_add(db, "studies", row, 3, &err), COP_FAILED, &err, "studies");
    assert_refused(cop_database_add(db, "nowhere", row, 4, &err), COP_FAILED, &err, "nowhere");
    cop_database_free(db);
}

static void queries_can_only_read(void **state)
{
    (void)state;
    skip_without();
    static const char *const queries[] = {"INSERT INTO about VALUES ('a', 'b')",
                                          "ATTACH 'x' AS x",
                                          "PRAGMA journal_mode",
                                          "SELECT load_extension('x')",
                                          "CREATE TEMP TABLE x (y)",
                                          "VACUUM INTO 'x'",
                                          "SELECT 1; DELETE FROM about",
                                          ";",
                                          "-- nothing",
                                          "SELECT nothing"};
    cop_database *db = new_database();
    finish(db);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        cop_error err = {0};
        assert_int_equal(cop_database_print(db, queries[i], stdout, &err), COP_INVALID);
        assert_true(err.message[0] != '\0');
    }
    assert_answer(db, "SELECT count(*) AS n FROM about; -- and no more", "n\n0\n");
    assert_answer(db, "WITH x(y) AS (SELECT 1) SELECT y FROM x", "y\n1\n");
    cop_database_free(db);
}

static void only_databases_are_replaced(void **state)
{
    (void)state;
    skip_without();
    char dir[256], path[300];
    int64_t bytes = 0;
    cop_error err = {0};
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/results.sqlite", dir);
    cop_database *db = new_database(), *read = NULL;
    finish(db);
    assert_ok(cop_database_save(db, path, &bytes, &err), &err);
    assert_true(bytes > 0);
    assert_ok(cop_database_save(db, path, NULL, &err), &err); /* over the one of before */
    assert_ok(cop_database_open(path, &read, &err), &err);
    assert_answer(read, "directories", "id,path\n");
    cop_database_free(read);
    assert_ok(cop_file_write(path, "notes", 5, &err), &err);
    assert_refused(cop_database_save(db, path, NULL, &err), COP_INVALID, &err,
                   "no results database");
    assert_refused(cop_database_open(path, &read, &err), COP_INVALID, &err, "no results database");
    assert_null(read);
    char *kept = NULL;
    assert_ok(cop_file_read(path, 100, &kept, NULL, &err), &err);
    assert_string_equal(kept, "notes");
    free(kept);
    cop_database_free(db);
    remove_tree(dir);
}

/* Of a study whose numbers are exact in binary, and of which no graph and no config is kept. */
static void a_study_is_in_it_without_graph_or_config(void **state)
{
    (void)state;
    skip_without();
    fake_study f = {.seconds = 1.5};
    cop_error err = {0};
    cop_database *db = NULL;
    cop_indexed indexed;
    make_temp_dir(f.dir, sizeof f.dir);
    fake_study_make(&f);
    const char *const dirs[] = {f.dir};
    cop_logger *log = cop_logger_new(stderr, COP_LOG_INFO, false);
    assert_ok(cop_index_make(dirs, 1, log, &db, &indexed, &err), &err);
    assert_int_equal(indexed.studies, 1);
    assert_int_equal(indexed.tickets, 8);
    assert_int_equal(indexed.damaged, 0);
    /* 0.5 + cell/16 + copy/64 − round/8, mean of two copies, and of two seeds alike. */
    assert_answer(db,
                  "SELECT cell, round, mean, seeds FROM summary WHERE measure = 'test_accuracy'",
                  "cell,round,mean,seeds\n\"A, \"\"one\"\"\",0,0.5078125,2\n"
                  "\"A, \"\"one\"\"\",1,0.3828125,2\nB,0,0.5703125,2\nB,1,0.4453125,2\n");
    /* Of two pairs of values 1/64 apart: 1/128 · √(4/3). */
    assert_answer(db,
                  "SELECT DISTINCT round(std * 128 * std * 128 * 3, 9) AS four FROM summary "
                  "WHERE measure = 'test_accuracy'",
                  "four\n4\n");
    assert_answer(db, "SELECT DISTINCT at_sparsity, cell FROM best_cells",
                  "at_sparsity,cell\n0,B\n0.5,B\n");
    assert_answer(db, "SELECT DISTINCT name, weights, kept FROM layers",
                  "name,weights,kept\nfc.weight,8,4\n");
    assert_answer(db, "SELECT DISTINCT state, seconds FROM stages", "state,seconds\ndone,1.5\n");
    assert_answer(db, "SELECT count(*) AS n FROM settings", "n\n0\n");
    cop_database_free(db);
    cop_logger_free(log);
    remove_tree(f.dir);
}

static void a_build_without_sqlite_says_so(void **state)
{
    (void)state;
    cop_database *db = NULL;
    cop_error err = {0};
    if (cop_database_is_built())
        skip();
    assert_refused(cop_database_new(&db, &err), COP_UNAVAILABLE, &err, "built without SQLite");
    assert_null(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_out_as_they_went_in),
        cmocka_unit_test(rows_refer_to_what_is_there),
        cmocka_unit_test(queries_can_only_read),
        cmocka_unit_test(only_databases_are_replaced),
        cmocka_unit_test(a_study_is_in_it_without_graph_or_config),
        cmocka_unit_test(a_build_without_sqlite_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
