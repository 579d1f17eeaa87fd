/* test_store_damage.c: an artifact proves what it is, and what is not is named and set aside. */
#include "store_fixture.h"

#include "core/damage.h"
#include "core/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void a_changed_file_is_refused_by_name(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    cop_tensors *set = NULL;
    char path[STORE_PATH];
    publish(f);
    cop_store_path(f->store, &f->id, "state.safetensors", path, sizeof path);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, -1, SEEK_END), 0);
    assert_int_equal(fputc('x', file), 'x');
    assert_int_equal(fclose(file), 0);
    assert_refused(cop_store_read_tensors(f->store, &f->id, "state.safetensors", &set, &err),
                   COP_DAMAGED, &err, "is damaged");
    assert_null(strstr(err.message, "run again")); /* a run that reads it mends it itself */
    (void)cop_store_advise(f->store, &f->id, COP_DAMAGED, &err);
    assert_non_null(strstr(err.message, "; delete "));
    assert_refused(cop_store_verify(f->store, &f->id, &err), COP_DAMAGED, &err, "is damaged");
    assert_refused(cop_store_read_tensors(f->store, &f->id, "other", &set, &err), COP_FAILED, &err,
                   "is not a file of this artifact");
}

static void a_broken_manifest_is_no_artifact(void **state)
{
    store_fixture *f = *state;
    static const char *const broken[] = {"",
                                         "{",
                                         "[]",
                                         "{\"kind\":\"train\"}",
                                         "{\"kind\":1,\"identity\":\"\",\"seconds\":0,"
                                         "\"provenance\":\"\",\"files\":{}}",
                                         "{\"kind\":\"\",\"identity\":\"\",\"seconds\":0,"
                                         "\"provenance\":\"\",\"files\":{\"../x\":\"\"}}"};
    char path[STORE_PATH];
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(broken[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        bool there = true;
        assert_int_equal(cop_store_find(f->store, &f->id, &there, NULL), COP_DAMAGED);
        assert_false(there);
        assert_false(store_has(f->store, &f->id));
    }
}

static void publish_as(store_fixture *f, const cop_artifact_id *id, const char *identity)
{
    cop_artifact_id own = f->id;
    cop_error err = {0};
    cop_draft *draft = NULL;
    char path[STORE_PATH];
    f->id = *id;
    assert_ok(cop_draft_open(f->store, id, &draft, &err), &err);
    cop_draft_path(draft, "state", path, sizeof path);
    write_bytes(path, identity, strlen(identity));
    assert_ok(cop_draft_publish(draft, identity, 1.0, &err), &err);
    f->id = own;
}

static void assert_broken(const store_fixture *f, const char *text)
{
    cop_error err = {0};
    bool there = true;
    assert_refused(cop_store_find(f->store, &f->id, &there, &err), COP_DAMAGED, &err, text);
    assert_false(there);
    assert_false(store_has(f->store, &f->id));
}

static void an_artifact_under_anothers_name_is_refused(void **state)
{
    store_fixture *f = *state;
    static const char *const kinds[] = {"train", "mask"};
    for (size_t i = 0; i < 2; i++) {
        cop_artifact_id other = name_of(kinds[i], i == 0 ? "another" : "identity of the test");
        cop_error err = {0};
        char from[STORE_PATH], to[STORE_PATH];
        publish_as(f, &other, i == 0 ? "another" : "identity of the test");
        cop_store_path(f->store, &other, "", from, sizeof from);
        cop_store_path(f->store, &f->id, "", to, sizeof to);
        remove_tree(to);
        assert_int_equal(rename(from, to), 0);
        assert_broken(f, "is not this artifact but ");
        assert_refused(cop_store_check_file(f->store, &f->id, "state", &err), COP_DAMAGED, &err,
                       "is not this artifact but ");
        assert_refused(cop_store_verify(f->store, &f->id, &err), COP_DAMAGED, &err,
                       "is not this artifact but ");
    }
}

static void a_manifest_of_which_a_bit_flipped_is_refused(void **state)
{
    store_fixture *f = *state;
    char path[STORE_PATH], *data = NULL;
    size_t size = 0;
    cop_error err = {0};
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, &size, &err), &err);
    /* Where the checksum itself loses its name the text is one of an earlier version. */
    size_t seal = (size_t)(strstr(data, ",\n\t\"checksum\"") - data);
    for (size_t i = 0; i < 8 * seal; i += 5) {
        bool there = true;
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        write_bytes(path, data, size);
        data[i / 8] = (char)(data[i / 8] ^ (1 << i % 8));
        if (cop_store_find(f->store, &f->id, &there, NULL) != COP_DAMAGED || there)
            fail_msg("bit %zu passed", i);
    }
    write_bytes(path, data, size);
    assert_true(store_has(f->store, &f->id));
    free(data);
}

/* As earlier versions wrote it: without a checksum and sizes. */
static void a_manifest_without_a_checksum_is_read(void **state)
{
    store_fixture *f = *state;
    char path[STORE_PATH], *data = NULL;
    cop_error err = {0};
    publish(f);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_ok(cop_file_read(path, 1 << 20, &data, NULL, &err), &err);
    (void)strcpy(strstr(data, ",\n\t\"sizes\""), "\n}");
    write_bytes(path, data, strlen(data));
    free(data);
    assert_true(store_has(f->store, &f->id));
    assert_ok(cop_store_verify(f->store, &f->id, &err), &err);
}

static void a_listed_file_must_be_there_with_its_content(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    assert_ok(publish_text(f, "more", "text", &err), &err);
    char path[STORE_PATH];
    cop_store_path(f->store, &f->id, "more", path, sizeof path);
    write_bytes(path, "longer", 6);
    assert_broken(f, "is damaged: 6 bytes, recorded 4");
    write_bytes(path, "tex!", 4);
    assert_broken(f, "is damaged: checksum ");
    assert_int_equal(unlink(path), 0);
    assert_broken(f, "is missing");
}

static void what_stands_in_the_way_is_set_aside_whole(void **state)
{
    store_fixture *f = *state;
    cop_error err = {0};
    char aside[STORE_PATH], path[STORE_PATH + 16], *text = NULL;
    assert_ok(publish_text(f, NULL, "precious", &err), &err);
    cop_store_path(f->store, &f->id, "artifact.json", path, sizeof path);
    assert_int_equal(unlink(path), 0);
    assert_broken(f, "has no artifact.json");
    assert_ok(cop_store_set_aside(f->store, &f->id, aside, sizeof aside, &err), &err);
    assert_non_null(strstr(aside, "/store/broken-train-"));
    (void)snprintf(path, sizeof path, "%s/state", aside);
    assert_ok(cop_file_read(path, 100, &text, NULL, &err), &err);
    assert_string_equal(text, "precious");
    free(text);
    assert_ok(cop_store_set_aside(f->store, &f->id, aside, sizeof aside, &err), &err);
    assert_string_equal(aside, "");
    assert_ok(publish_text(f, NULL, "new", &err), &err);
    /* The next run does not clear it away. */
    cop_store_close(f->store);
    assert_ok(cop_store_open(f->dir, &f->store, &err), &err);
    assert_int_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_changed_file_is_refused_by_name),
        WITH_STORE(a_broken_manifest_is_no_artifact),
        WITH_STORE(an_artifact_under_anothers_name_is_refused),
        WITH_STORE(a_manifest_of_which_a_bit_flipped_is_refused),
        WITH_STORE(a_manifest_without_a_checksum_is_read),
        WITH_STORE(a_listed_file_must_be_there_with_its_content),
        WITH_STORE(what_stands_in_the_way_is_set_aside_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
