/* Tests of reading study.json: nothing in it is trusted. */
#include "support.h"

#include "core/file.h"
#include "core/seal.h"
#include "report/data/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH    "0123456789abcdef0123456789abcdef"
#define SETTING "\"cells\": [{\"label\": \"A\"}]"
#define PLACE   "\"cell\": 0, \"seed\": 1, \"phase\": -1, \"round\": 0"

static cop_status read_text(const char *text, cop_arena *arena, cop_record *record, cop_error *err)
{
    char dir[256], path[300];
    make_temp_dir(dir, sizeof dir);
    (void)snprintf(path, sizeof path, "%s/study.json", dir);
    assert_ok(cop_file_write(path, text, strlen(text), err), err);
    cop_status status = cop_record_open(dir, arena, record, err);
    remove_tree(dir);
    return status;
}

static void a_record_is_read(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_record record;
    cop_arena *arena = cop_arena_new();
    assert_ok(read_text("{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE
                        ", \"points\": 12.5, \"mask\": \"mask-" HASH "\", \"training\": null,"
                        " \"copies\": [\"train-" HASH "\"],"
                        " \"analyses\": [{\"analyzer\": \"a\", \"id\": \"analyze-" HASH "\"}]}],"
                        " \"distilled\": [{\"cell\": 0, \"seed\": 1, \"set\": \"distil-" HASH
                        "\", \"trained\": null}], \"later\": true}",
                        arena, &record, &err),
              &err);
    assert_string_equal(record.name, "n");
    assert_int_equal(record.cell_count, 1);
    assert_null(record.cells[0].distiller);
    assert_int_equal(record.ticket_count, 1);
    assert_int_equal(record.tickets[0].seed, 1);
    assert_int_equal(record.tickets[0].phase, -1);
    assert_true(record.tickets[0].points == 12.5);
    /* What records of before do not say is not known. */
    assert_false(record.tickets[0].knows_data);
    assert_true(isnan(record.cells[0].chance));
    assert_string_equal(record.tickets[0].analyses[0].label, "");
    assert_int_equal(record.failure_count, 0);
    assert_true(record.tickets[0].has_mask);
    assert_false(record.tickets[0].has_training);
    assert_string_equal(record.tickets[0].copies[0].hash, HASH);
    assert_string_equal(record.tickets[0].analyses[0].analyzer, "a");
    assert_int_equal(record.distilled_count, 1);
    assert_false(record.distilled[0].has_trained);
    cop_arena_free(arena);
}

static void reads_all_64_bits_of_a_seed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seed;
    } cases[] = {{"\"9223372036854775807\"", INT64_MAX},
                 {"\"9007199254740993\"", 9007199254740993},
                 {"\"-9223372036854775808\"", INT64_MIN},
                 {"\"0\"", 0},
                 {"9007199254740992", 9007199254740992}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512];
        cop_error err = {0};
        cop_record record;
        cop_arena *arena = cop_arena_new();
        (void)snprintf(text, sizeof text,
                       "{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 0, \"seed\": %s, "
                       "\"phase\": -1, \"round\": 0}]}",
                       cases[i].text);
        assert_ok(read_text(text, arena, &record, &err), &err);
        assert_true(record.tickets[0].seed == cases[i].seed);
        cop_arena_free(arena);
    }
}

static void a_record_tells_data_chance_instances_and_failures(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_record record;
    cop_arena *arena = cop_arena_new();
    assert_ok(read_text("{\"name\": \"n\", \"cells\": [{\"label\": \"a\", \"chance\": 0.125}], "
                        "\"tickets\": [{" PLACE ", \"data\": \"distil-" HASH "\", \"analyses\": "
                        "[{\"analyzer\": \"a\", \"label\": \"copy = 1\", \"id\": \"analyze-" HASH
                        "\"}, {\"analyzer\": \"a\", \"label\": \"b\", \"labelled\": true, \"id\": "
                        "\"analyze-" HASH "\"}]}, {" PLACE
                        ", \"data\": null}], \"failed\": [{\"stage\": \"mask-" HASH
                        "\", \"reason\": \"a\\nb\"}]}",
                        arena, &record, &err),
              &err);
    assert_true(record.cells[0].chance == 0.125);
    assert_true(record.tickets[0].knows_data && record.tickets[0].has_data);
    assert_string_equal(record.tickets[0].data.hash, HASH);
    assert_true(record.tickets[1].knows_data && !record.tickets[1].has_data);
    assert_string_equal(record.tickets[0].analyses[0].label, "copy = 1");
    assert_false(record.tickets[0].analyses[0].is_labelled);
    assert_string_equal(record.tickets[0].analyses[1].label, "b");
    assert_true(record.tickets[0].analyses[1].is_labelled);
    assert_int_equal(record.failure_count, 1);
    assert_string_equal(record.failures[0].stage.kind, "mask");
    assert_string_equal(record.failures[0].reason, "a\\nb"); /* on one line */
    cop_arena_free(arena);
}

/* Long labels that differ have brief ones that differ. */
static void brief_labels_are_distinct(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_record record;
    cop_arena *arena = cop_arena_new();
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaa"
    assert_ok(read_text("{\"name\": \"n\", \"cells\": [{\"label\": \"" LONG "b" LONG
                        "\"}, {\"label\": \"" LONG "c" LONG "\"}, {\"label\": \"short\"}], "
                        "\"tickets\": []}",
                        arena, &record, &err),
              &err);
    const char **briefs = cop_brief_labels(&record, arena);
    assert_non_null(briefs);
    assert_string_equal(briefs[2], "short");
    assert_string_not_equal(briefs[0], briefs[1]);
    for (size_t i = 0; i < 2; i++)
        assert_true(strlen(briefs[i]) <= 34); /* the ellipsis is three bytes */
    cop_arena_free(arena);
}

static void broken_records_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text, *message;
    } cases[] = {
        {"", "is not JSON"},
        {"[]", "is not JSON, or was cut short"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [", "is not JSON"},
        {"{" SETTING ", \"tickets\": []}", "wants name, cells and tickets"},
        {"{\"name\": \"n\", \"settings\": [{\"label\": \"a\"}], \"tickets\": []}",
         "was written by an earlier version of Coppice"},
        {"{\"name\": \"n\", \"cells\": 3, \"tickets\": []}", "wants name"},
        {"{\"name\": \"n\", \"cells\": [{}], \"tickets\": []}", "cells[0]: has no label"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [7]}", "tickets[0]: names no cell"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 1}]}", "names no cell"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": -1}]}", "names no cell"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 0.5}]}", "names no cell"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 1e300}]}", "names no cell"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 0}]}", "has no seed"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 0, \"seed\": \"1.5\"}]}",
         "has no seed"},
        {"{\"name\": \"n\", " SETTING
         ", \"tickets\": [{\"cell\": 0, \"seed\": \"9223372036854775808\"}]}",
         "has no seed"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{\"cell\": 0, \"seed\": 1}]}",
         "has no phase or round"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE ", \"data\": 5}]}",
         "its data is no name of a distilled set"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [], \"failed\": [{\"stage\": \"x\"}]}",
         "failed[0]: has no stage or reason"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE ", \"mask\": 1}]}",
         "its mask is no name of a mask"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE
         ", \"mask\": \"mask-../../../../etc/passwd\"}]}",
         "its mask is no name of a mask"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE ", \"copies\": [\"mask-" HASH
         "\"]}]}",
         "lists what is no name of a training"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [{" PLACE ", \"analyses\": [{}]}]}",
         "lists an analysis without analyzer or id"},
        {"{\"name\": \"n\", " SETTING ", \"tickets\": [], \"distilled\": [{\"cell\": 0,"
         " \"seed\": 0}]}",
         "distilled[0]: its set is no name"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cop_error err = {0};
        cop_record record;
        cop_arena *arena = cop_arena_new();
        cop_status status = read_text(cases[i].text, arena, &record, &err);
        assert_refused(status, COP_FAILED, &err, cases[i].message);
        assert_non_null(strstr(err.file, "/study.json"));
        cop_arena_free(arena);
    }
}

static void texts_are_made_safe_to_print(void **state)
{
    (void)state;
    cop_error err = {0};
    cop_record record;
    cop_arena *arena = cop_arena_new();
    assert_ok(read_text("{\"name\": \"a\\u001b[31mb\\n\", " SETTING ", \"tickets\": []}", arena,
                        &record, &err),
              &err);
    assert_string_equal(record.name, "a\\x1b[31mb\\n");
    cop_arena_free(arena);
}

/* But for the name of the checksum, without which the text is one of an earlier version. */
static void a_record_of_which_a_bit_flipped_is_refused(void **state)
{
    (void)state;
    char *text = cop_seal("{\n\t\"name\":\t\"n\",\n\t" SETTING ",\n\t\"tickets\":\t[]\n}");
    assert_non_null(text);
    size_t seal = (size_t)(strstr(text, ",\n\t\"checksum\"") - text), size = strlen(text);
    cop_error err = {0};
    cop_record record;
    cop_arena *arena = cop_arena_new();
    assert_ok(read_text(text, arena, &record, &err), &err);
    for (size_t i = 0; i < 8 * size; i++) {
        if (i / 8 >= seal && i / 8 < seal + strlen(",\n\t\"checksum\":\t\""))
            continue;
        char before = text[i / 8];
        text[i / 8] = (char)(before ^ (1 << i % 8));
        if (text[i / 8] != '\0') /* the text ends there */
            assert_refused(read_text(text, arena, &record, &err), COP_FAILED, &err,
                           "; run the study again to make it anew");
        text[i / 8] = before;
    }
    free(text);
    cop_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read),
        cmocka_unit_test(reads_all_64_bits_of_a_seed),
        cmocka_unit_test(a_record_tells_data_chance_instances_and_failures),
        cmocka_unit_test(brief_labels_are_distinct),
        cmocka_unit_test(broken_records_are_refused),
        cmocka_unit_test(texts_are_made_safe_to_print),
        cmocka_unit_test(a_record_of_which_a_bit_flipped_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
